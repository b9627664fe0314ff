use super::{Forge, Mutation, matrix, published_keys};
use crate::logout_token::{Expectations, verify};
use crate::testing::{AUDIENCE, ISSUER, now};

mod corpus;

fn forge() -> Forge {
    Forge::new(ISSUER, AUDIENCE, "john", "phone", now())
}

#[test]
fn a_forged_token_without_a_fault_is_good_and_each_has_an_id_of_its_own() {
    let (forge, expect, keys) = (forge(), Expectations::new(ISSUER, AUDIENCE), published_keys());
    let [one, two] = [(), ()].map(|()| verify(&forge.token(&[]), &expect, &keys, now()).unwrap());
    assert_eq!((one.sub(), one.sid(), one.iss()), (Some("john"), Some("phone"), ISSUER));
    assert_ne!(one.jti(), two.jti());
}

/// Goal R2: at least 2,000 forgeries, none accepted.
#[test]
fn no_forgery_of_the_matrix_is_accepted() {
    let (forge, expect, keys) = (forge(), Expectations::new(ISSUER, AUDIENCE), published_keys());
    let mut tried = std::collections::HashSet::new();
    for forgery in matrix::forgeries() {
        let verdict = verify(&forge.token_with_jti("jti", &forgery.mutations), &expect, &keys, now());
        assert!(verdict.is_err(), "accepted: {}", forgery.name);
        assert!(tried.insert(forgery.name.clone()), "twice in the matrix: {}", forgery.name);
    }
    assert!(tried.len() >= 2_000, "only {} forgeries", tried.len());
}

#[test]
fn a_mutation_with_an_unknown_word_is_refused() {
    for text in [
        r#"{"claims": {"name": "iss", "value": 1}}"#,
        r#"{"claim": {"name": "iss", "value": 1, "values": 2}}"#,
        r#"{"claim": {"name": "iss"}}"#,
        r#"{"pen": "the-butler"}"#,
        r#""own-keys""#,
    ] {
        assert!(serde_json::from_str::<Mutation>(text).is_err(), "{text}");
    }
    let null = serde_json::from_str(r#"{"claim": {"name": "iss", "value": null}}"#).ok();
    assert_eq!(null, Some(Mutation::claim("iss", serde_json::Value::Null)));
}

#[test]
#[should_panic(expected = "no forge knows the word {isuer}")]
fn a_placeholder_with_a_slip_of_the_pen_is_noticed() {
    forge().token(&[Mutation::claim("iss", "{isuer}/".into())]);
}

#[test]
#[should_panic(expected = "there is no nonce to remove")]
fn a_mutation_that_removes_nothing_is_noticed() {
    forge().token(&[Mutation::WithoutClaim("nonce".to_owned())]);
}
