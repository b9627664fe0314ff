//! Who called, and over which channel. The rules stand in one place and in order; each has a test.

use axum::http::{HeaderMap, Method};
use lab_trace::{Channel, Param, Party};

use super::{BROWSER_AGENT, BROWSER_HEADER, PROBE_HEADER, STRANGER_HEADER};

/// An application whose traffic the taps can name.
#[derive(Debug, Clone)]
pub struct KnownApp {
    /// Name of its tap (`internal`).
    pub name: String,
    /// `client_id`, by which a server that does not name itself is known at Keycloak.
    pub client_id: String,
    /// Paths registered for the back channel (`/logout`).
    pub back_channel_paths: Vec<String>,
    /// Paths registered for the front channel (`/logout`).
    pub front_channel_paths: Vec<String>,
}

/// Everything the rules need to know about this lab.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    /// The applications.
    pub apps: Vec<KnownApp>,
}

/// What a rule may look at.
pub struct Seen<'a> {
    /// Whose tap.
    pub at: &'a Party,
    /// Request method.
    pub method: &'a Method,
    /// Request path.
    pub path: &'a str,
    /// Request headers, the lab's own still among them.
    pub headers: &'a HeaderMap,
    /// `client_id` of a form body, a query or basic authentication.
    pub client_id: Option<&'a str>,
}

impl Registry {
    /// The caller and the channel of a request. The first rule that fits wins:
    ///
    /// 1. the lab's probe header: a probe;
    /// 2. a stranger's header: a stranger, over no channel that anybody agreed on;
    /// 3. a scripted browser's header, or a driven browser's word at the end of `User-Agent`: that browser, channel by
    ///    `Sec-Fetch-Dest` and, for frames, by the registered front-channel path;
    /// 4. at an application, POST to its registered back-channel path without cookie and `Sec-Fetch-*`: Keycloak,
    ///    back channel;
    /// 5. at Keycloak, `User-Agent: sso-lab-portal/… (name)`: that portal's server;
    /// 6. at Keycloak, neither cookie nor `Sec-Fetch-*`, but a known `client_id`: that application's server;
    /// 7. everything else: a browser, channel by `Sec-Fetch-Dest`, or unknown where that header is absent and no
    ///    HTML is asked for.
    pub fn attribute(&self, seen: &Seen<'_>) -> (Party, Channel) {
        if seen.headers.contains_key(PROBE_HEADER) {
            return (Party::Lab, Channel::Probe);
        }
        if seen.headers.contains_key(STRANGER_HEADER) {
            return (Party::Stranger, Channel::Other);
        }
        if let Some(name) = browser_name(seen.headers) {
            let channel = self.browser_channel(seen).unwrap_or(Channel::Page);
            return (Party::Browser(Some(name.to_owned())), channel);
        }
        let from_a_browser = seen.headers.contains_key("cookie") || seen.headers.contains_key("sec-fetch-mode");
        match seen.at {
            Party::App(name) if !from_a_browser && seen.method == Method::POST => {
                let known = self.apps.iter().find(|app| app.name == *name);
                if known.is_some_and(|app| app.back_channel_paths.iter().any(|path| path == seen.path)) {
                    return (Party::Keycloak, Channel::BackChannel);
                }
            }
            Party::Keycloak => {
                if let Some(name) = text(seen.headers, "user-agent").and_then(portal_agent) {
                    return (Party::App(name.to_owned()), Channel::Server);
                }
                let known = self.apps.iter().find(|app| Some(app.client_id.as_str()) == seen.client_id);
                if let (false, Some(app)) = (from_a_browser, known) {
                    return (Party::App(app.name.clone()), Channel::Server);
                }
            }
            Party::App(_) | Party::Browser(_) | Party::Lab | Party::Stranger => {}
        }
        (Party::Browser(None), self.browser_channel(seen).unwrap_or(Channel::Other))
    }

    /// How a browser asks, by `Sec-Fetch-Dest`. A frame is the front channel where its path is registered for that; `None` where
    /// the header is absent and no HTML is asked for.
    fn browser_channel(&self, seen: &Seen<'_>) -> Option<Channel> {
        match text(seen.headers, "sec-fetch-dest") {
            Some("iframe" | "frame" | "embed" | "object") => {
                let known = self.apps.iter().find(|app| *seen.at == Party::App(app.name.clone()));
                let registered = known.is_some_and(|app| app.front_channel_paths.iter().any(|path| path == seen.path));
                Some(if registered { Channel::Frame } else { Channel::Embedded })
            }
            Some("document") => Some(Channel::Page),
            Some(_) => Some(Channel::Script),
            None => {
                let html = text(seen.headers, "accept").is_some_and(|accept| accept.contains("text/html"));
                html.then_some(Channel::Page)
            }
        }
    }
}

/// Requests that keep the lights on and teach nothing: left out of transcripts, folded in the feed.
pub fn is_housekeeping(method: &Method, path: &str) -> bool {
    method == Method::OPTIONS
        || path.contains("/.well-known/")
        || path.ends_with("/protocol/openid-connect/certs")
        || path.contains("/login-status-iframe.html")
        || path.contains("/3p-cookies/")
        || ["/resources/", "/static/", "/favicon", "/health", "/info", "/metrics", "/admin/realms", "/js/"]
            .iter()
            .any(|prefix| path.starts_with(prefix))
}

/// `client_id` as far as the request tells: form field, query, or user name of basic authentication.
pub fn client_id(headers: &HeaderMap, query: &[Param], fields: &[Param]) -> Option<String> {
    let named = |params: &[Param]| {
        lab_trace::shown::find(params, "client_id").and_then(|value| value.text().map(str::to_owned))
    };
    named(fields).or_else(|| named(query)).or_else(|| basic_user(text(headers, "authorization")?))
}

fn basic_user(authorization: &str) -> Option<String> {
    use base64::Engine as _;
    let encoded = authorization.strip_prefix("Basic ")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    let pair = String::from_utf8(decoded).ok()?;
    let (user, _) = pair.split_once(':')?;
    url::form_urlencoded::parse(format!("u={user}").as_bytes()).next().map(|(_, user)| user.into_owned())
}

/// By which name a browser of the lab calls itself.
fn browser_name(headers: &HeaderMap) -> Option<&str> {
    text(headers, BROWSER_HEADER).or_else(|| driven(text(headers, "user-agent")?).map(|(_, name)| name))
}

/// The `User-Agent` of a driven browser: what it says without the lab, and its name.
pub(super) fn driven(agent: &str) -> Option<(&str, &str)> {
    let (own, word) = agent.rsplit_once(' ')?;
    word.strip_prefix(BROWSER_AGENT).filter(|name| !name.is_empty()).map(|name| (own, name))
}

fn portal_agent(agent: &str) -> Option<&str> {
    let (_, name) = agent.strip_prefix("sso-lab-portal/")?.split_once(" (")?;
    name.strip_suffix(')')
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
