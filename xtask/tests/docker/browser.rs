//! Chromium in a container.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::support::{self, DEADLINE, Desk, Said};

const IMAGE: &str = "sso-lab-chromium:trixie";

/// One test, because each part needs the image.
#[test]
fn a_browser_in_a_container_sees_the_same_and_never_stays_behind() {
    let _alone = crate::alone();
    let desk = Desk::new();
    let built = desk.must(&["image", "build", "--browser"]);
    assert!(built.out.contains(&format!("{IMAGE} is")), "{}", built.out);

    // A lesson that both drivers play, one whose browser is closed and started again on its profile, and one on four sites
    // whose browser blocks cookies.
    let played = Said::of(
        lessons(&desk, &["backchannel-happy", "browser-restarted", "third-party-cookies-blocked"]).output().unwrap(),
    );
    assert_eq!(played.code, Some(0), "{}\n{}", played.out, played.err);
    assert!(played.out.contains("3 lessons: 3 passed"), "{}", played.out);
    assert!(played.err.contains(&format!("in a container (image {IMAGE})")), "{}", played.err);
    assert_eq!((containers(&desk), seats(&desk)), (Vec::new(), 0));

    // Ctrl-C at the moment when the engine has made the container: its start is usually still under way, so whoever asked for it is gone
    // before it is in anybody's hands.
    let interrupted = running_with_a_browser(&desk);
    support::signal(interrupted.id(), "INT");
    assert_eq!(support::end_of(interrupted).code, Some(130));
    assert_eq!((containers(&desk), seats(&desk)), (Vec::new(), 0));

    // Killed: the container stays, and the next command removes it.
    let mut killed = running_with_a_browser(&desk);
    killed.kill().unwrap();
    killed.wait().unwrap();
    let left = containers(&desk);
    assert!(!left.is_empty());
    let down = desk.must(&["lab", "down"]);
    for container in &left {
        assert!(down.out.contains(container) || down.err.contains(container), "{}\n{}", down.out, down.err);
    }
    assert_eq!((containers(&desk), seats(&desk)), (Vec::new(), 0));
}

#[test]
fn an_image_that_cannot_be_had_is_told_before_a_lab_is_started() {
    let desk = Desk::new();
    let mut command = desk.command(&["scenario", "run", "browser-restarted", "--driver", "chromium"]);
    let said = Said::of(command.env("SSO_LAB_BROWSER_IMAGE", "sso-lab-nowhere:1").output().unwrap());
    said.assert_trouble(4, &["sso-lab-nowhere:1", "image build --browser", "unset SSO_LAB_BROWSER_IMAGE"]);
    assert_eq!(seats(&desk), 0);
}

fn lessons(desk: &Desk, ids: &[&str]) -> Command {
    let arguments = [&["scenario", "run", "--check", "--driver", "chromium"], ids].concat();
    let mut command = desk.command(&arguments);
    command.env("SSO_LAB_BROWSER_IMAGE", IMAGE);
    command
}

/// A lesson that is being played, at the moment when its browser's container is there.
fn running_with_a_browser(desk: &Desk) -> Child {
    let mut command = lessons(desk, &["browser-restarted"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let begun = Instant::now();
    while containers(desk).is_empty() {
        assert!(begun.elapsed() < DEADLINE && child.try_wait().unwrap().is_none(), "no browser was started");
        std::thread::park_timeout(Duration::from_millis(50));
    }
    child
}

/// Names of the browsers' containers whose files lie on this desk: other labs may use the same engine.
fn containers(desk: &Desk) -> Vec<String> {
    let listing =
        ["ps", "--all", "--no-trunc", "--filter", "label=sso-lab=chromium", "--format", "{{.Names}} {{.Mounts}}"];
    let listed = Command::new("docker").args(listing).output().unwrap();
    assert!(listed.status.success());
    let state = desk.state().to_string_lossy().into_owned();
    let lines = String::from_utf8(listed.stdout).unwrap();
    let ours = lines.lines().filter(|line| line.contains(&state));
    ours.filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
}

/// How many seats of short-lived labs and browsers there are.
fn seats(desk: &Desk) -> usize {
    std::fs::read_dir(desk.state().join("own")).into_iter().flatten().count()
}
