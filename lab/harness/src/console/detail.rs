//! All of one exchange, for the inspector.

use lab_trace::{Arrow, Event, EventKind, Exchange, spec};
use serde::Serialize;

use super::tokens::{self, Token};
use super::why;
use super::{curl, item};
use crate::control::messages::Topology;

/// What the inspector shows.
#[derive(Serialize)]
pub(super) struct Detail<'a> {
    seq: u64,
    at_us: u64,
    arrow: Arrow,
    channel: String,
    stroke: &'static str,
    exchange: &'a Exchange,
    tokens: Vec<Token>,
    why: Why,
    curl: String,
}

#[derive(Serialize)]
struct Why {
    text: &'static str,
    clause: Option<Clause>,
}

/// A clause of a specification, and where it can be read.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Clause {
    /// `BCL-2.4`.
    pub(super) reference: &'static str,
    title: &'static str,
    section: &'static str,
    url: String,
}

impl Clause {
    /// The clause of a reference such as `BCL-2.4`.
    pub(super) fn of(reference: &'static str) -> Option<Self> {
        let (spec, section) = spec::parse(reference)?;
        // RFCs and the OpenID texts name their sections differently.
        let anchor = if spec.short.starts_with("RFC") { format!("section-{section}") } else { String::new() };
        let url = if anchor.is_empty() { spec.url.to_owned() } else { format!("{}#{anchor}", spec.url) };
        Some(Self { reference, title: spec.title, section, url })
    }
}

/// All of the exchange; `None` for an event that is none, or that has no line.
pub(super) fn of<'a>(event: &'a Event, topology: &Topology) -> Option<Detail<'a>> {
    let exchange = match &event.kind {
        EventKind::Exchange(exchange) if item::is_shown(event) => exchange,
        EventKind::Exchange(_) | EventKind::Portal(_) | EventKind::Lab(_) => return None,
    };
    let arrow = Arrow::of(exchange, &|location| topology.location(location));
    let (text, reference) = why::of(exchange);
    Some(Detail {
        seq: event.seq,
        at_us: event.at_us,
        channel: exchange.channel.to_string(),
        stroke: arrow.stroke.words(),
        arrow,
        exchange,
        tokens: tokens::of(exchange, topology),
        why: Why { text, clause: reference.and_then(Clause::of) },
        curl: curl::of(exchange, topology),
    })
}
