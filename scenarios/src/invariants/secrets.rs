//! What must not be written down (I6): the tokens and cookies that the run's browsers really held, and whatever looks like a
//! token, wherever it comes from.

use std::collections::BTreeSet;

use lab_trace::{Event, EventKind};

use crate::run::Run;
use crate::transcript::render;

/// Beginnings of tokens: `{"alg`, `{"typ` and `{"kid` in base64url, with room for the quotation mark after it.
const BEGINNINGS: &[&str] = &["eyJhbGci", "eyJ0eXAi", "eyJraWQi"];
/// Letters after such a beginning that no word of a person has.
const REST: usize = 12;
/// Shorter values are words (`1`, `dark`) and no secrets.
const SHORTEST: usize = 16;

/// Values to look for. Does not print.
#[derive(Default)]
pub struct Secrets {
    values: BTreeSet<String>,
    journal: String,
}

impl Secrets {
    /// Adds the values of a `Cookie` header.
    pub fn cookies(&mut self, header: &str) {
        for (_, value) in header.split("; ").filter_map(|pair| pair.split_once('=')) {
            self.value(value);
        }
    }

    /// Adds one value.
    pub fn value(&mut self, value: &str) {
        if value.len() >= SHORTEST {
            self.values.insert(value.to_owned());
        }
    }

    /// Keeps what portals wrote into their logs.
    pub(super) fn hear(&mut self, events: &[Event]) {
        for event in events {
            if let EventKind::Portal(entry) = &event.kind {
                self.journal.push_str(&serde_json::to_string(entry).unwrap_or_default());
                self.journal.push('\n');
            }
        }
    }

    /// Where one of them stands in what a run leaves behind: transcript, report, portals' logs. Never says which.
    pub fn leak(&self, run: &Run) -> Option<String> {
        let transcript = render(run);
        if let Some(what) = self.found_in(&transcript) {
            return Some(format!("{what} stands in the transcript"));
        }
        if let Some(what) = self.found_in(&self.journal) {
            return Some(format!("{what} stands in a portal's log"));
        }
        let exchanges = run.steps.iter().flat_map(|step| &step.exchanges);
        for numbered in exchanges {
            let written = serde_json::to_string(&numbered.exchange).unwrap_or_default();
            if let Some(what) = self.found_in(&written) {
                return Some(format!("{what} stands in the report, in exchange {}", numbered.number));
            }
        }
        None
    }

    fn found_in(&self, text: &str) -> Option<&'static str> {
        if self.values.iter().any(|value| text.contains(value.as_str())) {
            return Some("the value of a cookie or token that a browser held");
        }
        BEGINNINGS.iter().any(|beginning| begins(text, beginning)).then_some("something that begins like a token")
    }
}

fn begins(text: &str, beginning: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.match_indices(beginning).any(|(at, _)| {
        let rest = &text.as_bytes()[at + beginning.len()..];
        rest.iter().take_while(|byte| letter(byte)).count() >= REST
    })
}
