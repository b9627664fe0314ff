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
fn a_report_is_a_folder_with_everything_for_people_and_for_programs() {
    let desk = Desk::new();
    let folder = desk.folder.path().join("report");
    let lessons = ["backchannel-happy", "forged"];
    let report = folder.to_str().unwrap();
    desk.must(&["scenario", "run", lessons[0], lessons[1], "--report", report, "--runtime", "dist"]);
    let read =
        |name: String| std::fs::read_to_string(folder.join(&name)).unwrap_or_else(|_| panic!("{name} is missing"));
    assert!(read("run.ndjson".to_owned()).lines().count() > 20);
    assert!(read("junit.xml".to_owned()).contains("failures=\"0\" errors=\"0\""));
    let page = scraper::Html::parse_document(&read("report.html".to_owned()));
    let select = |words: &str| page.select(&scraper::Selector::parse(words).unwrap()).collect::<Vec<_>>();
    let titles: Vec<String> = select("article.lesson h2").iter().map(|title| title.text().collect()).collect();
    assert_eq!(titles.len(), lessons.len());
    for (id, title) in lessons.iter().zip(&titles) {
        let transcript = read(format!("transcripts/{id}.txt"));
        let said = transcript.lines().next().unwrap().split_once(": ").unwrap().1.to_owned();
        assert_eq!(title.trim(), format!("PASS {said}"));
        // The last arrow of the transcript is the last one of the pictures.
        let last = transcript.lines().filter_map(|line| line.get(..4)?.trim().parse::<usize>().ok()).max().unwrap();
        assert!(read(format!("diagrams/{id}.mmd")).contains(&format!(": {last} ")));
        assert!(read(format!("diagrams/{id}.svg")).contains(&format!("data-number=\"{last}\"")));
        assert!(!select(&format!("li[id$=\"{id}-x{last}\"]")).is_empty());
    }
    let results = select("script").iter().map(|script| script.text().collect::<String>()).collect::<String>();
    let results: Value = serde_json::from_str(&results).unwrap();
    assert_eq!(results["lessons"].as_array().unwrap().len(), lessons.len());
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
