//! When a Keycloak is ready: its health endpoint and the realm's discovery say so. Never a log line, never a pause.

use std::future::Future;
use std::time::Duration;

use reqwest::header::HOST;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::http;
use crate::trouble::{Kind, Trouble};

/// One question to Keycloak may take this long while it is busy starting.
const PER_QUESTION: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

/// What has to answer, and how.
#[derive(Debug, Clone)]
pub struct Readiness {
    /// `/health/ready` on the management port; `None` where it cannot be reached.
    pub health: Option<Url>,
    /// The realm's discovery document, at the private address.
    pub discovery: Url,
    /// What the world calls it, `localhost:8080`: a Keycloak without a fixed hostname names its issuer after this.
    pub host: String,
    /// The issuer that it has to name.
    pub issuer: String,
    /// When to give up.
    pub deadline: Duration,
}

/// How waiting ended without Keycloak being ready.
#[derive(Debug)]
pub enum NotReady {
    /// It ended by itself; the text says how.
    Died(String),
    /// It is ready, and names another issuer than the lab's public address.
    Issuer(String),
    /// It did not answer well in time; the last answer.
    Late(String),
    /// The caller cancelled.
    Cancelled,
}

impl Readiness {
    /// For a Keycloak at `upstream` (private) whose realm must be known as `public_url`; `management` is the address
    /// of its management interface.
    pub fn of(upstream: &Url, management: Option<&Url>, public_url: &Url, deadline: Duration) -> Self {
        let realm = format!("realms/{}", realm::REALM);
        Self {
            health: management.map(|url| below(url, "health/ready")),
            discovery: below(upstream, &format!("{realm}/.well-known/openid-configuration")),
            host: authority(public_url),
            issuer: below(public_url, &realm).to_string(),
            deadline,
        }
    }

    /// Asks until both answer as they should. `died` resolves when Keycloak ends; `cancel` ends the wait at once.
    pub async fn wait(&self, died: impl Future<Output = String>, cancel: &CancellationToken) -> Result<(), NotReady> {
        let mut last = "nothing answered yet".to_owned();
        let asking = async {
            let client = http::client(PER_QUESTION);
            loop {
                match self.ask(&client).await {
                    Ok(issuer) if issuer == self.issuer => return Ok(()),
                    Ok(issuer) => return Err(NotReady::Issuer(issuer)),
                    Err(answer) => last = answer,
                }
                sleep(PAUSE).await;
            }
        };
        let outcome = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(NotReady::Cancelled),
            how = died => return Err(NotReady::Died(how)),
            outcome = timeout(self.deadline, asking) => outcome,
        };
        outcome.unwrap_or(Err(NotReady::Late(last)))
    }

    /// One round. The issuer, or what is still wrong.
    async fn ask(&self, client: &reqwest::Client) -> Result<String, String> {
        if let Some(health) = &self.health {
            let answer = client.get(health.clone()).send().await.map_err(|error| said("health", &error))?;
            if !answer.status().is_success() {
                return Err(format!("health answers {}", answer.status()));
            }
        }
        let asked = client.get(self.discovery.clone()).header(HOST, &self.host).send();
        let answer = asked.await.map_err(|error| said("discovery", &error))?;
        if !answer.status().is_success() {
            return Err(format!("discovery answers {}", answer.status()));
        }
        let document: Value = answer.json().await.map_err(|error| said("discovery", &error))?;
        document["issuer"].as_str().map(str::to_owned).ok_or_else(|| "discovery names no issuer".to_owned())
    }
}

impl NotReady {
    /// As trouble for the person; `log` are the last lines of Keycloak's output, `waited` since when.
    pub fn trouble(self, expected: &str, waited: Instant, log: &str) -> Trouble {
        let seconds = waited.elapsed().as_secs();
        let log = if log.is_empty() { String::new() } else { format!("\nlast lines of Keycloak's log:\n{log}") };
        match self {
            Self::Died(how) => Trouble::new(
                Kind::Part,
                format!("Keycloak ended while it started, {how}{log}"),
                "its log above says why; a broken realm file, too little memory and a broken Java are the usual reasons",
                "fix what the log names, then start again; `cargo xtask lab doctor` checks this computer",
            ),
            Self::Late(last) => Trouble::new(
                Kind::Part,
                format!("Keycloak is not ready after {seconds} s; last status: {last}{log}"),
                "it may need longer on a busy computer, or it hangs",
                "try again when the computer is less busy, and look at the log",
            ),
            Self::Issuer(found) => Trouble::new(
                Kind::Part,
                format!("Keycloak calls itself {found} instead of {expected}"),
                "its tokens would not be accepted, and its traffic would pass by the lab's tap",
                "let Keycloak's `hostname` be the lab's public address, or unset",
            ),
            Self::Cancelled => interrupted(),
        }
    }
}

/// What a cancelled start answers, once it has cleaned up.
pub fn interrupted() -> Trouble {
    Trouble::new(
        Kind::Interrupted,
        "the start of Keycloak was interrupted",
        "what had been started is stopped and removed",
        "start again when you like",
    )
}

/// `path` below `base`, whether or not `base` ends with a slash.
pub fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    let folder = base.path().trim_end_matches('/');
    url.set_path(&format!("{folder}/{path}"));
    url
}

/// Host and, where it is not the scheme's own, port: what stands in a `Host` header.
pub fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// The innermost reason of an error: "connection refused" rather than "error sending request".
pub(super) fn reason(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(deeper) = innermost.source() {
        innermost = deeper;
    }
    innermost.to_string()
}

fn said(who: &str, error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() { "no answer in time" } else { "no answer" };
    format!("{who}: {kind} ({})", reason(error))
}

#[cfg(test)]
mod tests;
