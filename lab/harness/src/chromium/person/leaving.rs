//! Signing out, tabs, and the end of a browser.

use std::sync::Arc;

use serde_json::json;

use super::super::browser::Chromium;
use super::super::tab::{Look, Tab};
use super::super::wire::broken;
use super::{DEFAULT, Guest};
use crate::browser::SignOut;
use crate::browser::address::{join, start};
use crate::browser::player::{Player as _, TabDeed, no_control};
use crate::browser::sight::{Place, Sight};
use crate::trouble::{Kind, Trouble};

impl Guest {
    pub(super) async fn leave_portal(&mut self, portal: &str, how: SignOut) -> Result<Sight, Trouble> {
        self.asked = false;
        if self.tabs.get(portal).is_none_or(Vec::is_empty) {
            self.open(portal).await?;
        }
        let tab = self.tab(portal).await?;
        if portal == "admin" {
            let look = tab.go(&join(&self.place(portal)?.url, "/admin/logout")?).await?;
            if !tab.shows(button(portal)).await? {
                return self.see(&tab, look).await;
            }
        }
        let pressed = match how {
            SignOut::AtPortal => tab.press(button(portal)).await?,
            SignOut::DoubleClick => tab.press_twice(button(portal)).await?,
            SignOut::WithoutHint => {
                return Err(Trouble::new(
                    Kind::Lesson,
                    "a real browser forgets no single site's cookies",
                    "the step plays the original demo's sign-out, which only the scripted browser does",
                    "give the lesson `drivers: [http]`",
                ));
            }
        };
        match pressed {
            Some(look) => self.see(&tab, look).await,
            // The page knows already that nobody is signed in, and offers nothing to leave.
            None => self.open(portal).await,
        }
    }

    pub(super) async fn do_in_tabs(&mut self, deed: &TabDeed) -> Result<Sight, Trouble> {
        self.asked = false;
        match deed {
            TabDeed::OpenAnother(portal) => {
                let address = start(self.place(portal)?)?;
                let tab = self.another_tab(portal).await?;
                let look = tab.go(&address).await?;
                self.see(&tab, look).await
            }
            TabDeed::LookAt(portal) | TabDeed::GoBack(portal) | TabDeed::Reload(portal) => {
                let tab = self.newest(portal)?;
                let before = tab.look().await?;
                tab.activate().await?;
                let look = match deed {
                    TabDeed::GoBack(_) => tab.back().await?,
                    TabDeed::Reload(_) => tab.reload().await?,
                    _ => tab.looked_at(before).await?,
                };
                self.see(&tab, look).await
            }
            TabDeed::Close(portal) => {
                let tab = self.newest(portal)?;
                self.close(portal, tab).await
            }
            TabDeed::SignOutAndClose(portal) => {
                let tab = self.tab(portal).await?;
                if portal == "admin" {
                    tab.go(&join(&self.place(portal)?.url, "/admin/logout")?).await?;
                }
                if !tab.press_until(button(portal), Look::is_frontchannel_page).await? {
                    return Err(no_control(portal, "sign out"));
                }
                self.close(portal, tab).await
            }
            TabDeed::Restart => self.restart().await,
        }
    }

    async fn close(&mut self, portal: &str, tab: Tab) -> Result<Sight, Trouble> {
        if let Some(tabs) = self.tabs.get_mut(portal) {
            tabs.retain(|one| one.context != tab.context);
        }
        tab.close().await?;
        self.last = None;
        self.front = None;
        self.remember().await?;
        Ok(nothing())
    }

    /// Closes the browser and starts it anew on the same profile: what is kept is what a browser keeps.
    async fn restart(&mut self) -> Result<Sight, Trouble> {
        let Some(start) = self.own.clone() else {
            return Err(broken("it is shared, and others use it meanwhile"));
        };
        self.tabs.clear();
        self.at_keycloak = None;
        self.last = None;
        self.front = None;
        self.end().await?;
        let chromium = Arc::new(Chromium::on(&start).await?);
        chromium.name(DEFAULT, &self.name).await?;
        self.chromium = Some(chromium);
        self.remember().await?;
        Ok(nothing())
    }

    async fn end(&mut self) -> Result<(), Trouble> {
        match self.chromium.take().and_then(Arc::into_inner) {
            Some(chromium) => chromium.end().await,
            None => Ok(()),
        }
    }

    pub(super) async fn go_away(&mut self) -> Result<(), Trouble> {
        self.tabs.clear();
        self.at_keycloak = None;
        if let Some(start) = self.own.take() {
            let ended = self.end().await;
            return start.release().and(ended);
        }
        self.wire()?.send("browser.removeUserContext", json!({"userContext": self.owner})).await?;
        self.left = true;
        self.record()?.forget(&self.owner);
        Ok(())
    }
}

fn button(portal: &str) -> &'static str {
    match portal {
        "external" => "[data-sign-out]",
        "admin" => "main form[action='/admin/logout'] button",
        _ => "form[action='/signout'] button",
    }
}

/// Of a browser without a page in front of it.
fn nothing() -> Sight {
    Sight {
        place: Place::Nothing,
        status: 0,
        title: String::new(),
        text: String::new(),
        offers: Vec::new(),
        asked_for_password: false,
        scripts_of: Vec::new(),
        runs_inline_scripts: false,
    }
}
