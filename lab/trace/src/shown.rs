//! Values as the lab keeps them: plain, an identifier of this run, or a secret of which only a
//! fingerprint is left. Masking happens where a value is captured, so no later reader can leak it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A named value: query or form parameter, header, cookie, JSON member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Name as on the wire.
    pub name: String,
    /// Value as far as it may be kept.
    pub value: Shown,
}

/// A captured value.
///
/// `kind` is the alias family: equal values of one family get equal aliases (`<sid:1>`) in transcripts,
/// so `sid` in a token, `session_state` in a callback and `sid` in an iframe URL share one number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Shown {
    /// May be shown and is the same in every run.
    Plain {
        /// The value.
        text: String,
    },
    /// May be shown, but differs from run to run (`sid`, `state`, `jti`).
    Id {
        /// Alias family.
        kind: String,
        /// The value.
        text: String,
    },
    /// Must not be shown. `print` is a keyed fingerprint: equal secrets, equal prints.
    Secret {
        /// Alias family.
        kind: String,
        /// Fingerprint, hexadecimal.
        print: String,
    },
    /// A JSON Web Token: the signature is dropped, what it says is kept.
    Token {
        /// Alias family (`id_token`, `logout_token`, …).
        kind: String,
        /// Fingerprint of the whole token.
        print: String,
        /// JOSE header.
        header: Value,
        /// Claims, with secrets inside them masked.
        claims: Value,
    },
}

impl Shown {
    /// A value that may be shown as it is.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::Plain { text: text.into() }
    }

    /// The text of a value that may be shown; `None` for secrets and tokens.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Plain { text } | Self::Id { text, .. } => Some(text),
            Self::Secret { .. } | Self::Token { .. } => None,
        }
    }

    /// A claim of a token; `None` where this is no token or the claim is absent.
    pub fn claim(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Token { claims, .. } => claims.get(name),
            Self::Plain { .. } | Self::Id { .. } | Self::Secret { .. } => None,
        }
    }
}

impl Param {
    /// A parameter with a value that may be shown.
    pub fn plain(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), value: Shown::plain(text) }
    }
}

/// The first parameter called `name`.
pub fn find<'a>(params: &'a [Param], name: &str) -> Option<&'a Shown> {
    params.iter().find(|param| param.name == name).map(|param| &param.value)
}
