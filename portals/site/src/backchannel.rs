//! The back-channel logout endpoint: the provider's server tells this one that a session is over.
//!
//! No browser takes part, so there is no cookie, and no cross-site rule applies: the token's signature is the whole proof.
//!
//! Trap: an endpoint that answers 200 without looking satisfies the provider and signs nobody out; one that believes
//! every POST lets anybody sign everybody out. Keycloak does not tell its user about either.

use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, FailedToBufferBody};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use portal_protocol::{Expectations, Refusal, VerifiedLogoutToken, verify};
use serde_json::json;
use tokio::time::timeout;

use crate::faults::backchannel as naive;
use crate::journal::Step;
use crate::oidc::provider::{ProviderError, algorithms};
use crate::portal::App;
use crate::session::Away;

/// Path of the endpoint, as it is registered at the provider.
pub(crate) const PATH: &str = "/logout";

/// How long the body may take: a few kilobytes from one server to another. Trap: a deadline for each piece of it would not
/// do, since whoever sends one byte a second keeps such a deadline and holds the connection for hours.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why a back-channel request changed nothing.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    #[error("the request is longer than a logout token can be")]
    TooLong,
    #[error("the request broke off")]
    BrokenOff,
    #[error("the request did not arrive within {} s", PATIENCE.as_secs())]
    TooSlow,
    #[error("the request must be a form (application/x-www-form-urlencoded)")]
    NoForm,
    #[error("the form must have one logout_token, and has {0}")]
    NotOneToken(usize),
    #[error("the logout token was refused: {0}")]
    Token(#[from] Refusal),
    #[error("the logout token could not be checked: {0}")]
    NoKeys(#[from] ProviderError),
    #[error("the logout token was good, but the session store is away: {0}")]
    StoreAway(#[from] Away),
}

/// `POST /logout` (Back-Channel Logout 1.0, sections 2.5 to 2.8).
///
/// 200 when the token was good, also if it named no session of this portal: it may have ended already, and an answer
/// that differs would tell who is signed in. Otherwise 400 (413 for a body over the limit, 408 for one that takes too
/// long), and nothing has changed.
pub(crate) async fn logout(State(app): State<App>, request: Request) -> Response {
    let headers = request.headers().clone();
    let body = match timeout(PATIENCE, Bytes::from_request(request, &())).await {
        Ok(arrived) => arrived.map_err(Refused::from),
        Err(_) => Err(Refused::TooSlow),
    };
    if let Some(answer) = naive::instead(&app, &headers, body.as_deref().unwrap_or_default()).await {
        return answer;
    }
    match receive(&app, &headers, body).await {
        Ok(()) => ([(CACHE_CONTROL, "no-store")], StatusCode::OK).into_response(),
        Err(refused) => {
            let clause = refused.clause();
            app.journal.record(Step::LogoutTokenRefused, sentence(&refused), &[("clause", clause)]);
            (refused.status(), [(CACHE_CONTROL, "no-store")], Json(refused.told())).into_response()
        }
    }
}

async fn receive(app: &App, headers: &HeaderMap, body: Result<Bytes, Refused>) -> Result<(), Refused> {
    let unverified_token = the_token(headers, &body?)?;
    let token = verified(app, &unverified_token).await?;
    // Trap: "the token is good, so 200" while the store is away tells the provider that the session is over here.
    let ended = app.sessions.log_out(&token).await??;

    let count = ended.to_string();
    let text = match ended {
        0 => "A logout token was accepted; it named no session of this portal".to_owned(),
        1 => "A logout token was accepted: one session ended".to_owned(),
        many => format!("A logout token was accepted: {many} sessions ended"),
    };
    let detail = [("sessions", count.as_str()), ("sid", token.sid().unwrap_or("none")), ("jti", token.jti())];
    let mut detail = detail.to_vec();
    detail.extend(token.sub().map(|sub| ("sub", sub)));
    app.journal.record(Step::LogoutTokenAccepted, text, &detail);
    Ok(())
}

/// The one `logout_token` of the form. Other parameters are ignored, as the specification asks.
fn the_token(headers: &HeaderMap, body: &[u8]) -> Result<String, Refused> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(Refused::NoForm);
    }
    let mut tokens: Vec<String> = url::form_urlencoded::parse(body)
        .filter(|(name, _)| name == "logout_token")
        .map(|(_, token)| token.into_owned())
        .collect();
    match (tokens.pop(), tokens.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Refused::NotOneToken(0)),
        (Some(_), false) => Err(Refused::NotOneToken(tokens.len() + 1)),
    }
}

/// Checks the token with the provider's keys. If it names an unknown key, the keys are fetched again, once.
pub(crate) async fn verified(app: &App, unverified_token: &str) -> Result<VerifiedLogoutToken, Refused> {
    let metadata = app.provider.metadata().await?;
    let expect = Expectations::new(app.settings.issuer_text(), &app.settings.client_id);
    let expect = expect.also_allowing(algorithms(&metadata));
    let keys = app.provider.keys().await?;
    match verify(unverified_token, &expect, &keys, app.clock.now()) {
        Err(unknown @ Refusal::UnknownKey { .. }) => match app.provider.newer_keys(&keys).await? {
            Some(newer) => Ok(verify(unverified_token, &expect, &newer, app.clock.now())?),
            None => Err(unknown.into()),
        },
        checked => Ok(checked?),
    }
}

fn sentence(refused: &Refused) -> String {
    let text = refused.to_string();
    let mut letters = text.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

impl From<BytesRejection> for Refused {
    fn from(rejection: BytesRejection) -> Self {
        match rejection {
            BytesRejection::FailedToBufferBody(FailedToBufferBody::LengthLimitError(_)) => Self::TooLong,
            _ => Self::BrokenOff,
        }
    }
}

impl Refused {
    fn status(&self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff
            | Self::NoForm
            | Self::NotOneToken(_)
            | Self::Token(_)
            | Self::NoKeys(_)
            | Self::StoreAway(_) => StatusCode::BAD_REQUEST,
        }
    }

    fn clause(&self) -> &'static str {
        match self {
            Self::TooLong | Self::BrokenOff | Self::TooSlow | Self::NoForm | Self::NotOneToken(_) => "BCL-2.5",
            Self::Token(refusal) => refusal.clause(),
            Self::NoKeys(_) | Self::StoreAway(_) => "BCL-2.8",
        }
    }

    /// What the sender is told: the rule, never a word out of the token.
    fn told(&self) -> serde_json::Value {
        match self {
            Self::Token(refusal) => json!({"error": "invalid_request", "error_description": refusal.rule()}),
            Self::NoKeys(_) => json!({
                "error": "server_error",
                "error_description": "the token could not be checked, because the provider's keys could not be fetched",
            }),
            Self::StoreAway(_) => json!({
                "error": "server_error",
                "error_description": "nothing could be ended, because the portal's session store does not answer",
            }),
            other => json!({"error": "invalid_request", "error_description": other.to_string()}),
        }
    }
}

#[cfg(test)]
mod tests;
