//! Somebody who uses the portals with a real browser.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::json;
use url::Url;

use super::browser::Chromium;
use super::cookies::Cookies;
use super::record::Record;
use super::start::Start;
use super::tab::Tab;
use super::wire::{Wire, broken};
use crate::browser::address::{join, start};
use crate::browser::jar::Jar;
use crate::browser::player::{Lure, Manner, Player, Screen, Shot, TabDeed, no_control};
use crate::browser::sight::{Place, Sight};
use crate::browser::spa::Tokens;
use crate::browser::{Loot, SignOut};
use crate::control::messages::{PortalPlace, Topology};
use crate::state::Folders;
use crate::trouble::{Kind, Trouble};

mod leaving;
mod noticing;
mod password;
mod sights;

/// The user context that a browser has from the start, the only one that outlives a restart.
pub(super) const DEFAULT: &str = "default";

/// Somebody with a real browser.
pub struct Guest {
    lab: Arc<Topology>,
    chromium: Option<Arc<Chromium>>,
    /// What a browser of their own needs to start again; `None` for a user context in one that others use as well.
    own: Option<Start>,
    name: String,
    user: String,
    password: String,
    owner: String,
    /// Portal to its tabs, the newest last.
    tabs: BTreeMap<String, Vec<Tab>>,
    last: Option<Place>,
    /// The tab that was used last.
    front: Option<Tab>,
    asked: bool,
    sid: Option<String>,
    typing: Option<(String, String)>,
    remembering: bool,
    seen_as: Option<String>,
    callbacks: BTreeMap<String, Url>,
    /// The tab in which Keycloak's page is.
    at_keycloak: Option<Tab>,
    jar: Jar,
    tokens: Option<Tokens>,
    /// Whether external's page shows somebody and has its tokens in its memory.
    hides_tokens: bool,
    left: bool,
}

impl Drop for Guest {
    /// A lesson that was broken off leaves tabs that would go on asking in this person's name.
    fn drop(&mut self) {
        let shared = self.own.is_none() && !self.left;
        let Some(wire) = self.chromium.as_ref().filter(|_| shared).map(|chromium| chromium.wire().clone()) else {
            return;
        };
        let gone = json!({"userContext": self.owner});
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { wire.send("browser.removeUserContext", gone).await });
        }
    }
}

impl Guest {
    /// A person with a fresh user context in this browser, called `name`, who signs in as `user`.
    ///
    /// # Errors
    /// Part: the browser does not do it.
    pub async fn new(
        lab: Arc<Topology>,
        chromium: Arc<Chromium>,
        (name, user, password): (&str, &str, &str),
    ) -> Result<Self, Trouble> {
        let owner = chromium.user_context(name).await?;
        Ok(Self::of(lab, chromium, owner, (name, user, password)))
    }

    /// A person with a fresh browser that is nobody else's, and so can be closed and started again.
    ///
    /// # Errors
    /// As [`Chromium::start`].
    pub async fn alone(
        lab: Arc<Topology>,
        (folders, cookies): (&Folders, Cookies),
        (name, user, password): (&str, &str, &str),
    ) -> Result<Self, Trouble> {
        let start = Start::fresh(folders, cookies).await?;
        let chromium = Arc::new(Chromium::on(&start).await?);
        chromium.name(DEFAULT, name).await?;
        let mut guest = Self::of(lab, chromium, DEFAULT.to_owned(), (name, user, password));
        guest.own = Some(start);
        Ok(guest)
    }

    fn of(
        lab: Arc<Topology>,
        chromium: Arc<Chromium>,
        owner: String,
        (name, user, password): (&str, &str, &str),
    ) -> Self {
        Self {
            lab,
            chromium: Some(chromium),
            own: None,
            name: name.to_owned(),
            user: user.to_owned(),
            password: password.to_owned(),
            owner,
            tabs: BTreeMap::new(),
            last: None,
            front: None,
            asked: false,
            sid: None,
            typing: None,
            remembering: false,
            seen_as: None,
            callbacks: BTreeMap::new(),
            at_keycloak: None,
            jar: Jar::default(),
            tokens: None,
            hides_tokens: false,
            left: false,
        }
    }

    fn chromium(&self) -> Result<&Arc<Chromium>, Trouble> {
        self.chromium.as_ref().ok_or_else(|| broken("it was closed and did not come back"))
    }

    fn wire(&self) -> Result<&Wire, Trouble> {
        self.chromium().map(|chromium| chromium.wire())
    }

    fn record(&self) -> Result<&Arc<Record>, Trouble> {
        self.chromium().map(|chromium| &chromium.record)
    }

    fn place(&self, portal: &str) -> Result<&PortalPlace, Trouble> {
        self.lab.place(portal)
    }

    /// The portal's newest tab, opened where there is none; in front.
    async fn tab(&mut self, portal: &str) -> Result<Tab, Trouble> {
        if let Some(tab) = self.tabs.get(portal).and_then(|tabs| tabs.last()) {
            tab.activate().await?;
            return Ok(tab.clone());
        }
        self.another_tab(portal).await
    }

    async fn another_tab(&mut self, portal: &str) -> Result<Tab, Trouble> {
        let tab = Tab::create(self.wire()?, self.record()?, &self.owner).await?;
        tab.activate().await?;
        self.tabs.entry(portal.to_owned()).or_default().push(tab.clone());
        Ok(tab)
    }

    fn newest(&self, portal: &str) -> Result<Tab, Trouble> {
        self.tabs.get(portal).and_then(|tabs| tabs.last()).cloned().ok_or_else(|| {
            Trouble::new(
                Kind::Lesson,
                format!("{} has no tab of the {portal} portal", self.name),
                "nothing was opened in the steps before, or it was closed",
                "open the portal in the step before",
            )
        })
    }
}

#[async_trait]
impl Player for Guest {
    fn name(&self) -> &str {
        &self.name
    }

    fn user(&self) -> &str {
        self.seen_as.as_deref().unwrap_or(&self.user)
    }

    fn loot(&self) -> Loot {
        let access = self.tokens.as_ref().map(|tokens| tokens.access.clone());
        Loot::of(&self.name, self.jar.clone(), access, self.sid.clone()).with_hidden_tokens(self.hides_tokens)
    }

    fn tokens(&self) -> Option<Tokens> {
        self.tokens.clone()
    }

    fn asked(&self) -> Vec<String> {
        let asked = self.record().map(|record| record.of(&self.owner, |seen| seen.asked.iter().cloned().collect()));
        asked.unwrap_or_default()
    }

    fn behave(&mut self, manner: Manner) -> Result<(), Trouble> {
        let Manner { alterations, hold, typing, remembering, frames_without_cookies } = manner;
        if !alterations.is_empty() || hold.is_some() || frames_without_cookies {
            return Err(Trouble::new(
                Kind::Lesson,
                "a real browser carries messages as they are",
                "the step changes or holds something on its way, which only the scripted browser does",
                "give the lesson `drivers: [http]`",
            ));
        }
        self.typing = typing;
        self.remembering = remembering;
        Ok(())
    }

    async fn look(&mut self) -> Result<(), Trouble> {
        self.remember().await
    }

    async fn open(&mut self, portal: &str) -> Result<Sight, Trouble> {
        self.asked = false;
        let address = start(self.place(portal)?)?;
        let tab = self.tab(portal).await?;
        let look = tab.go(&address).await?;
        self.see(&tab, look).await
    }

    async fn sign_in(&mut self, portal: &str) -> Result<Sight, Trouble> {
        if self.last != Some(Place::SignInCard(portal.to_owned())) {
            let seen = self.open(portal).await?;
            if seen.place != Place::SignInCard(portal.to_owned()) {
                return Ok(seen);
            }
        }
        self.asked = false;
        let tab = self.tab(portal).await?;
        let button = match portal {
            "external" => "[data-view=signed-out] [data-sign-in]",
            "admin" => "a[href='/admin/auth']",
            _ => "[data-view=signed-out] a[href='/login']",
        };
        let look = tab.press(button).await?.ok_or_else(|| no_control(portal, "sign in"))?;
        let look = self.give_password(&tab, look).await?;
        self.see(&tab, look).await
    }

    async fn sign_out(&mut self, portal: &str, how: SignOut) -> Result<Sight, Trouble> {
        self.leave_portal(portal, how).await
    }

    async fn answer_logout_question(&mut self) -> Result<Sight, Trouble> {
        self.asked = false;
        let Some(tab) = self.at_keycloak.clone() else { return Err(no_control("keycloak", "logout")) };
        tab.activate().await?;
        let pressed = tab.press("#kc-logout").await?;
        let look = pressed.ok_or_else(|| no_control("keycloak", "logout"))?;
        self.see(&tab, look).await
    }

    async fn repeat_callback(&mut self, portal: &str) -> Result<Sight, Trouble> {
        self.asked = false;
        let Some(url) = self.callbacks.get(portal).cloned() else { return Err(no_control(portal, "callback")) };
        let tab = self.tab(portal).await?;
        let look = tab.go(&url).await?;
        self.see(&tab, look).await
    }

    async fn follow_link(&mut self, portal: &str, path: &str, lure: Lure) -> Result<Sight, Trouble> {
        self.asked = false;
        let target = join(&self.place(portal)?.url, path)?;
        // A page of nobody's: to the portal's cookies it is another site.
        let tab = Tab::create(self.wire()?, self.record()?, &self.owner).await?;
        tab.activate().await?;
        let target = json!(target.as_str());
        let look = match lure {
            Lure::Link => {
                let script = format!(
                    "(() => {{ const link = document.createElement('a'); link.href = {target}; \
                     document.body.append(link); link.click(); return 'null'; }})()"
                );
                tab.lead(&script).await?
            }
            Lure::Form => {
                let script = format!(
                    "(() => {{ const form = document.createElement('form'); form.method = 'post'; \
                     form.action = {target}; document.body.append(form); form.submit(); return 'null'; }})()"
                );
                tab.lead(&script).await?
            }
            // What comes is no image, so it ends with an error; that it was asked for is all that counts.
            Lure::Image => {
                let script = format!(
                    "new Promise((done) => {{ const image = new Image(); \
                     image.onload = image.onerror = () => done('null'); image.src = {target}; \
                     document.body.append(image); }})"
                );
                // The promise is kept when the browser has tried to load it.
                if tab.ask(&script).await?.is_none() {
                    return Err(broken("it did not ask for the picture"));
                }
                tab.at_rest().await?
            }
        };
        let seen = self.see(&tab, look).await?;
        // The tab is the portal's only when its app is in it; a refusal or a picture is nobody's.
        if matches!(seen.place, Place::SignedIn { .. } | Place::SignInCard(_) | Place::SignedOutPage(_)) {
            self.tabs.entry(portal.to_owned()).or_default().push(tab);
        }
        Ok(seen)
    }

    async fn open_listeners(&mut self, _count: u32) -> Result<Sight, Trouble> {
        Err(Trouble::new(
            Kind::Lesson,
            "listeners have no pages",
            "they are addresses that the taps answer for; a real browser would show nothing there",
            "give the lesson `drivers: [http]`",
        ))
    }

    async fn press(&mut self, portal: &str, control: &str, by_hand: bool) -> Result<Sight, Trouble> {
        self.asked = false;
        let tab = self.tab(portal).await?;
        let button = format!("form[action$='/{control}'] button");
        let look = match tab.press(&button).await? {
            Some(look) => look,
            None if by_hand => {
                let script = format!(
                    "(() => {{ const form = document.createElement('form'); form.method = 'post'; \
                     const item = document.querySelector('[id^=item-]').id.slice(5); \
                     form.action = `/admin/items/${{item}}/{control}`; document.body.append(form); form.submit(); \
                     return 'null'; }})()"
                );
                tab.lead(&script).await?
            }
            None => return Err(no_control(portal, control)),
        };
        self.see(&tab, look).await
    }

    async fn request(&mut self, url: &Url) -> Result<Sight, Trouble> {
        self.asked = false;
        let tab = Tab::create(self.wire()?, self.record()?, &self.owner).await?;
        let look = tab.go(url).await?;
        self.see(&tab, look).await
    }

    async fn in_tabs(&mut self, deed: &TabDeed) -> Result<Sight, Trouble> {
        self.do_in_tabs(deed).await
    }

    async fn screens(&mut self) -> Result<Vec<(String, Screen)>, Trouble> {
        self.look_at_screens().await
    }

    async fn shots(&mut self, used: bool, portals: &[&str]) -> Vec<Shot> {
        self.draw(used, portals).await
    }

    fn console(&mut self) -> Vec<String> {
        self.record().map(|record| record.of(&self.owner, |seen| std::mem::take(&mut seen.console))).unwrap_or_default()
    }

    async fn leave(&mut self) -> Result<(), Trouble> {
        self.go_away().await
    }
}
