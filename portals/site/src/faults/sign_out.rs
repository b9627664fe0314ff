//! What a naive portal sends to the provider at a sign-out.

use openidconnect::{EndSessionUrl, PostLogoutRedirectUrl};
use url::Url;

use super::Fault;
use crate::error::Trouble;
use crate::portal::App;

/// The answer to a sign-out of somebody who is out already: the right portal sends them on.
pub(crate) fn nobody_to_sign_out(app: &App) -> Result<Option<Url>, Trouble> {
    if app.faults.on(Fault::P50SignOutNeedsSession) {
        return Err(Trouble::Fault { why: "the session to sign out is gone".to_owned() });
    }
    Ok(None)
}

/// The end-session address without what makes it work; `None` when no such fault is on.
pub(crate) fn end_session_url(app: &App, endpoint: &EndSessionUrl, back: &PostLogoutRedirectUrl) -> Option<Url> {
    let faults = app.faults.get();
    let mut url = endpoint.url().clone();
    url.query_pairs_mut().append_pair("post_logout_redirect_uri", back.as_str());
    if faults.has(Fault::S11NoHint) {
        return Some(url);
    }
    if faults.has(Fault::P05NoIdToken) {
        url.query_pairs_mut().append_pair("client_id", &app.settings.client_id);
        return Some(url);
    }
    None
}
