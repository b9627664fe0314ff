//! Somebody who uses the portals: one browser, one tab for each portal, a name and a password.
//!
//! What the pages' scripts do is played here, as far as it is visible on the wire or decides what the person sees:
//! internal's script asks `/api/me`; external's script is [`super::spa`]; Keycloak's logout page loads its frames and
//! leaves for the application when they are loaded. Not played: internal's live push (`/api/events`), timers, focus.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::address::{join, start, without_hint};
use super::agent::{Alteration, Browser, By};
use super::framing::{may_load_frame, runs_in_frame};
use super::origin::{same_origin, same_site};
use super::page::Page;
use super::probe::Loot;
use super::sight::{Place, Sight, admin_place, keycloak_place, party};
use super::spa::{Spa, Tokens, param};
use crate::control::messages::{PortalPlace, Topology};
use crate::trouble::{Kind, Trouble};

/// A person with a browser.
pub struct Person {
    lab: Arc<Topology>,
    user: String,
    password: String,
    browser: Browser,
    tabs: BTreeMap<String, Page>,
    last: Option<Place>,
    spa: Spa,
    sid: Option<String>,
    asked: bool,
    /// Keycloak's page that the person looked at last.
    keycloak: Option<Page>,
    /// The last callback at each portal.
    callbacks: BTreeMap<String, Url>,
}

/// How a person signs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOut {
    /// By the portal's button.
    AtPortal,
    /// As the original demo did: the browser forgets the portal's cookies (the demo kept its session in the cookie, so
    /// dropping the cookie was its local sign-out) and goes to Keycloak with `post_logout_redirect_uri` alone.
    WithoutHint,
}

/// Pages that lead to each other by script or frame in one action; more is a loop.
const PAGES: usize = 8;

impl Person {
    /// A person called `name` (the browser's name, too) who signs in as `user`. The browser is fresh.
    pub fn new(lab: Arc<Topology>, name: &str, user: &str, password: &str) -> Self {
        Self {
            lab,
            user: user.to_owned(),
            password: password.to_owned(),
            browser: Browser::new(name),
            tabs: BTreeMap::new(),
            last: None,
            spa: Spa::default(),
            sid: None,
            asked: false,
            keycloak: None,
            callbacks: BTreeMap::new(),
        }
    }

    /// From now on, what passes through this browser is altered so; an empty list ends that.
    pub fn alter(&mut self, alterations: Vec<Alteration>) {
        self.browser.alterations = alterations;
    }

    /// The browser's name.
    pub fn name(&self) -> &str {
        self.browser.name()
    }

    /// The user that this person signs in as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// A copy of everything that a thief of this browser would have now.
    pub fn loot(&self) -> Loot {
        Loot {
            jar: self.browser.jar.clone(),
            access_token: self.spa.tokens().map(|tokens| tokens.access.clone()),
            sid: self.sid.clone(),
        }
    }

    /// The tokens that external's page holds in this browser, while it is signed in there.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.spa.tokens()
    }

    /// Opens a portal by its address.
    pub async fn open(&mut self, portal: &str) -> Result<Sight, Trouble> {
        self.asked = false;
        let address = start(self.place(portal)?)?;
        let page = self.browser.go(&address, By::Person).await?;
        self.settle(page).await
    }

    /// Presses the sign-in button of a portal; opens the portal first unless its sign-in card is what the person
    /// looks at. Fills Keycloak's form where it appears. Somebody who is signed in finds no button and stays.
    pub async fn sign_in(&mut self, portal: &str) -> Result<Sight, Trouble> {
        if self.last != Some(Place::SignInCard(portal.to_owned())) {
            let seen = self.open(portal).await?;
            if seen.place != Place::SignInCard(portal.to_owned()) {
                return Ok(seen);
            }
        }
        self.asked = false;
        let page = self.tab(portal)?;
        let target = match portal {
            "external" => self.spa.sign_in(&mut self.browser, &page).await?,
            "admin" => join(&page.url, "/admin/auth")?,
            _ => join(&page.url, "/login")?,
        };
        let mut page = self.browser.go(&target, By::Page(&page)).await?;
        if let Some(form) = page.form("kc-form-login").cloned() {
            self.asked = true;
            let typed = [("username", self.user.as_str()), ("password", self.password.as_str())];
            page = self.browser.submit(&page, &form, &typed).await?;
        }
        self.settle(page).await
    }

    /// Signs out at a portal.
    pub async fn sign_out(&mut self, portal: &str, how: SignOut) -> Result<Sight, Trouble> {
        self.asked = false;
        if !self.tabs.contains_key(portal) {
            self.open(portal).await?;
        }
        let tab = self.tab(portal)?;
        let page = match (how, portal) {
            (SignOut::WithoutHint, _) => {
                self.browser.jar.forget_set_by(&tab.url);
                if portal == "external" {
                    self.spa.clear();
                }
                let target = without_hint(&self.lab.issuer, self.place(portal)?)?;
                self.browser.go(&target, By::Page(&tab)).await?
            }
            (SignOut::AtPortal, "external") => match self.spa.sign_out(&mut self.browser, &tab).await? {
                Some(target) => self.browser.go(&target, By::Page(&tab)).await?,
                None => return self.open(portal).await,
            },
            (SignOut::AtPortal, "admin") => {
                let question = self.browser.go(&join(&tab.url, "/admin/logout")?, By::Page(&tab)).await?;
                match question.form_to("/admin/logout").cloned() {
                    Some(form) => self.browser.submit(&question, &form, &[]).await?,
                    None => question,
                }
            }
            (SignOut::AtPortal, _) => match tab.form_to("/signout").cloned() {
                Some(form) => self.browser.submit(&tab, &form, &[]).await?,
                None => return Err(no_control(portal, "signout")),
            },
        };
        self.settle(page).await
    }

    /// Presses a button of the admin dashboard (`approve`), the first one with that meaning. With `by_hand`, a person
    /// whose page has no such button writes the request by hand, for the first item of the list.
    pub async fn press(&mut self, portal: &str, control: &str, by_hand: bool) -> Result<Sight, Trouble> {
        self.asked = false;
        let tab = self.tab(portal)?;
        let form = tab.forms.iter().find(|form| form.action.path().rsplit('/').next() == Some(control)).cloned();
        let form = match form {
            Some(form) => form,
            None if by_hand => tab.form_by_hand(control).ok_or_else(|| no_control(portal, control))?,
            None => return Err(no_control(portal, control)),
        };
        let page = self.browser.submit(&tab, &form, &[]).await?;
        self.settle(page).await
    }

    /// From now on, this browser goes to addresses whose path ends so only after `hold`; `None` ends that.
    pub fn hold(&mut self, hold: Option<(String, Duration)>) {
        self.browser.hold = hold;
    }

    /// Presses the button of Keycloak's question "do you want to log out?".
    pub async fn answer_logout_question(&mut self) -> Result<Sight, Trouble> {
        self.asked = false;
        let asked = self.keycloak.take().and_then(|page| {
            let form = page.forms.iter().find(|form| form.action.path().contains("logout-confirm")).cloned();
            form.map(|form| (page, form))
        });
        let Some((page, form)) = asked else { return Err(no_control("keycloak", "logout")) };
        let page = self.browser.submit(&page, &form, &[]).await?;
        self.settle(page).await
    }

    /// Loads the portal's last callback once more: the address with the code, from the history or from a log.
    pub async fn repeat_callback(&mut self, portal: &str) -> Result<Sight, Trouble> {
        self.asked = false;
        let Some(url) = self.callbacks.get(portal).cloned() else { return Err(no_control(portal, "callback")) };
        let page = self.browser.go(&url, By::Person).await?;
        self.settle(page).await
    }

    /// Opens any address of the lab.
    pub async fn request(&mut self, url: &Url) -> Result<Sight, Trouble> {
        self.asked = false;
        let page = self.browser.go(url, By::Person).await?;
        self.settle(page).await
    }

    /// Plays what the pages' scripts do until the person has something to look at.
    async fn settle(&mut self, mut page: Page) -> Result<Sight, Trouble> {
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
            if self.lab.portal(&party).is_some() {
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
            403 => return Ok((Place::Forbidden { portal: portal() }, None)),
            400.. => return Ok((Place::PortalError(portal()), None)),
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
            _ => self.spa.loaded(&mut self.browser, page).await?,
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
            if let Some(sid) = param(&url, "session_state") {
                self.sid = Some(sid);
            }
            let portal = self.lab.portals.iter().find(|portal| same_origin(&portal.url, &url));
            if let Some(portal) = portal.filter(|_| param(&url, "code").is_some()) {
                self.callbacks.insert(portal.name.clone(), url);
            }
        }
    }

    fn place(&self, portal: &str) -> Result<&PortalPlace, Trouble> {
        self.lab.portal(portal).ok_or_else(|| {
            let known: Vec<&str> = self.lab.portals.iter().map(|portal| portal.name.as_str()).collect();
            Trouble::new(
                Kind::State,
                format!("the lab has no portal \"{portal}\""),
                format!("it has {}", known.join(", ")),
                "start a lab with all portals: `cargo xtask lab up`",
            )
        })
    }

    fn tab(&self, portal: &str) -> Result<Page, Trouble> {
        self.tabs.get(portal).cloned().ok_or_else(|| {
            Trouble::new(
                Kind::Part,
                format!("{} has no page of the {portal} portal open", self.name()),
                "the portal's address led elsewhere",
                "open the portal in the step before, or look at `cargo xtask lab status`",
            )
        })
    }
}

fn foreign_answer(state_ok: bool) -> Option<String> {
    (!state_ok).then(|| "the answer does not belong to a sign-out of this tab (state)".to_owned())
}

fn no_control(portal: &str, control: &str) -> Trouble {
    Trouble::new(
        Kind::Lesson,
        format!("the {portal} portal's page offers no \"{control}\" to press"),
        "the person sees another page than the lesson expects",
        "look at the step before: what did the person see?",
    )
}
