//! Forged, foreign and broken requests to the portals of a running lab: refused, and every session untouched.

use std::sync::Arc;

use ::lab::browser::Person;
use ::lab::browser::probe::Prober;
use lab_trace::{CellState, Matrix};
use realm::User;
use reqwest::{Client, Response, StatusCode, header};
use url::Url;

use crate::lab::RunningLab;

async fn signed_in(lab: &RunningLab) -> Person {
    let topology = Arc::new(lab.client().topology().await.unwrap());
    let mut john = Person::new(topology, "john", User::John.username(), User::John.password());
    for portal in ["internal", "external", "admin"] {
        john.sign_in(portal).await.unwrap();
    }
    john
}

async fn matrix(lab: &RunningLab, john: &Person) -> Matrix {
    let client = lab.client();
    let topology = client.topology().await.unwrap();
    Prober::new(client).matrix(&topology, &[(john.user().to_owned(), john.loot())]).await.unwrap()
}

fn assert_all_in(matrix: &Matrix, after: &str) {
    for cell in &matrix.rows[0].cells {
        assert_eq!(cell.state, CellState::In, "{} after {after}: {}", cell.of, cell.evidence);
    }
}

async fn post(url: String, body: String) -> Response {
    let http = ::lab::http::client(std::time::Duration::from_secs(20));
    http.post(url).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_logout_tokens_end_no_session() {
    let lab = RunningLab::dist().await;
    let mut john = signed_in(&lab).await;
    assert_all_in(&matrix(&lab, &john).await, "signing in");

    // A real token of the right issuer and the right user, but no logout token and for another client.
    let other = john.tokens().expect("external's tokens are in the browser").access.clone();
    let unsigned = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0.";
    let cases = [
        ("no token", String::new(), 400),
        ("another field", "token=x".to_owned(), 400),
        ("an empty token", "logout_token=".to_owned(), 400),
        ("garbage", "logout_token=not-a-jwt".to_owned(), 400),
        ("an unsigned token", format!("logout_token={unsigned}"), 400),
        ("two tokens", format!("logout_token={other}&logout_token={other}"), 400),
        ("a token of another kind", format!("logout_token={other}"), 400),
        ("a megabyte", format!("logout_token={}", "a".repeat(1 << 20)), 413),
    ];
    for portal in ["internal", "admin"] {
        for (what, body, status) in &cases {
            let answer = post(format!("{}logout", lab.url(portal)), body.clone()).await;
            assert_eq!(answer.status().as_u16(), *status, "{what} at {portal}");
            assert!(
                answer.headers()[header::CACHE_CONTROL].to_str().unwrap().contains("no-store"),
                "{what} at {portal}"
            );
        }
        assert_all_in(&matrix(&lab, &john).await, &format!("forged tokens at {portal}"));
    }
    let external = post(format!("{}logout", lab.url("external")), "logout_token=x".to_owned()).await;
    assert_eq!(external.status(), StatusCode::METHOD_NOT_ALLOWED);

    // Front channel: somebody's page loads the address in John's browser, with a wrong or without a session.
    for portal in ["internal", "admin"] {
        for query in ["", "?sid=guess&iss=guess", "?sid=guess"] {
            let address = format!("{}logout{query}", lab.url(portal));
            john.request(&Url::parse(&address).unwrap()).await.unwrap();
        }
        assert_all_in(&matrix(&lab, &john).await, &format!("foreign front-channel requests at {portal}"));
    }
    lab.stop().await;
}

/// A browser by hand: one that stops before the callback.
fn by_hand() -> Client {
    ::lab::http::builder().cookie_store(true).timeout(std::time::Duration::from_secs(20)).build().unwrap()
}

/// Where the answer redirects to.
fn redirected(answer: &Response) -> Url {
    let location = answer.headers()[header::LOCATION].to_str().unwrap();
    answer.url().join(location).unwrap()
}

/// Signs in up to the redirect back to the portal, and gives that address unused.
async fn callback_of(http: &Client, login: &str) -> Url {
    let to_keycloak = http.get(login).send().await.unwrap();
    let form_page = http.get(redirected(&to_keycloak)).send().await.unwrap().text().await.unwrap();
    let action = {
        let page = scraper::Html::parse_document(&form_page);
        let form = scraper::Selector::parse("form#kc-form-login").unwrap();
        page.select(&form).next().expect("the sign-in form").attr("action").unwrap().to_owned()
    };
    let fields = [("username", User::John.username()), ("password", User::John.password()), ("credentialId", "")];
    redirected(&http.post(action).form(&fields).send().await.unwrap())
}

async fn assert_refused(http: &Client, url: Url, what: &str) {
    let origin = url.clone();
    let answer = http.get(url).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{what}");
    assert!(answer.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/html"), "{what}: a page");
    let page = answer.text().await.unwrap();
    assert!(page.contains("<h1"), "{what}: {page}");
    let me = if origin.path().starts_with("/admin") { "/admin/session" } else { "/api/me" };
    let session = http.get(origin.join(me).unwrap()).send().await.unwrap();
    assert_eq!(session.status(), StatusCode::UNAUTHORIZED, "{what}: no session");
}

fn with(url: &Url, name: &str, value: Option<&str>) -> Url {
    let mut changed = url.clone();
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    changed.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(value.map(|value| (name, value)));
    changed
}

#[tokio::test(flavor = "multi_thread")]
async fn tampered_callbacks_open_no_session() {
    let lab = RunningLab::dist().await;
    for (portal, login) in [("internal", "login"), ("admin", "admin/auth")] {
        let login = format!("{}{login}", lab.url(portal));
        let http = by_hand();
        let callback = callback_of(&http, &login).await;
        assert_refused(&http, with(&callback, "state", None), "no state").await;
        assert_refused(&http, with(&callback, "state", Some("foreign")), "a foreign state").await;
        assert_refused(&http, with(&callback, "error", Some("access_denied")), "an error").await;

        // In another browser the same answer is foreign, too.
        let http = by_hand();
        let callback = callback_of(&http, &login).await;
        assert_refused(&by_hand(), callback.clone(), "somebody else's answer").await;

        // The right browser, once: in. The same code again: refused, and the session of the first use stays as it is.
        let used = http.get(callback.clone()).send().await.unwrap();
        assert_eq!(used.status(), StatusCode::SEE_OTHER);
        let again = http.get(callback.clone()).send().await.unwrap();
        assert_eq!(again.status(), StatusCode::BAD_REQUEST, "the same answer again");

        // A foreign issuer (mix-up).
        let http = by_hand();
        let callback = callback_of(&http, &login).await;
        assert_refused(&http, with(&callback, "iss", Some("http://evil.example")), "a foreign iss").await;
        // A code that Keycloak does not know.
        let http = by_hand();
        let callback = callback_of(&http, &login).await;
        assert_refused(&http, with(&callback, "code", Some("not-a-code")), "an unknown code").await;
    }
    lab.stop().await;
}
