//! The stream that every open page reads: first what is kept, then what happens, and the matrix whenever it was looked at.
//!
//! A page reads from what the recorder keeps, at its own pace: nobody waits for it. What it is too slow for is dropped with the
//! oldest, and it is told how many that were. The id of a line is its position in the order in which events were kept, with the
//! run: a browser that comes back names the last one and goes on behind it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use futures_util::{Stream, StreamExt as _, stream};
use serde::Serialize;
use tokio::sync::watch;

use super::Console;
use super::item::{Item, is_shown};
use super::lessons::Scene;
use super::look::Looked;

/// Lines that a new page is given from before it came.
const HISTORY: usize = 10_000;
/// Events that are taken out of the record at once; while they are, nobody can write there.
const BATCH: usize = 200;
const ALIVE: Duration = Duration::from_secs(15);

pub(super) async fn live(
    State(console): State<Console>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let stop = console.stop.clone().cancelled_owned();
    let viewer = Viewer::new(console, last);
    let lines = stream::unfold(viewer, |mut viewer| async { Some((viewer.next().await?, viewer)) });
    // A stream that went on would keep the lab from stopping.
    Sse::new(lines.map(Ok).take_until(stop)).keep_alive(KeepAlive::new().interval(ALIVE))
}

/// One open page.
struct Viewer {
    console: Console,
    /// Everything up to here was sent.
    position: u64,
    ready: VecDeque<Sent>,
    newest: watch::Receiver<u64>,
    matrix: watch::Receiver<Arc<Looked>>,
    /// The open lesson, where this lab has lessons.
    scene: Option<watch::Receiver<Option<Arc<Scene>>>>,
    caught_up: bool,
    _present: Present,
}

/// Counts a page as long as it is open.
struct Present(watch::Sender<usize>);

#[derive(Serialize)]
struct Hello<'a> {
    run: &'a str,
    started_at_ms: i64,
    portals: Vec<&'a str>,
}

#[derive(Serialize)]
struct Missed {
    missed: u64,
}

impl Viewer {
    fn new(console: Console, last: Option<&str>) -> Self {
        let recorder = &console.shown.recorder;
        let resumed = last.and_then(|id| position_of(id, &console.run));
        let position = resumed.unwrap_or_else(|| recorder.position_before(HISTORY, is_shown));
        let (newest, mut matrix) = (recorder.newest(), console.matrix.subscribe());
        let hello = Hello {
            run: &console.run,
            started_at_ms: recorder.started_at().as_millisecond(),
            portals: console.shown.topology.portals.iter().map(|portal| portal.name.as_str()).collect(),
        };
        let known = sent("matrix", None, &*matrix.borrow_and_update().clone());
        let mut scene = console.shown.lessons.as_ref().map(|lessons| lessons.scene());
        let mut ready = VecDeque::from([sent("hello", None, &hello), known]);
        ready.extend(scene.as_mut().map(|scene| sent("lesson", None, &*scene.borrow_and_update())));
        let present = Present::new(&console.viewers);
        Self { position, ready, newest, matrix, scene, caught_up: false, _present: present, console }
    }

    /// What the page is sent next; `None` when there will be nothing more.
    async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            if self.read() {
                continue;
            }
            if !std::mem::replace(&mut self.caught_up, true) {
                return Some(sent("caught-up", None, &()));
            }
            tokio::select! {
                changed = self.newest.changed() => changed.ok()?,
                changed = self.matrix.changed() => {
                    changed.ok()?;
                    let looked = self.matrix.borrow_and_update().clone();
                    return Some(sent("matrix", None, &*looked));
                }
                scene = changed(&mut self.scene) => return Some(sent("lesson", None, &scene)),
            }
        }
    }

    /// Takes the next events out of the record; `false` when there is none.
    fn read(&mut self) -> bool {
        // Before reading, or what comes between would not wake anybody.
        self.newest.mark_unchanged();
        let batch = self.console.shown.recorder.kept_behind(self.position, BATCH);
        let Some(first) = batch.first() else { return false };
        let missed = first.position - self.position - 1;
        if missed > 0 {
            self.ready.push_back(sent("missed", None, &Missed { missed }));
        }
        let shown = &self.console.shown;
        for kept in &batch {
            self.position = kept.position;
            if let Some(item) = Item::of(kept.position, &kept.event, &shown.topology, &shown.ledger) {
                let id = format!("{}-{}", self.console.run, kept.position);
                self.ready.push_back(sent("item", Some(id), &item));
            }
        }
        true
    }
}

impl Present {
    fn new(viewers: &watch::Sender<usize>) -> Self {
        viewers.send_modify(|count| *count += 1);
        Self(viewers.clone())
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// The open lesson when it has changed; never where there are no lessons.
async fn changed(scene: &mut Option<watch::Receiver<Option<Arc<Scene>>>>) -> Option<Arc<Scene>> {
    if let Some(scene) = scene
        && scene.changed().await.is_ok()
    {
        return scene.borrow_and_update().clone();
    }
    std::future::pending().await
}

fn sent(name: &str, id: Option<String>, data: &impl Serialize) -> Sent {
    let event = Sent::default().event(name);
    let event = id.into_iter().fold(event, Sent::id);
    event.json_data(data).unwrap_or_else(|error| {
        tracing::error!(%error, name, "an event of the console cannot be written");
        Sent::default().comment("left out")
    })
}

/// The position in an id of this run; those of another run mean nothing.
fn position_of(id: &str, run: &str) -> Option<u64> {
    id.strip_prefix(run)?.strip_prefix('-')?.parse().ok()
}

#[cfg(test)]
mod tests;
