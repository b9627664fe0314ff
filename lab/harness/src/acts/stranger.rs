//! A stranger on the network: knows every address and every name, and has no key of Keycloak's.

use jiff::Timestamp;
use lab_trace::Party;
use portal_protocol::forge::{Forge, Mutation, Pen};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{client_of, no_part};
use crate::tap::STRANGER_HEADER;
use crate::trouble::{Kind, Trouble};
use crate::world::Parts;

/// What a stranger posts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sent {
    /// A logout token with everything right, the `kid` too, signed with a key of the stranger's own.
    Forged,
    /// The same without a signature (`alg` `none`).
    Unsigned,
    /// The same with a `kid` that nobody has ever heard of.
    UnknownKey,
    /// No token at all.
    Nonsense,
    /// The last logout token that Keycloak sent to this portal.
    Copy,
    /// The last logout token that Keycloak sent to the other portal with a server.
    CopyForOther,
    /// The ID token that this portal was given for this session.
    IdToken,
    /// The ID token that the other portal with a server was given for this session.
    IdTokenOfOther,
    /// A logout token of a test realm whose name begins as this one's and whose key was imported here.
    FromTestRealm,
}

/// Whom a forged token is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The user's name.
    pub username: String,
    /// The session.
    pub sid: String,
}

/// What a stranger has in the bag: found once, however often it is posted.
pub(super) enum Letters {
    /// The same each time.
    Same(String),
    /// Each a new one of this forge, naming this key or (`None`) one that does not exist.
    Forged { forge: Box<Forge>, kid: Option<String>, pen: Pen },
}

impl Letters {
    /// The next one.
    pub(super) fn next(&self) -> String {
        match self {
            Self::Same(text) => text.clone(),
            Self::Forged { forge, kid, pen } => {
                let random = || format!("{:032x}", rand::random::<u128>());
                let mutations =
                    [Mutation::header("kid", json!(kid.clone().unwrap_or_else(random))), Mutation::Pen(*pen)];
                // Each its own: two posts of one second must not look like one token sent twice.
                forge.token_with_jti(&format!("forged-{}", random()), &mutations)
            }
        }
    }
}

impl Parts {
    pub(super) async fn letters(&self, portal: &str, sent: Sent, about: Option<About>) -> Result<Letters, Trouble> {
        Ok(match sent {
            Sent::Nonsense => Letters::Same("hello".to_owned()),
            Sent::Copy => Letters::Same(self.overheard(portal)?),
            Sent::CopyForOther => Letters::Same(self.overheard(other(portal))?),
            Sent::IdToken => Letters::Same(self.id_token(portal, about)?),
            Sent::IdTokenOfOther => Letters::Same(self.id_token(other(portal), about)?),
            Sent::Forged | Sent::Unsigned | Sent::UnknownKey | Sent::FromTestRealm => {
                let about = about.ok_or_else(|| {
                    lesson("a forged token has to be about somebody who is signed in", "name the person in `about`")
                })?;
                let user = self.admin.find_user(&about.username).await?;
                let sub = user.as_ref().and_then(|user| user["id"].as_str()).ok_or_else(|| {
                    lesson(
                        "a forged token has to be about a user who exists",
                        "let the stranger act before the user goes",
                    )
                })?;
                let kid = match sent {
                    Sent::UnknownKey => None,
                    Sent::FromTestRealm => Some(self.admin.imported_kid().await?),
                    _ => Some(self.admin.signing_kid().await?),
                };
                let mut issuer = self.topology.issuer.as_str().trim_end_matches('/').to_owned();
                let pen = match sent {
                    Sent::Unsigned => Pen::Nobody,
                    Sent::FromTestRealm => Pen::Provider,
                    _ => Pen::Foreign,
                };
                if sent == Sent::FromTestRealm {
                    issuer.push_str("-test");
                }
                let forge = Forge::new(&issuer, client_of(portal)?.id(), sub, &about.sid, Timestamp::now());
                Letters::Forged { forge: Box::new(forge), kid, pen }
            }
        })
    }

    pub(super) async fn post_as_stranger(&self, portal: &str, token: String) -> Result<(), Trouble> {
        let place = self.topology.portal(portal).ok_or_else(|| no_part(portal))?;
        let url = place.url.join("logout").map_err(|error| no_part(portal).caused_by(error))?;
        let post = self.http.post(url).header(STRANGER_HEADER, "1").form(&[("logout_token", token)]);
        post.send().await.map(|_| ()).map_err(|error| {
            Trouble::new(
                Kind::Part,
                format!("{} got no answer from the {portal} portal", Party::Stranger),
                "the portal or its tap is not there",
                "look at `cargo xtask lab status`",
            )
            .caused_by(error.without_url())
        })
    }

    fn id_token(&self, portal: &str, about: Option<About>) -> Result<String, Trouble> {
        let about = about.ok_or_else(|| lesson("an ID token is somebody's", "name the person in `about`"))?;
        let given = self.tap("keycloak")?.given(client_of(portal)?.id(), &about.sid, false);
        given.and_then(|given| given.id).ok_or_else(|| {
            lesson(
                "there is no ID token to send: Keycloak gave this portal none",
                "let the person sign in there before",
            )
        })
    }

    fn overheard(&self, portal: &str) -> Result<String, Trouble> {
        self.tap(portal)?.last_token().ok_or_else(|| {
            lesson(
                "there is no logout token to copy: Keycloak has sent none to this portal",
                "let somebody sign out before the stranger acts",
            )
        })
    }
}

/// The other portal with a server.
fn other(portal: &str) -> &'static str {
    if portal == "admin" { "internal" } else { "admin" }
}

fn lesson(what: &str, action: &str) -> Trouble {
    Trouble::new(Kind::Lesson, what.to_owned(), "the lesson's steps stand in the wrong order", action.to_owned())
}
