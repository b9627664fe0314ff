//! What a naive portal makes of somebody who has just signed in.

use jiff::SignedDuration;
use openidconnect::HttpRequest;
use openidconnect::http::header::{ACCEPT, AUTHORIZATION};
use serde_json::Value;

use super::Fault;
use crate::error::Trouble;
use crate::oidc::Metadata;
use crate::portal::App;
use crate::session::SignedIn;

/// The life of a session that asks nobody how long it may be.
const EIGHT_HOURS: SignedDuration = SignedDuration::from_hours(8);

/// The person as the faults that are on see them.
pub(crate) async fn changed(app: &App, metadata: &Metadata, mut who: SignedIn) -> Result<SignedIn, Trouble> {
    let faults = app.faults.get();
    if faults.has(Fault::P31EndlessTombstone) && app.naive.is_banned(&who.sub) {
        return Err(Trouble::EndedFirst);
    }
    if faults.has(Fault::S6Revival) {
        app.naive.somebody_signed_in();
    }
    if faults.has(Fault::P19LongSession) {
        who.expires_at = app.clock.now().saturating_add(EIGHT_HOURS).unwrap_or(who.expires_at);
        // It never asks again either: a refresh would bind the session to the tokens.
        who.access_expires_at = None;
    }
    if faults.has(Fault::S13RolesFromUserinfo) {
        who.roles = roles_of_userinfo(app, metadata, &who).await;
    }
    Ok(who)
}

/// Reads `realm_access.roles` of the userinfo answer. Whatever goes wrong is taken for "no roles", as in the demo.
async fn roles_of_userinfo(app: &App, metadata: &Metadata, who: &SignedIn) -> Vec<String> {
    let Some(endpoint) = metadata.userinfo_endpoint() else { return Vec::new() };
    let request: Result<HttpRequest, _> = openidconnect::http::Request::get(endpoint.as_str())
        .header(ACCEPT, "application/json")
        .header(AUTHORIZATION, format!("Bearer {}", who.access_token.reveal()))
        .body(Vec::new());
    let Ok(request) = request else { return Vec::new() };
    let Ok(answer) = app.http.send(request).await else { return Vec::new() };
    let claims: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
    let roles = claims["realm_access"]["roles"].as_array().cloned().unwrap_or_default();
    roles.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
