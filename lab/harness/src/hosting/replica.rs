//! One replica of a portal: a portal of its own, on a private port of its own.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use lab_trace::{EventKind, Param, PortalEntry, Shown};
use portals::{Clock, Entry, Portal, Settings};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Ground;
use crate::ports::listen_private;
use crate::recorder::Recorder;
use crate::tap::Masker;
use crate::trouble::{Kind, Trouble};

/// How long an end may take: more than a portal gives to requests under way.
const END: Duration = Duration::from_secs(5);

/// A portal that is served. Dropping it ends it, too, without waiting.
pub(super) struct Replica {
    pub(super) portal: Portal,
    /// Its private address.
    pub(super) upstream: Url,
    stop: CancellationToken,
    serving: JoinHandle<()>,
}

impl Replica {
    /// Makes and serves one. `number` is told with everything it does, where there are several.
    pub(super) async fn start(
        ground: &Ground,
        settings: Settings,
        clock: &Clock,
        log: &Path,
        number: Option<u8>,
    ) -> Result<Self, Trouble> {
        let name = settings.kind.word();
        let listener = listen_private().await?;
        let address = listener.local_addr().map_err(|error| cannot_start(name, "no address").caused_by(error))?;
        let upstream =
            Url::parse(&format!("http://{address}/")).map_err(|error| cannot_start(name, "no URL").caused_by(error))?;
        let portal =
            Portal::new(settings, clock.clone()).map_err(|error| cannot_start(name, "it refuses").caused_by(error))?;
        let log = File::options().create(true).append(true).open(log);
        let log = log.map_err(|error| cannot_start(name, "its log cannot be written").caused_by(error))?;

        let stop = ground.stop.child_token();
        // What it writes down while it ends is still heard, and before it answers.
        let ear = Ear { portal: name, number, masker: ground.masker.clone(), recorder: ground.recorder.clone(), log };
        portal.journal().on_entry(move |entry| ear.hear(entry));
        let serving = {
            let (portal, stop) = (portal.clone(), stop.clone());
            ground.tasks.spawn(async move {
                // Never exposed: the listener is private, and what other computers may reach is the tap.
                if let Err(error) = portals::serve(&portal, listener, stop).await {
                    tracing::error!(%error, "a portal is not served");
                }
            })
        };
        Ok(Self { portal, upstream, stop, serving })
    }

    /// Ends it and waits for that, within bounds.
    pub(super) async fn end(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(END, &mut self.serving).await.is_err() {
            tracing::warn!("a replica of a portal did not end in time and is cut off");
            self.serving.abort();
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Copies a journal into the run's events and into the portal's log file.
struct Ear {
    portal: &'static str,
    number: Option<u8>,
    masker: Masker,
    recorder: Recorder,
    log: File,
}

impl Ear {
    fn hear(&self, entry: &Entry) {
        let mut detail: Vec<Param> = entry.detail.iter().map(|(name, value)| self.masker.param(name, value)).collect();
        detail.extend(self.number.map(|number| Param::plain("replica", number.to_string())));
        let words: String = detail.iter().map(word).collect();
        // A full disk must not stop the portal; the event stream still has the entry.
        // In one piece: replicas and requests write to one file, and each line stays whole.
        let line = format!("{} {} {}{words}\n", entry.at, entry.step.word(), entry.text);
        let _ = (&self.log).write_all(line.as_bytes());
        self.recorder.record(EventKind::Portal(PortalEntry {
            portal: self.portal.to_owned(),
            step: entry.step.word().to_owned(),
            text: entry.text.clone(),
            detail,
        }));
    }
}

/// A detail as a word of a log line.
fn word(param: &Param) -> String {
    match &param.value {
        Shown::Plain { text } | Shown::Id { text, .. } => format!(" {}={text}", param.name),
        Shown::Secret { .. } | Shown::Token { .. } => format!(" {}=<masked>", param.name),
    }
}

fn cannot_start(portal: &str, why: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("the {portal} portal cannot be started: {why}"),
        "the lab needs all three portals",
        "look at the cause; if it does not help, report it, please",
    )
}
