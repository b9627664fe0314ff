use serde_json::Value;

use crate::{Client, Hosts, Realm, RealmError, Role, Secrets, User};

fn names(list: &Value, key: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|entry| entry[key].as_str().unwrap().to_owned()).collect()
}

#[test]
fn typed_clients_are_exactly_those_of_the_file() {
    let realm = Realm::shipped();
    assert_eq!(names(&realm.json()["clients"], "clientId"), Client::ALL.map(Client::id));
    for client in Client::ALL {
        let json = realm.client(client).unwrap();
        assert_eq!(json["rootUrl"], client.default_origin());
        let confidential = json["publicClient"] == false;
        assert_eq!(json["secret"].as_str(), Secrets::defaults().of(client));
        assert_eq!(confidential, json["secret"].is_string(), "{} and its secret", client.id());
    }
}

#[test]
fn typed_users_and_roles_are_exactly_those_of_the_file() {
    let realm = Realm::shipped();
    let users = realm.json()["users"].as_array().unwrap();
    assert_eq!(names(&realm.json()["users"], "username"), User::ALL.map(User::username));
    assert_eq!(names(&realm.json()["roles"]["realm"], "name"), Role::ALL.map(Role::name));
    for (user, json) in User::ALL.into_iter().zip(users) {
        let roles: Vec<&str> =
            json["realmRoles"].as_array().unwrap().iter().map(|role| role.as_str().unwrap()).collect();
        assert_eq!(roles, user.roles().iter().map(|role| role.name()).collect::<Vec<_>>());
        assert_eq!(json["credentials"][0]["value"], user.password());
    }
}

#[test]
fn every_client_is_strict_code_flow_with_exact_addresses() {
    for client in Client::ALL {
        let json = Realm::shipped().client(client).unwrap().clone();
        assert_eq!(json["standardFlowEnabled"], true);
        assert_eq!(json["implicitFlowEnabled"], false);
        assert_eq!(json["directAccessGrantsEnabled"], false);
        assert_eq!(json["attributes"]["pkce.code.challenge.method"], "S256");
        assert!(!json["redirectUris"].to_string().contains('*'), "{}", client.id());
        assert!(!json["attributes"]["post.logout.redirect.uris"].to_string().contains(['*', '+']), "{}", client.id());
    }
}

#[test]
fn one_logout_channel_a_client_and_session_required_is_said_explicitly() {
    for client in Client::ALL {
        let json = Realm::shipped().client(client).unwrap().clone();
        let attributes = &json["attributes"];
        let front = client == Client::External;
        assert_eq!(json["frontchannelLogout"], front);
        let (used, unused) = if front { ("frontchannel", "backchannel") } else { ("backchannel", "frontchannel") };
        assert!(attributes[format!("{used}.logout.url")].is_string(), "{}", client.id());
        assert_eq!(attributes[format!("{used}.logout.session.required")], "true");
        assert!(attributes[format!("{unused}.logout.url")].is_null(), "{}", client.id());
    }
}

#[test]
fn filling_moves_every_address_of_a_client_and_nothing_else() {
    let hosts = Hosts {
        internal: "http://localhost:4001".to_owned(),
        external: "http://localhost:4002".to_owned(),
        admin: "http://localhost:4003".to_owned(),
    };
    let secrets = Secrets { internal: "one".to_owned(), admin: "two".to_owned() };
    let filled = Realm::shipped().filled(&hosts, &secrets);
    let internal = filled.client(Client::Internal).unwrap();
    assert_eq!(internal["redirectUris"][0], "http://localhost:4001/callback");
    assert_eq!(internal["attributes"]["backchannel.logout.url"], "http://localhost:4001/logout");
    assert_eq!(internal["secret"], "one");
    assert_eq!(filled.client(Client::Admin).unwrap()["secret"], "two");
    assert!(!filled.json()["clients"].to_string().contains("localhost:300"));
    assert_eq!(Realm::shipped().filled(&Hosts::defaults(), &Secrets::defaults()), Realm::shipped());
}

#[test]
fn an_origin_is_replaced_only_where_it_is_the_whole_origin() {
    let text = crate::SHIPPED.replace("\"http://localhost:3001/callback\"", "\"http://localhost:30011/callback\"");
    let hosts = Hosts { internal: "http://localhost:4001".to_owned(), ..Hosts::defaults() };
    let filled = Realm::parse(&text).unwrap().filled(&hosts, &Secrets::defaults());
    assert_eq!(filled.client(Client::Internal).unwrap()["redirectUris"][0], "http://localhost:30011/callback");
}

#[test]
fn a_broken_file_is_refused_with_its_line() {
    let broken = crate::SHIPPED.replacen("\"enabled\": true,", "\"enabled\": ,", 1);
    match Realm::parse(&broken) {
        Err(RealmError::Syntax { line, .. }) => assert_eq!(line, 4),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_realm_without_our_name_or_a_client_is_refused() {
    let other = crate::SHIPPED.replacen("\"realm\": \"enterprise-sso\"", "\"realm\": \"other\"", 1);
    assert!(matches!(Realm::parse(&other), Err(RealmError::Lacks(what)) if what.contains("enterprise-sso")));
    let renamed = crate::SHIPPED.replace("\"clientId\": \"admin-dashboard\"", "\"clientId\": \"admin\"");
    assert!(matches!(Realm::parse(&renamed), Err(RealmError::Lacks(what)) if what.contains("admin-dashboard")));
}

#[test]
fn secrets_do_not_print() {
    assert!(!format!("{:?}", Secrets::defaults()).contains("secret"));
}

#[test]
fn names_below_localhost_are_for_browsers_and_keycloak_posts_to_localhost() {
    let hosts = Hosts {
        internal: "http://internal.localhost:4001".to_owned(),
        external: "http://external.localhost:4002".to_owned(),
        admin: "http://admin.localhost:4003".to_owned(),
    };
    let filled = Realm::shipped().filled(&hosts, &Secrets::defaults());
    let internal = filled.client(Client::Internal).unwrap();
    assert_eq!(internal["redirectUris"][0], "http://internal.localhost:4001/callback");
    assert_eq!(internal["attributes"]["backchannel.logout.url"], "http://localhost:4001/logout");
    let external = filled.client(Client::External).unwrap();
    assert_eq!(external["attributes"]["frontchannel.logout.url"], "http://external.localhost:4002/logout");
    // A fault that is planted later moves its addresses in the same way.
    let fault = crate::Fault::named("s2-backchannel-at-spa").unwrap();
    let faulty = fault.apply(&filled);
    let external = faulty.client(Client::External).unwrap();
    assert_eq!(external["attributes"]["backchannel.logout.url"], "http://localhost:4002/logout");
}

#[test]
fn only_names_below_localhost_are_told_otherwise_to_servers() {
    for (url, told) in [
        ("http://internal.localhost:4001/logout", "http://localhost:4001/logout"),
        ("http://a.b.localhost", "http://localhost"),
        ("http://localhost:1/logout", "http://localhost:1/logout"),
        ("https://portal.example/x.localhost:1", "https://portal.example/x.localhost:1"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
    ] {
        assert_eq!(crate::for_servers(url), told);
    }
}
