use super::Page;
use reqwest::Method;
use reqwest::header::HeaderMap;
use url::Url;

fn page(html: &str) -> Page {
    let url = Url::parse("http://localhost:8080/realms/enterprise-sso/protocol/openid-connect/auth?x=1").unwrap();
    Page::read(url, 200, &HeaderMap::new(), html)
}

/// As Keycloak 26.7.3 sends it, shortened.
const LOGIN: &str = r#"<html><head><title> Sign in to
 Enterprise SSO lab</title></head><body data-page-id="login-login"><script>secret()</script>
<form id="kc-form-login" action="http://localhost:8080/realms/x/login-actions/authenticate?session_code=a&amp;tab_id=b" method="post">
<input name="username" value="" type="text"/><input name="password" value="" type="password"/>
<button type="button" name="show">show</button><input type="hidden" id="id-hidden-input" name="credentialId" />
<button name="login" id="kc-login" type="submit">Sign In</button></form></body></html>"#;

#[test]
fn the_login_form_is_read_with_its_address_and_every_hidden_input() {
    let page = page(LOGIN);
    assert_eq!(page.title, "Sign in to Enterprise SSO lab");
    let form = page.form("kc-form-login").unwrap();
    assert_eq!(form.method, Method::POST);
    assert_eq!(form.action.query(), Some("session_code=a&tab_id=b"));
    let sent = form.filled(&[("username", "john.employee"), ("password", "pw")]);
    let names: Vec<&str> = sent.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["username", "password", "credentialId", "login"]);
    assert_eq!(sent[0].1, "john.employee");
}

#[test]
fn only_what_a_person_can_read_is_text() {
    let page = page("<body><script>x()</script><p>One<b>two</b></p><div hidden>three</div><style>p{}</style></body>");
    assert_eq!(page.text, "One two");
}

#[test]
fn the_logout_page_gives_its_frames_and_the_way_on() {
    let page = page(
        r#"<body data-page-id="login-frontchannel-logout"><iframe src="http://localhost:3002/logout?sid=s&amp;iss=i"></iframe>
        <a id="continue" href="http://localhost:3001/signed-out?state=z">Continue</a></body>"#,
    );
    assert_eq!(page.frames[0].as_str(), "http://localhost:3002/logout?sid=s&iss=i");
    assert_eq!(page.link("continue").unwrap().as_str(), "http://localhost:3001/signed-out?state=z");
    assert_eq!(page.page_id.as_deref(), Some("login-frontchannel-logout"));
}

#[test]
fn keycloaks_complaint_is_the_message() {
    let page = page(r#"<div id="kc-error-message"><p class="instruction">Missing parameters: id_token_hint</p></div>"#);
    assert_eq!(page.message.as_deref(), Some("Missing parameters: id_token_hint"));
}

#[test]
fn the_complaint_about_a_wrong_password_is_the_message() {
    // As Keycloak 26.7.3 nests it: the containers are there without a complaint, too.
    let html = r#"<div id="input-error-container-username"><div class="helper"><span id="input-error-username">
        Invalid username or password. </span></div></div><div id="input-error-container-password"></div>"#;
    assert_eq!(page(html).message.as_deref(), Some("Invalid username or password."));
    assert_eq!(page(r#"<div id="input-error-container-username"></div>"#).message, None);
}

#[test]
fn controls_count_as_a_browser_counts_them() {
    let page = page(
        r#"<form action="/go"><input type="checkbox" name="a"><input type="checkbox" name="b" checked>
        <select name="c"><option value="1">one</option><option value="2" selected>two</option></select>
        <textarea name="d">text</textarea><input name="e" disabled value="x"><input type="submit" value="Go"></form>"#,
    );
    let sent = page.forms[0].filled(&[]);
    let sent: Vec<(&str, &str)> = sent.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(sent, [("b", "on"), ("c", "2"), ("d", "text")]);
    assert_eq!(page.forms[0].unticked, [("a".to_owned(), "on".to_owned())]);
    assert_eq!(page.buttons(), ["Go"]);
    assert_eq!(page.forms[0].method, Method::GET);
}

#[test]
fn a_form_written_by_hand_names_the_first_item() {
    let page = page(r#"<table><tr id="item-leave-7"></tr><tr id="item-order-1"></tr></table>"#);
    let form = page.form_by_hand("approve").unwrap();
    assert_eq!(form.action.path(), "/admin/items/leave-7/approve");
    assert_eq!(form.method, Method::POST);
}
