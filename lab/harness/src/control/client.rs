//! The client side of the control interface: used by `lab status`, `lab down` and every scenario, also when the
//! lab lives in the same process, so that there is one path and not two.

use std::time::Duration;

use lab_trace::Event;
use serde::Serialize;
use serde::de::DeserializeOwned;
use url::Url;

use super::chosen::Chosen;
use super::messages::{ClientSettings, Reach, Refused, SsoSession, Status, Topology};
use crate::acts::Act;
use crate::console::lessons::Ask;
use crate::faults::{Change, Told};
use crate::http;
use crate::trouble::{Kind, Trouble};

/// How long an answer may take, where nothing else is said.
pub(crate) const USUAL: Duration = Duration::from_secs(30);

/// Talks to one running lab. Cheap to clone.
#[derive(Clone)]
pub struct LabClient {
    base: Url,
    token: String,
    http: reqwest::Client,
}

impl LabClient {
    /// A client for the lab whose control interface listens at `base`; `token` is the run's token.
    pub fn new(base: Url, token: String) -> Self {
        Self { base, token, http: http::client(USUAL) }
    }

    /// Address of the console. With the token behind the `#`, which no browser sends anywhere, the page may change the lab.
    pub fn console(&self, with_token: bool) -> Url {
        let mut address = self.base.clone();
        if with_token {
            address.set_fragment(Some(&format!("token={}", self.token)));
        }
        address
    }

    /// State of all parts.
    pub async fn status(&self) -> Result<Status, Trouble> {
        self.ask(reqwest::Method::GET, "api/status").await
    }

    /// Who is where.
    pub async fn topology(&self) -> Result<Topology, Trouble> {
        self.ask(reqwest::Method::GET, "api/topology").await
    }

    /// What it was started with.
    pub async fn chosen(&self) -> Result<Chosen, Trouble> {
        self.ask(reqwest::Method::GET, "api/chosen").await
    }

    /// Sequence number of the newest event: events of later steps have greater ones.
    pub async fn mark(&self) -> Result<u64, Trouble> {
        self.ask(reqwest::Method::GET, "api/mark").await
    }

    /// All events after `mark`, in order of `seq`. Waits (bounded) until no exchange is under way any more, so that
    /// what a step caused is in the answer; streams (server-sent events) do not count as under way.
    pub async fn events_since(&self, mark: u64) -> Result<Vec<Event>, Trouble> {
        self.ask(reqwest::Method::GET, &format!("api/events?after={mark}")).await
    }

    /// Undoes what lessons did to the realm, the network and the clocks, ends all sessions of the realm and of the portals,
    /// forgets their state and switches all faults off; changes no other setting of the realm.
    pub async fn reset(&self) -> Result<(), Trouble> {
        self.ask(reqwest::Method::POST, "api/reset").await
    }

    /// The `sid`s of the user's sessions at Keycloak, as its administration interface lists them; no traffic through
    /// any tap.
    pub async fn sso_sessions(&self, username: &str) -> Result<Vec<String>, Trouble> {
        Ok(self.sessions(username).await?.into_iter().map(|session| session.sid).collect())
    }

    /// The user's sessions at Keycloak, and which clients have a part in each.
    pub async fn sessions(&self, username: &str) -> Result<Vec<SsoSession>, Trouble> {
        self.ask(reqwest::Method::GET, &format!("api/sessions/{username}")).await
    }

    /// What decides how each client hears of a logout, as Keycloak has it now.
    pub async fn logout_settings(&self) -> Result<Vec<ClientSettings>, Trouble> {
        self.ask(reqwest::Method::GET, "api/logout-settings").await
    }

    /// All faults that can be planted, and which are on.
    pub async fn faults(&self) -> Result<Vec<Told>, Trouble> {
        self.ask(reqwest::Method::GET, "api/faults").await
    }

    /// Switches faults on and off by name; gives the names of those that are on then. Unknown names change nothing.
    pub async fn switch_faults(&self, change: &Change) -> Result<Vec<String>, Trouble> {
        self.send(reqwest::Method::POST, "api/faults", Some(change)).await
    }

    /// Lets an administrator, the network, time or a stranger act; returns when it is done. [`Self::reset`] undoes it.
    pub async fn act(&self, act: &Act) -> Result<(), Trouble> {
        self.send_within(act.patience(), reqwest::Method::POST, "api/act", Some(act)).await
    }

    /// Opens a lesson on the console, or says something to the open one.
    ///
    /// # Errors
    /// State, when this lab has no lessons or the open one does not wait for that; usage for an unknown one.
    pub async fn lesson(&self, ask: &Ask) -> Result<(), Trouble> {
        self.send(reqwest::Method::POST, "api/lesson", Some(ask)).await
    }

    /// The newest events that Keycloak wrote, oldest first, in its own words (`type`, `error`, `clientId`, …).
    pub async fn keycloak_events(&self) -> Result<Vec<serde_json::Value>, Trouble> {
        self.ask(reqwest::Method::GET, "api/keycloak-events").await
    }

    /// The running realm as Keycloak exports it: with its clients, without users, secrets masked.
    pub async fn realm(&self) -> Result<serde_json::Value, Trouble> {
        self.ask(reqwest::Method::GET, "api/realm").await
    }

    /// Lets Keycloak itself post to every portal and says where it arrived.
    pub async fn reach(&self) -> Result<Vec<Reach>, Trouble> {
        self.ask(reqwest::Method::POST, "api/reach").await
    }

    /// Asks the lab to stop; answers as soon as the stop has begun.
    pub async fn stop(&self) -> Result<(), Trouble> {
        self.ask(reqwest::Method::POST, "api/stop").await
    }

    async fn ask<T: DeserializeOwned>(&self, method: reqwest::Method, path: &str) -> Result<T, Trouble> {
        self.send(method, path, None::<&()>).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: reqwest::Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Trouble> {
        self.send_within(USUAL, method, path, body).await
    }

    async fn send_within<T: DeserializeOwned>(
        &self,
        limit: Duration,
        method: reqwest::Method,
        path: &str,
        body: Option<&impl Serialize>,
    ) -> Result<T, Trouble> {
        let url = self.base.join(path).map_err(|error| broken(path, &error.to_string()))?;
        let mut request = self.http.request(method, url).timeout(limit).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| broken(path, "no answer").caused_by(error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| broken(path, "the answer broke off").caused_by(error))?;
        if !status.is_success()
            && let Ok(Refused { kind, what, means, action }) = serde_json::from_str(&text)
        {
            return Err(Trouble::new(kind, what, means, action));
        }
        if !status.is_success() {
            return Err(broken(path, &format!("{status}: {text}")));
        }
        serde_json::from_str(&text).map_err(|error| broken(path, "an answer that is not understood").caused_by(error))
    }
}

fn broken(path: &str, how: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("the lab's control interface did not do {path}: {how}"),
        "the lab is stopping, was killed, or runs another version",
        "look at `cargo xtask lab status`, then `cargo xtask lab down` and `cargo xtask lab up`",
    )
}
