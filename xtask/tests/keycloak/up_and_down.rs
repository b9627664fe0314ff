use std::net::TcpListener;
use std::path::Path;

use lab::acts::{Act, Store};
use lab::state::Record;
use serde_json::json;

use crate::support::{Desk, is_port_open, processes_of, signal, wait_for};

#[test]
fn ten_times_up_and_down_leave_nothing_behind() {
    let desk = Desk::new();
    for round in 1..=10 {
        let up = desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
        let status = desk.status();
        assert_eq!(status["state"], "up", "round {round}: {status}");
        assert_eq!(status["runtime"], "dist");
        assert_eq!(status["keycloak"]["version"], lab::keycloak::versions::DEFAULT);
        let portals = status["portals"].as_array().unwrap();
        let names: Vec<&str> = portals.iter().map(|portal| portal["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["internal", "external", "admin"]);
        assert!(portals.iter().all(|portal| portal["healthy"] == true), "{status}");
        for portal in portals {
            assert!(up.out.contains(portal["url"].as_str().unwrap()), "{}", up.out);
        }
        let run_id = desk.run_id().unwrap();
        assert!(!processes_of(&run_id).is_empty());

        desk.must(&["lab", "down"]);
        assert_eq!(
            desk.status(),
            json!({"state": "down", "runtime": null, "keycloak": null, "portals": [], "faults": []})
        );
        desk.assert_nothing_left(&run_id);
        let urls = portals.iter().map(|portal| portal["url"].as_str().unwrap());
        for url in urls.chain([status["keycloak"]["url"].as_str().unwrap()]) {
            assert!(!is_port_open(url), "round {round}: {url} still listens");
        }
    }
}

#[test]
fn a_killed_lab_is_seen_and_the_next_up_cleans_up_after_it() {
    let desk = Desk::new();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let (killed, pid) = (desk.run_id().unwrap(), desk.record().unwrap()["pid"].as_u64().unwrap());
    signal(u32::try_from(pid).unwrap(), "KILL");
    wait_for("the status says broken", || desk.status()["state"] == "broken");
    assert!(!processes_of(&killed).is_empty(), "Keycloak outlives a killed lab; otherwise this test tests nothing");

    let up = desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    assert!(up.err.contains(&format!("removed the files of run {killed}")), "{}", up.err);
    assert_eq!(processes_of(&killed), Vec::<u32>::new());
    let next = desk.run_id().unwrap();
    assert_ne!(next, killed);
    assert_eq!(desk.status()["state"], "up");
    desk.must(&["lab", "down"]);
    desk.assert_nothing_left(&next);
}

#[test]
fn two_runs_at_once_do_not_disturb_each_other_and_no_reset_disturbs_them() {
    let desk = Desk::new();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let folders = lab::state::Folders::find(None, Some(desk.state())).unwrap();
    let playing = lab::state::claim_play(&folders).unwrap();
    desk.run(&["lab", "reset"]).assert_trouble(3, &["lessons are being played"]);
    let second = desk.must(&["scenario", "run", "rp-logout", "--check", "--runtime", "dist"]);
    assert!(second.err.contains("a lab of their own"), "{}", second.err);
    drop(playing);
    desk.must(&["lab", "reset"]);
    desk.must(&["lab", "down"]);
}

#[test]
fn down_cleans_up_after_a_killed_lab_too() {
    let desk = Desk::new();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let (killed, pid) = (desk.run_id().unwrap(), desk.record().unwrap()["pid"].as_u64().unwrap());
    signal(u32::try_from(pid).unwrap(), "KILL");
    let down = desk.must(&["lab", "down"]);
    assert!(down.out.contains("The lab is down."), "{}", down.out);
    desk.assert_nothing_left(&killed);
}

#[test]
fn a_restarted_keycloak_and_the_redis_of_a_killed_lab_are_swept() {
    let desk = Desk::new();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let record = serde_json::from_value::<Record>(desk.record().unwrap()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let act = |act: Act| runtime.block_on(record.client().act(&act)).unwrap();
    act(Act::Host { portal: "admin".to_owned(), replicas: 2, store: Store::Redis });
    act(Act::RestartKeycloak);
    assert_eq!(desk.status()["state"], "up", "a restart ends no lab");
    // Keycloak and its script, Redis' shell: Redis itself writes over its environment, and with it the mark.
    let folder = desk.state().join("main/run/redis");
    assert!(processes_of(&record.run_id).len() >= 2 && works_in(&folder));

    signal(record.pid, "KILL");
    let down = desk.must(&["lab", "down"]);
    assert!(down.out.contains(&record.run_id), "{}", down.out);
    desk.assert_nothing_left(&record.run_id);
    assert!(!works_in(&folder), "Redis is left");
}

/// Whether a process has its working folder there, or had while the folder was there.
fn works_in(folder: &Path) -> bool {
    let folder = folder.to_str().unwrap();
    let mut processes = std::fs::read_dir("/proc").unwrap().flatten();
    processes.any(|process| {
        std::fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd.to_string_lossy().starts_with(folder))
    })
}

#[test]
fn up_twice_is_the_same_lab_and_another_version_is_refused() {
    let desk = Desk::new();
    let first = desk.must(&["lab", "up", "--detach", "--runtime", "dist"]);
    let run_id = desk.run_id().unwrap();
    let second = desk.must(&["lab", "up"]);
    assert!(second.out.contains("up already") && second.out.contains(first.out.trim()), "{}", second.out);
    assert_eq!(desk.run_id().unwrap(), run_id);
    desk.run(&["lab", "up", "--keycloak", "26.2.5"]).assert_trouble(3, &["up already", "--keycloak", "lab down"]);
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../realm/enterprise-sso.json");
    let other = desk.folder.path().join("realm.json");
    let text = std::fs::read_to_string(shipped).unwrap();
    let changed = text.replacen("\"accessTokenLifespan\": ", "\"accessTokenLifespan\": 1", 1);
    assert_ne!(changed, text);
    std::fs::write(&other, changed).unwrap();
    for (option, value) in [("--bind", "::1"), ("--ports", "fixed"), ("--realm", other.to_str().unwrap())] {
        desk.run(&["lab", "up", option, value]).assert_trouble(3, &["another one", option, "lab down"]);
    }
    desk.must(&["lab", "up", "--realm", shipped, "--bind", "127.0.0.1", "--ports", "auto", "--runtime", "dist"]);
    assert_eq!(desk.run_id().unwrap(), run_id, "the same things said aloud are the same lab");
    let doctor = desk.must(&["lab", "doctor"]);
    for portal in ["internal", "external", "admin"] {
        assert!(doctor.out.contains(&format!("ok    Keycloak's POST reaches {portal}")), "{}", doctor.out);
    }
    desk.must(&["lab", "reset"]);
    assert!(desk.must(&["lab", "logs", "keycloak"]).out.contains("Keycloak"));
    assert!(desk.must(&["lab", "open", "admin", "--print"]).out.starts_with("http://localhost:"));
    // Whoever asks for the console's address gets the token; what only runs through a pipe has none in it.
    let token = desk.record().unwrap()["token"].as_str().unwrap().to_owned();
    assert!(desk.must(&["lab", "open", "console", "--print"]).out.trim().ends_with(&format!("/#token={token}")));
    for said in [&first, &second, &desk.must(&["lab", "open", "console"])] {
        assert!(said.out.contains("http://localhost:") && !said.out.contains(&token), "{}", said.out);
    }
}

#[test]
fn a_taken_port_is_told_with_its_holder_and_nothing_is_left() {
    // Whoever has 3001 now, this test or another program, it is taken.
    let _taken = TcpListener::bind("127.0.0.1:3001");
    let desk = Desk::new();
    let said = desk.run(&["lab", "up", "--ports", "fixed"]);
    said.assert_trouble(4, &["is taken", "(process ", "--ports auto"]);
    desk.assert_nothing_left("none");
}

#[test]
fn a_lab_starts_with_a_fault_that_the_linter_finds_and_a_reset_takes_away() {
    let desk = Desk::new();
    let up = desk.must(&["lab", "up", "--detach", "--runtime", "dist", "--fault", "s1-frontchannel-switch-on"]);
    assert!(up.out.contains("Faults on: s1-frontchannel-switch-on"), "{}", up.out);
    assert_eq!(desk.status()["faults"], json!(["s1-frontchannel-switch-on"]));
    let lint = desk.run(&["realm", "lint", "--running"]);
    assert_eq!(lint.code, Some(1), "{}", lint.err);
    assert!(lint.out.contains("realm-frontchannel-switch-on at client internal-portal"), "{}", lint.out);
    desk.run(&["lab", "up", "--fault", "s3-whose-localhost"])
        .assert_trouble(3, &["s3-whose-localhost", "lab fault on"]);

    let on = desk.must(&["lab", "fault", "on", "s3-whose-localhost"]);
    assert!(on.out.contains("s1-frontchannel-switch-on, s3-whose-localhost"), "{}", on.out);
    assert!(desk.must(&["lab", "fault", "list", "s3-whose-localhost"]).out.contains("realm, ON"));
    desk.must(&["lab", "fault", "off", "s1-frontchannel-switch-on"]);
    assert_eq!(desk.status()["faults"], json!(["s3-whose-localhost"]));
    desk.must(&["lab", "reset"]);
    assert_eq!(desk.status()["faults"], json!([]));
    desk.must(&["realm", "lint", "--running"]);
    desk.must(&["lab", "down"]);
}
