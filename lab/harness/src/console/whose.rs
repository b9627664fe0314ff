//! By which signs an exchange belongs to a session: the `sid`s that it names, and the fingerprints of its cookies.

use lab_trace::{Answer, Body, Exchange, Param, Shown};

/// Every `sid` that stands in an exchange, in a parameter or in a token.
pub(super) fn sids(exchange: &Exchange) -> Vec<&str> {
    params(exchange).into_iter().filter_map(|param| sid(&param.value)).collect()
}

/// Fingerprints of the cookies that an exchange carries or sets.
pub(super) fn prints(exchange: &Exchange) -> Vec<&str> {
    let set = match &exchange.answer {
        Answer::Response { set_cookies, .. } => set_cookies.as_slice(),
        Answer::Aborted | Answer::NoAnswer { .. } => &[],
    };
    exchange.cookies.iter().chain(set).filter_map(|cookie| print(&cookie.value)).collect()
}

/// The fingerprint of a masked value.
pub(crate) fn print(value: &Shown) -> Option<&str> {
    match value {
        Shown::Secret { print, .. } | Shown::Token { print, .. } => Some(print),
        Shown::Plain { .. } | Shown::Id { .. } => None,
    }
}

/// Every named value of an exchange outside its headers and cookies.
pub(super) fn params(exchange: &Exchange) -> Vec<&Param> {
    let answered = match &exchange.answer {
        Answer::Response { location, body, .. } => {
            let query = location.as_ref().map(|location| location.query.as_slice()).unwrap_or_default();
            query.iter().chain(members(body)).collect()
        }
        Answer::Aborted | Answer::NoAnswer { .. } => Vec::new(),
    };
    exchange.query.iter().chain(members(&exchange.body)).chain(answered).collect()
}

fn members(body: &Body) -> &[Param] {
    match body {
        Body::Form { fields } => fields,
        Body::Json { members } => members,
        Body::Empty | Body::Html { .. } | Body::Other { .. } => &[],
    }
}

fn sid(value: &Shown) -> Option<&str> {
    match value {
        Shown::Id { kind, text } if kind == "sid" => Some(text),
        Shown::Token { claims, .. } => claims["sid"].as_str(),
        Shown::Plain { .. } | Shown::Id { .. } | Shown::Secret { .. } => None,
    }
}
