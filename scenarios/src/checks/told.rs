//! Who was told of a logout, how, and with which words.

use lab_trace::{Exchange, Party};

use super::{Check, Evidence, Failure, likely};
use crate::transcript::Telling;
use crate::vocabulary::{Claim, Portal, Told};

impl Evidence<'_> {
    pub(super) fn told(&self, told: &Told) -> Check {
        let name = format!("the {} is told by {}{}", told.portal.title(), told.by, details(told));
        let mut messages = self.exchanges.iter().filter(|numbered| {
            numbered.exchange.callee == Party::App(told.portal.word().to_owned())
                && Telling::of(&numbered.exchange).is_some_and(|telling| telling.by == told.by)
        });
        // Where it is told several times, one of the messages has to be as expected.
        let first = messages.clone().next();
        let found = messages.find(|numbered| self.complaint(told, &numbered.exchange).is_none()).or(first);
        let complaint = match found {
            None => Some(format!("nothing was sent to it by {}", told.by)),
            Some(numbered) => self.complaint(told, &numbered.exchange).or_else(|| self.count(told)),
        };
        Check::new(name, complaint.is_none(), || Failure {
            expected: format!("one message by {}{}", told.by, details(told)),
            seen: complaint.unwrap_or_default(),
            proof: found.map(|numbered| numbered.number),
            likely: if found.is_some() { likely::MESSAGE } else { likely::not_told(told.by) }.into(),
        })
    }

    /// What is wrong with how often it was told.
    fn count(&self, told: &Told) -> Option<String> {
        let to_it = |numbered: &&crate::run::Numbered| {
            numbered.exchange.callee == Party::App(told.portal.word().to_owned())
                && Telling::of(&numbered.exchange).is_some_and(|telling| telling.by == told.by)
        };
        let count = self.exchanges.iter().filter(to_it).count();
        told.times.filter(|wanted| *wanted != count).map(|_| format!("{count} messages ({})", likely::TIMES))
    }

    /// What is wrong with a message, in the order in which a portal would look at it.
    fn complaint(&self, told: &Told, exchange: &Exchange) -> Option<String> {
        let telling = Telling::of(exchange)?;
        if let Some(aud) = telling.claim("aud") {
            let client = self.topology.portal(told.portal.word()).map(|portal| portal.client_id.clone());
            if client.as_ref() != Some(&aud) {
                return Some(format!("aud is {aud}"));
            }
        }
        if let Some(missing) = told.with.iter().find(|claim| telling.claim(claim.word()).is_none()) {
            return Some(format!("{missing} is missing"));
        }
        if let Some(present) = told.without.iter().find(|claim| telling.claim(claim.word()).is_some()) {
            return Some(format!("{present} is present"));
        }
        if let Some(person) = told.session_of {
            let session = self.sessions.get(&person);
            if session.is_none() || telling.claim("sid").as_ref() != session {
                return Some(format!("sid is not the session that {} had", person.name()));
            }
        }
        if let Some(wanted) = told.brings_cookie {
            let client = told.portal.word();
            let brought = exchange.cookies.iter().any(|cookie| cookie.name.starts_with(client));
            if brought != wanted {
                return Some(if brought { "a cookie came along" } else { "no cookie came along" }.to_owned());
            }
        }
        match told.answered {
            Some(status) if exchange.status() != Some(status) => {
                Some(exchange.status().map_or_else(|| "no answer".to_owned(), |status| format!("answered {status}")))
            }
            _ => None,
        }
    }

    pub(super) fn not_told(&self, portal: Portal) -> Check {
        let found = self.find(|exchange| {
            exchange.callee == Party::App(portal.word().to_owned()) && Telling::of(exchange).is_some()
        });
        Check::new(format!("the {} is not told", portal.title()), found.is_none(), || Failure {
            expected: "no message over any channel".to_owned(),
            seen: found.map(|numbered| format!("a message by {}", numbered.exchange.channel)).unwrap_or_default(),
            proof: found.map(|numbered| numbered.number),
            likely: likely::TOLD_ANYWAY.into(),
        })
    }
}

fn details(told: &Told) -> String {
    let mut parts = Vec::new();
    if !told.with.is_empty() {
        parts.push(format!(" with {}", joined(&told.with)));
    }
    if !told.without.is_empty() {
        parts.push(format!(" without {}", joined(&told.without)));
    }
    if let Some(person) = told.session_of {
        parts.push(format!(", names {}'s session", person.name()));
    }
    if let Some(brings) = told.brings_cookie {
        parts.push(if brings { ", with its cookie" } else { ", without a cookie" }.to_owned());
    }
    if let Some(status) = told.answered {
        parts.push(format!(", answers {status}"));
    }
    if let Some(times) = told.times {
        parts.push(match times {
            1 => ", once".to_owned(),
            2 => ", twice".to_owned(),
            more => format!(", {more} times"),
        });
    }
    parts.concat()
}

fn joined(claims: &[Claim]) -> String {
    claims.iter().map(|claim| claim.word()).collect::<Vec<_>>().join(", ")
}
