use lab_trace::{CellState, Channel};

use super::{Comparison, Row, human, plain};
use crate::fixture::{self, Chance};
use crate::run::Run;

fn run() -> Run {
    let chance = Chance { port: 18_000, salt: "salt", admin_first: false };
    fixture::run(&chance, "- { who: john, signs-out-at: internal, expect: { status: 200 } }")
}

/// The same, but nobody told the dashboard, which goes on serving.
fn silent() -> Run {
    let mut run = run();
    run.topology.version = "26.2.5".to_owned();
    let step = &mut run.steps[0];
    step.exchanges.retain(|one| one.exchange.channel != Channel::BackChannel || one.number != 3);
    step.matrix.rows[0].cells[3].state = CellState::Zombie;
    run
}

#[test]
fn two_runs_that_differ_by_chance_are_the_same() {
    let chance = Chance { port: 28_000, salt: "other", admin_first: true };
    let other = fixture::run(&chance, "- { who: john, signs-out-at: internal, expect: { status: 200 } }");
    let comparison = Comparison::of(&run(), &other);
    assert!(comparison.is_same(), "{comparison:#?}");
    assert!(human(&comparison, 120).ends_with("Nothing differs.\n"));
    assert!(plain(&comparison).ends_with("fixture nothing differs\n"));
}

#[test]
fn what_differs_is_said_in_words_first() {
    let comparison = Comparison::of(&run(), &silent());
    let facts: Vec<(&str, &str, &str)> =
        comparison.facts.iter().map(|fact| (fact.about.as_str(), fact.was[0].as_str(), fact.was[1].as_str())).collect();
    assert!(facts.contains(&("john at admin", "out", "ZOMBIE")), "{facts:?}");
    let told = facts.iter().find(|fact| fact.0 == "told").unwrap();
    assert!(told.1.contains("admin by back-channel (200)") && !told.2.contains("admin by back-channel"), "{told:?}");
    assert!(comparison.conditions[1].starts_with("Keycloak 26.2.5, http, no faults"));
}

#[test]
fn every_line_of_both_transcripts_is_there_once() {
    let (one, other) = (run(), silent());
    let comparison = Comparison::of(&one, &other);
    let of = |side: usize| {
        let lines = comparison.rows.iter().filter_map(|row| match row {
            Row::Same { text } => Some(text.clone()),
            Row::Different { left, right } => [left, right][side].clone(),
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(of(0), super::told_line_by_line(&one).trim_end());
    assert_eq!(of(1), super::told_line_by_line(&other).trim_end());
}

#[test]
fn both_layouts_show_both_sides_and_fold_the_rest() {
    let comparison = Comparison::of(&run(), &silent());
    for width in [80, 120] {
        let text = human(&comparison, width);
        assert!(text.contains("ZOMBIE") && text.contains("lines the same"), "{text}");
        assert!(text.contains("STEP 1 of 1"), "{text}");
    }
    let text = human(&comparison, 120);
    let table = text.split_once("\n\nA ").unwrap().1;
    assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
    assert!(human(&comparison, 80).lines().any(|line| line.starts_with("B ")), "one under the other");
    for line in plain(&comparison).lines() {
        assert!(line.starts_with("fixture ") && !line.contains("  "), "{line:?}");
    }
}
