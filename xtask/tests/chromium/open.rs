//! `lab open` on a lab that was told what its browsers do with third-party cookies.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Desk, Said, processes_of, wait_for};

/// The real Chromium, without a screen.
const HEADLESS: &str = "#!/bin/sh\nexec chromium --headless=new \"$@\"\n";

#[test]
fn the_window_keeps_cookies_out_as_the_lab_was_told_and_ends_with_it() {
    let desk = Desk::new();
    let program = desk.folder.path().join("chromium");
    std::fs::write(&program, HEADLESS).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    desk.must(&["lab", "up", "--detach", "--runtime", "dist", "--sites", "cross", "--third-party-cookies", "block"]);
    let run_id = desk.run_id().unwrap();
    let open = |chromium: &std::path::Path| {
        let mut command = desk.command(&["lab", "open", "external"]);
        command.env_remove("CI").env_remove("SSH_CONNECTION").env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        Said::of(command.env("SSO_LAB_CHROMIUM", chromium).output().unwrap())
    };

    let before = processes_of(&run_id).len();
    let opened = open(&program);
    assert_eq!(opened.code, Some(0), "{}", opened.err);
    assert!(opened.out.contains("external.localhost"), "{}", opened.out);
    let profile = desk.state().join(format!("main/run/people-{run_id}"));
    // It writes the choice down again in its own way, and keeps it.
    wait_for("the browser has taken its profile", || profile.join("Local State").exists());
    let preferences = std::fs::read_to_string(profile.join("Default/Preferences")).unwrap();
    assert!(preferences.contains("\"block_third_party_cookies\":true"), "{preferences}");
    assert!(processes_of(&run_id).len() > before, "its processes carry the lab's mark");

    let other = desk.run(&["lab", "up", "--third-party-cookies", "allow"]);
    other.assert_trouble(3, &["its browsers block third-party cookies"]);
    desk.run(&["lab", "up", "--third-party-cookies", "eat"]).assert_trouble(2, &["`eat`", "block"]);

    desk.must(&["lab", "down"]);
    desk.assert_nothing_left(&run_id);
}
