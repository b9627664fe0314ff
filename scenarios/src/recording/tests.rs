use std::sync::Arc;
use std::time::Duration;

use lab::{Kind, Trouble};

use super::{SCHEMA, read, read_text, text};
use crate::fixture::{self, Chance};
use crate::parse::parse;
use crate::report::{Finished, Outcome, exit_code, json};
use crate::transcript::render;

/// A step as it went, and one that expects something else.
const GOOD: &str = "- { who: john, signs-out-at: internal, expect: { status: 200 } }";
const RED: &str = "- { who: john, signs-out-at: internal, expect: { status: 200, not-told: [admin] } }";

fn finished(outcome: Outcome, with_run: bool) -> Finished {
    let chance = Chance { port: 18_000, salt: "salt", admin_first: false };
    let step = if matches!(outcome, Outcome::LessonFailed(_)) { RED } else { GOOD };
    let source = include_str!("../fixture.md").replace("STEPS", step);
    Finished {
        id: "fixture".to_owned(),
        title: "John signs out: a fixture".to_owned(),
        took: Duration::from_millis(1_250),
        outcome,
        run: with_run.then(|| fixture::run(&chance, step)),
        lesson: Some(Arc::new(parse("logout/fixture.md", &source).unwrap())),
    }
}

#[test]
fn what_was_written_is_read_back_with_everything_that_is_shown() {
    let trouble = Trouble::new(Kind::Part, "something broke", "it means this", "do that");
    let all = [
        finished(Outcome::Passed, true),
        finished(Outcome::LessonFailed(1), true),
        finished(Outcome::SnapshotDiffers("-old\n+new".to_owned()), true),
        finished(Outcome::Trouble(trouble), false),
        finished(Outcome::Skipped("needs Keycloak >=27".to_owned()), false),
        finished(Outcome::Blessed("fixture.snap".to_owned()), true),
    ];
    let again = read_text(&text(&all)).unwrap();
    assert_eq!(json(&again, exit_code(&again)), json(&all, exit_code(&all)));
    assert_eq!(text(&again), text(&all), "every line again");
    let transcripts = |all: &[Finished]| all.iter().filter_map(|one| one.run.as_ref()).map(render).collect::<Vec<_>>();
    assert_eq!(transcripts(&again), transcripts(&all));
    assert_eq!(again[0].lesson.as_ref().unwrap().source, all[0].lesson.as_ref().unwrap().source);
    assert!(render(again[1].run.as_ref().unwrap()).contains("likely    the logout went through after all"));
}

#[test]
fn a_damaged_file_is_told_with_its_line() {
    let whole = text(&[finished(Outcome::Passed, true)]);
    let lines: Vec<&str> = whole.lines().collect();
    let cut = &whole[..whole.len() - 40];
    let without = |index: usize| {
        let kept = lines.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, line)| *line);
        kept.collect::<Vec<_>>().join("\n")
    };
    let twice = format!("{whole}{}\n", lines[0]);
    // Cut between two lines is cut off, too.
    for kept in 1..lines.len() {
        assert!(read_text(&lines[..kept].join("\n")).is_err(), "the first {kept} of {} lines", lines.len());
    }
    let elsewhere = whole.replace("\"id\":\"fixture\"", "\"id\":\"../../fixture\"");
    let praised = text(&[finished(Outcome::LessonFailed(1), true)]).replace("\"failures\":1", "\"failures\":0");
    let newer = whole.replacen(&format!("\"schema\":{SCHEMA}"), "\"schema\":99", 1);
    for (text, part) in [
        (cut, format!("line {}", lines.len())),
        (&without(0), "line 1".to_owned()),
        (&without(1), "no run of it is above".to_owned()),
        (&without(2), "stands after step 0".to_owned()),
        (&twice, "a second recording".to_owned()),
        (&newer, "schema 99".to_owned()),
        (&elsewhere, "no lesson's id".to_owned()),
        (&praised, "1 failed checks".to_owned()),
        (lines[0], "no lesson".to_owned()),
        ("", "empty".to_owned()),
        ("no recording", "line 1".to_owned()),
    ] {
        let trouble = read_text(text).err().unwrap();
        assert!(trouble.what.contains(&part) && trouble.kind == Kind::Content, "{part}: {trouble}");
    }
}

#[test]
fn a_file_that_is_not_there_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("nowhere.ndjson"), folder.path().to_owned()] {
        assert_eq!(read(&path).err().unwrap().kind, Kind::Usage);
    }
}

#[test]
fn a_strangers_recording_moves_no_cursor() {
    let all = [finished(Outcome::SnapshotDiffers("-old\n+\u{1b}[31mnew\u{7}".to_owned()), true)];
    let again = read_text(&text(&all)).unwrap();
    let Outcome::SnapshotDiffers(diff) = &again[0].outcome else { panic!("{:?}", again[0].outcome) };
    assert_eq!(diff, "-old\n+\u{fffd}[31mnew\u{fffd}");

    // The name of a claim stands in a transcript as well, and a turned text reads as another one.
    let text =
        text(&all).replace("\"jti\":", "\"\\u001b[2Jevil\\r\":").replace("a fixture", "\u{202e}a\\r\\nPASS fixture");
    let again = read_text(&text).unwrap();
    let told = render(again[0].run.as_ref().unwrap());
    assert!(told.contains("[2Jevil"), "{told}");
    assert!(!told.contains(['\u{1b}', '\r', '\u{202e}']), "{told:?}");
    assert!(!told.lines().any(|line| line.starts_with("PASS")), "no line is forged: {told}");
}

#[test]
fn a_recording_that_is_given_up_leaves_the_old_one_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.ndjson");
    let names =
        || std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect::<Vec<_>>();
    super::begin(&file).unwrap();
    super::give_up(&file);
    assert!(names().is_empty(), "{:?}", names());
    super::write(&file, &[finished(Outcome::Passed, true)]).unwrap();
    let kept = std::fs::read_to_string(&file).unwrap();
    super::begin(&file).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), kept, "until there is something better");
    super::give_up(&file);
    assert_eq!(names(), ["run.ndjson"]);
    assert!(super::begin(folder.path()).is_err(), "a folder is no file");
}

/// The recordings that are shipped tell what the lessons say today: CI plays the lessons against their snapshots, and this holds
/// the recordings to the same snapshots and texts.
#[test]
fn shipped_recordings_are_not_stale() {
    let library = crate::library::Library::shipped().unwrap();
    let folder = std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/recordings"));
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.extension().is_none_or(|kind| kind != "ndjson") {
            continue;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        for one in read(&path).unwrap() {
            let (recorded, run) = (one.lesson.unwrap(), one.run.unwrap());
            let lesson = library.lesson(&one.id).unwrap();
            let again = format!("{name} is stale; record it again, see docs/recordings.md");
            assert_eq!(recorded.source, lesson.source, "{again}");
            if crate::runner::fits(&lesson, &run.topology).unwrap() {
                let compared = crate::snapshot::check(&library.file(&lesson), &run).unwrap();
                assert_eq!(compared, crate::snapshot::Compared::Same, "{again}");
            }
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}
