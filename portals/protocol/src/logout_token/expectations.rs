//! What a portal expects of a logout token, and where it may be stricter or more patient than the specification.

use jiff::SignedDuration;
use openidconnect::JwsSigningAlgorithm;
use openidconnect::core::CoreJwsSigningAlgorithm;

/// How far the provider's clock and ours may be apart.
///
/// One constant for every time in the token, and for how long [`crate::SeenTokens`] must remember a token:
/// a token that could still be accepted must still be remembered.
pub const LEEWAY: SignedDuration = SignedDuration::from_secs(30);

/// How old a token may be, whatever its `exp` says (Core, 3.1.3.7, step 10: the acceptable range is the client's).
///
/// It bounds for how long a stolen token is of use and how long its `jti` must be remembered, when a provider is
/// generous with `exp`. Keycloak's tokens live for two minutes, and it sends them at once and never again.
pub const MAX_AGE: SignedDuration = SignedDuration::from_mins(5);

/// How long a token should live at most (BCL, 4: "preferably at most two minutes"). Only a recommendation to the
/// provider, so it counts only where [`Expectations::living_at_most`] asks for it.
pub const SHORT_LIFE: SignedDuration = SignedDuration::from_mins(2);

/// How long a token may be, in bytes. Keycloak's have about 900.
///
/// The limit comes before any parsing: until the signature is checked, every byte is a stranger's (BCL, 4).
pub const LONGEST_TOKEN: usize = 16 * 1024;

/// How long `sub`, `sid`, `jti` and `kid` may be, in bytes. For `sub` that is the specification's limit (Core, 2); the
/// others become keys of a memory or a line in a log just the same.
pub const LONGEST_NAME: usize = 255;

/// What a portal expects of every logout token.
#[derive(Debug, Clone)]
pub struct Expectations {
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) algorithms: Vec<CoreJwsSigningAlgorithm>,
    pub(super) types: TypePolicy,
    pub(super) max_age: SignedDuration,
    pub(super) max_life: Option<SignedDuration>,
    pub(super) exp_required: bool,
}

/// Which `typ` a token may have in its header. An explicit type of another kind of token is refused by all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TypePolicy {
    /// `logout+jwt`, `JWT`, or none. The specification recommends `logout+jwt` without requiring it (BCL, 2.4), and what
    /// tells logout tokens from others is `events` and the missing `nonce`.
    #[default]
    AsSpecified,
    /// `logout+jwt` only. Stricter than the specification: for providers that are known to send it (Keycloak since
    /// release 25), it refuses other tokens by their first line (RFC 8725, 3.11; OWASP ASVS 5.0, 10.5.5).
    OnlyLogout,
}

impl Expectations {
    /// Tokens of `issuer` (compared byte for byte) for `client_id`, signed with RS256: what OpenID Connect
    /// promises without any agreement.
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            client_id: client_id.into(),
            algorithms: vec![CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256],
            types: TypePolicy::default(),
            max_age: MAX_AGE,
            max_life: None,
            exp_required: true,
        }
    }

    /// Allows `algorithms` as well, typically those that discovery lists.
    ///
    /// `none` and the shared-secret family (HS256 …) are left out even when they are listed: a public key is
    /// public, and a verifier that accepts it as an HMAC secret accepts anybody's token.
    #[must_use]
    pub fn also_allowing(mut self, algorithms: impl IntoIterator<Item = CoreJwsSigningAlgorithm>) -> Self {
        for algorithm in algorithms {
            let asymmetric = algorithm.key_type().is_some() && !algorithm.uses_shared_secret();
            if asymmetric && !self.algorithms.contains(&algorithm) {
                self.algorithms.push(algorithm);
            }
        }
        self
    }

    /// Asks for another policy on `typ`.
    #[must_use]
    pub fn with_types(mut self, types: TypePolicy) -> Self {
        self.types = types;
        self
    }

    /// Accepts tokens up to another age than [`MAX_AGE`].
    #[must_use]
    pub fn aged_at_most(mut self, age: SignedDuration) -> Self {
        self.max_age = age;
        self
    }

    /// Refuses tokens with more time than `life` between `iat` and `exp`, typically [`SHORT_LIFE`]. Stricter than the
    /// specification, which leaves the life to the provider and only recommends a short one.
    #[must_use]
    pub fn living_at_most(mut self, life: SignedDuration) -> Self {
        self.max_life = Some(life);
        self
    }

    /// Accepts tokens without `exp`, as providers sent them before the errata of December 2023 (Keycloak before
    /// release 23). Their age is bounded all the same, by `iat`.
    #[must_use]
    pub fn with_exp_optional(mut self) -> Self {
        self.exp_required = false;
        self
    }

    /// The algorithms that are accepted.
    pub fn algorithms(&self) -> &[CoreJwsSigningAlgorithm] {
        &self.algorithms
    }
}
