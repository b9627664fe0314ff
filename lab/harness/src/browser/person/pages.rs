//! What the pages' scripts do, as far as it is visible on the wire or decides what the person sees.

use url::Url;

use super::{PAGES, Person};

use crate::browser::address::join;
use crate::browser::agent::By;
use crate::browser::framing::{may_load_frame, runs_in_frame};
use crate::browser::origin::{same_origin, same_site};
use crate::browser::page::Page;
use crate::browser::sight::{Place, Sight, admin_place, keycloak_place, party};
use crate::browser::spa::param;
use crate::trouble::{Kind, Trouble};

impl Person {
    /// Plays what the pages' scripts do until the person has something to look at.
    pub(super) async fn settle(&mut self, mut page: Page) -> Result<Sight, Trouble> {
        for _ in 0..PAGES {
            self.remember_sid();
            let party = party(&self.lab, &page);
            if party == "keycloak" && page.page_id.as_deref() == Some("login-frontchannel-logout") {
                self.load_frames(&page).await?;
                if let Some(onward) = page.link("continue").cloned() {
                    page = self.browser.go(&onward, By::Page(&page)).await?;
                    continue;
                }
            }
            if let Some(onward) = page.refresh.clone() {
                page = self.browser.go(&onward, By::Page(&page)).await?;
                continue;
            }
            let (place, text) = match party.as_str() {
                "keycloak" => (keycloak_place(&page), None),
                "internal" => self.internal(&page).await?,
                "external" => self.external(&page).await?,
                "admin" => (admin_place(&page), None),
                _ => (Place::Other(page.title.clone()), None),
            };
            if party == "keycloak" {
                self.keycloak = Some(page.clone());
            }
            self.asked |= matches!(place, Place::LoginForm(_));
            let mut sight = Sight::of(&page, place.clone(), self.asked);
            sight.text = text.unwrap_or(sight.text);
            self.last = Some(place);
            let of_the_app = !matches!(self.last, Some(Place::Other(_)));
            if of_the_app && self.lab.portal(&party).is_some() {
                self.tabs.insert(party, page);
            }
            return Ok(sight);
        }
        Err(Trouble::new(
            Kind::Part,
            format!("{}'s browser was led over more than {PAGES} pages in one action", self.name()),
            "pages send the browser round in a circle",
            "run the scenario with a person's own browser and watch the live feed of `cargo xtask lab up`",
        ))
    }

    /// Keycloak's logout page: a browser loads its frames; each page that may run there tells the open tabs.
    async fn load_frames(&mut self, page: &Page) -> Result<(), Trouble> {
        for address in &page.frames {
            if !may_load_frame(page.csp.as_deref(), &page.url, address) {
                continue;
            }
            let framed = self.browser.frame(page, address).await?;
            let runs = runs_in_frame(framed.csp.as_deref(), framed.x_frame_options.as_deref(), &framed.url, &page.url);
            // On another site the frame's storage and BroadcastChannel are partitioned: the tab never hears (measured).
            if runs && framed.status == 200 && same_site(&framed.url, &page.url) {
                self.spa.heard(&framed.url);
            }
        }
        Ok(())
    }

    async fn internal(&mut self, page: &Page) -> Result<(Place, Option<String>), Trouble> {
        let portal = || "internal".to_owned();
        match page.status {
            403 if page.is_refusal_of_role() => return Ok((Place::Forbidden { portal: portal() }, None)),
            400.. => return Ok((Place::PortalError(portal()), None)),
            // Anything but the app's own page runs no script of the app.
            _ if page.url.path() != "/" => return Ok((other_page(page), None)),
            _ => {}
        }
        let me = self.browser.fetch(&page.url, &join(&page.url, "/api/me")?, None).await?;
        let answer: serde_json::Value = serde_json::from_str(&me.body).unwrap_or_default();
        let text = ["username", "name", "email", "roles"].map(|name| answer[name].to_string()).join(" ");
        Ok(match (me.status, answer["username"].as_str()) {
            (200, Some(user)) => (Place::SignedIn { portal: portal(), user: user.to_owned() }, Some(text)),
            (401, _) => (Place::SignInCard(portal()), None),
            (403, _) => (Place::Forbidden { portal: portal() }, None),
            _ => (Place::PortalError(portal()), None),
        })
    }

    async fn external(&mut self, page: &Page) -> Result<(Place, Option<String>), Trouble> {
        let portal = || "external".to_owned();
        let mut complaint = None;
        match page.url.path() {
            _ if page.status >= 400 => return Ok((Place::PortalError(portal()), None)),
            "/callback" => complaint = self.spa.callback(&mut self.browser, page).await?.err(),
            "/signed-out" => complaint = foreign_answer(self.spa.returned(&mut self.browser, page).await?),
            "/" => self.spa.loaded(&mut self.browser, page).await?,
            _ => return Ok((other_page(page), None)),
        }
        Ok(match (complaint, self.spa.tokens()) {
            (Some(complaint), _) => (Place::PortalError(portal()), Some(complaint)),
            (None, Some(tokens)) => {
                (Place::SignedIn { portal: portal(), user: tokens.user.clone() }, Some(tokens.user.clone()))
            }
            (None, None) => (Place::SignInCard(portal()), None),
        })
    }

    /// Keycloak names its session in every callback (`session_state`, the later `sid`).
    fn remember_sid(&mut self) {
        for url in std::mem::take(&mut self.browser.visited) {
            // The implicit flow answers behind the `#`, which browsers keep and never send.
            let fragment = url.fragment().and_then(|text| Url::parse(&format!("http://fragment.invalid/?{text}")).ok());
            if let Some(sid) = param(&url, "session_state").or_else(|| param(&fragment?, "session_state")) {
                self.sid = Some(sid);
            }
            let portal = self.lab.portals.iter().find(|portal| same_origin(&portal.url, &url));
            if let Some(portal) = portal.filter(|_| param(&url, "code").is_some()) {
                self.callbacks.insert(portal.name.clone(), url);
            }
        }
    }
}

/// A page beside the app, by its title or, where it has none, by its path.
fn other_page(page: &Page) -> Place {
    Place::Other(if page.title.is_empty() { page.url.path().to_owned() } else { page.title.clone() })
}

fn foreign_answer(state_ok: bool) -> Option<String> {
    (!state_ok).then(|| "the answer does not belong to a sign-out of this tab (state)".to_owned())
}
