//! The one place where HTTP clients are made.

use std::sync::Arc;
use std::time::Duration;

use portals::Loopback;

/// Installs the process's TLS provider. Every `main` and every client builder calls it; calling twice is harmless.
pub fn ensure_crypto() {
    // The only possible error says that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// A client for the lab's own calls: no redirects, no proxy, `deadline` for a whole exchange.
///
/// # Panics
/// When the TLS backend cannot be initialised, which [`ensure_crypto`] rules out.
pub fn client(deadline: Duration) -> reqwest::Client {
    builder().timeout(deadline).build().expect("a client without exotic options builds")
}

/// What [`client`] starts from, for callers that add a cookie jar or drop the deadline. It finds the names of a lab with
/// four sites, which the system's resolver need not know.
pub fn builder() -> reqwest::ClientBuilder {
    ensure_crypto();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().dns_resolver(Arc::new(Loopback))
}
