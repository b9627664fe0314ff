//! The live feed: one line an event, for a person who watches while somebody signs in and out.

use lab_trace::{Answer, Body, Channel, Event, EventKind, Exchange, Param, Shown};

use crate::control::messages::Topology;

/// Parameters that tell the story; all others would only fill the line.
const TELLING: &[&str] = &[
    "client_id",
    "redirect_uri",
    "scope",
    "prompt",
    "grant_type",
    "code",
    "state",
    "error",
    "error_description",
    "sid",
    "iss",
    "id_token_hint",
    "post_logout_redirect_uri",
    "logout_token",
    "code_challenge_method",
];

/// One line for an event; `None` for what only keeps the lights on.
pub fn line(event: &Event, topology: &Topology) -> Option<String> {
    match &event.kind {
        EventKind::Exchange(exchange) if exchange.housekeeping => None,
        EventKind::Exchange(exchange) => Some(exchange_line(exchange, topology)),
        EventKind::Portal(entry) => Some(format!("   {} notes: {}", entry.portal, entry.text)),
        EventKind::Lab(note) => Some(format!("   lab: {}", note.text)),
    }
}

fn exchange_line(exchange: &Exchange, topology: &Topology) -> String {
    let arrow = match exchange.channel {
        Channel::BackChannel | Channel::Server => "=>",
        Channel::Page | Channel::Frame | Channel::Embedded | Channel::Script | Channel::Probe | Channel::Other => "->",
    };
    let mut line = format!("{} {arrow} {}  {} {}", exchange.caller, exchange.callee, exchange.method, exchange.path);
    match exchange.channel {
        Channel::BackChannel => line.push_str("  [BACK CHANNEL]"),
        Channel::Frame => line.push_str("  [FRONT CHANNEL iframe]"),
        Channel::Embedded => line.push_str("  [iframe]"),
        Channel::Page | Channel::Script | Channel::Server | Channel::Probe | Channel::Other => {}
    }
    push_params(&mut line, &exchange.query, topology);
    if let Body::Form { fields } = &exchange.body {
        push_params(&mut line, fields, topology);
    }
    match &exchange.answer {
        Answer::Response { status, location, .. } => {
            line.push_str(&format!("  {status}"));
            if let Some(location) = location {
                line.push_str(&format!(" to {}", topology.location(location)));
            }
        }
        Answer::Aborted => line.push_str("  (the caller went away)"),
        Answer::NoAnswer { reason } => line.push_str(&format!("  (no answer: {reason})")),
    }
    line
}

fn push_params(line: &mut String, params: &[Param], topology: &Topology) {
    for param in params.iter().filter(|param| TELLING.contains(&param.name.as_str())) {
        line.push_str(&format!("  {}={}", param.name, value(&param.value, topology)));
    }
}

fn value(value: &Shown, topology: &Topology) -> String {
    match value {
        Shown::Plain { text } => short(&topology.named(text)),
        Shown::Id { text, .. } => short(text),
        Shown::Secret { kind, .. } => format!("<{kind}>"),
        Shown::Token { kind, claims, .. } => {
            let told = |name: &str| {
                claims.get(name).and_then(|claim| claim.as_str()).map(|text| format!(" {name} {}", short(text)))
            };
            format!("<{kind}{}{}>", told("aud").unwrap_or_default(), told("sid").unwrap_or_default())
        }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(48) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
