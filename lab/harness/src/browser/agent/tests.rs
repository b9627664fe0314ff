use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use tokio::net::TcpListener;
use url::Url;

use super::{Browser, By, Errand};

/// What a server saw: method, path and headers of each request.
type Seen = Arc<Mutex<Vec<(String, String, HeaderMap)>>>;

/// A real server on a free port; it remembers what it was asked. Returns its address under `localhost`.
async fn serve(router: Router) -> (Url, Seen) {
    let seen = Seen::default();
    let log = seen.clone();
    let router = router.layer(axum::middleware::map_request(move |request: Request| {
        log.lock().unwrap().push((
            request.method().to_string(),
            request.uri().path().to_owned(),
            request.headers().clone(),
        ));
        std::future::ready(request)
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (Url::parse(&format!("http://localhost:{port}/")).unwrap(), seen)
}

fn redirect(status: StatusCode, to: &str) -> Response {
    (status, [("location", to)]).into_response()
}

fn header(headers: &HeaderMap, name: &str) -> String {
    headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn a_form_behind_a_303_is_followed_by_get_without_body_and_origin() {
    let form = r#"<form method="post" action="/act"><button>Go</button></form>"#;
    let router = Router::new()
        .route("/", get(move || async move { axum::response::Html(form) }))
        .route("/act", any(|| async { ([("set-cookie", "s=1; Path=/")], redirect(StatusCode::SEE_OTHER, "/end")) }))
        .route("/end", any(|| async { axum::response::Html("<title>done</title>") }));
    let (home, seen) = serve(router).await;
    let mut browser = Browser::new("john");
    let page = browser.go(&home, By::Person).await.unwrap();
    let end = browser.submit(&page, &page.forms[0].clone(), &[]).await.unwrap();
    assert_eq!((end.title.as_str(), end.url.path()), ("done", "/end"));

    let seen = seen.lock().unwrap();
    let lines: Vec<(&str, &str)> = seen.iter().map(|(method, path, _)| (method.as_str(), path.as_str())).collect();
    assert_eq!(lines, [("GET", "/"), ("POST", "/act"), ("GET", "/end")]);
    let own = home.as_str().trim_end_matches('/');
    assert_eq!(header(&seen[0].2, "sec-fetch-site"), "none");
    assert_eq!(
        (header(&seen[1].2, "origin"), header(&seen[1].2, "sec-fetch-site")),
        (own.to_owned(), "same-origin".to_owned())
    );
    assert_eq!((header(&seen[2].2, "origin"), header(&seen[2].2, "cookie")), (String::new(), "s=1".to_owned()));
    assert!(seen.iter().all(|(_, _, headers)| header(headers, super::BROWSER_HEADER) == "john"));
}

#[tokio::test]
async fn a_page_that_hides_its_referrer_hides_its_origin_too() {
    let page = (
        [("referrer-policy", "no-referrer"), ("content-type", "text/html")],
        r#"<form method="post" action="/act"></form>"#,
    );
    let router = Router::new().route("/", get(move || async move { page })).route("/act", any(|| async { "ok" }));
    let (home, seen) = serve(router).await;
    let mut browser = Browser::new("john");
    let page = browser.go(&home, By::Person).await.unwrap();
    browser.submit(&page, &page.forms[0].clone(), &[]).await.unwrap();
    assert_eq!(header(&seen.lock().unwrap()[1].2, "origin"), "null");
}

#[tokio::test]
async fn a_307_repeats_the_post() {
    let router = Router::new()
        .route(
            "/",
            get(|| async {
                axum::response::Html(r#"<form method="post" action="/a"><input name="x" value="1"></form>"#)
            }),
        )
        .route("/a", any(|| async { redirect(StatusCode::TEMPORARY_REDIRECT, "/b") }))
        .route("/b", any(|body: String| async move { body }));
    let (home, seen) = serve(router).await;
    let mut browser = Browser::new("john");
    let page = browser.go(&home, By::Person).await.unwrap();
    let end = browser.submit(&page, &page.forms[0].clone(), &[]).await.unwrap();
    assert_eq!(end.text, "x=1");
    assert_eq!(seen.lock().unwrap()[2].0, "POST");
}

#[tokio::test]
async fn an_endless_redirect_ends_with_an_error_that_says_so() {
    let router = Router::new().fallback(|| async { redirect(StatusCode::FOUND, "/again") });
    let (home, seen) = serve(router).await;
    let error = Browser::new("john").go(&home, By::Person).await.unwrap_err();
    assert!(error.what.contains("more than 20 hops"), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 21);
}

#[tokio::test]
async fn an_error_names_the_address_without_its_query() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let url = Url::parse(&format!("http://localhost:{closed}/logout?id_token_hint=top-secret")).unwrap();
    let error = Browser::new("john").go(&url, By::Person).await.unwrap_err();
    let mut text = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    assert!(text.contains("/logout") && !text.contains("top-secret"), "{text}");
}

#[tokio::test]
async fn a_script_may_read_another_origin_only_with_its_permission() {
    let answer = |headers: HeaderMap, uri: Uri| async move {
        let origin = header(&headers, "origin");
        match uri.path() {
            "/open" => [("access-control-allow-origin", origin)].into_response(),
            _ => "closed".into_response(),
        }
    };
    let (other, seen) = serve(Router::new().fallback(answer)).await;
    let from = Url::parse("http://localhost:1/app").unwrap();
    let mut browser = Browser::new("john");
    browser.jar.take(&other, "s=1; Path=/", Errand::Own);

    let open = browser.fetch(&from, &other.join("/open").unwrap(), Some("token")).await.unwrap();
    assert_eq!(open.status, 200);
    let refused = browser.fetch(&from, &other.join("/closed").unwrap(), None).await.unwrap_err();
    assert!(refused.what.contains("http://localhost:1"), "{refused}");

    let seen = seen.lock().unwrap();
    let methods: Vec<&str> = seen.iter().map(|(method, _, _)| method.as_str()).collect();
    assert_eq!(methods, ["OPTIONS", "GET", "GET"], "the token needs a preflight, a plain GET does not");
    assert_eq!(header(&seen[0].2, "authorization"), "", "the preflight carries no token");
    assert!(seen.iter().all(|(_, _, headers)| header(headers, "cookie").is_empty()), "no cookies to other origins");
}

#[test]
fn an_alteration_changes_one_parameter_of_the_addresses_that_it_is_meant_for() {
    let altered = |address: &str, value: Option<&str>| {
        let mut browser = Browser::new("john");
        let value = value.map(str::to_owned);
        browser.alterations = vec![super::Alteration { at: "/logout".to_owned(), name: "state".to_owned(), value }];
        browser.altered(address.parse().unwrap()).to_string()
    };
    assert_eq!(altered("http://localhost/logout?a=1&state=x&b=2", None), "http://localhost/logout?a=1&b=2");
    assert_eq!(altered("http://localhost/logout?state=x", Some("ü &")), "http://localhost/logout?state=%C3%BC+%26");
    assert_eq!(altered("http://localhost/logout", Some("new")), "http://localhost/logout?state=new");
    let other = "http://localhost/logout/confirm?state=x";
    assert_eq!(altered(other, None), other);
}

#[tokio::test]
async fn cookies_of_a_site_meet_the_rules_of_sites_in_frames_links_and_forms_of_another() {
    let page = r#"<iframe src="/framed"></iframe><form method="post" action="/posted"></form>"#;
    let router =
        Router::new().route("/", get(move || async move { axum::response::Html(page) })).fallback(|| async { "ok" });
    let (localhost, seen) = serve(router).await;
    let at = |host: &str, path: &str| {
        let mut url = localhost.join(path).unwrap();
        url.set_host(Some(host)).unwrap();
        url
    };
    let mut browser = Browser::new("john");
    let app = at("app.localhost", "/");
    for cookie in ["lax=1; SameSite=Lax", "none=1; SameSite=None; Secure", "strict=1; SameSite=Strict"] {
        browser.jar.take(&app, cookie, Errand::Own);
    }
    for host in ["app.localhost", "other.localhost"] {
        let mut page = browser.go(&at(host, "/"), By::Person).await.unwrap();
        browser.frame(&page, &at("app.localhost", "/framed")).await.unwrap();
        browser.go(&at("app.localhost", "/linked"), By::Page(&page)).await.unwrap();
        page.forms[0].action = at("app.localhost", "/posted");
        browser.submit(&page, &page.forms[0].clone(), &[]).await.unwrap();
    }
    let seen = seen.lock().unwrap();
    let cookies: Vec<(&str, String)> =
        seen.iter().map(|(_, path, headers)| (path.as_str(), header(headers, "cookie"))).collect();
    let all = "lax=1; none=1; strict=1";
    let expected = [
        ("/", all),
        ("/framed", all),
        ("/linked", all),
        ("/posted", all),
        ("/", ""),
        ("/framed", "none=1"),
        ("/linked", "lax=1; none=1"),
        ("/posted", "none=1"),
    ];
    assert_eq!(cookies, expected.map(|(path, cookies)| (path, cookies.to_owned())));
}
