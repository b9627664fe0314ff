//! Things that unit tests share: a signed logout token, and a person.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use openidconnect::core::{CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use portal_protocol::{Expectations, KeySet, VerifiedLogoutToken, verify};
use serde_json::{Value, json};

use crate::session::SignedIn;
use crate::settings::Secret;

pub(crate) const ISSUER: &str = "http://localhost:8080/realms/enterprise-sso";
pub(crate) const NOW: i64 = 1_800_000_000;
const CLIENT: &str = "admin-dashboard";
const KEY: &str = include_str!("../../protocol/tests/fixtures/test-only-signing-key.pem");

/// Claims of a logout token that was issued at `issued`.
pub(crate) fn logout_claims(sub: Option<&str>, sid: Option<&str>, issued: i64) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": CLIENT, "iat": issued, "exp": issued + 120, "jti": format!("{sub:?}{sid:?}{issued}"),
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
    });
    for (name, value) in [("sub", sub), ("sid", sid)] {
        if let Some(value) = value {
            claims[name] = json!(value);
        }
    }
    claims
}

/// The proof that such a token was verified at `now`.
pub(crate) fn verified(claims: Value, now: Timestamp) -> VerifiedLogoutToken {
    let key = CoreRsaPrivateSigningKey::from_pem(KEY, Some(JsonWebKeyId::new("k".into()))).unwrap();
    let header = json!({"alg": "RS256", "kid": "k"}).to_string();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, message.as_bytes()).unwrap();
    let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    let keys = KeySet::new(vec![key.as_verification_key()]);
    verify(&token, &Expectations::new(ISSUER, CLIENT), &keys, now).unwrap()
}

/// John, signed in at `now` for an hour.
pub(crate) fn john(now: Timestamp) -> SignedIn {
    SignedIn {
        iss: ISSUER.to_owned(),
        sub: "sub-of-john".to_owned(),
        sid: Some("sid-of-john".to_owned()),
        issued_at: now,
        auth_time: Some(now),
        username: "john.employee".to_owned(),
        name: "John Employee".to_owned(),
        email: "john.employee@example.com".to_owned(),
        roles: vec!["employee".to_owned()],
        since: now,
        expires_at: now + SignedDuration::from_hours(1),
        ends_at: now + SignedDuration::from_hours(10),
        access_expires_at: None,
        unconfirmed: None,
        id_token: Secret::new("id token"),
        access_token: Secret::new("access token"),
        refresh_token: None,
    }
}
