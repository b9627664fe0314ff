//! One event as a line of the timeline. All that belongs to one exchange is asked for when somebody chooses it.

use lab_trace::{Arrow, Channel, Event, EventKind, Exchange, Param, Party, Shown};
use serde::Serialize;

use super::ledger::Ledger;
use super::whose;
use crate::control::messages::Topology;

/// Characters of values that can be searched for, at most.
const TERMS: usize = 600;

/// One line.
#[derive(Serialize)]
pub(super) struct Item {
    position: u64,
    seq: u64,
    at_us: u64,
    #[serde(flatten)]
    is: Is,
}

#[derive(Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
enum Is {
    Exchange {
        arrow: Arrow,
        /// How it travelled, as a word on the arrow.
        channel: String,
        /// What kind of lane it begins and ends at.
        from_kind: &'static str,
        to_kind: &'static str,
        took_us: u64,
        /// Whose session it belongs to, as far as it tells.
        user: Option<String>,
        /// What stands in it, for the search.
        terms: String,
    },
    Journal {
        portal: String,
        text: String,
        terms: String,
    },
    Note {
        text: String,
    },
}

/// Whether an event has a line.
pub(super) fn is_shown(event: &Event) -> bool {
    match &event.kind {
        EventKind::Exchange(exchange) => !exchange.housekeeping && exchange.channel != Channel::Probe,
        EventKind::Portal(_) | EventKind::Lab(_) => true,
    }
}

impl Item {
    /// The line of an event; `None` for what only keeps the lights on.
    pub(super) fn of(position: u64, event: &Event, topology: &Topology, ledger: &Ledger) -> Option<Self> {
        if !is_shown(event) {
            return None;
        }
        let is = match &event.kind {
            EventKind::Exchange(exchange) => drawn(exchange, topology, ledger),
            EventKind::Portal(entry) => {
                let terms = terms(std::iter::once(entry.step.as_str()).chain(texts(entry.detail.iter())));
                Is::Journal { portal: entry.portal.clone(), text: entry.text.clone(), terms }
            }
            EventKind::Lab(note) => Is::Note { text: note.text.clone() },
        };
        Some(Self { position, seq: event.seq, at_us: event.at_us, is })
    }
}

fn drawn(exchange: &Exchange, topology: &Topology, ledger: &Ledger) -> Is {
    Is::Exchange {
        arrow: Arrow::of(exchange, &|location| topology.location(location)),
        channel: exchange.channel.to_string(),
        from_kind: kind(&exchange.caller),
        to_kind: kind(&exchange.callee),
        took_us: exchange.took_us,
        user: ledger.user_of(exchange),
        terms: terms(texts(whose::params(exchange).into_iter())),
    }
}

fn kind(party: &Party) -> &'static str {
    match party {
        Party::Browser(_) => "browser",
        Party::App(_) => "app",
        Party::Keycloak => "keycloak",
        Party::Lab => "lab",
        Party::Stranger => "stranger",
    }
}

fn texts<'a>(params: impl Iterator<Item = &'a Param>) -> impl Iterator<Item = &'a str> {
    params.flat_map(|param| {
        let value = match &param.value {
            Shown::Plain { text } | Shown::Id { text, .. } => Some(text.as_str()),
            Shown::Secret { .. } => None,
            Shown::Token { claims, .. } => claims["sid"].as_str(),
        };
        [Some(param.name.as_str()), value].into_iter().flatten()
    })
}

fn terms<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for word in words {
        if text.len() + word.len() > TERMS {
            break;
        }
        text.push_str(word);
        text.push(' ');
    }
    text
}
