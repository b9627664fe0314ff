//! What an app asks without a person, and what Keycloak tells it.

use lab_trace::{Exchange, Party};

use super::{Check, Evidence, Failure, likely};
use crate::run::{is_silent_answer, is_silent_question};
use crate::vocabulary::{SilentAnswer, SilentQuestion};

/// Keycloak's cookie by which it knows a browser. Others of its cookies say nothing of a session.
const SESSION_COOKIE: &str = "KEYCLOAK_IDENTITY";

impl Evidence<'_> {
    /// Exactly one question of the acting person's browser, answered and equipped as `wanted`, whose frame came back to the app.
    pub(super) fn silent_question(&self, wanted: SilentQuestion) -> Check {
        let browser = self.step.seat().map(|(who, _)| Party::Browser(Some(who.word().to_owned())));
        let asked: Vec<_> = self
            .exchanges
            .iter()
            .filter(|one| is_silent_question(&one.exchange) && Some(&one.exchange.caller) == browser.as_ref())
            .collect();
        let expected = words(wanted.answer.word(), wanted.brings_cookie);
        let (seen, likely) = match asked.as_slice() {
            [] => ("no question".to_owned(), likely::SILENT),
            [one] => {
                let (answer, likely) = answer(&one.exchange);
                let brought = one.exchange.cookies.iter().any(|cookie| cookie.name == SESSION_COOKIE);
                // What the lesson says nothing of is not compared.
                let seen = words(&answer, wanted.brings_cookie.and(Some(brought)));
                let lost =
                    if self.came_back(&one.exchange) { "" } else { ", and the frame did not come back to the app" };
                (format!("{seen}{lost}"), likely)
            }
            more => (format!("{} questions", more.len()), likely::SILENT),
        };
        let name = format!("the app asks Keycloak in a hidden frame, once: {expected}");
        Check::new(name, seen == expected, || Failure {
            expected: format!("one question: {expected}"),
            seen,
            proof: asked.last().map(|one| one.number),
            likely: likely.into(),
        })
    }

    /// Whether the portal was asked for the page that hands the answer on, and had it.
    fn came_back(&self, question: &Exchange) -> bool {
        let state = question.query_param("state");
        self.exchanges.iter().map(|one| &one.exchange).any(|exchange| {
            is_silent_answer(exchange)
                && matches!(&exchange.callee, Party::App(name) if Some(name.as_str()) == self.portal())
                && state.is_some()
                && exchange.query_param("state") == state
                && exchange.status() == Some(200)
        })
    }
}

/// What Keycloak answers, and the likely cause where that is not what was expected. It answers by sending the frame back.
fn answer(exchange: &Exchange) -> (String, &'static str) {
    let Some(back) = exchange.location() else {
        let status = exchange.status().map_or_else(|| "no answer".to_owned(), |status| format!("answered {status}"));
        return (format!("{status}, without a redirect"), likely::SILENT_REFUSED);
    };
    let value = |name: &str| back.query.iter().find(|param| param.name == name);
    let error = value("error").map(|error| error.value.text().unwrap_or("an error"));
    match error {
        Some(error) if error == SilentAnswer::LoginRequired.word() => (error.to_owned(), likely::SILENT),
        Some(error) => (error.to_owned(), likely::SILENT_REFUSED),
        None if value("code").is_some() => (SilentAnswer::Code.word().to_owned(), likely::SILENT),
        None => (format!("sent to {}, without an answer", back.path), likely::SILENT_REFUSED),
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
