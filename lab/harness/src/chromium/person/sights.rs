//! What a person sees, and what their browser holds.

use serde_json::json;
use url::Url;

use super::super::tab::{Look, Tab};
use super::Guest;
use crate::browser::jar::{Errand, Jar};
use crate::browser::origin::same_origin;
use crate::browser::page::Page;
use crate::browser::player::{Screen, Shot};
use crate::browser::sight::{Place, Sight, admin_place, keycloak_place, party};
use crate::browser::spa::{Tokens, param};
use crate::control::messages::Topology;
use crate::trouble::Trouble;

/// What oidc-client-ts keeps of the tab's user, wherever it keeps it.
const STORED: &str = r#"(() => {
    for (const store of [sessionStorage, localStorage]) {
        const key = Object.keys(store).find((key) => key.startsWith("oidc.user:"));
        if (key) return store.getItem(key);
    }
    return "null";
})()"#;

impl Guest {
    /// What stands in the tab, as words.
    pub(super) async fn see(&mut self, tab: &Tab, look: Look) -> Result<Sight, Trouble> {
        let page = tab.page(&look).await?;
        let place = place(&self.lab, &page, &look);
        let party = party(&self.lab, &page);
        if party == "keycloak" {
            self.at_keycloak = Some(tab.clone());
        }
        self.asked |= matches!(place, Place::LoginForm(_));
        self.last = Some(place.clone());
        self.front = Some(tab.clone());
        self.remember().await?;
        let mut sight = Sight::of(&page, place, self.asked);
        if !look.trouble.is_empty() && look.view == "trouble" {
            sight.text.clone_from(&look.trouble);
        }
        Ok(sight)
    }

    /// Takes down what the browser holds now.
    pub(super) async fn remember(&mut self) -> Result<(), Trouble> {
        let visited = self.record()?.of(&self.owner, |seen| std::mem::take(&mut seen.visited));
        for url in visited {
            let fragment = url.fragment().and_then(|text| Url::parse(&format!("http://fragment.invalid/?{text}")).ok());
            let named = param(&url, "session_state");
            if let Some(sid) = named.or_else(|| fragment.and_then(|url| param(&url, "session_state"))) {
                self.sid = Some(sid);
            }
            let portal = self.lab.portals.iter().find(|portal| same_origin(&portal.url, &url));
            if let Some(portal) = portal.filter(|_| param(&url, "code").is_some()) {
                self.callbacks.insert(portal.name.clone(), url);
            }
        }
        self.jar = self.cookies_now().await?;
        self.tokens = None;
        self.hides_tokens = false;
        for tab in self.tabs.get("external").into_iter().flatten().rev() {
            let stored = tab.ask(STORED).await?.unwrap_or_default();
            let text = |name: &str| stored[name].as_str().map(str::to_owned);
            if let (Some(access), Some(id)) = (text("access_token"), text("id_token")) {
                let user = stored["profile"]["preferred_username"].as_str().unwrap_or_default();
                self.tokens = Some(Tokens::held(access, id, user));
                self.hides_tokens = false;
                break;
            }
            self.hides_tokens |= tab.look().await?.is_some_and(|look| look.view == "signed-in");
        }
        Ok(())
    }

    async fn cookies_now(&self) -> Result<Jar, Trouble> {
        let partition = json!({"type": "storageKey", "userContext": self.owner});
        let answer = self.wire()?.send("storage.getCookies", json!({"partition": partition})).await?;
        let mut jar = Jar::default();
        for cookie in answer["cookies"].as_array().into_iter().flatten() {
            let text = |name: &str| cookie[name].as_str().unwrap_or_default();
            let Ok(url) = Url::parse(&format!("http://{}{}", text("domain").trim_start_matches('.'), text("path")))
            else {
                continue;
            };
            let value = cookie["value"]["value"].as_str().unwrap_or_default();
            jar.take(&url, &format!("{}={value}; Path={}", text("name"), text("path")), Errand::Own);
        }
        Ok(jar)
    }

    /// Pictures of the tab that was used last, if it is wanted, and of the newest tabs of these portals, as far as they are in front.
    pub(super) async fn draw(&self, used: bool, portals: &[&str]) -> Vec<Shot> {
        let owner = |tab: &Tab| {
            let of = self.tabs.iter().find(|(_, tabs)| tabs.iter().any(|one| one.context == tab.context));
            of.map(|(portal, _)| portal.clone())
        };
        let mut wanted: Vec<&Tab> = self.front.iter().filter(|_| used).collect();
        for portal in portals {
            let newest = self.tabs.get(*portal).and_then(|tabs| tabs.last());
            wanted.extend(newest.filter(|tab| wanted.iter().all(|one| one.context != tab.context)));
        }
        let mut shots = Vec::new();
        for tab in wanted {
            // A browser draws nothing of a tab behind others, and bringing it to the front would let its page notice.
            if !tab.is_in_front().await {
                continue;
            }
            let image = tab.draw().await.inspect_err(|trouble| tracing::warn!(%trouble, "a tab was not drawn"));
            shots.push(Shot { portal: owner(tab), image: image.ok() });
        }
        shots
    }

    /// What each portal's newest tab shows, without bringing it to the front.
    pub(super) async fn look_at_screens(&mut self) -> Result<Vec<(String, Screen)>, Trouble> {
        let mut screens = Vec::new();
        for (portal, tabs) in &self.tabs {
            let Some(tab) = tabs.last() else { continue };
            let Some(look) = tab.look().await? else { continue };
            let page = tab.page(&look).await?;
            screens.push((portal.clone(), screen(&place(&self.lab, &page, &look))));
        }
        Ok(screens)
    }
}

fn screen(place: &Place) -> Screen {
    match place {
        Place::SignedIn { .. } | Place::Forbidden { .. } => Screen::SignedIn,
        Place::SignInCard(_) | Place::SignedOutPage(_) => Screen::SignedOut,
        Place::PortalError(_) => Screen::Trouble,
        Place::LoginForm(_) | Place::LogoutConfirmation | Place::LoggedOutAtKeycloak | Place::KeycloakError(_) => {
            Screen::Keycloak
        }
        Place::Nothing | Place::Other(_) => Screen::Other,
    }
}

/// Which kind of page it is. What a single-page app shows is what its script has made of it.
fn place(lab: &Topology, page: &Page, look: &Look) -> Place {
    let party = party(lab, page);
    let portal = || party.clone();
    match (party.as_str(), look.view.as_str()) {
        ("keycloak", _) => keycloak_place(page),
        ("admin", _) => admin_place(page),
        ("internal", _) if page.is_refusal_of_role() => Place::Forbidden { portal: portal() },
        ("internal" | "external", _) if page.status >= 400 => Place::PortalError(portal()),
        ("internal" | "external", "signed-in") => Place::SignedIn { portal: portal(), user: look.badge.clone() },
        ("internal" | "external", "signed-out") => Place::SignInCard(portal()),
        ("internal" | "external", "forbidden") => Place::Forbidden { portal: portal() },
        ("internal" | "external", "trouble") => Place::PortalError(portal()),
        _ if page.url.scheme() == "about" => Place::Nothing,
        _ if page.title.is_empty() => Place::Other(page.url.path().to_owned()),
        _ => Place::Other(page.title.clone()),
    }
}
