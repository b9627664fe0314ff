//! Which values are secrets, which only identify something of this run, and which may be shown as they are.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lab_trace::{Param, Shown};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Masks values. Fingerprints are keyed with a random key of this run, so that a weak secret cannot be guessed
/// from its fingerprint and fingerprints of two runs cannot be compared.
#[derive(Clone)]
pub struct Masker {
    key: [u8; 32],
}

/// What a name says about its value.
enum Class {
    Plain,
    Id(&'static str),
    Secret(&'static str),
}

/// Names of the protocols, and what is behind them.
const NAMES: &[(&str, Class)] = &[
    ("sid", Class::Id("sid")),
    ("session_state", Class::Id("sid")),
    ("sub", Class::Id("sub")),
    ("jti", Class::Id("jti")),
    ("kid", Class::Id("kid")),
    ("execution", Class::Id("execution")),
    ("tab_id", Class::Id("tab_id")),
    ("client_data", Class::Id("client_data")),
    ("code_challenge", Class::Id("code_challenge")),
    ("state", Class::Secret("state")),
    ("nonce", Class::Secret("nonce")),
    ("code", Class::Secret("code")),
    ("code_verifier", Class::Secret("code_verifier")),
    ("session_code", Class::Secret("session_code")),
    ("id_token", Class::Secret("id_token")),
    ("id_token_hint", Class::Secret("id_token")),
    ("access_token", Class::Secret("access_token")),
    ("refresh_token", Class::Secret("refresh_token")),
    ("logout_token", Class::Secret("logout_token")),
    ("authorization", Class::Secret("authorization")),
    ("token_type", Class::Plain),
    ("token_type_hint", Class::Plain),
    ("code_challenge_method", Class::Plain),
    ("not-before-policy", Class::Plain),
    ("grant_type", Class::Plain),
];

/// Parts of names that give a secret away in applications that we do not know.
const SUSPICIOUS: &[&str] = &["secret", "token", "passw", "session", "key", "code", "assertion", "credential", "auth"];

/// Names with a suspicious part that are harmless and needed in a lesson.
const HARMLESS: &[&str] = &["auth_time", "authority", "expires_in", "refresh_expires_in", "author"];

impl Default for Masker {
    fn default() -> Self {
        Self::new()
    }
}

impl Masker {
    /// A masker with a fresh random key.
    pub fn new() -> Self {
        Self { key: rand::random() }
    }

    /// A named value as it may be kept.
    pub fn param(&self, name: &str, value: &str) -> Param {
        Param { name: name.to_owned(), value: self.value(name, value) }
    }

    /// A cookie: the name stays, the value never does. An empty value (a deleted cookie) stays visible as such.
    pub fn cookie(&self, name: &str, value: &str) -> Param {
        let value = if value.is_empty() {
            Shown::plain("")
        } else {
            Shown::Secret { kind: format!("cookie {name}"), print: self.print(value) }
        };
        Param { name: name.to_owned(), value }
    }

    /// The value behind `name`.
    pub fn value(&self, name: &str, value: &str) -> Shown {
        let class = class_of(name);
        if let Some((header, claims)) = decode_jwt(value) {
            // What it is counts, not where it stands: an access token that somebody sends as a hint is still one.
            let kind = match (claims["typ"].as_str(), class) {
                (Some("Bearer"), _) => "access_token".to_owned(),
                (Some("ID"), _) => "id_token".to_owned(),
                (Some("Refresh"), _) => "refresh_token".to_owned(),
                (_, Class::Secret(kind) | Class::Id(kind)) => kind.to_owned(),
                (_, Class::Plain) => "token".to_owned(),
            };
            return Shown::Token { kind, print: self.print(value), header, claims };
        }
        match class {
            Class::Plain => Shown::plain(value),
            Class::Id(kind) => Shown::Id { kind: kind.to_owned(), text: value.to_owned() },
            Class::Secret(kind) => {
                let kind = if kind.is_empty() { name.to_ascii_lowercase() } else { kind.to_owned() };
                Shown::Secret { kind, print: self.print(value) }
            }
        }
    }

    /// Members of a JSON object; nested values become compact JSON with the secrets inside them replaced.
    pub fn members(&self, object: &serde_json::Map<String, Value>) -> Vec<Param> {
        object
            .iter()
            .map(|(name, value)| match (value, class_of(name)) {
                (Value::String(text), _) => self.param(name, text),
                // A view of a token (an application's own JSON): who knows in which form it repeats what is inside.
                (Value::Object(_) | Value::Array(_), Class::Secret(_)) => {
                    let value = Shown::Secret { kind: format!("masked {name}"), print: self.print(&value.to_string()) };
                    Param { name: name.clone(), value }
                }
                (other, _) => Param::plain(name.clone(), self.nested(name, other.clone()).to_string()),
            })
            .collect()
    }

    fn nested(&self, name: &str, value: Value) -> Value {
        match value {
            Value::String(text) => match self.value(name, &text) {
                Shown::Plain { text } | Shown::Id { text, .. } => Value::from(text),
                Shown::Secret { kind, .. } | Shown::Token { kind, .. } => Value::from(format!("<{kind}>")),
            },
            Value::Array(items) => items.into_iter().map(|item| self.nested(name, item)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| {
                    let masked = self.nested(&name, value);
                    (name, masked)
                })
                .collect(),
            plain @ (Value::Null | Value::Bool(_) | Value::Number(_)) => plain,
        }
    }

    fn print(&self, value: &str) -> String {
        use std::fmt::Write as _;
        let digest = Sha256::new().chain_update(self.key).chain_update(value.as_bytes()).finalize();
        digest.iter().take(8).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

fn class_of(name: &str) -> Class {
    let lower = name.to_ascii_lowercase();
    if let Some((_, class)) = NAMES.iter().find(|(known, _)| *known == lower) {
        return match class {
            Class::Plain => Class::Plain,
            Class::Id(kind) => Class::Id(kind),
            Class::Secret(kind) => Class::Secret(kind),
        };
    }
    let suspicious = SUSPICIOUS.iter().any(|part| lower.contains(part)) && !HARMLESS.contains(&lower.as_str());
    if suspicious { Class::Secret("") } else { Class::Plain }
}

/// Header and claims of a JSON Web Token in compact form; `None` for anything else. Nothing is verified: a tap
/// shows what was sent.
pub fn decode_jwt(text: &str) -> Option<(Value, Value)> {
    let mut parts = text.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let object = |part: &str| {
        let value: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()?;
        value.is_object().then_some(value)
    };
    Some((object(header)?, object(claims)?))
}
