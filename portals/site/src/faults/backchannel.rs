//! Back-channel endpoints as they should not be. None of this runs unless its fault is on.

use axum::http::header::{CACHE_CONTROL, COOKIE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portal_protocol::{Refusal, Subject, VerifiedLogoutToken};
use serde_json::{Map, Value};
use tower_sessions::session::Id;

use super::{Fault, Faults};
use crate::backchannel::{Refused, verified};
use crate::journal::Step;
use crate::portal::App;
use crate::session::Ending;

/// How late `p53-answer-first` acts.
const LATE: std::time::Duration = std::time::Duration::from_secs(2);

/// What a faulty endpoint answers; `None` when no fault of the endpoint is on, or it does not matter here.
pub(crate) async fn instead(app: &App, headers: &HeaderMap, body: &[u8]) -> Option<Response> {
    let faults = app.faults.get();
    if faults.is_empty() {
        return None;
    }
    let token = first_token(body);
    if faults.has(Fault::P21TokenInLog) {
        // The very thing that must not happen: half a token is enough to tell users apart, and logs travel far.
        let start: String = token.chars().take(50).collect();
        let text = format!("logout token received: {start}... for {:?}", claims(&token).get("sub"));
        tracing::info!(target: "portal", "{text}");
        // The portal's own journal is a log, too: the lab writes it to a file.
        app.journal.record(Step::LogoutTokenArrived, text, &[]);
    }
    match before_looking(app, faults, headers, &token).await {
        Some(answer) => Some(answer),
        None => after_verifying(app, faults, &token).await,
    }
}

/// Faults that decide without having verified anything.
async fn before_looking(app: &App, faults: Faults, headers: &HeaderMap, token: &str) -> Option<Response> {
    let unverified = claims(token);
    if faults.has(Fault::P25CsrfBlocks) {
        return Some((StatusCode::FORBIDDEN, "the form token is missing\n").into_response());
    }
    if faults.has(Fault::S2Lying200) {
        return Some(Html("<!doctype html><title>Internal portal</title><p>Welcome.</p>\n").into_response());
    }
    if faults.has(Fault::S7CookieLookup) {
        if let Some(id) = id_in_cookie(headers) {
            end(app, [id]).await;
        }
        return Some(ok());
    }
    if faults.has(Fault::S4UnverifiedToken) {
        let text = |name: &str| unverified.get(name).and_then(Value::as_str);
        end(
            app,
            app.sessions.named(text("iss").unwrap_or_default(), text("sid"), text("sub")).await.unwrap_or_default(),
        )
        .await;
        return Some(ok());
    }
    if faults.has(Fault::P29TypTooStrict) && header(token).get("typ").is_none_or(|typ| typ != "JWT") {
        return Some(refused("the type must be JWT"));
    }
    if faults.has(Fault::P26SidRequired) && !unverified.contains_key("sid") {
        return Some(refused("sid is missing"));
    }
    let exact = |events: &Map<String, Value>| {
        events.len() == 1 && events.values().all(|value| value.as_object().is_some_and(Map::is_empty))
    };
    if faults.has(Fault::P52EventsExact) && !unverified.get("events").and_then(Value::as_object).is_some_and(exact) {
        return Some(refused("events must have one empty member"));
    }
    None
}

/// Faults that believe too much, or do something else with a good token than end what it names.
async fn after_verifying(app: &App, faults: Faults, unverified: &str) -> Option<Response> {
    let token = match verified(app, unverified).await {
        Ok(token) => token,
        Err(Refused::Token(refusal)) if forgiven(faults, &refusal, app.settings.issuer_text(), unverified) => {
            let claims = claims(unverified);
            let text = |name: &str| claims.get(name).and_then(Value::as_str);
            end(
                app,
                app.sessions.named(app.settings.issuer_text(), text("sid"), text("sub")).await.unwrap_or_default(),
            )
            .await;
            return Some(ok());
        }
        Err(_) => return None,
    };
    if faults.has(Fault::P31EndlessTombstone) {
        app.naive.ban(token.sub().unwrap_or_default());
    }
    if faults.has(Fault::S6Revival) {
        app.naive.everybody_out();
        return Some(ok());
    }
    if faults.has(Fault::S8MemoryRevocations) {
        app.naive.revoke(token.sid().unwrap_or_default());
        return Some(ok());
    }
    if faults.has(Fault::P53AnswerFirst) {
        let (app, token) = (app.clone(), token.clone());
        tokio::spawn(async move {
            tokio::time::sleep(LATE).await;
            // Too late to tell anybody when this goes wrong: that is the fault.
            let _ = app.sessions.log_out(&token).await;
        });
        return Some(ok());
    }
    end(app, wrong_sessions(app, faults, &token).await?).await;
    Some(ok())
}

/// More sessions than the token names.
async fn wrong_sessions(app: &App, faults: Faults, token: &VerifiedLogoutToken) -> Option<Vec<Id>> {
    if faults.has(Fault::S5Wildcard) {
        return Some(app.sessions.all().await.unwrap_or_default());
    }
    match token.subject() {
        Subject::Session { .. } if faults.has(Fault::SidIgnored) => {
            Some(app.sessions.named(token.iss(), None, token.sub()).await.unwrap_or_default())
        }
        _ => None,
    }
}

/// Whether a fault overlooks this refusal. None of them overlooks a wrong signature: that is steps 1 to 3.
fn forgiven(faults: Faults, refusal: &Refusal, issuer: &str, unverified: &str) -> bool {
    if refusal.step() < 4 {
        return false;
    }
    let claims = claims(unverified);
    let iss = claims.get("iss").and_then(Value::as_str).unwrap_or_default();
    faults.has(Fault::P27NoClaimChecks)
        || (faults.has(Fault::P42AnyToken) && refusal.step() > 4 && iss == issuer)
        || (faults.has(Fault::P54IssuerPrefix)
            && matches!(refusal, Refusal::WrongIssuer { .. })
            && iss.starts_with(issuer))
}

/// Ends sessions and does not care whether that worked, as the portals that this file shows do.
async fn end(app: &App, ids: impl IntoIterator<Item = Id>) {
    for id in ids {
        let _ = app.sessions.end(id, Ending::BackChannel).await;
    }
}

fn ok() -> Response {
    ([(CACHE_CONTROL, "no-store")], StatusCode::OK).into_response()
}

fn refused(why: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, [(CACHE_CONTROL, "no-store")], why).into_response()
}

fn first_token(body: &[u8]) -> String {
    url::form_urlencoded::parse(body)
        .find(|(name, _)| name == "logout_token")
        .map(|(_, token)| token.into_owned())
        .unwrap_or_default()
}

fn header(token: &str) -> Map<String, Value> {
    part(token, 0)
}

fn claims(token: &str) -> Map<String, Value> {
    part(token, 1)
}

fn part(token: &str, number: usize) -> Map<String, Value> {
    let text = token.split('.').nth(number).unwrap_or_default();
    URL_SAFE_NO_PAD.decode(text).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default()
}

fn id_in_cookie(headers: &HeaderMap) -> Option<Id> {
    let cookies = headers.get(COOKIE)?.to_str().ok()?;
    cookies.split("; ").find_map(|pair| pair.split_once('=')?.1.parse().ok())
}
