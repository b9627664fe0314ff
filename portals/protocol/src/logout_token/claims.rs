//! The single claims of a logout token.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Expectations, LEEWAY, LOGOUT_EVENT, LONGEST_NAME, Refusal, Shortened};

type Claims = Map<String, Value>;

/// `iss`, byte for byte ours. A slash more or less is another issuer.
pub(super) fn issuer(claims: &Claims, expected: &str) -> Result<String, Refusal> {
    let found = optional_text(claims, "iss")?.ok_or(Refusal::ClaimMissing { claim: "iss" })?;
    if found == expected {
        Ok(found)
    } else {
        Err(Refusal::WrongIssuer { expected: expected.to_owned(), found: Shortened::text(&found) })
    }
}

/// `aud`, a string or an array of strings, has our client id in it.
///
/// A token for several clients says in `azp`, if anywhere, for which of them it was made (Core, 3.1.3.7, steps 4 and 5).
pub(super) fn audience(claims: &Claims, client_id: &str) -> Result<(), Refusal> {
    let found = claims.get("aud").ok_or(Refusal::ClaimMissing { claim: "aud" })?;
    let (for_us, several) = match found {
        Value::String(one) => (one == client_id, false),
        Value::Array(all) if all.iter().all(Value::is_string) => {
            (all.iter().any(|one| one == client_id), all.len() > 1)
        }
        _ => return Err(Refusal::ClaimMalformed { claim: "aud", expected: "a string or an array of strings" }),
    };
    if !for_us {
        return Err(Refusal::WrongAudience { expected: client_id.to_owned(), found: Shortened::of(found) });
    }
    match claims.get("azp") {
        Some(party) if several && party != client_id => {
            Err(Refusal::WrongParty { expected: client_id.to_owned(), found: Shortened::of(party) })
        }
        Some(_) | None => Ok(()),
    }
}

/// `iat` and `exp` (and `nbf`, which is unusual in a logout token): the token is neither from the future nor over.
///
/// Returns when it was issued and until when it is accepted.
pub(super) fn lifetime(
    claims: &Claims,
    expect: &Expectations,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), Refusal> {
    let issued_at = required_time(claims, "iat")?;
    if issued_at.duration_since(now) > LEEWAY {
        return Err(Refusal::IssuedInTheFuture { at: issued_at, now });
    }
    // A token that says "not yet" means it, even where nobody asked.
    if let Some(from) = optional_time(claims, "nbf")?.filter(|from| from.duration_since(now) > LEEWAY) {
        return Err(Refusal::NotYetValid { from, now });
    }
    let exp = optional_time(claims, "exp")?;
    if exp.is_none() && expect.exp_required {
        return Err(Refusal::ClaimMissing { claim: "exp" });
    }
    if let Some(at) = exp.filter(|at| now.duration_since(*at) >= LEEWAY) {
        return Err(Refusal::Expired { at, now });
    }
    let life = exp.map(|exp| exp.duration_since(issued_at));
    if let (Some(life), Some(most)) = (life, expect.max_life)
        && life > most
    {
        return Err(Refusal::LivesTooLong { most: most.as_secs(), found: life.as_secs() });
    }
    let too_old_at = issued_at.saturating_add(expect.max_age).unwrap_or(Timestamp::MAX);
    if now.duration_since(too_old_at) >= LEEWAY {
        return Err(Refusal::TooOld { at: issued_at, now });
    }
    Ok((issued_at, exp.map_or(too_old_at, |exp| exp.min(too_old_at))))
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

/// A claim that may be absent. When it is there it is text of a sensible length: `null`, a number or `""` must never turn
/// into "any".
pub(super) fn optional_name(claims: &Claims, claim: &'static str) -> Result<Option<String>, Refusal> {
    match optional_text(claims, claim)? {
        Some(name) if name.len() > LONGEST_NAME => Err(Refusal::NameTooLong { name: claim, found: name.len() }),
        name => Ok(name),
    }
}

fn optional_text(claims: &Claims, claim: &'static str) -> Result<Option<String>, Refusal> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::ClaimMalformed { claim, expected: "a string that is not empty" }),
    }
}

fn required_time(claims: &Claims, claim: &'static str) -> Result<Timestamp, Refusal> {
    optional_time(claims, claim)?.ok_or(Refusal::ClaimMissing { claim })
}

/// A NumericDate: seconds since 1970, with or without a fraction (RFC 7519, section 2).
fn optional_time(claims: &Claims, claim: &'static str) -> Result<Option<Timestamp>, Refusal> {
    let Some(found) = claims.get(claim) else { return Ok(None) };
    let seconds = found.as_i64().or_else(|| found.as_f64().and_then(whole_seconds));
    seconds
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .map(Some)
        .ok_or(Refusal::ClaimMalformed { claim, expected: "seconds since 1970 as a number" })
}

/// Drops the fraction. Numbers that no calendar reaches are `None`.
fn whole_seconds(seconds: f64) -> Option<i64> {
    // 2^53: below it every whole second has its own float, so the conversion is exact.
    #[expect(clippy::cast_possible_truncation, reason = "the range check leaves nothing to truncate")]
    (seconds.abs() < 9_007_199_254_740_992.0).then_some(seconds.floor() as i64)
}
