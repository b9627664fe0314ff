use std::fs;

use super::{Folders, Found, Kind, Record, Seat, abandoned, is_gone, is_main_held, look, main_holder};

fn folders() -> (tempfile::TempDir, Folders) {
    let dir = tempfile::tempdir().unwrap();
    let folders = Folders::find(Some(dir.path().join("cache")), Some(dir.path().join("state"))).unwrap();
    (dir, folders)
}

fn record(seat: &Seat) -> Record {
    let control = "http://127.0.0.1:1/".parse().unwrap();
    Record { run_id: seat.run_id.clone(), pid: 1, control, token: "t".to_owned() }
}

#[test]
fn a_seat_is_held_by_one_lab_and_free_again_after_release() {
    let (_dir, folders) = folders();
    let seat = Seat::claim_main(&folders).unwrap();
    assert_eq!(Seat::claim_main(&folders).unwrap_err().kind, Kind::State);
    assert!(matches!(look(&folders), Found::Busy { pid: Some(pid) } if pid == std::process::id()));
    seat.publish(&record(&seat)).unwrap();
    assert!(matches!(look(&folders), Found::Running(_)));
    seat.unpublish().unwrap();
    assert!(matches!(look(&folders), Found::Busy { .. }), "it is stopping");
    seat.release().unwrap();
    assert!(matches!(look(&folders), Found::Nothing));
    Seat::claim_main(&folders).unwrap();
}

#[tokio::test]
async fn a_lab_that_takes_its_record_back_a_moment_later_is_gone_and_one_that_stays_is_not() {
    let (_dir, folders) = folders();
    let seat = Seat::claim_main(&folders).unwrap();
    let record = record(&seat);
    seat.publish(&record).unwrap();
    assert!(!is_gone(&folders, &record).await, "it is there");
    let (gone, ()) = tokio::join!(is_gone(&folders, &record), async { seat.unpublish().unwrap() });
    assert!(gone, "it is stopping");
    let next = Record { run_id: "next".to_owned(), ..record.clone() };
    seat.publish(&next).unwrap();
    assert!(is_gone(&folders, &record).await, "another one has its place");
}

#[test]
fn a_killed_lab_is_found_by_its_free_lock_and_its_files() {
    let (_dir, folders) = folders();
    let seat = Seat::claim_main(&folders).unwrap();
    seat.publish(&record(&seat)).unwrap();
    let run_id = seat.run_id.clone();
    drop(seat); // what the system does for a killed process: the lock goes, the files stay
    assert!(matches!(look(&folders), Found::Leftovers));
    let found = abandoned(&folders);
    assert_eq!(found.iter().map(|seat| seat.run_id.clone()).collect::<Vec<_>>(), [run_id]);
    for seat in found {
        seat.release().unwrap();
    }
    assert!(matches!(look(&folders), Found::Nothing));
    assert!(abandoned(&folders).is_empty());
}

#[test]
fn an_empty_run_id_marks_nothing_and_is_cleaned_up() {
    let (_dir, folders) = folders();
    let seat = Seat::claim_main(&folders).unwrap();
    fs::write(seat.dir.join("run-id"), "").unwrap();
    drop(seat);
    let found = abandoned(&folders);
    assert_eq!(found.iter().map(|seat| seat.run_id.as_str()).collect::<Vec<_>>(), ["none"]);
    for seat in found {
        seat.release().unwrap();
    }
    assert!(matches!(look(&folders), Found::Nothing));
}

#[test]
fn a_lab_that_is_just_taking_its_own_seat_is_left_alone_and_one_killed_there_is_cleaned_up() {
    let (_dir, folders) = folders();
    let dir = folders.state.join("own/0badcafe");
    fs::create_dir_all(&dir).unwrap();
    assert!(abandoned(&folders).is_empty(), "the folder is made, the lock not yet taken");
    assert!(!dir.join("lock").exists(), "looking takes no lock that the lab needs in a moment");
    let past = std::time::SystemTime::UNIX_EPOCH;
    fs::File::open(&dir).unwrap().set_modified(past).unwrap();
    let found = abandoned(&folders);
    assert_eq!(found.iter().map(|seat| seat.run_id.as_str()).collect::<Vec<_>>(), ["none"]);
    for seat in found {
        seat.release().unwrap();
    }
    assert!(!dir.exists());
}

#[test]
fn a_clean_main_seat_is_not_locked_by_looking_for_leftovers() {
    let (_dir, folders) = folders();
    Seat::claim_main(&folders).unwrap().release().unwrap();
    fs::remove_file(folders.state.join("main/lock")).unwrap();
    assert!(abandoned(&folders).is_empty());
    assert!(!folders.state.join("main/lock").exists());
}

#[test]
fn a_seat_that_cannot_be_written_leaves_no_trace_of_a_run() {
    let (_dir, folders) = folders();
    let run_id = folders.state.join("main/run-id");
    fs::create_dir_all(&run_id).unwrap(); // a folder where the file should be: writing fails
    assert_eq!(Seat::claim_main(&folders).unwrap_err().kind, Kind::Environment);
    assert!(!folders.state.join("main/run").exists());
}

#[test]
fn a_living_lab_is_never_taken_for_abandoned() {
    let (_dir, folders) = folders();
    let main = Seat::claim_main(&folders).unwrap();
    let own = Seat::claim_own(&folders).unwrap();
    assert!(abandoned(&folders).is_empty());
    let own_dir = own.dir.clone();
    drop((main, own));
    assert_eq!(abandoned(&folders).len(), 2);
    assert!(own_dir.exists());
}

#[test]
fn only_a_process_that_runs_this_program_is_taken_for_the_holder() {
    let (_dir, folders) = folders();
    assert_eq!(main_holder(&folders), None, "nobody");
    let seat = Seat::claim_main(&folders).unwrap();
    assert_eq!(main_holder(&folders), Some(std::process::id()));
    let mut stranger = std::process::Command::new("sleep").arg("30").spawn().unwrap();
    fs::write(seat.dir.join("lock"), stranger.id().to_string()).unwrap();
    assert_eq!(main_holder(&folders), None, "a stranger's number");
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(main_holder(&folders), None, "a number of nobody");
}

#[test]
fn a_seat_that_another_process_has_taken_over_is_not_held_by_the_first() {
    let (_dir, folders) = folders();
    let own = Some(std::process::id());
    assert!(!is_main_held(&folders, None));
    let seat = Seat::claim_main(&folders).unwrap();
    assert!(is_main_held(&folders, None) && is_main_held(&folders, own));
    fs::write(seat.dir.join("lock"), "1").unwrap(); // what the next lab writes there
    assert!(is_main_held(&folders, None) && !is_main_held(&folders, own));
}

#[test]
fn who_takes_the_seat_removes_the_record_of_a_killed_lab() {
    let (_dir, folders) = folders();
    let seat = Seat::claim_main(&folders).unwrap();
    seat.publish(&record(&seat)).unwrap();
    drop(seat);
    let _next = Seat::claim_main(&folders).unwrap();
    assert!(matches!(look(&folders), Found::Busy { .. }));
}

#[test]
fn a_file_where_the_state_folder_should_be_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let state = dir.path().join("state");
    fs::create_dir_all(&state).unwrap();
    fs::write(state.join("main"), "").unwrap();
    for wrong in [file.clone(), file.join("below"), state] {
        let trouble = Folders::find(Some(dir.path().into()), Some(wrong)).unwrap_err();
        assert_eq!(trouble.kind, Kind::Environment);
        assert!(trouble.what.contains("is no folder") && trouble.action.contains("SSO_LAB_STATE"), "{trouble}");
    }
}

#[cfg(unix)]
#[test]
fn the_folders_of_a_run_are_closed_to_others_also_where_they_were_open_before() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, folders) = folders();
    let old = folders.state.join("main/logs");
    fs::create_dir_all(&old).unwrap();
    fs::set_permissions(&old, fs::Permissions::from_mode(0o755)).unwrap();
    for seat in [Seat::claim_main(&folders).unwrap(), Seat::claim_own(&folders).unwrap()] {
        for folder in [seat.dir.clone(), seat.dir.join("logs"), seat.run_dir()] {
            let mode = fs::metadata(&folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn the_file_with_the_token_is_readable_by_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (_dir, folders) = folders();
    let seat = Seat::claim_main(&folders).unwrap();
    seat.publish(&record(&seat)).unwrap();
    let mode = fs::metadata(seat.dir.join("lab.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}
