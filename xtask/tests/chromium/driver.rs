//! The browser's driver, where somebody else has the port that it wants.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::support::{Desk, Said};

/// The real driver, of which the first ones are told a port that is taken: they fail in their own words.
fn unlucky(desk: &Desk, how_many: usize, taken: u16) -> (PathBuf, PathBuf) {
    let (program, starts) = (desk.folder.path().join("chromedriver"), desk.folder.path().join("starts"));
    let script = format!(
        "#!/bin/sh\necho start >> {starts}\n[ $(wc -l < {starts}) -gt {how_many} ] || exec chromedriver --port={taken}\n\
         exec chromedriver \"$@\"\n",
        starts = starts.display(),
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    (program, starts)
}

fn play(desk: &Desk, driver: &Path) -> Said {
    let mut command = desk.command(&["scenario", "run", "backchannel-happy", "--check"]);
    command.args(["--driver", "chromium", "--runtime", "dist"]);
    command.env_remove("SSO_LAB_BROWSER_IMAGE").env("SSO_LAB_CHROMEDRIVER", driver);
    Said::of(command.output().unwrap())
}

#[test]
fn a_driver_that_finds_its_port_taken_is_followed_by_another_one_and_not_for_ever() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let desk = Desk::new();
    let starts = |log: &Path| std::fs::read_to_string(log).unwrap().lines().count();

    let (driver, log) = unlucky(&desk, 2, port);
    let said = play(&desk, &driver);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    // Beside other browsers the third one may be unlucky by itself.
    assert!((3..=5).contains(&starts(&log)), "{}", starts(&log));

    std::fs::remove_file(&log).unwrap();
    let (driver, log) = unlucky(&desk, 99, port);
    let said = play(&desk, &driver);
    assert_eq!(said.code, Some(4), "{}\n{}", said.out, said.err);
    assert!(said.out.contains("Chromium does not start") && said.out.contains("port not available"), "{}", said.out);
    assert_eq!(starts(&log), 5);
}
