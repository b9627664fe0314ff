use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use url::Url;

use super::{Found, Slot, archive, database, distribution, training};
use crate::keycloak::java::Java;
use crate::keycloak::{Credentials, Launch, versions};
use crate::progress::Silent;

fn launch(cache: &Path) -> Launch {
    Launch {
        version: versions::DEFAULT.to_owned(),
        realm: realm::Realm::shipped(),
        public_url: Url::parse("http://localhost:8080").unwrap(),
        admin: Credentials { username: "admin".to_owned(), password: "of this run".to_owned() },
        run_id: "run".to_owned(),
        run_dir: cache.join("run"),
        log_file: cache.join("log"),
        cache: cache.to_owned(),
        deadline: Duration::from_secs(1),
        progress: Arc::new(Silent),
    }
}

fn java() -> Java {
    Java { binary: PathBuf::from("/java"), major: 25, identity: "one".to_owned() }
}

fn slot(cache: &TempDir) -> Slot {
    Slot::of(&launch(cache.path()), &java(), "as published")
}

/// Fills a slot in the shape of a real one, small.
fn fill(folder: &Path) {
    let home = distribution(folder);
    for file in ["bin/kc.sh", "lib/lib/main.jar", "lib/quarkus/quarkus-application.dat"] {
        std::fs::create_dir_all(home.join(file).parent().unwrap()).unwrap();
        std::fs::write(home.join(file), file).unwrap();
    }
    std::fs::create_dir_all(training(folder)).unwrap();
    std::os::unix::fs::symlink(home.join("lib"), training(folder).join("lib")).unwrap();
    std::fs::write(database(folder), "database").unwrap();
    std::fs::write(archive(folder), vec![7; 5 << 20]).unwrap();
}

fn install(slot: &Slot) {
    let workshop = slot.try_begin().unwrap().expect("nobody else prepares");
    fill(workshop.folder());
    workshop.finish("secret of the cache").unwrap();
}

fn why_damaged(slot: &Slot) -> String {
    match slot.open() {
        Found::Damaged(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_slot_is_absent_then_prepared() {
    let cache = tempfile::tempdir().unwrap();
    let slot = slot(&cache);
    assert!(matches!(slot.open(), Found::Absent));
    install(&slot);
    let Found::Prepared(prepared) = slot.open() else { panic!("not prepared") };
    assert_eq!(prepared.admin_password(), "secret of the cache");
    assert_eq!(std::fs::read_to_string(prepared.database()).unwrap(), "database");
    assert!(prepared.archive().unwrap().is_file());
    let mode = slot.folder.join("manifest.json").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "the manifest holds a password");
}

#[test]
fn every_kind_of_damage_is_found() {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 6] = [
        ("keycloakdb.mv.db", |folder| std::fs::write(database(folder), "databas").unwrap()),
        ("keycloakdb.mv.db", |folder| std::fs::write(database(folder), "databaze").unwrap()),
        ("main.jar", |folder| std::fs::remove_file(distribution(folder).join("lib/lib/main.jar")).unwrap()),
        ("classes.jsa", |folder| std::fs::write(archive(folder), vec![7; 4 << 20]).unwrap()),
        ("classes.jsa", |folder| std::fs::write(archive(folder), vec![0; 5 << 20]).unwrap()),
        ("manifest", |folder| std::fs::write(folder.join("manifest.json"), "{\"format\":").unwrap()),
    ];
    for (named, damage) in damages {
        let cache = tempfile::tempdir().unwrap();
        let slot = slot(&cache);
        install(&slot);
        damage(&slot.folder);
        assert!(why_damaged(&slot).contains(named), "{named}: {}", why_damaged(&slot));
        assert!(slot.remove().unwrap());
        assert!(matches!(slot.open(), Found::Absent));
    }
}

#[test]
fn what_a_running_lab_uses_is_neither_removed_nor_replaced() {
    let cache = tempfile::tempdir().unwrap();
    let slot = slot(&cache);
    install(&slot);
    let Found::Prepared(held) = slot.open() else { panic!("not prepared") };
    let Found::Prepared(also_held) = slot.open() else { panic!("two labs may use it") };
    std::fs::write(database(&slot.folder), "damaged").unwrap();
    assert!(!slot.remove().unwrap());
    assert!(slot.try_begin().unwrap().is_none());
    assert!(held.database().is_file());
    drop((held, also_held));
    assert!(slot.try_begin().unwrap().is_some());
}

#[test]
fn only_one_prepares_and_nobody_starts_from_unfinished_work() {
    let cache = tempfile::tempdir().unwrap();
    let slot = slot(&cache);
    let mine = slot.try_begin().unwrap().expect("nobody else prepares");
    fill(mine.folder());
    assert!(slot.try_begin().unwrap().is_none());
    assert!(matches!(slot.open(), Found::Absent));
    drop(mine);
    assert!(!slot.folder.exists(), "what is given up is removed");

    // A process that was killed removes nothing; its lock is gone.
    std::fs::create_dir_all(&slot.folder).unwrap();
    fill(&slot.folder);
    assert!(why_damaged(&slot).contains("manifest"));
    let again = slot.try_begin().unwrap().expect("the right comes back");
    assert_eq!(std::fs::read_dir(again.folder()).unwrap().count(), 0);
}

#[test]
fn what_is_prepared_is_not_prepared_again() {
    let cache = tempfile::tempdir().unwrap();
    let slot = slot(&cache);
    install(&slot);
    assert!(slot.try_begin().unwrap().is_none());
    assert!(matches!(slot.open(), Found::Prepared(_)));
}

#[test]
fn the_slot_depends_on_everything_that_the_prepared_state_depends_on() {
    let cache = tempfile::tempdir().unwrap();
    let base = launch(cache.path());
    let reference = Slot::of(&base, &java(), "as published").folder;
    assert_eq!(Slot::of(&base, &java(), "as published").folder, reference);

    let renamed = realm::SHIPPED.replace("Enterprise SSO lab", "Another lab");
    let others = [
        Slot::of(&Launch { version: "26.2.5".to_owned(), ..base.clone() }, &java(), "as published"),
        Slot::of(&Launch { realm: realm::Realm::parse(&renamed).unwrap(), ..base.clone() }, &java(), "as published"),
        Slot::of(&base, &Java { identity: "two".to_owned(), ..java() }, "as published"),
        Slot::of(&base, &java(), "patched"),
    ];
    for other in others {
        assert_ne!(other.folder, reference);
    }
    // Addresses, passwords and runs do not: they change without another import.
    let moved = Launch { public_url: Url::parse("http://localhost:9").unwrap(), run_id: "other".to_owned(), ..base };
    assert_eq!(Slot::of(&moved, &java(), "as published").folder, reference);
}

#[test]
fn tidying_keeps_the_ones_used_last_and_the_ones_in_use() {
    let cache = tempfile::tempdir().unwrap();
    let slots = ["a", "b", "c", "d"].map(|name| Slot::of(&launch(cache.path()), &java(), name));
    for (age, slot) in (0_u64..).zip(&slots) {
        install(slot);
        let manifest = std::fs::File::options().append(true).open(slot.folder.join("manifest.json")).unwrap();
        manifest.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1000 - age)).unwrap();
    }
    let held = Slot { folder: slots[3].folder.clone() };
    let _lock = held.lock_file().and_then(|file| file.lock_shared().map(|()| file)).unwrap();
    slots[0].tidy(1).unwrap();
    let left = slots.map(|slot| slot.folder.exists());
    assert_eq!(left, [true, true, false, true], "own, used last, oldest but free, in use");
}
