//! May this page be shown in a frame there? Two sides decide: the framed page (`X-Frame-Options`, CSP
//! `frame-ancestors`) and the embedding page (CSP `frame-src`). A frame that is refused was still *requested* if only
//! the framed page objects: its server has heard, its script has not run.

use url::Url;

use super::origin::{origin, same_origin};

/// Whether `page` with these headers runs inside a frame of `embedder`.
pub fn runs_in_frame(csp: Option<&str>, x_frame_options: Option<&str>, page: &Url, embedder: &Url) -> bool {
    // CSP wins over the older header where it speaks of ancestors.
    let named: Vec<_> = policies(csp).filter_map(|policy| directive(policy, &["frame-ancestors"])).collect();
    if !named.is_empty() {
        return named.iter().all(|sources| allows(sources, page, embedder));
    }
    match x_frame_options.map(str::to_ascii_uppercase).as_deref() {
        Some("DENY") => false,
        Some("SAMEORIGIN") => same_origin(page, embedder),
        _ => true,
    }
}

/// Whether `page` with this CSP may load a frame from `target` at all.
pub fn may_load_frame(csp: Option<&str>, page: &Url, target: &Url) -> bool {
    policies(csp)
        .filter_map(|policy| directive(policy, &["frame-src", "child-src", "default-src"]))
        .all(|sources| allows(&sources, page, target))
}

/// Whether a page with this policy runs scripts that stand in it without a nonce or digest (CSP 3, 6.7.3.2).
pub fn runs_inline_scripts(csp: &str) -> bool {
    policies(Some(csp)).all(policy_runs_inline_scripts)
}

/// The policies of a header, or of several that were put together: each of them has to allow what is to happen.
fn policies(csp: Option<&str>) -> impl Iterator<Item = &str> {
    csp.into_iter().flat_map(|csp| csp.split(','))
}

fn policy_runs_inline_scripts(policy: &str) -> bool {
    let Some(sources) = directive(policy, &["script-src", "default-src"]) else { return true };
    let strict = |source: &&str| {
        ["'nonce-", "'sha256-", "'sha384-", "'sha512-", "'strict-dynamic'"].iter().any(|kind| source.starts_with(kind))
    };
    sources.contains(&"'unsafe-inline'") && !sources.iter().any(strict)
}

/// The sources of the first of `names` that the policy has.
fn directive<'a>(csp: &'a str, names: &[&str]) -> Option<Vec<&'a str>> {
    names.iter().find_map(|name| {
        csp.split(';').find_map(|part| {
            let mut words = part.split_whitespace();
            words.next().filter(|first| first.eq_ignore_ascii_case(name)).map(|_| words.collect())
        })
    })
}

/// Whether a source list matches `url`. Keycloak writes bare `host:port` sources; wildcards inside a host name are
/// not used by anything in the lab and match nothing here.
fn allows(sources: &[&str], own: &Url, url: &Url) -> bool {
    sources.iter().any(|source| match *source {
        "*" => true,
        "'self'" => same_origin(own, url),
        scheme if scheme.ends_with(':') => scheme.trim_end_matches(':') == url.scheme(),
        host => {
            let host = host.trim_end_matches('/');
            host == origin(url) || host == authority(url)
        }
    })
}

fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests;
