//! What can go wrong for a visitor, and the page that says so: what happened, what it means, what to do.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use openidconnect::ClaimsVerificationError;
use portal_protocol::{CallbackRefusal, FrontChannelRefusal};
use serde::Serialize;

use crate::journal::Step;
use crate::oidc::provider::ProviderError;
use crate::portal::App;
use crate::session::Away;

/// Why a request gets an error page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// The provider cannot be reached, or describes itself in a way that is of no use.
    #[error("the sign-in service gave no usable answer: {why}")]
    ProviderDown { why: String },
    /// The provider answered in a way that a sign-in cannot be built on.
    #[error("the provider's answer cannot be used: {why}")]
    BadProvider { why: String, clause: &'static str },
    /// The answer to a sign-in is not acceptable.
    #[error("the answer was refused: {0}")]
    CallbackRefused(CallbackRefusal),
    /// The provider does not exchange the code.
    #[error("the provider refused the code: {error}")]
    CodeRefused { error: String },
    /// The provider refuses this client.
    #[error("the provider refused the client: {error}")]
    ClientRefused { error: String },
    /// The ID token belongs to another sign-in.
    #[error("the ID token belongs to another sign-in")]
    ForeignNonce,
    /// A logout overtook the sign-in.
    #[error("the session ended before the sign-in was finished")]
    EndedFirst,
    /// Signed out here; the provider could not be told.
    #[error("signed out here only: {why}")]
    SignedOutHereOnly { why: String },
    /// A front-channel request has no legal form.
    #[error("the front-channel request was refused: {0}")]
    FrontChannelRefused(FrontChannelRefusal),
    /// No such page.
    #[error("no such page")]
    NoPage,
    /// No such item.
    #[error("no such item")]
    NoItem,
    /// An item that is decided already.
    #[error("the item is {state} already")]
    Decided { state: &'static str },
    /// The page exists, but not for this method.
    #[error("another method")]
    Method,
    /// A form of another site.
    #[error("a request from another site")]
    CrossSite,
    /// Too many sign-ins from one address.
    #[error("too many sign-ins were begun from this address")]
    TooMany,
    /// It took too long.
    #[error("it took too long")]
    TooSlow,
    /// The session store does not answer.
    #[error("the portal's session store does not answer: {why}")]
    StoreAway { why: String },
    /// A fault of the portal itself.
    #[error("a fault of the portal: {why}")]
    Fault { why: String },
}

/// The words of an error page, and its status.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ErrorPage {
    #[serde(serialize_with = "as_number")]
    pub(crate) status: StatusCode,
    pub(crate) title: &'static str,
    pub(crate) what: String,
    pub(crate) means: &'static str,
    pub(crate) action: &'static str,
    pub(crate) clause: Option<&'static str>,
}

impl Trouble {
    pub(crate) fn provider_down(app: &App, error: &ProviderError) -> Self {
        app.journal.record(
            Step::SignInRefused,
            "A sign-in could not go on, because the provider is of no use right now",
            &[],
        );
        Self::ProviderDown { why: error.to_string() }
    }

    pub(crate) fn bad_provider(app: &App, why: &str, clause: &'static str) -> Self {
        app.journal.record(Step::SignInRefused, format!("A sign-in was refused: {why}"), &[("clause", clause)]);
        Self::BadProvider { why: why.to_owned(), clause }
    }

    /// The token endpoint said no. `invalid_grant` is about this code; everything else is about this portal's set-up.
    pub(crate) fn exchange_refused(app: &App, error: &str) -> Self {
        let text = format!("The provider refused to exchange the code: {error}");
        app.journal.record(Step::SignInRefused, text, &[("clause", "RFC6749-5.2")]);
        let error = error.to_owned();
        if error == "invalid_grant" { Self::CodeRefused { error } } else { Self::ClientRefused { error } }
    }

    pub(crate) fn id_token_refused(app: &App, error: &ClaimsVerificationError) -> Self {
        if matches!(error, ClaimsVerificationError::InvalidNonce(_)) {
            let text = "A sign-in was refused: the ID token belongs to another sign-in (nonce)";
            app.journal.record(Step::SignInRefused, text, &[("clause", "Core-3.1.3.7")]);
            return Self::ForeignNonce;
        }
        Self::bad_provider(app, &format!("its ID token is not acceptable ({error})"), "Core-3.1.3.7")
    }

    /// The page for it.
    fn page(&self) -> ErrorPage {
        let what = sentence(&self.to_string());
        let page =
            |status, title, means, action| ErrorPage { status, title, what, means, action, clause: self.clause() };
        match self {
            Self::ProviderDown { .. } => page(
                StatusCode::BAD_GATEWAY,
                "The sign-in service cannot be reached",
                "Nobody can sign in at the moment. Who is signed in already is not affected.",
                "Wait a moment and try again. If it stays like this, tell whoever runs the sign-in service.",
            ),
            Self::BadProvider { .. } => page(
                StatusCode::BAD_GATEWAY,
                "The sign-in service gave an unusable answer",
                "The answer did not prove who you are, so you were not signed in.",
                "Try again. If it stays like this, tell whoever runs the sign-in service what is written here.",
            ),
            Self::CallbackRefused(CallbackRefusal::Denied { .. }) => page(
                StatusCode::BAD_REQUEST,
                "The sign-in service said no",
                "It ended the sign-in with an error, so you were not signed in.",
                "Start again. If you did not cancel it yourself, tell whoever runs the sign-in service.",
            ),
            Self::CallbackRefused(_) => page(
                StatusCode::BAD_REQUEST,
                "This answer does not belong to a sign-in of this browser",
                "It was begun elsewhere, used before or left open too long; or somebody sent you a link with an answer \
                 of their own, to sign you in as them. You were not signed in by it.",
                "Start the sign-in again from the portal, not from a link or the browser's history.",
            ),
            Self::CodeRefused { .. } => page(
                StatusCode::BAD_REQUEST,
                "This sign-in was used already, or too late",
                "A code works once and for a minute. The sign-in service did not accept this one, so you were not signed in.",
                "Start the sign-in again.",
            ),
            Self::ClientRefused { .. } => page(
                StatusCode::BAD_GATEWAY,
                "The sign-in service does not accept this portal",
                "The portal's client id or secret is not what the sign-in service expects, so nobody can sign in here.",
                "Whoever runs the portal must compare its client id and secret with the client at the sign-in service.",
            ),
            Self::ForeignNonce => page(
                StatusCode::BAD_REQUEST,
                "The answer belongs to another sign-in",
                "Somebody may have put their own code into your browser's answer. You were not signed in.",
                "Start the sign-in again from the portal.",
            ),
            Self::EndedFirst => page(
                StatusCode::BAD_REQUEST,
                "You were signed out while you signed in",
                "The sign-in service ended this session, at another portal or by an administrator, before it had begun here.",
                "Sign in again if you want to.",
            ),
            Self::SignedOutHereOnly { .. } => page(
                StatusCode::BAD_GATEWAY,
                "You are signed out here only",
                "Your session at this portal has ended. Your session at the sign-in service may live on, and other \
                 portals were not told: whoever uses this browser next may be let in without a password.",
                "When the sign-in service can be reached again, sign in and sign out once more, or close the browser.",
            ),
            Self::FrontChannelRefused(_) => page(
                StatusCode::BAD_REQUEST,
                "Not a front-channel logout request",
                "The address names a session by halves, so nothing was ended.",
                "The sign-in service makes this address. If it made this one, tell whoever runs it.",
            ),
            Self::NoPage => page(
                StatusCode::NOT_FOUND,
                "There is no such page",
                "The address leads nowhere in this portal.",
                "Go back to the portal and use its links.",
            ),
            Self::NoItem => page(
                StatusCode::NOT_FOUND,
                "There is no such item",
                "Nothing was decided: this portal has no item of that name.",
                "Go back to the dashboard and choose one of its items.",
            ),
            Self::Decided { .. } => page(
                StatusCode::CONFLICT,
                "This item is decided already",
                "A decision is final here, so nothing was changed. Perhaps somebody else was faster.",
                "Go back to the dashboard and look who decided it.",
            ),
            Self::Method => page(
                StatusCode::METHOD_NOT_ALLOWED,
                "This address works in another way",
                "It exists, but not for the method of this request; the Allow header of this answer names the right ones.",
                "Go back to the portal and use its links and buttons.",
            ),
            Self::CrossSite => page(
                StatusCode::FORBIDDEN,
                "This request came from another site",
                "Another site tried to press a button here in your name. Nothing was changed.",
                "If it was you who pressed the button, go to the portal and press it there.",
            ),
            Self::TooMany => page(
                StatusCode::TOO_MANY_REQUESTS,
                "Too many sign-ins at once",
                "This portal limits how often one computer may begin a sign-in, so that nobody can keep it busy. You were not \
                 signed in.",
                "Wait a few seconds and try again.",
            ),
            Self::TooSlow => page(
                StatusCode::REQUEST_TIMEOUT,
                "This took too long",
                "The portal gave up waiting. What you wanted may not have happened.",
                "Go back and look how things stand, then try again.",
            ),
            Self::StoreAway { .. } => page(
                StatusCode::SERVICE_UNAVAILABLE,
                "The portal cannot look up who is signed in",
                "The place where it keeps its sessions cannot be reached, so nobody is let in. If you \
                 were signing out, nobody knows how far that came.",
                "Wait a moment and load the page again; if you were signing out, sign in and out once more, or close the \
                 browser. If it stays like this, tell whoever runs the portal.",
            ),
            Self::Fault { .. } => page(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something is wrong with this portal",
                "It is not your fault. What you wanted did not happen.",
                "Try again. If it stays like this, tell whoever runs the portal; its log says more.",
            ),
        }
    }

    fn clause(&self) -> Option<&'static str> {
        match self {
            Self::BadProvider { clause, .. } => Some(clause),
            Self::CallbackRefused(refusal) => Some(refusal.clause()),
            Self::CodeRefused { .. } | Self::ClientRefused { .. } => Some("RFC6749-5.2"),
            Self::ForeignNonce => Some("Core-3.1.3.7"),
            Self::EndedFirst => Some("BCL-2.7"),
            Self::FrontChannelRefused(refusal) => Some(refusal.clause()),
            Self::CrossSite => Some("RFC6749-10.12"),
            Self::ProviderDown { .. }
            | Self::SignedOutHereOnly { .. }
            | Self::NoPage
            | Self::NoItem
            | Self::Decided { .. }
            | Self::Method
            | Self::TooMany
            | Self::TooSlow
            | Self::StoreAway { .. }
            | Self::Fault { .. } => None,
        }
    }
}

impl From<tower_sessions::session::Error> for Trouble {
    fn from(error: tower_sessions::session::Error) -> Self {
        match error {
            tower_sessions::session::Error::Store(tower_sessions::session_store::Error::Backend(why)) => {
                Self::StoreAway { why }
            }
            // Trap: the message would quote what it could not read, and that may be a token.
            _ => Self::Fault { why: "the session store holds something that cannot be read".to_owned() },
        }
    }
}

impl From<Away> for Trouble {
    fn from(away: Away) -> Self {
        Self::StoreAway { why: away.why }
    }
}

impl IntoResponse for Trouble {
    /// An answer without a body, and the page beside it: [`crate::frame`] renders every error page, since a page needs
    /// things that an error does not know.
    fn into_response(self) -> Response {
        if let Self::Fault { why } = &self {
            tracing::error!(target: "portal", "{why}");
        }
        let page = self.page();
        let mut response = page.status.into_response();
        response.extensions_mut().insert(page);
        response
    }
}

/// The page for an answer that a layer gave without a body, if it is one that deserves a page.
pub(crate) fn page_for(status: StatusCode) -> Option<ErrorPage> {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => Some(Trouble::Method.page()),
        StatusCode::FORBIDDEN => Some(Trouble::CrossSite.page()),
        StatusCode::REQUEST_TIMEOUT => Some(Trouble::TooSlow.page()),
        StatusCode::INTERNAL_SERVER_ERROR => {
            Some(Trouble::Fault { why: "the request was not finished".to_owned() }.page())
        }
        _ => None,
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    let rest: String = first.chain(letters).collect();
    if rest.ends_with('.') { rest } else { format!("{rest}.") }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}
