//! What a tap tells the ledger: who came back from Keycloak with which code and got which cookie, and how a session's end was
//! told to a browser. It sees real values, so it hands them on and keeps nothing.

use axum::http::{HeaderMap, header};
use lab_trace::{Channel, Party};
use url::form_urlencoded;

use super::attribution::Seen;
use super::capture;
use super::note::{Asked, Note};
use crate::console::{Callback, print};

/// Looks at an exchange whose answer has this status and these headers.
pub(super) fn tell(note: &Note, status: u16, headers: &HeaderMap) {
    let (shared, asked) = (&note.shared, &note.asked);
    let (path, of) = (asked.uri.path(), |name: &str| query_value(asked, name));
    let seen = Seen { at: &shared.owner, method: &asked.method, path, headers: &asked.headers, client_id: None };
    let (Party::Browser(browser), channel) = shared.registry.attribute(&seen) else { return };
    match (&shared.owner, channel) {
        (Party::App(portal), Channel::Frame) => {
            if let Some(sid) = of("sid") {
                shared.ledger.front_channel(portal, &sid, status);
            }
        }
        (Party::App(portal), _) => {
            if let (Some(code), Some(_)) = (of("code"), of("state")) {
                shared.ledger.callback(&code, callback(note, portal, browser, headers));
            }
        }
        (Party::Keycloak, _) if path.ends_with("/protocol/openid-connect/logout") => {
            let body = asked.body.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(hint) = of("id_token_hint").or_else(|| body.form_field("id_token_hint")) {
                shared.ledger.logout_asked(&hint);
            }
        }
        (Party::Keycloak | Party::Browser(_) | Party::Lab | Party::Stranger, _) => {}
    }
}

fn callback(note: &Note, portal: &str, browser: Option<String>, headers: &HeaderMap) -> Callback {
    let lines = headers.get_all(header::SET_COOKIE).iter().filter_map(|line| line.to_str().ok());
    // A cookie that is deleted proves nothing. What the browser had before may still work, and just that is asked.
    let kept = lines.filter(|line| line.split(';').next().and_then(|pair| pair.split_once('=')).is_some_and(has_value));
    let cookies: Vec<String> = kept.map(str::to_owned).collect();
    let masked = capture::set_cookies(headers, &note.shared.masker);
    let prints = masked.iter().filter_map(|cookie| print(&cookie.value)).map(str::to_owned).collect();
    let host = note.asked.headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let url = host.and_then(|host| format!("http://{host}{}", note.asked.uri.path()).parse().ok());
    Callback { portal: portal.to_owned(), browser, url, cookies, prints }
}

fn has_value((_, value): (&str, &str)) -> bool {
    !value.trim().trim_matches('"').is_empty()
}

fn query_value(asked: &Asked, name: &str) -> Option<String> {
    let query = asked.uri.query().unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}
