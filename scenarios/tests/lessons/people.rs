//! What the lessons do not show: sign-outs at the other portals, wrong passwords, lessons that fail.

use std::sync::Arc;

use lab::Kind;
use lab::browser::probe::Prober;
use lab::browser::{Person, Place, SignOut};
use lab::control::client::LabClient;
use lab::control::messages::Topology;
use lab_trace::CellState;
use scenarios::{parse, runner, transcript};

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn people_can_do_more_than_the_lessons_ask_of_them() {
    let stage = Stage::start().await;
    let lab = stage.client();
    let topology = Arc::new(lab.topology().await.unwrap());
    for portal in ["internal", "external", "admin"] {
        a_sign_out_at_any_portal_ends_all_sessions(&lab, &topology, portal).await;
    }
    a_wrong_password_stays_at_the_form_and_opens_nothing(&lab, &topology).await;
    a_role_that_is_missing_is_a_refusal_and_a_session(&lab, &topology).await;
    two_people_do_not_share_a_session(&lab, &topology).await;
    a_wrong_expectation_fails_with_its_proof(&lab).await;
    a_lesson_for_another_keycloak_is_not_played(&lab).await;
    stage.stop().await;
}

fn person(topology: &Arc<Topology>, user: realm::User) -> Person {
    let name = user.username().split('.').next().unwrap();
    Person::new(topology.clone(), name, user.username(), user.password())
}

async fn states(lab: &LabClient, topology: &Topology, person: &Person) -> Vec<CellState> {
    let matrix = Prober::new(lab.clone()).matrix(topology, &[(person.user().to_owned(), person.loot())]).await.unwrap();
    matrix.rows[0].cells.iter().map(|cell| cell.state).collect()
}

async fn a_sign_out_at_any_portal_ends_all_sessions(lab: &LabClient, topology: &Arc<Topology>, at: &str) {
    lab.reset().await.unwrap();
    let mut john = person(topology, realm::User::John);
    for portal in ["internal", "external", "admin"] {
        let seen = john.sign_in(portal).await.unwrap();
        let user = "john.employee".to_owned();
        assert_eq!(seen.place, Place::SignedIn { portal: portal.to_owned(), user }, "{seen:?}");
        assert_eq!(seen.asked_for_password, portal == "internal");
    }
    assert_eq!(states(lab, topology, &john).await, [CellState::In; 4]);
    let stolen = john.loot();
    let seen = john.sign_out(at, SignOut::AtPortal).await.unwrap();
    let expected = if at == "admin" { Place::SignedOutPage(at.to_owned()) } else { Place::SignInCard(at.to_owned()) };
    assert_eq!(seen.place, expected, "{seen:?}");
    assert_eq!(states(lab, topology, &john).await, [CellState::Out; 4], "signed out at {at}");
    for cell in Prober::new(lab.clone()).old_logins(topology, &stolen).await {
        assert_eq!(cell.state, CellState::Out, "signed out at {at}, old login at {}: {}", cell.of, cell.evidence);
    }
}

async fn a_wrong_password_stays_at_the_form_and_opens_nothing(lab: &LabClient, topology: &Arc<Topology>) {
    lab.reset().await.unwrap();
    let mut john = Person::new(topology.clone(), "john", "john.employee", "wrong");
    let seen = john.sign_in("admin").await.unwrap();
    assert!(matches!(&seen.place, Place::LoginForm(Some(text)) if text.contains("Invalid")), "{seen:?}");
    assert_eq!(states(lab, topology, &john).await, [CellState::Out; 4]);
}

async fn a_role_that_is_missing_is_a_refusal_and_a_session(lab: &LabClient, topology: &Arc<Topology>) {
    lab.reset().await.unwrap();
    let mut pat = person(topology, realm::User::Pat);
    let seen = pat.sign_in("internal").await.unwrap();
    assert_eq!(seen.place, Place::Forbidden { portal: "internal".to_owned() }, "{seen:?}");
    let seen = pat.sign_in("external").await.unwrap();
    assert_eq!(seen.place.to_string(), "the external portal, signed in as pat.partner");
    let states = states(lab, topology, &pat).await;
    assert_eq!(states, [CellState::In, CellState::In, CellState::In, CellState::Out]);
}

async fn two_people_do_not_share_a_session(lab: &LabClient, topology: &Arc<Topology>) {
    lab.reset().await.unwrap();
    let (mut john, mut mary) = (person(topology, realm::User::John), person(topology, realm::User::Mary));
    john.sign_in("internal").await.unwrap();
    let seen = mary.sign_in("internal").await.unwrap();
    assert!(seen.asked_for_password, "{seen:?}");
    john.sign_out("internal", SignOut::AtPortal).await.unwrap();
    assert_eq!(states(lab, topology, &john).await[..2], [CellState::Out; 2]);
    assert_eq!(states(lab, topology, &mary).await[..2], [CellState::In; 2]);
}

const HEAD: &str = "---
id: wrong
title: A lesson that expects the wrong thing
topic: login
minutes: 1
level: 1
objectives: [none]
spec: [Core-3.1.2.1]
drivers: [http]
keycloak: '>=26.2'
---
```steps
- who: john
  signs-in-at: internal
  expect: { code-exchanged-by: browser, matrix: { john: { internal: out } } }
```
";

async fn a_wrong_expectation_fails_with_its_proof(lab: &LabClient) {
    let lesson = parse::parse("login/wrong.md", HEAD).unwrap();
    let run = runner::run(&lesson, lab).await.unwrap();
    let text = transcript::render(&run);
    let checks = &run.steps[0].checks;
    let by_server = checks[0].failure.as_ref().unwrap_or_else(|| panic!("{text}"));
    assert_eq!(by_server.seen, "a token request by internal");
    let proof = run.steps[0].exchanges.iter().find(|one| Some(one.number) == by_server.proof).unwrap();
    assert!(proof.exchange.path.ends_with("/token"), "{text}");
    let still_in = checks[1].failure.as_ref().unwrap_or_else(|| panic!("{text}"));
    assert_eq!(still_in.seen, "internal in (GET /api/me: 200)");
}

async fn a_lesson_for_another_keycloak_is_not_played(lab: &LabClient) {
    let text = HEAD.replace(">=26.2", ">=99");
    let trouble = runner::run(&parse::parse("login/wrong.md", &text).unwrap(), lab).await.err().unwrap();
    assert_eq!(trouble.kind, Kind::State);
    assert!(trouble.what.contains(">=99"), "{trouble}");
}
