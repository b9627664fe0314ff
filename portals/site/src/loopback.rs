//! Names of this computer, answered without asking anybody.
//!
//! `localhost` and every name below it are this computer (RFC 6761, 6.3). Browsers know that by themselves; the resolvers of
//! many systems know only `localhost`, and some send the question out to the network, where a stranger may answer it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

/// The addresses of this computer, in the order in which browsers try them.
const ADDRESSES: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// Finds addresses for an HTTP client: this computer's by rule, all others by the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loopback;

impl Resolve for Loopback {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // The client puts the port in.
            let own = || ADDRESSES.into_iter().map(|address| SocketAddr::new(address, 0));
            if is_this_computer(name.as_str()) {
                return Ok(Box::new(own()) as Addrs);
            }
            let found: io::Result<Vec<SocketAddr>> =
                tokio::net::lookup_host((name.as_str(), 0)).await.map(Iterator::collect);
            Ok(Box::new(found?.into_iter()) as Addrs)
        })
    }
}

/// Whether a name means this computer, everywhere and always.
fn is_this_computer(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::Router;
    use axum::routing::get;

    use super::{Loopback, is_this_computer};

    #[test]
    fn names_below_localhost_are_this_computer_and_look_alikes_are_not() {
        for name in ["localhost", "keycloak.localhost", "a.b.LOCALHOST", "localhost."] {
            assert!(is_this_computer(name), "{name}");
        }
        for name in ["notlocalhost", "localhost.example", "", "127.0.0.1"] {
            assert!(!is_this_computer(name), "{name}");
        }
    }

    #[tokio::test]
    async fn a_client_reaches_a_name_that_the_system_need_not_know() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/", get(|| async { "here" }))).await });
        let client = reqwest::Client::builder().no_proxy().dns_resolver(Arc::new(Loopback)).build().unwrap();
        let answer = client.get(format!("http://keycloak.localhost:{port}/")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "here");
    }
}
