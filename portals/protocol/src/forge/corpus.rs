//! The attacks as data: `corpus/backchannel.json` and `corpus/frontchannel.json`.
//!
//! Each case says what is sent, in which circumstances, by which clause it must fail (or work), and what may come of it.
//! The cases about a token alone run against [`crate::verify`] in this crate's tests. All of them can be sent over HTTP:
//! [`Case::requests`] writes them down without knowing any HTTP library.

use serde::{Deserialize, Deserializer};

use super::{Forge, Mutation};
use crate::logout_token::Rule;

mod front;
mod request;

pub use front::{Cookie, FrontCase, FrontExpected, front_cases};
pub use request::{HttpRequest, Template};

/// One attack on the back-channel endpoint.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Number of the attack; several variants of one share it.
    pub id: String,
    /// What is special about this variant.
    pub title: String,
    /// On which level it attacks.
    pub group: Group,
    /// The clause that decides, as `SHORT-SECTION`.
    pub clause: String,
    /// How its token differs from a good one; nothing means a good token.
    #[serde(default)]
    pub mutations: Vec<Mutation>,
    /// How its request differs from the usual one.
    #[serde(default)]
    pub request: Template,
    /// How the request is delivered.
    #[serde(default)]
    pub delivery: Delivery,
    /// What must be arranged first.
    #[serde(default)]
    pub circumstance: Circumstance,
    /// What must come of it.
    pub expect: Expected,
}

/// On which level an attack works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// The HTTP request.
    Request,
    /// The signed envelope.
    Jose,
    /// The claims.
    Claims,
    /// Another kind of token, or another place, time or order.
    Context,
}

/// What must come of an attack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// The statuses that are right. (A `HEAD` or `TRACE` that never reaches the endpoint is right with any of them.)
    pub status: Vec<u16>,
    /// Which sessions end.
    pub effect: Effect,
    /// The tag of the refusal, where the token is what is wrong.
    #[serde(default, deserialize_with = "rule")]
    pub refusal: Option<Rule>,
}

/// Which sessions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// None, and nothing else changes.
    None,
    /// The one that the forge aims at.
    NamedSession,
    /// All of its user.
    AllOfSub,
    /// A session that is opened afterwards, and that the token names, is refused.
    LateSessionRefused,
}

/// How a request is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delivery {
    /// Once; the usual way.
    #[default]
    Once,
    /// Twice, one after the other. What is expected is expected of the second; the first is answered 200.
    Twice,
    /// After a good token with the same `jti`, which is answered 200.
    AfterItsTwin,
    /// Fifty times at once. One is answered 200, the others 200 or as expected; the effect happens once.
    Parallel,
    /// As fast as possible for a while. A good token among them must get its answer in time.
    Flood,
    /// One byte a second.
    Slowly,
    /// With a `Content-Length` far beyond the body, which then ends.
    DeclaredLonger,
    /// With `Transfer-Encoding: chunked`, so that no length announces the body.
    Chunked,
}

/// What must be arranged before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Circumstance {
    /// The session that the forge aims at, another one of its user on another device, and one of another user.
    #[default]
    Usual,
    /// The provider publishes a second key of the same kind.
    ChoiceOfKeys,
    /// The client may use ES256.
    Es256Allowed,
    /// The portal asks for the type of logout tokens.
    OnlyLogoutType,
    /// The portal asks for a short life.
    ShortLife,
    /// The portal accepts tokens without `exp`.
    ExpOptional,
    /// The request carries the session cookie of another user.
    CookieOfAnotherUser,
    /// The user signed in again after the token was made.
    SessionIsNewer,
    /// The session is opened only after the token has arrived.
    SessionIsLate,
    /// The keys are not cached, and the provider does not answer.
    KeysUnreachable,
    /// The store does not answer.
    StoreDown,
}

/// All attacks on the back-channel endpoint.
///
/// # Panics
/// When the file has a word, a mutation or a tag that nobody knows, or two cases that cannot be told apart.
pub fn cases() -> Vec<Case> {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../corpus/backchannel.json")).expect("the corpus is well-formed");
    assert_unique(cases.iter().map(|case| (case.id.as_str(), case.title.as_str())));
    cases
}

impl Case {
    /// The token of this case.
    pub fn token(&self, forge: &Forge) -> String {
        forge.token(&self.mutations)
    }

    /// The requests of this case in their order. What is expected is expected of the last one; those before it prepare
    /// it, and are answered 200.
    pub fn requests(&self, forge: &Forge) -> Vec<HttpRequest> {
        match self.delivery {
            Delivery::Twice => {
                let request = self.request(forge);
                vec![request.clone(), request]
            }
            Delivery::AfterItsTwin => {
                let jti = format!("twin-{}-{}", self.id, forge.now.as_second());
                let of = |mutations: &[Mutation]| self.request.write(forge, &forge.token_with_jti(&jti, mutations));
                vec![of(&[]), of(&self.mutations)]
            }
            Delivery::Once
            | Delivery::Parallel
            | Delivery::Flood
            | Delivery::Slowly
            | Delivery::DeclaredLonger
            | Delivery::Chunked => vec![self.request(forge)],
        }
    }

    /// The request of this case.
    pub fn request(&self, forge: &Forge) -> HttpRequest {
        self.request.write(forge, &self.token(forge))
    }
}

fn assert_unique<'a>(names: impl Iterator<Item = (&'a str, &'a str)>) {
    let mut seen = std::collections::HashSet::new();
    for name in names {
        assert!(seen.insert(name), "the corpus has {name:?} twice");
    }
}

fn rule<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Rule>, D::Error> {
    let tag = String::deserialize(deserializer)?;
    let rule = Rule::with_tag(&tag);
    rule.map(Some).ok_or_else(|| serde::de::Error::custom(format!("no refusal has the tag `{tag}`")))
}
