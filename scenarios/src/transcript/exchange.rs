//! One exchange as lines: who asked whom, what was carried, what came back.

use lab_trace::shown::find;
use lab_trace::{Answer, Body, Channel, Exchange, Location, Param, Party, Shown};
use serde_json::Value;

use super::alias::Aliases;
use crate::run::{Numbered, is_of_an_image_elsewhere};

/// Parameters and members that teach. Everything else (Keycloak's own `tab_id`, `session_code`, …) is left out, so that
/// a lesson shows the protocol and not one server's plumbing.
const TEACHING: &[&str] = &[
    "access_token",
    "client_id",
    "client_secret",
    "code",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "error",
    "error_description",
    "grant_type",
    "id_token",
    "id_token_hint",
    "iss",
    "logout_token",
    "nonce",
    "password",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "refresh_token",
    "response_type",
    "scope",
    "session_state",
    "sid",
    "state",
    "username",
];

/// Claims of an ID token that teach; the rest is the same in every lesson.
const ID_TOKEN: &[&str] = &["iss", "aud", "sub", "sid", "nonce", "acr", "preferred_username", "roles"];

/// The lines of an exchange.
pub(super) fn lines(numbered: &Numbered, aliases: &mut Aliases) -> Vec<String> {
    let exchange = &numbered.exchange;
    let arrow = match exchange.channel {
        Channel::BackChannel => "==>",
        Channel::Server => "=>",
        Channel::Page | Channel::Frame | Channel::Embedded | Channel::Script | Channel::Probe | Channel::Other => "->",
    };
    let how = match exchange.channel {
        Channel::Page | Channel::Server => String::new(),
        Channel::Script if is_of_an_image_elsewhere(exchange) => "  [image]".to_owned(),
        Channel::Frame
        | Channel::Embedded
        | Channel::Script
        | Channel::BackChannel
        | Channel::Probe
        | Channel::Other => {
            format!("  [{}]", exchange.channel)
        }
    };
    let mut lines = vec![format!(
        "{:4}  {} {arrow} {}{how}  {} {}",
        numbered.number,
        party(&exchange.caller),
        party(&exchange.callee),
        exchange.method,
        exchange.path
    )];
    let query = teaching(&exchange.query);
    for (index, param) in query.iter().enumerate() {
        let sign = if index == 0 { '?' } else { '&' };
        carried(&mut lines, &format!("{sign} "), param, aliases);
    }
    // Who proves its identity to Keycloak by more than a `client_id`: a server with its secret, a script with a token.
    if let (Channel::Server | Channel::Script, Some(value)) =
        (exchange.channel, find(&exchange.headers, "authorization"))
    {
        lines.push(format!("        header authorization = {}", aliases.value(value)));
    }
    if let Body::Form { fields } = &exchange.body {
        for param in teaching(fields) {
            carried(&mut lines, "form ", param, aliases);
        }
    }
    let meanwhile: Vec<String> = numbered.meanwhile.iter().map(usize::to_string).collect();
    let meanwhile = if meanwhile.is_empty() { String::new() } else { format!(", after {}", meanwhile.join(", ")) };
    answer(&mut lines, exchange, &meanwhile, aliases);
    lines
}

fn party(party: &Party) -> String {
    match party {
        Party::Browser(Some(name)) => name.clone(),
        other => other.to_string(),
    }
}

fn teaching(params: &[Param]) -> Vec<&Param> {
    params.iter().filter(|param| TEACHING.contains(&param.name.as_str())).collect()
}

/// One named value; a token tells its claims where it appears first.
fn carried(lines: &mut Vec<String>, sign: &str, param: &Param, aliases: &mut Aliases) {
    if let Shown::Token { kind, print, header, claims } = &param.value {
        let (alias, new) = aliases.alias(kind, print);
        lines.push(format!("        {sign}{} = {alias}", param.name));
        if new {
            lines.extend(token(kind, header, claims, aliases));
        }
        return;
    }
    lines.push(format!("        {sign}{} = {}", param.name, aliases.value(&param.value)));
}

fn token(kind: &str, header: &Value, claims: &Value, aliases: &mut Aliases) -> Vec<String> {
    let all = match kind {
        "logout_token" => true,
        "id_token" => false,
        // Access and refresh tokens are for others to read.
        _ => return Vec::new(),
    };
    let word = |name: &str| header.get(name).and_then(Value::as_str).unwrap_or("absent");
    let mut lines = vec![format!("            head alg {}, typ {}", word("alg"), word("typ"))];
    let mut names: Vec<&String> = claims.as_object().map(|claims| claims.keys().collect()).unwrap_or_default();
    names.retain(|name| all || ID_TOKEN.contains(&name.as_str()));
    names.sort();
    for name in names {
        lines.push(format!("            {name} = {}", claim(name, &claims[name], claims, aliases)));
    }
    lines
}

/// A claim without what differs from run to run: identifiers become aliases, times become distances.
fn claim(name: &str, value: &Value, claims: &Value, aliases: &mut Aliases) -> String {
    match (name, value) {
        ("sid" | "session_state", Value::String(text)) => aliases.alias("sid", text).0,
        ("sub" | "jti", Value::String(text)) => aliases.alias(name, text).0,
        ("nonce" | "at_hash", Value::String(_)) | ("iat" | "auth_time", Value::Number(_)) => format!("<{name}>"),
        ("exp", Value::Number(_)) => match (value.as_i64(), claims.get("iat").and_then(Value::as_i64)) {
            (Some(exp), Some(iat)) => {
                exp.checked_sub(iat).map_or_else(|| "<exp>".to_owned(), |lifetime| format!("<iat> + {lifetime} s"))
            }
            _ => "<exp>".to_owned(),
        },
        (_, Value::String(text)) => aliases.plain(text),
        (_, Value::Array(items)) => {
            // Roles and audiences are sets; Keycloak writes them in an order that changes with the import.
            let mut items: Vec<String> = items.iter().map(Value::to_string).collect();
            items.sort();
            aliases.plain(&format!("[{}]", items.join(", ")))
        }
        (_, other) => aliases.plain(&other.to_string()),
    }
}

/// Keycloak answers with the granted scopes in an order that changes with the import of the realm (measured), so they
/// are sorted here. What a client *asks* for is left as it is.
fn settled(param: &Param) -> Param {
    match (param.name.as_str(), param.value.text()) {
        ("scope", Some(scopes)) => {
            let mut words: Vec<&str> = scopes.split(' ').collect();
            words.sort_unstable();
            Param::plain("scope", words.join(" "))
        }
        _ => param.clone(),
    }
}

fn answer(lines: &mut Vec<String>, exchange: &Exchange, meanwhile: &str, aliases: &mut Aliases) {
    let (status, set_cookies, location, body) = match &exchange.answer {
        Answer::Response { status, set_cookies, location, body, .. } => (status, set_cookies, location, body),
        Answer::Aborted => {
            lines.push("        <- the caller went away".to_owned());
            return;
        }
        Answer::NoAnswer { .. } => {
            // The reason is the operating system's wording and differs; the live feed and the log have it.
            lines.push("        <- no answer".to_owned());
            return;
        }
    };
    let to = location.as_ref().map(|location| format!(" to {}", target(location, aliases))).unwrap_or_default();
    let page = match body {
        // How much of a page arrives where an image was wanted is chance, and nobody sees it.
        Body::Html { title, .. } if !title.is_empty() && !is_of_an_image_elsewhere(exchange) => {
            format!(" page \"{title}\"")
        }
        Body::Empty | Body::Html { .. } | Body::Form { .. } | Body::Json { .. } | Body::Other { .. } => String::new(),
    };
    lines.push(format!("        <- {status}{to}{page}{meanwhile}"));
    cookies(lines, set_cookies);
    match body {
        Body::Json { members } => {
            // A nested object is an application's own business, such as the masked tokens that a page shows.
            let nested = |param: &Param| param.value.text().is_some_and(|text| text.starts_with(['{', '[']));
            for param in teaching(members).into_iter().filter(|param| !nested(param)) {
                let param = if exchange.callee == Party::Keycloak { &settled(param) } else { param };
                carried(lines, "json ", param, aliases);
            }
        }
        Body::Html { frames, .. } => {
            lines.extend(frames.iter().map(|frame| format!("        iframe {}", aliases.plain(frame))));
        }
        Body::Empty | Body::Form { .. } | Body::Other { .. } => {}
    }
}

/// Where a redirect leads; its parameters stand at the next exchange, which carries them.
fn target(location: &Location, aliases: &Aliases) -> String {
    aliases.plain(&format!("{}{}", location.origin, location.path))
}

fn cookies(lines: &mut Vec<String>, set: &[Param]) {
    let list = |deleted: bool| {
        let mut names: Vec<&str> = set
            .iter()
            .filter(|cookie| (cookie.value.text() == Some("")) == deleted)
            .map(|cookie| cookie.name.as_str())
            .collect();
        names.sort_unstable();
        names.dedup();
        names.join(", ")
    };
    for (deleted, word) in [(false, "sets cookie"), (true, "deletes cookie")] {
        let cookies = list(deleted);
        if !cookies.is_empty() {
            lines.push(format!("        {word} {cookies}"));
        }
    }
}
