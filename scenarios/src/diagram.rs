//! A recorded run as a sequence diagram: who asked whom, who was told, and who was not.
//!
//! [`Picture`] says what is drawn, once; [`mermaid`], [`text`] and [`svg`] only draw it. So they cannot tell different
//! stories, and a test holds them against each other.
//!
//! Text and SVG are drawn here and not by a library. `merman` 0.9.3 was tried with a run of `backchannel-happy` (40 exchanges):
//! it reads our Mermaid text, but its terminal picture is 397 columns wide and falls back to a list of facts at 100, and its
//! SVG is twice as wide as a page, since labels push the lanes apart, and has colours of its own for light paper only. What is
//! needed is small: lanes, five kinds of lines, notes.

use lab::control::messages::Topology;
use lab_trace::{Arrow, Channel, Stroke, arrow};

use crate::run::{Numbered, Run, StepRun};
use crate::transcript;

mod label;
mod mermaid;
mod svg;
mod text;

#[cfg(test)]
pub(crate) mod read;
#[cfg(test)]
mod tests;

pub(crate) use label::is_turning;
pub use mermaid::mermaid;
pub(crate) use svg::{STROKES, STYLE, sample};
pub use svg::{svg, svg_file};
pub use text::text;

/// What is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// What stands above it.
    pub title: String,
    /// Names of the faults that were planted.
    pub faults: Vec<String>,
    /// Lanes, left to right.
    pub lanes: Vec<String>,
    /// The steps.
    pub scenes: Vec<Scene>,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// Its number, from 1.
    pub step: usize,
    /// How many steps the run has.
    pub of: usize,
    /// The step as a sentence.
    pub sentence: String,
    /// Its messages in order.
    pub groups: Vec<Group>,
    /// Who was not told: a lane, or `None` for everybody, and why.
    pub not_told: Vec<(Option<String>, String)>,
}

/// Messages that follow one another, or several that have no order among themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Whether they have no order: Keycloak's POSTs on the back channel, the frames of one page.
    pub unordered: bool,
    /// The messages.
    pub messages: Vec<Message>,
}

/// An exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number in the transcript.
    pub number: usize,
    /// How it is drawn.
    pub arrow: Arrow,
    /// Numbers of the exchanges that had to come first before it was answered.
    pub after: Vec<usize>,
}

impl Picture {
    /// The picture of a whole run.
    pub fn of_run(run: &Run) -> Self {
        let steps = run.steps.iter().zip(1..);
        Self::new(&format!("{}: {}", run.id, run.title), &run.topology, &run.faults, steps, run.steps.len())
    }

    /// The picture of one step; `number` is its place among `of`, from 1.
    pub fn of_step(topology: &Topology, faults: &[String], step: &StepRun, number: usize, of: usize) -> Self {
        Self::new(&format!("Step {number} of {of}"), topology, faults, std::iter::once((step, number)), of)
    }

    fn new<'a>(
        title: &str,
        topology: &Topology,
        faults: &[String],
        steps: impl Iterator<Item = (&'a StepRun, usize)> + Clone,
        of: usize,
    ) -> Self {
        let place = transcript::places(topology);
        let portals: Vec<&str> = topology.portals.iter().map(|portal| portal.name.as_str()).collect();
        let not_told = steps.clone().flat_map(|(step, _)| step.not_told.iter().map(|one| one.portal.as_str()));
        let exchanges = steps.clone().flat_map(|(step, _)| step.exchanges.iter().map(|one| &one.exchange));
        let lanes = with_silent(arrow::lanes(exchanges, &portals), not_told, &portals);
        let scenes = steps
            .map(|(step, number)| Scene {
                step: number,
                of,
                sentence: step.sentence.clone(),
                groups: step.exchanges.chunk_by(beside).map(|some| group(some, &place)).collect(),
                not_told: step
                    .not_told
                    .iter()
                    .map(|one| (lanes.contains(&one.portal).then(|| one.portal.clone()), one.why.to_string()))
                    .collect(),
            })
            .collect();
        Self { title: title.to_owned(), faults: faults.to_vec(), lanes, scenes }
    }

    /// All messages in order.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.scenes.iter().flat_map(|scene| &scene.groups).flat_map(|group| &group.messages)
    }

    /// Where a lane stands, from the left.
    fn place_of(&self, lane: &str) -> usize {
        self.lanes.iter().position(|one| one == lane).unwrap_or_default()
    }
}

impl Message {
    /// What came back, and what had to happen before.
    pub fn back(&self) -> String {
        // Thirty numbers in a row are no label.
        let runs = self.after.chunk_by(|one, next| one.checked_add(1) == Some(*next)).flat_map(|run| match run {
            [first, _, .., last] => vec![format!("{first} to {last}")],
            few => few.iter().map(usize::to_string).collect(),
        });
        let after = runs.collect::<Vec<_>>().join(", ");
        let after = if after.is_empty() { String::new() } else { format!(", after {after}") };
        format!("{}{after}", self.arrow.back)
    }
}

/// How a stroke is called on an arrow; a browser's own requests are what people expect and need no word.
pub fn word(stroke: Stroke) -> Option<&'static str> {
    match stroke {
        Stroke::Browser => None,
        Stroke::FrontChannel => Some("[front channel]"),
        Stroke::BackChannel => Some("[back channel]"),
        Stroke::Server => Some("[server]"),
        Stroke::Other => Some("[other]"),
    }
}

/// What stands above messages without an order.
const UNORDERED: &str = "in no order that anybody may rely on";

/// What stands before the reason why a portal was not told.
const SILENT: &str = "nobody told it";

/// Portals that take no part and should have: each at its place among the portals.
fn with_silent<'a>(mut lanes: Vec<String>, silent: impl Iterator<Item = &'a str>, portals: &[&str]) -> Vec<String> {
    for name in silent {
        let Some(rank) = portals.iter().position(|portal| *portal == name) else { continue };
        if lanes.iter().any(|lane| lane == name) {
            continue;
        }
        let later = |lane: &String| {
            lane == "keycloak" || portals.iter().position(|portal| portal == lane).is_some_and(|other| other > rank)
        };
        let at = lanes.iter().position(later).unwrap_or(lanes.len());
        lanes.insert(at, name.to_owned());
    }
    lanes
}

/// Whether neighbours have no order among themselves; a transcript sorts them only so that it can be compared.
fn beside(one: &Numbered, other: &Numbered) -> bool {
    one.exchange.channel == other.exchange.channel
        && match one.exchange.channel {
            Channel::BackChannel | Channel::Frame => true,
            Channel::Page | Channel::Embedded | Channel::Script | Channel::Server | Channel::Probe | Channel::Other => {
                false
            }
        }
}

fn group(exchanges: &[Numbered], place: &dyn Fn(&lab_trace::Location) -> String) -> Group {
    let messages = exchanges.iter().map(|one| Message {
        number: one.number,
        arrow: Arrow::of(&one.exchange, place),
        after: one.meanwhile.clone(),
    });
    Group { unordered: exchanges.len() > 1, messages: messages.collect() }
}
