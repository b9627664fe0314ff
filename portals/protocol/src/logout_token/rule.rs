//! The rules of a logout token as a table: tag, clause, step, and a sentence for the sender.
//!
//! `docs/reference/refusals.md` is made of this table.

use self::Rule as R;
pub use super::refusal::Rule;

/// One line of the table.
struct Entry(&'static str, &'static str, Option<u8>, &'static str);

impl Rule {
    /// Short name, unique among all refusals of this crate.
    pub fn tag(self) -> &'static str {
        self.entry().0
    }

    /// The clause that asks for it, as `SHORT-SECTION`.
    pub fn clause(self) -> &'static str {
        self.entry().1
    }

    /// The step of Back-Channel Logout 2.6 to which it belongs; `None` where that depends on the claim.
    pub fn step(self) -> Option<u8> {
        self.entry().2
    }

    /// The rule in a few words.
    pub fn sentence(self) -> &'static str {
        self.entry().3
    }

    /// The rule with this tag.
    pub fn with_tag(tag: &str) -> Option<Self> {
        <Self as strum::IntoEnumIterator>::iter().find(|rule| rule.tag() == tag)
    }

    // The form of the token and its header are part of checking a signature, hence step 2.
    #[rustfmt::skip]
    fn entry(self) -> Entry {
        match self {
            R::TokenTooLong => Entry("bcl-too-long", "BCL-4", Some(2), "the token must not be longer than a logout token is"),
            R::NotCompact => Entry("bcl-parts", "RFC7519-7.2", Some(2), "the token must have three parts"),
            R::Encrypted => Entry("bcl-encrypted", "BCL-2.6", Some(1), "the token must not be encrypted"),
            R::NotBase64 => Entry("bcl-base64url", "RFC7519-7.2", Some(2), "every part must be base64url"),
            R::NotJson => Entry("bcl-json", "RFC7519-7.2", Some(2), "header and payload must be JSON objects"),
            R::DuplicateMember => Entry("bcl-duplicate-member", "RFC7519-4", Some(2), "no JSON member may stand there twice"),
            R::CriticalHeader => Entry("bcl-crit", "RFC7519-7.2", Some(2), "critical header extensions are not supported"),
            R::UnencodedPayload => Entry("bcl-b64", "RFC7519-7.2", Some(2), "the payload must be encoded"),
            R::Compressed => Entry("bcl-zip", "RFC8725-3.6", Some(2), "the token must not be compressed"),
            R::BringsItsOwnKey => Entry("bcl-own-key", "RFC8725-3.10", Some(2), "the header must not bring a key"),
            R::WrongType => Entry("bcl-typ", "BCL-2.4", Some(2), "the type must be that of a logout token"),
            R::Unsigned => Entry("bcl-alg-none", "BCL-2.6", Some(3), "the token must be signed"),
            R::WrongAlgorithm => Entry("bcl-alg", "BCL-2.6", Some(3), "the algorithm must be one of the client's"),
            R::HeaderMalformed => Entry("bcl-header-form", "RFC7519-7.2", Some(2), "every header member must have its form"),
            R::NameTooLong => Entry("bcl-name-too-long", "RFC8725-3.10", None, "no name may be longer than a name is"),
            R::UnknownKey => Entry("bcl-unknown-key", "BCL-2.6", Some(2), "the key must be one of the provider's"),
            R::KeyNotNamed => Entry("bcl-key-not-named", "Core-10.1", Some(2), "the key must be named"),
            R::BadSignature => Entry("bcl-signature", "BCL-2.6", Some(2), "the signature must be the provider's"),
            R::WrongIssuer => Entry("bcl-iss", "BCL-2.6", Some(4), "the issuer must be the client's provider"),
            R::WrongAudience => Entry("bcl-aud", "BCL-2.6", Some(4), "the audience must be this client"),
            R::WrongParty => Entry("bcl-azp", "Core-3.1.3.7", Some(4), "the authorized party must be this client"),
            R::Expired => Entry("bcl-exp", "BCL-2.6", Some(4), "the token must not have expired"),
            R::IssuedInTheFuture => Entry("bcl-iat-future", "BCL-2.6", Some(4), "the token must not be from the future"),
            R::TooOld => Entry("bcl-iat-old", "Core-3.1.3.7", Some(4), "the token must not be too old"),
            R::LivesTooLong => Entry("bcl-exp-far", "BCL-4", Some(4), "the token must be short-lived"),
            R::NotYetValid => Entry("bcl-nbf", "RFC7519-4.1.5", Some(4), "the token must not be from the future"),
            R::ClaimMissing => Entry("bcl-claim-missing", "BCL-2.4", None, "every required claim must be there"),
            R::ClaimMalformed => Entry("bcl-claim-form", "BCL-2.4", None, "every claim must have its form"),
            R::NobodyNamed => Entry("bcl-nobody", "BCL-2.6", Some(5), "the token must name a user or a session"),
            R::NoLogoutEvent => Entry("bcl-event", "BCL-2.6", Some(6), "the token must have the logout event"),
            R::EventNotAnObject => Entry("bcl-event-form", "BCL-2.6", Some(6), "the logout event must be an object"),
            R::HasNonce => Entry("bcl-nonce", "BCL-2.6", Some(7), "the token must not have a nonce"),
            R::OtherUser => Entry("bcl-other-user", "BCL-2.6", Some(10), "the session must be that of the named user"),
            R::Replayed => Entry("bcl-replay", "BCL-2.6", Some(8), "the token must not have been used before"),
        }
    }
}
