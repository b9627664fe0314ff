//! Replicas, Redis and restarts: what a portal forgets, what it keeps, and that a reset leaves no trace of it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lab::Kind;
use lab::acts::{Act, Store};
use lab::browser::{Place, SignOut};
use lab::faults::Change;
use lab::tap::BROWSER_HEADER;
use lab_trace::{CellState, EventKind, PortalEntry};
use realm::User;
use tokio::time::timeout;
use url::Url;

use crate::faults::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn replicas_stores_and_restarts() {
    let mut stage = Stage::start().await;
    let run_id = stage.run_id();
    let folder = stage.folder();
    in_memory_the_other_replica_is_not_told(&stage).await;
    in_redis_both_know(&stage).await;
    redis_goes_away_comes_back_and_is_emptied(&stage).await;
    a_restart_keeps_what_is_in_redis_and_the_faults(&stage).await;
    what_makes_no_sense_is_refused(&stage).await;
    a_reset_puts_everything_back_in_whatever_state_it_is(&stage).await;
    keycloak_comes_back_with_its_sessions(&mut stage).await;

    // With everything on that has to be cleaned up.
    host(&stage, "internal", 2, Store::Redis).await;
    host(&stage, "admin", 1, Store::Redis).await;
    assert_eq!(redis_servers(&folder).len(), 1);
    stage.stop().await;
    assert_eq!(lab::keycloak::process::sweep(&run_id).await.unwrap(), Vec::<String>::new());
    assert_eq!(redis_servers(&folder), Vec::<PathBuf>::new());
}

async fn in_memory_the_other_replica_is_not_told(stage: &Stage) {
    stage.lab.reset().await.unwrap();
    host(stage, "internal", 2, Store::Memory).await;
    let begun = stage.lab.mark().await.unwrap();
    let (mut john, mut mary) = (stage.person("john", User::John), stage.person("mary", User::Mary));
    john.sign_in("internal").await.unwrap();
    mary.sign_in("internal").await.unwrap();
    for person in [&john, &mary] {
        assert_eq!(stage.cell(person, "internal").await, CellState::In, "{}'s probe finds the replica", person.name());
    }
    // Keycloak's token always arrives at the last replica: that is mary's and not john's.
    for person in [&mut john, &mut mary] {
        person.sign_in("admin").await.unwrap();
        person.sign_out("admin", SignOut::AtPortal).await.unwrap();
    }
    assert_eq!(stage.cell(&john, "internal").await, CellState::Zombie);
    assert_eq!(stage.cell(&mary, "internal").await, CellState::Out);
    assert!(matches!(john.open("internal").await.unwrap().place, Place::SignedIn { .. }));

    let written = entries(stage, begun).await;
    let steps = |number: &str| -> Vec<&str> {
        let of = |entry: &&PortalEntry| entry.portal == "internal" && replica(entry).as_deref() == Some(number);
        written.iter().filter(of).map(|entry| entry.step.as_str()).collect()
    };
    assert!(steps("1").contains(&"session-opened") && steps("2").contains(&"session-opened"), "{written:?}");
    assert!(steps("1").iter().all(|step| !step.contains("logout-token")), "{:?}", steps("1"));
    assert_eq!(steps("2").iter().filter(|step| step.contains("logout-token")).count(), 2, "{:?}", steps("2"));
    let admin = written.iter().find(|entry| entry.portal == "admin").unwrap();
    assert_eq!(replica(admin), None, "where there is one, it has no number");
}

async fn in_redis_both_know(stage: &Stage) {
    stage.lab.reset().await.unwrap();
    host(stage, "internal", 2, Store::Redis).await;
    let (mut john, mut mary) = (stage.person("john", User::John), stage.person("mary", User::Mary));
    for person in [&mut john, &mut mary] {
        person.sign_in("internal").await.unwrap();
        person.sign_in("admin").await.unwrap();
    }
    john.sign_out("admin", SignOut::AtPortal).await.unwrap();
    assert_eq!(stage.cell(&john, "internal").await, CellState::Out);
    assert_eq!(stage.cell(&mary, "internal").await, CellState::In);
}

async fn redis_goes_away_comes_back_and_is_emptied(stage: &Stage) {
    let mut mary = stage.person("mary-2", User::Mary);
    mary.sign_in("internal").await.unwrap();
    stage.lab.act(&Act::StopRedis).await.unwrap();
    stage.lab.act(&Act::StopRedis).await.unwrap();
    assert_eq!(stage.cell(&mary, "internal").await, CellState::Unknown, "neither in nor out");
    let seen = mary.open("internal").await.unwrap();
    assert_eq!(seen.place, Place::PortalError("internal".to_owned()), "never signed in");
    let me: Url = (stage.portal("internal") + "api/me").parse().unwrap();
    let cookies = mary.loot().cookies(&me).unwrap();
    let asked = stage.http.get(me).header("cookie", cookies).header(BROWSER_HEADER, "mary-2").send();
    assert_eq!(asked.await.unwrap().status(), 503);
    let refused = stage.lab.act(&Act::EmptyRedis).await.unwrap_err();
    assert_eq!((refused.kind, refused.what.as_str()), (Kind::State, "Redis is stopped, so it cannot be emptied"));
    // A portal may be hosted while its store is away.
    host(stage, "admin", 1, Store::Redis).await;

    stage.lab.act(&Act::StartRedis).await.unwrap();
    stage.lab.act(&Act::StartRedis).await.unwrap();
    assert_eq!(stage.cell(&mary, "internal").await, CellState::In, "a stop and a start lose no session");
    stage.lab.act(&Act::EmptyRedis).await.unwrap();
    assert_eq!(stage.cell(&mary, "internal").await, CellState::Out);
    assert_eq!(mary.open("internal").await.unwrap().place, Place::SignInCard("internal".to_owned()));
    mary.sign_in("internal").await.unwrap();
    assert_eq!(stage.cell(&mary, "internal").await, CellState::In);
}

async fn a_restart_keeps_what_is_in_redis_and_the_faults(stage: &Stage) {
    stage.lab.reset().await.unwrap();
    stage.on("p21b-health-tells").await;
    let restart = Act::RestartPortal { portal: "internal".to_owned() };
    let mut john = stage.person("john", User::John);
    let mut mary = stage.person("mary", User::Mary);
    john.sign_in("internal").await.unwrap();
    stage.lab.act(&restart).await.unwrap();
    assert_eq!(stage.cell(&john, "internal").await, CellState::Out, "what was in memory is gone");
    assert_eq!(stage.lab.status().await.unwrap().faults, ["p21b-health-tells"]);

    host(stage, "internal", 2, Store::Redis).await;
    john.sign_in("internal").await.unwrap();
    mary.sign_in("internal").await.unwrap();
    stage.lab.act(&restart).await.unwrap();
    for person in [&john, &mary] {
        assert_eq!(stage.cell(person, "internal").await, CellState::In, "what is in Redis is there");
    }
    for name in ["john", "mary"] {
        assert!(tells(stage, name).await, "{name}: a restart mends no fault");
    }
    let off = Change { on: Vec::new(), off: vec!["p21b-health-tells".to_owned()] };
    stage.lab.switch_faults(&off).await.unwrap();
    for name in ["john", "mary"] {
        assert!(!tells(stage, name).await, "{name}: switching reaches every replica");
    }
}

async fn what_makes_no_sense_is_refused(stage: &Stage) {
    stage.lab.reset().await.unwrap();
    for replicas in [0, 3] {
        let act = Act::Host { portal: "internal".to_owned(), replicas, store: Store::Memory };
        assert_eq!(stage.lab.act(&act).await.unwrap_err().kind, Kind::Usage);
    }
    let act = Act::Host { portal: "printer".to_owned(), replicas: 1, store: Store::Memory };
    assert!(stage.lab.act(&act).await.unwrap_err().what.contains("printer"));
    for act in [Act::StopRedis, Act::EmptyRedis] {
        let refused = stage.lab.act(&act).await.unwrap_err();
        assert_eq!((refused.kind, refused.what.as_str()), (Kind::State, "this lab has no Redis at the moment"));
    }
}

async fn a_reset_puts_everything_back_in_whatever_state_it_is(stage: &Stage) {
    for stopped in [false, true] {
        host(stage, "internal", 2, Store::Redis).await;
        host(stage, "admin", 2, Store::Memory).await;
        let mut john = stage.person("john", User::John);
        john.sign_in("internal").await.unwrap();
        stage.lab.act(&Act::MoveClocks { seconds: 60 }).await.unwrap();
        if stopped {
            stage.lab.act(&Act::StopRedis).await.unwrap();
        }
        stage.lab.reset().await.unwrap();
        assert_eq!(redis_servers(&stage.folder()), Vec::<PathBuf>::new(), "it is ended");
        assert_eq!(stage.cell(&john, "internal").await, CellState::Out);
        let begun = stage.lab.mark().await.unwrap();
        let mut john = stage.person("john", User::John);
        let mut mary = stage.person("mary", User::Mary);
        for person in [&mut john, &mut mary] {
            person.sign_in("internal").await.unwrap();
            person.sign_in("admin").await.unwrap();
        }
        john.sign_out("admin", SignOut::AtPortal).await.unwrap();
        assert_eq!(stage.cell(&john, "internal").await, CellState::Out, "one replica, which was told");
        assert!(entries(stage, begun).await.iter().all(|entry| replica(entry).is_none()));
    }
    // The next one is another one: nothing of the first is in it.
    host(stage, "internal", 1, Store::Redis).await;
    assert_eq!(redis_servers(&stage.folder()).len(), 1);
    stage.lab.reset().await.unwrap();
}

async fn keycloak_comes_back_with_its_sessions(stage: &mut Stage) {
    stage.lab.reset().await.unwrap();
    let mut john = stage.person("john", User::John);
    john.sign_in("internal").await.unwrap();
    let sid = john.loot().sid().unwrap().to_owned();
    let before = stage.lab.topology().await.unwrap();
    for _ in 0..2 {
        let lab = stage.lab.clone();
        tokio::select! {
            ended = stage.running.ended() => panic!("a restart is no end: {ended:?}"),
            restarted = lab.act(&Act::RestartKeycloak) => restarted.unwrap(),
        }
        assert_eq!(stage.lab.topology().await.unwrap(), before);
        assert_eq!(stage.lab.sso_sessions("john.employee").await.unwrap(), [sid.as_str()], "its session is there");
        assert_eq!(stage.cell(&john, "internal").await, CellState::In);
        // Nearly at the end of the access token, so that the next page has to refresh it.
        stage.lab.act(&Act::MoveClocks { seconds: 290 }).await.unwrap();
        let begun = stage.lab.mark().await.unwrap();
        assert!(matches!(john.open("internal").await.unwrap().place, Place::SignedIn { .. }));
        let asked = stage.exchanges(begun).await;
        let refreshed = asked.iter().any(|asked| asked.path.ends_with("/token") && asked.status() == Some(200));
        assert!(refreshed, "the refresh token of before is taken");
    }
    let still_up = timeout(Duration::from_millis(100), stage.running.ended()).await;
    assert!(still_up.is_err(), "{still_up:?}");
    let seen = john.sign_in("admin").await.unwrap();
    assert!(!seen.asked_for_password, "the single sign-on goes on: {}", seen.place);
}

async fn host(stage: &Stage, portal: &str, replicas: u8, store: Store) {
    stage.lab.act(&Act::Host { portal: portal.to_owned(), replicas, store }).await.unwrap();
}

/// Whether the replica of a browser tells everybody how many people are signed in.
async fn tells(stage: &Stage, browser: &str) -> bool {
    let asked = stage.http.get(stage.portal("internal") + "health").header(BROWSER_HEADER, browser).send();
    asked.await.unwrap().text().await.unwrap().contains("signed_in")
}

/// Working folders of the lab's Redis servers. The servers themselves carry no mark: they write over their environment.
fn redis_servers(lab: &Path) -> Vec<PathBuf> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let folders = processes.filter_map(|process| std::fs::read_link(process.path().join("cwd")).ok());
    folders.filter(|folder| folder.starts_with(lab) && folder.to_string_lossy().contains("redis")).collect()
}

async fn entries(stage: &Stage, after: u64) -> Vec<PortalEntry> {
    let events = stage.lab.events_since(after).await.unwrap();
    let entry = |kind| match kind {
        EventKind::Portal(entry) => Some(entry),
        _ => None,
    };
    events.into_iter().filter_map(|event| entry(event.kind)).collect()
}

fn replica(entry: &PortalEntry) -> Option<String> {
    entry.detail.iter().find(|param| param.name == "replica").and_then(|param| param.value.text().map(str::to_owned))
}
