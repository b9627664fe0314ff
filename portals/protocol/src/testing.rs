//! A provider's pen for tests: good claims, keys that exist for tests only, and signatures over any text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use serde_json::{Value, json};

use crate::logout_token::{Expectations, KeySet, VerifiedLogoutToken, verify};

pub(crate) const ISSUER: &str = "http://localhost:8080/realms/enterprise-sso";
pub(crate) const AUDIENCE: &str = "admin-dashboard";
pub(crate) const KID: &str = "test-key";
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

pub(crate) fn good_header() -> Value {
    json!({"alg": "RS256", "typ": "logout+jwt", "kid": KID})
}

pub(crate) fn good_claims() -> Value {
    json!({
        "iat": NOW - 1, "exp": NOW + 119, "jti": "jti-1", "iss": ISSUER, "aud": AUDIENCE, "sub": "user-1",
        "typ": "Logout", "sid": "sid-1", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
    })
}

pub(crate) fn signing_key() -> CoreRsaPrivateSigningKey {
    key(include_str!("../tests/fixtures/test-only-signing-key.pem"), KID)
}

pub(crate) fn foreign_key() -> CoreRsaPrivateSigningKey {
    key(include_str!("../tests/fixtures/test-only-foreign-key.pem"), "foreign")
}

pub(crate) fn keys() -> KeySet {
    KeySet::new(vec![signing_key().as_verification_key()])
}

pub(crate) fn signed(header: &Value, claims: &Value) -> String {
    signed_with(&signing_key(), &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, header, claims)
}

pub(crate) fn signed_with(
    key: &impl PrivateSigningKey<VerificationKey = CoreJsonWebKey>,
    algorithm: &CoreJwsSigningAlgorithm,
    header: &Value,
    claims: &Value,
) -> String {
    signed_text(key, algorithm, &header.to_string(), &claims.to_string())
}

/// The proof that a token about `sub` and `sid`, issued `issued` seconds from now, was good.
pub(crate) fn verified_token(sub: Option<&str>, sid: Option<&str>, issued: i64) -> VerifiedLogoutToken {
    let mut claims = good_claims();
    let at = NOW + issued;
    (claims["iat"], claims["exp"], claims["jti"]) = (json!(at), json!(at + 120), json!(format!("{sub:?}{sid:?}{at}")));
    for (name, value) in [("sub", sub), ("sid", sid)] {
        match value {
            Some(value) => claims[name] = json!(value),
            None => drop(claims.as_object_mut().unwrap().shift_remove(name)),
        }
    }
    let issued_at = Timestamp::from_second(at).unwrap();
    verify(&signed(&good_header(), &claims), &Expectations::new(ISSUER, AUDIENCE), &keys(), issued_at).unwrap()
}

/// Signs any text, also one that is no JSON.
pub(crate) fn signed_text(
    key: &impl PrivateSigningKey<VerificationKey = CoreJsonWebKey>,
    algorithm: &CoreJwsSigningAlgorithm,
    header: &str,
    payload: &str,
) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = key.sign(algorithm, message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn key(pem: &str, kid: &str) -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(kid.to_owned()))).unwrap()
}
