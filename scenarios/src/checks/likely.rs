//! What probably went wrong, one sentence a kind of check. A hint, not a verdict.

use crate::vocabulary::{ToldBy, Worth};

pub(super) const PAGE: &str =
    "an earlier step went another way; the last page's exchange shows the page's address and status";
pub(super) const CONTROL: &str = "the roles in the ID token differ, or the page does not ask for them";
pub(super) const CODE: &str =
    "the portal is of another kind than the lesson says, or the sign-in broke off before the callback";
pub(super) const SILENT: &str = "the app does not ask at page load, asks again after a \"no\", or the browser treats the frame's cookies in another way";
pub(super) const SILENT_REFUSED: &str = "Keycloak refuses the client or its redirect URI, or would have to ask the person for something else than a password";
pub(super) const MESSAGE: &str =
    "the client's \"session required\" switch, its registered URL, or the portal's verification";
pub(super) const TOLD_ANYWAY: &str =
    "the logout went through after all, or the client is registered for another channel";
pub(super) const STATE: &str = "the portal sends no state, or Keycloak stayed on a page of its own";
pub(super) const MATRIX: &str =
    "look at who was told above: a portal that heard and is still in did not end the session";

pub(super) const STRANGER: &str =
    "the portal does not verify what it is sent, or refuses it for another reason than the lesson says";
pub(super) const PROGRAM: &str = "Keycloak refuses for another reason than the lesson says, or does not refuse at all";
pub(super) const CORS: &str = "the client's web origins name more or fewer sites than the lesson says";
pub(super) const LOG: &str = "the portal writes down what it was sent before, or without, looking at it";
pub(super) const EVENT: &str =
    "Keycloak took another way than the lesson says, or the realm does not keep events of this kind";
pub(super) const KEYS: &str = "the portal has no cool-down for unknown keys, or had not fetched any keys before";
pub(super) const TIMES: &str = "the message was sent again, or the step ended somebody else's session, too";

pub(super) fn password(wanted: bool) -> &'static str {
    if wanted {
        "Keycloak already had a session for this browser: a reset or a sign-out before did not take effect"
    } else {
        "Keycloak had no session for this browser: it ended, or its cookie was not sent"
    }
}

pub(super) fn not_told(by: ToldBy) -> &'static str {
    match by {
        ToldBy::BackChannel => {
            "the client has no back-channel URL, its front-channel switch is on, or it has no session of this user"
        }
        ToldBy::FrontChannel => {
            "the client's front-channel switch or URL is missing, the browser had no session, or the page could not frame it"
        }
    }
}

pub(super) fn old(worth: Worth) -> &'static str {
    match worth {
        Worth::Dead => "the portal forgot the cookie but kept the session, or ended the session of somebody else",
        Worth::Alive => "the session was ended although the lesson says that only the browser forgot it",
    }
}

/// A tab shows something else than it should.
pub(super) const SCREEN: &str =
    "the page was told and did nothing, or was not told: look at the exchanges, and at the page's script";
