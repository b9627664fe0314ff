//! Which requests are answered at all. The lab listens on loopback, but a browser on this computer also runs pages of strangers,
//! and pages of the lab with holes made on purpose.

use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Host;

/// Refuses requests under another name than this computer's own. A stranger's page can have its own name lead to 127.0.0.1
/// (DNS rebinding), and then the browser takes the lab for a part of that page; but it says the name it was led by.
///
/// Any port will do: who forwards the port to another one (`ssh -L`) is no stranger.
pub(crate) async fn own_host_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if host.is_some_and(is_own) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "the lab answers only to localhost, 127.0.0.1 and [::1]\n").into_response()
}

/// Refuses data to pages of other origins, the portals' too: they are the same site, and some are broken on purpose.
pub(super) async fn own_pages_only(request: Request, next: Next) -> Response {
    if is_from_own_page(request.headers()) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "only the console's own page may ask for this\n").into_response()
}

fn is_own(host: &str) -> bool {
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    };
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let own = match Host::parse(name) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Ok(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        Err(_) => false,
    };
    own && port.is_none_or(digits)
}

fn is_from_own_page(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    let (origin, host) = (text(header::ORIGIN), text(header::HOST).unwrap_or_default());
    // Programs send neither; an address that somebody types sends "none".
    site.is_none_or(|site| matches!(site, "same-origin" | "none"))
        && origin.is_none_or(|origin| origin == format!("http://{host}"))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::{is_from_own_page, is_own};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn only_names_of_this_computer_are_answered() {
        for host in ["localhost", "localhost:3000", "LOCALHOST:3000", "127.0.0.1:3000", "[::1]:3000", "[::1]"] {
            assert!(is_own(host), "{host}");
        }
        for host in [
            "evil.example:3000",
            "localhost.evil.example",
            "127.0.0.1.nip.io:3000",
            "10.0.0.1",
            "localhost:",
            "",
            "[::2]:1",
        ] {
            assert!(!is_own(host), "{host}");
        }
    }

    #[test]
    fn only_the_consoles_own_page_gets_data() {
        let host = ("host", "localhost:3000");
        assert!(is_from_own_page(&headers(&[host])), "a program");
        assert!(is_from_own_page(&headers(&[host, ("sec-fetch-site", "none")])), "somebody typed it");
        let own = [host, ("sec-fetch-site", "same-origin"), ("origin", "http://localhost:3000")];
        assert!(is_from_own_page(&headers(&own)));
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "http://evil.example"),
            ("origin", "http://localhost:3001"),
            ("origin", "null"),
        ] {
            assert!(!is_from_own_page(&headers(&[host, foreign])), "{foreign:?}");
        }
    }
}
