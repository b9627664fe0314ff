//! The 13 logout modules of the OpenID Foundation's conformance suite for relying parties, by their names there (without
//! `oidcc-client-test-`), over HTTP against both portals with a server.
//!
//! The suite's own way: a good token is answered with exactly 200, each bad one with exactly 400; every POST has a form
//! parameter and every token a claim that must be ignored; tokens live two minutes. Left out, because it is the suite's
//! work and not the portal's: its scripted browser, TLS, and the registration of a client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portal_protocol::forge::{Mutation, Pen};
use portals::{Kind, StoreAt};
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::scene::{Scene, cookie, post};
use crate::visitor::{Answer, Visitor};

const SERVERS: [Kind; 2] = [Kind::Internal, Kind::Admin];
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Sends a token as the suite does. The status, and who is still signed in.
async fn backchannel(kind: Kind, mutations: &[Mutation]) -> (Option<u16>, [bool; 3]) {
    let mut scene = Scene::open(kind, StoreAt::Memory).await;
    let mut all = vec![Mutation::claim("ignored_claim", json!("ignored"))];
    all.extend_from_slice(mutations);
    let mut request = post(&scene.forge.token(&all));
    request.body.extend(b"&ignored_parameter=ignored");
    let reply = scene.send(&request).await;
    // The suite only warns when this is missing; a portal has no reason to leave it out.
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    (reply.status, scene.living().await)
}

async fn refused(mutations: &[Mutation]) {
    for kind in SERVERS {
        assert_eq!(backchannel(kind, mutations).await, (Some(400), [true; 3]), "{kind}");
    }
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout() {
    for kind in SERVERS {
        assert_eq!(backchannel(kind, &[]).await, (Some(200), [false, true, true]), "{kind}");
    }
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout_alg_none() {
    refused(&[Mutation::Pen(Pen::Nobody)]).await;
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout_wrong_alg() {
    refused(&[Mutation::Pen(Pen::ProviderEs256), Mutation::header("kid", json!("curve-key"))]).await;
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout_no_event() {
    refused(&[Mutation::WithoutClaim("events".to_owned())]).await;
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout_wrong_event() {
    refused(&[Mutation::claim("events", json!({format!("{EVENT}-wrong"): {}}))]).await;
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout_with_nonce() {
    refused(&[Mutation::claim("nonce", json!("n-0S6_WzA2Mj"))]).await;
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout_wrong_aud() {
    refused(&[Mutation::claim("aud", json!("{client_id}1"))]).await;
}

#[tokio::test]
async fn rp_backchannel_rpinitlogout_wrong_iss() {
    refused(&[Mutation::claim("iss", json!("{issuer}1"))]).await;
}

/// The suite's page at the end of its session loads the portal's front-channel address in an iframe of the same browser.
#[tokio::test]
async fn rp_frontchannel_rpinitlogout() {
    for kind in SERVERS {
        let mut scene = Scene::open(kind, StoreAt::Memory).await;
        let iss: String = byte_serialize(scene.provider.issuer().as_bytes()).collect();
        let mut request = post("");
        request.method = "GET".to_owned();
        request.path_query = format!("/logout?iss={iss}&sid={}", scene.forge.sid);
        (request.headers, request.body) = (vec![cookie(&scene.people[0])], Vec::new());
        let reply = scene.send(&request).await;
        assert_eq!((reply.status, reply.header("cache-control")), (Some(200), Some("no-store")), "{kind}");
        assert_eq!(scene.living().await, [false, true, true], "{kind}");
    }
}

/// John signs out at the portal. What it sends to the provider, and his browser.
async fn signs_out(kind: Kind) -> (Vec<(String, String)>, Visitor, Scene) {
    let mut scene = Scene::open(kind, StoreAt::Memory).await;
    let mut visitor = Visitor::at(kind, scene.served.address);
    visitor.cookies.clone_from(&scene.people[0].cookies);
    let answer = visitor.post(if kind == Kind::Admin { "/admin/logout" } else { "/signout" }, "").await;
    assert_eq!(answer.status, 303, "{kind}");
    let url = Url::parse(answer.location()).unwrap();
    assert!(url.as_str().starts_with(&format!("{}/logout?", scene.provider.issuer())), "{url}");
    assert_eq!(scene.living().await, [false, true, true], "{kind}: here it ends first");
    (url.query_pairs().into_owned().collect(), visitor, scene)
}

/// The browser comes back from the provider; whether the portal takes this for the end of its own sign-out.
async fn comes_back(kind: Kind, visitor: &mut Visitor, query: &str) -> (Answer, bool) {
    let path = if kind == Kind::Admin { "/admin/signed-out" } else { "/signed-out" };
    let answer = visitor.get(&format!("{path}?{query}")).await;
    let own = match kind {
        Kind::Admin => !answer.body.contains("did not belong to a sign-out of this browser"),
        _ => answer.location() == "/?signed-out=1",
    };
    assert_eq!(answer.status, if kind == Kind::Admin { 200 } else { 303 }, "{kind}");
    (answer, own)
}

fn one<'a>(query: &'a [(String, String)], name: &str) -> &'a str {
    let values: Vec<_> = query.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect();
    assert_eq!(values.len(), 1, "{name} in {query:?}");
    values[0]
}

#[tokio::test]
async fn rp_init_logout() {
    for kind in SERVERS {
        let (query, mut visitor, scene) = signs_out(kind).await;
        let payload = one(&query, "id_token_hint").split('.').nth(1).unwrap();
        let hint: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!((&hint["sid"], &hint["iss"]), (&json!(scene.forge.sid), &json!(scene.provider.issuer())));
        assert!(one(&query, "post_logout_redirect_uri").starts_with("http://localhost:300"));
        let state = one(&query, "state");
        assert!(state.len() >= 16, "a state that cannot be guessed: {state}");
        assert!(comes_back(kind, &mut visitor, &format!("state={state}")).await.1, "{kind}");
        assert!(!comes_back(kind, &mut visitor, &format!("state={state}")).await.1, "{kind}: once");
    }
}

#[tokio::test]
async fn rp_init_logout_no_state() {
    for kind in SERVERS {
        let (_, mut visitor, _scene) = signs_out(kind).await;
        assert!(!comes_back(kind, &mut visitor, "").await.1, "{kind}");
        assert_eq!(visitor.who().await, None, "{kind}");
    }
}

#[tokio::test]
async fn rp_init_logout_other_state() {
    for kind in SERVERS {
        let (_, mut visitor, _scene) = signs_out(kind).await;
        let (answer, own) = comes_back(kind, &mut visitor, "state=of-somebody-else").await;
        assert!(!own && !answer.body.contains("of-somebody-else"), "{kind}: {}", answer.body);
        assert_eq!(visitor.who().await, None, "{kind}");
    }
}

/// What the suite checks first, that `session_state` beside the code does no harm: the provider of these tests always
/// sends it. Left out: polling the provider's `check_session_iframe` and signing in again without a prompt. No portal with a
/// server does that: the back channel tells the same sooner. The external portal's script does where it is told to; the
/// tests in a real browser show it.
#[tokio::test]
async fn session_management() {
    for kind in SERVERS {
        let scene = Scene::open(kind, StoreAt::Memory).await;
        scene.provider.expect("john-session", "sid-session");
        let mut visitor = Visitor::at(kind, scene.served.address);
        let callback = visitor.begin_sign_in().await;
        assert!(callback.contains("session_state=opaque"), "{callback}");
        assert_eq!(visitor.get(&callback).await.status, 303, "{kind}");
        assert_eq!(visitor.who().await.as_deref(), Some("john-session"), "{kind}");
    }
}
