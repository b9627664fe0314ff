//! What a run of a lesson has brought to light. Transcript and report are renderings of it.

use lab::browser::{Shot, Sight};
use lab::control::messages::Topology;
use lab_trace::{Channel, Event, EventKind, Exchange, Matrix, Party, Shown, shown};
use serde::{Deserialize, Serialize};

use crate::checks::Check;
use crate::invariants::Judged;
use crate::transcript::Telling;
use crate::vocabulary::{Driver, Person, ScreenWord};
use crate::why::NotTold;

/// A lesson, played once.
#[derive(Debug, Clone)]
pub struct Run {
    /// `id` of the lesson.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Who was where.
    pub topology: Topology,
    /// What played it.
    pub driver: Driver,
    /// Names of the faults that were planted.
    pub faults: Vec<String>,
    /// The steps.
    pub steps: Vec<StepRun>,
    /// What came of the rules that hold in every lesson.
    pub invariants: Vec<Judged>,
}

/// A step, done and looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepRun {
    /// The step as a sentence.
    pub sentence: String,
    /// Line in the lesson's file.
    pub line: usize,
    /// What the taps saw, as far as it belongs to the lesson; numbered through the whole run. A recording has lines of their own
    /// for them.
    #[serde(skip)]
    pub exchanges: Vec<Numbered>,
    /// What the person sees; `None` when no person acts.
    pub sight: Option<Sight>,
    /// What each tab shows in the end, where a real browser plays.
    pub screens: Vec<(Person, String, ScreenWord)>,
    /// Pictures of tabs, where a real browser plays and somebody wants them. A recording has none.
    #[serde(skip)]
    pub shots: Vec<(Person, Shot)>,
    /// Whether the step was a sign-out, so that "nobody was told" is worth saying.
    pub sign_out: bool,
    /// Portals that were not told of the session that ended, and why.
    pub not_told: Vec<NotTold>,
    /// Who is signed in where.
    pub matrix: Matrix,
    /// What was expected, and whether it is so.
    pub checks: Vec<Check>,
}

/// An exchange with its number in the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Numbered {
    /// From 1.
    pub number: usize,
    /// When it began: microseconds since the lab started. No part of any transcript.
    pub at_us: u64,
    /// What the tap saw.
    pub exchange: Exchange,
    /// Numbers of the exchanges that its callee made before it answered: the token request inside a callback, the
    /// back-channel POSTs inside a sign-out.
    pub meanwhile: Vec<usize>,
}

impl Run {
    /// All failed checks with the number of their step, broken invariants among them.
    pub fn failures(&self) -> impl Iterator<Item = (usize, &Check)> {
        self.steps
            .iter()
            .enumerate()
            .flat_map(|(index, step)| step.checks.iter().map(move |check| (index + 1, check)))
            .filter(|(_, check)| !check.passed())
            .chain(self.broken().map(|judged| (judged.step, &judged.check)))
    }

    /// The rules that were broken without an excuse.
    pub fn broken(&self) -> impl Iterator<Item = &Judged> {
        self.invariants.iter().filter(|judged| judged.fails())
    }

    /// How many checks there are; an invariant counts where it was broken.
    pub fn checks(&self) -> usize {
        self.steps.iter().map(|step| step.checks.len()).sum::<usize>() + self.broken().count()
    }
}

/// What is told of a browser's doings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Everything: a scripted browser does only what it is told.
    Everything,
    /// What has an order: pages, codes that are exchanged, the front channel.
    Pages,
    /// Also what an app in this person's browser asks Keycloak in a hidden frame. Only for a step that says when this happens.
    PagesAndSilentQuestions(Person),
}

impl Heard {
    /// For a step; `asks` is the person whose app asks silently in it.
    pub fn of(driver: Driver, asks: Option<Person>) -> Self {
        match (driver, asks) {
            (Driver::Http, _) => Self::Everything,
            (Driver::Chromium, Some(who)) => Self::PagesAndSilentQuestions(who),
            (Driver::Chromium, None) => Self::Pages,
        }
    }

    fn tells(self, exchange: &Exchange) -> bool {
        match self {
            Self::Everything => true,
            Self::Pages => !is_of_a_script(exchange),
            Self::PagesAndSilentQuestions(who) => {
                let theirs = matches!(&exchange.caller, Party::Browser(Some(name)) if name == who.word());
                !is_of_a_script(exchange) || theirs && (is_silent_question(exchange) || is_silent_answer(exchange))
            }
        }
    }
}

/// The exchanges that belong to a lesson, numbered from `first`: those of its people's browsers and those between
/// servers. Left out are housekeeping, probes, and browsers of others who use the same lab meanwhile.
///
/// Keycloak calls its back-channel listeners in an order of its own that changes from run to run, so neighbouring
/// back-channel exchanges are sorted by portal.
///
/// A real browser runs scripts and loads frames side by side: what scripts ask, and frames that tell nobody, are left
/// out but for the code's exchange (see [`Heard`]), and neighbouring frames of the front channel are sorted by portal.
///
/// Where one portal is told of several sessions, they come in the order of `sids`.
pub fn select(events: &[Event], people: &[Person], first: usize, sids: &[&str], heard: Heard) -> Vec<Numbered> {
    let mut chosen: Vec<(&Event, &Exchange)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Exchange(exchange) => Some((event, exchange.as_ref())),
            // A portal's own account is no evidence, and the lab's notes are not part of the lesson.
            EventKind::Portal(_) | EventKind::Lab(_) => None,
        })
        .filter(|(_, exchange)| !exchange.housekeeping && exchange.channel != Channel::Probe)
        .filter(|(_, exchange)| match &exchange.caller {
            Party::Browser(Some(name)) => people.iter().any(|person| person.word() == name),
            Party::Browser(None) | Party::Lab => false,
            Party::App(_) | Party::Keycloak | Party::Stranger => true,
        })
        .filter(|(_, exchange)| heard.tells(exchange))
        .collect();
    for neighbours in chosen.chunk_by_mut(|one, other| in_frames(one.1) && in_frames(other.1)) {
        neighbours.sort_by_key(|(_, exchange)| exchange.callee.clone());
    }
    for neighbours in chosen.chunk_by_mut(|one, other| back(one.1) && back(other.1)) {
        neighbours.sort_by_key(|(_, exchange)| (exchange.callee.clone(), place_of(exchange, sids)));
    }
    let number = |index: usize| first + index;
    // Whoever asks again has had the answer, but the tap may note its end a moment later: only exchanges that the
    // *callee* began are inside for certain.
    let inside = |outer: &(&Event, &Exchange), inner: &(&Event, &Exchange)| {
        inner.1.caller == outer.1.callee
            && inner.0.seq > outer.0.seq
            && inner.0.at_us < outer.0.at_us.saturating_add(outer.1.took_us)
    };
    chosen
        .iter()
        .enumerate()
        .map(|(index, outer)| Numbered {
            number: number(index),
            at_us: outer.0.at_us,
            exchange: outer.1.clone(),
            meanwhile: (0..chosen.len()).filter(|other| inside(outer, &chosen[*other])).map(number).collect(),
        })
        .collect()
}

/// Where the session that a logout token names stands among `sids`; behind all of them if it is none.
fn place_of(exchange: &Exchange, sids: &[&str]) -> usize {
    let sid = Telling::of(exchange).and_then(|telling| telling.claim("sid"));
    sids.iter().position(|known| Some(*known) == sid.as_deref()).unwrap_or(sids.len())
}

fn in_frames(exchange: &Exchange) -> bool {
    exchange.channel == Channel::Frame
}

/// What a page's script does in its own time. What an app does in frames of its own is the same.
fn is_of_a_script(exchange: &Exchange) -> bool {
    let exchanges_code = exchange.form_field("grant_type").and_then(Shown::text) == Some("authorization_code");
    matches!(exchange.channel, Channel::Script | Channel::Embedded)
        && matches!(exchange.caller, Party::Browser(_))
        && !exchanges_code
        && !is_of_an_image_elsewhere(exchange)
}

/// An app asks in a frame of its own whether Keycloak knows this browser.
pub(crate) fn is_silent_question(exchange: &Exchange) -> bool {
    exchange.channel == Channel::Embedded && exchange.callee == Party::Keycloak && exchange.forbids_prompts()
}

/// A frame of an app comes back with what Keycloak has answered: `code` or `error`, and the `state` of a question.
pub(crate) fn is_silent_answer(exchange: &Exchange) -> bool {
    exchange.channel == Channel::Embedded
        && matches!(exchange.callee, Party::App(_))
        && exchange.query_param("state").is_some()
        && ["code", "error"].iter().any(|name| exchange.query_param(name).is_some())
}

/// A page of another origin has this address for an image. That is no script's doing, and can be all that happens in a step.
pub(crate) fn is_of_an_image_elsewhere(exchange: &Exchange) -> bool {
    let header = |name: &str| shown::find(&exchange.headers, name).and_then(Shown::text);
    header("sec-fetch-dest") == Some("image") && header("sec-fetch-site").is_some_and(|site| site != "same-origin")
}

fn back(exchange: &Exchange) -> bool {
    exchange.channel == Channel::BackChannel
}

#[cfg(test)]
mod tests;
