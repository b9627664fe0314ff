//! An OpenID provider for tests: real signatures, real HTTP on loopback, and no mercy: it checks PKCE, the client's secret
//! and the redirect address as a provider does. It asks for no password.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openidconnect::core::CoreRsaPrivateSigningKey;
use openidconnect::{JsonWebKeyId, PkceCodeChallenge, PkceCodeVerifier, PrivateSigningKey};
use portal_protocol::KeySet;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

mod pen;
mod stage;

use pen::{FIRST_KEY, SECOND_KEY, key, sign, tokens};

pub(crate) const CLIENT_SECRET: &str = "a secret for tests";

/// One deviation from a correct provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The ID token carries another nonce.
    WrongNonce,
    /// The ID token was issued to another client (`azp`).
    WrongParty,
    /// The ID token is signed with a key that is not published.
    UnpublishedKey,
    /// The ID token is for another client.
    WrongAudience,
    /// The authorization response carries no `iss`.
    NoIss,
    /// The authorization response carries another `iss`.
    OtherIss,
    /// The user says no.
    Denied,
    /// The client's secret is not accepted.
    WrongSecret,
    /// A refresh is answered with 503.
    RefreshUnavailable,
    /// A refresh is answered with the tokens of somebody else.
    RefreshOtherUser,
    /// A refresh is answered with tokens of another session of the same person.
    RefreshOtherSession,
    /// A refresh is answered with an ID token that is signed with a key that is not published.
    RefreshUnpublishedKey,
    /// A refresh is answered without an ID token, which is legal.
    RefreshNoIdToken,
}

/// The provider. It stops when it is dropped.
pub(crate) struct Provider {
    shared: Arc<Shared>,
    stop: DropGuard,
    stopped: watch::Receiver<bool>,
}

struct Shared {
    issuer: String,
    state: Mutex<Inner>,
    /// Closed by a test that wants the token endpoint to wait.
    gate: Semaphore,
    waiting: watch::Sender<usize>,
}

#[derive(Default)]
struct Inner {
    next: Login,
    fault: Option<Fault>,
    refresh_expires_in: Option<u32>,
    /// How long its access tokens live, if not the usual five minutes.
    access_expires_in: Option<u32>,
    codes: HashMap<String, Issued>,
    /// Each works once: a second use is what a theft looks like.
    refresh_tokens: HashMap<String, Issued>,
    /// Seconds by which its clock is ahead.
    ahead: i64,
    rotated: bool,
    /// What it publishes instead of the key with which it signs.
    published: Option<KeySet>,
    /// It lists ES256 too.
    es256: bool,
    /// Everything that it handed out or was shown and that is nobody else's business.
    secrets: Vec<String>,
    asked: HashMap<&'static str, usize>,
}

#[derive(Clone, Default)]
struct Login {
    username: String,
    sid: String,
}

#[derive(Clone)]
struct Issued {
    login: Login,
    query: HashMap<String, String>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/realms/test", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            issuer,
            state: Mutex::new(Inner { refresh_expires_in: Some(1800), ..Inner::default() }),
            gate: Semaphore::new(1),
            waiting: watch::Sender::new(0),
        });
        let router = Router::new()
            .route("/realms/test/.well-known/openid-configuration", get(discovery))
            .route("/realms/test/keys", get(keys))
            .route("/realms/test/authorize", get(authorize))
            .route("/realms/test/token", post(token))
            .with_state(Arc::clone(&shared));
        let stop = CancellationToken::new();
        let (word, child) = (watch::Sender::new(false), stop.clone());
        let stopped = word.subscribe();
        tokio::spawn(async move {
            let serving = axum::serve(listener, router);
            tokio::select! { _ = serving => {}, () = child.cancelled() => {} }
            word.send_replace(true);
        });
        Self { shared, stop: stop.drop_guard(), stopped }
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Who signs in next, and in which session.
    pub(crate) fn expect(&self, username: &str, sid: &str) {
        self.inner().next = Login { username: username.to_owned(), sid: sid.to_owned() };
    }

    /// From now on it has this fault, or none.
    pub(crate) fn fault(&self, fault: Option<Fault>) {
        self.inner().fault = fault;
    }

    /// How long its refresh tokens live; `None`: it does not say.
    pub(crate) fn refresh_expires_in(&self, seconds: Option<u32>) {
        self.inner().refresh_expires_in = seconds;
    }

    /// Signs with another key from now on, which it publishes instead of the old one.
    pub(crate) fn rotate_keys(&self) {
        self.inner().rotated = true;
    }

    /// Ends every session: no refresh token works any more.
    pub(crate) fn end_sessions(&self) {
        self.inner().refresh_tokens.clear();
    }

    /// Moves its clock on, as [`portals::Clock::advance`] does with a portal's.
    pub(crate) fn advance(&self, seconds: i64) {
        self.inner().ahead += seconds;
    }

    /// How often `what` (`discovery`, `keys`, `token`, `refresh`) was asked for.
    pub(crate) fn asked(&self, what: &'static str) -> usize {
        self.inner().asked.get(what).copied().unwrap_or(0)
    }

    /// Makes the token endpoint wait until the guard is dropped.
    pub(crate) async fn hold_tokens(&self) -> tokio::sync::SemaphorePermit<'_> {
        self.shared.gate.acquire().await.unwrap()
    }

    /// Returns when a request waits at the token endpoint.
    pub(crate) async fn token_request_waits(&self) {
        self.shared.waiting.subscribe().wait_for(|waiting| *waiting > 0).await.unwrap();
    }

    /// Stops it; its port is closed when this returns.
    pub(crate) async fn go_down(self) {
        let Self { stop, mut stopped, .. } = self;
        drop(stop);
        stopped.wait_for(|stopped| *stopped).await.unwrap();
    }

    /// A correct logout token for `client`, after `change`.
    pub(crate) fn logout_token(&self, client: &str, change: impl FnOnce(&mut Value)) -> String {
        let now = crate::now();
        let mut claims = json!({
            "iss": self.issuer(), "aud": client, "iat": now, "exp": now + 120,
            "jti": format!("{:032x}", rand::random::<u128>()),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
        });
        change(&mut claims);
        self.sign("logout+jwt", &claims)
    }

    /// Signs claims with the current key.
    pub(crate) fn sign(&self, typ: &str, claims: &Value) -> String {
        sign(&self.key(), typ, claims)
    }

    /// Signs claims with a key that nobody published, under the name of one that is.
    pub(crate) fn forge(&self, typ: &str, claims: &Value) -> String {
        let kid = self.key().as_verification_key();
        let kid = openidconnect::JsonWebKey::key_id(&kid).unwrap().to_string();
        let pem = if self.inner().rotated { FIRST_KEY } else { SECOND_KEY };
        sign(&CoreRsaPrivateSigningKey::from_pem(pem, Some(JsonWebKeyId::new(kid))).unwrap(), typ, claims)
    }

    fn key(&self) -> CoreRsaPrivateSigningKey {
        key(&self.inner())
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.shared.state.lock().unwrap()
    }
}

async fn discovery(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let mut inner = shared.state.lock().unwrap();
    *inner.asked.entry("discovery").or_default() += 1;
    let algorithms = if inner.es256 { json!(["RS256", "ES256"]) } else { json!(["RS256", "HS256", "none"]) };
    let at = |path: &str| format!("{}/{path}", shared.issuer);
    Json(json!({
        "issuer": shared.issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("keys"),
        "end_session_endpoint": at("logout"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "authorization_response_iss_parameter_supported": true
    }))
}

async fn keys(State(shared): State<Arc<Shared>>) -> Json<KeySet> {
    let mut inner = shared.state.lock().unwrap();
    *inner.asked.entry("keys").or_default() += 1;
    Json(inner.published.clone().unwrap_or_else(|| KeySet::new(vec![key(&inner).as_verification_key()])))
}

async fn authorize(State(shared): State<Arc<Shared>>, Query(query): Query<HashMap<String, String>>) -> Response {
    assert_eq!((query["response_type"].as_str(), query["code_challenge_method"].as_str()), ("code", "S256"));
    let mut scopes: Vec<&str> = query["scope"].split(' ').collect();
    scopes.sort_unstable();
    assert_eq!(scopes, ["email", "openid", "profile"]);
    let mut inner = shared.state.lock().unwrap();
    let mut back = Url::parse(&query["redirect_uri"]).unwrap();
    back.query_pairs_mut().append_pair("state", &query["state"]).append_pair("session_state", "opaque");
    match inner.fault {
        Some(Fault::NoIss) => {}
        Some(Fault::OtherIss) => {
            back.query_pairs_mut().append_pair("iss", "https://another.example");
        }
        _ => {
            back.query_pairs_mut().append_pair("iss", &shared.issuer);
        }
    }
    if inner.fault == Some(Fault::Denied) {
        back.query_pairs_mut().append_pair("error", "access_denied");
    } else {
        let code = format!("code-{:032x}", rand::random::<u128>());
        back.query_pairs_mut().append_pair("code", &code);
        let login = inner.next.clone();
        inner.secrets.push(code.clone());
        inner.codes.insert(code, Issued { login, query });
    }
    Redirect::to(back.as_str()).into_response()
}

async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    shared.waiting.send_modify(|waiting| *waiting += 1);
    let permit = shared.gate.acquire().await.unwrap();
    shared.waiting.send_modify(|waiting| *waiting -= 1);
    drop(permit);
    let mut inner = shared.state.lock().unwrap();
    let refresh = form["grant_type"] == "refresh_token";
    *inner.asked.entry(if refresh { "refresh" } else { "token" }).or_default() += 1;
    let refused = |status, error: &str| (status, Json(json!({ "error": error }))).into_response();
    if refresh && inner.fault == Some(Fault::RefreshUnavailable) {
        return (StatusCode::SERVICE_UNAVAILABLE, "not now").into_response();
    }
    // A code is gone after its first use; a refresh token after the first that succeeds.
    let issued = if refresh {
        inner.refresh_tokens.get(&form["refresh_token"]).cloned()
    } else {
        inner.codes.remove(&form["code"])
    };
    let Some(issued) = issued else {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let client = &issued.query["client_id"];
    let basic = STANDARD.encode(format!("{client}:{}", CLIENT_SECRET.replace(' ', "+")));
    let authorized = headers.get("authorization").is_some_and(|value| *value == format!("Basic {basic}"));
    if !authorized || inner.fault == Some(Fault::WrongSecret) {
        return refused(StatusCode::UNAUTHORIZED, "invalid_client");
    }
    if refresh {
        inner.refresh_tokens.remove(&form["refresh_token"]);
        return Json(tokens(&shared.issuer, &mut inner, &issued, true)).into_response();
    }
    inner.secrets.extend([form["code_verifier"].clone(), basic]);
    let verifier = PkceCodeVerifier::new(form["code_verifier"].clone());
    let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
    if challenge.as_str() != issued.query["code_challenge"] || form["redirect_uri"] != issued.query["redirect_uri"] {
        return refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }
    Json(tokens(&shared.issuer, &mut inner, &issued, false)).into_response()
}
