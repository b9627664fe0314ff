//! The headers by which a server can tell a page load from a frame and a frame from a script.

use reqwest::Method;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use url::Url;

use super::agent::By;
use super::jar::Errand;
use super::origin::{fetch_site, origin, same_origin, same_site};
use super::page::Page;

/// What a browser sends along with a navigation: the person's own, or one that a page has caused.
pub(super) fn navigation_headers(by: By<'_>, chain: &[Url], dest: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let initiator = match by {
        By::Person => None,
        By::Page(page) => Some(&page.url),
    };
    insert(&mut headers, header::ACCEPT, "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    insert(&mut headers, HeaderName::from_static("sec-fetch-site"), fetch_site(initiator, chain));
    insert(&mut headers, HeaderName::from_static("sec-fetch-mode"), "navigate");
    insert(&mut headers, HeaderName::from_static("sec-fetch-dest"), dest);
    if dest == "document" {
        insert(&mut headers, HeaderName::from_static("sec-fetch-user"), "?1");
    }
    headers
}

/// On whose errand a navigation to `url` is.
pub(super) fn errand(by: By<'_>, url: &Url, method: &Method, dest: &str) -> Errand {
    match by {
        By::Person => Errand::Own,
        By::Page(page) if same_site(&page.url, url) => Errand::Own,
        By::Page(_) if dest == "document" && method.is_safe() => Errand::Link,
        By::Page(_) => Errand::Foreign,
    }
}

/// `Origin` of a form: hidden when the page's policy says so, and after a detour over another origin.
pub(super) fn form_origin(page: &Page, chain: &[Url]) -> String {
    let hidden = page.referrer_policy.as_deref() == Some("no-referrer");
    let detour = chain.len() > 2 && chain.windows(2).any(|hop| !same_origin(&hop[0], &hop[1]));
    if hidden || detour { "null".to_owned() } else { origin(&page.url) }
}

/// What a page's script sends along with a request of its own.
pub(super) fn script_headers(from: &Url, url: &Url) -> HeaderMap {
    let mut headers = HeaderMap::new();
    insert(&mut headers, header::ACCEPT, "application/json");
    insert(&mut headers, HeaderName::from_static("sec-fetch-site"), fetch_site(Some(from), std::slice::from_ref(url)));
    insert(&mut headers, HeaderName::from_static("sec-fetch-mode"), "cors");
    insert(&mut headers, HeaderName::from_static("sec-fetch-dest"), "empty");
    headers
}

/// Whether an answer of another origin lets a script of `from` read it (CORS).
pub(super) fn readable(from: &Url, headers: &HeaderMap) -> bool {
    let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).and_then(|value| value.to_str().ok());
    allowed == Some("*") || allowed == Some(origin(from).as_str())
}

/// Sets a header; a value that cannot be one is left out.
pub(super) fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
