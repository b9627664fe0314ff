//! What the provider writes: signatures and tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};
use portal_protocol::forge::KID;
use serde_json::{Value, json};

use super::{Fault, Inner, Issued};

pub(super) const FIRST_KEY: &str = include_str!("../../../../protocol/tests/fixtures/test-only-signing-key.pem");
pub(super) const SECOND_KEY: &str = include_str!("../../../../protocol/tests/fixtures/test-only-foreign-key.pem");

pub(super) fn key(inner: &Inner) -> CoreRsaPrivateSigningKey {
    let (pem, kid) = if inner.rotated { (SECOND_KEY, "second") } else { (FIRST_KEY, KID) };
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(kid.to_owned()))).unwrap()
}

pub(super) fn sign(key: &CoreRsaPrivateSigningKey, typ: &str, claims: &Value) -> String {
    let kid = openidconnect::JsonWebKey::key_id(&key.as_verification_key()).unwrap().to_string();
    let header = json!({"alg": "RS256", "typ": typ, "kid": kid}).to_string();
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.sign(&CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256, message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

pub(super) fn tokens(issuer: &str, inner: &mut Inner, grant: &Issued, refresh: bool) -> Value {
    let (now, client) = (crate::now() + inner.ahead, &grant.query["client_id"]);
    let name = grant.login.username.as_str();
    let mut claims = json!({
        "iss": issuer, "aud": client, "azp": client, "sub": format!("sub-of-{name}"), "sid": grant.login.sid,
        "iat": now, "exp": now + 300, "auth_time": now, "nonce": grant.query["nonce"],
        "preferred_username": name, "name": name.to_uppercase(), "email": format!("{name}@example.com"),
        "roles": roles(name)
    });
    match inner.fault {
        Some(Fault::WrongNonce) => claims["nonce"] = json!("of another sign-in"),
        Some(Fault::WrongParty) => claims["azp"] = json!("another client"),
        Some(Fault::WrongAudience) => claims["aud"] = json!("another client"),
        Some(Fault::RefreshOtherUser) if refresh => claims["sub"] = json!("sub-of-somebody-else"),
        Some(Fault::RefreshOtherSession) if refresh => claims["sid"] = json!("another-sid"),
        _ => {}
    }
    if refresh && let Some(claims) = claims.as_object_mut() {
        claims.remove("nonce");
    }
    let unpublished =
        inner.fault == Some(Fault::UnpublishedKey) || (refresh && inner.fault == Some(Fault::RefreshUnpublishedKey));
    let signing = if unpublished {
        CoreRsaPrivateSigningKey::from_pem(SECOND_KEY, Some(JsonWebKeyId::new("unpublished".into()))).unwrap()
    } else {
        key(inner)
    };
    let refresh_token = format!("an opaque refresh token {:032x}", rand::random::<u128>());
    inner.refresh_tokens.insert(refresh_token.clone(), grant.clone());
    let mut answer = json!({
        "access_token": sign(&key(inner), "JWT", &json!({"iss": issuer, "sub": claims["sub"], "scope": "openid"})),
        "refresh_token": refresh_token, "token_type": "Bearer", "expires_in": inner.access_expires_in.unwrap_or(300),
        "id_token": sign(&signing, "JWT", &claims)
    });
    if refresh && inner.fault == Some(Fault::RefreshNoIdToken) {
        answer.as_object_mut().unwrap().remove("id_token");
    }
    let handed_out = ["access_token", "refresh_token", "id_token"].into_iter().filter_map(|name| answer[name].as_str());
    inner.secrets.extend(handed_out.map(ToOwned::to_owned));
    if let Some(seconds) = inner.refresh_expires_in {
        answer["refresh_expires_in"] = json!(seconds);
    }
    answer
}

fn roles(name: &str) -> Value {
    // "john-2" is another person with the rights of "john".
    match name.split('-').next().unwrap_or_default() {
        "alex" => json!(["employee", "approver", "admin"]),
        "mary" => json!(["employee", "approver"]),
        "john" => json!(["employee"]),
        _ => json!(["partner"]),
    }
}
