//! Why a logout token is refused. One variant for each rule, and each knows its clause.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

/// Why a logout token is refused.
///
/// The text of a refusal says what was expected and what was found, but never contains the token, `sub` or `sid`:
/// it may be logged. A sender should be told [`Refusal::rule`] only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Another number of parts than a signed compact token has.
    #[error("expected three parts separated by dots, found {parts}")]
    NotCompact {
        /// How many there are.
        parts: usize,
    },
    /// Five parts: an encrypted token, for which this client has registered no key.
    #[error("expected a signed token, found an encrypted one (five parts)")]
    Encrypted,
    /// A part is not base64url without padding.
    #[error("expected base64url in the {part}, found other characters")]
    NotBase64 {
        /// Header, payload or signature.
        part: &'static str,
    },
    /// A part is not a JSON object.
    #[error("expected a JSON object in the {part}, found something else")]
    NotJson {
        /// Header or payload.
        part: &'static str,
    },
    /// A JSON member stands there twice, so two readers could understand two different tokens.
    #[error("expected every JSON member once, found one twice in the {part}")]
    DuplicateMember {
        /// Header or payload.
        part: &'static str,
        /// Its name, for the diagnosis; not part of the text.
        name: String,
    },
    /// `crit` in the header: extensions that must be understood, and are not.
    #[error("expected no critical header extensions, found \"crit\"")]
    CriticalHeader,
    /// `b64` in the header: a payload outside the usual encoding.
    #[error("expected an encoded payload, found \"b64\" in the header")]
    UnencodedPayload,
    /// The token brings the key it wants to be checked with.
    #[error("expected a key of the provider's published set, found \"{member}\" in the header")]
    BringsItsOwnKey {
        /// The header member.
        member: &'static str,
    },
    /// An explicit type that is not a logout token's.
    #[error("expected typ \"logout+jwt\", \"JWT\" or none, found {found}")]
    WrongType {
        /// The type found.
        found: Shortened,
    },
    /// `alg: none`, or no `alg` at all.
    #[error("expected a signature, found an unsigned token")]
    Unsigned,
    /// An algorithm that this client does not use.
    #[error("expected an algorithm out of {allowed}, found {found}")]
    WrongAlgorithm {
        /// What is accepted.
        allowed: String,
        /// The algorithm found.
        found: Shortened,
    },
    /// No key of that name is known. Perhaps the provider has changed its keys: fetch them once and try again.
    #[error("expected a known key, found key id {kid}")]
    UnknownKey {
        /// The key id found.
        kid: Shortened,
    },
    /// The token names no key although there is a choice.
    #[error("expected a key id, because {choices} keys could be meant, found none")]
    KeyNotNamed {
        /// How many keys could be meant.
        choices: usize,
    },
    /// The signature does not fit the key and the content.
    #[error("expected a signature by the provider's key, found one that does not fit")]
    BadSignature,
    /// Another issuer.
    #[error("expected iss \"{expected}\", found {found}")]
    WrongIssuer {
        /// Ours.
        expected: String,
        /// The token's.
        found: Shortened,
    },
    /// For another client.
    #[error("expected aud \"{expected}\", found {found}")]
    WrongAudience {
        /// Ours.
        expected: String,
        /// The token's.
        found: Shortened,
    },
    /// Its time is over.
    #[error("expected a current token, found one that ended at {at}; it is {now}")]
    Expired {
        /// `exp`.
        at: Timestamp,
        /// The portal's time.
        now: Timestamp,
    },
    /// Issued later than now.
    #[error("expected a token from the past, found one issued at {at}; it is {now}")]
    IssuedInTheFuture {
        /// `iat`.
        at: Timestamp,
        /// The portal's time.
        now: Timestamp,
    },
    /// `nbf` is later than now.
    #[error("expected a current token, found one that starts at {from}; it is {now}")]
    NotYetValid {
        /// `nbf`.
        from: Timestamp,
        /// The portal's time.
        now: Timestamp,
    },
    /// A required claim is not there.
    #[error("expected the claim \"{claim}\", found none")]
    ClaimMissing {
        /// Its name.
        claim: &'static str,
    },
    /// A claim has another form than it must have.
    #[error("expected \"{claim}\" to be {expected}, found something else")]
    ClaimMalformed {
        /// Its name.
        claim: &'static str,
        /// The form it must have.
        expected: &'static str,
    },
    /// Neither `sub` nor `sid`.
    #[error("expected sub, sid or both, found neither")]
    NobodyNamed,
    /// `events` without the logout member: another kind of security event.
    #[error("expected the back-channel logout member in events, found none")]
    NoLogoutEvent,
    /// The logout member is not an object.
    #[error("expected the back-channel logout event to be a JSON object, found {found}")]
    EventNotAnObject {
        /// What it is.
        found: Shortened,
    },
    /// A `nonce`: this is an ID token, or made of one.
    #[error("expected no nonce, found one: this is an ID token")]
    HasNonce,
    /// The `sid` is that of a session here, the `sub` that of somebody else.
    #[error("expected the session's own user in sub, found another one")]
    OtherUser,
    /// The token was used before.
    #[error("expected a token that was not used before, found one that was")]
    Replayed,
}

impl Refusal {
    /// The clause that asks for it, as `SHORT-SECTION`.
    pub fn clause(&self) -> &'static str {
        match self {
            Self::NotCompact { .. }
            | Self::NotBase64 { .. }
            | Self::NotJson { .. }
            | Self::CriticalHeader
            | Self::UnencodedPayload => "RFC7519-7.2",
            Self::DuplicateMember { .. } => "RFC7519-4",
            Self::NotYetValid { .. } => "RFC7519-4.1.5",
            Self::BringsItsOwnKey { .. } => "RFC8725-3.10",
            Self::KeyNotNamed { .. } => "Core-10.1",
            Self::WrongType { .. } | Self::ClaimMissing { .. } | Self::ClaimMalformed { .. } => "BCL-2.4",
            Self::Encrypted
            | Self::Unsigned
            | Self::WrongAlgorithm { .. }
            | Self::UnknownKey { .. }
            | Self::BadSignature
            | Self::WrongIssuer { .. }
            | Self::WrongAudience { .. }
            | Self::Expired { .. }
            | Self::IssuedInTheFuture { .. }
            | Self::NobodyNamed
            | Self::NoLogoutEvent
            | Self::EventNotAnObject { .. }
            | Self::HasNonce
            | Self::OtherUser
            | Self::Replayed => "BCL-2.6",
        }
    }

    /// The step of Back-Channel Logout 2.6 at which it is refused.
    pub fn step(&self) -> u8 {
        match self {
            Self::Encrypted => 1,
            // The form of the token and its header are part of checking a signature.
            Self::NotCompact { .. }
            | Self::NotBase64 { .. }
            | Self::NotJson { .. }
            | Self::DuplicateMember { .. }
            | Self::CriticalHeader
            | Self::UnencodedPayload
            | Self::BringsItsOwnKey { .. }
            | Self::WrongType { .. }
            | Self::UnknownKey { .. }
            | Self::KeyNotNamed { .. }
            | Self::BadSignature => 2,
            Self::Unsigned | Self::WrongAlgorithm { .. } => 3,
            Self::WrongIssuer { .. }
            | Self::WrongAudience { .. }
            | Self::Expired { .. }
            | Self::IssuedInTheFuture { .. }
            | Self::NotYetValid { .. } => 4,
            Self::ClaimMissing { claim } | Self::ClaimMalformed { claim, .. } => step_of_claim(claim),
            Self::NobodyNamed => 5,
            Self::NoLogoutEvent | Self::EventNotAnObject { .. } => 6,
            Self::HasNonce => 7,
            Self::Replayed => 8,
            Self::OtherUser => 10,
        }
    }

    /// The broken rule in a few words, without anything out of the token: what the sender may be told.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::NotCompact { .. } => "the token must have three parts",
            Self::Encrypted => "the token must not be encrypted",
            Self::NotBase64 { .. } => "every part must be base64url",
            Self::NotJson { .. } => "header and payload must be JSON objects",
            Self::DuplicateMember { .. } => "no JSON member may stand there twice",
            Self::CriticalHeader => "critical header extensions are not supported",
            Self::UnencodedPayload => "the payload must be encoded",
            Self::BringsItsOwnKey { .. } => "the header must not bring a key",
            Self::WrongType { .. } => "the type must be that of a logout token",
            Self::Unsigned => "the token must be signed",
            Self::WrongAlgorithm { .. } => "the algorithm must be one of the client's",
            Self::UnknownKey { .. } => "the key must be one of the provider's",
            Self::KeyNotNamed { .. } => "the key must be named",
            Self::BadSignature => "the signature must be the provider's",
            Self::WrongIssuer { .. } => "the issuer must be the client's provider",
            Self::WrongAudience { .. } => "the audience must be this client",
            Self::Expired { .. } => "the token must not have expired",
            Self::IssuedInTheFuture { .. } | Self::NotYetValid { .. } => "the token must not be from the future",
            Self::ClaimMissing { .. } => "every required claim must be there",
            Self::ClaimMalformed { .. } => "every claim must have its form",
            Self::NobodyNamed => "the token must name a user or a session",
            Self::NoLogoutEvent => "the token must have the logout event",
            Self::EventNotAnObject { .. } => "the logout event must be an object",
            Self::HasNonce => "the token must not have a nonce",
            Self::OtherUser => "the session must be that of the named user",
            Self::Replayed => "the token must not have been used before",
        }
    }
}

fn step_of_claim(claim: &str) -> u8 {
    match claim {
        "sub" | "sid" => 5,
        "events" => 6,
        "jti" => 8,
        _ => 4,
    }
}

/// A value out of a refused token, cut to a length and freed of control characters, so that it can be shown in
/// one line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortened(String);

impl Shortened {
    const LONGEST: usize = 80;

    /// Shortens `text`.
    pub fn text(text: &str) -> Self {
        let mut shown: String = text.chars().take(Self::LONGEST).flat_map(char::escape_debug).collect();
        if text.chars().nth(Self::LONGEST).is_some() {
            shown.push('…');
        }
        Self(format!("\"{shown}\""))
    }

    /// Shortens a JSON value.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::text(text),
            other => Self::text(&other.to_string()),
        }
    }
}

impl fmt::Display for Shortened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
