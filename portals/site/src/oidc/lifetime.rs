//! How long a session lasts: bound to the tokens, so that no portal lets in whom the provider would not.
//!
//! ```text
//! sign-in ──▶ access token: 5 min ──▶ refresh ──▶ …          (Keycloak's times; every provider has its own)
//!         └─▶ refresh token: 30 min, the session's idle limit; each refresh starts it anew
//!         └─▶ 10 h after the person proved who they are: the end, however active they are
//! ```

use jiff::{SignedDuration, Timestamp};
use openidconnect::OAuth2TokenResponse as _;

use super::Tokens;

/// How long a session lasts unrefreshed when the provider does not say how long its refresh token does.
const DEFAULT_LIFE: SignedDuration = SignedDuration::from_mins(30);
/// How long a session lasts at most.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(10);

/// The ends of a session, by the portal's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lifetime {
    /// Without a refresh.
    pub(super) unrefreshed: Timestamp,
    /// With as many as you like.
    pub(super) latest: Timestamp,
    /// Of the access token, if the provider said so.
    pub(super) access_token: Option<Timestamp>,
}

impl Lifetime {
    /// For a session that begins now, of a person who proved who they are at `auth_time`.
    pub(super) fn at_sign_in(tokens: &Tokens, auth_time: Option<Timestamp>, now: Timestamp) -> Self {
        let latest = after(auth_time.unwrap_or(now).min(now), LONGEST_LIFE);
        // A provider whose own sessions live longer may let somebody in whose proof is older than that. It has just said
        // that it still counts; ending the session at once would send the person in a circle.
        let latest = if latest > now { latest } else { after(now, LONGEST_LIFE) };
        Self::after_refresh(tokens, latest, now)
    }

    /// For a session that was refreshed now and ends at `latest` at the latest.
    pub(super) fn after_refresh(tokens: &Tokens, latest: Timestamp, now: Timestamp) -> Self {
        // Keycloak says 0 for a refresh token that does not expire.
        let refresh = tokens.extra_fields().extra_fields().refresh_expires_in.filter(|seconds| *seconds > 0);
        let life = refresh.map_or(DEFAULT_LIFE, |seconds| SignedDuration::from_secs(seconds.into()));
        let access = tokens.expires_in().and_then(|life| SignedDuration::try_from(life).ok());
        Self { unrefreshed: after(now, life).min(latest), latest, access_token: access.map(|life| after(now, life)) }
    }
}

fn after(at: Timestamp, life: SignedDuration) -> Timestamp {
    at.saturating_add(life).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use serde_json::json;

    use super::{LONGEST_LIFE, Lifetime};
    use crate::oidc::Tokens;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn tokens(refresh: Option<u32>) -> Tokens {
        let mut answer = json!({"access_token": "a", "token_type": "Bearer", "expires_in": 300});
        if let Some(seconds) = refresh {
            answer["refresh_expires_in"] = json!(seconds);
        }
        serde_json::from_value(answer).unwrap()
    }

    #[test]
    fn a_session_lasts_as_long_as_the_refresh_token() {
        for (told, minutes) in [(Some(600), 10), (Some(0), 30), (None, 30)] {
            let life = Lifetime::at_sign_in(&tokens(told), None, NOW);
            assert_eq!(life.unrefreshed, NOW + SignedDuration::from_mins(minutes), "{told:?}");
            assert_eq!(life.access_token, Some(NOW + SignedDuration::from_mins(5)));
            assert_eq!(life.latest, NOW + LONGEST_LIFE);
        }
    }

    #[test]
    fn the_end_counts_from_the_proof_not_from_the_visit_here() {
        let proof = NOW - SignedDuration::from_hours(9);
        let life = Lifetime::at_sign_in(&tokens(Some(36_000)), Some(proof), NOW);
        assert_eq!((life.latest, life.unrefreshed), (proof + LONGEST_LIFE, proof + LONGEST_LIFE));
        let later = NOW + SignedDuration::from_mins(50);
        let refreshed = Lifetime::after_refresh(&tokens(Some(1800)), life.latest, later);
        assert_eq!(refreshed.unrefreshed, life.latest, "no refresh goes beyond it");
    }

    #[test]
    fn a_proof_that_is_too_old_or_from_the_future_ends_nothing_at_once() {
        for proof in [NOW - SignedDuration::from_hours(11), NOW + SignedDuration::from_hours(1)] {
            assert_eq!(Lifetime::at_sign_in(&tokens(None), Some(proof), NOW).latest, NOW + LONGEST_LIFE);
        }
    }
}
