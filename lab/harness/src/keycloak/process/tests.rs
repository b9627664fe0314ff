use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rustix::process::{Pid, test_kill_process_group};
use tokio::process::Command;

use super::{Group, last_lines, sweep};
use crate::keycloak::testing::until;

fn shell(script: &str, log: &Path, run_id: &str) -> Group {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    Group::spawn(command, run_id, log).unwrap()
}

fn alive(pgid: i32) -> bool {
    test_kill_process_group(Pid::from_raw(pgid).unwrap()).is_ok()
}

/// Resolves when the log has `text`: the script is past that point.
async fn logged(log: &Path, text: &str) {
    until(text, || last_lines(log, 50).contains(text)).await;
}

#[tokio::test]
async fn stopping_ends_the_leader_and_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut group = shell("sleep 300 & echo up; wait", &log, "stop");
    logged(&log, "up").await;
    group.stop().await.unwrap();
    assert!(!alive(group.pgid()));
    group.stop().await.unwrap();
}

#[tokio::test]
async fn a_group_that_ignores_the_polite_signal_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut group = shell("trap '' TERM; echo up; while :; do sleep 1; done", &log, "stubborn");
    logged(&log, "up").await;
    group.stop_within(Duration::from_millis(100)).await.unwrap();
    assert!(!alive(group.pgid()));
}

#[tokio::test]
async fn dropping_kills_the_group() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let group = shell("sleep 300 & echo up; wait", &log, "drop");
    logged(&log, "up").await;
    let pgid = group.pgid();
    drop(group);
    until("the group is gone", || !alive(pgid)).await;
}

#[tokio::test]
async fn an_end_is_told_to_everybody_who_waits_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut group = shell("echo before; echo reason >&2; exit 7", &log, "end");
    assert_eq!(group.ended().await, "exit status 7");
    assert_eq!(group.ended().await, "exit status 7");
    assert!(group.has_ended());
    assert!(group.gone.load(Ordering::Acquire), "its number may be somebody else's by now");
    assert_eq!(group.last_lines(1), "reason");
}

#[tokio::test]
async fn a_sweep_ends_marked_processes_and_spares_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let run = format!("sweep-{}", std::process::id());
    let mut ours = shell("sleep 300 & echo up; wait", &log, &run);
    let others = shell("sleep 300 & echo others; wait", &log, "sweep-of-somebody-else");
    logged(&log, "up").await;
    logged(&log, "others").await;
    let swept = sweep(&run).await.unwrap();
    assert_eq!(swept.len(), 1, "{swept:?}");
    assert!(swept[0].contains(&ours.pgid().to_string()));
    assert_eq!(ours.ended().await, "killed by signal 9");
    assert!(alive(others.pgid()));
    assert_eq!(sweep(&run).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn a_program_that_is_not_there_is_trouble_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let command = Command::new("/nonexistent/kc.sh");
    let trouble = Group::spawn(command, "none", &folder.path().join("log")).err().unwrap();
    assert!(trouble.what.contains("/nonexistent/kc.sh"));
}

#[test]
fn the_last_lines_are_sentences_and_no_stack_frames() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let frames = "\tat org.example.Main.run(Main.java:1)\n".repeat(20);
    let text = format!("first\nERROR the reason\n{frames}    ... 12 more\n\nINFO stopped at once\n");
    std::fs::write(&log, text).unwrap();
    assert_eq!(last_lines(&log, 2), "ERROR the reason\nINFO stopped at once");
    assert_eq!(last_lines(&folder.path().join("missing"), 2), "");
}
