//! The cookie jar: the rules are `cookie_store`'s; here is only what a browser adds to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cookie_store::CookieStore;
use url::Url;

use super::origin::origin;
use crate::sites::is_on_this_computer;

/// One browser's cookies. A clone is what a thief would have copied: it does not change with the original.
#[derive(Clone, Default)]
pub struct Jar {
    store: CookieStore,
    /// Which origin set which names. Cookies themselves do not know: ports do not isolate them (RFC 6265, 8.5).
    set_by: BTreeMap<String, BTreeSet<String>>,
}

/// Who has caused a request, as far as cookies care (RFC 6265bis, 5.2). It is the page that counts, or the person, and not the
/// addresses that a redirect has led over: Chromium sends `Strict` cookies at the end of a chain that began at their own site
/// and went over another one (measured with 156).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// The site's own page, or a person who typed the address.
    Own,
    /// Another site's page leads the whole tab here, by a method that changes nothing: a link.
    Link,
    /// Another site's page, in any other way: in a frame of it, by a form that posts.
    Foreign,
}

impl Jar {
    /// The `Cookie` header for a request to `url` from the site's own page; `None` when no cookie fits.
    pub fn header(&self, url: &Url) -> Option<String> {
        self.header_for(url, Errand::Own)
    }

    /// The `Cookie` header for a request on this errand (RFC 6265bis, 5.8.3). A cookie without `SameSite` counts as `Lax`, as in
    /// Chromium; left out: that Chromium sends one that is younger than two minutes with another site's POST, too.
    pub fn header_for(&self, url: &Url, errand: Errand) -> Option<String> {
        let fitting = self.store.matches(&as_seen_by_cookies(url));
        let goes_along = |cookie: &cookie_store::Cookie<'_>| match errand {
            Errand::Own => true,
            Errand::Link => !cookie.same_site().is_some_and(|same_site| same_site.is_strict()),
            Errand::Foreign => is_for_everybody(cookie),
        };
        let fitting = fitting.into_iter().filter(|cookie| goes_along(cookie));
        let mut pairs: Vec<(&str, &str)> = fitting.map(|cookie| cookie.name_value()).collect();
        pairs.sort_unstable();
        let text = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        (!text.is_empty()).then_some(text)
    }

    /// Takes one `Set-Cookie` value that `url` answered to a request on this errand. A cookie that the rules refuse is dropped,
    /// as a browser does (RFC 6265bis, 5.7): one for everybody that is not `Secure`, and one for its own site that comes in
    /// a frame of another.
    pub fn take(&mut self, url: &Url, set_cookie: &str, errand: Errand) {
        let seen = as_seen_by_cookies(url);
        let Ok(cookie) = cookie_store::Cookie::parse(set_cookie, &seen) else { return };
        let for_everybody = is_for_everybody(&cookie);
        if (for_everybody && cookie.secure() != Some(true)) || (errand == Errand::Foreign && !for_everybody) {
            return;
        }
        let name = cookie.name().to_owned();
        if self.store.insert(cookie.into_owned(), &seen).is_ok() {
            self.set_by.entry(origin(url)).or_default().insert(name);
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

fn is_for_everybody(cookie: &cookie_store::Cookie<'_>) -> bool {
    cookie.same_site().is_some_and(|same_site| same_site.is_none())
}

/// Chromium and Firefox treat plain http to loopback names as a secure context, `*.localhost` included, so `Secure`
/// cookies are stored and sent there. `cookie_store` knows only `localhost` itself: it gets to see https.
fn as_seen_by_cookies(url: &Url) -> Url {
    let mut seen = url.clone();
    if is_on_this_computer(url) && url.scheme() == "http" {
        // The only possible error is a scheme of another kind, and both are web schemes.
        let _ = seen.set_scheme("https");
    }
    seen
}

#[cfg(test)]
mod tests;
