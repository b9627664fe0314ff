//! What is seen of a realm's setting from outside: one line each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use lab::browser::{Place, SignOut};
use lab_trace::{Answer, Body, CellState, Channel, Exchange, Param, Party, Shown};
use realm::User;
use reqwest::header;
use serde_json::Value;

use super::Look;
use super::stage::Stage;

/// Longer than any session that a fault promises.
const DEADLINE: Duration = Duration::from_secs(30);

impl Stage {
    pub(super) async fn see(&self, look: Look) -> String {
        match look {
            Look::SignOutAt(portal) => self.sign_out_at(portal).await,
            Look::TwoDevices => self.two_devices().await,
            Look::SignInAt(portal) => self.sign_in_at(portal).await,
            Look::Return(portal) => self.come_home(portal).await,
            Look::Authorize(portal, changed) => self.authorize(portal, changed).await,
            Look::ComeBackTo(path) => self.come_back_to(path).await,
            Look::Redeem(portal) => self.redeem(portal).await,
            Look::Password => self.password().await,
            Look::ForeignScript => self.foreign_script().await,
            Look::Algorithms => self.algorithms().await,
            Look::AccessToken => self.access_token().await,
            Look::Session => self.session().await,
        }
    }

    async fn sign_out_at(&self, portal: &str) -> String {
        let mut john = self.person("john", User::John);
        for portal in ["internal", "external", "admin"] {
            john.sign_in(portal).await.unwrap();
        }
        let mark = self.lab.mark().await.unwrap();
        john.sign_out(portal, SignOut::AtPortal).await.unwrap();
        let mut told: Vec<String> = self.exchanges(mark).await.iter().filter_map(notification).collect();
        told.sort();
        let mut left = Vec::new();
        for portal in ["internal", "admin"] {
            if self.cell(&john, portal).await != CellState::Out {
                left.push(portal);
            }
        }
        if john.tokens().is_some() {
            left.push("the tokens in external's tab");
        }
        let left = if left.is_empty() { String::new() } else { format!("; left: {}", left.join(", ")) };
        format!("{}{left}", told.join(", "))
    }

    async fn two_devices(&self) -> String {
        let (mut desk, mut phone) = (self.person("desk", User::John), self.person("phone", User::John));
        desk.sign_in("internal").await.unwrap();
        phone.sign_in("internal").await.unwrap();
        let mark = self.lab.mark().await.unwrap();
        desk.sign_out("internal", SignOut::AtPortal).await.unwrap();
        let exchanges = self.exchanges(mark).await;
        let claims = exchanges.iter().find_map(logout_claims).unwrap();
        let names: Vec<&str> = ["sid", "sub"].into_iter().filter(|name| claims[*name].is_string()).collect();
        let other = if self.cell(&phone, "internal").await == CellState::Out { "out" } else { "in" };
        format!("the token names {}; the other device at internal: {other}", names.join(" and "))
    }

    async fn sign_in_at(&self, portal: &str) -> String {
        let seen = self.person("alex", User::Alex).sign_in(portal).await.unwrap();
        let may = if seen.offers.iter().any(|offer| offer == "approve") { "; may approve" } else { "" };
        let consent = seen.offers.iter().any(|offer| offer == "consent");
        let place = if consent { "Keycloak's question for consent".to_owned() } else { in_short(&seen.place) };
        format!("{} {place}{may}", seen.status)
    }

    async fn come_home(&self, portal: &str) -> String {
        let mut john = self.person("john", User::John);
        john.sign_in(portal).await.unwrap();
        let seen = john.sign_out(portal, SignOut::AtPortal).await.unwrap();
        let sso = if self.cell(&john, "sso").await == CellState::Out { "over" } else { "goes on" };
        format!("{} {}; single sign-on {sso}", seen.status, in_short(&seen.place))
    }

    async fn authorize(&self, portal: &str, changed: &[(&str, &str)]) -> String {
        let client = self.topology.portal(portal).unwrap().client_id.clone();
        let callback = if portal == "admin" { "admin/callback" } else { "callback" };
        let mut query: Vec<(&str, String)> = vec![
            ("client_id", client),
            ("response_type", "code".to_owned()),
            ("scope", "openid".to_owned()),
            ("state", "s".to_owned()),
            ("redirect_uri", callback.to_owned()),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned()),
            ("code_challenge_method", "S256".to_owned()),
        ];
        for (name, value) in changed {
            query.retain(|(known, _)| known != name);
            query.push((name, (*value).to_owned()));
        }
        query.retain(|(_, value)| !value.is_empty());
        for (name, value) in &mut query {
            if *name == "redirect_uri" {
                *value = format!("{}{value}", self.portal(portal));
            }
        }
        let answer = self.http.get(self.endpoint("auth")).query(&query).send().await.unwrap();
        let status = answer.status().as_u16();
        if let Some(location) = answer.headers().get(header::LOCATION) {
            let location = location.to_str().unwrap().to_owned();
            let error = location.split(['?', '#', '&']).find_map(|part| part.strip_prefix("error="));
            return format!("{status} {}", error.unwrap_or("somewhere"));
        }
        let form = answer.text().await.unwrap().contains("kc-form-login");
        if form { format!("{status} login form") } else { status.to_string() }
    }

    async fn come_back_to(&self, path: &str) -> String {
        let portal = self.portal("internal");
        let query = [("client_id", "internal-portal"), ("post_logout_redirect_uri", &format!("{portal}{path}"))];
        let answer = self.http.get(self.endpoint("logout")).query(&query).send().await.unwrap();
        let location = answer.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        let to = location.map(|location| format!(" {}", location.trim_start_matches(&portal))).unwrap_or_default();
        format!("{}{to}", answer.status().as_u16())
    }

    async fn redeem(&self, portal: &str) -> String {
        let place = self.topology.portal(portal).unwrap();
        let callback = format!("{}admin/callback", place.url);
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &place.client_id),
            ("code", "made-up"),
            ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            ("redirect_uri", &callback),
        ];
        self.token(&form).await
    }

    async fn password(&self) -> String {
        let (user, password) = (User::John.username(), User::John.password());
        let form =
            [("grant_type", "password"), ("client_id", "external-portal"), ("username", user), ("password", password)];
        self.token(&form).await
    }

    async fn token(&self, form: &[(&str, &str)]) -> String {
        let answer = self.http.post(self.endpoint("token")).form(form).send().await.unwrap();
        let status = answer.status().as_u16();
        let json: Value = answer.json().await.unwrap();
        let tokens = if json["access_token"].is_string() { "tokens" } else { "something else" };
        format!("{status} {}", json["error"].as_str().unwrap_or(tokens))
    }

    async fn foreign_script(&self) -> String {
        let form = [("grant_type", "refresh_token"), ("client_id", "external-portal"), ("refresh_token", "made-up")];
        let request = self.http.post(self.endpoint("token")).form(&form).header(header::ORIGIN, "https://evil.example");
        let answer = request.send().await.unwrap();
        let allowed = answer.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        format!("{} read the answer", if allowed.is_some() { "may" } else { "may not" })
    }

    async fn algorithms(&self) -> String {
        let mut alex = self.person("alex", User::Alex);
        let mark = self.lab.mark().await.unwrap();
        for portal in ["internal", "admin"] {
            alex.sign_in(portal).await.unwrap();
        }
        alex.sign_out("admin", SignOut::AtPortal).await.unwrap();
        let mut by_client: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for token in self.exchanges(mark).await.iter().flat_map(tokens) {
            let Shown::Token { kind, header, claims, .. } = token else { continue };
            if let Some(place) = self.topology.portals.iter().find(|place| claims["aud"] == place.client_id.as_str())
                && matches!(kind.as_str(), "id_token" | "logout_token")
            {
                let signed = format!("{kind} {}", header["alg"].as_str().unwrap_or_default());
                by_client.entry(place.name.clone()).or_default().insert(signed);
            }
        }
        let lines =
            by_client.into_iter().map(|(name, signed)| format!("{name}: {}", Vec::from_iter(signed).join(", ")));
        lines.collect::<Vec<_>>().join("; ")
    }

    async fn access_token(&self) -> String {
        let mut john = self.person("john", User::John);
        john.sign_in("external").await.unwrap();
        let payload = john.tokens().unwrap().access.split('.').nth(1).unwrap().to_owned();
        let claims: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        format!("{} s", claims["exp"].as_u64().unwrap() - claims["iat"].as_u64().unwrap())
    }

    async fn session(&self) -> String {
        let mut john = self.person("john", User::John);
        let mark = self.lab.mark().await.unwrap();
        john.sign_in("internal").await.unwrap();
        let promised =
            self.exchanges(mark).await.iter().find_map(|exchange| member(exchange, "refresh_expires_in")).unwrap();
        // What is left, in whole seconds: on a busy computer one has passed when Keycloak counts.
        let left: f64 = promised.parse().unwrap();
        if left > DEADLINE.as_secs_f64() {
            return format!("{} s", (left / 10.0).round() * 10.0);
        }
        let begun = Instant::now();
        while self.cell(&john, "sso").await != CellState::Out {
            assert!(begun.elapsed() < DEADLINE, "the session does not end");
        }
        let told = self.exchanges(mark).await.iter().any(|exchange| exchange.channel == Channel::BackChannel);
        let told = if told { "somebody" } else { "nobody" };
        // What the portal says at this very moment is left out: its own session ends with the tokens, at about the same time.
        format!("a few seconds; then the single sign-on is over, and {told} was told")
    }
}

/// An error page without Keycloak's sentence, which differs between versions.
fn in_short(place: &Place) -> String {
    match place {
        Place::KeycloakError(_) => "Keycloak's error page".to_owned(),
        place => place.to_string(),
    }
}

/// How one application was told of a logout, if the exchange is that.
fn notification(exchange: &Exchange) -> Option<String> {
    let Party::App(name) = &exchange.callee else { return None };
    match exchange.channel {
        Channel::BackChannel => {
            let claims = logout_claims(exchange)?;
            let mut with: Vec<&str> = ["sid"].into_iter().filter(|name| claims[*name].is_string()).collect();
            if claims["events"]["revoke_offline_access"] == true {
                with.push("revoke_offline_access");
            }
            let answered = match exchange.status() {
                Some(200) => String::new(),
                other => format!(" answered {}", other.unwrap_or_default()),
            };
            Some(format!("{name} by POST ({}){answered}", with.join(", ")))
        }
        Channel::Frame => {
            let with: Vec<&str> =
                ["iss", "sid"].into_iter().filter(|name| exchange.query_param(name).is_some()).collect();
            Some(format!("{name} by frame ({})", with.join(", ")))
        }
        _ => None,
    }
}

fn logout_claims(exchange: &Exchange) -> Option<&Value> {
    match exchange.form_field("logout_token")? {
        Shown::Token { claims, .. } => Some(claims),
        _ => None,
    }
}

/// Tokens in an answer of the token endpoint or in a back-channel POST.
fn tokens(exchange: &Exchange) -> Vec<Shown> {
    let mut params: Vec<Param> = Vec::new();
    if let Body::Form { fields } = &exchange.body {
        params.extend(fields.iter().cloned());
    }
    if let Answer::Response { body: Body::Json { members }, .. } = &exchange.answer {
        params.extend(members.iter().cloned());
    }
    params.into_iter().map(|param| param.value).collect()
}

/// A member of a JSON answer.
pub(super) fn member(exchange: &Exchange, name: &str) -> Option<String> {
    match &exchange.answer {
        Answer::Response { body: Body::Json { members }, .. } => {
            members.iter().find(|member| member.name == name)?.value.text().map(str::to_owned)
        }
        _ => None,
    }
}
