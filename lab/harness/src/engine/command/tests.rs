use std::error::Error as _;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::Command;
use crate::trouble::{Kind, Trouble};

fn shell(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

fn cause(trouble: &Trouble) -> String {
    trouble.source().unwrap().to_string()
}

#[tokio::test]
async fn success_says_nothing() {
    shell("exit 0").run("it did not work", &CancellationToken::new()).await.unwrap();
}

#[tokio::test]
async fn a_failure_shows_the_last_lines_of_both_outputs() {
    let script = "seq 1 100; echo wrong >&2; exit 3";
    let trouble = shell(script).run("it did not work", &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Part);
    assert_eq!(trouble.what, "it did not work: `sh` ended with exit code 3");
    let cause = cause(&trouble);
    assert!(cause.contains("100") && cause.contains("wrong"), "{cause}");
    assert_eq!(cause.lines().count(), 15);
}

#[tokio::test]
async fn a_secret_in_the_output_is_not_shown() {
    let command = shell("echo the password is hunter2; exit 1").hiding("hunter2");
    let trouble = command.run("it did not work", &CancellationToken::new()).await.unwrap_err();
    assert_eq!(cause(&trouble), "the password is …");
}

#[tokio::test]
async fn a_full_disk_is_recognised() {
    let command = shell("echo 'tar: cannot write: No space left on device' >&2; exit 2");
    let trouble = command.run("it did not work", &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert_eq!(trouble.what, "it did not work: the disk is full");
}

#[tokio::test]
async fn a_command_that_is_not_installed_is_named() {
    let missing = Command::new("sso-lab-has-no-such-command");
    let trouble = missing.run("it did not work", &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("`sso-lab-has-no-such-command` cannot be run"), "{}", trouble.what);
}

#[tokio::test]
async fn cancelling_ends_the_command_at_once() {
    let cancel = CancellationToken::new();
    cancel.cancel();
    let began = Instant::now();
    let trouble = shell("exec sleep 60").run("it did not work", &cancel).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Interrupted);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_command_without_an_end_is_ended() {
    let command = shell("echo still here; exec sleep 60").deadline(Duration::from_millis(300));
    let trouble = command.run("it did not work", &CancellationToken::new()).await.unwrap_err();
    assert!(trouble.what.contains("no end after"), "{}", trouble.what);
    assert_eq!(cause(&trouble), "still here");
}
