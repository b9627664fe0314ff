use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use lab_trace::{Channel, Param, Party};

use crate::tap::attribution::{KnownApp, Registry, Seen, client_id, is_housekeeping};

fn registry() -> Registry {
    Registry {
        apps: vec![KnownApp {
            name: "internal".to_owned(),
            client_id: "internal-portal".to_owned(),
            back_channel_paths: vec!["/logout".to_owned()],
            front_channel_paths: vec!["/logout".to_owned()],
        }],
    }
}

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
}

fn attribute(at: &Party, method: Method, path: &str, pairs: &[(&'static str, &'static str)]) -> (Party, Channel) {
    let headers = headers(pairs);
    let client_id = client_id(&headers, &[], &[]);
    registry().attribute(&Seen { at, method: &method, path, headers: &headers, client_id: client_id.as_deref() })
}

fn internal() -> Party {
    Party::App("internal".to_owned())
}

fn john() -> Party {
    Party::Browser(Some("john".to_owned()))
}

#[test]
fn rule_1_the_probe_header_means_the_lab() {
    let seen = attribute(&internal(), Method::GET, "/api/me", &[("x-sso-lab-probe", "1"), ("cookie", "a=b")]);
    assert_eq!(seen, (Party::Lab, Channel::Probe));
}

#[test]
fn rule_2_a_scripted_browser_names_itself_and_its_channel() {
    for (destination, channel) in [("document", Channel::Page), ("iframe", Channel::Frame), ("empty", Channel::Script)]
    {
        let pairs = [("x-sso-lab-browser", "john"), ("sec-fetch-dest", destination)];
        assert_eq!(attribute(&internal(), Method::POST, "/logout", &pairs), (john(), channel));
    }
}

#[test]
fn rule_2_a_driven_browser_names_itself_at_the_end_of_its_user_agent() {
    let driven = [("user-agent", "Mozilla/5.0 (X11) Chrome/156 sso-lab-browser/john"), ("sec-fetch-dest", "document")];
    assert_eq!(attribute(&internal(), Method::GET, "/", &driven), (john(), Channel::Page));
    for agent in ["Mozilla/5.0 (X11) Chrome/156", "Mozilla/5.0 sso-lab-browser/", "Mozilla/5.0 sso-lab-browser/john x"]
    {
        let pairs = [("user-agent", agent), ("sec-fetch-dest", "document")];
        assert_eq!(attribute(&internal(), Method::GET, "/", &pairs).0, Party::Browser(None), "{agent}");
    }
}

#[test]
fn a_frame_is_the_front_channel_only_where_its_path_is_registered_for_that() {
    let frame = [("x-sso-lab-browser", "john"), ("sec-fetch-dest", "iframe")];
    for (at, path, channel) in [
        (internal(), "/logout", Channel::Frame),
        (internal(), "/silent-callback", Channel::Embedded),
        (Party::App("unknown".to_owned()), "/logout", Channel::Embedded),
        (Party::Keycloak, "/realms/enterprise-sso/protocol/openid-connect/auth", Channel::Embedded),
    ] {
        assert_eq!(attribute(&at, Method::GET, path, &frame), (john(), channel), "{at} {path}");
    }
}

#[test]
fn rule_3_a_bare_post_to_the_registered_path_is_keycloaks_back_channel() {
    let seen = attribute(&internal(), Method::POST, "/logout", &[("user-agent", "Apache-HttpClient/4.5.14 (Java/25)")]);
    assert_eq!(seen, (Party::Keycloak, Channel::BackChannel));
}

#[test]
fn rule_3_does_not_hold_with_a_cookie_fetch_metadata_another_path_or_another_method() {
    for (method, path, pairs) in [
        (Method::POST, "/logout", vec![("cookie", "a=b")]),
        (Method::POST, "/logout", vec![("sec-fetch-mode", "navigate")]),
        (Method::POST, "/signout", vec![]),
        (Method::GET, "/logout", vec![]),
    ] {
        let (caller, channel) = attribute(&internal(), method, path, &pairs);
        assert_eq!(caller, Party::Browser(None), "{path} {pairs:?}");
        assert_ne!(channel, Channel::BackChannel);
    }
}

#[test]
fn rule_4_our_portals_name_themselves_at_keycloak() {
    let seen = attribute(&Party::Keycloak, Method::POST, "/token", &[("user-agent", "sso-lab-portal/0.1.0 (admin)")]);
    assert_eq!(seen, (Party::App("admin".to_owned()), Channel::Server));
}

#[test]
fn rule_5_a_foreign_server_is_known_by_its_client_id() {
    // internal-portal:secret
    let pairs = [("authorization", "Basic aW50ZXJuYWwtcG9ydGFsOnNlY3JldA==")];
    assert_eq!(attribute(&Party::Keycloak, Method::POST, "/token", &pairs), (internal(), Channel::Server));
    let unknown = [("authorization", "Basic c29tZTpzZWNyZXQ=")];
    assert_eq!(attribute(&Party::Keycloak, Method::POST, "/token", &unknown).0, Party::Browser(None));
}

#[test]
fn rule_5_leaves_a_browsers_own_token_request_to_the_browser() {
    let headers = headers(&[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]);
    let fields = [Param::plain("client_id", "internal-portal")];
    let id = client_id(&headers, &[], &fields);
    let seen = Seen {
        at: &Party::Keycloak,
        method: &Method::POST,
        path: "/token",
        headers: &headers,
        client_id: id.as_deref(),
    };
    assert_eq!(registry().attribute(&seen), (Party::Browser(None), Channel::Script));
}

#[test]
fn rule_6_everything_else_is_a_browser() {
    let page = [("accept", "text/html,*/*")];
    assert_eq!(attribute(&internal(), Method::GET, "/", &page), (Party::Browser(None), Channel::Page));
    let frame = [("sec-fetch-dest", "iframe")];
    assert_eq!(attribute(&internal(), Method::GET, "/logout", &frame), (Party::Browser(None), Channel::Frame));
    assert_eq!(attribute(&internal(), Method::GET, "/", &[]), (Party::Browser(None), Channel::Other));
}

#[test]
fn keys_discovery_and_preflights_are_housekeeping_and_logouts_are_not() {
    let get = Method::GET;
    assert!(is_housekeeping(&get, "/realms/enterprise-sso/.well-known/openid-configuration"));
    assert!(is_housekeeping(&get, "/realms/enterprise-sso/protocol/openid-connect/certs"));
    assert!(is_housekeeping(&Method::OPTIONS, "/realms/enterprise-sso/protocol/openid-connect/token"));
    assert!(!is_housekeeping(&get, "/realms/enterprise-sso/protocol/openid-connect/logout"));
    assert!(!is_housekeeping(&Method::POST, "/logout"));
}
