//! Origins, sites, and what a browser says about them in `Sec-Fetch-Site`.

use url::{Host, Url};

/// `scheme://host:port` of a URL.
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether two URLs have the same scheme, host and port.
pub fn same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// Whether two URLs are of one *site*: ports do not count.
///
/// Hosts of a lab are `localhost`, an address, or names directly below `localhost`, and there the site is the whole
/// host (measured: `a.localhost` and `b.localhost` are two sites). Foreign names below a common registrable domain
/// would need the public suffix list; they count as different sites here.
pub fn same_site(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme() && one.host() == other.host()
}

/// The value of `Sec-Fetch-Site` for a request to the last of `chain` (the URLs of a redirect chain, in order)
/// that `initiator` has caused; `None` is the person: an address typed, a bookmark.
///
/// A chain is never friendlier than its worst part: a detour over another site stays visible.
pub fn fetch_site(initiator: Option<&Url>, chain: &[Url]) -> &'static str {
    let Some(initiator) = initiator else { return "none" };
    if chain.iter().all(|url| same_origin(initiator, url)) {
        "same-origin"
    } else if chain.iter().all(|url| same_site(initiator, url)) {
        "same-site"
    } else {
        "cross-site"
    }
}

/// A URL as it may be printed: without query and fragment, which carry codes, states and tokens.
pub fn bare(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(_) | Host::Ipv4(_) | Host::Ipv6(_)) => format!("{}{}", origin(url), url.path()),
        None => format!("{}:", url.scheme()),
    }
}

#[cfg(test)]
mod tests;
