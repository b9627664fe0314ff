//! The external portal's script, played: a pure single-page app that does OpenID Connect by itself and keeps its
//! tokens in the tab's `sessionStorage`.
//!
//! The requests and their order are those of oidc-client-ts with the portal's settings; random values and the checks
//! of the ID token are openidconnect's. The signature is not checked, as in oidc-client-ts: the token came straight
//! from the token endpoint (Core 3.1.3.7, step 6).

use openidconnect::core::{
    CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AdditionalClaims, ClientId, CsrfToken, IdToken, IdTokenVerifier, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::agent::Browser;
use super::page::Page;
use crate::trouble::{Kind, Trouble};

/// What the tab holds.
#[derive(Default)]
pub struct Spa {
    /// Read at each page load and kept until the next.
    settings: Option<(Config, Endpoints)>,
    tokens: Option<Tokens>,
    signing_in: Option<SigningIn>,
    leaving: Option<String>,
}

/// The tokens in `sessionStorage`. Does not print.
#[derive(Clone)]
pub struct Tokens {
    /// Access token: what a thief of the open laptop could copy.
    pub access: String,
    /// `preferred_username` of the ID token.
    pub user: String,
    id: String,
    iss: String,
    sid: Option<String>,
}

impl Tokens {
    /// Tokens that a real page holds.
    pub(crate) fn held(access: String, id: String, user: &str) -> Self {
        // Issuer and session matter only where the page's hearing is played.
        Self { access, user: user.to_owned(), id, iss: String::new(), sid: None }
    }

    /// The ID token: what a hint at sign-out is.
    pub fn id_token(&self) -> &str {
        &self.id
    }
}

struct SigningIn {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
}

/// What `/config.json` of the portal says.
#[derive(Clone, Deserialize)]
struct Config {
    authority: String,
    client_id: String,
    redirect_uri: String,
    post_logout_redirect_uri: String,
    scope: String,
}

/// What discovery of the provider says, as far as the script needs it.
#[derive(Clone, Deserialize)]
struct Endpoints {
    #[serde(rename = "authorization_endpoint")]
    authorization: Url,
    #[serde(rename = "token_endpoint")]
    token: Url,
    #[serde(rename = "userinfo_endpoint")]
    userinfo: Url,
    #[serde(rename = "end_session_endpoint")]
    end_session: Url,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    id_token: Option<String>,
    error: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sid {
    sid: Option<String>,
}

impl AdditionalClaims for Sid {}

type SpaIdToken = IdToken<Sid, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

impl Spa {
    /// The tokens that the tab holds.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_ref()
    }

    /// Forgets everything, as closing the tab does.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The page was loaded: the script reads its settings, and where it holds tokens it asks userinfo whether they
    /// still count.
    pub async fn loaded(&mut self, browser: &mut Browser, page: &Page) -> Result<(), Trouble> {
        let (_, endpoints) = self.read_settings(browser, page).await?;
        if let Some(tokens) = &self.tokens {
            let answer = browser.fetch(&page.url, &endpoints.userinfo, Some(&tokens.access)).await?;
            if answer.status == 401 {
                self.tokens = None;
            }
        }
        Ok(())
    }

    /// The sign-in button: where the script sends the browser.
    pub async fn sign_in(&mut self, browser: &mut Browser, page: &Page) -> Result<Url, Trouble> {
        let (config, endpoints) = self.settings(browser, page).await?;
        let mut url = endpoints.authorization;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let pending = SigningIn { state: CsrfToken::new_random(), nonce: Nonce::new_random(), verifier };
        url.query_pairs_mut()
            .append_pair("client_id", &config.client_id)
            .append_pair("redirect_uri", &config.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("scope", &config.scope)
            .append_pair("nonce", pending.nonce.secret())
            .append_pair("state", pending.state.secret())
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256");
        self.signing_in = Some(pending);
        Ok(url)
    }

    /// The page behind `redirect_uri`: the script checks the answer and fetches the tokens.
    ///
    /// The inner error is what the page shows the person.
    pub async fn callback(&mut self, browser: &mut Browser, page: &Page) -> Result<Result<(), String>, Trouble> {
        let (config, endpoints) = self.read_settings(browser, page).await?;
        let Some(pending) = self.signing_in.take() else { return Ok(Err("no sign-in was under way".to_owned())) };
        if param(&page.url, "state").as_deref() != Some(pending.state.secret()) {
            return Ok(Err("the answer belongs to another sign-in (state)".to_owned()));
        }
        if let Some(error) = param(&page.url, "error") {
            return Ok(Err(error));
        }
        let Some(code) = param(&page.url, "code") else { return Ok(Err("the answer has no code".to_owned())) };
        let fields = [
            ("grant_type", "authorization_code"),
            ("redirect_uri", config.redirect_uri.as_str()),
            ("code", &code),
            ("code_verifier", pending.verifier.secret()),
            ("client_id", &config.client_id),
        ];
        let answer = browser.post(&page.url, &endpoints.token, &fields).await?;
        let answer: TokenAnswer = json(&answer.body, "the token endpoint")?;
        match (answer.access_token, answer.id_token) {
            (Some(access), Some(id)) => Ok(self.keep(&config, &pending.nonce, access, id)),
            _ => Ok(Err(answer.error.unwrap_or_else(|| "the token endpoint sent no tokens".to_owned()))),
        }
    }

    fn keep(&mut self, config: &Config, nonce: &Nonce, access: String, id: String) -> Result<(), String> {
        let issuer = IssuerUrl::new(config.authority.clone()).map_err(|error| error.to_string())?;
        let client = ClientId::new(config.client_id.clone());
        let verifier: IdTokenVerifier<CoreJsonWebKey> =
            IdTokenVerifier::new_public_client(client, issuer, CoreJsonWebKeySet::new(Vec::new()))
                .insecure_disable_signature_check();
        let token: SpaIdToken = id.parse().map_err(|_| "the ID token cannot be read".to_owned())?;
        let claims = token.claims(&verifier, nonce).map_err(|error| error.to_string())?;
        let user = claims.preferred_username().map_or_else(|| claims.subject().to_string(), |name| name.to_string());
        let (iss, sid) = (claims.issuer().to_string(), claims.additional_claims().sid.clone());
        self.tokens = Some(Tokens { access, user, id, iss, sid });
        Ok(())
    }

    /// The sign-out button: the script forgets its tokens and says where it sends the browser; `None` when it holds
    /// no tokens.
    pub async fn sign_out(&mut self, browser: &mut Browser, page: &Page) -> Result<Option<Url>, Trouble> {
        let Some(tokens) = self.tokens.take() else { return Ok(None) };
        let (config, endpoints) = self.settings(browser, page).await?;
        let mut url = endpoints.end_session;
        let state = CsrfToken::new_random();
        url.query_pairs_mut()
            .append_pair("id_token_hint", &tokens.id)
            .append_pair("client_id", &config.client_id)
            .append_pair("post_logout_redirect_uri", &config.post_logout_redirect_uri)
            .append_pair("state", state.secret());
        self.leaving = Some(state.secret().clone());
        Ok(Some(url))
    }

    /// The page behind `post_logout_redirect_uri`: whether the state is the one that this tab took along.
    pub async fn returned(&mut self, browser: &mut Browser, page: &Page) -> Result<bool, Trouble> {
        self.read_settings(browser, page).await?;
        let left_with = self.leaving.take();
        Ok(left_with.is_some() && param(&page.url, "state") == left_with)
    }

    /// The settings of this page load.
    async fn settings(&mut self, browser: &mut Browser, page: &Page) -> Result<(Config, Endpoints), Trouble> {
        match &self.settings {
            Some(settings) => Ok(settings.clone()),
            None => self.read_settings(browser, page).await,
        }
    }

    /// A new page load reads its settings anew.
    async fn read_settings(&mut self, browser: &mut Browser, page: &Page) -> Result<(Config, Endpoints), Trouble> {
        let config = config(browser, page).await?;
        let endpoints = endpoints(browser, page, &config).await?;
        self.settings = Some((config.clone(), endpoints.clone()));
        Ok((config, endpoints))
    }

    /// The front-channel page ran in a frame and told the open tab: its tokens go when issuer and session are its
    /// own (FCL 2). Returns whether they went.
    pub fn heard(&mut self, frame: &Url) -> bool {
        let named = (param(frame, "iss"), param(frame, "sid"));
        let own = self.tokens.as_ref().map(|tokens| (Some(tokens.iss.clone()), tokens.sid.clone()));
        let matches = own.as_ref() == Some(&named) && named.1.is_some();
        if matches {
            self.tokens = None;
        }
        matches
    }
}

async fn config(browser: &mut Browser, page: &Page) -> Result<Config, Trouble> {
    let url = page.url.join("/config.json").map_err(|error| unreadable("the external portal's address", &error))?;
    let answer = browser.fetch(&page.url, &url, None).await?;
    json(&answer.body, "/config.json of the external portal")
}

async fn endpoints(browser: &mut Browser, page: &Page, config: &Config) -> Result<Endpoints, Trouble> {
    let url = format!("{}/.well-known/openid-configuration", config.authority.trim_end_matches('/'));
    let url = Url::parse(&url).map_err(|error| unreadable("\"authority\" of the external portal", &error))?;
    let answer = browser.fetch(&page.url, &url, None).await?;
    json(&answer.body, "Keycloak's discovery document")
}

pub(crate) fn param(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn json<'a, T: Deserialize<'a>>(body: &'a str, what: &str) -> Result<T, Trouble> {
    serde_json::from_str(body).map_err(|error| {
        // serde quotes no values for a missing member or a wrong type of a member of ours; line and column suffice.
        unreadable(what, &format!("line {} column {}", error.line(), error.column()))
    })
}

fn unreadable(what: &str, why: &dyn std::fmt::Display) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("{what} is not as the external portal's script expects it: {why}"),
        "the script cannot go on, and neither can a person's browser",
        "look at `cargo xtask lab logs external` and at the address in the message before this one",
    )
}

#[cfg(test)]
mod tests;
