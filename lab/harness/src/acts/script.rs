//! A program outside of the browser: a batch job, the portal's own back end, or a thief who has its secrets. It asks
//! Keycloak directly, in the name of a portal's client, with tokens that this client was given.

use reqwest::{Method, RequestBuilder, header};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{About, client_of, no_part};
use crate::tap::tokens::Given;
use crate::trouble::{Kind, Trouble};
use crate::world::Parts;

/// Where a page that has nothing to do with the lab comes from.
const ELSEWHERE: &str = "https://elsewhere.example";

/// What it asks Keycloak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScriptDeed {
    /// The end-session endpoint with the ID token as a hint and without any cookie (RP-Initiated Logout 1.0, 2).
    EndsSessionWithHint,
    /// The same endpoint by POST with the refresh token: Keycloak's own way to log out without a browser.
    EndsSessionWithRefreshToken,
    /// The revocation endpoint with the refresh token (RFC 7009, 2.1).
    RevokesRefreshToken,
    /// The token endpoint with the newest refresh token (RFC 6749, 6).
    Refreshes,
    /// The same with the very first one of this session.
    RefreshesWithFirstToken,
    /// The same with the newest, and without the client's secret.
    RefreshesWithoutSecret,
    /// Userinfo with the access token (Core, 5.3).
    AsksUserinfo,
    /// The same as a script of a page elsewhere on the web would.
    AsksUserinfoFromElsewhere,
    /// The introspection endpoint about the access token (RFC 7662, 2.1).
    Introspects,
    /// The token endpoint with name and password (RFC 6749, 4.3).
    SignsInWithPassword,
    /// The account's own interface: end all sessions of this user but this one.
    EndsOtherSessions,
}

impl Parts {
    pub(super) async fn script(
        &self,
        portal: &str,
        does: ScriptDeed,
        about: &About,
        password: Option<String>,
    ) -> Result<(), Trouble> {
        let client = client_of(portal)?;
        let place = self.topology.portal(portal).ok_or_else(|| no_part(portal))?;
        let secret = self.secrets.of(client);
        let own = |with_secret: bool| {
            let mut form = vec![("client_id", place.client_id.clone())];
            form.extend(secret.filter(|_| with_secret).map(|secret| ("client_secret", secret.to_owned())));
            form
        };
        let given = |first| self.given(&place.client_id, about, first);
        let refresh = |first| given(first)?.refresh.ok_or_else(|| nothing_to_act_with("refresh token"));
        let request = match does {
            ScriptDeed::EndsSessionWithHint => {
                let hint = given(false)?.id.ok_or_else(|| nothing_to_act_with("ID token"))?;
                let mut url = self.endpoint("protocol/openid-connect/logout")?;
                url.query_pairs_mut().append_pair("client_id", &place.client_id).append_pair("id_token_hint", &hint);
                self.http.get(url)
            }
            ScriptDeed::EndsSessionWithRefreshToken => {
                self.form("logout", [own(true), vec![("refresh_token", refresh(false)?)]].concat())?
            }
            ScriptDeed::RevokesRefreshToken => {
                let token = vec![("token", refresh(false)?), ("token_type_hint", "refresh_token".to_owned())];
                self.form("revoke", [own(true), token].concat())?
            }
            ScriptDeed::Refreshes | ScriptDeed::RefreshesWithFirstToken | ScriptDeed::RefreshesWithoutSecret => {
                let token = refresh(does == ScriptDeed::RefreshesWithFirstToken)?;
                let grant = vec![("grant_type", "refresh_token".to_owned()), ("refresh_token", token)];
                self.form("token", [own(does != ScriptDeed::RefreshesWithoutSecret), grant].concat())?
            }
            ScriptDeed::AsksUserinfo => self.userinfo(&given(false)?)?,
            ScriptDeed::AsksUserinfoFromElsewhere => self.userinfo(&given(false)?)?.header(header::ORIGIN, ELSEWHERE),
            ScriptDeed::Introspects => {
                self.form("token/introspect", [own(true), vec![("token", given(false)?.access)]].concat())?
            }
            ScriptDeed::SignsInWithPassword => {
                let password = password.ok_or_else(|| nothing_to_act_with("password"))?;
                let grant = vec![
                    ("grant_type", "password".to_owned()),
                    ("username", about.username.clone()),
                    ("password", password),
                    ("scope", "openid".to_owned()),
                ];
                self.form("token", [own(true), grant].concat())?
            }
            ScriptDeed::EndsOtherSessions => {
                let url = self.endpoint("account/sessions")?;
                // Without this Keycloak takes it for a request of the account console's page.
                let json = "application/json";
                self.http.request(Method::DELETE, url).header(header::ACCEPT, json).bearer_auth(given(false)?.access)
            }
        };
        // By this the tap knows in whose name it asks, also where no `client_id` goes along.
        let agent = format!("sso-lab-portal/script ({portal})");
        request.header(header::USER_AGENT, agent).send().await.map(|_| ()).map_err(|error| {
            Trouble::new(
                Kind::Part,
                "a lesson's program got no answer from Keycloak",
                "Keycloak or its tap is not there",
                "look at `cargo xtask lab status`",
            )
            .caused_by(error.without_url())
        })
    }

    fn given(&self, client_id: &str, about: &About, first: bool) -> Result<Given, Trouble> {
        let given = self.tap("keycloak")?.given(client_id, &about.sid, first);
        given.ok_or_else(|| nothing_to_act_with("token"))
    }

    fn userinfo(&self, given: &Given) -> Result<RequestBuilder, Trouble> {
        Ok(self.http.get(self.endpoint("protocol/openid-connect/userinfo")?).bearer_auth(&given.access))
    }

    fn form(&self, endpoint: &str, fields: Vec<(&str, String)>) -> Result<RequestBuilder, Trouble> {
        Ok(self.http.post(self.endpoint(&format!("protocol/openid-connect/{endpoint}"))?).form(&fields))
    }

    fn endpoint(&self, path: &str) -> Result<Url, Trouble> {
        let text = format!("{}/{path}", self.topology.issuer.as_str().trim_end_matches('/'));
        Url::parse(&text).map_err(|error| no_part("keycloak").caused_by(error))
    }
}

fn nothing_to_act_with(what: &str) -> Trouble {
    Trouble::new(
        Kind::Lesson,
        format!("there is no {what} to act with: Keycloak gave this client none for this session"),
        "the lesson's steps stand in the wrong order, or name another portal",
        "let the person sign in at this portal before",
    )
}
