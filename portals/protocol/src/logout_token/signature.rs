//! The signature of a logout token, checked with openidconnect's own cryptography.

use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeyType, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey, JsonWebKeyUse, JwsSigningAlgorithm};

use super::{KeySet, Refusal, Shortened};

#[cfg(test)]
mod tests;

/// Checks that `signature` over `signed` is one of the provider's: made with `algorithm`, and with the key that `kid`
/// names or the only one that can be meant.
///
/// # Errors
/// [`Refusal::UnknownKey`], [`Refusal::KeyNotNamed`] or [`Refusal::BadSignature`].
pub(super) fn check(
    signed: &[u8],
    signature: &[u8],
    kid: Option<&str>,
    algorithm: &CoreJwsSigningAlgorithm,
    keys: &KeySet,
) -> Result<(), Refusal> {
    let candidates: Vec<&CoreJsonWebKey> = if let Some(kid) = kid {
        let named: Vec<_> =
            keys.keys().iter().filter(|key| key.key_id().is_some_and(|id| id.as_str() == kid)).collect();
        if named.is_empty() {
            return Err(Refusal::UnknownKey { kid: Shortened::text(kid) });
        }
        named
    } else {
        // Without `kid` the set must leave no choice (Core, 10.1).
        let usable: Vec<_> = keys.keys().iter().filter(|key| may_sign(key, algorithm)).collect();
        match usable.len() {
            0 => return Err(Refusal::UnknownKey { kid: Shortened::text("(none named)") }),
            1 => usable,
            choices => return Err(Refusal::KeyNotNamed { choices }),
        }
    };
    // `verify_signature` also refuses a key that is meant for something else than this algorithm.
    let good = candidates.iter().any(|key| key.verify_signature(algorithm, signed, signature).is_ok());
    if good { Ok(()) } else { Err(Refusal::BadSignature) }
}

fn may_sign(key: &CoreJsonWebKey, algorithm: &CoreJwsSigningAlgorithm) -> bool {
    let kind: Option<CoreJsonWebKeyType> = algorithm.key_type();
    key.key_use().is_none_or(JsonWebKeyUse::allows_signature) && kind.as_ref() == Some(key.key_type())
}
