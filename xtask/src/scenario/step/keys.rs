//! What the person types, a line at a time.

use std::io::{BufRead as _, IsTerminal as _};

use lab::{Kind, Trouble};
use tokio::sync::mpsc;

use crate::out::say;

/// Lines from stdin. Reading blocks, so a thread of its own does it; it ends with the process.
pub(super) struct Keys {
    lines: Option<mpsc::Receiver<String>>,
    /// Whether a person sits there, who has to be told what to press.
    pub(super) prompts: bool,
}

impl Keys {
    /// From stdin, or from nowhere where `silent`.
    pub(super) fn open(silent: bool) -> Self {
        if silent {
            return Self { lines: None, prompts: false };
        }
        let (sender, lines) = mpsc::channel(1);
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines: Some(lines), prompts: std::io::stdin().is_terminal() }
    }

    /// The next line; `None` when there will be no more, now and for ever.
    pub(super) async fn next(&mut self) -> Option<String> {
        let line = self.lines.as_mut()?.recv().await;
        if line.is_none() {
            (self.lines, self.prompts) = (None, false);
        }
        line
    }
}

/// Says that the person left before the end, which is no failure.
pub(in crate::scenario) fn tell_left(trouble: &Trouble) {
    say(&format!("{}; {}.", trouble.what, trouble.means));
}

/// The person has had enough.
pub(super) fn left() -> Trouble {
    Trouble::new(
        Kind::Interrupted,
        "the lesson was left",
        "what it did to the lab was taken back",
        "begin again when you like",
    )
}
