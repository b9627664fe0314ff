//! Shipped recordings, seen again on a computer without Java, Keycloak or a container engine.

use std::io::Write as _;
use std::process::Stdio;

use super::support::{Desk, Said};

const NEW: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/recordings/keycloak-26.7.ndjson");
const OLD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/recordings/keycloak-26.2.ndjson");

/// Without anything on `PATH`: whatever is needed beside the program itself would be missed.
fn alone(desk: &Desk, arguments: &[&str], typed: &str) -> Said {
    let mut command = desk.command(arguments);
    command.env("PATH", desk.folder.path()).env_remove("JAVA_HOME").env("DOCKER_HOST", "unix:///nowhere");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    Said::of(child.wait_with_output().unwrap())
}

#[test]
fn a_recording_is_shown_as_the_run_was() {
    let desk = Desk::new();
    let said = alone(&desk, &["scenario", "replay", NEW, "backchannel-happy"], "");
    assert_eq!(said.code, Some(0), "{}", said.err);
    let snapshot = include_str!("../../../scenarios/lessons/logout/backchannel-happy.snap");
    let transcript = snapshot.splitn(3, "---\n").nth(2).unwrap();
    assert!(said.out.contains(transcript.trim_end()), "{}", said.out);
    let plain = alone(&desk, &["scenario", "replay", NEW, "backchannel-happy", "--format", "plain"], "");
    assert!(plain.out.contains("step 5 told: admin by back-channel"), "{}", plain.out);
    let json = alone(&desk, &["scenario", "replay", NEW, "--format", "json"], "");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json["lessons"].as_array().unwrap().len(), 3);
}

#[test]
fn a_recording_becomes_a_report() {
    let desk = Desk::new();
    let folder = desk.folder.path().join("report");
    let said = alone(&desk, &["scenario", "replay", NEW, "--report", folder.to_str().unwrap()], "");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(std::fs::read_to_string(folder.join("run.ndjson")).unwrap(), std::fs::read_to_string(NEW).unwrap());
    assert!(folder.join("transcripts/backchannel-happy.txt").is_file() && folder.join("junit.xml").is_file());
}

#[test]
fn a_lesson_goes_at_the_persons_pace() {
    let desk = Desk::new();
    // Text, four steps, a wrong prediction, the step; then some keys and nothing more: it goes on by itself.
    let typed = "\n\n\n\n\nx\nD\n\nd\n\nm\nb\nnonsense\n";
    let said = alone(&desk, &["scenario", "replay", NEW, "backchannel-happy", "--step"], typed);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let place = |part: &str| said.out.find(part).unwrap_or_else(|| panic!("{part:?} is missing in\n{}", said.out));
    let story = [
        "Afterwards you can",
        "STEP 1 of 6",
        "What do you think?",
        "\"x\" is none of the answers a to d",
        "STEP 5 of 6",
        "keycloak ==> admin",
        "Right is c) Two",
        "You said d) Three, one for each portal: not yet. Who says so may believe: Every client has a server",
        "\"nonsense\" is no key",
        "STEP 6 of 6",
        "What happened, and why",
        "PASS  backchannel-happy: 16 of 16 checks passed",
        "Predictions: 0 of 1 right.",
    ];
    for pair in story.windows(2) {
        assert!(place(pair[0]) < place(pair[1]), "{pair:?} in\n{}", said.out);
    }
    assert!(!said.out.contains("For trainers"));
    let kept = std::fs::read_to_string(desk.state().join("predictions.ndjson")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(kept.lines().next().unwrap()).unwrap();
    assert_eq!((&kept["answer"], &kept["right"]), (&"d".into(), &false.into()), "{kept}");
}

#[test]
fn whoever_leaves_early_is_told_and_does_not_fail() {
    let said = alone(&Desk::new(), &["scenario", "replay", NEW, "--step", "--trainer"], "\n\nq\n");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(said.out.contains("the lesson was left") && !said.out.contains("What do you think"), "{}", said.out);
}

#[test]
fn without_input_nothing_waits() {
    let silent = ["scenario", "replay", NEW, "spa-backchannel-lies", "--step", "--no-input", "--trainer"];
    let said = alone(&Desk::new(), &silent, "q\n");
    assert_eq!(said.code, Some(0), "{}", said.err);
    for part in ["FAULT", "You made no prediction.", "For trainers", "checks passed"] {
        assert!(said.out.contains(part), "{part} in\n{}", said.out);
    }
}

#[test]
fn two_versions_of_keycloak_side_by_side() {
    let desk = Desk::new();
    let said = alone(&desk, &["scenario", "diff", OLD, NEW], "");
    assert_eq!(said.code, Some(6), "{}", said.err);
    for part in [
        "A: Keycloak 26.2.5, http, no faults",
        "  A: admin by back-channel (200)\n  B: admin by back-channel (200); admin by back-channel (200)",
        "ZOMBIE",
        "lines the same",
    ] {
        assert!(said.out.contains(part), "{part:?} in\n{}", said.out);
    }
    assert!(said.out.lines().count() < 75, "one screen\n{}", said.out);
    let same = alone(&desk, &["scenario", "diff", NEW, NEW, "--lesson", "backchannel-happy", "--format", "plain"], "");
    assert_eq!((same.code, same.out.lines().last()), (Some(0), Some("backchannel-happy nothing differs")));
    let json = alone(&desk, &["scenario", "diff", OLD, NEW, "--format", "json"], "");
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(json[0]["id"], "both-devices-are-told");
}

#[test]
fn what_is_no_recording_or_has_no_such_lesson_is_told() {
    let desk = Desk::new();
    let file = desk.folder.path().join("file.ndjson");
    std::fs::write(&file, "{\"kind\":\"run\",\"schema\":1}\n").unwrap();
    let file = file.to_str().unwrap();
    alone(&desk, &["scenario", "replay", file], "").assert_trouble(7, &["line 1", "scenario record"]);
    alone(&desk, &["scenario", "replay", "nowhere"], "").assert_trouble(2, &["nowhere", "scenario record"]);
    alone(&desk, &["scenario", "replay", NEW, "forged"], "").assert_trouble(2, &["forged", "backchannel-happy"]);
    alone(&desk, &["scenario", "diff", OLD, NEW, "--lesson", "forged"], "").assert_trouble(2, &["forged", "--lesson"]);
    let unwritable = ["scenario", "record", "forged", "--out", "/nowhere/file"];
    alone(&desk, &unwritable, "").assert_trouble(2, &["/nowhere/file", "--out"]);
}
