//! One test for each refusal of a token's form, header and signature: the good token plus one change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{CoreHmacKey, CoreJwsSigningAlgorithm as Alg};
use openidconnect::{JsonWebKeyId, PrivateSigningKey};

use super::*;
use crate::logout_token::{LONGEST_TOKEN, Shortened};

fn good() -> String {
    signed(&good_header(), &good_claims())
}

/// A token with this text as its header or payload, signed by the provider's key.
fn raw(header: &str, payload: &str) -> String {
    testing::signed_text(&testing::signing_key(), &Alg::RsaSsaPkcs1V15Sha256, header, payload)
}

#[test]
fn longer_than_any_logout_token() {
    let long = "a".repeat(LONGEST_TOKEN + 1);
    assert_eq!(refused(check(&long), "BCL-4", 2), Refusal::TokenTooLong);
    let fills = |bytes: usize| with_claims(|claims| claims["filler"] = json!("f".repeat(bytes)));
    assert!(fills(11_000).is_ok());
    assert_eq!(refused(fills(12_000), "BCL-4", 2), Refusal::TokenTooLong);
}

#[test]
fn not_three_parts() {
    for (token, parts) in [("", 1), ("garbage", 1), ("a.b", 2), ("a.b.c.d", 4)] {
        assert_eq!(refused(check(token), "RFC7519-7.2", 2), Refusal::NotCompact { parts });
    }
}

#[test]
fn five_parts_are_an_encrypted_token() {
    assert_eq!(refused(check("a.b.c.d.e"), "BCL-2.6", 1), Refusal::Encrypted);
}

#[test]
fn other_characters_than_base64url() {
    let good = good();
    for token in [format!("{good}="), format!("{good}\n"), format!(" {good}"), good.replace('.', ".+")] {
        assert!(matches!(refused(check(&token), "RFC7519-7.2", 2), Refusal::NotBase64 { .. }), "{token}");
    }
}

#[test]
fn a_header_or_payload_that_is_no_json_object() {
    let header = good_header().to_string();
    assert_eq!(refused(check(&raw("[]", "{}")), "RFC7519-7.2", 2), Refusal::NotJson { part: "header" });
    for payload in ["", "\"text\"", "[]", "{", "{}x", "{\"exp\":1e400}"] {
        assert_eq!(refused(check(&raw(&header, payload)), "RFC7519-7.2", 2), Refusal::NotJson { part: "payload" });
    }
}

#[test]
fn a_member_twice() {
    let claims = good_claims().to_string();
    let twice = claims.replacen('{', "{\"sub\":\"somebody else\",", 1);
    let refusal = refused(check(&raw(&good_header().to_string(), &twice)), "RFC7519-4", 2);
    assert_eq!(refusal, Refusal::DuplicateMember { part: "payload", name: "sub".into() });
    let header = good_header().to_string().replacen('{', "{\"alg\":\"none\",", 1);
    let refusal = refused(check(&raw(&header, &claims)), "RFC7519-4", 2);
    assert_eq!(refusal, Refusal::DuplicateMember { part: "header", name: "alg".into() });
}

#[test]
fn a_critical_header() {
    let result = with_header(|header| header["crit"] = json!(["exp"]));
    assert_eq!(refused(result, "RFC7519-7.2", 2), Refusal::CriticalHeader);
}

#[test]
fn an_unencoded_payload() {
    let result = with_header(|header| header["b64"] = json!(false));
    assert_eq!(refused(result, "RFC7519-7.2", 2), Refusal::UnencodedPayload);
}

#[test]
fn a_compressed_token() {
    let result = with_header(|header| header["zip"] = json!("DEF"));
    assert_eq!(refused(result, "RFC8725-3.6", 2), Refusal::Compressed);
}

#[test]
fn a_token_that_brings_its_own_key() {
    let foreign = testing::foreign_key();
    let jwk = serde_json::to_value(foreign.as_verification_key()).unwrap();
    for (member, value) in [("jwk", jwk), ("jku", json!("http://e")), ("x5u", json!("http://e")), ("x5c", json!(["x"]))]
    {
        let mut header = good_header();
        header[member] = value;
        let token = testing::signed_with(&foreign, &Alg::RsaSsaPkcs1V15Sha256, &header, &good_claims());
        assert_eq!(refused(check(&token), "RFC8725-3.10", 2), Refusal::BringsItsOwnKey { member });
    }
}

#[test]
fn another_explicit_type() {
    for typ in [json!("at+jwt"), json!("secevent+jwt"), json!("dpop+jwt"), json!("text/JWT"), json!(1), json!(null)] {
        let result = with_header(|header| header["typ"] = typ.clone());
        let refusal = refused(result, "BCL-2.4", 2);
        assert!(matches!(&refusal, Refusal::WrongType { found, .. } if *found == Shortened::of(&typ)), "{refusal}");
    }
}

#[test]
fn no_signature() {
    for alg in ["none", "None", "NONE"] {
        let header = json!({"alg": alg});
        let text = raw(&header.to_string(), &good_claims().to_string());
        let unsigned = format!("{}.", text.rsplit_once('.').unwrap().0);
        assert_eq!(refused(check(&unsigned), "BCL-2.6", 3), Refusal::Unsigned);
    }
    assert_eq!(refused(with_header(|header| remove(header, "alg")), "BCL-2.6", 3), Refusal::Unsigned);
}

#[test]
fn an_algorithm_that_is_not_ours() {
    for alg in [json!("RS384"), json!("PS256"), json!("ES256"), json!("XX"), json!(["RS256"])] {
        let result = with_header(|header| header["alg"] = alg.clone());
        let expected = Refusal::WrongAlgorithm { allowed: "RS256".into(), found: Shortened::of(&alg) };
        assert_eq!(refused(result, "BCL-2.6", 3), expected);
    }
}

#[test]
fn the_public_key_as_a_shared_secret() {
    let public = serde_json::to_vec(&testing::signing_key().as_verification_key()).unwrap();
    let header = json!({"alg": "HS256", "kid": testing::KID});
    let token = testing::signed_with(&CoreHmacKey::new(public), &Alg::HmacSha256, &header, &good_claims());
    assert!(matches!(refused(check(&token), "BCL-2.6", 3), Refusal::WrongAlgorithm { .. }));
}

#[test]
fn an_unknown_key() {
    for kid in [json!("../../etc/passwd"), json!(""), json!("k\n2"), json!("' OR 1=1 --"), json!("k".repeat(255))] {
        let result = with_header(|header| header["kid"] = kid.clone());
        let refusal = refused(result, "BCL-2.6", 2);
        assert_eq!(refusal, Refusal::UnknownKey { kid: Shortened::of(&kid) });
        assert!(refusal.to_string().len() < 200 && !refusal.to_string().contains('\n'), "{refusal}");
    }
}

#[test]
fn a_key_id_that_can_be_none() {
    for kid in [json!(7), json!(null), json!(["test-key"]), json!({"kid": "test-key"})] {
        let refusal = refused(with_header(|header| header["kid"] = kid.clone()), "RFC7519-7.2", 2);
        assert_eq!(refusal, Refusal::HeaderMalformed { member: "kid", found: Shortened::of(&kid) });
    }
}

#[test]
fn a_key_id_that_is_too_long_is_not_looked_for() {
    let refusal = refused(with_header(|header| header["kid"] = json!("k".repeat(256))), "RFC8725-3.10", 2);
    assert_eq!(refusal, Refusal::NameTooLong { name: "kid", found: 256 });
}

#[test]
fn no_key_named_and_a_choice_of_keys() {
    let keys =
        KeySet::new(vec![testing::signing_key().as_verification_key(), testing::foreign_key().as_verification_key()]);
    let mut header = good_header();
    remove(&mut header, "kid");
    let token = signed(&header, &good_claims());
    let result = verify(&token, &Expectations::new(ISSUER, AUDIENCE), &keys, now());
    assert_eq!(refused(result, "Core-10.1", 2), Refusal::KeyNotNamed { choices: 2 });
    let none = verify(&token, &Expectations::new(ISSUER, AUDIENCE), &KeySet::new(Vec::new()), now());
    assert!(matches!(refused(none, "BCL-2.6", 2), Refusal::UnknownKey { .. }));
}

#[test]
fn a_signature_that_does_not_fit() {
    let good = good();
    let foreign =
        testing::signed_with(&testing::foreign_key(), &Alg::RsaSsaPkcs1V15Sha256, &good_header(), &good_claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let (header, _) = signed.split_once('.').unwrap();
    let mut claims = good_claims();
    claims["sub"] = json!("another user");
    let swapped = format!("{header}.{}.{signature}", URL_SAFE_NO_PAD.encode(claims.to_string()));
    let mut bytes = URL_SAFE_NO_PAD.decode(signature).unwrap();
    bytes[7] ^= 1;
    let flipped = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes));
    for token in [foreign, swapped, flipped, format!("{signed}.")] {
        assert_eq!(refused(check(&token), "BCL-2.6", 2), Refusal::BadSignature);
    }
}

#[test]
fn a_key_that_is_for_encryption() {
    let mut key = serde_json::to_value(testing::signing_key().as_verification_key()).unwrap();
    key["use"] = json!("enc");
    let keys: KeySet = serde_json::from_value(json!({ "keys": [key] })).unwrap();
    assert_eq!(keys.keys()[0].key_id(), Some(&JsonWebKeyId::new(testing::KID.into())));
    let result = verify(&good(), &Expectations::new(ISSUER, AUDIENCE), &keys, now());
    assert_eq!(refused(result, "BCL-2.6", 2), Refusal::BadSignature);
}
