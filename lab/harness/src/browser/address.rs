//! Addresses that a person knows: where each portal begins, and the demo's way out.

use url::Url;

use crate::control::messages::PortalPlace;
use crate::trouble::{Kind, Trouble};

/// The page of a portal that people have a bookmark of.
pub(crate) fn start(portal: &PortalPlace) -> Result<Url, Trouble> {
    join(&portal.url, if portal.name == "admin" { "/admin/dashboard" } else { "/" })
}

/// The demo's address: the logout endpoint with nothing but the way back.
pub(crate) fn without_hint(issuer: &Url, portal: &PortalPlace) -> Result<Url, Trouble> {
    let back = join(&portal.url, if portal.name == "admin" { "/admin/signed-out" } else { "/signed-out" })?;
    let mut url = issuer.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["protocol", "openid-connect", "logout"]);
    }
    url.query_pairs_mut().append_pair("post_logout_redirect_uri", back.as_str());
    Ok(url)
}

/// A path at the origin of `base`.
pub(crate) fn join(base: &Url, path: &str) -> Result<Url, Trouble> {
    base.join(path).map_err(|error| {
        Trouble::new(
            Kind::Part,
            format!("{path} cannot be asked at this portal's address"),
            "the lab's list of parts is damaged",
            "restart the lab: `cargo xtask lab down`, then `cargo xtask lab up`",
        )
        .caused_by(error)
    })
}
