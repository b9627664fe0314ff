//! One browser: sends requests as a browser would, follows redirects by hand, keeps cookies.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, StatusCode};
use url::Url;

use super::headers::{errand, form_origin, insert, navigation_headers, readable, script_headers};
use super::jar::{Errand, Jar};
use super::origin::{bare, origin, same_origin};
use super::page::{Form, Page};
use crate::http;
use crate::trouble::{Kind, Trouble};

/// How long one navigation may take, redirects included. Keycloak waits up to 5 s for each dead back-channel
/// listener before it answers a sign-out, so this is generous.
pub const NAVIGATION: Duration = Duration::from_secs(30);

/// Redirects in one navigation, as browsers limit them.
const HOPS: usize = 20;

/// A page larger than this is not one of ours.
const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The tap reads the browser's name from it and removes it before forwarding.
pub const BROWSER_HEADER: &str = "x-sso-lab-browser";

/// Marks a request of the lab itself; the tap removes it before forwarding.
pub const PROBE_HEADER: &str = "x-sso-lab-probe";

/// A scripted browser with a name (`john`).
pub struct Browser {
    name: String,
    http: reqwest::Client,
    /// Its cookies.
    pub jar: Jar,
    /// Every address that it was sent to, newest last; the caller clears it.
    pub visited: Vec<Url>,
    /// Every origin that it sent a request to.
    pub asked: BTreeSet<String>,
    /// What happens to addresses on their way through this browser.
    pub alterations: Vec<Alteration>,
    /// The end of a path to which this browser goes so much later: a slow computer, a closed lid.
    pub hold: Option<(String, Duration)>,
    /// Whether frames are loaded without cookies, as from a page of another site where third-party cookies are blocked.
    pub blocks_cookies_in_frames: bool,
}

/// A change to the query of every address whose path ends in a certain way: what a link, an attacker or a tester changes
/// where a browser carries messages between an application and the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alteration {
    /// The end of the path (`/protocol/openid-connect/logout`).
    pub at: String,
    /// The parameter.
    pub name: String,
    /// Its new value; `None` takes it away.
    pub value: Option<String>,
}

impl Alteration {
    fn apply(&self, url: &mut Url) {
        if !url.path().ends_with(&self.at) {
            return;
        }
        let rest: Vec<(String, String)> =
            url.query_pairs().filter(|(name, _)| *name != self.name).map(|(n, v)| (n.into(), v.into())).collect();
        let mut query = url.query_pairs_mut();
        query.clear().extend_pairs(rest);
        if let Some(value) = &self.value {
            query.append_pair(&self.name, value);
        }
    }
}

/// Who causes a navigation.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// The person: an address typed, a bookmark.
    Person,
    /// A page: a link, a form, or its script.
    Page(&'a Page),
}

/// What a script got from `fetch`.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

struct Send {
    method: Method,
    url: Url,
    headers: HeaderMap,
    form: Option<Vec<(String, String)>>,
    /// On whose errand, for its cookies; `None`: without any.
    cookies: Option<Errand>,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Browser {
    /// A fresh browser without cookies.
    ///
    /// # Panics
    /// When the TLS backend cannot be initialised, which [`crate::http`] rules out.
    pub fn new(name: impl Into<String>) -> Self {
        let http = http::builder()
            .user_agent(concat!("sso-lab-browser/", env!("CARGO_PKG_VERSION"), " (scripted)"))
            .build()
            .expect("a client without exotic options builds");
        Self {
            name: name.into(),
            http,
            jar: Jar::default(),
            visited: Vec::new(),
            asked: BTreeSet::new(),
            alterations: Vec::new(),
            hold: None,
            blocks_cookies_in_frames: false,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Loads a page by GET, redirects followed.
    pub async fn go(&mut self, url: &Url, by: By<'_>) -> Result<Page, Trouble> {
        self.navigate(Method::GET, url.clone(), None, by, "document").await
    }

    /// Sends a form of `page`, its first button pressed and `typed` standing in the named controls.
    pub async fn submit(&mut self, page: &Page, form: &Form, typed: &[(&str, &str)]) -> Result<Page, Trouble> {
        let fields = form.filled(typed);
        if form.method == Method::GET {
            let mut url = form.action.clone();
            url.query_pairs_mut().clear().extend_pairs(fields);
            return self.navigate(Method::GET, url, None, By::Page(page), "document").await;
        }
        self.navigate(Method::POST, form.action.clone(), Some(fields), By::Page(page), "document").await
    }

    /// Sends a form and leaves before the answer is there: the server has acted, and the browser has noticed nothing of it,
    /// no cookie and no redirect.
    pub async fn submit_and_leave(&mut self, page: &Page, form: &Form) -> Result<(), Trouble> {
        let url = form.action.clone();
        let headers = self.page_headers(By::Page(page), std::slice::from_ref(&url), "document", true);
        let jar = self.jar.clone();
        let cookies = Some(errand(By::Page(page), &url, &form.method, "document"));
        let answer = self
            .bounded(Send { method: form.method.clone(), url, headers, form: Some(form.filled(&[])), cookies })
            .await;
        self.jar = jar;
        answer.map(|_| ())
    }

    /// Loads an iframe of `page`.
    pub async fn frame(&mut self, page: &Page, url: &Url) -> Result<Page, Trouble> {
        self.navigate(Method::GET, url.clone(), None, By::Page(page), "iframe").await
    }

    /// A script of a page at `from` fetches `url`: cookies only to its own origin, CORS asked elsewhere.
    ///
    /// # Errors
    /// When there is no answer, or the other origin does not allow the page to read it.
    pub async fn fetch(&mut self, from: &Url, url: &Url, bearer: Option<&str>) -> Result<Fetched, Trouble> {
        self.script(from, Method::GET, url, bearer, None).await
    }

    /// A script of a page at `from` posts form fields to `url`.
    ///
    /// # Errors
    /// As [`Browser::fetch`].
    pub async fn post(&mut self, from: &Url, url: &Url, fields: &[(&str, &str)]) -> Result<Fetched, Trouble> {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.script(from, Method::POST, url, None, Some(fields)).await
    }

    async fn navigate(
        &mut self,
        method: Method,
        url: Url,
        form: Option<Vec<(String, String)>>,
        by: By<'_>,
        dest: &'static str,
    ) -> Result<Page, Trouble> {
        let asked = bare(&url);
        let name = self.name.clone();
        tokio::time::timeout(NAVIGATION, self.hops(method, url, form, by, dest)).await.unwrap_or_else(|_| {
            Err(Trouble::new(
                Kind::Part,
                format!("{name}'s browser asked for {asked} and had no page after {} s", NAVIGATION.as_secs()),
                "a part of the lab hangs, or a portal keeps Keycloak waiting",
                "look at `cargo xtask lab status` and `cargo xtask lab logs`",
            ))
        })
    }

    async fn hops(
        &mut self,
        mut method: Method,
        url: Url,
        mut form: Option<Vec<(String, String)>>,
        by: By<'_>,
        dest: &'static str,
    ) -> Result<Page, Trouble> {
        let mut chain = vec![self.altered(url)];
        for _ in 0..=HOPS {
            let url = chain.last().unwrap_or_else(|| unreachable!("the chain begins with one address")).clone();
            self.visited.push(url.clone());
            let headers = self.page_headers(by, &chain, dest, form.is_some());
            let blocked = dest == "iframe" && self.blocks_cookies_in_frames;
            let cookies = (!blocked).then(|| errand(by, &url, &method, dest));
            let send = Send { method: method.clone(), url: url.clone(), headers, form: form.clone(), cookies };
            let answer = self.exchange(send).await?;
            let location = answer.headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
            let Some(location) = location.filter(|_| answer.status.is_redirection()) else {
                return Ok(Page::read(url, answer.status.as_u16(), &answer.headers, &answer.body));
            };
            let next = url.join(location).ok().filter(|next| matches!(next.scheme(), "http" | "https"));
            let Some(next) = next else {
                return Err(lost(&self.name, &url, "redirects to something that is no web address"));
            };
            // 307 and 308 repeat the request; after the others a browser asks by GET (Fetch, "HTTP-redirect fetch").
            if !matches!(answer.status.as_u16(), 307 | 308) {
                method = Method::GET;
                form = None;
            }
            if let Some((at, wait)) = self.hold.as_ref().filter(|(at, _)| next.path().ends_with(at)) {
                tracing::debug!(at, ?wait, "a browser takes its time");
                tokio::time::sleep(*wait).await;
            }
            chain.push(self.altered(next));
        }
        Err(lost(&self.name, &chain[0], "redirects for ever: more than 20 hops"))
    }

    fn page_headers(&self, by: By<'_>, chain: &[Url], dest: &'static str, with_form: bool) -> HeaderMap {
        let mut headers = navigation_headers(by, chain, dest);
        if let (By::Page(page), true) = (by, with_form) {
            insert(&mut headers, header::ORIGIN, &form_origin(page, chain));
        }
        insert(&mut headers, HeaderName::from_static(BROWSER_HEADER), &self.name);
        headers
    }

    fn altered(&self, mut url: Url) -> Url {
        for alteration in &self.alterations {
            alteration.apply(&mut url);
        }
        url
    }

    async fn script(
        &mut self,
        from: &Url,
        method: Method,
        url: &Url,
        bearer: Option<&str>,
        form: Option<Vec<(String, String)>>,
    ) -> Result<Fetched, Trouble> {
        let foreign = !same_origin(from, url);
        let mut headers = script_headers(from, url);
        insert(&mut headers, HeaderName::from_static(BROWSER_HEADER), &self.name);
        if foreign || form.is_some() {
            insert(&mut headers, header::ORIGIN, &origin(from));
        }
        if let (true, Some(_)) = (foreign, bearer) {
            // `Authorization` is not on the safe list: the browser asks first whether the page may send it.
            let mut asking = headers.clone();
            insert(&mut asking, header::ACCEPT, "*/*");
            insert(&mut asking, header::ACCESS_CONTROL_REQUEST_METHOD, method.as_str());
            insert(&mut asking, header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization");
            let send = Send { method: Method::OPTIONS, url: url.clone(), headers: asking, form: None, cookies: None };
            let allowed = self.bounded(send).await?;
            self.may_read(from, url, &allowed)?;
        }
        if let Some(bearer) = bearer {
            insert(&mut headers, header::AUTHORIZATION, &format!("Bearer {bearer}"));
        }
        let cookies = (!foreign).then_some(Errand::Own);
        let answer = self.bounded(Send { method, url: url.clone(), headers, form, cookies }).await?;
        if foreign {
            self.may_read(from, url, &answer)?;
        }
        Ok(Fetched { status: answer.status.as_u16(), body: answer.body })
    }

    fn may_read(&self, from: &Url, url: &Url, answer: &Answer) -> Result<(), Trouble> {
        if readable(from, &answer.headers) {
            return Ok(());
        }
        Err(Trouble::new(
            Kind::Part,
            format!("the script of {} may not read {}: CORS in {}'s browser", origin(from), bare(url), self.name),
            "the other side did not name this origin in Access-Control-Allow-Origin",
            "add the portal's origin to the client's web origins in the realm",
        ))
    }

    async fn bounded(&mut self, send: Send) -> Result<Answer, Trouble> {
        let url = send.url.clone();
        let name = self.name.clone();
        tokio::time::timeout(NAVIGATION, self.exchange(send))
            .await
            .unwrap_or_else(|_| Err(lost(&name, &url, &format!("did not answer within {} s", NAVIGATION.as_secs()))))
    }

    async fn exchange(&mut self, send: Send) -> Result<Answer, Trouble> {
        let Send { method, url, headers, form, cookies } = send;
        self.asked.insert(origin(&url));
        let mut request = self.http.request(method, url.clone()).headers(headers);
        if let Some(cookie) = cookies.and_then(|errand| self.jar.header_for(&url, errand)) {
            request = request.header(header::COOKIE, cookie);
        }
        if let Some(form) = &form {
            request = request.form(form);
        }
        let broken = |error: reqwest::Error| {
            // The error's own text quotes the address with its query, and queries carry codes and tokens.
            lost(&self.name, &url, "gave no answer").caused_by(error.without_url())
        };
        let mut response = request.send().await.map_err(broken)?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(broken)? {
            body.extend_from_slice(&chunk);
            if body.len() > BODY_LIMIT {
                return Err(lost(&self.name, &url, "answered with more than 4 MiB"));
            }
        }
        if let Some(errand) = cookies {
            for value in headers.get_all(header::SET_COOKIE) {
                if let Ok(text) = value.to_str() {
                    self.jar.take(&url, text, errand);
                }
            }
        }
        Ok(Answer { status, headers, body: String::from_utf8_lossy(&body).into_owned() })
    }
}

fn lost(name: &str, url: &Url, how: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("{name}'s browser asked for {}, which {how}", bare(url)),
        "a part of the lab is down or broken; this says nothing about the lesson",
        "look at `cargo xtask lab status` and `cargo xtask lab logs`",
    )
}

#[cfg(test)]
mod tests;
