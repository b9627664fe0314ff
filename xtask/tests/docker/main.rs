//! The lab with containers of our own images: Keycloak's and the browser's.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod browser;
#[path = "../support/mod.rs"]
mod support;

use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use support::Desk;

/// Building images and playing lessons take a whole computer each: at the same time they would run into each other's deadlines.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn containers(run_id: &str) -> String {
    let filter = format!("label=sso-lab.run={run_id}");
    let listed = Command::new("docker").args(["ps", "--all", "--quiet", "--filter", &filter]).output().unwrap();
    assert!(listed.status.success());
    String::from_utf8(listed.stdout).unwrap().trim().to_owned()
}

/// One test, because each part needs the image and all of them the same engine.
#[test]
fn the_image_builds_and_the_lessons_are_the_same_in_a_container() {
    let _alone = alone();
    let desk = Desk::new();
    let built = desk.must(&["image", "build"]);
    assert!(built.out.contains("sso-lab-keycloak:"), "{}", built.out);

    let lessons = desk.must(&["scenario", "run", support::which(), "--check", "--runtime", "docker"]);
    assert!(support::all_passed(&lessons.out), "{}", lessons.out);

    desk.must(&["lab", "up", "--detach", "--runtime", "docker"]);
    let run_id = desk.run_id().unwrap();
    let status = desk.status();
    assert_eq!((&status["state"], &status["runtime"]), (&"up".into(), &"docker".into()));
    assert_ne!(containers(&run_id), "");
    let doctor = desk.must(&["lab", "doctor"]);
    for portal in ["internal", "external", "admin"] {
        assert!(doctor.out.contains(&format!("ok    Keycloak's POST reaches {portal}")), "{}", doctor.out);
    }

    // Killed: the container stays, and the next command removes it.
    let pid = desk.record().unwrap()["pid"].as_u64().unwrap();
    support::signal(u32::try_from(pid).unwrap(), "KILL");
    support::wait_for("the status says broken", || desk.status()["state"] == "broken");
    let down = desk.must(&["lab", "down"]);
    assert!(down.out.contains("The lab is down."), "{}", down.out);
    assert_eq!(containers(&run_id), "");
    desk.assert_nothing_left(&run_id);
}
