//! What an administrator, the network and time do in a lesson happens, and a reset leaves no trace of it.

use lab::acts::{About, Act, Grant, Lifetimes, Sent};
use lab::browser::{Place, SignOut};
use lab::tap::Disturbance;
use lab_trace::{EventKind, Party};
use realm::User;
use serde_json::{Value, json};

use super::{Stage, assert_same};

/// A user as far as a lesson can change one: who it is, whether it is on, and its roles.
async fn user(stage: &Stage, name: &str) -> Value {
    let Some(user) = stage.admin.find_user(name).await.unwrap() else { return Value::Null };
    let id = user["id"].as_str().unwrap();
    let roles = stage.admin.get(&format!("realms/{}/users/{id}/role-mappings/realm", realm::REALM)).await.unwrap();
    let mut roles: Vec<&str> = roles.as_array().unwrap().iter().filter_map(|role| role["name"].as_str()).collect();
    roles.sort_unstable();
    json!({ "enabled": user["enabled"], "email": user["email"], "attributes": user["attributes"], "roles": roles })
}

fn name(name: &str) -> String {
    name.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_undoes_everything_that_a_lesson_did_to_the_realm() {
    let stage = Stage::start().await;
    stage.lab.reset().await.unwrap();
    let (before, alex) = (stage.lab.realm().await.unwrap(), user(&stage, "alex.admin").await);
    let john = user(&stage, "john.employee").await;
    let kid = stage.admin.signing_kid().await.unwrap();

    stage.lab.act(&Act::TakeRoles { username: name("alex.admin") }).await.unwrap();
    assert_eq!(user(&stage, "alex.admin").await["roles"], json!([]));
    stage.lab.act(&Act::DisableUser { username: name("alex.admin") }).await.unwrap();
    assert_eq!(user(&stage, "alex.admin").await["enabled"], json!(false));
    stage.lab.act(&Act::DeleteUser { username: name("alex.admin") }).await.unwrap();
    assert_eq!(user(&stage, "alex.admin").await, Value::Null);
    stage.lab.act(&Act::ResetPassword { username: name("john.employee") }).await.unwrap();
    assert_eq!(
        stage.person("john", User::John).sign_in("internal").await.unwrap().place.to_string(),
        "Keycloak's login form: Invalid username or password."
    );
    stage.lab.act(&Act::DisableClient { portal: name("admin") }).await.unwrap();
    stage.lab.act(&Act::PairwiseSubject { portal: name("internal") }).await.unwrap();
    stage.lab.act(&Act::RotateKeys).await.unwrap();
    assert_ne!(stage.admin.signing_kid().await.unwrap(), kid);
    stage.lab.act(&Act::SetLifetimes(Lifetimes { idle: Some(10), ..Lifetimes::default() })).await.unwrap();
    stage.lab.act(&Act::PushNotBefore).await.unwrap();
    stage.lab.act(&Act::LogOutEverybody).await.unwrap();
    stage.lab.act(&Act::RotateRefreshTokens).await.unwrap();
    settings_are_as_the_administrator_wants_them(&stage).await;
    stage.lab.act(&Act::ImportTestKey).await.unwrap();
    stage.lab.act(&Act::RegisterListeners { count: 3 }).await.unwrap();
    for portal in ["internal", "admin"] {
        stage.lab.act(&Act::HearByFrontChannel { portal: name(portal) }).await.unwrap();
    }
    for role in [Grant::OfflineAccess, Grant::ManageAccount] {
        stage.lab.act(&Act::Grant { username: name("john.employee"), role }).await.unwrap();
    }
    let unknown = stage.lab.act(&Act::DisableUser { username: name("nobody") }).await.unwrap_err();
    assert!(unknown.what.contains("no user nobody"), "{unknown:?}");

    stage.lab.reset().await.unwrap();
    assert_same(&before, &stage.lab.realm().await.unwrap());
    assert_eq!(user(&stage, "alex.admin").await, alex);
    assert_eq!(user(&stage, "john.employee").await, john);
    assert_eq!(stage.admin.signing_kid().await.unwrap(), kid);
    for (person, user) in [("john", User::John), ("alex", User::Alex)] {
        let seen = stage.person(person, user).sign_in("admin").await.unwrap();
        assert!(!matches!(seen.place, Place::LoginForm(_)), "{person} signs in with the old password: {}", seen.place);
    }
    a_box_is_ticked_where_it_is_offered(&stage).await;
    trouble_in_the_network_ends_with_a_reset(&stage).await;
    a_stranger_is_shown_as_one(&stage).await;
    stage.stop().await;
}

/// What the administrator sets is so; that a reset undoes it is for the caller to see.
async fn settings_are_as_the_administrator_wants_them(stage: &Stage) {
    for on in [true, false, true] {
        stage.lab.act(&Act::SetRememberMe { on }).await.unwrap();
        assert_eq!(stage.lab.realm().await.unwrap()["rememberMe"], json!(on));
    }
    let headers = stage.lab.realm().await.unwrap()["browserSecurityHeaders"].clone();
    stage.lab.act(&Act::OverrideFramePolicy).await.unwrap();
    let mut now = stage.lab.realm().await.unwrap()["browserSecurityHeaders"].clone();
    let policy = now["contentSecurityPolicy"].take();
    assert!(policy.as_str().unwrap().starts_with("frame-src 'self';"), "{policy}");
    now["contentSecurityPolicy"] = headers["contentSecurityPolicy"].clone();
    assert_eq!(now, headers, "all other headers are as before");
}

async fn a_box_is_ticked_where_it_is_offered(stage: &Stage) {
    let begun = stage.lab.mark().await.unwrap();
    let mut mary = stage.person("mary", User::Mary);
    mary.tick_remember_me(true);
    let refused = mary.sign_in("internal").await.unwrap_err();
    assert!(refused.action.contains("offers-remember-me"), "{refused:?}");
    stage.lab.act(&Act::SetRememberMe { on: true }).await.unwrap();
    let mut mary = stage.person("mary", User::Mary);
    mary.tick_remember_me(true);
    assert!(matches!(mary.sign_in("internal").await.unwrap().place, Place::SignedIn { .. }));
    let ticked = stage.exchanges(begun).await.iter().any(|exchange| exchange.form_field("rememberMe").is_some());
    assert!(ticked, "the box was sent with the form");
    stage.lab.reset().await.unwrap();
}

async fn trouble_in_the_network_ends_with_a_reset(stage: &Stage) {
    let disturb = async |part: &str, how| {
        stage.lab.act(&Act::Disturb { part: name(part), how: Some(how) }).await.unwrap();
    };
    disturb("keycloak", Disturbance::CutOff).await;
    disturb("admin", Disturbance::Hangs).await;
    stage.lab.act(&Act::MoveClocks { seconds: 86_400 }).await.unwrap();
    let seen = stage.person("mary", User::Mary).sign_in("internal").await.unwrap();
    assert!(!matches!(seen.place, Place::SignedIn { .. }), "nobody gets through: {}", seen.place);
    stage.lab.reset().await.unwrap();
    let mut mary = stage.person("mary", User::Mary);
    mary.sign_in("internal").await.unwrap();
    mary.sign_in("admin").await.unwrap();
    mary.sign_out("internal", SignOut::AtPortal).await.unwrap();
    let matrix = stage.prober.matrix(&stage.topology, &[(mary.user().to_owned(), mary.loot())]).await.unwrap();
    assert!(matrix.rows[0].cells.iter().all(|cell| cell.state == lab_trace::CellState::Out), "{matrix:?}");
    let unknown = stage.lab.act(&Act::Disturb { part: name("printer"), how: None }).await.unwrap_err();
    assert!(unknown.what.contains("printer"), "{unknown:?}");
}

async fn a_stranger_is_shown_as_one(stage: &Stage) {
    let mut john = stage.person("john", User::John);
    john.sign_in("internal").await.unwrap();
    let about = About { username: name("john.employee"), sid: john.loot().sid().unwrap().to_owned() };
    let mark = stage.lab.mark().await.unwrap();
    for sent in [Sent::Forged, Sent::Unsigned, Sent::Nonsense] {
        let act = Act::Post { portal: name("internal"), sent, about: Some(about.clone()), times: 1 };
        stage.lab.act(&act).await.unwrap();
    }
    let events = stage.lab.events_since(mark).await.unwrap();
    let seen: Vec<(Party, Option<u16>)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Exchange(exchange) => Some((exchange.caller.clone(), exchange.status())),
            EventKind::Portal(_) | EventKind::Lab(_) => None,
        })
        .collect();
    assert_eq!(seen, vec![(Party::Stranger, Some(400)); 3]);
    let nothing_overheard = Act::Post { portal: name("internal"), sent: Sent::Copy, about: None, times: 1 };
    stage.lab.reset().await.unwrap();
    assert!(stage.lab.act(&nothing_overheard).await.unwrap_err().what.contains("no logout token to copy"));
}
