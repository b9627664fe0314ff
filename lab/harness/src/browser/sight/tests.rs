use super::{Place, keycloak_place};
use crate::browser::page::Page;
use reqwest::header::HeaderMap;
use url::Url;

fn place(status: u16, html: &str) -> Place {
    keycloak_place(&Page::read(Url::parse("http://localhost:8080/x").unwrap(), status, &HeaderMap::new(), html))
}

#[test]
fn keycloaks_pages_are_told_apart() {
    let error = r#"<body data-page-id="login-error"><div id="kc-error-message"><p class="instruction">Missing parameters: id_token_hint</p></div></body>"#;
    assert_eq!(place(400, error), Place::KeycloakError("Missing parameters: id_token_hint".to_owned()));
    assert_eq!(place(200, r#"<body data-page-id="login-logout-confirm"></body>"#), Place::LogoutConfirmation);
    assert_eq!(place(200, r#"<body data-page-id="login-info"></body>"#), Place::LoggedOutAtKeycloak);
    assert_eq!(place(200, r#"<form id="kc-form-login" method="post"></form>"#), Place::LoginForm(None));
    assert_eq!(place(502, "<title>Bad Gateway</title>"), Place::KeycloakError("Bad Gateway".to_owned()));
}

#[test]
fn a_sight_reads_like_a_sentence() {
    let seen = Place::SignedIn { portal: "internal".to_owned(), user: "john.employee".to_owned() };
    assert_eq!(seen.to_string(), "the internal portal, signed in as john.employee");
    let wrong = Place::LoginForm(Some("Invalid username or password.".to_owned()));
    assert_eq!(wrong.to_string(), "Keycloak's login form: Invalid username or password.");
}
