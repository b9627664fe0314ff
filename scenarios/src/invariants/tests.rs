use std::collections::{BTreeMap, BTreeSet};

use lab_trace::{
    Answer, Body, Cell, CellState, Event, EventKind, Exchange, Matrix, Param, Party, PortalEntry, Row, Shown,
};

use super::{BREAKS, Book, Invariant, Seen, broken_by};
use crate::fixture::{Chance, run, sessions, sign_out, step, topology};
use crate::lesson::{Lesson, Step};
use crate::run::{Heard, Numbered, Run, select};
use crate::vocabulary::Person;

const CHANCE: Chance = Chance { port: 8080, salt: "a", admin_first: true };
const SIGN_OUT: &str = "- { who: john, signs-out-at: internal, expect: { status: 200 } }";

fn lesson(faults: &str) -> Lesson {
    let text = include_str!("../fixture.md").replace("STEPS", SIGN_OUT);
    crate::parse::parse("logout/fixture.md", &text.replace("drivers:", &format!("faults: [{faults}]\ndrivers:")))
        .unwrap()
}

fn matrix(rows: &[(&str, [CellState; 4])]) -> Matrix {
    let names = ["sso", "internal", "external", "admin"];
    let cell =
        |(of, state): (&&str, &CellState)| Cell { of: (*of).to_owned(), state: *state, evidence: "asked".to_owned() };
    let row = |(browser, states): &(&str, [CellState; 4])| Row {
        browser: (*browser).to_owned(),
        cells: names.iter().zip(states).map(cell).collect(),
    };
    Matrix { rows: rows.iter().map(row).collect() }
}

const IN: CellState = CellState::In;
const OUT: CellState = CellState::Out;

/// John signs out with Mary beside him, as a healthy lab shows it; tests change one thing.
struct Scene {
    step: Step,
    exchanges: Vec<Numbered>,
    was: Matrix,
    now: Matrix,
    old: Vec<(Person, Vec<Cell>)>,
    faults: &'static str,
}

impl Scene {
    fn new() -> Self {
        let mut exchanges = select(&sign_out(&CHANCE), &[Person::John], 1, &[], Heard::Everything);
        for one in &mut exchanges {
            if let Answer::Response { headers, .. } = &mut one.exchange.answer {
                headers.push(Param::plain("cache-control", "private, no-store"));
            }
        }
        Self {
            step: step(SIGN_OUT),
            exchanges,
            was: matrix(&[("john", [IN; 4]), ("mary", [IN; 4])]),
            now: matrix(&[("john", [OUT; 4]), ("mary", [IN; 4])]),
            old: Vec::new(),
            faults: "",
        }
    }

    fn told(&mut self, portal: &str) -> &mut Exchange {
        let told = |one: &&mut Numbered| {
            one.exchange.callee == Party::App(portal.to_owned())
                && crate::transcript::Telling::of(&one.exchange).is_some()
        };
        &mut self.exchanges.iter_mut().find(told).unwrap().exchange
    }

    /// The rules that are broken, with what was seen.
    fn broken(&self) -> Vec<(&'static str, String)> {
        let mut book = Book::of(&lesson(self.faults));
        let mut sids = sessions(&CHANCE);
        sids.insert(Person::Mary, "sid-of-mary".to_owned());
        book.step(&Seen {
            step: Some(&self.step),
            topology: &topology(CHANCE.port),
            events: &[],
            exchanges: &self.exchanges,
            was: &self.was,
            matrix: &self.now,
            sids: &sids,
            old: &self.old,
        });
        let judged = book.close(&run(&CHANCE, SIGN_OUT));
        assert_eq!(judged.len(), Invariant::ALL.len());
        let broken = judged.into_iter().filter(super::Judged::fails);
        broken.map(|judged| (judged.invariant.id(), judged.check.failure.unwrap().seen)).collect()
    }
}

fn ids(broken: &[(&'static str, String)]) -> Vec<&'static str> {
    broken.iter().map(|(id, _)| *id).collect()
}

#[test]
fn every_rule_has_a_number_a_sentence_and_a_clause_that_can_be_read() {
    let mut names = BTreeSet::new();
    for (invariant, number) in Invariant::ALL.into_iter().zip(1..) {
        assert_eq!(invariant.id(), format!("I{number}"));
        assert!(lab_trace::spec::parse(invariant.clause()).is_some(), "{}", invariant.clause());
        assert!(names.insert(invariant.name()));
    }
}

#[test]
fn every_fault_of_the_table_exists() {
    let known: Vec<&str> = lab::faults::Named::all().map(lab::faults::Named::name).collect();
    for (fault, broken) in BREAKS {
        assert!(known.contains(fault) && !broken.is_empty(), "{fault}");
        assert_eq!(broken_by(fault), *broken);
    }
    assert!(broken_by("no-such-fault").is_empty());
}

#[test]
fn a_healthy_sign_out_breaks_nothing() {
    assert_eq!(Scene::new().broken(), []);
}

#[test]
fn a_session_that_nobody_named_must_live() {
    let mut scene = Scene::new();
    scene.now = matrix(&[("john", [OUT; 4]), ("mary", [IN, IN, IN, OUT])]);
    let broken = scene.broken();
    assert_eq!(ids(&broken), ["I2"]);
    assert!(broken[0].1.contains("Mary's session at admin"), "{broken:?}");
    // A message that names her explains it, and so does a provider that no longer has her session.
    let mut named = Scene::new();
    named.now = scene.now.clone();
    if let Body::Form { fields } = &mut named.told("admin").body
        && let Shown::Token { claims, .. } = &mut fields[0].value
    {
        claims["sid"] = "sid-of-mary".into();
    }
    assert_eq!(named.broken(), []);
    scene.now = matrix(&[("john", [OUT; 4]), ("mary", [OUT, IN, IN, OUT])]);
    assert_eq!(scene.broken(), []);
}

#[test]
fn a_good_token_has_to_be_obeyed() {
    let mut scene = Scene::new();
    if let Answer::Response { status, .. } = &mut scene.told("admin").answer {
        *status = 400;
    }
    assert_eq!(scene.broken(), [("I4", "admin answers 400".to_owned())]);
    let mut scene = Scene::new();
    let cell = Cell { of: "admin".to_owned(), state: IN, evidence: "GET /admin/session: 200".to_owned() };
    scene.old = vec![(Person::John, vec![cell])];
    let broken = scene.broken();
    assert_eq!(ids(&broken), ["I4"]);
    assert!(broken[0].1.contains("John's old login at admin"), "{broken:?}");
    // A lesson that plants the fault is excused, and only from what that fault breaks.
    scene.faults = "s7-cookie-lookup";
    assert_eq!(scene.broken(), []);
    scene.faults = "s5-wildcard";
    assert_eq!(ids(&scene.broken()), ["I4"]);
}

#[test]
fn an_answer_without_no_store_is_noticed_on_both_channels() {
    for portal in ["admin", "external"] {
        let mut scene = Scene::new();
        if let Answer::Response { headers, .. } = &mut scene.told(portal).answer {
            headers.clear();
        }
        assert_eq!(scene.broken(), [("I5", format!("{portal} answers without it"))]);
    }
}

#[test]
fn a_strangers_letter_is_refused_and_changes_nothing() {
    let mut scene = Scene::new();
    scene.step = step("- { stranger: { posts: forged, to: admin, about: john }, expect: { answered: 400 } }");
    scene.exchanges.retain(|one| one.exchange.callee == Party::App("admin".to_owned()));
    let post = &mut scene.exchanges[0].exchange;
    (post.caller, post.channel) = (Party::Stranger, lab_trace::Channel::Other);
    scene.now = scene.was.clone();
    assert_eq!(scene.broken(), [("I3", "answered 200".to_owned())]);
    if let Answer::Response { status, .. } = &mut scene.exchanges[0].exchange.answer {
        *status = 400;
    }
    assert_eq!(scene.broken(), []);
    scene.now = matrix(&[("john", [IN, IN, IN, OUT]), ("mary", [IN; 4])]);
    let broken = scene.broken();
    assert!(ids(&broken).contains(&"I3") && broken[0].1.contains("john was in at admin"), "{broken:?}");
}

#[test]
fn nobody_outside_is_asked() {
    let mut scene = Scene::new();
    if let Answer::Response { location, .. } = &mut scene.exchanges[0].exchange.answer {
        location.as_mut().unwrap().origin = "https://elsewhere.example".to_owned();
    }
    assert_eq!(ids(&scene.broken()), ["I9"]);
    let mut book = Book::of(&lesson(""));
    book.asked(&topology(CHANCE.port), "http://localhost:8081");
    book.asked(&topology(CHANCE.port), "http://localhost:9999");
    let judged = book.close(&run(&CHANCE, SIGN_OUT));
    assert_eq!(judged.last().unwrap().check.failure.as_ref().unwrap().seen, "a browser asked http://localhost:9999");
}

/// What is said about leaks in a run that was changed, with a browser that held this cookie.
fn leak(change: impl FnOnce(&mut Run), journal: &[Event]) -> Option<String> {
    let mut run = run(&CHANCE, SIGN_OUT);
    change(&mut run);
    let mut book = Book::of(&lesson(""));
    book.secrets.cookies("internal_session=0123456789abcdefABCDEF; theme=dark");
    book.step(&Seen {
        step: None,
        topology: &topology(CHANCE.port),
        events: journal,
        exchanges: &[],
        was: &matrix(&[]),
        matrix: &matrix(&[]),
        sids: &BTreeMap::new(),
        old: &[],
    });
    let judged = book.close(&run);
    let leak = judged.into_iter().find(|judged| judged.invariant == Invariant::NoLeak).unwrap();
    leak.check.failure.map(|failure| failure.seen)
}

#[test]
fn a_secret_that_stands_raw_anywhere_is_noticed_and_never_repeated() {
    let state = |text: &'static str| {
        move |run: &mut Run| {
            let query = &mut run.steps[0].exchanges[1].exchange.query;
            query.iter_mut().find(|param| param.name == "state").unwrap().value = Shown::plain(text);
        }
    };
    let token = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxIn0.c2ln";
    assert_eq!(leak(|_| {}, &[]), None);
    assert_eq!(leak(state("dark, eyJhbGci is no token, nor is internal_session"), &[]), None);
    for secret in ["0123456789abcdefABCDEF", token] {
        let seen = leak(state(secret), &[]).unwrap();
        assert!(seen.ends_with("in the transcript") && !seen.contains(secret), "{seen}");
        let hidden = |run: &mut Run| {
            run.steps[0].exchanges[0].exchange.headers.push(Param::plain("user-agent", secret));
        };
        assert!(leak(hidden, &[]).unwrap().contains("in the report, in exchange 1"));
        let entry = PortalEntry {
            portal: "admin".to_owned(),
            step: "logout-token-accepted".to_owned(),
            text: format!("received {}", &secret[..22.min(secret.len())]),
            detail: Vec::new(),
        };
        let event = Event { seq: 1, at_us: 1, kind: EventKind::Portal(entry) };
        assert!(leak(|_| {}, &[event]).unwrap().ends_with("in a portal's log"));
    }
}

#[test]
fn a_broken_rule_is_shown_as_a_failed_check_and_a_kept_one_not_at_all() {
    let mut run = run(&CHANCE, SIGN_OUT);
    let before = crate::transcript::render(&run);
    let mut book = Book::of(&lesson(""));
    book.asked(&topology(CHANCE.port), "https://elsewhere.example");
    run.invariants = Book::of(&lesson("")).close(&run);
    assert_eq!((crate::transcript::render(&run), run.failures().count()), (before.clone(), 0));
    run.invariants = book.close(&run);
    let text = crate::transcript::render(&run);
    let added = text.strip_prefix(&before).unwrap();
    assert!(added.contains("FAIL  I9 nobody outside the lab is asked for anything (RFC9700-4.11)"), "{added}");
    assert_eq!(run.failures().count(), 1);
}
