use super::{bare, fetch_site, same_site};
use url::Url;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn ports_of_localhost_are_one_site_and_names_below_it_are_several() {
    assert!(same_site(&url("http://localhost:3001/a"), &url("http://localhost:8080/b")));
    assert!(!same_site(&url("http://internal.localhost:3001/"), &url("http://keycloak.localhost:3001/")));
    assert!(!same_site(&url("http://localhost:3001/"), &url("https://localhost:3001/")));
}

#[test]
fn a_detour_over_another_site_stays_visible_when_it_comes_home() {
    let home = url("http://internal.localhost/");
    let chain = [url("http://internal.localhost/login"), url("http://keycloak.localhost/auth")];
    assert_eq!(fetch_site(Some(&home), &chain[..1]), "same-origin");
    assert_eq!(fetch_site(Some(&home), &chain), "cross-site");
    let back = [chain[0].clone(), chain[1].clone(), url("http://internal.localhost/callback")];
    assert_eq!(fetch_site(Some(&home), &back), "cross-site");
}

#[test]
fn an_address_typed_by_a_person_has_no_initiator() {
    assert_eq!(fetch_site(None, &[url("http://localhost:3001/")]), "none");
}

#[test]
fn a_printed_address_has_neither_query_nor_fragment() {
    assert_eq!(bare(&url("http://localhost:8080/x/logout?id_token_hint=ey#top")), "http://localhost:8080/x/logout");
    assert_eq!(bare(&url("data:text/plain,secret")), "data:");
}
