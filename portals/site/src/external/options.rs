//! What can be chosen about the single-page app: it changes nothing on this server, only what the script is told.

use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};

/// Where the script keeps the tokens. Each place is a bargain between a thief's chances and a person's comfort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tokens {
    /// In the tab's `sessionStorage`: it survives a reload and ends with the tab.
    #[default]
    SessionStorage,
    /// In `localStorage`: all tabs share it, and it survives the browser's end.
    LocalStorage,
    /// In variables of the page: nothing is left after a reload.
    Memory,
}

/// How the script watches whether the session at the provider still lives, besides what it always does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Monitor {
    /// Not at all.
    #[default]
    None,
    /// It renews its tokens every ten seconds; a refused renewal is the news.
    Refresh,
    /// It asks the provider's frame every two seconds (Session Management 1.0).
    CheckSession,
}

/// Which library speaks the protocol.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Library {
    /// oidc-client-ts.
    #[default]
    OidcClientTs,
    /// keycloak-js. It keeps tokens in memory only.
    KeycloakJs,
}

/// What is chosen. The default is what the portal does when nobody has chosen anything.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AppOptions {
    /// Where the tokens are.
    pub tokens: Tokens,
    /// How the session is watched.
    pub monitor: Monitor,
    /// Which library.
    pub library: Library,
    /// Whether the script asks at page load, unseen, whether somebody is signed in at the provider.
    pub silent_sign_in: bool,
}

/// keycloak-js was told to store tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("keycloak-js keeps tokens in the page's memory and nowhere else: say tokens: memory with it")]
pub struct NotStored;

impl AppOptions {
    /// Whether the page loads frames of its own origin: the answer to a question without a person comes there.
    pub(crate) fn frames_itself(self) -> bool {
        self.silent_sign_in || self.monitor == Monitor::CheckSession
    }

    fn check(self) -> Result<(), NotStored> {
        if self.library == Library::KeycloakJs && self.tokens != Tokens::Memory { Err(NotStored) } else { Ok(()) }
    }
}

/// What is chosen now. Every page load reads it anew; pages that are open stay as they are.
#[derive(Debug, Default)]
pub(crate) struct Chosen(RwLock<AppOptions>);

impl Chosen {
    pub(crate) fn get(&self) -> AppOptions {
        *self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reset(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = AppOptions::default();
    }

    pub(crate) fn set(&self, options: AppOptions) -> Result<(), NotStored> {
        options.check()?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = options;
        Ok(())
    }
}
