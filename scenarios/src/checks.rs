//! Expectations against what was seen. Verdicts rest on taps and probes, never on a portal's word.

mod likely;
mod log;
mod page;
mod program;
mod screens;
mod silent;
mod told;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use lab::browser::Sight;
use lab::control::messages::Topology;
use lab_trace::{Cell, CellState, Channel, Exchange, Matrix, Party, Shown};
use serde::{Deserialize, Serialize};

use crate::lesson::{Action, Step};
use crate::run::Numbered;
use crate::vocabulary::{Exchanger, Person, ScreenWord, Worth};

/// One expectation and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// The expectation as a sentence.
    pub name: String,
    /// Why it failed; `None` when it passed.
    pub failure: Option<Failure>,
}

/// Why a check failed, for the person who has to find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What should have been.
    pub expected: String,
    /// What was.
    pub seen: String,
    /// Number of the exchange that proves it.
    pub proof: Option<usize>,
    /// What probably caused it.
    pub likely: Cow<'static, str>,
}

/// Everything that a step is judged by.
pub struct Evidence<'a> {
    /// The step.
    pub step: &'a Step,
    /// Who is where.
    pub topology: &'a Topology,
    /// What the taps saw in this step.
    pub exchanges: &'a [Numbered],
    /// What the person sees; `None` when no person acts.
    pub sight: Option<&'a Sight>,
    /// Who is signed in where.
    pub matrix: &'a Matrix,
    /// The session at Keycloak (`sid`) that each person's browser had before the step.
    pub sessions: &'a BTreeMap<Person, String>,
    /// What the acting person's old cookies and tokens are worth now, where they were worth something before.
    pub old: &'a [Cell],
    /// Types of the events that Keycloak wrote down in this step, oldest first; empty where nobody asks.
    pub keycloak: &'a [String],
    /// How often each portal asked Keycloak for its keys.
    pub key_fetches: &'a BTreeMap<String, usize>,
    /// Portals whose own log got a piece of a token in this step.
    pub leaks: &'a BTreeSet<String>,
    /// What each tab shows in the end; empty where no real browser plays.
    pub screens: &'a Screens,
    /// What each person's browser wrote into its console in this step.
    pub console: &'a BTreeMap<Person, Vec<String>>,
}

/// Person and portal to what the portal's newest tab shows; `None` for a page that no word describes.
pub type Screens = BTreeMap<(Person, String), Option<ScreenWord>>;

impl Check {
    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.failure.is_none()
    }

    fn new(name: impl Into<String>, passed: bool, failure: impl FnOnce() -> Failure) -> Self {
        Self { name: name.into(), failure: (!passed).then(failure) }
    }
}

/// All checks of a step, in a fixed order.
pub fn checks(evidence: &Evidence<'_>) -> Vec<Check> {
    let expect = &evidence.step.expect;
    let mut checks = Vec::new();
    checks.extend(page::checks(evidence, expect));
    checks.extend(expect.code_exchanged_by.map(|by| evidence.code_exchanged(by)));
    checks.extend(expect.silent_question.map(|question| evidence.silent_question(question)));
    checks.extend(expect.told.iter().map(|told| evidence.told(told)));
    checks.extend(expect.not_told.iter().map(|portal| evidence.not_told(*portal)));
    checks.extend(expect.listeners_told.map(|count| evidence.listeners_told(count)));
    checks.extend(expect.answered.map(|status| evidence.answered(status)));
    checks.extend(program::checks(evidence, expect));
    checks.extend(log::checks(evidence, expect));
    checks.extend(expect.fetches_keys.iter().map(|(portal, count)| evidence.fetches_keys(portal.word(), *count)));
    checks.extend(expect.keycloak_writes.iter().map(|kind| evidence.keycloak_writes(kind, true)));
    checks.extend(expect.keycloak_does_not_write.iter().map(|kind| evidence.keycloak_writes(kind, false)));
    checks.extend(expect.state_returned.map(|wanted| evidence.state_returned(wanted)));
    checks.extend(expect.old_cookies.map(|worth| evidence.old_cookies(worth)));
    checks.extend(expect.matrix.iter().map(|(person, row)| {
        let wanted: Vec<(&str, CellState)> = row.cells().map(|(name, state)| (name, state.cell())).collect();
        evidence.row(*person, &wanted)
    }));
    checks.extend(screens::checks(evidence, expect));
    checks
}

impl Evidence<'_> {
    fn find(&self, wanted: impl Fn(&Exchange) -> bool) -> Option<&Numbered> {
        self.exchanges.iter().find(|numbered| wanted(&numbered.exchange))
    }

    /// What the step's program asked Keycloak: the first request of a server, since what others ask follows from it.
    fn programs(&self) -> Option<&Numbered> {
        if !matches!(self.step.action, Action::Script(_)) {
            return None;
        }
        self.find(|exchange| exchange.callee == Party::Keycloak && exchange.channel == Channel::Server)
    }

    /// The portal that the person's step is about.
    fn portal(&self) -> Option<&'static str> {
        self.step.seat().map(|(_, portal)| portal.word())
    }

    fn answered(&self, wanted: u16) -> Check {
        let posts = || {
            let program = self.programs().into_iter();
            self.exchanges.iter().filter(|numbered| numbered.exchange.caller == Party::Stranger).chain(program)
        };
        let odd = posts().find(|numbered| numbered.exchange.status() != Some(wanted));
        let found = odd.or_else(|| posts().next());
        let status = found.and_then(|numbered| numbered.exchange.status());
        let who = if self.programs().is_some() { "program" } else { "stranger" };
        Check::new(format!("the {who} is answered {wanted}"), status == Some(wanted), || Failure {
            expected: wanted.to_string(),
            seen: status.map_or_else(|| "no answer".to_owned(), |status| status.to_string()),
            proof: found.map(|numbered| numbered.number),
            likely: if self.programs().is_some() { likely::PROGRAM } else { likely::STRANGER }.into(),
        })
    }

    fn listeners_told(&self, wanted: usize) -> Check {
        let told = self.exchanges.iter().filter(|numbered| {
            let exchange = &numbered.exchange;
            exchange.channel == Channel::BackChannel
                && exchange.status() == Some(200)
                && matches!(&exchange.callee, Party::App(name) if name.starts_with("listener-"))
        });
        let count = told.count();
        Check::new(format!("{wanted} listeners are told"), count == wanted, || Failure {
            expected: wanted.to_string(),
            seen: count.to_string(),
            proof: None,
            likely: likely::TIMES.into(),
        })
    }

    fn fetches_keys(&self, portal: &str, wanted: usize) -> Check {
        let count = self.key_fetches.get(portal).copied().unwrap_or_default();
        let words = |count: usize| format!("{portal} asks for Keycloak's keys, count {count}");
        Check::new(words(wanted), count == wanted, || Failure {
            expected: words(wanted),
            seen: count.to_string(),
            proof: None,
            likely: likely::KEYS.into(),
        })
    }

    fn keycloak_writes(&self, kind: &str, wanted: bool) -> Check {
        let found = self.keycloak.iter().any(|event| event == kind);
        let word = if wanted { "writes" } else { "does not write" };
        Check::new(format!("Keycloak {word} the event {kind}"), found == wanted, || Failure {
            expected: format!("Keycloak {word} {kind}"),
            seen: if self.keycloak.is_empty() { "it wrote nothing".to_owned() } else { self.keycloak.join(", ") },
            proof: None,
            likely: likely::EVENT.into(),
        })
    }

    fn code_exchanged(&self, by: Exchanger) -> Check {
        let exchange = self.find(|exchange| {
            let grant = exchange.form_field("grant_type").and_then(Shown::text);
            exchange.path.ends_with("/protocol/openid-connect/token") && grant == Some("authorization_code")
        });
        let who = exchange.map(|numbered| &numbered.exchange.caller);
        let passed = match by {
            Exchanger::Server => matches!(who, Some(Party::App(name)) if Some(name.as_str()) == self.portal()),
            Exchanger::Browser => matches!(who, Some(Party::Browser(_))),
        };
        Check::new(format!("the code is exchanged by the {by}"), passed, || Failure {
            expected: format!("a token request by the {by}"),
            seen: who.map_or_else(|| "no token request".to_owned(), |who| format!("a token request by {who}")),
            proof: exchange.map(|numbered| numbered.number),
            likely: likely::CODE.into(),
        })
    }

    fn state_returned(&self, wanted: bool) -> Check {
        let out = self.find(|exchange| {
            exchange.path.ends_with("/protocol/openid-connect/logout") && exchange.query_param("state").is_some()
        });
        let sent = out.and_then(|numbered| numbered.exchange.query_param("state"));
        let back = self.find(|exchange| {
            exchange.channel == Channel::Page
                && matches!(&exchange.callee, Party::App(name) if Some(name.as_str()) == self.portal())
                && exchange.query_param("state").is_some()
        });
        let came = back.and_then(|numbered| numbered.exchange.query_param("state"));
        let returned = sent.is_some() && sent == came;
        let words = |returned: bool| if returned { "state comes back unchanged" } else { "state does not come back" };
        Check::new(words(wanted), returned == wanted, || Failure {
            expected: words(wanted).to_owned(),
            seen: match (sent, came) {
                (None, _) => "no state was sent".to_owned(),
                (Some(_), None) => "no state came back".to_owned(),
                (Some(_), Some(_)) if returned => "the same state came back".to_owned(),
                (Some(_), Some(_)) => "another state came back".to_owned(),
            },
            proof: back.or(out).map(|numbered| numbered.number),
            likely: likely::STATE.into(),
        })
    }

    fn old_cookies(&self, worth: Worth) -> Check {
        let who = self.step.seat().map_or("Nobody", |(who, _)| who.name());
        let wrong: Vec<String> = self
            .old
            .iter()
            .filter(|cell| match worth {
                Worth::Dead => cell.state != CellState::Out,
                Worth::Alive => cell.state != CellState::In,
            })
            .map(|cell| format!("{}: {}", cell.of, cell.evidence))
            .collect();
        let names: Vec<&str> = self.old.iter().map(|cell| cell.of.as_str()).collect();
        let passed = wrong.is_empty() && !names.is_empty();
        let name = format!("{who}'s old cookies and tokens are {worth} ({})", names.join(", "));
        Check::new(name, passed, || Failure {
            expected: format!("{worth} wherever they opened a door before"),
            seen: if names.is_empty() { "they opened no door before this step".to_owned() } else { wrong.join("; ") },
            proof: None,
            likely: likely::old(worth).into(),
        })
    }

    fn row(&self, person: Person, wanted: &[(&str, CellState)]) -> Check {
        let row = self.matrix.rows.iter().find(|row| row.browser == person.word());
        let found = |name: &str| row.and_then(|row| row.cells.iter().find(|cell| cell.of == name));
        let words = |states: Vec<(&str, String)>| {
            states.iter().map(|(name, state)| format!("{name} {state}")).collect::<Vec<_>>().join(", ")
        };
        let expected = words(wanted.iter().map(|(name, state)| (*name, state.to_string())).collect());
        let wrong: Vec<String> = wanted
            .iter()
            .filter(|(name, state)| found(name).map(|cell| cell.state) != Some(*state))
            .map(|(name, _)| match found(name) {
                Some(cell) => format!("{name} {} ({})", cell.state, cell.evidence),
                None => format!("{name} is not in this lab"),
            })
            .collect();
        Check::new(format!("{}: {expected}", person.name()), wrong.is_empty(), || Failure {
            expected,
            seen: wrong.join(", "),
            proof: None,
            likely: likely::MATRIX.into(),
        })
    }
}

#[cfg(test)]
mod tests;
