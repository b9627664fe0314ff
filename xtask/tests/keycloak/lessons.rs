//! Lessons through the command line, as CI runs them.

use std::path::Path;

use serde_json::Value;

use crate::plain_keycloak::PlainKeycloak;
use crate::support::{Desk, all_passed, which};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_changed_line_of_a_snapshot_is_exit_6_and_shows_the_difference() {
    let desk = Desk::new();
    let lessons = desk.folder.path().join("lessons");
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/lessons")), &lessons);
    let folder = lessons.to_str().unwrap().to_owned();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let check = ["scenario", "run", "rp-logout", "--check", "--lessons", &folder];
    let same = desk.must(&check);
    assert!(same.out.contains("PASS  rp-logout"), "{}", same.out);

    let file = lessons.join("logout/rp-logout.snap");
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Any line counts, also the last, and one of the header.
    for changed in [3, lines.len() / 2, lines.len() - 1] {
        let mut edited = lines.clone();
        let line = format!("{} (edited)", edited[changed]);
        edited[changed] = &line;
        std::fs::write(&file, format!("{}\n", edited.join("\n"))).unwrap();
        let said = desk.run(&check);
        assert_eq!(said.code, Some(6), "line {changed}: {}\n{}", said.out, said.err);
        assert!(said.out.contains("(edited)"), "{}", said.out);
    }
    // Blessing brings the file back to what it was.
    desk.must(&["scenario", "run", "rp-logout", "--bless", "--lessons", &folder]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn results_for_programs_are_what_they_say() {
    let desk = Desk::new();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let json = desk.must(&["scenario", "run", "sso-second-portal", "rp-logout-no-hint", "--format", "json"]);
    let result: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(result["exit_code"], 0);
    let outcomes: Vec<&str> =
        result["lessons"].as_array().unwrap().iter().map(|lesson| lesson["outcome"].as_str().unwrap()).collect();
    assert_eq!(outcomes, ["passed", "passed"]);
    let junit = desk.must(&["scenario", "run", "sso-second-portal", "--format", "junit"]);
    assert!(junit.out.starts_with("<?xml") && junit.out.contains("failures=\"0\""), "{}", junit.out);
    desk.run(&["scenario", "run", "sso-secnd-portal"]).assert_trouble(2, &["sso-second-portal"]);
}

#[test]
fn the_lessons_are_the_same_on_a_keycloak_that_somebody_else_runs() {
    let desk = Desk::new();
    let keycloak = PlainKeycloak::start(desk.folder.path());
    let said =
        keycloak.as_external(&mut desk.command(&["scenario", "run", which(), "--check", "--runtime", "external"]));
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    assert!(all_passed(&said.out), "{}", said.out);
    assert!(!keycloak.has_realm(realm::REALM), "the lab takes its realm away again");
}
