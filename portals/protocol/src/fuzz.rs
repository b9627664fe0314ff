//! Fuzz targets: whatever arrives, the parsers answer, and what they accept is what they say it is.
//!
//! Each target is a test, bounded here and longer by `cargo xtask fuzz`. On a stable compiler the engine is bolero's own:
//! random, without watching which code was reached. So inputs are not plain noise but seeds (the attack corpus and good
//! examples) with edits. The same targets run under a coverage-guided engine where `cargo bolero` is installed.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::forge::corpus::{cases, front_cases};
use crate::forge::{Forge, published_keys};
use crate::jws::strict_json;
use crate::logout_token::{Expectations, KeySet, LOGOUT_EVENT, verify};
use crate::testing::{self, AUDIENCE, ISSUER, now};
use crate::{AuthorizationResponse, CallbackRefusal, FrontChannelRequest};

/// Which seed, and what is done to it: where, how, and with which byte.
type Input = (u16, Vec<(u16, u8, u8)>);

/// Longer seeds only make a run slow: their length is what is wrong with them.
const LONGEST_SEED: usize = 20_000;

/// Applies the edits to one of the seeds. Two picks beyond the seeds start from nothing, which leaves the plain noise.
fn edited(seeds: &[Vec<u8>], (pick, edits): &Input) -> Vec<u8> {
    let mut bytes = seeds.get(usize::from(*pick) % (seeds.len() + 2)).cloned().unwrap_or_default();
    for (at, how, byte) in edits {
        let at = usize::from(*at) % (bytes.len() + 1);
        let end = bytes.len().min(at + usize::from(*byte));
        match how % 5 {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.extend_from_within(at..end),
            _ => bytes.insert(at, *byte),
        }
    }
    bytes
}

fn forge() -> Forge {
    Forge::new(ISSUER, AUDIENCE, "john", "phone", now())
}

fn expect() -> Expectations {
    Expectations::new(ISSUER, AUDIENCE)
}

/// Runs one target: its seeds as they are, then edited ones.
macro_rules! target {
    ($iterations:expr, $seeds:expr, $check:expr) => {
        let (seeds, check): (Vec<Vec<u8>>, _) = ($seeds, $check);
        for seed in &seeds {
            check(seed);
        }
        bolero::check!()
            .with_type::<Input>()
            .with_iterations($iterations)
            .for_each(move |input: &Input| check(&edited(&seeds, input)));
    };
}

#[test]
fn token() {
    let forge = forge();
    let tokens = cases().into_iter().map(|case| case.token(&forge)).filter(|token| token.len() < LONGEST_SEED);
    let tokens: Vec<String> = tokens.collect();
    let keys = published_keys();
    let good: HashSet<String> =
        tokens.iter().filter(|token| verify(token, &expect(), &keys, now()).is_ok()).cloned().collect();
    assert!(good.len() > 10, "the corpus has good tokens too");
    target!(2_000, tokens.into_iter().map(String::into_bytes).collect(), move |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        if verify(&text, &expect(), &keys, now()).is_ok() {
            assert!(good.contains(text.as_ref()), "accepted, and signed by nobody: {text}");
        }
    });
}

/// Claims that the provider really signed, however odd.
#[test]
fn claims() {
    let seeds = vec![
        testing::good_claims().to_string().into_bytes(),
        json!({"iss": ISSUER, "aud": [AUDIENCE], "iat": testing::NOW, "exp": testing::NOW, "jti": "j", "sub": "s",
            "events": {LOGOUT_EVENT: {"a": [1.5e3, null, true, "\u{1F512}"]}, "b": {}}})
        .to_string()
        .into_bytes(),
    ];
    let keys = testing::keys();
    let header = testing::good_header().to_string();
    target!(300, seeds, move |bytes: &[u8]| {
        let payload = String::from_utf8_lossy(bytes);
        let algorithm = openidconnect::core::CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
        let token = testing::signed_text(&*SIGNING_KEY, &algorithm, &header, &payload);
        let Ok(verified) = verify(&token, &expect(), &keys, now()) else { return };
        let claims: Value = serde_json::from_str(&payload).expect("what was accepted is JSON");
        let audiences = claims["aud"].as_array().cloned().unwrap_or_else(|| vec![claims["aud"].clone()]);
        assert!(claims["iss"] == ISSUER && audiences.contains(&json!(AUDIENCE)), "{claims}");
        assert!(claims["events"][LOGOUT_EVENT].is_object() && claims.get("nonce").is_none(), "{claims}");
        assert_eq!(verified.jti(), claims["jti"], "{claims}");
        assert_eq!((verified.sub(), verified.sid()), (claims["sub"].as_str(), claims["sid"].as_str()), "{claims}");
        assert!(verified.sub().or(verified.sid()).is_some_and(|name| !name.is_empty()), "{claims}");
    });
}

static SIGNING_KEY: std::sync::LazyLock<openidconnect::core::CoreRsaPrivateSigningKey> =
    std::sync::LazyLock::new(testing::signing_key);

#[test]
fn front_channel_query() {
    let forge = forge();
    let seeds =
        front_cases().into_iter().map(|case| case.query(&forge).into_bytes()).filter(|seed| seed.len() < LONGEST_SEED);
    target!(5_000, seeds.collect(), |bytes: &[u8]| {
        let query = String::from_utf8_lossy(bytes);
        let values = |name: &str| -> Vec<String> {
            let pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.filter(|(found, _)| found == name).map(|(_, value)| value.into_owned()).collect()
        };
        match FrontChannelRequest::parse(&query) {
            Ok(FrontChannelRequest::Session { iss, sid }) => {
                assert!(!iss.is_empty() && !sid.is_empty(), "{query}");
                assert_eq!((values("iss"), values("sid")), (vec![iss], vec![sid]), "{query}");
            }
            Ok(FrontChannelRequest::Unnamed) => {
                assert!(values("iss").is_empty() && values("sid").is_empty(), "{query}");
            }
            Err(_) => {}
        }
    });
}

#[test]
fn callback_query() {
    let seeds = [
        "state=s1&session_state=x&iss=https%3A%2F%2Fop.example%2Fr&code=c1",
        "error=access_denied&error_description=no%0Athanks%22&state=s1",
        "state=s1&state=s1&code=c",
        "state=&code=",
        "",
    ];
    let expected = crate::callback::ExpectedIssuer { issuer: "https://op.example/r", always_sent: true };
    target!(5_000, seeds.map(|seed| seed.as_bytes().to_vec()).to_vec(), move |bytes: &[u8]| {
        let query = String::from_utf8_lossy(bytes);
        if let Ok(state) = crate::callback::post_logout_state(&query) {
            assert!(!state.is_empty(), "{query}");
        }
        let Ok(response) = AuthorizationResponse::parse(&query) else { return };
        let state = response.state().to_owned();
        assert!(!state.is_empty(), "{query}");
        assert_eq!(response.clone().into_code(None, expected), Err(CallbackRefusal::ForeignState), "{query}");
        match response.into_code(Some(&state), expected) {
            Ok(code) => assert!(!code.secret().is_empty() && query.contains("op.example"), "{query}"),
            Err(CallbackRefusal::Denied { error, description }) => {
                let shown = format!("{error}{}", description.unwrap_or_default());
                assert!(shown.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && shown.len() <= 400, "{query}");
            }
            Err(_) => {}
        }
    });
}

#[test]
fn jwks() {
    let good = testing::signed(&testing::good_header(), &testing::good_claims());
    let modulus = |key: &Value| (key["n"].clone(), key["e"].clone());
    let own = modulus(&serde_json::to_value(&testing::keys().keys()[0]).expect("a key is JSON"));
    let seeds = vec![
        serde_json::to_vec(&testing::keys()).expect("keys are JSON"),
        serde_json::to_vec(&published_keys()).expect("keys are JSON"),
        br#"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"test-key"},{"kty":"oct","k":"AA"}]}"#.to_vec(),
        br#"{"keys":[]}"#.to_vec(),
    ];
    target!(2_000, seeds, move |bytes: &[u8]| {
        let Ok(keys) = serde_json::from_slice::<KeySet>(bytes) else { return };
        if verify(&good, &expect(), &keys, now()).is_ok() {
            let published = keys.keys().iter().filter_map(|key| serde_json::to_value(key).ok());
            assert!(published.into_iter().any(|key| modulus(&key) == own), "accepted without its key");
        }
    });
}

#[test]
fn json() {
    let seeds = [
        testing::good_claims().to_string(),
        r#"{"a":1,"a":1}"#.to_owned(),
        r#"[{"b":1.5e-7,"c":[null,true,"\ud83d\udd12\n"]},-0,18446744073709551615]"#.to_owned(),
        format!("{}{}", "[".repeat(200), "]".repeat(200)),
    ];
    target!(5_000, seeds.map(String::into_bytes).to_vec(), |bytes: &[u8]| {
        let lenient = serde_json::from_slice::<Value>(bytes).ok();
        match strict_json::parse(bytes) {
            Ok(value) => assert_eq!(Some(value), lenient),
            Err(strict_json::Problem::Syntax) => assert_eq!(lenient, None),
            // Only a lenient reader can tell whether what follows the repetition is JSON.
            Err(strict_json::Problem::Duplicate(name)) => {
                assert!(!name.is_empty() || String::from_utf8_lossy(bytes).contains("\"\""));
            }
        }
    });
}
