//! The session matrix of everybody whose sign-in passed a tap: asked, not inferred, and only while somebody looks at it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use lab_trace::matrix::SSO;
use lab_trace::{Cell, CellState, EventKind, Matrix};
use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::item::is_shown;
use super::ledger::{Told, Wanted};
use super::{Console, Shown};
use crate::browser::probe::Prober;
use crate::control::client::LabClient;
use crate::control::messages::Topology;

/// Calm after the last exchange, before it is worth looking: a sign-out is many of them.
const QUIET: Duration = Duration::from_millis(300);
/// From one look to the next, also where it is never quiet.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest that a look waits for calm.
const LATEST: Duration = Duration::from_secs(6);
/// When nothing happens: what merely expires tells nobody.
const EXPIRY: Duration = Duration::from_secs(15);
/// Rows that are asked at the same time.
const AT_ONCE: usize = 4;
/// Looks that have to find a session gone everywhere, before it is left alone.
const SURE: u8 = 2;

/// What the last look found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Looked {
    pub(super) at_us: u64,
    pub(super) rows: Vec<Row>,
}

/// One session at Keycloak.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Row {
    sid: String,
    user: String,
    browser: Option<String>,
    /// Whether Keycloak has ended it.
    ended: bool,
    cells: Vec<Cell>,
}

impl Looked {
    /// What a recording says.
    pub(super) fn recorded(at_us: u64, matrix: &Matrix) -> Self {
        let row = |row: &lab_trace::Row| Row {
            // Whose browser it was is enough: the row is what the lesson found, and not a session to be asked for.
            sid: String::new(),
            user: row.browser.clone(),
            browser: Some(row.browser.clone()),
            ended: false,
            cells: row.cells.clone(),
        };
        Self { at_us, rows: matrix.rows.iter().map(row).collect() }
    }
}

/// A row that was found gone everywhere, and how often. A session does not come back, so it need not be asked for ever.
struct Gone {
    version: u64,
    times: u8,
    row: Row,
}

pub(super) async fn again_and_again(console: Console, lab: LabClient) {
    let prober = Prober::new(lab);
    let mut gone = HashMap::new();
    loop {
        if console.viewers.subscribe().wait_for(|count| *count > 0).await.is_err() {
            return;
        }
        // Bounded: in a class it is never calm.
        let _ = timeout(LATEST, calm(&console)).await;
        let mut seen = *console.shown.recorder.newest().borrow();
        look(&console, &prober, &mut gone).await;
        sleep(PAUSE.saturating_sub(QUIET)).await;
        tokio::select! {
            () = something_happens(&console, &mut seen) => {}
            () = sleep(EXPIRY) => {}
            () = nobody_looks(&console) => {}
        }
    }
}

async fn nobody_looks(console: &Console) {
    // An error would say that the console is gone, and nobody looks then, either.
    let _ = console.viewers.subscribe().wait_for(|count| *count == 0).await;
}

/// Waits until nothing has happened for a moment, and nothing is under way.
///
/// Trap: a look must not change what it looks at. Keycloak 26.7.3 went on taking a token at userinfo after 13 of 25 logouts during
/// which userinfo was asked about it without a pause, while it listed the session no longer; after 0 of 8 without (measured).
async fn calm(console: &Console) {
    let mut seen = *console.shown.recorder.newest().borrow();
    loop {
        while timeout(QUIET, something_happens(console, &mut seen)).await.is_ok() {}
        if console.shown.recorder.settled(Duration::ZERO).await {
            return;
        }
        // What is under way may be something that changes no session. Then it is calm again a moment after it.
        let _ = console.shown.recorder.settled(PAUSE).await;
    }
}

/// Waits for an event that may have changed a session. The lab's own look is none.
async fn something_happens(console: &Console, seen: &mut u64) {
    let recorder = &console.shown.recorder;
    let mut newest = recorder.newest();
    loop {
        newest.mark_unchanged();
        let news = recorder.kept_behind(*seen, usize::MAX);
        *seen = news.last().map_or(*seen, |kept| kept.position);
        let changes = |kind: &EventKind| match kind {
            EventKind::Exchange(_) | EventKind::Lab(_) => true,
            EventKind::Portal(_) => false,
        };
        if news.iter().any(|kept| is_shown(&kept.event) && changes(&kept.event.kind)) || newest.changed().await.is_err()
        {
            return;
        }
    }
}

async fn look(console: &Console, prober: &Prober, gone: &mut HashMap<String, Gone>) {
    let (shown, resets) = (&console.shown, console.shown.ledger.resets());
    let wanted = shown.ledger.wanted();
    gone.retain(|sid, _| wanted.iter().any(|wanted| wanted.sid == *sid));
    let asked: Vec<_> = wanted
        .into_iter()
        .map(|wanted| {
            let known = gone.get(&wanted.sid).filter(|gone| gone.version == wanted.version && gone.times >= SURE);
            found(prober.clone(), shown.clone(), wanted, known.map(|gone| gone.row.clone()))
        })
        .collect();
    let found: Vec<(u64, Row)> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    let mut rows = Vec::new();
    for (version, row) in found {
        if is_gone(&row) {
            let known = gone.get(&row.sid).filter(|known| known.version == version);
            let times = known.map_or(1, |known| known.times.saturating_add(1));
            gone.insert(row.sid.clone(), Gone { version, times, row: row.clone() });
        } else {
            gone.remove(&row.sid);
        }
        rows.push(row);
    }
    // A reset in between has forgotten what was asked for.
    if shown.ledger.resets() == resets {
        console.matrix.send_replace(Arc::new(Looked { at_us: shown.recorder.now_us(), rows }));
    } else {
        console.matrix.send_replace(Arc::default());
    }
}

/// A row, and the version of what it rests on.
async fn found(prober: Prober, shown: Arc<Shown>, wanted: Wanted, known: Option<Row>) -> (u64, Row) {
    let row = match known {
        Some(row) => row,
        None => ask(&prober, &shown.topology, &wanted).await,
    };
    (wanted.version, row)
}

/// Whether it has ended and nobody serves it any more.
fn is_gone(row: &Row) -> bool {
    row.ended && !row.cells.iter().any(|cell| matches!(cell.state, CellState::In | CellState::Zombie))
}

async fn ask(prober: &Prober, topology: &Topology, wanted: &Wanted) -> Row {
    let asked = prober.matrix(topology, &[(wanted.user.clone(), wanted.loot.clone())]).await;
    let cells = match asked {
        Ok(matrix) => matrix.rows.into_iter().flat_map(|row| row.cells).collect(),
        Err(trouble) => unknown(topology, &trouble.what),
    };
    let ended = cells.iter().any(|cell: &Cell| cell.of == SSO && cell.state == CellState::Out);
    let cells = cells.into_iter().map(|cell| honest(cell, ended, topology, wanted)).collect();
    Row { sid: wanted.sid.clone(), user: wanted.user.clone(), browser: wanted.browser.clone(), ended, cells }
}

fn unknown(topology: &Topology, why: &str) -> Vec<Cell> {
    let names = std::iter::once(SSO).chain(topology.portals.iter().map(|portal| portal.name.as_str()));
    names.map(|of| Cell { of: of.to_owned(), state: CellState::Unknown, evidence: why.to_owned() }).collect()
}

/// What a cell may claim. The lab has a person's cookies, but cannot look into their tab.
fn honest(cell: Cell, ended: bool, topology: &Topology, wanted: &Wanted) -> Cell {
    if cell.of == SSO || cell.state != CellState::Out {
        return cell;
    }
    if !wanted.portals.contains(&cell.of) {
        return Cell { evidence: "nobody signed in here with this session".to_owned(), ..cell };
    }
    if cell.of != "external" {
        return cell;
    }
    let (state, evidence) = tab(&cell, ended, topology, &wanted.told);
    Cell { state, evidence, ..cell }
}

/// A tab whose newest token is refused: whether it knows that depends on who has told it.
fn tab(cell: &Cell, ended: bool, topology: &Topology, told: &Told) -> (CellState, String) {
    let refused = &cell.evidence;
    let client = topology.portal(&cell.of).map(|portal| portal.client_id.as_str());
    let loaded = told.front_channel.iter().rev().find(|(portal, _)| *portal == cell.of);
    match loaded {
        Some((_, status)) if (200..300).contains(status) => {
            (CellState::Out, format!("its front-channel page was loaded for this session: {status}; {refused}"))
        }
        _ if told.asked_by.is_some() && told.asked_by.as_deref() == client => {
            (CellState::Out, format!("the tab itself asked Keycloak for this logout; {refused}"))
        }
        Some((_, status)) => {
            (CellState::Unknown, format!("its front-channel page was asked for and answered {status}; {refused}"))
        }
        None if ended => {
            (CellState::Unknown, format!("{refused}, but nobody told the tab, and nobody can look what it shows"))
        }
        None => {
            (CellState::Unknown, format!("{refused}; the tab may fetch another, and nobody can look what it shows"))
        }
    }
}

#[cfg(test)]
mod tests {
    use lab_trace::{Cell, CellState};
    use url::Url;

    use super::{Told, tab};
    use crate::control::messages::{PortalPlace, Topology};
    use crate::keycloak::RuntimeKind;
    use crate::sites::Sites;

    fn state(told: &Told, ended: bool) -> CellState {
        let url: Url = "http://localhost:3002/".parse().unwrap();
        let portal =
            PortalPlace { name: "external".to_owned(), url: url.clone(), client_id: "external-portal".to_owned() };
        let topology = Topology {
            keycloak: url.clone(),
            issuer: url,
            version: String::new(),
            runtime: RuntimeKind::Dist,
            sites: Sites::Same,
            portals: vec![portal],
        };
        let cell = Cell { of: "external".to_owned(), state: CellState::Out, evidence: "userinfo: 401".to_owned() };
        tab(&cell, ended, &topology, told).0
    }

    #[test]
    fn a_tab_counts_as_out_only_where_somebody_has_told_it() {
        let loaded = |status| Told { front_channel: vec![("external".to_owned(), status)], asked_by: None };
        assert_eq!(state(&loaded(200), true), CellState::Out);
        assert_eq!(state(&loaded(502), true), CellState::Unknown);
        let asked = |by: &str| Told { front_channel: Vec::new(), asked_by: Some(by.to_owned()) };
        assert_eq!(state(&asked("external-portal"), true), CellState::Out);
        assert_eq!(state(&asked("admin-dashboard"), true), CellState::Unknown);
        assert_eq!(state(&Told::default(), true), CellState::Unknown);
        assert_eq!(state(&Told::default(), false), CellState::Unknown, "an expired token of a living session");
    }
}
