//! A request as data, for any HTTP client.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::forge::Forge;

/// How a request differs from `POST /logout` with a form that has the case's token.
///
/// In `query`, `body` and `headers`, `{token}` is the case's token, `{good}` a good one, and `{x*300}` 300 times `x`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Template {
    /// Method.
    pub method: String,
    /// Path, if it is not the registered one.
    pub path: String,
    /// Query, without the question mark.
    pub query: String,
    /// Content type; empty for none.
    pub content_type: String,
    /// Further headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: String,
    /// The body in base64, for one that is no text; then `body` does not count.
    pub body_base64: Option<String>,
}

/// A request without any HTTP library's types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// Method.
    pub method: String,
    /// Path and query.
    pub path_query: String,
    /// Names and values; `content-length` is left to whoever sends it.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Default for Template {
    fn default() -> Self {
        Self {
            method: "POST".to_owned(),
            path: "/logout".to_owned(),
            query: String::new(),
            content_type: "application/x-www-form-urlencoded".to_owned(),
            headers: Vec::new(),
            body: "logout_token={token}".to_owned(),
            body_base64: None,
        }
    }
}

impl Template {
    /// Writes the request down with `token` in it.
    pub(super) fn write(&self, forge: &Forge, token: &str) -> HttpRequest {
        // A form escapes what is not harmless. Only mutated tokens have such characters, and they must arrive as they are.
        let escaped: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let put_in = |text: &str| {
            let mut text = forge.fill_in(&text.replace("{token}", "\u{1}").replace("{good}", "\u{2}"));
            if text.contains('\u{2}') {
                text = text.replace('\u{2}', &forge.token(&[]));
            }
            text.replace('\u{1}', &escaped)
        };
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (name.clone(), put_in(value))).collect();
        if !self.content_type.is_empty() {
            headers.push(("content-type".to_owned(), self.content_type.clone()));
        }
        let query = put_in(&self.query);
        HttpRequest {
            method: self.method.clone(),
            path_query: if query.is_empty() { self.path.clone() } else { format!("{}?{query}", self.path) },
            headers,
            body: match &self.body_base64 {
                Some(base64) => STANDARD.decode(base64).expect("the corpus has base64 there"),
                None => put_in(&self.body).into_bytes(),
            },
        }
    }
}
