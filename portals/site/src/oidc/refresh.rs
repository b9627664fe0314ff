//! Having a session confirmed: while its person is active, the portal trades the refresh token for new tokens (Core, 12).
//!
//! It is the provider's chance to say no: the session there may have ended without a logout token arriving here. And it
//! is what keeps an active person signed in, and lets an idle session end.
//!
//! Trap: calling this for a request that a script or a probe sends. A page that asks "am I still signed in?" every minute
//! would keep the session of an empty chair alive. So it is called by pages that a person asked for, and by nothing else.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use openidconnect::{
    ClaimsVerificationError, Nonce, OAuth2TokenResponse as _, RefreshToken, RequestTokenError,
    SignatureVerificationError, TokenResponse as _,
};
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::lifetime::Lifetime;
use super::provider::client;
use super::sign_in::{Claims, check};
use super::{Metadata, Tokens};
use crate::error::Trouble;
use crate::faults::Fault;
use crate::journal::Step;
use crate::portal::App;
use crate::session::{Away, Ending, SignedIn, Unconfirmed, signed_in};
use crate::settings::Secret;

/// How long before the access token's end it is time.
const EARLY: SignedDuration = SignedDuration::from_secs(30);
/// How long a session goes on while the provider cannot be asked. An outage must not sign everybody out; but a session
/// that nobody confirms must not go on for ever either.
const OUTAGE_GRACE: SignedDuration = SignedDuration::from_mins(10);
/// How long after a failure the next try waits: a provider that is down should not make every page slow.
const RETRY: SignedDuration = SignedDuration::from_secs(30);
/// How long one refresh may keep others from trying: longer than its three calls to the provider can take.
const LEASE: Duration = Duration::from_secs(40);

/// Why there are no new tokens.
#[derive(Debug)]
enum Failed {
    /// The provider said no, or spoke of somebody else: the session is over.
    Refused(String),
    /// The provider said nothing that helps: nobody knows.
    Unknown(String),
}

/// Who is signed in, for a request by which a person is active. Refreshes when it is time; one refresh at a time for each
/// session, also across replicas, since a provider may take a second use of a refresh token for a theft.
///
/// # Errors
/// [`Trouble::StoreAway`]. What the provider does is no error: it ends the session (`None`), or it does not.
pub(crate) async fn active(app: &App, session: &Session) -> Result<Option<SignedIn>, Trouble> {
    let Some(who) = signed_in(&app.sessions, session).await? else { return Ok(None) };
    let Some(id) = session.id().filter(|_| is_due(&who, app.clock.now())) else { return Ok(Some(who)) };
    // Somebody else is at it. What is known is still good, so nobody waits.
    let Some(holder) = app.sessions.lease(id, LEASE).await? else { return Ok(Some(who)) };
    // Trap: a visitor who closes the page drops this request. The old refresh token may be used up by then; dropping the
    // answer too would sign the person out. So it runs on its own.
    let own = app.clone();
    let refreshing = tokio::spawn(async move {
        let outcome = refresh(&own, id).await;
        let released = own.sessions.release(id, holder).await;
        outcome.and_then(|who| released.map(|()| who))
    });
    match refreshing.await {
        Ok(outcome) => Ok(outcome?),
        Err(error) => Err(Trouble::Fault { why: format!("a refresh broke off: {error}") }),
    }
}

fn is_due(who: &SignedIn, now: Timestamp) -> bool {
    let nearly_over = who.access_expires_at.is_some_and(|end| now >= end.saturating_sub(EARLY).unwrap_or(end));
    nearly_over && who.refresh_token.is_some() && who.unconfirmed.is_none_or(|unconfirmed| now >= unconfirmed.retry_at)
}

/// Refreshes the session and returns who is signed in afterwards. The caller has the lease.
async fn refresh(app: &App, id: Id) -> Result<Option<SignedIn>, Away> {
    // Before the lease was ours, another replica may have been faster: look again.
    let Some((who, generation)) = app.sessions.who(id).await? else { return Ok(None) };
    let due = is_due(&who, app.clock.now());
    let Some(token) = who.refresh_token.as_ref().filter(|_| due) else { return Ok(Some(who)) };

    let detail = [("sid", who.sid.as_deref().unwrap_or("none"))];
    let next = match ask(app, &who, token).await {
        Ok(refreshed) => {
            let text = format!("The provider confirmed the session of {}", who.username);
            app.journal.record(Step::SessionRefreshed, text, &detail);
            refreshed
        }
        Err(Failed::Refused(why)) => {
            return end(app, id, generation, Ending::RefreshRefused, &why).await;
        }
        Err(Failed::Unknown(why)) => {
            let now = app.clock.now();
            let since = who.unconfirmed.map_or(now, |unconfirmed| unconfirmed.since);
            if now.duration_since(since) >= OUTAGE_GRACE {
                return end(app, id, generation, Ending::Unconfirmed, &why).await;
            }
            let text = format!("The session of {} could not be confirmed: {why}", who.username);
            app.journal.record(Step::RefreshFailed, text, &detail);
            let retry_at = now.saturating_add(RETRY).unwrap_or(Timestamp::MAX);
            SignedIn { unconfirmed: Some(Unconfirmed { since, retry_at }), ..who }
        }
    };
    // Compare and set: if a logout ended the session while the provider was asked, it stays ended.
    if app.sessions.renew(id, generation, &next).await? {
        return Ok(Some(next));
    }
    if app.faults.on(Fault::P22LateSave) {
        app.naive.write_back(id, &next);
    }
    Ok(app.sessions.who(id).await?.map(|(who, _)| who))
}

/// Ends the session that was to be refreshed, unless it has changed since.
async fn end(app: &App, id: Id, generation: u64, ending: Ending, why: &str) -> Result<Option<SignedIn>, Away> {
    match app.sessions.who(id).await? {
        Some((who, now)) if now == generation => {
            app.sessions.end(id, ending).await?;
            let text = format!("The session of {} ended: {why}", who.username);
            app.journal.record(Step::RefreshRefused, text, &[("sid", who.sid.as_deref().unwrap_or("none"))]);
            Ok(None)
        }
        other => Ok(other.map(|(who, _)| who)),
    }
}

/// Asks the provider. Returns the person with the new tokens.
async fn ask(app: &App, who: &SignedIn, token: &Secret) -> Result<SignedIn, Failed> {
    let unknown = |error: super::provider::ProviderError| Failed::Unknown(error.to_string());
    let metadata = app.provider.metadata().await.map_err(unknown)?;
    let tokens = tokens(app, &metadata, token).await?;

    let mut refreshed = who.clone();
    // An answer without an ID token is legal; then the old one stays, for the hint at sign-out.
    if let Some(id_token) = tokens.id_token() {
        let original = nonce_of(&who.id_token);
        let nonce = |found: Option<&Nonce>| match found {
            None => Ok(()),
            Some(nonce) if original.as_deref() == Some(nonce.secret()) => Ok(()),
            Some(_) => Err("the nonce is that of another sign-in".to_owned()),
        };
        let keys = app.provider.keys().await.map_err(unknown)?;
        let mut checked = check(app, &metadata, &keys, id_token, nonce);
        if let Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) = checked
            && let Ok(Some(newer)) = app.provider.newer_keys(&keys).await
        {
            checked = check(app, &metadata, &newer, id_token, nonce);
        }
        let claims = checked.map_err(|error| match error {
            ClaimsVerificationError::InvalidNonce(why) => Failed::Refused(why),
            other => Failed::Unknown(format!("the new ID token is not acceptable ({other})")),
        })?;
        is_same_session(claims, who)?;
        refreshed.id_token = Secret::new(id_token.to_string());
        // Names stay as they were at sign-in; a role that was taken away must not stay.
        if !app.faults.on(Fault::S13RolesFromUserinfo) {
            refreshed.roles.clone_from(&claims.additional_claims().roles);
        }
    }
    let now = app.clock.now();
    let life = Lifetime::after_refresh(&tokens, who.ends_at, now);
    // `issued_at` stays that of the sign-in: a logout token from before this refresh still means this session.
    refreshed.expires_at = life.unrefreshed;
    refreshed.access_expires_at = life.access_token;
    refreshed.access_token = Secret::new(tokens.access_token().secret().clone());
    if let Some(token) = tokens.refresh_token() {
        refreshed.refresh_token = Some(Secret::new(token.secret().clone()));
    }
    refreshed.unconfirmed = None;
    Ok(refreshed)
}

async fn tokens(app: &App, metadata: &Metadata, token: &Secret) -> Result<Tokens, Failed> {
    let client = client(&app.settings, metadata, &openidconnect::JsonWebKeySet::default());
    let token = RefreshToken::new(token.reveal().to_owned());
    let request = client.exchange_refresh_token(&token);
    let request = request.map_err(|_| Failed::Unknown("the provider names no token endpoint".to_owned()))?;
    match request.request_async(&app.http).await {
        Ok(tokens) => Ok(tokens),
        Err(RequestTokenError::ServerResponse(answer)) => {
            let error = serde_json::to_value(answer.error()).ok();
            match error.as_ref().and_then(|error| error.as_str()) {
                // Only this one is about the session. Trap: taking every error for it signs everybody out when a secret is
                // changed or the provider has a bad minute; taking none for it keeps dead sessions alive.
                Some("invalid_grant") => Err(Failed::Refused("the provider does not go on with it".to_owned())),
                other => Err(Failed::Unknown(format!("the provider answered {}", other.unwrap_or("an error")))),
            }
        }
        Err(RequestTokenError::Request(error)) => Err(Failed::Unknown(error.to_string())),
        // The body of a bad answer may contain tokens, so it is not shown.
        Err(RequestTokenError::Parse(..) | RequestTokenError::Other(_)) => {
            Err(Failed::Unknown("the token endpoint answered something else than tokens".to_owned()))
        }
    }
}

/// The new ID token must be about the same person in the same session of the same provider (Core, 12.2).
///
/// Trap: nobody expects a provider to mix sessions up. One did (CVE-2025-12390), and applications that did not compare
/// showed one person the other's data.
fn is_same_session(claims: &Claims, who: &SignedIn) -> Result<(), Failed> {
    let sid = claims.additional_claims().sid.as_ref();
    if claims.issuer().as_str() != who.iss || claims.subject().as_str() != who.sub {
        return Err(Failed::Refused("the new ID token is about somebody else".to_owned()));
    }
    if sid.is_some() && sid != who.sid.as_ref() {
        return Err(Failed::Refused("the new ID token is about another session".to_owned()));
    }
    Ok(())
}

/// The nonce of an ID token that was verified when it was kept.
fn nonce_of(id_token: &Secret) -> Option<String> {
    let claims = URL_SAFE_NO_PAD.decode(id_token.reveal().split('.').nth(1)?).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("nonce")?.as_str()?.to_owned())
}
