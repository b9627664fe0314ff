//! Keycloak's login form.

use super::super::tab::{Look, Tab};
use super::Guest;
use crate::browser::player::{no_control, no_remember_me};
use crate::trouble::Trouble;

impl Guest {
    /// Fills Keycloak's form, if that is what the tab shows.
    pub(super) async fn give_password(&mut self, tab: &Tab, mut look: Look) -> Result<Look, Trouble> {
        if !tab.shows("#kc-form-login").await? {
            return Ok(look);
        }
        // Keycloak asks whom it knows for the password alone. Somebody else presses "start again" to get a name field.
        if self.typing.is_some() && tab.shows("#reset-login").await? {
            look = tab.press("#reset-login").await?.unwrap_or(look);
        }
        self.asked = true;
        self.seen_as = self.typing.as_ref().map(|(user, _)| user.clone());
        let own = || (self.user.clone(), self.password.clone());
        let (user, password) = self.typing.clone().unwrap_or_else(own);
        if tab.shows("#username").await? {
            tab.fill("#username", &user).await?;
        }
        tab.fill("#password", &password).await?;
        if self.remembering && !tab.tick("#rememberMe").await? {
            return Err(no_remember_me());
        }
        tab.press("#kc-login").await?.ok_or_else(|| no_control("keycloak", "sign in")).map(|after| {
            look = after;
            look.clone()
        })
    }
}
