//! Why a logout token is refused. One variant for each rule, and each knows its clause.

use jiff::Timestamp;

use super::Shortened;
use super::expectations::{LONGEST_NAME, LONGEST_TOKEN};

/// Why a logout token is refused.
///
/// The text of a refusal says what was expected and what was found, but never contains the token, `sub` or `sid`:
/// it may be logged. A sender should be told [`Refusal::rule`] only. [`Rule`] is the same list without the findings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, strum::EnumDiscriminants)]
#[strum_discriminants(
    name(Rule),
    derive(Hash, strum::EnumIter),
    doc = "A rule that a logout token can break: a [`Refusal`] without its findings."
)]
pub enum Refusal {
    /// Longer than any logout token is ([`LONGEST_TOKEN`]).
    #[error("expected at most {LONGEST_TOKEN} bytes, found more")]
    TokenTooLong,
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
    /// `zip` in the header: a signed token is never compressed.
    #[error("expected an uncompressed token, found \"zip\" in the header")]
    Compressed,
    /// The token brings the key it wants to be checked with.
    #[error("expected a key of the provider's published set, found \"{member}\" in the header")]
    BringsItsOwnKey {
        /// The header member.
        member: &'static str,
    },
    /// An explicit type that is not a logout token's.
    #[error("expected typ {expected}, found {found}")]
    WrongType {
        /// What is accepted.
        expected: &'static str,
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
    /// A member of the header has another form than it must have.
    #[error("expected text in the header's \"{member}\", found {found}")]
    HeaderMalformed {
        /// Its name.
        member: &'static str,
        /// Its value.
        found: Shortened,
    },
    /// `kid`, `sub`, `sid` or `jti` is longer than a name can be ([`LONGEST_NAME`]).
    #[error("expected at most {LONGEST_NAME} bytes in \"{name}\", found {found}")]
    NameTooLong {
        /// Which one.
        name: &'static str,
        /// Its length.
        found: usize,
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
    /// For several clients, and made for another one of them: `azp` is not us.
    #[error("expected azp \"{expected}\", found {found}")]
    WrongParty {
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
    /// Issued too long ago, whatever its `exp` says ([`super::MAX_AGE`]).
    #[error("expected a fresh token, found one issued at {at}; it is {now}")]
    TooOld {
        /// `iat`.
        at: Timestamp,
        /// The portal's time.
        now: Timestamp,
    },
    /// More time between `iat` and `exp` than a portal with [`super::Expectations::living_at_most`] accepts.
    #[error("expected a token that lives for at most {most} seconds, found {found}")]
    LivesTooLong {
        /// What is accepted, in seconds.
        most: i64,
        /// The token's, in seconds.
        found: i64,
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
    /// The broken rule.
    pub fn as_rule(&self) -> Rule {
        Rule::from(self)
    }

    /// The rule's short name, for tables, tests and metrics.
    pub fn tag(&self) -> &'static str {
        self.as_rule().tag()
    }

    /// The clause that asks for it, as `SHORT-SECTION`.
    pub fn clause(&self) -> &'static str {
        self.as_rule().clause()
    }

    /// The step of Back-Channel Logout 2.6 at which it is refused.
    pub fn step(&self) -> u8 {
        match self {
            Self::ClaimMissing { claim } | Self::ClaimMalformed { claim, .. } => step_of(claim),
            Self::NameTooLong { name, .. } => step_of(name),
            other => other.as_rule().step().unwrap_or(4),
        }
    }

    /// The broken rule in a few words, without anything out of the token: what the sender may be told.
    pub fn rule(&self) -> &'static str {
        self.as_rule().sentence()
    }
}

fn step_of(name: &str) -> u8 {
    match name {
        "kid" => 2,
        "sub" | "sid" => 5,
        "events" => 6,
        "jti" => 8,
        _ => 4,
    }
}
