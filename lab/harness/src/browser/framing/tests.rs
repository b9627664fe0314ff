use super::{may_load_frame, runs_in_frame, runs_inline_scripts};
use url::Url;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn frame_ancestors_decides_and_beats_x_frame_options() {
    let page = url("http://localhost:3002/logout");
    let keycloak = url("http://localhost:8080/realms/x/logout");
    let open = Some("default-src 'none'; frame-ancestors http://localhost:8080");
    assert!(runs_in_frame(open, Some("DENY"), &page, &keycloak));
    assert!(!runs_in_frame(Some("frame-ancestors 'none'"), None, &page, &keycloak));
    assert!(!runs_in_frame(Some("frame-ancestors 'self'"), None, &page, &keycloak));
}

#[test]
fn without_a_policy_the_older_header_decides() {
    let page = url("http://localhost:3002/logout");
    let other = url("http://localhost:8080/");
    assert!(!runs_in_frame(None, Some("deny"), &page, &other));
    assert!(!runs_in_frame(None, Some("SAMEORIGIN"), &page, &other));
    assert!(runs_in_frame(None, Some("SAMEORIGIN"), &page, &url("http://localhost:3002/")));
    assert!(runs_in_frame(Some("default-src 'self'"), None, &page, &other));
}

#[test]
fn keycloaks_logout_page_may_load_the_frames_it_names_and_no_others() {
    let page = url("http://localhost:8080/realms/x/protocol/openid-connect/logout");
    let csp = Some("frame-src 'self' localhost:3002 ; frame-ancestors 'self'; object-src 'none';");
    assert!(may_load_frame(csp, &page, &url("http://localhost:3002/logout?sid=1")));
    assert!(!may_load_frame(csp, &page, &url("http://localhost:3001/logout")));
    assert!(!may_load_frame(Some("default-src 'none'"), &page, &url("http://localhost:3002/")));
    assert!(may_load_frame(None, &page, &url("http://localhost:3002/")));
}

#[test]
fn of_several_policies_each_has_to_allow_it() {
    let page = url("http://localhost:8080/realms/x/protocol/openid-connect/logout");
    let portal = url("http://localhost:3002/logout?sid=1");
    assert!(may_load_frame(Some("frame-src 'self' localhost:3002, object-src 'none'"), &page, &portal));
    assert!(!may_load_frame(Some("frame-src 'self' localhost:3002, frame-src 'self'"), &page, &portal));
    let ancestors = Some("frame-ancestors http://localhost:8080, frame-ancestors 'none'");
    assert!(!runs_in_frame(ancestors, None, &portal, &page));
    assert!(!runs_inline_scripts("script-src 'unsafe-inline', default-src 'self'"));
}

#[test]
fn a_policy_with_a_nonce_runs_no_strange_inline_script() {
    assert!(!runs_inline_scripts("default-src 'self'; script-src 'self' 'nonce-abc'"));
    assert!(!runs_inline_scripts("default-src 'self'"));
    assert!(runs_inline_scripts("script-src 'self' 'unsafe-inline'"));
    assert!(!runs_inline_scripts("script-src 'unsafe-inline' 'nonce-abc'"), "a nonce switches `unsafe-inline` off");
    assert!(runs_inline_scripts("frame-src 'self'; frame-ancestors 'self'"), "the policy says nothing of scripts");
}
