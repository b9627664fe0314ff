//! Somebody with a browser: keeps cookies, sends requests to a portal's router, and carries redirects to the provider.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::LazyLock;

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use portals::{Kind, Portal};
use tower::ServiceExt as _;
use url::Url;

/// Made once, since making it reads all root certificates. It keeps no connection: each test has a runtime of its own.
static TO_THE_PROVIDER: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    client.pool_max_idle_per_host(0).build().unwrap()
});

/// A browser at one portal.
#[derive(Clone)]
pub(crate) struct Visitor {
    router: Router,
    kind: Kind,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Visitor {
    pub(crate) fn of(portal: &Portal) -> Self {
        Self { router: portal.router(), kind: portal.kind(), cookies: BTreeMap::new() }
    }

    /// A browser at a portal that is served at `address`, by this process or another: the same requests, over HTTP.
    pub(crate) fn at(kind: Kind, address: SocketAddr) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
        let router = Router::new().fallback(async move |request: axum::extract::Request| {
            let (head, body) = request.into_parts();
            let url = format!("http://{address}{}", head.uri);
            let body = body.collect().await.unwrap().to_bytes();
            let sent = client.request(head.method, url).headers(head.headers).body(body).send().await.unwrap();
            let mut answer = axum::response::Response::builder().status(sent.status());
            *answer.headers_mut().unwrap() = sent.headers().clone();
            answer.body(Body::from(sent.bytes().await.unwrap())).unwrap()
        });
        Self { router, kind, cookies: BTreeMap::new() }
    }

    /// Another browser, without cookies.
    pub(crate) fn stranger(&self) -> Self {
        Self { cookies: BTreeMap::new(), ..self.clone() }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let kind = [(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &kind, Body::from(form.to_owned())).await
    }

    pub(crate) async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: Body) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, pairs.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = self.router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
        let (head, body) = answer.into_parts();
        for cookie in head.headers.get_all(SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let body = body.collect().await.unwrap().to_bytes();
        // Templates write a slash as an entity; it means the same.
        let body = String::from_utf8_lossy(&body).replace("&#x2f;", "/");
        Answer { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// Signs in: to the provider and back. Returns the answer to the callback.
    pub(crate) async fn sign_in(&mut self) -> Answer {
        let callback = self.begin_sign_in().await;
        self.get(&callback).await
    }

    /// Goes to the provider and returns the path of the callback to which it sends the browser.
    pub(crate) async fn begin_sign_in(&mut self) -> String {
        let answer = self.get(if self.kind == Kind::Admin { "/admin/auth" } else { "/login" }).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let back = TO_THE_PROVIDER.get(answer.location()).send().await.unwrap();
        let back = Url::parse(back.headers()[LOCATION].to_str().unwrap()).unwrap();
        format!("{}?{}", back.path(), back.query().unwrap())
    }

    /// Who the portal says is signed in.
    pub(crate) async fn who(&mut self) -> Option<String> {
        let answer = self.get(if self.kind == Kind::Admin { "/admin/session" } else { "/api/me" }).await;
        match answer.status {
            200 | 403 => Some(answer.json()["username"].as_str().unwrap().to_owned()),
            401 => None,
            other => panic!("{other}: {}", answer.body),
        }
    }
}

impl Answer {
    pub(crate) fn location(&self) -> &str {
        self.headers[LOCATION].to_str().unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).to_str().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}
