use std::time::Duration;

use lab::{Kind, Trouble};

use super::{Finished, Outcome, exit_code, human, json, junit, plain, summary};
use crate::fixture::{Chance, run};

fn finished(id: &str, outcome: Outcome, with_run: bool) -> Finished {
    let step = "- who: john\n  signs-out-at: internal\n  expect: { status: 200, not-told: [admin] }";
    let run = with_run.then(|| run(&Chance { port: 8080, salt: "a", admin_first: true }, step));
    Finished {
        id: id.to_owned(),
        title: "A title".to_owned(),
        took: Duration::from_millis(1500),
        outcome,
        run,
        lesson: None,
    }
}

fn all() -> Vec<Finished> {
    let trouble = |kind| Trouble::new(kind, "something broke", "it means this", "do that");
    vec![
        finished("good", Outcome::Passed, false),
        finished("red", Outcome::LessonFailed(1), true),
        finished("changed", Outcome::SnapshotDiffers("-old\n+new".to_owned()), false),
        finished("broken", Outcome::Trouble(trouble(Kind::Part)), false),
        finished("typo", Outcome::Trouble(trouble(Kind::Content)), false),
        finished("later", Outcome::Skipped("needs Keycloak >=27".to_owned()), false),
    ]
}

#[test]
fn each_outcome_has_its_exit_code_and_the_worst_one_wins() {
    let codes: Vec<u8> = all().iter().map(|one| one.outcome.exit_code()).collect();
    assert_eq!(codes, [0, 1, 6, 5, 7, 0]);
    assert_eq!(exit_code(&all()[..2]), 1);
    assert_eq!(exit_code(&all()[..3]), 1, "a failed lesson says more than a changed transcript");
    assert_eq!(exit_code(&all()[..4]), 5, "trouble of the lab hides what the lessons say");
    assert_eq!(exit_code(&[]), 0);
}

#[test]
fn a_failed_lesson_shows_the_check_the_proof_and_that_the_lab_is_healthy() {
    let text = human(&all()[1], false);
    for part in ["FAIL  the admin dashboard is not told", "proof     exchange 3", "the lab itself is healthy"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    assert_eq!(human(&all()[0], false), "PASS  good: A title\n");
    assert!(human(&all()[2], false).contains("+new") && human(&all()[2], false).contains("--bless"));
    assert!(human(&all()[3], false).contains("do:    do that"));
    assert_eq!(
        summary(&all()),
        "6 lessons: 1 passed, 1 failed, 1 differ from their snapshot, 2 could not be run, 1 skipped\n"
    );
}

#[test]
fn json_tells_the_outcomes_apart_and_names_the_proof() {
    let value = json(&all(), exit_code(&all()));
    let words: Vec<&str> =
        value["lessons"].as_array().unwrap().iter().map(|one| one["outcome"].as_str().unwrap()).collect();
    assert_eq!(words, ["passed", "lesson-failed", "snapshot-differs", "lab-trouble", "content-invalid", "skipped"]);
    assert_eq!(value["exit_code"], 5);
    let check = &value["lessons"][1]["steps"][0]["checks"][1];
    assert_eq!((&check["passed"], &check["exchange"]), (&false.into(), &3.into()));
    assert_eq!(value["lessons"][1]["steps"][0]["matrix"]["rows"][0]["browser"], "john");
}

#[test]
fn junit_counts_failures_of_lessons_and_errors_of_the_lab_apart() {
    let xml = junit(&all());
    for part in [
        "name=\"sso-lab\"",
        "failures=\"2\" errors=\"2\"",
        "<failure message=\"expected no message over any channel; seen a message by back-channel; exchange 3\"",
        "<error message=\"something broke\"",
        "<skipped message=\"needs Keycloak &gt;=27\"",
        "+new",
    ] {
        assert!(xml.contains(part), "{part} is missing in\n{xml}");
    }
}

#[test]
fn a_step_that_could_not_be_done_is_the_lessons_red_and_not_the_labs() {
    let trouble = Trouble::new(Kind::Lesson, "no \"approve\" to press", "the person sees another page", "look before");
    let all = [finished("red", Outcome::Trouble(trouble), false)];
    assert_eq!(exit_code(&all), 1);
    assert_eq!(json(&all, exit_code(&all))["lessons"][0]["outcome"], "lesson-failed");
    assert!(human(&all[0], false).starts_with("FAIL  red: no \"approve\" to press"), "{}", human(&all[0], false));
    assert_eq!(summary(&all), "1 lesson: 1 failed\n");
    assert!(junit(&all).contains("failures=\"1\" errors=\"0\""), "{}", junit(&all));
}

#[test]
fn the_json_is_what_its_schema_in_the_docs_says() {
    let schema = serde_json::from_str(include_str!("../../../docs/reference/run.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let trouble = |kind| Outcome::Trouble(Trouble::new(kind, "something broke", "it means this", "do that"));
    let all = [
        finished("good", Outcome::Passed, true),
        finished("red", Outcome::LessonFailed(1), true),
        finished("changed", Outcome::SnapshotDiffers("-old".to_owned()), true),
        finished("new", Outcome::Blessed("new.snap".to_owned()), true),
        finished("broken", trouble(Kind::Part), false),
        finished("typo", trouble(Kind::Content), false),
        finished("later", Outcome::Skipped("needs Keycloak >=27".to_owned()), false),
    ];
    let mut all = all;
    let text = include_str!("../fixture.md").replace("STEPS", "- { who: john, opens: admin }");
    let mut book = crate::invariants::Book::of(&crate::parse::parse("logout/fixture.md", &text).unwrap());
    let red = all[1].run.as_mut().unwrap();
    book.asked(&red.topology, "https://elsewhere.example");
    red.invariants = book.close(red);
    let value = json(&all, exit_code(&all));
    assert_eq!(value["lessons"][1]["broken"][0]["id"], "I9");
    let errors: Vec<String> =
        schema.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");

    // And the schema would notice.
    for (pointer, wrong) in [
        ("/lessons/0/outcome", serde_json::json!("fine")),
        ("/lessons/1/steps/0/checks/1", serde_json::json!({ "name": "x", "passed": false })),
        ("/lessons/4/trouble", serde_json::json!({})),
        ("/lessons/1/broken/0/check", serde_json::json!({ "name": "x", "passed": true })),
        ("/schema", serde_json::json!(2)),
    ] {
        let mut spoilt = value.clone();
        *spoilt.pointer_mut(pointer).unwrap() = wrong;
        assert!(!schema.is_valid(&spoilt), "{pointer}");
    }
}

#[test]
fn plain_is_one_fact_a_line_without_tables_colour_or_cursor() {
    let text = plain(&all()[1], false);
    for line in text.lines().filter(|line| !line.starts_with("FAIL ")) {
        assert!(line.starts_with("fixture ") && !line.contains("  "), "{line:?}");
    }
    for part in [
        "fixture step 1 of 1: John signs out at the internal portal.\n",
        "fixture step 1 exchange 3: keycloak to admin, POST /logout, answered 200\n",
        "fixture step 1 told: external by front-channel, exchange 5, answered 200\n",
        "fixture step 1 signed in: john: sso out, internal out, external out, admin out\n",
        "fixture step 1 check FAILED: the admin dashboard is not told; expected: no message over any channel; seen: a message by back-channel; proof: exchange 3; likely: ",
        "FAIL red: 1 of 2 checks failed.",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let every = |finished: &[Finished]| finished.iter().map(|one| plain(one, true)).collect::<String>();
    let coloured = finished("changed", Outcome::SnapshotDiffers("-old\n+\u{1b}[31mnew\r".to_owned()), true);
    let all = [every(&all()), every(&[coloured])].concat();
    let odd = |letter: char| (letter.is_control() && letter != '\n') || ('\u{2500}'..='\u{259f}').contains(&letter);
    assert!(!all.contains(odd), "{all:?}");
    for part in [
        "PASS good: A title\n",
        "changed difference: +new\n",
        "ERROR broken: something broke\n",
        "broken do: do that\n",
        "SKIP later: ",
    ] {
        assert!(all.contains(part), "{part} is missing in\n{all}");
    }
}
