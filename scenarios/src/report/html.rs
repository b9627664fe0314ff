//! The report for people: one HTML file that needs no network and no script, and prints as a handout.
//!
//! Read in this order: this file (the frame), [`lesson`] (one lesson with what came of it), [`step`] (one step: picture,
//! sentences, who was told, matrices, checks), [`markdown`] (a lesson's prose). The templates are in `scenarios/templates`.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Serde, Value};
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;

use super::Finished;
use crate::diagram;
use crate::transcript::render;

mod lesson;
pub(super) mod markdown;
mod results;
mod step;
#[cfg(test)]
mod tests;

/// What the frame of the report says.
#[derive(Serialize)]
struct Report<'a> {
    lab: &'static str,
    written: String,
    counts: Vec<Count>,
    environment: Vec<(&'static str, String)>,
    rows: &'a [Row],
    legend: Vec<Sign>,
    lessons: String,
    results: String,
    css: String,
}

/// How many lessons ended so.
#[derive(Serialize)]
struct Count {
    word: &'static str,
    number: usize,
}

/// A lesson in the summary.
#[derive(Serialize)]
pub(super) struct Row {
    anchor: String,
    id: String,
    title: String,
    word: &'static str,
    checks: String,
    seconds: String,
    /// What is to be said where it is not simply green.
    note: String,
    /// Where the first check failed, and which.
    first: Option<(String, String)>,
}

/// A kind of line and its meaning.
#[derive(Serialize)]
struct Sign {
    picture: String,
    words: &'static str,
}

/// The whole report; `exit_code` is that of the process, as in [`super::json`], and `now` is when it was written.
///
/// # Panics
/// Never: the templates are part of the program, and the tests render them with every kind of result.
pub fn html(finished: &[Finished], exit_code: u8, now: Timestamp) -> String {
    let templates = templates();
    let mut rows = Vec::new();
    let mut lessons = String::new();
    // A lesson that is played again and goes the same way would only make the file long.
    let mut first: HashMap<&str, (String, Option<String>)> = HashMap::new();
    for (index, one) in finished.iter().enumerate() {
        let anchor = anchor(index, &one.id);
        let transcript = one.run.as_ref().map(render);
        let known = first.get(one.id.as_str());
        let same = known.filter(|(_, other)| transcript.is_some() && *other == transcript);
        let view = lesson::View::of(one, &anchor, known.map(|known| known.0.as_str()), same.is_some());
        lessons.push_str(&fill(&templates, "lesson.html", &view));
        rows.push(view.into_row());
        first.entry(&one.id).or_insert((anchor, transcript));
    }
    let report = Report {
        lab: env!("CARGO_PKG_VERSION"),
        written: now.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        counts: counts(finished),
        environment: environment(finished),
        rows: &rows,
        legend: legend(),
        lessons,
        results: results::embedded(finished, exit_code),
        css: format!("{}{}", include_str!("../../templates/report.css"), diagram::STYLE),
    };
    fill(&templates, "report.html", &report)
}

fn templates() -> Environment<'static> {
    let mut templates = Environment::new();
    // What only steers leaves no empty lines behind.
    let trimmed = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    templates.set_syntax(trimmed.unwrap_or_else(|error| unreachable!("the usual delimiters: {error:#}")));
    // A typing error in a template is an error, not an empty place in the report.
    templates.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    for (name, source) in [
        ("report.html", include_str!("../../templates/report.html")),
        ("lesson.html", include_str!("../../templates/lesson.html")),
        ("step.html", include_str!("../../templates/step.html")),
    ] {
        // Names that end in `.html`: every value is escaped unless the template says that it is HTML.
        templates.add_template(name, source).unwrap_or_else(|error| unreachable!("{name}: {error:#}"));
    }
    templates
}

fn fill(templates: &Environment<'_>, name: &str, values: &impl Serialize) -> String {
    templates
        .get_template(name)
        .and_then(|template| template.render(Value::from(Serde(values))))
        .unwrap_or_else(|error| unreachable!("{name} fits its values: {error:#}"))
}

/// Beginning of all ids of a lesson. Ids of lessons are words; one that is none still gets an id of its own.
fn anchor(index: usize, id: &str) -> String {
    let word: String = id.chars().filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect();
    format!("l{}-{word}", index + 1)
}

fn counts(finished: &[Finished]) -> Vec<Count> {
    ["PASS", "FAIL", "DIFF", "ERROR", "SKIP"]
        .into_iter()
        .map(|word| Count { word, number: finished.iter().filter(|one| lesson::word(&one.outcome) == word).count() })
        .collect()
}

/// Under which conditions everything was played.
fn environment(finished: &[Finished]) -> Vec<(&'static str, String)> {
    let runs = || finished.iter().filter_map(|one| one.run.as_ref());
    let joined = |words: BTreeSet<String>, none: &str| {
        if words.is_empty() { none.to_owned() } else { words.into_iter().collect::<Vec<_>>().join(", ") }
    };
    let seconds: f64 = finished.iter().map(|one| one.took.as_secs_f64()).sum();
    vec![
        ("Keycloak", joined(runs().map(|run| run.topology.version.clone()).collect(), "nothing was played")),
        ("Runtime", joined(runs().map(|run| results::word(&run.topology.runtime)).collect(), "none")),
        ("Driver", joined(runs().map(|run| run.driver.word().to_owned()).collect(), "none")),
        ("Sites", joined(runs().map(|run| run.topology.sites.word().to_owned()).collect(), "none")),
        ("Planted faults", joined(runs().flat_map(|run| run.faults.clone()).collect(), "none")),
        ("Playing time", format!("{seconds:.1} s")),
    ]
}

fn legend() -> Vec<Sign> {
    let sign = |stroke: lab_trace::Stroke| Sign { picture: diagram::sample(stroke), words: stroke.words() };
    diagram::STROKES.into_iter().map(sign).collect()
}
