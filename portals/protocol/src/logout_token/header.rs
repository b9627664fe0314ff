//! The header of a logout token: everything in it is a stranger's word until the signature has been checked.

use openidconnect::core::CoreJwsSigningAlgorithm;
use serde_json::{Map, Value};

use super::expectations::{LONGEST_NAME, TypePolicy};
use super::{Refusal, Shortened};

type Header = Map<String, Value>;

/// Refuses header members that would let the token choose how it is checked.
pub(super) fn refuse_unusual(header: &Header, types: TypePolicy) -> Result<(), Refusal> {
    // "Critical" means: refuse, if you do not understand these. We understand none.
    if header.contains_key("crit") {
        return Err(Refusal::CriticalHeader);
    }
    if header.contains_key("b64") {
        return Err(Refusal::UnencodedPayload);
    }
    // Only an encrypted token can be compressed. A signed one that says so has been made to be inflated by somebody.
    if header.contains_key("zip") {
        return Err(Refusal::Compressed);
    }
    // Trap: a token that brings its own key is always signed correctly.
    if let Some(member) = ["jwk", "jku", "x5u", "x5c"].into_iter().find(|member| header.contains_key(*member)) {
        return Err(Refusal::BringsItsOwnKey { member });
    }
    check_type(header, types)
}

/// An explicit type is recommended, not required; but another explicit type is another kind of token.
fn check_type(header: &Header, types: TypePolicy) -> Result<(), Refusal> {
    let plain_allowed = types == TypePolicy::AsSpecified;
    match header.get("typ") {
        None if plain_allowed => Ok(()),
        Some(Value::String(typ)) if is_type(typ, "logout+jwt") || (plain_allowed && is_type(typ, "JWT")) => Ok(()),
        found => Err(Refusal::WrongType {
            expected: if plain_allowed { "\"logout+jwt\", \"JWT\" or none" } else { "\"logout+jwt\"" },
            found: found.map_or_else(|| Shortened::text("(none)"), Shortened::of),
        }),
    }
}

/// Media types compare without regard to case, and `application/` may be left out (RFC 7515, 4.1.9).
fn is_type(found: &str, expected: &str) -> bool {
    let bare = match found.split_once('/') {
        Some((tree, bare)) if tree.eq_ignore_ascii_case("application") => bare,
        _ => found,
    };
    bare.eq_ignore_ascii_case(expected)
}

/// The algorithm of the header, if it is one of ours.
pub(super) fn allowed_algorithm(
    header: &Header,
    allowed: &[CoreJwsSigningAlgorithm],
) -> Result<CoreJwsSigningAlgorithm, Refusal> {
    let found = header.get("alg").ok_or(Refusal::Unsigned)?;
    if found.as_str().is_some_and(|name| name.eq_ignore_ascii_case("none")) {
        return Err(Refusal::Unsigned);
    }
    serde_json::from_value(found.clone())
        .ok()
        .filter(|algorithm| allowed.contains(algorithm))
        .ok_or_else(|| Refusal::WrongAlgorithm { allowed: names(allowed), found: Shortened::of(found) })
}

/// The id of the key, if the token names one. A name that can be none is refused here, and not as an unknown key:
/// unknown keys make the caller ask the provider for new ones.
pub(super) fn kid(header: &Header) -> Result<Option<&str>, Refusal> {
    match header.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if kid.len() > LONGEST_NAME => {
            Err(Refusal::NameTooLong { name: "kid", found: kid.len() })
        }
        Some(Value::String(kid)) => Ok(Some(kid)),
        Some(other) => Err(Refusal::HeaderMalformed { member: "kid", found: Shortened::of(other) }),
    }
}

fn names(algorithms: &[CoreJwsSigningAlgorithm]) -> String {
    let names: Vec<String> = algorithms
        .iter()
        .filter_map(|algorithm| serde_json::to_value(algorithm).ok())
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    names.join(", ")
}
