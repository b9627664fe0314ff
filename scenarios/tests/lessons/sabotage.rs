//! Five breakages, two of them in the harness itself: each has to turn the suite red. What cannot fail proves nothing.

use async_trait::async_trait;
use lab::Trouble;
use lab::browser::probe::Prober;
use lab::browser::{Loot, OldLogins};
use lab::control::client::LabClient;
use lab::control::messages::Topology;
use lab_trace::{CellState, Channel, Event, EventKind, Matrix, Party, Shown};
use scenarios::library::Library;
use scenarios::run::Run;
use scenarios::runner::Probe;
use scenarios::snapshot::{self, Compared};
use scenarios::{Lesson, runner, transcript};

use crate::stage::Stage;

fn lesson(id: &str) -> Lesson {
    Library::shipped().unwrap().lesson(id).unwrap()
}

fn compared(lesson: &Lesson, run: &Run) -> Compared {
    snapshot::check(&Library::shipped().unwrap().file(lesson), run).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_breakages_turn_the_suite_red() {
    let stage = Stage::start().await;
    let lab = stage.client();
    // The three of the portals: nothing is verified, nothing is deleted, the answer is always 200.
    for (fault, id) in [
        ("s4-unverified-token", "forged"),
        ("s7-cookie-lookup", "backchannel-happy"),
        ("s2-lying-200", "second-device"),
    ] {
        let run = runner::run_with(&lesson(id), &lab, &[fault.to_owned()]).await.unwrap();
        assert!(run.failures().count() > 0, "{id} does not notice {fault}");
    }
    a_probe_that_asks_the_portal_is_noticed(&lab).await;
    an_unmasked_value_is_noticed(&lab).await;
    stage.stop().await;
}

/// What a harness would see that believes a portal: whoever answered a logout token with 200 has signed its session out.
struct ByThePortalsWord {
    honest: Prober,
    lab: LabClient,
}

#[async_trait]
impl Probe for ByThePortalsWord {
    async fn matrix(&self, topology: &Topology, browsers: &[(String, Loot)]) -> Result<Matrix, Trouble> {
        let mut matrix = self.honest.matrix(topology, browsers).await?;
        let events = self.lab.events_since(0).await?;
        for (row, (_, loot)) in matrix.rows.iter_mut().zip(browsers) {
            let sid = loot.sid().map(str::to_owned);
            for cell in &mut row.cells {
                if said(&events, &cell.of, sid.as_deref()) {
                    cell.state = CellState::Out;
                }
            }
        }
        Ok(matrix)
    }

    async fn old_logins(&self, topology: &Topology, loot: &Loot) -> OldLogins {
        let mut cells = self.honest.old_logins(topology, loot).await;
        let events = self.lab.events_since(0).await.unwrap();
        for cell in &mut cells {
            if said(&events, &cell.of, loot.sid()) {
                cell.state = CellState::Out;
            }
        }
        cells
    }
}

/// Whether a portal answered 200 to a logout token about this session.
fn said(events: &[Event], portal: &str, sid: Option<&str>) -> bool {
    events.iter().any(|event| {
        let EventKind::Exchange(exchange) = &event.kind else { return false };
        let named = exchange.form_field("logout_token").and_then(|token| token.claim("sid")?.as_str());
        exchange.channel == Channel::BackChannel
            && exchange.callee == Party::App(portal.to_owned())
            && exchange.status() == Some(200)
            && named.is_some()
            && named == sid
    })
}

async fn a_probe_that_asks_the_portal_is_noticed(lab: &LabClient) {
    let lesson = lesson("spa-backchannel-lies");
    let honest = runner::run(&lesson, lab).await.unwrap();
    assert_eq!((honest.failures().count(), compared(&lesson, &honest)), (0, Compared::Same));
    let word = Box::new(ByThePortalsWord { honest: Prober::new(lab.clone()), lab: lab.clone() });
    let believed = runner::run_probed(&lesson, lab, &[], word).await.unwrap();
    let text = transcript::render(&believed);
    assert!(believed.failures().any(|(_, check)| check.name.contains("internal ZOMBIE")), "{text}");
    assert!(matches!(compared(&lesson, &believed), Compared::Different(_)), "{text}");
}

async fn an_unmasked_value_is_noticed(lab: &LabClient) {
    let lesson = lesson("backchannel-happy");
    let honest = runner::run(&lesson, lab).await.unwrap();
    assert_eq!((honest.failures().count(), compared(&lesson, &honest)), (0, Compared::Same));
    let mut unmasked = 0;
    for number in 0..honest.steps.iter().map(|step| step.exchanges.len()).sum() {
        let mut run = runs(&honest);
        let exchange = run.steps.iter_mut().flat_map(|step| &mut step.exchanges).nth(number).unwrap();
        for param in &mut exchange.exchange.query {
            let raw = match &param.value {
                Shown::Plain { .. } => continue,
                Shown::Id { text, .. } => text.clone(),
                Shown::Secret { print, .. } | Shown::Token { print, .. } => print.clone(),
            };
            let shown =
                matches!(param.name.as_str(), "sid" | "session_state" | "state" | "nonce" | "code" | "id_token_hint");
            if shown {
                param.value = Shown::plain(raw);
                unmasked += 1;
                break;
            }
        }
        let untouched = transcript::render(&run) == transcript::render(&honest);
        let same = compared(&lesson, &run) == Compared::Same;
        assert_eq!(same, untouched, "exchange {} stands raw, and the snapshot agrees", number + 1);
    }
    assert!(unmasked > 10, "{unmasked}");
}

/// A copy of what was recorded.
fn runs(run: &Run) -> Run {
    Run {
        id: run.id.clone(),
        title: run.title.clone(),
        topology: run.topology.clone(),
        driver: run.driver,
        faults: run.faults.clone(),
        steps: run.steps.clone(),
        invariants: run.invariants.clone(),
    }
}
