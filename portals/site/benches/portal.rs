//! One measurement per call, one line of JSON as its result; `cargo xtask bench portals` calls it and judges.
//!
//! `rate PAIRS`, `reject PAIRS`, `kids COUNT`, `memory SESSIONS TOKEN_BYTES` measure by themselves. `page with|without
//! COUNT` and `revoke OTHERS COUNT` only do their work: the caller counts instructions.

use std::hint::black_box;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http_body_util::BodyExt as _;
use openidconnect::core::{CoreJsonWebKeySet, CoreJwsSigningAlgorithm, CoreRsaPrivateSigningKey};
use openidconnect::{JsonWebKey as _, JsonWebKeyId, PrivateSigningKey as _};
use portal_protocol::{Expectations, verify};
use portals::bench::Below;
use portals::{Clock, Faults, Kind, Portal, Secret, Settings, StoreAt};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::Url;

const CLIENT: &str = "internal-portal";
const KEY: &str = include_str!("../../protocol/tests/fixtures/test-only-signing-key.pem");
const FOREIGN: &str = include_str!("../../protocol/tests/fixtures/test-only-foreign-key.pem");
const RS256: CoreJwsSigningAlgorithm = CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256;
/// Requests before anything is measured.
const WARM_UP: usize = 50;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
    let result = match (words.first().map(String::as_str), number(1), number(2)) {
        (Some("rate"), Some(pairs), _) => rate(pairs).await,
        (Some("reject"), Some(pairs), _) => reject(pairs).await,
        (Some("kids"), Some(count), _) => kids(count).await,
        (Some("memory"), Some(sessions), Some(bytes)) => memory(sessions, bytes).await,
        (Some("revoke"), Some(others), Some(count)) => revoke(others, count).await,
        (Some("page"), None, Some(count)) => page(words[1] == "with", count).await,
        _ => {
            eprintln!("this program measures for `cargo xtask bench portals`; use that");
            std::process::exit(2);
        }
    };
    println!("{result}");
}

/// A portal, its provider on loopback, and a pen.
struct Bench {
    /// Made once, as a server does.
    router: Router,
    below: Below,
    issuer: String,
    key: CoreRsaPrivateSigningKey,
    fetched: tokio::sync::watch::Receiver<usize>,
}

impl Bench {
    async fn new() -> Self {
        let key = rsa(KEY, "k");
        let (counter, fetched) = tokio::sync::watch::channel(0);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let issuer = format!("http://{}/realms/bench", listener.local_addr().expect("an address"));
        let at = |path: &str| format!("{issuer}/{path}");
        let metadata = json!({
            "issuer": issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
            "jwks_uri": at("keys"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"]
        });
        let keys = serde_json::to_value(CoreJsonWebKeySet::new(vec![key.as_verification_key()])).expect("JSON");
        let provider = Router::new()
            .route("/realms/bench/.well-known/openid-configuration", get(async move || Json(metadata)))
            .route(
                "/realms/bench/keys",
                get(async move |State(counter): State<std::sync::Arc<tokio::sync::watch::Sender<usize>>>| {
                    counter.send_modify(|count| *count += 1);
                    Json(keys)
                }),
            )
            .with_state(std::sync::Arc::new(counter));
        tokio::spawn(async move { axum::serve(listener, provider).await });
        let settings = Settings {
            kind: Kind::Internal,
            issuer: Url::parse(&issuer).expect("a URL"),
            client_id: CLIENT.to_owned(),
            client_secret: Some(Secret::new("unused")),
            public_url: Url::parse("http://localhost:3001").expect("a URL"),
            siblings: Vec::new(),
            store: StoreAt::Memory,
            faults: Faults::NONE,
        };
        let portal = Portal::new(settings, Clock::system()).expect("a portal");
        let below = Below::of(&portal);
        Self { router: portal.router(), below, issuer, key, fetched }
    }

    /// A good logout token for `user`, after `change`.
    fn token(&self, user: usize, change: impl FnOnce(&mut Value, &mut Value)) -> String {
        let now = jiff::Timestamp::now().as_second();
        let mut header = json!({"alg": "RS256", "typ": "logout+jwt", "kid": "k"});
        let mut claims = json!({
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": format!("jti-{user}"),
            "sub": format!("{user:08x}-0000-4000-8000-000000000000"), "sid": format!("sid-{user}"),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
        });
        change(&mut header, &mut claims);
        sign(&self.key, &header, &claims)
    }

    async fn deliver(&self, token: &str) -> StatusCode {
        let request = Request::post("/logout").header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(Body::from(format!("logout_token={token}"))).expect("a request");
        self.router.clone().oneshot(request).await.expect("an answer").status()
    }
}

/// Verified logouts over the portal's whole stack, against bare signature checks with the same library, in turns.
async fn rate(pairs: usize) -> Value {
    let bench = Bench::new().await;
    let public = bench.key.as_verification_key();
    let (mut whole, mut bare) = (Vec::new(), Vec::new());
    for user in 0..WARM_UP + pairs {
        bench.below.sign_in(user as u64, 1200).await;
        let token = bench.token(user, |_, _| {});
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        let begun = Instant::now();
        assert!(black_box(public.verify_signature(&RS256, signed.as_bytes(), &signature)).is_ok());
        let alone = begun.elapsed();
        let begun = Instant::now();
        assert_eq!(bench.deliver(&token).await, StatusCode::OK);
        if user >= WARM_UP {
            bare.push(alone.as_secs_f64() * 1e6);
            whole.push(begun.elapsed().as_secs_f64() * 1e6);
        }
    }
    json!({"bare_us": median(bare), "whole_us": median(whole)})
}

/// Refusing against accepting, for each kind of bad token.
async fn reject(pairs: usize) -> Value {
    let bench = Bench::new().await;
    let foreign = rsa(FOREIGN, "k");
    let mut times: Vec<(&str, Vec<f64>)> =
        ["good", "foreign key", "wrong audience", "expired", "nonce", "no base64", "unsigned"]
            .map(|kind| (kind, Vec::new()))
            .to_vec();
    for user in 0..WARM_UP + pairs {
        bench.below.sign_in(user as u64, 1200).await;
        for (kind, times) in &mut times {
            let token = match *kind {
                "foreign key" => {
                    let good = bench.token(user, |_, _| {});
                    let parts: Vec<Value> = good.split('.').take(2).map(decoded).collect();
                    sign(&foreign, &parts[0], &parts[1])
                }
                "wrong audience" => bench.token(user, |_, claims| claims["aud"] = json!("another")),
                "expired" => bench.token(user, |_, claims| {
                    claims["iat"] = json!(1);
                    claims["exp"] = json!(2);
                }),
                "nonce" => bench.token(user, |_, claims| claims["nonce"] = json!("n")),
                "no base64" => bench.token(user, |_, _| {}).replace('.', ".!"),
                "unsigned" => bench.token(user, |header, _| header["alg"] = json!("none")),
                _ => bench.token(user, |_, _| {}),
            };
            let expected = if *kind == "good" { StatusCode::OK } else { StatusCode::BAD_REQUEST };
            let begun = Instant::now();
            assert_eq!(bench.deliver(&token).await, expected, "{kind}");
            if user >= WARM_UP {
                times.push(begun.elapsed().as_secs_f64() * 1e6);
            }
        }
    }
    Value::Object(times.into_iter().map(|(kind, times)| (kind.to_owned(), json!(median(times)))).collect())
}

/// How many fetches of the keys a flood of unknown key ids causes within one cool-down.
async fn kids(count: usize) -> Value {
    let bench = Bench::new().await;
    bench.deliver(&bench.token(0, |_, _| {})).await;
    let before = *bench.fetched.borrow();
    // One signature is enough: the key is looked for before the signature is.
    let good = bench.token(1, |_, _| {});
    let rest = good.split_once('.').map(|(_, rest)| rest.to_owned()).unwrap_or_default();
    let begun = Instant::now();
    for number in 0..count {
        let header = json!({"alg": "RS256", "typ": "logout+jwt", "kid": format!("unknown-{number}")});
        let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()));
        assert_eq!(bench.deliver(&token).await, StatusCode::BAD_REQUEST);
    }
    json!({"fetches": *bench.fetched.borrow() - before, "seconds": begun.elapsed().as_secs_f64()})
}

/// Resident memory before and after so many sessions.
async fn memory(sessions: usize, token_bytes: usize) -> Value {
    let bench = Bench::new().await;
    let before = resident();
    for user in 0..sessions {
        bench.below.sign_in(user as u64, token_bytes).await;
    }
    json!({"sessions": sessions, "token_bytes": token_bytes, "bytes": resident() - before})
}

/// Has `others` live sessions and 100 tokens ready, and uses the first `count` of them.
async fn revoke(others: usize, count: usize) -> Value {
    const READY: usize = 100;
    let bench = Bench::new().await;
    for user in 0..others + READY {
        bench.below.sign_in(user as u64, 8).await;
    }
    let expect = Expectations::new(&bench.issuer, CLIENT);
    let keys = CoreJsonWebKeySet::new(vec![bench.key.as_verification_key()]);
    let verified = |user: usize| {
        let token = bench.token(others + user, |_, _| {});
        verify(&token, &expect, &keys, jiff::Timestamp::now()).expect("a good token")
    };
    let tokens: Vec<_> = (0..READY).map(verified).collect();
    let mut ended = 0;
    for token in tokens.iter().take(count) {
        ended += bench.below.log_out_counted(token);
    }
    assert_eq!(ended, count.min(READY));
    json!({"ended": ended})
}

/// The same page with or without the session check, `count` times.
async fn page(with: bool, count: usize) -> Value {
    let bench = Bench::new().await;
    let cookie = bench.below.sign_in(1, 1200).await;
    let router = if with { bench.below.page_with_check() } else { bench.below.page_without_check() };
    let mut bytes = 0;
    for _ in 0..count {
        let request = Request::get("/").header("cookie", &cookie).body(Body::empty()).expect("a request");
        let answer = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        bytes += answer.into_body().collect().await.expect("a body").to_bytes().len();
    }
    json!({"bytes": bytes})
}

fn rsa(pem: &str, kid: &str) -> CoreRsaPrivateSigningKey {
    CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(kid.to_owned()))).expect("a key")
}

fn sign(key: &CoreRsaPrivateSigningKey, header: &Value, claims: &Value) -> String {
    let message =
        format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
    let signature = key.sign(&RS256, message.as_bytes()).expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64url")).expect("JSON")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Bytes of this process that are in memory.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().map_or(0, |kilobytes| kilobytes * 1024)
}
