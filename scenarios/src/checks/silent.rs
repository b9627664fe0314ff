//! What an app asks without a person, and what Keycloak tells it.

use lab_trace::{Exchange, Party};

use super::{Check, Evidence, Failure, likely};
use crate::run::is_silent_question;
use crate::vocabulary::{SilentAnswer, SilentQuestion};

/// Keycloak's cookie by which it knows a browser. Others of its cookies say nothing of a session.
const SESSION_COOKIE: &str = "KEYCLOAK_IDENTITY";

impl Evidence<'_> {
    /// Exactly one question of the acting person's browser, answered and equipped as `wanted`.
    pub(super) fn silent_question(&self, wanted: SilentQuestion) -> Check {
        let browser = self.step.seat().map(|(who, _)| Party::Browser(Some(who.word().to_owned())));
        let asked: Vec<_> = self
            .exchanges
            .iter()
            .filter(|one| is_silent_question(&one.exchange) && Some(&one.exchange.caller) == browser.as_ref())
            .collect();
        let expected = words(wanted.answer.word(), wanted.brings_cookie);
        let seen = match asked.as_slice() {
            [] => "no question".to_owned(),
            [one] => {
                let brought = one.exchange.cookies.iter().any(|cookie| cookie.name == SESSION_COOKIE);
                // What the lesson says nothing of is not compared.
                words(&answer(&one.exchange), wanted.brings_cookie.and(Some(brought)))
            }
            more => format!("{} questions", more.len()),
        };
        let name = format!("the app asks Keycloak in a hidden frame, once: {expected}");
        Check::new(name, seen == expected, || Failure {
            expected,
            seen,
            proof: asked.last().map(|one| one.number),
            likely: likely::SILENT.into(),
        })
    }
}

/// Keycloak answers by sending the frame back to the app.
fn answer(exchange: &Exchange) -> String {
    let Some(back) = exchange.location() else {
        return exchange.status().map_or_else(|| "no answer".to_owned(), |status| format!("a page, status {status}"));
    };
    let value = |name: &str| back.query.iter().find(|param| param.name == name);
    match value("error") {
        Some(error) => error.value.text().unwrap_or("an error").to_owned(),
        None if value("code").is_some() => SilentAnswer::Code.word().to_owned(),
        None => format!("sent to {}, without an answer", back.path),
    }
}

fn words(answer: &str, cookie: Option<bool>) -> String {
    let cookie = match cookie {
        None => "",
        Some(true) => ", with the cookie of its session",
        Some(false) => ", without a cookie of a session",
    };
    format!("{answer}{cookie}")
}
