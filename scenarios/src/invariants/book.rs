//! What a run collects about the rules, step by step.

use std::collections::{BTreeMap, BTreeSet};

use lab::control::messages::Topology;
use lab_trace::{Answer, Body, Cell, Event, EventKind, Exchange, Matrix, Param, Shown};

use super::secrets::Secrets;
use super::{Invariant, Judged, World, broken_by, messages, sessions};
use crate::checks::{Check, Failure};
use crate::lesson::{Lesson, Step};
use crate::run::{Numbered, Run};
use crate::vocabulary::Person;

/// One step, as the rules look at it.
pub struct Seen<'a> {
    /// The step; `None` for what was done after the last one.
    pub step: Option<&'a Step>,
    /// Who is where.
    pub topology: &'a Topology,
    /// Everything that happened.
    pub events: &'a [Event],
    /// What the taps saw of the lesson, numbered.
    pub exchanges: &'a [Numbered],
    /// Who was signed in where before.
    pub was: &'a Matrix,
    /// The same afterwards.
    pub matrix: &'a Matrix,
    /// The session at Keycloak (`sid`) that each browser had before.
    pub sids: &'a BTreeMap<Person, String>,
    /// What the cookies and tokens from before are worth now, of everybody whose session a message named.
    pub old: &'a [(Person, Vec<Cell>)],
}

/// The rules of one run: which was broken where, and what excuses it.
pub struct Book {
    pub(crate) world: World,
    /// What must not be written down anywhere.
    pub(crate) secrets: Secrets,
    step: usize,
    /// Pairs of `sid` and `sub` that stood in one token: who is meant by a token that names a person only.
    subjects: BTreeSet<(String, String)>,
    planted: Vec<String>,
    first: BTreeMap<Invariant, (usize, Failure)>,
    skipped: BTreeMap<Invariant, String>,
}

impl Book {
    /// Of a lesson. Only the faults that the lesson itself plants excuse anything: what somebody else planted is to be
    /// noticed.
    pub fn of(lesson: &Lesson) -> Self {
        let short = ["sso-idle-short", "sso-idle-above-max"];
        let short = lesson.front.faults.iter().any(|fault| short.contains(&fault.value.as_str()));
        Self {
            world: World { short, ..World::default() },
            secrets: Secrets::default(),
            step: 0,
            subjects: BTreeSet::new(),
            planted: lesson.front.faults.iter().map(|fault| fault.value.clone()).collect(),
            first: BTreeMap::new(),
            skipped: BTreeMap::new(),
        }
    }

    /// Looks at a step that was done.
    pub fn step(&mut self, seen: &Seen<'_>) {
        if let Some(step) = seen.step {
            self.step += 1;
            self.world.note(step);
        }
        if self.world.runs_out {
            self.skip(Invariant::OnlyTheNamed, "sessions may have run out");
        }
        self.learn(seen.events);
        self.secrets.hear(seen.events);
        let mut found = messages::broken(seen, &self.world, &self.subjects);
        found.extend(sessions::broken(seen, &self.world, &self.subjects));
        for (invariant, mut failure) in found {
            // What was tried after the last step stands in no transcript.
            failure.proof = failure.proof.filter(|_| seen.step.is_some());
            self.broken(invariant, failure);
        }
    }

    /// The last step was done, and the lesson's trouble with network and clocks was taken away.
    pub(crate) fn made_whole(&mut self) {
        self.step += 1;
        self.world.disturbed.clear();
        self.world.redis_away = false;
        self.world.clock = 0;
    }

    /// The people of `sids` whose sessions a message of these exchanges names.
    pub fn named(&mut self, events: &[Event], exchanges: &[Numbered], sids: &BTreeMap<Person, String>) -> Vec<Person> {
        self.learn(events);
        let named = |sid: &String| exchanges.iter().any(|one| messages::names(&one.exchange, sid, &self.subjects));
        sids.iter().filter(|(_, sid)| named(sid)).map(|(person, _)| *person).collect()
    }

    /// Notes that a browser sent a request to this origin.
    pub(crate) fn asked(&mut self, topology: &Topology, origin: &str) {
        if !messages::is_ours(topology, origin) {
            let failure = Invariant::NobodyElse.failure(format!("a browser asked {origin}"), None);
            self.broken(Invariant::NobodyElse, failure);
        }
    }

    /// Notes that a rule was broken; the first time counts.
    pub(crate) fn broken(&mut self, invariant: Invariant, failure: Failure) {
        self.first.entry(invariant).or_insert((self.step, failure));
    }

    /// Notes why a rule could not be looked at, or not in full.
    pub(crate) fn skip(&mut self, invariant: Invariant, why: impl Into<String>) {
        self.skipped.entry(invariant).or_insert_with(|| why.into());
    }

    /// What is to be said of every rule, now that the run can be read.
    pub fn close(mut self, run: &Run) -> Vec<Judged> {
        for step in &run.steps {
            for origin in step.sight.iter().flat_map(|sight| &sight.scripts_of) {
                self.asked(&run.topology, origin);
            }
        }
        if let Some(leak) = self.secrets.leak(run) {
            self.broken(Invariant::NoLeak, Invariant::NoLeak.failure(leak, None));
        }
        Invariant::ALL
            .into_iter()
            .map(|invariant| {
                let (step, failure) = match self.first.remove(&invariant) {
                    Some((step, failure)) => (step, Some(failure)),
                    None => (self.step, None),
                };
                let fault = self.planted.iter().find(|fault| broken_by(fault).contains(&invariant));
                let excused = match (&failure, fault) {
                    (Some(_), Some(fault)) => Some(format!("the lesson plants {fault}, which breaks it on purpose")),
                    (None, _) => self.skipped.remove(&invariant),
                    (Some(_), None) => None,
                };
                Judged { invariant, step, check: Check { name: invariant.name(), failure }, excused }
            })
            .collect()
    }

    fn learn(&mut self, events: &[Event]) {
        let exchanges = events.iter().filter_map(|event| match &event.kind {
            EventKind::Exchange(exchange) => Some(exchange.as_ref()),
            EventKind::Portal(_) | EventKind::Lab(_) => None,
        });
        for token in exchanges.flat_map(tokens) {
            if let (Some(sid), Some(sub)) = (text(token, "sid"), text(token, "sub")) {
                self.subjects.insert((sid.to_owned(), sub.to_owned()));
            }
        }
    }
}

/// Every token that an exchange carries, there or back.
fn tokens(exchange: &Exchange) -> Vec<&Shown> {
    let back = match &exchange.answer {
        Answer::Response { body, .. } => params(body),
        Answer::Aborted | Answer::NoAnswer { .. } => &[],
    };
    let all = exchange.query.iter().chain(params(&exchange.body)).chain(back);
    all.map(|param| &param.value).filter(|value| matches!(value, Shown::Token { .. })).collect()
}

fn params(body: &Body) -> &[Param] {
    match body {
        Body::Form { fields } => fields,
        Body::Json { members } => members,
        Body::Empty | Body::Html { .. } | Body::Other { .. } => &[],
    }
}

fn text<'a>(token: &'a Shown, claim: &str) -> Option<&'a str> {
    token.claim(claim).and_then(|value| value.as_str())
}
