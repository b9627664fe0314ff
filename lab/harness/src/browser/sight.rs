//! What a person sees after an action, in words that expectations can speak about.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::framing::runs_inline_scripts;
use super::origin::same_origin;
use super::page::Page;
use crate::control::messages::Topology;

/// What is on the screen. A recording keeps where somebody was; what only checks need is left out of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// Which kind of page.
    pub place: Place,
    /// HTTP status of the page.
    pub status: u16,
    /// Its title.
    pub title: String,
    /// Its visible text. For a page that a script fills: what the script has to fill it with.
    #[serde(skip)]
    pub text: String,
    /// The last path segments of the forms on it (`approve`, `logout`): what can be pressed.
    #[serde(skip)]
    pub offers: Vec<String>,
    /// Whether a password had to be typed to come here.
    pub asked_for_password: bool,
    /// Other servers that its scripts come from (`https://cdn.example`).
    #[serde(skip)]
    pub scripts_of: Vec<String>,
    /// Whether the page's policy would run a script that stands in the page itself without the server having meant it.
    #[serde(skip)]
    pub runs_inline_scripts: bool,
}

/// Kinds of pages that lessons speak about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Keycloak asks for name and password; the text is its complaint about the last try, if any.
    LoginForm(Option<String>),
    /// Keycloak asks "do you want to log out?".
    LogoutConfirmation,
    /// Keycloak says "you are logged out" and stays.
    LoggedOutAtKeycloak,
    /// Keycloak's error page with its sentence.
    KeycloakError(String),
    /// A portal, signed in as this user.
    SignedIn {
        /// The portal.
        portal: String,
        /// The user's name there.
        user: String,
    },
    /// A portal knows the user and refuses: a role is missing.
    Forbidden {
        /// The portal.
        portal: String,
    },
    /// A portal's card that asks to sign in.
    SignInCard(String),
    /// A portal's page that says "you are signed out".
    SignedOutPage(String),
    /// A portal's page with an error.
    PortalError(String),
    /// No page of anybody's: the tab was closed, or a page elsewhere is in it.
    Nothing,
    /// None of the above.
    Other(String),
}

impl Sight {
    pub(crate) fn of(page: &Page, place: Place, asked_for_password: bool) -> Self {
        let mut offers: Vec<String> = Vec::new();
        for form in &page.forms {
            let action = form.action.path().rsplit('/').next().unwrap_or_default();
            if !offers.iter().any(|known| known == action) {
                offers.push(action.to_owned());
            }
        }
        Self {
            place,
            status: page.status,
            title: page.title.clone(),
            text: page.text.clone(),
            offers,
            asked_for_password,
            scripts_of: page
                .scripts
                .iter()
                .filter(|script| !same_origin(script, &page.url))
                .map(super::origin::origin)
                .collect(),
            runs_inline_scripts: page.csp.as_deref().is_none_or(runs_inline_scripts),
        }
    }
}

/// What a page of Keycloak is. Keycloak names its pages in `data-page-id`; status and forms are the fallback for
/// themes that do not.
pub(crate) fn keycloak_place(page: &Page) -> Place {
    if page.form("kc-form-login").is_some() {
        return Place::LoginForm(page.message.clone());
    }
    match page.page_id.as_deref() {
        Some("login-logout-confirm") => Place::LogoutConfirmation,
        Some("login-info" | "login-frontchannel-logout") => Place::LoggedOutAtKeycloak,
        _ if page.status >= 400 => Place::KeycloakError(page.message.clone().unwrap_or_else(|| page.title.clone())),
        _ => Place::Other(page.title.clone()),
    }
}

/// What a page of the admin portal is, by its address and status.
pub(crate) fn admin_place(page: &Page) -> Place {
    let portal = || "admin".to_owned();
    match (page.status, page.url.path()) {
        (403, _) if page.is_refusal_of_role() => Place::Forbidden { portal: portal() },
        (400.., _) => Place::PortalError(portal()),
        (_, "/admin/login") => Place::SignInCard(portal()),
        (_, "/admin/signed-out") => Place::SignedOutPage(portal()),
        (_, "/admin/dashboard" | "/admin/logout") => Place::SignedIn { portal: portal(), user: named_user(&page.text) },
        _ => Place::Other(page.title.clone()),
    }
}

/// The user whose name comes first in the text: the badge at the top of the page.
fn named_user(text: &str) -> String {
    realm::User::ALL
        .iter()
        .filter_map(|user| text.find(user.username()).map(|position| (position, user.username())))
        .min()
        .map_or_else(|| "somebody".to_owned(), |(_, name)| name.to_owned())
}

/// The name of the party whose page this is: a portal's, `keycloak`, or the origin itself.
pub(crate) fn party(lab: &Topology, page: &Page) -> String {
    lab.portals
        .iter()
        .find(|portal| portal.url.origin() == page.url.origin())
        .map(|portal| portal.name.clone())
        .or_else(|| (lab.keycloak.origin() == page.url.origin()).then(|| "keycloak".to_owned()))
        .unwrap_or_else(|| page.url.origin().ascii_serialization())
}

/// A portal as people call it.
fn called(portal: &str) -> String {
    if portal == "admin" { "admin dashboard".to_owned() } else { format!("{portal} portal") }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoginForm(None) => f.write_str("Keycloak's login form"),
            Self::LoginForm(Some(complaint)) => write!(f, "Keycloak's login form: {complaint}"),
            Self::LogoutConfirmation => f.write_str("Keycloak's question whether to log out"),
            Self::LoggedOutAtKeycloak => f.write_str("Keycloak's page after a logout"),
            Self::KeycloakError(sentence) => write!(f, "Keycloak's error page: {sentence}"),
            Self::SignedIn { portal, user } => write!(f, "the {}, signed in as {user}", called(portal)),
            Self::Forbidden { portal } => write!(f, "the {}'s refusal: a role is missing", called(portal)),
            Self::SignInCard(portal) => write!(f, "the {}'s sign-in card", called(portal)),
            Self::SignedOutPage(portal) => write!(f, "the {}'s page \"you are signed out\"", called(portal)),
            Self::PortalError(portal) => write!(f, "the {}'s error page", called(portal)),
            Self::Nothing => f.write_str("no page of the lab's"),
            Self::Other(title) => write!(f, "the page \"{title}\""),
        }
    }
}

#[cfg(test)]
mod tests;
