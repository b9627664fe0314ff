use std::path::Path;

use super::{request, unlock};

#[test]
fn a_container_says_whose_it_is_and_has_the_runs_folder_at_its_own_path() {
    let log = tempfile::tempfile().unwrap();
    let request = request("registry.example:5000/browser", "r1", Path::new("/somewhere/run"), log);
    assert_eq!(request.descriptor(), "registry.example:5000/browser:latest");
    assert_eq!(request.labels()["sso-lab"], "chromium");
    assert_eq!(request.labels()["sso-lab.run"], "r1");
    assert_eq!(request.container_name().as_deref(), Some("sso-lab-chromium-r1"));
    assert_eq!(request.network().as_deref(), Some("host"));
    let mount = request.mounts().next().unwrap();
    assert_eq!((mount.source(), mount.target()), (Some("/somewhere/run"), Some("/somewhere/run")));
}

#[test]
fn the_lock_of_a_browser_that_was_killed_is_taken_away_and_nothing_else() {
    let profile = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("elsewhere-20", profile.path().join("SingletonLock")).unwrap();
    std::fs::write(profile.path().join("Preferences"), "{}").unwrap();
    unlock(profile.path()).unwrap();
    unlock(profile.path()).unwrap();
    let left: Vec<_> = std::fs::read_dir(profile.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, ["Preferences"]);
}
