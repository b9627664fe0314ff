//! The session matrix, asked and not inferred: every cell is one request with the real cookie or token, marked as a
//! probe so that taps attribute it to the lab, on paths that do not prolong a session.

use std::time::Duration;

use lab_trace::matrix::SSO;
use lab_trace::{Cell, CellState, Matrix, Row};
use reqwest::header;
use url::Url;

use super::agent::{BROWSER_HEADER, PROBE_HEADER};
use super::jar::Jar;
use crate::control::client::LabClient;
use crate::control::messages::{PortalPlace, Topology};
use crate::http;
use crate::trouble::Trouble;

/// What a browser can prove itself with at one moment. Does not print.
#[derive(Clone)]
pub struct Loot {
    /// The browser's name: a balancer leads its cookies to where it would lead the browser.
    pub(super) browser: String,
    pub(super) jar: Jar,
    pub(super) access_token: Option<String>,
    pub(super) sid: Option<String>,
    /// Whether the page shows somebody and keeps the tokens where nobody can look.
    pub(super) hides_tokens: bool,
}

impl Loot {
    pub(crate) fn of(browser: &str, jar: Jar, access_token: Option<String>, sid: Option<String>) -> Self {
        Self { browser: browser.to_owned(), jar, access_token, sid, hides_tokens: false }
    }

    /// The same of a page that shows somebody and keeps its tokens in its own memory.
    pub(crate) fn with_hidden_tokens(self, hides_tokens: bool) -> Self {
        Self { hides_tokens, ..self }
    }

    /// The browser's name.
    pub fn browser(&self) -> &str {
        &self.browser
    }

    /// The session at Keycloak that this browser got its logins from.
    pub fn sid(&self) -> Option<&str> {
        self.sid.as_deref()
    }

    /// The `Cookie` header that the browser would send to `url`; `None` when it has none for it.
    pub fn cookies(&self, url: &Url) -> Option<String> {
        self.jar.header(url)
    }
}

/// What old logins are still worth: one cell a portal.
pub type OldLogins = Vec<Cell>;

/// Asks portals and Keycloak.
#[derive(Clone)]
pub struct Prober {
    http: reqwest::Client,
    lab: LabClient,
}

impl Prober {
    /// A prober that asks Keycloak's sessions through the lab's control interface.
    pub fn new(lab: LabClient) -> Self {
        Self { http: http::client(Duration::from_secs(10)), lab }
    }

    /// Who is signed in where, now: one row a browser, in the given order. Beside what a browser holds stands the user whom
    /// Keycloak knows in it.
    ///
    /// # Errors
    /// When the lab itself does not answer. A portal that does not answer is a cell `unknown` with the reason.
    pub async fn matrix(&self, topology: &Topology, browsers: &[(String, Loot)]) -> Result<Matrix, Trouble> {
        let mut rows = Vec::new();
        for (user, loot) in browsers {
            let sso = self.sso(user, loot).await?;
            let gone = sso.state == CellState::Out;
            let mut cells = vec![sso];
            for mut cell in self.old_logins(topology, loot).await {
                if gone && cell.state == CellState::In {
                    cell.state = CellState::Zombie;
                }
                cells.push(cell);
            }
            rows.push(Row { browser: loot.browser.clone(), cells });
        }
        Ok(Matrix { rows })
    }

    /// What the cookies and tokens of `loot` are worth at each portal.
    pub async fn old_logins(&self, topology: &Topology, loot: &Loot) -> OldLogins {
        let mut cells = Vec::new();
        for portal in &topology.portals {
            let (state, evidence) = self.portal(topology, portal, loot).await;
            cells.push(Cell { of: portal.name.clone(), state, evidence });
        }
        cells
    }

    async fn sso(&self, user: &str, loot: &Loot) -> Result<Cell, Trouble> {
        let cell = |state, evidence: &str| Cell { of: SSO.to_owned(), state, evidence: evidence.to_owned() };
        let Some(sid) = loot.sid() else { return Ok(cell(CellState::Out, "this browser never signed in")) };
        let sessions = self.lab.sso_sessions(user).await?;
        Ok(if sessions.iter().any(|session| session == sid) {
            cell(CellState::In, "Keycloak lists this browser's session")
        } else {
            cell(CellState::Out, "Keycloak no longer lists this browser's session")
        })
    }

    async fn portal(&self, topology: &Topology, portal: &PortalPlace, loot: &Loot) -> (CellState, String) {
        match portal.name.as_str() {
            "internal" => self.by_cookie(&portal.url, "/api/me", loot).await,
            "admin" => self.by_cookie(&portal.url, "/admin/session", loot).await,
            "external" => self.by_token(&topology.issuer, loot).await,
            other => (CellState::Unknown, format!("nobody has said how to see a session at {other}")),
        }
    }

    async fn by_cookie(&self, portal: &Url, path: &str, loot: &Loot) -> (CellState, String) {
        let Ok(url) = portal.join(path) else { return (CellState::Unknown, format!("no address for {path}")) };
        let mut request = self.http.get(url.clone()).header(BROWSER_HEADER, &loot.browser);
        if let Some(cookie) = loot.jar.header(&url) {
            request = request.header(header::COOKIE, cookie);
        }
        match self.status(request).await {
            Ok(200) => (CellState::In, format!("GET {path}: 200")),
            Ok(403) => (CellState::In, format!("GET {path}: 403, signed in without the role")),
            Ok(401) => (CellState::Out, format!("GET {path}: 401")),
            Ok(other) => (CellState::Unknown, format!("GET {path}: {other}")),
            Err(reason) => (CellState::Unknown, reason),
        }
    }

    async fn by_token(&self, issuer: &Url, loot: &Loot) -> (CellState, String) {
        let Some(token) = &loot.access_token else {
            return if loot.hides_tokens {
                (CellState::Unknown, "the page keeps its tokens in its memory, where nobody can look".to_owned())
            } else {
                (CellState::Out, "the tab holds no token".to_owned())
            };
        };
        let url = format!("{}/protocol/openid-connect/userinfo", issuer.as_str().trim_end_matches('/'));
        match self.status(self.http.get(url).bearer_auth(token)).await {
            Ok(200) => (CellState::In, "the tab's token at userinfo: 200".to_owned()),
            Ok(401) => (CellState::Out, "the tab's token at userinfo: 401".to_owned()),
            Ok(other) => (CellState::Unknown, format!("the tab's token at userinfo: {other}")),
            Err(reason) => (CellState::Unknown, reason),
        }
    }

    async fn status(&self, request: reqwest::RequestBuilder) -> Result<u16, String> {
        let answer = request.header(PROBE_HEADER, "1").header(header::ACCEPT, "application/json").send().await;
        match answer {
            Ok(answer) => Ok(answer.status().as_u16()),
            Err(error) if error.is_timeout() => Err("no answer within 10 s".to_owned()),
            Err(error) => Err(format!("no answer: {}", error.without_url())),
        }
    }
}
