//! Somebody who uses the portals: one browser, one tab for each portal, a name and a password.
//!
//! What the pages' scripts do is played here, as far as it is visible on the wire or decides what the person sees:
//! internal's script asks `/api/me`; external's script is [`super::spa`]; Keycloak's logout page loads its frames and
//! leaves for the application when they are loaded. Not played: internal's live push (`/api/events`), timers, focus.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use url::Url;

use super::address::{join, start, without_hint};
use super::agent::{Alteration, Browser, By};
use super::page::{Form, Page};
use super::player::{no_control, no_remember_me};
use super::probe::Loot;
use super::sight::{Place, Sight};
use super::spa::{Spa, Tokens};
use crate::acts::listener_name;
use crate::control::messages::{PortalPlace, Topology};
use crate::trouble::{Kind, Trouble};

mod pages;

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
    /// Name and password of somebody else who types.
    typing: Option<(String, String)>,
    /// Whether the box "Remember me" is ticked where a password is typed.
    remembering: bool,
    /// The user whose password was typed last, where it was somebody else's.
    seen_as: Option<String>,
}

/// How a person signs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignOut {
    /// By the portal's button.
    AtPortal,
    /// As the original demo did: the browser forgets the portal's cookies (the demo kept its session in the cookie, so
    /// dropping the cookie was its local sign-out) and goes to Keycloak with `post_logout_redirect_uri` alone.
    WithoutHint,
    /// By the portal's button, pressed twice: the browser sends the form, drops what it waits for and sends it again.
    DoubleClick,
}

/// Where a page that has nothing to do with the lab lies.
const ELSEWHERE: &str = "https://elsewhere.example/";

/// The name of the login form's box "Remember me".
const REMEMBER_ME: &str = "rememberMe";

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
            typing: None,
            remembering: false,
            seen_as: None,
        }
    }

    /// From now on, somebody else types at this browser: another user's name and password; `None` ends that.
    pub fn type_as(&mut self, other: Option<(String, String)>) {
        self.typing = other;
    }

    /// From now on, the login form's box "Remember me" is ticked, or not.
    pub fn tick_remember_me(&mut self, on: bool) {
        self.remembering = on;
    }

    /// From now on, this browser loads frames without cookies, or with them.
    pub fn block_cookies_in_frames(&mut self, on: bool) {
        self.browser.blocks_cookies_in_frames = on;
    }

    /// Signs in at so many of the lab's listeners ([`crate::acts::Act::RegisterListeners`]), where a session at Keycloak
    /// opens them without a question.
    pub async fn open_listeners(&mut self, count: u32) -> Result<Sight, Trouble> {
        let mut seen = self.open("internal").await?;
        for number in 1..=count {
            let name = listener_name(number);
            let back = join(&self.place("internal")?.url, &format!("/listener/{name}/"))?;
            let mut url =
                Url::parse(&format!("{}/protocol/openid-connect/auth", self.lab.issuer.as_str().trim_end_matches('/')))
                    .map_err(|_| no_control("keycloak", "auth"))?;
            url.query_pairs_mut()
                .append_pair("client_id", &name)
                .append_pair("redirect_uri", back.as_str())
                .append_pair("response_type", "code")
                .append_pair("scope", "openid");
            let page = self.browser.go(&url, By::Person).await?;
            if page.url.path() != back.path() {
                return Err(no_control("keycloak", "a session that opens a listener"));
            }
            self.browser.visited.clear();
            seen.status = page.status;
        }
        Ok(seen)
    }

    /// From now on, what passes through this browser is altered so; an empty list ends that.
    pub fn alter(&mut self, alterations: Vec<Alteration>) {
        self.browser.alterations = alterations;
    }

    /// The browser's name.
    pub fn name(&self) -> &str {
        self.browser.name()
    }

    /// The user whom Keycloak knows in this browser: this person's, unless somebody else has typed a name and password.
    pub fn user(&self) -> &str {
        self.seen_as.as_deref().unwrap_or(&self.user)
    }

    /// A copy of everything that a thief of this browser would have now.
    pub fn loot(&self) -> Loot {
        Loot {
            browser: self.name().to_owned(),
            jar: self.browser.jar.clone(),
            access_token: self.spa.tokens().map(|tokens| tokens.access.clone()),
            sid: self.sid.clone(),
            hides_tokens: false,
        }
    }

    /// The tokens that external's page holds in this browser, while it is signed in there.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.spa.tokens()
    }

    /// Every origin that this person's browser sent a request to.
    pub fn asked(&self) -> impl Iterator<Item = &str> {
        self.browser.asked.iter().map(String::as_str)
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
        // Keycloak asks whom it knows for the password alone. Somebody else presses "start again" to get a name field.
        if let (Some(_), Some(again)) = (&self.typing, page.link("reset-login").cloned()) {
            page = self.browser.go(&again, By::Page(&page)).await?;
        }
        if let Some(form) = page.form("kc-form-login").cloned() {
            self.asked = true;
            if self.typing.is_some() && !form.fields.iter().any(|(name, _)| name == "username") {
                return Err(no_control("keycloak", "a field for another name"));
            }
            self.seen_as = self.typing.as_ref().map(|(user, _)| user.clone());
            let own = || (self.user.clone(), self.password.clone());
            let (user, password) = self.typing.clone().unwrap_or_else(own);
            let mut typed = vec![("username", user.as_str()), ("password", password.as_str())];
            if self.remembering {
                let offered = form.unticked.iter().find(|(name, _)| name == REMEMBER_ME);
                let (name, value) = offered.ok_or_else(no_remember_me)?;
                typed.push((name, value));
            }
            page = self.browser.submit(&page, &form, &typed).await?;
        }
        self.settle(page).await
    }

    /// Follows a link from a page elsewhere on the web to this path of a portal.
    pub async fn follow_link(&mut self, portal: &str, path: &str) -> Result<Sight, Trouble> {
        self.asked = false;
        let target = join(&self.place(portal)?.url, path)?;
        let elsewhere = Url::parse(ELSEWHERE).unwrap_or_else(|_| unreachable!("a constant address"));
        let from = Page::read(elsewhere, 200, &HeaderMap::new(), "");
        let page = self.browser.go(&target, By::Page(&from)).await?;
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
            (SignOut::AtPortal | SignOut::DoubleClick, "external") => {
                match self.spa.sign_out(&mut self.browser, &tab).await? {
                    Some(target) => self.browser.go(&target, By::Page(&tab)).await?,
                    None => return self.open(portal).await,
                }
            }
            (SignOut::AtPortal | SignOut::DoubleClick, "admin") => {
                let question = self.browser.go(&join(&tab.url, "/admin/logout")?, By::Page(&tab)).await?;
                match question.form_to("/admin/logout").cloned() {
                    Some(form) => self.send(&question, &form, how).await?,
                    None => question,
                }
            }
            (SignOut::AtPortal | SignOut::DoubleClick, _) => match tab.form_to("/signout").cloned() {
                Some(form) => self.send(&tab, &form, how).await?,
                None => return Err(no_control(portal, "signout")),
            },
        };
        self.settle(page).await
    }

    async fn send(&mut self, page: &Page, form: &Form, how: SignOut) -> Result<Page, Trouble> {
        if how == SignOut::DoubleClick {
            self.browser.submit_and_leave(page, form).await?;
        }
        self.browser.submit(page, form, &[]).await
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

    fn place(&self, portal: &str) -> Result<&PortalPlace, Trouble> {
        self.lab.place(portal)
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
