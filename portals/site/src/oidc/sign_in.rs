//! Signing in: the authorization code flow with `state`, `nonce` and PKCE.
//!
//! ```text
//! begin:  browser ──GET /login──▶ portal ──303──▶ provider          state, nonce, code challenge go along
//! finish: browser ──GET /callback?code&state&iss──▶ portal ──code + verifier──▶ provider ──tokens──▶ portal
//! ```
//!
//! Three secrets tie the two halves together. `state` ties the answer to this browser, `nonce` ties the ID token to this
//! sign-in, and the PKCE verifier ties the code to this portal's request. Each stops another theft.

use jiff::Timestamp;
use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{
    AuthorizationCode, ClaimsVerificationError, CsrfToken, Nonce, NonceVerifier, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, RequestTokenError, Scope, SignatureVerificationError, TokenResponse as _,
};
use portal_protocol::callback::ExpectedIssuer;
use portal_protocol::id_token_extras::{self, Asked, IdTokenExtras};
use portal_protocol::{AuthorizationResponse, CallbackRefusal};
use serde::{Deserialize, Serialize};
use url::Url;

use super::lifetime::Lifetime;
use super::provider::{algorithms, client};
use super::{Metadata, PortalClaims, Tokens};
use crate::error::Trouble;
use crate::faults::{Fault, sign_in as naive};
use crate::journal::Step;
use crate::portal::App;
use crate::session::{self, Browser, OpenError, SignedIn};
use crate::settings::Secret;

/// What must be remembered between the two halves.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SignInBegun {
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// Begins a sign-in: returns the address to which the browser goes.
///
/// # Errors
/// [`Trouble::ProviderDown`] when the provider cannot be asked where that is.
pub(crate) async fn begin(app: &App, browser: &Browser) -> Result<Url, Trouble> {
    let metadata = app.provider.discover().await.map_err(|error| Trouble::provider_down(app, &error))?;
    let client = client(&app.settings, &metadata, &openidconnect::JsonWebKeySet::default());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let request = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("email".to_owned()));
    let request = if app.faults.on(Fault::S10NoPkce) { request } else { request.set_pkce_challenge(challenge) };
    let (url, state, nonce) = request.url();

    let browser = browser.name().await?;
    let state = state.into_secret();
    app.journal.record(Step::SignInStarted, "A browser was sent to the provider to sign in", &[("state", &state)]);
    app.sign_ins.begin(&state, &browser, &SignInBegun { nonce, verifier }).await?;
    Ok(url)
}

/// Finishes a sign-in: checks the answer in `query`, exchanges the code, and opens a session.
///
/// # Errors
/// [`Trouble`], a page for each way in which it can fail. There is no new session then.
pub(crate) async fn finish(app: &App, browser: &Browser, query: &str) -> Result<SignedIn, Trouble> {
    // 1. Is this the answer to a question of this browser? (pure rules, see portal-protocol)
    let response = AuthorizationResponse::parse(query).map_err(|refusal| refused(app, &refusal))?;
    let begun = match browser.known().await? {
        Some(browser) => app.sign_ins.finish(response.state(), &browser).await?,
        None => None,
    };
    let Some(begun) = begun else { return Err(refused(app, &CallbackRefusal::ForeignState)) };
    let metadata = app.provider.metadata().await.map_err(|error| Trouble::provider_down(app, &error))?;
    let expected = ExpectedIssuer {
        issuer: app.settings.issuer_text(),
        always_sent: metadata.additional_metadata().additional_metadata.authorization_response_iss_parameter_supported,
    };
    let state = response.state().to_owned();
    let code = response.into_code(Some(&state), expected).map_err(|refusal| refused(app, &refusal))?;

    // 2. The code for the tokens, with the proof that it was this portal that asked.
    let tokens = exchange(app, &metadata, code.secret(), begun.verifier).await?;

    // 3. Who is it, and is the token made for this sign-in?
    let who = identify(app, &metadata, &tokens, &begun.nonce).await?;
    let who = if app.faults.get().is_empty() { who } else { naive::changed(app, &metadata, who).await? };

    // 4. A session, unless its end has been announced already.
    match session::open(&browser.session, &who).await {
        Ok(()) => {
            let detail = [("username", who.username.as_str()), ("sid", who.sid.as_deref().unwrap_or("none"))];
            app.journal.record(Step::SessionOpened, format!("{} signed in", who.username), &detail);
            Ok(who)
        }
        Err(OpenError::EndedFirst) => {
            app.journal.record(Step::SessionRefused, "A logout overtook the sign-in: no session was opened", &[]);
            Err(Trouble::EndedFirst)
        }
        Err(OpenError::Store(error)) => Err(error.into()),
    }
}

async fn exchange(app: &App, metadata: &Metadata, code: &str, verifier: PkceCodeVerifier) -> Result<Tokens, Trouble> {
    let client = client(&app.settings, metadata, &openidconnect::JsonWebKeySet::default());
    let request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|_| Trouble::bad_provider(app, "its metadata names no token endpoint", "Discovery-3"))?;
    let request = if app.faults.on(Fault::S10NoPkce) { request } else { request.set_pkce_verifier(verifier) };
    match request.request_async(&app.http).await {
        Ok(tokens) => Ok(tokens),
        Err(RequestTokenError::ServerResponse(answer)) => {
            let error = serde_json::to_value(answer.error()).ok();
            let error = error.as_ref().and_then(|error| error.as_str()).unwrap_or("an error without a name");
            Err(Trouble::exchange_refused(app, error))
        }
        Err(RequestTokenError::Request(error)) => Err(Trouble::bad_provider(app, &error.to_string(), "RFC6749-5.2")),
        // The body of a bad answer may contain tokens, so it is not shown.
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => {
            Err(Trouble::bad_provider(app, "its token endpoint answered something else than tokens", "Core-3.1.3.3"))
        }
    }
}

/// Verifies the ID token (Core, 3.1.3.7) and takes from it who signed in.
async fn identify(app: &App, metadata: &Metadata, tokens: &Tokens, nonce: &Nonce) -> Result<SignedIn, Trouble> {
    let keys = app.provider.keys().await.map_err(|error| Trouble::provider_down(app, &error))?;
    let Some(id_token) = tokens.id_token() else {
        return Err(Trouble::bad_provider(app, "its answer contains no ID token", "Core-3.1.3.3"));
    };
    let mut checked = check(app, metadata, &keys, id_token, nonce);
    if let Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) = checked
        // When the keys cannot be fetched, the refusal stays what it was: an unknown key.
        && let Ok(Some(newer)) = app.provider.newer_keys(&keys).await
    {
        checked = check(app, metadata, &newer, id_token, nonce);
    }
    let claims = checked.map_err(|error| Trouble::id_token_refused(app, &error))?;

    // `openidconnect` leaves some checks to us. This portal asks for no `max_age` and no `acr_values`, so one remains.
    let now = app.clock.now();
    let found =
        IdTokenExtras { azp: claims.authorized_party().map(|party| party.as_str()), ..IdTokenExtras::default() };
    let asked = Asked { client_id: &app.settings.client_id, max_age: None, acr_values: &[] };
    id_token_extras::check(found, asked, now).map_err(|refusal| {
        Trouble::bad_provider(app, &format!("its ID token is not acceptable ({refusal})"), refusal.clause())
    })?;

    let text = |claim: Option<String>| claim.unwrap_or_default();
    let extra: &PortalClaims = claims.additional_claims();
    let sub = claims.subject().to_string();
    let auth_time = claims.auth_time().and_then(|at| time(at.timestamp()));
    let lifetime = Lifetime::at_sign_in(tokens, auth_time, now);
    Ok(SignedIn {
        iss: claims.issuer().to_string(),
        sid: extra.sid.clone(),
        issued_at: time(claims.issue_time().timestamp()).unwrap_or(now),
        auth_time,
        username: claims.preferred_username().map_or_else(|| sub.clone(), |name| name.to_string()),
        name: text(claims.name().and_then(|name| name.get(None)).map(|name| name.to_string())),
        email: text(claims.email().map(|email| email.to_string())),
        roles: extra.roles.clone(),
        since: now,
        expires_at: lifetime.unrefreshed,
        ends_at: lifetime.latest,
        access_expires_at: lifetime.access_token,
        unconfirmed: None,
        id_token: Secret::new(id_token.to_string()),
        access_token: Secret::new(tokens.access_token().secret().clone()),
        refresh_token: tokens.refresh_token().map(|token| Secret::new(token.secret().clone())),
        sub,
    })
}

pub(super) type IdToken = openidconnect::IdToken<
    PortalClaims,
    openidconnect::core::CoreGenderClaim,
    openidconnect::core::CoreJweContentEncryptionAlgorithm,
    openidconnect::core::CoreJwsSigningAlgorithm,
>;
pub(super) type Claims = openidconnect::IdTokenClaims<PortalClaims, openidconnect::core::CoreGenderClaim>;

pub(super) fn check<'t>(
    app: &App,
    metadata: &Metadata,
    keys: &portal_protocol::KeySet,
    id_token: &'t IdToken,
    nonce: impl NonceVerifier,
) -> Result<&'t Claims, ClaimsVerificationError> {
    let client = client(&app.settings, metadata, keys);
    let now = app.clock.now();
    let verifier = client
        .id_token_verifier()
        .set_allowed_algs(algorithms(metadata))
        .set_time_fn(move || std::time::SystemTime::try_from(now).unwrap_or(std::time::UNIX_EPOCH).into());
    id_token.claims(&verifier, nonce)
}

fn refused(app: &App, refusal: &CallbackRefusal) -> Trouble {
    app.journal.record(
        Step::SignInRefused,
        format!("A callback was refused: {refusal}"),
        &[("clause", refusal.clause())],
    );
    Trouble::CallbackRefused(refusal.clone())
}

fn time(seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(seconds).ok()
}
