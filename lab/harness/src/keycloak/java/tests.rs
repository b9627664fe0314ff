use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use rustix::process::{Pid, test_kill_process_group};

use super::{Search, ask, find, find_up_to, major_of};
use crate::keycloak::testing::program;
use crate::progress::{Progress, Silent};
use crate::trouble::Kind;

/// A JDK's folder whose `java` prints what a real one of this version prints, with or without a `release` file.
fn jdk(folder: &Path, version: &str, release: bool) -> PathBuf {
    let home = folder.join(format!("jdk-{version}"));
    std::fs::create_dir_all(home.join("bin")).unwrap();
    let java = home.join("bin/java");
    program(&java, &format!("#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n"));
    if release {
        std::fs::write(home.join("release"), format!("IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"{version}\"\n")).unwrap();
    }
    home
}

fn path_of(home: &Path) -> OsString {
    home.join("bin").into_os_string()
}

#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Progress for Notes {
    fn begin(&self, _what: &str, _usual: Option<Duration>) {}
    fn done(&self, _what: &str) {}
    fn note(&self, text: &str) {
        self.0.lock().unwrap().push(text.to_owned());
    }
}

#[test]
fn versions_are_read_from_release_files_and_from_what_java_prints() {
    for (told, major) in [
        ("IMPLEMENTOR=\"Debian\"\nJAVA_VERSION=\"17.0.15\"\n", Some(17)),
        ("openjdk version \"25\" 2025-09-16 LTS", Some(25)),
        ("openjdk version \"26-ea\" 2026-03-17", Some(26)),
        ("java version \"1.8.0_412\"", Some(8)),
        ("bash: java: command not found", None),
        ("JAVA_VERSION=\"\"", None),
    ] {
        assert_eq!(major_of(told), major, "{told}");
    }
}

#[tokio::test]
async fn java_home_is_taken_although_path_has_a_newer_one() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (jdk(folder.path(), "17.0.1", false), jdk(folder.path(), "25", true));
    let search =
        Search { java_home: Some(old.clone()), path: Some(path_of(&new)), folders: vec![folder.path().to_owned()] };
    let java = find(&search, &Silent).await.unwrap();
    assert_eq!(java.major, 17);
    assert_eq!(java.binary, old.join("bin/java").canonicalize().unwrap());
}

#[tokio::test]
async fn java_home_without_java_is_refused_although_path_has_one() {
    let folder = tempfile::tempdir().unwrap();
    let good = jdk(folder.path(), "21.0.1", true);
    let search = Search { java_home: Some(folder.path().join("nothing")), path: Some(path_of(&good)), folders: vec![] };
    let trouble = find(&search, &Silent).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("JAVA_HOME") && trouble.action.contains("install a JDK"), "{trouble}");
}

#[tokio::test]
async fn no_java_anywhere_is_told_with_what_to_install() {
    let empty = tempfile::tempdir().unwrap();
    let search = Search { java_home: None, path: Some(empty.path().into()), folders: vec![empty.path().to_owned()] };
    let trouble = find(&search, &Silent).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("PATH") && trouble.action.contains("apt install"), "{trouble}");
}

#[tokio::test]
async fn a_java_that_is_too_old_is_refused_with_its_version() {
    for release in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let old = jdk(folder.path(), "11.0.2", release);
        for search in [
            Search { java_home: Some(old.clone()), ..Search::default() },
            Search { path: Some(path_of(&old)), ..Search::default() },
        ] {
            let trouble = find(&search, &Silent).await.unwrap_err();
            assert_eq!(trouble.kind, Kind::Environment);
            assert!(trouble.what.contains("Java 11") && trouble.action.contains("17"), "{trouble}");
        }
    }
}

#[tokio::test]
async fn an_old_java_on_path_gives_way_to_the_newest_installed_one_and_the_person_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let old = jdk(folder.path(), "17.0.15", true);
    jdk(folder.path(), "21.0.4", true);
    jdk(folder.path(), "25", false);
    let notes = Notes::default();
    let search = Search { java_home: None, path: Some(path_of(&old)), folders: vec![folder.path().to_owned()] };
    assert_eq!(find(&search, &notes).await.unwrap().major, 25);
    let notes = notes.0.lock().unwrap();
    assert!(notes.len() == 1 && notes[0].contains("Java 25") && notes[0].contains("JAVA_HOME"), "{notes:?}");
}

#[tokio::test]
async fn a_recent_java_on_path_is_taken_without_looking_around() {
    let folder = tempfile::tempdir().unwrap();
    let recent = jdk(folder.path(), "21.0.4", true);
    jdk(folder.path(), "25", true);
    let notes = Notes::default();
    let search = Search { java_home: None, path: Some(path_of(&recent)), folders: vec![folder.path().to_owned()] };
    assert_eq!(find(&search, &notes).await.unwrap().major, 21);
    assert!(notes.0.lock().unwrap().is_empty());
}

#[tokio::test]
async fn another_build_of_java_has_another_identity() {
    let folder = tempfile::tempdir().unwrap();
    let home = jdk(folder.path(), "21.0.4", true);
    let search = Search { java_home: Some(home.clone()), ..Search::default() };
    let before = find(&search, &Silent).await.unwrap();
    std::fs::write(home.join("release"), "JAVA_VERSION=\"21.0.5\"\n").unwrap();
    assert_ne!(find(&search, &Silent).await.unwrap().identity, before.identity);
}

#[tokio::test]
async fn a_keycloak_that_runs_on_no_newer_java_gets_an_older_one_or_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let newest = jdk(folder.path(), "25", true);
    let search = Search { java_home: None, path: Some(path_of(&newest)), folders: vec![folder.path().to_owned()] };
    let trouble = find_up_to(&search, 24, &Silent).await.unwrap_err();
    assert!(trouble.what.contains("Java 25") && trouble.action.contains("JAVA_HOME"), "{trouble}");
    jdk(folder.path(), "17.0.15", true);
    jdk(folder.path(), "21.0.4", true);
    assert_eq!(find_up_to(&search, 24, &Silent).await.unwrap().major, 21);
    assert_eq!(find(&search, &Silent).await.unwrap().major, 25);
}

#[tokio::test]
async fn a_java_that_hangs_is_given_up_with_everything_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let (java, leader) = (folder.path().join("java"), folder.path().join("leader"));
    // The shell waits for a child; killing the shell alone would leave the child.
    program(&java, &format!("#!/bin/sh\necho $$ > {}\nsleep 600\necho never\n", leader.display()));
    let begun = std::time::Instant::now();
    let written = async {
        loop {
            let leader = std::fs::read_to_string(&leader).unwrap_or_default();
            if let Ok(leader) = leader.trim().parse() {
                break leader;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "it does not start");
            tokio::task::yield_now().await;
        }
    };
    // Giving up, by deadline or Ctrl-C, is dropping the question.
    let leader = tokio::select! {
        leader = written => leader,
        told = ask(&java) => panic!("{told:?}"),
    };
    let group = Pid::from_raw(leader).unwrap();
    while test_kill_process_group(group).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the group is still there");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_java_that_fails_has_said_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let java = folder.path().join("java");
    program(&java, "#!/bin/sh\necho 'openjdk version \"21\"'\nexit 1\n");
    assert_eq!(ask(&java).await, None);
}
