//! The cookie jar: the rules are `cookie_store`'s; here is only what a browser adds to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cookie_store::CookieStore;
use url::{Host, Url};

use super::origin::origin;

/// One browser's cookies. A clone is what a thief would have copied: it does not change with the original.
#[derive(Clone, Default)]
pub struct Jar {
    store: CookieStore,
    /// Which origin set which names. Cookies themselves do not know: ports do not isolate them (RFC 6265, 8.5).
    set_by: BTreeMap<String, BTreeSet<String>>,
}

impl Jar {
    /// The `Cookie` header for a request to `url`; `None` when no cookie fits.
    pub fn header(&self, url: &Url) -> Option<String> {
        let mut pairs: Vec<(&str, &str)> = self.store.get_request_values(&as_seen_by_cookies(url)).collect();
        pairs.sort_unstable();
        let text = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        (!text.is_empty()).then_some(text)
    }

    /// Takes one `Set-Cookie` value that `url` answered. A cookie that the rules refuse is dropped, as a browser does.
    pub fn take(&mut self, url: &Url, set_cookie: &str) {
        if self.store.parse(set_cookie, &as_seen_by_cookies(url)).is_ok()
            && let Some((name, _)) = set_cookie.split_once('=')
        {
            self.set_by.entry(origin(url)).or_default().insert(name.trim().to_owned());
        }
    }

    /// Deletes all cookies that this origin has set, as "delete this site's data" does.
    pub fn forget_set_by(&mut self, site: &Url) {
        let Some(names) = self.set_by.remove(&origin(site)) else { return };
        let doomed: Vec<(String, String, String)> = self
            .store
            .iter_any()
            .filter(|cookie| names.contains(cookie.name()))
            .map(|cookie| {
                let domain = String::from(&cookie.domain);
                (domain, String::from(&cookie.path), cookie.name().to_owned())
            })
            .collect();
        for (domain, path, name) in doomed {
            self.store.remove(&domain, &path, &name);
        }
    }
}

impl fmt::Debug for Jar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.store.iter_any().map(|cookie| cookie.name())).finish()
    }
}

/// Chromium and Firefox treat plain http to loopback names as a secure context, `*.localhost` included, so `Secure`
/// cookies are stored and sent there. `cookie_store` knows only `localhost` itself: it gets to see https.
fn as_seen_by_cookies(url: &Url) -> Url {
    let loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let mut seen = url.clone();
    if loopback && url.scheme() == "http" {
        // The only possible error is a scheme of another kind, and both are web schemes.
        let _ = seen.set_scheme("https");
    }
    seen
}

#[cfg(test)]
mod tests;
