//! Every named fault shows when it is switched on, and only then. What only a real browser can show (a script that runs, a
//! tab that hears nothing) is in the Chromium lane; here it is checked that the page carries the fault.

use axum::body::Body;
use axum::http::Method;
use jiff::SignedDuration;
use portals::{Clock, Exposed, Fault, Faults, Kind, Portal};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::provider::Provider;
use crate::visitor::{Answer, Visitor};
use crate::{binary, settings, signed_in};

/// A portal with faults, its provider, and John, who may have signed in.
struct Scene {
    provider: Provider,
    portal: Portal,
    john: Visitor,
    client: String,
}

#[tokio::test]
async fn every_fault_shows_when_it_is_on_and_only_then() {
    for fault in Fault::ALL {
        for kind in fault.about().portals {
            assert!(shows(fault, *kind, Faults::from_iter([fault])).await, "{fault} does not show at {kind}");
            assert!(!shows(fault, *kind, Faults::NONE).await, "{fault} shows at {kind} although it is off");
        }
    }
}

#[tokio::test]
async fn a_portal_with_faults_says_so_on_every_page() {
    for (kind, path) in
        [(Kind::Internal, "/"), (Kind::External, "/"), (Kind::Admin, "/admin/login"), (Kind::Admin, "/no")]
    {
        let scene = Scene::new(kind, Faults::NONE).await;
        let mut visitor = Visitor::of(&scene.portal);
        assert!(!visitor.get(path).await.body.contains("wrong on purpose"));
        let fault = Fault::ALL.into_iter().find(|fault| fault.about().portals.contains(&kind)).unwrap();
        scene.portal.set_faults(Faults::from_iter([fault])).unwrap();
        let page = visitor.get(path).await.body;
        assert!(page.contains("wrong on purpose") && page.contains(fault.name()), "{page}");
    }
}

#[tokio::test]
async fn a_fault_of_something_else_leaves_the_reason_on_the_sign_in_card() {
    let mut scene = Scene::signed_in(Kind::Admin, Faults::from_iter([Fault::P21bHealthTells])).await;
    let token = scene.provider.logout_token(&scene.client, |claims| claims["sid"] = json!("sid-1"));
    Visitor::of(&scene.portal).post("/logout", &format!("logout_token={token}")).await;
    let answer = scene.john.get("/admin/dashboard").await;
    assert_eq!((answer.status, answer.location()), (303, "/admin/login?why=back-channel"));
}

#[tokio::test]
async fn a_portal_gets_only_faults_that_it_can_have() {
    let scene = Scene::new(Kind::External, Faults::NONE).await;
    scene.portal.set_faults(Fault::ALL.into_iter().collect()).unwrap();
    let own: Vec<Fault> =
        Fault::ALL.into_iter().filter(|fault| fault.about().portals.contains(&Kind::External)).collect();
    assert_eq!(scene.portal.faults().iter().collect::<Vec<_>>(), own);
}

#[tokio::test]
async fn faults_and_other_computers_do_not_go_together() {
    let some = Faults::from_iter([Fault::S4UnverifiedToken]);
    let anywhere = || TcpListener::bind("0.0.0.0:0");
    let scene = Scene::new(Kind::Internal, some).await;
    let stop = CancellationToken::new();
    assert_eq!(portals::serve(&scene.portal, anywhere().await.unwrap(), stop.clone()).await, Err(Exposed));

    let scene = Scene::new(Kind::Internal, Faults::NONE).await;
    stop.cancel();
    assert_eq!(portals::serve(&scene.portal, anywhere().await.unwrap(), stop).await, Ok(()));
    assert_eq!(scene.portal.set_faults(some), Err(Exposed));
    assert!(scene.portal.faults().is_empty());
}

/// Plays the situation in which the fault matters, at a portal with `faults`. Whether the wrong thing happened.
async fn shows(fault: Fault, kind: Kind, faults: Faults) -> bool {
    match fault {
        Fault::S2Lying200 | Fault::S7CookieLookup => {
            let mut scene = Scene::signed_in(kind, faults).await;
            let status = scene.deliver("sid-1").await.status;
            status == 200 && scene.john_is_in().await
        }
        Fault::S4UnverifiedToken => {
            let mut scene = Scene::signed_in(kind, faults).await;
            let good = scene.claims("sid-1");
            let forged = scene.provider.forge("logout+jwt", &good);
            scene.post_token(&forged).await.status == 200 && !scene.john_is_in().await
        }
        Fault::S5Wildcard => {
            let scene = Scene::signed_in(kind, faults).await;
            let mut mary = scene.also("mary", "sid-2").await;
            scene.deliver("sid-1").await;
            mary.who().await.is_none()
        }
        Fault::S6Revival => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.deliver("sid-1").await;
            assert!(!scene.john_is_in().await, "it looks like a logout at first");
            scene.also("mary", "sid-2").await;
            scene.john_is_in().await
        }
        Fault::S8MemoryRevocations => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.deliver("sid-1").await;
            assert!(!scene.john_is_in().await, "it looks like a logout at first");
            scene.forget_memory();
            scene.john_is_in().await
        }
        Fault::S9RandomKey => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.forget_memory();
            !scene.john_is_in().await
        }
        Fault::S10NoPkce => !Scene::new(kind, faults).await.sign_in_address().await.contains("code_challenge="),
        Fault::S12TokenInCookie => {
            let mut scene = Scene::signed_in(kind, faults).await;
            let mut copy = scene.john.clone();
            scene.sign_out().await;
            assert!(!scene.john_is_in().await, "it looks like a sign-out at first");
            copy.who().await.is_some()
        }
        Fault::S13RolesFromUserinfo => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.john.get("/admin/dashboard").await.status == 403
        }
        Fault::S14WrongDiscovery => Scene::new(kind, faults).await.john.get(login(kind)).await.status == 502,
        Fault::S11NoHint | Fault::P05NoIdToken | Fault::P34LocalOnly => sign_out_shows(fault, kind, faults).await,
        Fault::S15Cdn
        | Fault::S16InnerHtml
        | Fault::S17FocusOnly
        | Fault::P14FramePageLeaves
        | Fault::Fc7LateCleanUp
        | Fault::P38NotFrameable => page_shows(fault, kind, faults).await,
        Fault::S18FrontChannelAnyone => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.john.get("/logout").await;
            !scene.john_is_in().await
        }
        Fault::P13GetSignOut => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.john.get("/signout").await;
            !scene.john_is_in().await
        }
        Fault::P15SharedCookie => Scene::signed_in(kind, faults).await.john.cookies.contains_key("session"),
        Fault::P19LongSession => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.portal.clock().advance(SignedDuration::from_hours(2));
            scene.john_is_in().await
        }
        Fault::P21TokenInLog => token_is_logged(kind, faults).await,
        Fault::P21bHealthTells => {
            let scene = Scene::signed_in(kind, faults).await;
            scene.john.stranger().get("/health").await.json()["signed_in"] == 1
        }
        Fault::P22LateSave => late_save_revives(kind, faults).await,
        Fault::P31EndlessTombstone => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.deliver("sid-1").await;
            scene.provider.expect("john", "sid-9");
            scene.john.sign_in().await.status != 303
        }
        Fault::P40KeysForEver => {
            let scene = Scene::signed_in(kind, faults).await;
            scene.provider.rotate_keys();
            scene.deliver("sid-1").await.status == 400
        }
        Fault::P50SignOutNeedsSession => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.sign_out().await;
            // Sooner it would be a double click.
            scene.portal.clock().advance(SignedDuration::from_secs(11));
            scene.sign_out().await.status == 500
        }
        Fault::P53AnswerFirst => {
            let mut scene = Scene::signed_in(kind, faults).await;
            scene.deliver("sid-1").await.status == 200 && scene.john_is_in().await
        }
        Fault::SidIgnored => {
            let scene = Scene::signed_in(kind, faults).await;
            let mut phone = scene.also("john", "sid-2").await;
            scene.deliver("sid-1").await;
            phone.who().await.is_none()
        }
        Fault::P25CsrfBlocks
        | Fault::P26SidRequired
        | Fault::P27NoClaimChecks
        | Fault::P29TypTooStrict
        | Fault::P42AnyToken
        | Fault::P52EventsExact
        | Fault::P54IssuerPrefix => token_shows(fault, kind, faults).await,
    }
}

/// Faults of a sign-out: what the browser is sent to the provider with.
async fn sign_out_shows(fault: Fault, kind: Kind, faults: Faults) -> bool {
    let mut scene = Scene::signed_in(kind, faults).await;
    let answer = scene.sign_out().await;
    let address = answer.location();
    let (hint, client) = (address.contains("id_token_hint="), address.contains("client_id="));
    match fault {
        Fault::S11NoHint => address.starts_with(scene.provider.issuer()) && !hint && !client,
        Fault::P05NoIdToken => !hint && client,
        _ => !address.starts_with(scene.provider.issuer()),
    }
}

/// Faults of the page of a single-page app.
async fn page_shows(fault: Fault, kind: Kind, faults: Faults) -> bool {
    let scene = Scene::new(kind, faults).await;
    let mut visitor = Visitor::of(&scene.portal);
    let (app, frame) = (visitor.get("/").await, visitor.get("/logout?iss=i&sid=s").await);
    let told = |page: &Answer| page.body.contains(&format!("data-faults=\"{fault} \""));
    match fault {
        Fault::S15Cdn => app.body.contains("src=\"https://cdn.example/"),
        Fault::S16InnerHtml => told(&app) && !app.headers.contains_key("content-security-policy"),
        Fault::P38NotFrameable => frame.headers.contains_key("x-frame-options"),
        Fault::P14FramePageLeaves | Fault::Fc7LateCleanUp => told(&frame),
        _ => told(&app),
    }
}

/// Faults that refuse a good token or accept a bad one.
async fn token_shows(fault: Fault, kind: Kind, faults: Faults) -> bool {
    let mut scene = Scene::signed_in(kind, faults).await;
    let mut claims = scene.claims("sid-1");
    let (good, typ) = match fault {
        Fault::P26SidRequired => {
            claims.as_object_mut().unwrap().remove("sid");
            (true, "logout+jwt")
        }
        Fault::P52EventsExact => {
            claims["events"]["http://schemas.openid.net/event/backchannel-logout"] =
                json!({"revoke_offline_access": true});
            (true, "logout+jwt")
        }
        Fault::P27NoClaimChecks => {
            claims["exp"] = json!(crate::now() - 3600);
            claims["iat"] = json!(crate::now() - 3700);
            (false, "logout+jwt")
        }
        Fault::P54IssuerPrefix => {
            claims["iss"] = json!(format!("{}-of-somebody-else", scene.provider.issuer()));
            (false, "logout+jwt")
        }
        Fault::P42AnyToken => {
            // What the user's own browser or a log may hold: the ID token.
            claims.as_object_mut().unwrap().remove("events");
            claims["nonce"] = json!("of a sign-in");
            (false, "JWT")
        }
        _ => (true, "logout+jwt"),
    };
    let token = scene.provider.sign(typ, &claims);
    scene.post_token(&token).await;
    // A good token must end the session, a bad one must not.
    scene.john_is_in().await == good
}

/// A request that changes the session waits for the provider while the logout token comes.
async fn late_save_revives(kind: Kind, faults: Faults) -> bool {
    let mut scene = Scene::signed_in(kind, faults).await;
    // Near the end of the access token's life the page asks the provider for a new one.
    scene.portal.clock().advance(SignedDuration::from_secs(280));
    let held = scene.provider.hold_tokens().await;
    let mut in_flight = scene.john.clone();
    let path = if kind == Kind::Admin { "/admin/dashboard" } else { "/" };
    let request = tokio::spawn(async move { in_flight.get(path).await });
    scene.provider.token_request_waits().await;
    let mut claims = scene.claims("sid-1");
    (claims["iat"], claims["exp"]) = (json!(crate::now() + 280), json!(crate::now() + 400));
    let token = scene.provider.sign("logout+jwt", &claims);
    assert_eq!(scene.post_token(&token).await.status, 200);
    drop(held);
    request.await.unwrap();
    scene.john_is_in().await
}

async fn token_is_logged(kind: Kind, faults: Faults) -> bool {
    let scene = Scene::new(kind, Faults::NONE).await;
    let token = scene.provider.sign("logout+jwt", &scene.claims("sid-1"));
    let log = binary::log_of_delivering(kind, faults, &token).await;
    assert!(log.contains("POST \"/logout\" 400"), "the log is there: {log}");
    log.contains(&token[..50])
}

fn login(kind: Kind) -> &'static str {
    if kind == Kind::Admin { "/admin/auth" } else { "/login" }
}

impl Scene {
    async fn new(kind: Kind, faults: Faults) -> Self {
        let provider = Provider::start().await;
        let portal =
            Portal::new(portals::Settings { faults, ..settings(kind, provider.issuer()) }, Clock::system()).unwrap();
        let john = Visitor::of(&portal);
        Self { provider, portal, john, client: format!("{kind}-client") }
    }

    async fn signed_in(kind: Kind, faults: Faults) -> Self {
        let mut scene = Self::new(kind, faults).await;
        scene.provider.expect("john", "sid-1");
        let answer = scene.john.sign_in().await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        scene
    }

    async fn also(&self, username: &str, sid: &str) -> Visitor {
        let mut visitor = self.john.stranger();
        self.provider.expect(username, sid);
        visitor.sign_in().await;
        visitor
    }

    fn claims(&self, sid: &str) -> serde_json::Value {
        json!({
            "iss": self.provider.issuer(), "aud": self.client, "iat": crate::now(), "exp": crate::now() + 120,
            "jti": format!("{:032x}", rand::random::<u128>()), "sub": "sub-of-john", "sid": sid,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}}
        })
    }

    /// A good logout token.
    async fn deliver(&self, sid: &str) -> Answer {
        let token = self.provider.sign("logout+jwt", &self.claims(sid));
        self.post_token(&token).await
    }

    async fn post_token(&self, token: &str) -> Answer {
        self.john.stranger().post("/logout", &format!("logout_token={token}")).await
    }

    async fn john_is_in(&mut self) -> bool {
        self.john.who().await.is_some()
    }

    async fn sign_in_address(&mut self) -> String {
        let kind = self.portal.kind();
        self.john.get(login(kind)).await.location().to_owned()
    }

    async fn sign_out(&mut self) -> Answer {
        let path = if self.portal.kind() == Kind::Admin { "/admin/logout" } else { "/signout" };
        self.john.send(Method::POST, path, &[], Body::empty()).await
    }

    /// What a restart does to this process's memory, while the store of sessions stays.
    fn forget_memory(&self) {
        self.portal.set_faults(self.portal.faults()).unwrap();
    }
}

#[tokio::test]
async fn switching_a_fault_off_makes_the_portal_right_again() {
    let (provider, portal, mut john) = signed_in(Kind::Internal, "john").await;
    portal.set_faults(Faults::from_iter([Fault::S2Lying200])).unwrap();
    let token = provider.logout_token("internal-client", |claims| claims["sid"] = json!("sid-1"));
    let lying = Visitor::of(&portal).post("/logout", &format!("logout_token={token}")).await;
    assert_eq!((lying.status, john.who().await.as_deref()), (200, Some("john")));
    portal.set_faults(Faults::NONE).unwrap();
    assert_eq!(Visitor::of(&portal).post("/logout", &format!("logout_token={token}")).await.status, 200);
    assert_eq!(john.who().await, None);
}
