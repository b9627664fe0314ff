//! Signing out: first here, then at the provider (RP-Initiated Logout 1.0).
//!
//! ```text
//! begin:  browser ──POST /signout──▶ portal ──303──▶ provider     id_token_hint, client_id, return address, state
//! finish: browser ──GET /signed-out?state──▶ portal
//! ```
//!
//! In between, the provider tells every other portal (and this one once more).

use jiff::{SignedDuration, Timestamp};
use openidconnect::{ClientId, CsrfToken, LogoutRequest, PostLogoutRedirectUrl};
use portal_protocol::PostLogoutRefusal;
use portal_protocol::callback::{post_logout, post_logout_state};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::error::Trouble;
use crate::faults::{Fault, sign_out as naive};
use crate::journal::Step;
use crate::portal::App;
use crate::session::{self, Browser, SignedIn};
use crate::settings::Secret;

/// How long a second click counts as the same sign-out.
const DOUBLE_CLICK: SignedDuration = SignedDuration::from_secs(10);

/// A sign-out whose answer may have got lost: see [`once_more`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Left {
    id_token: Secret,
    at: Timestamp,
}

/// Ends the session of this browser here and returns the address at which the provider ends its own; `None` when nobody
/// was signed in.
///
/// # Errors
/// [`Trouble::SignedOutHereOnly`] when the provider cannot be asked. The session here has ended all the same: a
/// sign-out must never fail in such a way that somebody stays signed in.
pub(crate) async fn begin(app: &App, browser: &Browser) -> Result<Option<Url>, Trouble> {
    // Trap: whoever deletes the session first and looks for the ID token then has no hint to send, and the provider
    // asks "do you want to log out?". So the session is taken, not thrown away.
    let session = &browser.session;
    let id = session.id().map(|id| id.to_string());
    if let (Some(id), Some(who)) = (&id, session::in_copy(session).await?) {
        // Before anything else is done: a browser that clicks twice closes the first connection, and with it goes whatever the
        // first request has not done yet.
        remember(app, id, &who).await;
    }
    let Some(who) = session::close(session, &app.sessions).await? else {
        return match once_more(app, browser, id).await? {
            None => naive::nobody_to_sign_out(app),
            again => Ok(again),
        };
    };
    if app.faults.on(Fault::P34LocalOnly) {
        return Ok(None);
    }

    match end_session_url(app, browser, id, &who.id_token).await {
        Ok(url) => {
            // The browser may take this answer's cookie and not its address, when the second click comes in between.
            if let Ok(Some(name)) = browser.given().await {
                remember(app, &name, &who).await;
            }
            app.journal.record(
                Step::SignOutStarted,
                format!("{} signed out here and was sent to the provider to sign out there", who.username),
                &[("username", &who.username), ("sid", who.sid.as_deref().unwrap_or("none"))],
            );
            Ok(Some(url))
        }
        Err(why) => {
            // This answer is an error, and with an error the session layer keeps nothing: forget the browser too.
            session.flush().await?;
            let text = format!("{} signed out here only, because {why}", who.username);
            app.journal.record(Step::SignOutLocalOnly, text, &[("username", &who.username)]);
            Err(Trouble::SignedOutHereOnly { why })
        }
    }
}

/// Keeps the hint for a second click that shows `key`, which only this browser can have.
async fn remember(app: &App, key: &str, who: &SignedIn) {
    let left = Left { id_token: who.id_token.clone(), at: app.clock.now() };
    // Without it only a double click goes wrong, and this person is on the way out.
    if let Err(away) = app.left.begin(key, key, &left).await {
        tracing::debug!(why = away.why, "a second click on this sign-out would not be understood");
    }
}

/// The same sign-out, asked for a second time by a double click. The browser drops the answer to the first one, and with it
/// the way to the provider; without this the second answer would say "nobody is signed in", and the session at the provider
/// would live on unseen. Works once, for a few seconds, for whoever has the very cookie that was signed out, or the one that came
/// with the first answer.
async fn once_more(app: &App, browser: &Browser, id: Option<String>) -> Result<Option<Url>, Trouble> {
    for key in id.clone().into_iter().chain(browser.given().await?) {
        let Some(left) = app.left.finish(&key, &key).await? else { continue };
        if app.clock.now().duration_since(left.at) <= DOUBLE_CLICK {
            // Who cannot be sent on now was told so at the first click.
            return Ok(end_session_url(app, browser, id, &left.id_token).await.ok());
        }
    }
    Ok(None)
}

/// The provider's address; `id` is the cookie that is signed out.
async fn end_session_url(app: &App, browser: &Browser, id: Option<String>, id_token: &Secret) -> Result<Url, String> {
    let metadata = app.provider.discover().await.map_err(|error| error.to_string())?;
    let endpoint = metadata.additional_metadata().end_session_endpoint.clone();
    let endpoint = endpoint.ok_or("the provider names no end_session_endpoint")?;
    let back = app.settings.own_url(app.settings.kind.signed_out_path());
    let back = PostLogoutRedirectUrl::new(back).map_err(|error| error.to_string())?;
    let name = browser.name().await.map_err(|error| error.to_string())?;
    let given = browser.given().await.map_err(|error| error.to_string())?;

    if let Some(naive) = naive::end_session_url(app, &endpoint, &back) {
        return Ok(naive);
    }

    // The state comes back with the browser and says that this is the end of a sign-out that it began. With it go the hints that
    // were kept for a second click.
    let state = CsrfToken::new_random();
    let kept: Vec<String> = id.into_iter().chain(given).collect();
    app.sign_outs.begin(state.secret(), &name, &kept).await.map_err(|error| error.to_string())?;

    let request = LogoutRequest::from(endpoint)
        .set_client_id(ClientId::new(app.settings.client_id.clone()))
        .set_post_logout_redirect_uri(back)
        .set_state(state);
    Ok(with_hint(request.http_get_url(), id_token))
}

/// Adds the ID token as it was received: it is the proof that this person was signed in by this client.
fn with_hint(mut url: Url, id_token: &Secret) -> Url {
    url.query_pairs_mut().append_pair("id_token_hint", id_token.reveal());
    url
}

/// Says whether the `state` in `query` belongs to a sign-out that this browser began. Nothing depends on it but a text:
/// nobody is signed out by coming here.
///
/// # Errors
/// [`PostLogoutRefusal`] when it does not; [`Trouble`] when the session store fails.
pub(crate) async fn finish(
    app: &App,
    browser: &Browser,
    query: &str,
) -> Result<Result<(), PostLogoutRefusal>, Trouble> {
    let browser = browser.known().await?;
    let begun = match (post_logout_state(query), browser) {
        (Ok(state), Some(browser)) => app.sign_outs.finish(&state, &browser).await?.map(|kept| (state, kept)),
        _ => None,
    };
    let answer = post_logout(query, begun.as_ref().map(|(state, _)| state.as_str()));
    for key in begun.into_iter().flat_map(|(_, kept)| kept) {
        // It has been where the first answer led: another click is another wish.
        app.left.finish(&key, &key).await?;
    }
    match answer {
        Ok(()) => app.journal.record(Step::SignOutReturned, "A browser came back from its sign-out", &[]),
        Err(refusal) => {
            let text = format!("A browser came back from a sign-out: {refusal}");
            app.journal.record(Step::SignOutReturned, text, &[("clause", refusal.clause())]);
        }
    }
    Ok(answer)
}
