//! The attacks on the front-channel endpoint.

use serde::Deserialize;

use super::{Effect, HttpRequest, assert_unique};
use crate::forge::Forge;

/// One attack on the front-channel endpoint: a GET that any page can make a browser send.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontCase {
    /// Number of the attack; several variants of one share it.
    pub id: String,
    /// What is special about this variant.
    pub title: String,
    /// The clause that decides.
    pub clause: String,
    /// The parameters of the query in their order. Values may have placeholders.
    pub query: Vec<(String, String)>,
    /// Whose session cookie comes along.
    pub cookie: Cookie,
    /// What must come of it.
    pub expect: FrontExpected,
}

/// Whose session cookie comes along.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cookie {
    /// That of the session that the forge aims at.
    Own,
    /// That of another user.
    Other,
    /// None, as in an iframe on another site.
    None,
}

/// What must come of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontExpected {
    /// The statuses that are right.
    pub status: Vec<u16>,
    /// Which sessions end.
    pub effect: Effect,
    /// The tag of the refusal, where the query is what is wrong.
    #[serde(default)]
    pub refusal: Option<String>,
}

/// All attacks on the front-channel endpoint.
///
/// # Panics
/// As [`super::cases`].
pub fn front_cases() -> Vec<FrontCase> {
    let cases: Vec<FrontCase> =
        serde_json::from_str(include_str!("../../../corpus/frontchannel.json")).expect("the corpus is well-formed");
    assert_unique(cases.iter().map(|case| (case.id.as_str(), case.title.as_str())));
    cases
}

impl FrontCase {
    /// The query as it is sent, without the question mark.
    pub fn query(&self, forge: &Forge) -> String {
        let pairs = self.query.iter().map(|(name, value)| (name, forge.fill_in(value)));
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// The request, without its cookie: whoever sends it knows the cookies.
    pub fn request(&self, forge: &Forge) -> HttpRequest {
        let query = self.query(forge);
        HttpRequest {
            method: "GET".to_owned(),
            path_query: if query.is_empty() { "/logout".to_owned() } else { format!("/logout?{query}") },
            headers: vec![("sec-fetch-dest".to_owned(), "iframe".to_owned())],
            body: Vec::new(),
        }
    }
}
