//! `realm lint` on files: the shipped realm, faulty ones, strangers' ones, and what is no realm at all.

use serde_json::{Value, json};

use crate::support::{Desk, Said};

fn lint(desk: &Desk, text: &str, more: &[&str]) -> Said {
    let file = desk.folder.path().join("some.json");
    std::fs::write(&file, text).unwrap();
    let mut arguments = vec!["realm", "lint", file.to_str().unwrap()];
    arguments.extend(more);
    desk.run(&arguments)
}

#[test]
fn the_shipped_realm_has_only_accepted_weaknesses() {
    let desk = Desk::new();
    let said = desk.must(&["realm", "lint"]);
    assert!(said.out.contains("0 errors, 0 warnings, 0 notices; 13 accepted by the lab"), "{}", said.out);
    let json: Value = serde_json::from_str(&desk.must(&["realm", "lint", "--format", "json"]).out).unwrap();
    assert_eq!((&json["findings"], &json["exit_code"]), (&json!([]), &json!(0)));
    assert!(json["accepted"].as_array().unwrap().iter().all(|entry| entry["reason"].is_string()));
}

#[test]
fn a_finding_says_where_it_is_what_it_does_and_how_to_mend_it() {
    let desk = Desk::new();
    let faulty = realm::Fault::named("s1-frontchannel-switch-on").unwrap().apply(&realm::Realm::shipped());
    let said = lint(&desk, &faulty.json().to_string(), &[]);
    assert_eq!(said.code, Some(1), "{}", said.err);
    for words in [
        "error: realm-frontchannel-switch-on at client internal-portal",
        "/clients/0/frontchannelLogout",
        "  do: ",
        "keycloak#15058",
        "1 error, 0 warnings, 0 notices; 12 accepted",
    ] {
        assert!(said.out.contains(words), "`{words}` is not in: {}", said.out);
    }
    let json: Value =
        serde_json::from_str(&lint(&desk, &faulty.json().to_string(), &["--format", "json"]).out).unwrap();
    let finding = &json["findings"][0];
    assert_eq!(finding["id"], "realm-frontchannel-switch-on");
    assert_eq!((&finding["place"], &finding["severity"]), (&json!("client internal-portal"), &json!("error")));
    assert_eq!(json["exit_code"], 1);
}

#[test]
fn a_strangers_realm_is_looked_at_like_any_other() {
    let desk = Desk::new();
    let client = json!({ "clientId": "shop", "redirectUris": ["https://shop.example/*"] });
    let said = lint(&desk, &json!({ "realm": "theirs", "clients": [client] }).to_string(), &[]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.out.contains("realm-redirect-wildcard at client shop") && !said.out.contains("accepted"),
        "{}",
        said.out
    );
}

#[test]
fn notices_alone_are_no_failure() {
    let desk = Desk::new();
    let mut realm = realm::Realm::shipped().json().clone();
    realm["rememberMe"] = json!(true);
    let said = lint(&desk, &realm.to_string(), &[]);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.contains("notice: realm-remember-me-on"), "{}", said.out);
}

#[test]
fn what_is_no_realm_is_refused_with_the_reason() {
    let desk = Desk::new();
    lint(&desk, "{\n  \"realm\": \"x\",\n  oops\n}", &[]).assert_trouble(7, &["line 3", "mend line 3"]);
    lint(&desk, "", &[]).assert_trouble(7, &["not JSON"]);
    lint(&desk, "[{}, {}]", &[]).assert_trouble(7, &["list of 2 realms"]);
    lint(&desk, "{\"clientId\": \"x\"}", &[]).assert_trouble(7, &["no realm", "Partial export"]);
    lint(&desk, "{\"realm\": \"x\"}", &[]).assert_trouble(7, &["no list \"clients\"", "Partial export"]);
    desk.run(&["realm", "lint", "nowhere.json"]).assert_trouble(7, &["nowhere.json"]);
    assert_eq!(desk.run(&["realm", "lint", "x.json", "--running"]).code, Some(2));
}
