//! What the lab asks of Keycloak, and that Keycloak does it.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use realm::{Client, Hosts, REALM, Realm, Secrets};
use serde_json::{Value, json};

use crate::bench::{Bench, sign_in};

fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_move_sessions_end_and_the_realm_stays_as_it_was() {
    let bench = Bench::prepared().await;
    let running = bench.start().await.unwrap();
    let admin = bench.admin(&running);

    // Addresses and secrets of another lab.
    let hosts = Hosts {
        internal: "http://localhost:4001".to_owned(),
        external: "http://localhost:4002".to_owned(),
        admin: "http://localhost:4003".to_owned(),
    };
    let secrets = Secrets { internal: "moved-internal".to_owned(), admin: "moved-admin".to_owned() };
    let filled = Realm::shipped().filled(&hosts, &secrets);
    admin.patch_clients(&filled).await.unwrap();
    let clients = admin.clients().await.unwrap();
    for (client, stored) in Client::ALL.into_iter().zip(&clients) {
        let wanted = filled.client(client).unwrap();
        for member in ["rootUrl", "baseUrl", "redirectUris", "webOrigins", "frontchannelLogout", "protocolMappers"] {
            if member == "protocolMappers" {
                let count = |value: &Value| value[member].as_array().unwrap().len();
                assert_eq!(count(stored), count(wanted), "{}", client.id());
            } else {
                assert_eq!(stored[member], wanted[member], "{} {member}", client.id());
            }
        }
        for (name, value) in wanted["attributes"].as_object().unwrap() {
            assert_eq!(&stored["attributes"][name], value, "{} {name}", client.id());
        }
    }

    // Sessions: none, two, none.
    let mut internal = clients[0].clone();
    internal["directAccessGrantsEnabled"] = json!(true);
    admin.put_client(&internal).await.unwrap();
    assert_eq!(admin.user_sessions("john.employee").await.unwrap(), Vec::<String>::new());
    let mut sids = Vec::new();
    for _ in 0..2 {
        let tokens = sign_in(&running.upstream, "moved-internal").await;
        sids.push(claims(&tokens["id_token"])["sid"].as_str().unwrap().to_owned());
    }
    let mut listed = admin.user_sessions("john.employee").await.unwrap();
    listed.sort();
    sids.sort();
    assert_eq!(listed, sids, "the administration interface and the tokens name sessions alike");

    let before = admin.realm(REALM).await.unwrap().unwrap();
    admin.end_all_sessions().await.unwrap();
    assert_eq!(admin.user_sessions("john.employee").await.unwrap(), Vec::<String>::new());
    assert_eq!(admin.realm(REALM).await.unwrap().unwrap(), before, "ending sessions changed a setting");
    assert_eq!(before["notBefore"], 0);

    // A sign-in in the very second of the reset works, and its token is taken.
    let tokens = sign_in(&running.upstream, "moved-internal").await;
    let userinfo = running.upstream.join("realms/enterprise-sso/protocol/openid-connect/userinfo").unwrap();
    let asked = lab::http::client(Duration::from_secs(30)).get(userinfo);
    let answer = asked.bearer_auth(tokens["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(answer.status(), 200);

    let begun = Instant::now();
    admin.end_all_sessions().await.unwrap();
    admin.clear_events().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(3), "a reset took {:?}", begun.elapsed());
    for log in ["events", "admin-events"] {
        assert_eq!(admin.get(&format!("realms/{REALM}/{log}")).await.unwrap(), json!([]), "{log}");
    }

    let unknown = admin.user_sessions("nobody.at-all").await.unwrap_err();
    assert!(unknown.what.contains("nobody.at-all"), "{unknown}");
    running.stop().await.unwrap();
    bench.assert_clean().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_renewed_and_a_lost_session_is_replaced() {
    let bench = Bench::prepared().await;
    let running = bench.start().await.unwrap();
    let admin = bench.admin(&running);
    // Tokens that live so short that each call needs another one, and a log of how it is got.
    let short = json!({
        "accessTokenLifespan": 5, "eventsEnabled": true, "enabledEventTypes": ["LOGIN", "REFRESH_TOKEN"],
    });
    admin.put("realms/master", &short).await.unwrap();
    let how = async |admin: &lab::keycloak::admin::Admin| {
        let events = admin.get("realms/master/events").await.unwrap();
        let count = |kind: &str| events.as_array().unwrap().iter().filter(|event| event["type"] == kind).count();
        (count("LOGIN"), count("REFRESH_TOKEN"))
    };

    let other = bench.admin(&running);
    assert_eq!(how(&other).await, (1, 0));
    assert_eq!(how(&other).await, (1, 1));
    assert_eq!(how(&other).await, (1, 2));

    // Somebody ends all sessions of the administrators: refreshing fails, so the lab signs in again.
    admin.post("realms/master/logout-all", None).await.unwrap();
    let (logins, _) = how(&other).await;
    assert_eq!(logins, 2);
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_are_told_without_the_password() {
    let bench = Bench::prepared().await;
    let running = bench.start().await.unwrap();
    let mut launch = bench.launch.clone();
    launch.admin.password = "a-wrong-password".to_owned();
    let admin = lab::keycloak::admin::Admin::new(running.upstream.clone(), &launch.public_url, launch.admin.clone());
    let trouble = admin.sign_in().await.unwrap_err();
    assert_eq!(trouble.kind, lab::Kind::Usage);
    assert!(trouble.what.contains("lab-admin") && !format!("{trouble:?}").contains("a-wrong-password"), "{trouble:?}");
    running.stop().await.unwrap();
}
