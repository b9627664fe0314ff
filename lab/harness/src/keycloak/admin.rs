//! What the lab asks of a running Keycloak: its administration interface, spoken at the private address, so that
//! nothing of it passes a tap.
//!
//! Plain JSON instead of typed representations: the lab changes a few members of what Keycloak sends and sends the
//! rest back as it came, and a typed representation would drop every member that it does not know.

use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

use super::Credentials;
use super::readiness::{authority, below};
use crate::http;
use crate::trouble::{Kind, Trouble};

mod administrators;
mod borrowed;
mod clients;
mod deeds;
mod export;
mod realms;
mod sessions;

pub use realms::RUN_ATTRIBUTE;
pub(super) use realms::{marked, run_of};

/// One answer; creating a realm on a busy computer takes seconds.
const PER_QUESTION: Duration = Duration::from_mins(1);
/// A token is renewed so long before it expires, so that it does not expire on its way.
const MARGIN: Duration = Duration::from_secs(10);

/// An administrator at one Keycloak. Signs in when it is first asked for something and renews its token by itself.
pub struct Admin {
    upstream: Url,
    /// The public authority: a Keycloak without a fixed hostname names its issuer after it, and refuses tokens of
    /// another issuer.
    host: String,
    credentials: Credentials,
    http: reqwest::Client,
    token: Mutex<Option<Token>>,
}

struct Token {
    access: String,
    access_until: Instant,
    refresh: Option<String>,
}

impl Admin {
    /// The administrator `credentials` of the Keycloak at `upstream`, which the world knows as `public_url`.
    pub fn new(upstream: Url, public_url: &Url, credentials: Credentials) -> Self {
        Self {
            upstream,
            host: authority(public_url),
            credentials,
            http: http::client(PER_QUESTION),
            token: Mutex::new(None),
        }
    }

    /// Signs in, to find out whether that works. Errors: wrong credentials (kind `Usage`), no answer.
    pub async fn sign_in(&self) -> Result<(), Trouble> {
        self.access_token().await.map(|_| ())
    }

    /// The version that the server says it is.
    pub async fn server_version(&self) -> Result<String, Trouble> {
        let info = self.get("serverinfo").await?;
        info["systemInfo"]["version"].as_str().map(str::to_owned).ok_or_else(|| unexpected("serverinfo", "no version"))
    }

    /// Gives the administrator another password, and goes on with it.
    pub async fn replace_password(&mut self, password: &str) -> Result<(), Trouble> {
        let id = self.user_id("master", &self.credentials.username).await?;
        let body = serde_json::json!({ "type": "password", "value": password, "temporary": false });
        self.put(&format!("realms/master/users/{id}/reset-password"), &body).await?;
        password.clone_into(&mut self.credentials.password);
        Ok(())
    }

    /// The id of a user.
    async fn user_id(&self, realm: &str, username: &str) -> Result<String, Trouble> {
        let user = self.user_in(realm, username).await?.unwrap_or_default();
        user["id"].as_str().map(str::to_owned).ok_or_else(|| {
            Trouble::new(
                Kind::Usage,
                format!("the realm {realm} has no user {username}"),
                "a name is misspelt, or the user was deleted",
                "look at the users of the realm in the administration console",
            )
        })
    }

    /// A user as Keycloak has it; `None` when there is none of that name.
    async fn user_in(&self, realm: &str, username: &str) -> Result<Option<Value>, Trouble> {
        let mut url = self.url(&format!("realms/{realm}/users"));
        url.query_pairs_mut().append_pair("username", username).append_pair("exact", "true");
        Ok(self.json(Method::GET, url, None).await?.get(0).cloned())
    }

    /// Asks for anything else, for example `realms/master/events`.
    pub async fn get(&self, path: &str) -> Result<Value, Trouble> {
        self.json(Method::GET, self.url(path), None).await
    }

    /// Changes anything else. Keycloak leaves members that `body` does not name as they are.
    pub async fn put(&self, path: &str, body: &Value) -> Result<(), Trouble> {
        self.json(Method::PUT, self.url(path), Some(body)).await.map(|_| ())
    }

    /// Creates or does anything else.
    pub async fn post(&self, path: &str, body: Option<&Value>) -> Result<(), Trouble> {
        self.json(Method::POST, self.url(path), body).await.map(|_| ())
    }

    /// Deletes anything else.
    pub async fn delete(&self, path: &str) -> Result<(), Trouble> {
        self.json(Method::DELETE, self.url(path), None).await.map(|_| ())
    }

    fn url(&self, path: &str) -> Url {
        below(&self.upstream, &format!("admin/{path}"))
    }

    async fn json(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, Trouble> {
        let (status, text) = self.ask(method.clone(), url.clone(), body).await?;
        if !status.is_success() {
            return Err(refused(&method, &url, status, &text));
        }
        if text.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&text).map_err(|error| unexpected(url.path(), "no JSON").caused_by(error))
    }

    /// One exchange, with one more try and a fresh sign-in where the token is not taken any more.
    async fn ask(&self, method: Method, url: Url, body: Option<&Value>) -> Result<(StatusCode, String), Trouble> {
        let first = self.ask_once(method.clone(), url.clone(), body).await?;
        if first.0 != StatusCode::UNAUTHORIZED {
            return Ok(first);
        }
        *self.token.lock().await = None;
        self.ask_once(method, url, body).await
    }

    async fn ask_once(&self, method: Method, url: Url, body: Option<&Value>) -> Result<(StatusCode, String), Trouble> {
        let token = self.access_token().await?;
        let mut request =
            self.http.request(method, url.clone()).header(reqwest::header::HOST, &self.host).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| no_answer(&url, error))?;
        let status = answer.status();
        Ok((status, answer.text().await.map_err(|error| no_answer(&url, error))?))
    }

    /// A token that is good for at least [`MARGIN`].
    async fn access_token(&self) -> Result<String, Trouble> {
        let mut held = self.token.lock().await;
        if let Some(token) = held.as_ref()
            && Instant::now() + MARGIN < token.access_until
        {
            return Ok(token.access.clone());
        }
        // A refresh costs a tenth of a sign-in, which hashes the password; it fails when the session has ended.
        let refreshed = match held.take().and_then(|token| token.refresh) {
            Some(refresh) => self.token_by(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]).await.ok(),
            None => None,
        };
        let token = if let Some(token) = refreshed {
            token
        } else {
            let Credentials { username, password } = &self.credentials;
            self.token_by(&[("grant_type", "password"), ("username", username), ("password", password)]).await?
        };
        let access = token.access.clone();
        *held = Some(token);
        Ok(access)
    }

    async fn token_by(&self, grant: &[(&str, &str)]) -> Result<Token, Trouble> {
        let url = below(&self.upstream, "realms/master/protocol/openid-connect/token");
        let mut form = vec![("client_id", "admin-cli")];
        form.extend_from_slice(grant);
        let asked = Instant::now();
        let request = self.http.post(url.clone()).header(reqwest::header::HOST, &self.host).form(&form);
        let answer = request.send().await.map_err(|error| no_answer(&url, error))?;
        let status = answer.status();
        let text = answer.text().await.map_err(|error| no_answer(&url, error))?;
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::BAD_REQUEST {
            return Err(not_signed_in(&self.credentials.username, &text));
        }
        if !status.is_success() {
            return Err(refused(&Method::POST, &url, status, &text));
        }
        let json: Value =
            serde_json::from_str(&text).map_err(|error| unexpected("token", "no JSON").caused_by(error))?;
        let access = json["access_token"].as_str().ok_or_else(|| unexpected("token", "no access token"))?;
        Ok(Token {
            access: access.to_owned(),
            access_until: asked + Duration::from_secs(json["expires_in"].as_u64().unwrap_or(0)),
            refresh: json["refresh_token"].as_str().map(str::to_owned),
        })
    }
}

fn no_answer(url: &Url, error: reqwest::Error) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("Keycloak does not answer at {}", url.path()),
        "it is stopping, overloaded, or not there any more",
        "look at `cargo xtask lab status` and at Keycloak's log",
    )
    .caused_by(error.without_url())
}

fn not_signed_in(username: &str, text: &str) -> Trouble {
    let why = serde_json::from_str::<Value>(text)
        .ok()
        .and_then(|json| json["error_description"].as_str().or(json["error"].as_str()).map(str::to_owned));
    Trouble::new(
        Kind::Usage,
        format!("Keycloak does not let the administrator {username} in: {}", why.unwrap_or_default()),
        "the name or the password is wrong, the account is disabled or locked, or it needs more than a password",
        "give an administrator of the realm master who signs in with a password alone",
    )
}

fn refused(method: &Method, url: &Url, status: StatusCode, text: &str) -> Trouble {
    let said: String = text.chars().take(300).collect();
    let kind = if status == StatusCode::FORBIDDEN { Kind::Usage } else { Kind::Part };
    Trouble::new(
        kind,
        format!("Keycloak answers {} to {method} {}: {said}", status.as_u16(), url.path()),
        match status {
            StatusCode::FORBIDDEN => "the administrator may not do what the lab needs",
            StatusCode::NOT_FOUND => "what the lab asks about is not there any more",
            _ => "Keycloak did not do what the lab asked for",
        },
        match status {
            StatusCode::FORBIDDEN => "give an administrator with the role `admin` of the realm master",
            _ => "look at Keycloak's log, then start the lab again",
        },
    )
}

fn unexpected(what: &str, how: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("Keycloak's answer about {what} is not understood: {how}"),
        "this version may answer differently, or something else answers at this address",
        "use a version that the lab pins, or check the address",
    )
}
