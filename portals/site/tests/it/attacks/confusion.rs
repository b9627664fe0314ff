//! Genuine tokens in the wrong place (goal R4): each kind, of each client, at each endpoint that takes something like it.
//! A signature says who wrote a token, not what it is for.

use axum::body::Body;
use axum::http::Method;
use portal_protocol::forge::{Forge, Mutation, Pen};
use portals::{Kind, StoreAt};
use serde_json::json;

use super::scene::{Scene, client};
use crate::provider::Provider;
use crate::visitor::Visitor;

/// A token, what it is, and for whom it was made.
struct Genuine {
    what: &'static str,
    of: Kind,
    token: String,
}

/// What the provider gives to all clients for John's session at his phone.
fn all_tokens(scene: &Scene) -> Vec<Genuine> {
    let Forge { issuer, sub, sid, now, .. } = &scene.forge;
    let name = sub.trim_start_matches("sub-of-");
    let mut all = Vec::new();
    for of in Kind::ALL {
        let tokens = scene.provider.tokens_for(client(of), name, sid);
        for what in ["id_token", "access_token", "refresh_token"] {
            all.push(Genuine { what, of, token: tokens[what].as_str().unwrap().to_owned() });
        }
        let mut forge = Forge::new(issuer, client(of), sub, sid, *now);
        "sub-of-mary".clone_into(&mut forge.other_sub);
        let logout = forge.token_with_jti(&format!("genuine-for-{of}"), &[]);
        all.push(Genuine { what: "logout token", of, token: logout });
        // Keycloak's refresh tokens are JWTs too, signed with a secret of its own.
        let refresh = [Mutation::Pen(Pen::HmacOfSecret), Mutation::WithoutClaim("events".to_owned())];
        all.push(Genuine { what: "refresh JWT", of, token: forge.token_with_jti("r", &refresh) });
    }
    all
}

#[tokio::test]
async fn only_its_own_logout_token_ends_anything_at_a_portal() {
    for kind in [Kind::Internal, Kind::Admin] {
        let mut scene = Scene::open(kind, StoreAt::Memory).await;
        let mut accepted = 0;
        for Genuine { what, of, token } in all_tokens(&scene) {
            let own = what == "logout token" && of == kind;
            let reply = scene.deliver(&token).await;
            let expected = if own { (Some(200), [false, true, true]) } else { (Some(400), scene.living().await) };
            assert_eq!((reply.status, scene.living().await), expected, "{what} of {of} at {kind}");
            accepted += usize::from(reply.status == Some(200));
            if !own && accepted == 0 {
                assert_eq!(scene.living().await, [true; 3], "{what} of {of} at {kind}");
            }
        }
        assert_eq!((accepted, scene.living().await), (1, [false, true, true]));
        scene.check_aftermath().await;
    }
}

#[tokio::test]
async fn no_token_is_a_code_and_no_token_is_a_session() {
    for kind in [Kind::Internal, Kind::Admin] {
        let mut scene = Scene::open(kind, StoreAt::Memory).await;
        let (me, callback) = match kind {
            Kind::Admin => ("/admin/session", "/admin/callback"),
            _ => ("/api/me", "/callback"),
        };
        for Genuine { what, of, token } in all_tokens(&scene) {
            let mut visitor = Visitor::at(kind, scene.served.address);
            let bearer = format!("Bearer {token}");
            let answer = visitor.send(Method::GET, me, &[("authorization", &bearer)], Body::empty()).await;
            assert_eq!(answer.status, 401, "{what} of {of} as a bearer token at {kind}");

            // A sign-in that this browser really began, so that only the code is wrong.
            let begun = visitor.begin_sign_in().await;
            let state = begun.split(['?', '&']).find(|pair| pair.starts_with("state=")).unwrap().to_owned();
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("iss", scene.provider.issuer())
                .append_pair("code", &token)
                .finish();
            let answer = visitor.get(&format!("{callback}?{state}&{query}")).await;
            assert!((400..500).contains(&answer.status), "{what} of {of} as a code at {kind}: {}", answer.status);
            assert!(!answer.body.contains(&token), "{what} of {of}: the page repeats it");
            assert_eq!(visitor.who().await, None, "{what} of {of} as a code at {kind}");

            let name = if kind == Kind::Admin { "admin_session" } else { "internal_session" };
            visitor.cookies.insert(name.to_owned(), token.replace(' ', ""));
            assert_eq!(visitor.who().await, None, "{what} of {of} as a session cookie at {kind}");
        }
        assert_eq!(scene.living().await, [true; 3]);
        scene.check_aftermath().await;
    }
}

/// A-82: a `sid` is unique at one provider only, and another provider's word ends nothing here.
#[tokio::test]
async fn a_genuine_token_of_another_provider_ends_nothing() {
    for kind in [Kind::Internal, Kind::Admin] {
        let mut scene = Scene::open(kind, StoreAt::Memory).await;
        let second = Provider::start().await;
        let (sub, sid) = (scene.forge.sub.clone(), scene.forge.sid.clone());
        let token = second.logout_token(client(kind), |claims| {
            (claims["sub"], claims["sid"]) = (json!(sub), json!(sid));
        });
        assert_eq!(scene.deliver(&token).await.status, Some(400), "{kind}");
        // With keys of its own it is a stranger altogether.
        second.rotate_keys();
        let token = second.logout_token(client(kind), |claims| claims["sid"] = json!(sid));
        assert_eq!(scene.deliver(&token).await.status, Some(400), "{kind}");
        assert_eq!(scene.living().await, [true; 3], "{kind}");
        scene.check_aftermath().await;
    }
}
