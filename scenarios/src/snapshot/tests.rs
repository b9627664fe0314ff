use std::path::Path;

use lab::Kind;

use super::{Compared, SOURCE, Snapshot, bless, check};
use crate::fixture::{Chance, run};
use crate::run::Run;

const STEP: &str = "- who: john\n  signs-out-at: internal\n  expect: { status: 200 }";

fn recorded(version: &str) -> Run {
    let mut run = run(&Chance { port: 8080, salt: "a", admin_first: true }, STEP);
    version.clone_into(&mut run.topology.version);
    run
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn what_is_blessed_is_the_same_afterwards_and_any_changed_line_differs() {
    let folder = tempfile::tempdir().unwrap();
    let lesson = folder.path().join("fixture.md");
    let run = recorded("26.7.3");
    assert_eq!(check(&lesson, &run).unwrap(), Compared::Missing);
    let file = bless(&lesson, &run).unwrap().unwrap();
    assert_eq!(check(&lesson, &run).unwrap(), Compared::Same);
    assert_eq!(bless(&lesson, &run).unwrap(), None, "nothing to write");

    let whole = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for index in 0..lines.len() {
        let mut changed = lines.clone();
        let other = format!("{} changed", lines[index]);
        changed[index] = &other;
        std::fs::write(&file, changed.join("\n") + "\n").unwrap();
        let compared = check(&lesson, &run).unwrap();
        assert!(matches!(&compared, Compared::Different(diff) if diff.contains("changed")), "{other}: {compared:?}");
    }
    std::fs::write(&file, whole.replace('\n', "\r\n")).unwrap();
    assert_eq!(check(&lesson, &run).unwrap(), Compared::Same, "a checkout on Windows");
}

#[test]
fn one_snapshot_serves_all_lines_until_a_line_behaves_differently() {
    let folder = tempfile::tempdir().unwrap();
    let lesson = folder.path().join("fixture.md");
    bless(&lesson, &recorded("26.7.3")).unwrap();
    assert_eq!(check(&lesson, &recorded("26.2.5")).unwrap(), Compared::Same);
    assert_eq!(bless(&lesson, &recorded("26.2.5")).unwrap(), None);

    let mut older = recorded("26.2.5");
    older.steps[0].sentence.push_str(" Differently.");
    assert!(matches!(check(&lesson, &older).unwrap(), Compared::Different(_)));
    bless(&lesson, &older).unwrap();
    assert_eq!(names(folder.path()), ["fixture.snap", "fixture@26.2.snap"]);
    assert_eq!(check(&lesson, &older).unwrap(), Compared::Same);
    assert_eq!(check(&lesson, &recorded("26.7.3")).unwrap(), Compared::Same);
    assert!(matches!(check(&lesson, &recorded("26.2.5")).unwrap(), Compared::Different(_)), "a line of its own rules");
}

#[test]
fn a_file_that_is_no_snapshot_differs_and_is_written_anew() {
    let folder = tempfile::tempdir().unwrap();
    let lesson = folder.path().join("fixture.md");
    for text in ["", "no head", "---\ndescription: x\n", "---\ninfo: [\n---\ntext\n"] {
        std::fs::write(folder.path().join("fixture.snap"), text).unwrap();
        assert!(matches!(check(&lesson, &recorded("26.7.3")).unwrap(), Compared::Different(_)), "{text:?}");
        bless(&lesson, &recorded("26.7.3")).unwrap();
        assert_eq!(check(&lesson, &recorded("26.7.3")).unwrap(), Compared::Same);
    }
    assert_eq!(names(folder.path()), ["fixture.snap"]);
    std::fs::write(folder.path().join("fixture.snap"), b"\xff\xfe").unwrap();
    assert_eq!(check(&lesson, &recorded("26.7.3")).unwrap_err().kind, Kind::Content, "no text at all");
}

/// insta with full match on reads what we write, and would write the same.
#[test]
fn insta_accepts_the_file_as_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for title in [
        "John signs out",
        "26 questions: and \"answers\"",
        "No # comment",
        "true",
        "It's-fine, [really]",
        "Plain title",
        "-x",
        "12",
    ] {
        let mut run = recorded("26.7.3");
        title.clone_into(&mut run.title);
        let snapshot = Snapshot::of(&run).unwrap();
        std::fs::write(folder.path().join("fixture.snap"), snapshot.file()).unwrap();
        let kept = insta::Snapshot::from_file(&folder.path().join("fixture.snap")).unwrap();
        assert_eq!(kept.metadata().source(), Some(SOURCE));
        assert_eq!(kept.metadata().description(), Some(title));
        assert_eq!(kept.as_text().unwrap().to_string(), snapshot.text);
        // Saved by insta, the file stays as it is.
        let again = folder.path().join("again.snap");
        kept.save(&again).unwrap();
        assert_eq!(std::fs::read_to_string(&again).unwrap(), snapshot.file());
    }
}

#[test]
fn another_driver_is_compared_by_its_matrices() {
    let text = "x: y\n\nSTEP 1 of 1  John opens it.\n\n   1  john -> internal  GET /\n        <- 200\n\n  sees  a\n\n  browser  sso\n  \
                john     in\n\n  PASS  b\n";
    assert_eq!(super::matrices(text), "STEP 1 of 1  John opens it.\n  browser  sso\n  john     in\n");
    assert_eq!(super::driver_of("---\ninfo:\n  driver: http\n---\n  driver: chromium\n"), Some("http"));
}
