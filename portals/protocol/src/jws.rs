//! A compact JSON Web Signature, taken apart but not yet believed.
//!
//! The verifier needs the exact bytes that were signed, and it must notice what a lenient JSON parser hides: a
//! member that stands there twice. Two parsers that disagree about which of the two counts are a classic way
//! to smuggle a claim past a check.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::logout_token::Refusal;

pub(crate) mod strict_json;

/// The parts of a compact JWS. Everything in it is still the sender's word.
#[derive(Debug)]
pub(crate) struct UnverifiedJws<'a> {
    /// JOSE header.
    pub(crate) header: Map<String, Value>,
    /// What the signature covers: header and payload as they arrived, with the dot between them.
    pub(crate) signed: &'a [u8],
    /// The signature.
    pub(crate) signature: Vec<u8>,
    payload: &'a str,
}

impl<'a> UnverifiedJws<'a> {
    /// Takes `token` apart.
    ///
    /// # Errors
    /// [`Refusal::Encrypted`] for five parts, [`Refusal::NotCompact`] for another number than three,
    /// [`Refusal::NotBase64`], [`Refusal::NotJson`] or [`Refusal::DuplicateMember`] for a broken part.
    pub(crate) fn parse(token: &'a str) -> Result<Self, Refusal> {
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts[..] else {
            return Err(if parts.len() == 5 { Refusal::Encrypted } else { Refusal::NotCompact { parts: parts.len() } });
        };
        Ok(Self {
            header: object("header", header)?,
            signed: &token.as_bytes()[..header.len() + 1 + payload.len()],
            signature: decode("signature", signature)?,
            payload,
        })
    }

    /// Reads the claims. Call it after the signature has been checked: nothing that a stranger wrote should
    /// reach the code that interprets claims.
    pub(crate) fn claims(&self) -> Result<Map<String, Value>, Refusal> {
        object("payload", self.payload)
    }
}

fn object(part: &'static str, text: &str) -> Result<Map<String, Value>, Refusal> {
    let bytes = decode(part, text)?;
    match strict_json::parse(&bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(strict_json::Problem::Syntax) => Err(Refusal::NotJson { part }),
        Err(strict_json::Problem::Duplicate(name)) => Err(Refusal::DuplicateMember { part, name }),
    }
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, Refusal> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::NotBase64 { part })
}
