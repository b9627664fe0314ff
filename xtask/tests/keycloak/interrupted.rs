use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Desk, end_of, processes_of, signal, wait_for};

/// Interrupts `lab up` after `pause`, wherever it is then, and looks at what is left.
fn interrupt_after(pause: Duration, name: &str) {
    let desk = Desk::new();
    let child = desk
        .command(&["lab", "up", "--runtime", "dist"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let run_file = desk.state().join("main/run-id");
    wait_for("the seat is taken", || run_file.exists());
    let run_id = desk.run_id().unwrap();
    wait_for("the moment", || begun.elapsed() >= pause);
    signal(child.id(), name);
    let said = end_of(child);
    assert!(matches!(said.code, Some(0 | 130)), "after {pause:?}: {:?}\n{}", said.code, said.err);
    desk.assert_nothing_left(&run_id);
}

#[test]
fn an_interrupt_at_any_moment_of_the_start_leaves_nothing() {
    for milliseconds in [0, 300, 900, 1_800, 3_000, 5_000, 8_000] {
        interrupt_after(Duration::from_millis(milliseconds), "INT");
    }
}

#[test]
fn a_termination_is_an_interrupt() {
    interrupt_after(Duration::from_millis(1_200), "TERM");
}

#[test]
fn an_interrupt_cleans_up_also_when_nobody_reads_the_output_any_more() {
    let desk = Desk::new();
    let mut child = desk
        .command(&["lab", "up", "--runtime", "dist"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lab_file = desk.state().join("main/lab.json");
    wait_for("the lab is up", || lab_file.exists());
    let run_id = desk.run_id().unwrap();
    // What `lab up 2>&1 | tee log` is after Ctrl-C: the same signal has ended `tee`.
    drop((child.stdout.take(), child.stderr.take()));
    signal(child.id(), "INT");
    let said = end_of(child);
    assert_eq!(said.code, Some(0), "a panic would be 101");
    desk.assert_nothing_left(&run_id);
}

#[test]
fn down_cleans_up_after_a_killed_scenario_run() {
    let desk = Desk::new();
    let child = desk
        .command(&["scenario", "run", "--all", "--runtime", "dist"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let own_run_id = || {
        let seat = std::fs::read_dir(desk.state().join("own")).ok()?.flatten().next()?;
        std::fs::read_to_string(seat.path().join("run-id")).ok().filter(|id| id.len() == 16)
    };
    wait_for("Keycloak is started", || own_run_id().is_some_and(|id| !processes_of(&id).is_empty()));
    let run_id = own_run_id().unwrap();
    signal(child.id(), "KILL");
    end_of(child);
    let down = desk.must(&["lab", "down"]);
    assert!(down.out.contains(&run_id), "{}", down.out);
    desk.assert_nothing_left(&run_id);
}

#[test]
fn an_interrupted_scenario_run_does_not_pass_for_a_shorter_one() {
    let desk = Desk::new();
    let report = desk.state().join("report");
    let mut child = desk
        .command(&["scenario", "run", "--all", "--check", "--runtime", "dist", "--report"])
        .arg(&report)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut results = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    results.read_line(&mut first).unwrap();
    signal(child.id(), "INT");
    let mut rest = String::new();
    results.read_to_string(&mut rest).unwrap();
    let said = end_of(child);
    assert!(first.starts_with("PASS"), "{first}{rest}\n{}", said.err);
    assert_eq!(said.code, Some(130), "{}", said.err);

    let count = |words: &str| {
        let before = said.err.split_once(words).unwrap_or_else(|| panic!("{}", said.err)).0;
        before.rsplit(' ').next().unwrap().parse::<usize>().unwrap()
    };
    let planned = count(" lessons were not played: the run was interrupted before its end");
    let left = count(&format!(" of {planned} lessons were not played"));
    assert!(left > 0 && left < planned);
    let summary = rest.lines().last().unwrap();
    assert_eq!(summary, format!("{planned} lessons: {} passed, {left} skipped", planned - left));
    let page = std::fs::read_to_string(report.join("report.html")).unwrap();
    assert!(page.contains("\"exit_code\":130"));
    let junit = std::fs::read_to_string(report.join("junit.xml")).unwrap();
    assert_eq!(junit.matches("<skipped message=\"the run was interrupted before its end\"").count(), left);
}

#[test]
fn an_interrupted_detach_takes_its_background_process_along() {
    let desk = Desk::new();
    let child = desk.command(&["lab", "up", "--detach"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let run_file = desk.state().join("main/run-id");
    wait_for("the seat is taken", || run_file.exists());
    let run_id = desk.run_id().unwrap();
    signal(child.id(), "INT");
    let said = end_of(child);
    assert_eq!(said.code, Some(130), "{}", said.err);
    desk.assert_nothing_left(&run_id);
}
