//! The single claims of a logout token.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{LEEWAY, LOGOUT_EVENT, Refusal, Shortened};

type Claims = Map<String, Value>;

/// `iss`, byte for byte ours. A slash more or less is another issuer.
pub(super) fn issuer(claims: &Claims, expected: &str) -> Result<String, Refusal> {
    let found = required_text(claims, "iss")?;
    if found == expected {
        Ok(found)
    } else {
        Err(Refusal::WrongIssuer { expected: expected.to_owned(), found: Shortened::text(&found) })
    }
}

/// `aud`, a string or an array of strings, has our client id in it.
pub(super) fn audience(claims: &Claims, client_id: &str) -> Result<(), Refusal> {
    let found = claims.get("aud").ok_or(Refusal::ClaimMissing { claim: "aud" })?;
    let for_us = match found {
        Value::String(one) => one == client_id,
        Value::Array(several) if several.iter().all(Value::is_string) => several.iter().any(|one| one == client_id),
        _ => return Err(Refusal::ClaimMalformed { claim: "aud", expected: "a string or an array of strings" }),
    };
    if for_us {
        Ok(())
    } else {
        Err(Refusal::WrongAudience { expected: client_id.to_owned(), found: Shortened::of(found) })
    }
}

/// `iat`: the token is not from the future.
pub(super) fn issued_at(claims: &Claims, now: Timestamp) -> Result<Timestamp, Refusal> {
    let at = required_time(claims, "iat")?;
    if at.duration_since(now) > LEEWAY {
        return Err(Refusal::IssuedInTheFuture { at, now });
    }
    // `nbf` is unusual in a logout token. A token that says "not yet" still means it.
    if claims.contains_key("nbf") {
        let from = required_time(claims, "nbf")?;
        if from.duration_since(now) > LEEWAY {
            return Err(Refusal::NotYetValid { from, now });
        }
    }
    Ok(at)
}

/// `exp`: the token is not over.
pub(super) fn expires_at(claims: &Claims, now: Timestamp) -> Result<Timestamp, Refusal> {
    let at = required_time(claims, "exp")?;
    if now.duration_since(at) >= LEEWAY {
        return Err(Refusal::Expired { at, now });
    }
    Ok(at)
}

/// `events` has the logout member with an object as its value.
///
/// Other members are ignored: Keycloak puts `revoke_offline_access: true` beside it when it is told to.
pub(super) fn logout_event(claims: &Claims) -> Result<(), Refusal> {
    let events = claims.get("events").ok_or(Refusal::ClaimMissing { claim: "events" })?;
    let Value::Object(events) = events else {
        return Err(Refusal::ClaimMalformed { claim: "events", expected: "a JSON object" });
    };
    match events.get(LOGOUT_EVENT) {
        Some(Value::Object(_)) => Ok(()),
        Some(other) => Err(Refusal::EventNotAnObject { found: Shortened::of(other) }),
        None => Err(Refusal::NoLogoutEvent),
    }
}

/// A claim that must be there, as text that is not empty.
pub(super) fn required_text(claims: &Claims, claim: &'static str) -> Result<String, Refusal> {
    optional_text(claims, claim)?.ok_or(Refusal::ClaimMissing { claim })
}

/// A claim that may be absent. When it is there it is text that is not empty: `null`, a number or `""` must
/// never turn into "any".
pub(super) fn optional_text(claims: &Claims, claim: &'static str) -> Result<Option<String>, Refusal> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::ClaimMalformed { claim, expected: "a string that is not empty" }),
    }
}

/// A NumericDate: seconds since 1970, with or without a fraction (RFC 7519, section 2).
fn required_time(claims: &Claims, claim: &'static str) -> Result<Timestamp, Refusal> {
    let found = claims.get(claim).ok_or(Refusal::ClaimMissing { claim })?;
    let seconds = found.as_i64().or_else(|| found.as_f64().and_then(whole_seconds));
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(Refusal::ClaimMalformed { claim, expected: "seconds since 1970 as a number" })
}

/// Drops the fraction. Numbers that no calendar reaches are `None`.
fn whole_seconds(seconds: f64) -> Option<i64> {
    // 2^53: below it every whole second has its own float, so the conversion is exact.
    #[expect(clippy::cast_possible_truncation, reason = "the range check leaves nothing to truncate")]
    (seconds.abs() < 9_007_199_254_740_992.0).then_some(seconds.floor() as i64)
}
