//! The command line without a Keycloak: wrong usage and missing things, each with its words and exit code.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

#[path = "../support/mod.rs"]
mod support;

use support::{Desk, Said};

#[test]
fn what_needs_a_lab_says_how_to_start_one() {
    let desk = Desk::new();
    for arguments in [&["lab", "open"][..], &["lab", "reset"], &["lab", "logs", "keycloak"], &["lab", "logs", "-f"]] {
        desk.run(arguments).assert_trouble(3, &["cargo xtask lab up"]);
    }
}

#[test]
fn status_and_down_when_nothing_runs_say_so_and_change_nothing() {
    let desk = Desk::new();
    assert_eq!(desk.status()["state"], "down");
    assert!(desk.must(&["lab", "down"]).out.contains("nothing to stop"));
    assert!(!desk.state().exists(), "looking creates nothing");
}

#[test]
fn a_file_as_state_folder_is_told_and_not_taken_for_a_lab_that_is_down() {
    let desk = Desk::new();
    std::fs::write(desk.state(), "").unwrap();
    for arguments in [&["lab", "status"][..], &["lab", "down"], &["lab", "up"]] {
        desk.run(arguments).assert_trouble(4, &["is no folder", "SSO_LAB_STATE"]);
    }
}

#[test]
fn unknown_words_are_told_with_the_known_ones() {
    let desk = Desk::new();
    desk.run(&["lab", "up", "--runtime", "podman"]).assert_trouble(2, &["podman", "dist"]);
    desk.run(&["lab", "up", "--ports", "some"]).assert_trouble(2, &["some", "auto"]);
    desk.run(&["lab", "up", "--keycloak", "latest"]).assert_trouble(2, &["latest", "26."]);
    let portal = desk.run(&["lab", "logs", "internl"]);
    assert_eq!(portal.code, Some(2));
    assert!(portal.err.contains("internal"), "{}", portal.err);
}

#[test]
fn an_address_that_cannot_be_asked_is_wrong_usage() {
    let desk = Desk::new();
    for url in ["file:///etc/passwd", "mailto:keycloak@example.org"] {
        let external = ["lab", "up", "--detach", "--runtime", "external", "--url", url];
        desk.run(&external).assert_trouble(2, &[url, "http://HOST:PORT/"]);
    }
    desk.run(&["scenario", "run", "--all", "--runtime", "external"]).assert_trouble(2, &["--url"]);
}

#[test]
fn a_run_of_no_lesson_says_how_to_run_all() {
    Desk::new().run(&["scenario", "run"]).assert_trouble(2, &["--all", "scenario list"]);
}

#[test]
fn a_lesson_with_a_foreign_id_is_refused_before_anything_runs() {
    let desk = Desk::new();
    let (shipped, lessons) = (concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/lessons/logout"), desk.folder.path());
    let text = std::fs::read_to_string(format!("{shipped}/rp-logout.md")).unwrap();
    std::fs::create_dir(lessons.join("logout")).unwrap();
    let wrong = text.replace("id: rp-logout\n", "id: ../../x\n");
    assert_ne!(wrong, text);
    std::fs::write(lessons.join("logout/rp-logout.md"), wrong).unwrap();
    for what in ["--all", "rp-logout"] {
        let run = ["scenario", "run", what, "--lessons", lessons.to_str().unwrap()];
        desk.run(&run).assert_trouble(7, &["logout/rp-logout.md:2:5", "../../x"]);
    }
    assert!(!desk.state().exists(), "no lab was started");
}

#[test]
fn a_folder_without_lessons_is_no_success() {
    let desk = Desk::new();
    let folder = desk.folder.path().to_str().unwrap();
    desk.run(&["scenario", "run", "--all", "--lessons", folder]).assert_trouble(2, &["no lesson", "--lessons"]);
}

#[test]
fn a_broken_realm_file_is_told_with_its_line() {
    let desk = Desk::new();
    let file = desk.folder.path().join("realm.json");
    std::fs::write(&file, "{\n  \"realm\": \"enterprise-sso\",\n  oops\n}\n").unwrap();
    desk.run(&["lab", "up", "--realm", file.to_str().unwrap()]).assert_trouble(7, &["line 3"]);
    desk.run(&["lab", "up", "--realm", "nowhere.json"]).assert_trouble(7, &["nowhere.json"]);
}

#[test]
fn the_labs_known_passwords_never_leave_loopback() {
    let desk = Desk::new();
    desk.run(&["lab", "up", "--bind", "192.0.2.1"]).assert_trouble(8, &["password123", "--realm"]);
    desk.run(&["lab", "up", "--bind", "0.0.0.0"]).assert_trouble(2, &["0.0.0.0"]);
    // Names below `localhost` are everybody's own computer.
    let cross = ["lab", "up", "--sites", "cross"];
    desk.run(&[&cross[..], &["--bind", "192.0.2.1"]].concat())
        .assert_trouble(2, &["four sites", "192.0.2.1", "--bind"]);
    let elsewhere = ["--runtime", "external", "--url", "http://keycloak.example:8080/"];
    desk.run(&[&cross[..], &elsewhere[..]].concat()).assert_trouble(2, &["keycloak.example", "--runtime dist"]);
    desk.run(&["lab", "up", "--sites", "four"]).assert_trouble(2, &["same", "cross"]);
}

#[test]
fn faults_never_leave_loopback_not_even_with_passwords_of_ones_own() {
    let desk = Desk::new();
    let realm = realm::Realm::shipped().json().to_string().replace(realm::PASSWORD, "a-password-of-our-own");
    let file = desk.folder.path().join("realm.json");
    std::fs::write(&file, realm).unwrap();
    let up = ["lab", "up", "--realm", file.to_str().unwrap(), "--bind", "192.0.2.1"];
    for fault in ["s4-unverified-token", "s3-whose-localhost"] {
        desk.run(&[&up[..], &["--fault", fault]].concat()).assert_trouble(8, &["plant faults", "192.0.2.1", "--bind"]);
    }
    desk.run(&["lab", "up", "--bind", "0.0.0.0", "--fault", "s4-unverified-token"]).assert_trouble(2, &["0.0.0.0"]);
    assert_eq!(desk.run_id(), None, "no lab was started");
}

mod realm_lint;
mod recordings;

#[test]
fn a_misspelt_fault_is_told_with_the_right_name() {
    let desk = Desk::new();
    for arguments in [&["lab", "up", "--fault", "s3-whos-localhost"][..], &["lab", "fault", "on", "s3-whos-localhost"]]
    {
        desk.run(arguments).assert_trouble(2, &["did you mean \"s3-whose-localhost\"", "lab fault list"]);
    }
    let variable = desk.command(&["lab", "up"]).env("SSO_LAB_FAULT", "nonsense").output().unwrap();
    Said::of(variable).assert_trouble(2, &["nonsense"]);
    let known = desk.must(&["lab", "fault", "list", "s3-whose-localhost"]).out;
    assert!(known.contains("found by realm-backchannel-url-on-other-port") && known.contains("BC-25"), "{known}");
}

#[test]
fn help_names_every_command() {
    let desk = Desk::new();
    let help = desk.must(&["--help"]).out;
    for command in ["lab", "scenario", "realm", "image", "test", "bench", "tidy"] {
        assert!(help.contains(command), "{help}");
    }
}

#[test]
fn a_run_without_a_lab_is_red_in_each_form_and_names_all_its_lessons() {
    let desk = Desk::new();
    let run = |format: &str| {
        let mut command = desk.command(&[
            "scenario",
            "run",
            "backchannel-happy",
            "demo-flow",
            "--runtime",
            "dist",
            "--format",
            format,
        ]);
        Said::of(command.env("JAVA_HOME", desk.folder.path()).output().unwrap())
    };
    let json = run("json");
    json.assert_trouble(4, &["2 of 2 lessons were not played: there was no lab", "JAVA_HOME"]);
    let results: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!(results["exit_code"], 4);
    assert_eq!(results["lessons"][0]["outcome"], "lab-trouble");
    assert_eq!(
        (&results["lessons"][1]["id"], &results["lessons"][1]["outcome"]),
        (&"demo-flow".into(), &"skipped".into())
    );
    let junit = run("junit").out;
    assert!(junit.contains("errors=\"1\"") && junit.contains("<skipped message=\"there was no lab\""), "{junit}");
    assert!(run("human").out.ends_with("2 lessons: 1 could not be run, 1 skipped\n"));
}
