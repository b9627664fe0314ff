use super::{Errand, Jar};
use url::Url;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

#[test]
fn secure_cookies_of_keycloak_flow_over_plain_http_on_loopback_names() {
    for host in ["localhost:8080", "keycloak.localhost:8080", "127.0.0.1:8080"] {
        let mut jar = Jar::default();
        let login = url(&format!("http://{host}/realms/enterprise-sso/login"));
        jar.take(
            &login,
            "AUTH_SESSION_ID=a;Version=1;Path=/realms/enterprise-sso/;Secure;HttpOnly;SameSite=None",
            Errand::Own,
        );
        assert_eq!(jar.header(&login).as_deref(), Some("AUTH_SESSION_ID=a"), "{host}");
        assert_eq!(jar.header(&url(&format!("http://{host}/other"))), None, "{host}: the path is respected");
    }
}

#[test]
fn a_secure_cookie_is_not_sent_over_plain_http_elsewhere() {
    let mut jar = Jar::default();
    jar.take(&url("https://portal.example/"), "s=1; Secure; Path=/", Errand::Own);
    assert_eq!(jar.header(&url("http://portal.example/")), None);
    assert_eq!(jar.header(&url("https://portal.example/")).as_deref(), Some("s=1"));
}

#[test]
fn a_deleted_cookie_is_gone_and_a_copy_made_before_keeps_it() {
    let mut jar = Jar::default();
    let portal = url("http://localhost:3001/");
    jar.take(&portal, "internal_session=x; Path=/; HttpOnly", Errand::Own);
    let stolen = jar.clone();
    jar.take(&portal, "internal_session=; Path=/; Max-Age=0", Errand::Own);
    assert_eq!(jar.header(&portal), None);
    assert_eq!(stolen.header(&portal).as_deref(), Some("internal_session=x"));
}

#[test]
fn forgetting_one_portal_leaves_the_others_although_ports_share_cookies() {
    let mut jar = Jar::default();
    jar.take(&url("http://localhost:3001/"), "internal_session=i; Path=/", Errand::Own);
    jar.take(&url("http://localhost:3003/"), "admin_session=a; Path=/", Errand::Own);
    jar.forget_set_by(&url("http://localhost:3003/admin/logout"));
    assert_eq!(jar.header(&url("http://localhost:3003/")).as_deref(), Some("internal_session=i"));
}

#[test]
fn values_do_not_print() {
    let mut jar = Jar::default();
    jar.take(&url("http://localhost:3001/"), "internal_session=top-secret; Path=/", Errand::Own);
    let text = format!("{jar:?}");
    assert!(text.contains("internal_session") && !text.contains("top-secret"), "{text}");
}

/// A jar of `app.localhost` with one cookie of each kind.
fn mixed() -> (Jar, Url) {
    let (mut jar, app) = (Jar::default(), url("http://app.localhost:3001/"));
    for cookie in ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "none=1; SameSite=None; Secure", "plain=1"] {
        jar.take(&app, cookie, Errand::Own);
    }
    (jar, app)
}

#[test]
fn another_sites_link_brings_no_strict_cookie_and_its_frame_or_form_only_those_for_everybody() {
    let (jar, app) = mixed();
    for (errand, cookies) in [
        (Errand::Own, "lax=1; none=1; plain=1; strict=1"),
        (Errand::Link, "lax=1; none=1; plain=1"),
        (Errand::Foreign, "none=1"),
    ] {
        assert_eq!(jar.header_for(&app, errand).as_deref(), Some(cookies), "{errand:?}");
    }
}

#[test]
fn a_cookie_for_everybody_has_to_be_secure() {
    let (mut jar, app) = (Jar::default(), url("http://app.localhost:3001/"));
    jar.take(&app, "none=1; SameSite=None", Errand::Own);
    assert_eq!(jar.header(&app), None);
}

#[test]
fn a_frame_in_another_site_sets_no_cookie_for_its_own_and_a_link_sets_all() {
    for (errand, cookies) in [(Errand::Foreign, "none=1"), (Errand::Link, "lax=1; none=1; strict=1")] {
        let (mut jar, app) = (Jar::default(), url("http://app.localhost:3001/"));
        for cookie in ["strict=1; SameSite=Strict", "lax=1; SameSite=Lax", "none=1; SameSite=None; Secure"] {
            jar.take(&app, cookie, errand);
        }
        assert_eq!(jar.header(&app).as_deref(), Some(cookies), "{errand:?}");
    }
}
