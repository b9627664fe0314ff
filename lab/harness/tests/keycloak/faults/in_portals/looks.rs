//! The situations: one line each.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use lab::browser::{Person, Place, Sight, SignOut};
use lab_trace::{Channel, Exchange, Party};
use portals::Kind;
use realm::{REALM, User};
use reqwest::header;
use serde_json::{Value, json};
use url::Url;

use super::super::looks::member;
use super::super::stage::Stage;
use super::Look;

/// Switching this one makes a portal forget its memory and read its keys anew, as a restart does, and changes nothing
/// else that is looked at here.
const RESTART: &str = "p21b-health-tells";
const NEW_KEY: &str = "a-newer-key";

impl Stage {
    pub(super) async fn play(&self, look: Look, kind: Kind) -> String {
        let here = kind.to_string();
        let there = if kind == Kind::Internal { "admin" } else { "internal" };
        match look {
            Look::Forgery => self.forgery(&here).await,
            Look::IdToken { neighbours } => self.id_token(&here, if neighbours { there } else { &here }).await,
            Look::SignIn => landed(&self.alex().sign_in(&here).await.unwrap()),
            Look::Pkce => self.pkce(&here).await,
            Look::Leave => self.leave(&here).await,
            Look::Copy => self.copy(&here).await,
            Look::Visit(path) => self.visit(&here, path).await,
            Look::Neighbours => {
                let alex = self.signed_in(&[&here, there]).await;
                format!("here: {}; there: {}", self.state(&alex, &here).await, self.state(&alex, there).await)
            }
            Look::Promise => self.promise(&here).await,
            Look::Restart => {
                let alex = self.signed_in(&[&here]).await;
                self.on(RESTART).await;
                format!("{}; {}", self.state(&alex, &here).await, self.single_sign_on(&alex).await)
            }
            logout => self.logout(logout, &here, there).await,
        }
    }

    /// Alex signs in at both portals and out `there`, with what this situation has before and after it.
    async fn logout(&self, look: Look, here: &str, there: &str) -> String {
        let mut mary = self.person("mary", User::Mary);
        let mut phone = self.person("phone", User::Alex);
        let mut alex = self.signed_in(&[here, there]).await;
        match look {
            Look::LogoutBesideMary => drop(mary.sign_in(here).await.unwrap()),
            Look::LogoutOnOneDevice => drop(phone.sign_in(here).await.unwrap()),
            Look::LogoutAfterNewKey => self.new_key().await,
            _ => {}
        }
        let before = self.lab.mark().await.unwrap();
        alex.sign_out(there, SignOut::AtPortal).await.unwrap();
        let exchanges = self.exchanges(before).await;
        let state = self.state(&alex, here).await;
        match look {
            Look::LogoutBesideMary => format!("Alex: {state}; Mary: {}", self.state(&mary, here).await),
            Look::LogoutOnOneDevice => format!("the other device: {}", self.state(&phone, here).await),
            Look::LogoutThenRestart => {
                self.on(RESTART).await;
                format!("{state}; after a restart: {}", self.state(&alex, here).await)
            }
            Look::LogoutThenMary => {
                mary.sign_in(here).await.unwrap();
                format!("{state}; after Mary came: {}", self.state(&alex, here).await)
            }
            Look::LogoutThenSignIn => landed(&alex.sign_in(here).await.unwrap()),
            Look::LogoutThenSignOut => landed(&alex.sign_out(here, SignOut::AtPortal).await.unwrap()),
            _ => {
                if matches!(look, Look::LogoutAfterNewKey) {
                    self.drop_new_key().await;
                }
                let told = exchanges.iter().find(|exchange| is_post_to(exchange, here));
                outcome(told.expect("Keycloak posts to the portal").status(), state)
            }
        }
    }

    /// A token as Keycloak would send it, but for the signature.
    async fn forgery(&self, here: &str) -> String {
        let alex = self.signed_in(&[here]).await;
        let now = jiff::Timestamp::now().as_second();
        let part = |part: Value| BASE64_URL_SAFE_NO_PAD.encode(part.to_string());
        let head = part(json!({"alg": "RS256", "typ": "logout+jwt", "kid": self.signing_key().await}));
        let claims = part(json!({
            "iss": self.topology.issuer, "aud": self.topology.portal(here).unwrap().client_id, "iat": now,
            "exp": now + 120, "jti": "of-a-forger", "sid": alex.loot().sid(),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
        }));
        let signature = BASE64_URL_SAFE_NO_PAD.encode([7; 256]);
        let answered = self.post_token(here, &format!("{head}.{claims}.{signature}")).await;
        outcome(Some(answered), self.state(&alex, here).await)
    }

    /// What Alex's own browser got at a sign-out at `of`: the ID token, in the address that it was sent to.
    async fn id_token(&self, here: &str, of: &str) -> String {
        let mut alex = self.signed_in(&[here, of]).await;
        let path = if of == "admin" { "admin/logout" } else { "signout" };
        let url: Url = format!("{}{path}", self.portal(of)).parse().unwrap();
        let cookies = alex.loot().cookies(&url).unwrap();
        let sent_on = self.http.post(url).header(header::COOKIE, cookies).send().await.unwrap();
        let sent_to: Url = sent_on.headers()[header::LOCATION].to_str().unwrap().parse().unwrap();
        let hint = sent_to.query_pairs().find(|(name, _)| name == "id_token_hint").unwrap().1.into_owned();
        // Alex has not followed: the single sign-on goes on, and one click opens the portal again.
        assert!(!alex.sign_in(here).await.unwrap().asked_for_password);
        let answered = self.post_token(here, &hint).await;
        outcome(Some(answered), self.state(&alex, here).await)
    }

    async fn pkce(&self, here: &str) -> String {
        let demanded = landed(&self.alex().sign_in(here).await.unwrap());
        self.on("s10-pkce-not-required").await;
        let mark = self.lab.mark().await.unwrap();
        let not = landed(&self.alex().sign_in(here).await.unwrap());
        let exchanges = self.exchanges(mark).await;
        let asked = exchanges.iter().find(|exchange| exchange.query_param("response_type").is_some()).unwrap();
        let with = if asked.query_param("code_challenge").is_some() { "with" } else { "without" };
        format!("demanded: {demanded}; not demanded: {not}, {with} a challenge")
    }

    async fn leave(&self, here: &str) -> String {
        let mut alex = self.signed_in(&[here]).await;
        let seen = alex.sign_out(here, SignOut::AtPortal).await.unwrap();
        let sso = self.single_sign_on(&alex).await;
        let back = alex.sign_in(here).await.unwrap();
        assert!(matches!(back.place, Place::SignedIn { .. }), "{back:?}");
        let with = if back.asked_for_password { "with" } else { "without" };
        format!("{}; {sso}; back in {with} a password", landed(&seen))
    }

    async fn copy(&self, here: &str) -> String {
        let mut alex = self.signed_in(&[here]).await;
        let loot = alex.loot();
        alex.sign_out(here, SignOut::AtPortal).await.unwrap();
        let cells = self.prober.old_logins(&self.topology, &loot).await;
        format!("the copy is {}", state_of(&cells, here))
    }

    async fn visit(&self, here: &str, path: &str) -> String {
        let mut alex = self.signed_in(&[here]).await;
        alex.request(&format!("{}{path}", self.portal(here)).parse().unwrap()).await.unwrap();
        format!("{}; {}", self.state(&alex, here).await, self.single_sign_on(&alex).await)
    }

    async fn promise(&self, here: &str) -> String {
        let mark = self.lab.mark().await.unwrap();
        let alex = self.signed_in(&[here]).await;
        let exchanges = self.exchanges(mark).await;
        let keycloaks = exchanges.iter().find_map(|exchange| member(exchange, "refresh_expires_in")).unwrap();
        // What is left, in whole seconds: on a busy computer one has passed when Keycloak counts.
        let left: f64 = keycloaks.parse().unwrap();
        let keycloaks = (left / 10.0).round() * 10.0;
        let url: Url = format!("{}api/me", self.portal(here)).parse().unwrap();
        let cookies = alex.loot().cookies(&url).unwrap();
        let me: Value = self.http.get(url).header(header::COOKIE, cookies).send().await.unwrap().json().await.unwrap();
        let at = |name: &str| me[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        // The moments are taken one after the other, and Keycloak's second may have passed in between.
        let portals = (at("expires_at").duration_since(at("signed_in_at")).as_secs_f64() / 10.0).round() * 10.0;
        format!("Keycloak: {keycloaks} s; the portal: {portals} s")
    }

    fn alex(&self) -> Person {
        self.person("alex", User::Alex)
    }

    async fn signed_in(&self, portals: &[&str]) -> Person {
        let mut alex = self.alex();
        for portal in portals {
            let seen = alex.sign_in(portal).await.unwrap();
            assert!(matches!(seen.place, Place::SignedIn { .. }), "{seen:?}");
        }
        alex
    }

    async fn post_token(&self, portal: &str, token: &str) -> u16 {
        let url = format!("{}logout", self.portal(portal));
        self.http.post(url).form(&[("logout_token", token)]).send().await.unwrap().status().as_u16()
    }

    /// Whether the portal lets the person in.
    async fn state(&self, person: &Person, portal: &str) -> &'static str {
        let cells = self.prober.old_logins(&self.topology, &person.loot()).await;
        state_of(&cells, portal)
    }

    async fn single_sign_on(&self, person: &Person) -> &'static str {
        let sessions = self.lab.sso_sessions(person.user()).await.unwrap();
        if sessions.is_empty() { "single sign-on over" } else { "single sign-on goes on" }
    }

    /// The `kid` that Keycloak signs with.
    async fn signing_key(&self) -> String {
        let keys = self.admin.get(&format!("realms/{REALM}/keys")).await.unwrap();
        keys["active"]["RS256"].as_str().unwrap().to_owned()
    }

    /// Keycloak signs with a new key from now on, and still publishes the old one.
    async fn new_key(&self) {
        let before = self.signing_key().await;
        let provider = json!({
            "name": NEW_KEY, "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "config": {"priority": ["1000"], "enabled": ["true"], "active": ["true"], "algorithm": ["RS256"]},
        });
        self.admin.post(&format!("realms/{REALM}/components"), Some(&provider)).await.unwrap();
        assert_ne!(self.signing_key().await, before);
    }

    async fn drop_new_key(&self) {
        let components = self.admin.get(&format!("realms/{REALM}/components")).await.unwrap();
        let own = components.as_array().unwrap().iter().find(|component| component["name"] == NEW_KEY).unwrap();
        let path = format!("realms/{REALM}/components/{}", own["id"].as_str().unwrap());
        self.admin.delete(&path).await.unwrap();
    }
}

fn state_of(cells: &[lab_trace::Cell], portal: &str) -> &'static str {
    match cells.iter().find(|cell| cell.of == portal).unwrap().state {
        lab_trace::CellState::In | lab_trace::CellState::Zombie => "in",
        lab_trace::CellState::Out => "out",
        lab_trace::CellState::Unknown => panic!("{cells:?}"),
    }
}

fn outcome(status: Option<u16>, state: &str) -> String {
    let session = if state == "in" { "lives on" } else { "is over" };
    format!("answered {}; the session {session}", status.unwrap_or_default())
}

fn is_post_to(exchange: &Exchange, portal: &str) -> bool {
    exchange.channel == Channel::BackChannel && exchange.callee == Party::App(portal.to_owned())
}

/// What is seen, in words that fit every portal and every version of Keycloak.
fn landed(seen: &Sight) -> String {
    let place = match &seen.place {
        Place::SignedIn { .. } => "the portal, signed in",
        Place::SignInCard(_) | Place::SignedOutPage(_) => "the portal, signed out",
        Place::Forbidden { .. } => "the portal's refusal",
        Place::PortalError(_) => "the portal's error page",
        Place::LogoutConfirmation => "Keycloak's question",
        Place::KeycloakError(_) => "Keycloak's error page",
        other => return format!("{} {other}", seen.status),
    };
    format!("{} {place}", seen.status)
}
