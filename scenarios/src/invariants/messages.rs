//! The rules about logout messages: who may send what, what the portal answers, and what it is good for (I3, I4, I5, I9).

use std::collections::BTreeSet;

use lab::control::messages::Topology;
use lab_trace::shown::find;
use lab_trace::{Answer, CellState, Channel, Exchange, Matrix, Party};

use super::{Invariant, Seen, World};
use crate::checks::Failure;
use crate::lesson::{Action, Step};
use crate::run::Numbered;
use crate::transcript::Telling;
use crate::vocabulary::Letter;

/// Pairs of `sid` and `sub`.
pub(super) type Subjects = BTreeSet<(String, String)>;

pub(super) fn broken(seen: &Seen<'_>, world: &World, subjects: &Subjects) -> Vec<(Invariant, Failure)> {
    let mut found = Vec::new();
    if let Some(step) = seen.step {
        found.extend(bad_tokens(step, seen, world).map(|failure| (Invariant::BadTokens, failure)));
    }
    found.extend(good_tokens(seen, world, subjects).map(|failure| (Invariant::GoodTokens, failure)));
    let stored = seen.exchanges.iter().find(|one| is_logout(&one.exchange) && may_store(&one.exchange, world));
    found.extend(stored.map(|one| {
        let seen = format!("{} answers without it", one.exchange.callee);
        (Invariant::NoStore, Invariant::NoStore.failure(seen, Some(one.number)))
    }));
    found.extend(elsewhere(seen.topology, seen.exchanges).map(|failure| (Invariant::NobodyElse, failure)));
    found
}

/// Whether a message means the session `sid`: by its name, or by its person where it names no session.
pub(super) fn names(exchange: &Exchange, sid: &str, subjects: &Subjects) -> bool {
    let Some(telling) = Telling::of(exchange) else { return false };
    match (telling.claim("sid"), telling.claim("sub")) {
        (Some(named), _) => named == sid,
        (None, Some(sub)) => subjects.contains(&(sid.to_owned(), sub)),
        (None, None) => false,
    }
}

/// I3: a stranger has nothing to say, and a copy counts once.
fn bad_tokens(step: &Step, seen: &Seen<'_>, world: &World) -> Option<Failure> {
    let Action::Stranger(stranger) = &step.action else { return None };
    // A genuine token that the portal has no memory of is as good as new.
    if stranger.posts == Letter::Copy && world.restarted.contains(&stranger.to) {
        return None;
    }
    let mut posts = seen.exchanges.iter().filter(|one| one.exchange.caller == Party::Stranger);
    let believed = posts.find(|one| one.exchange.status().is_some_and(|status| status != 400));
    if let Some(one) = believed {
        let seen = one.exchange.status().map(|status| format!("answered {status}")).unwrap_or_default();
        return Some(Invariant::BadTokens.failure(seen, Some(one.number)));
    }
    let changed = changed(seen.was, seen.matrix, world)?;
    Some(Invariant::BadTokens.failure(changed, None))
}

/// The first cell that is not as it was.
fn changed(was: &Matrix, now: &Matrix, world: &World) -> Option<String> {
    for (before, after) in was.rows.iter().zip(&now.rows) {
        for (old, new) in before.cells.iter().zip(&after.cells) {
            let known = old.state != CellState::Unknown && new.state != CellState::Unknown;
            if known && old.state != new.state && !world.runs_out {
                return Some(format!("{} was {} at {} and is {}", after.browser, old.state, new.of, new.state));
            }
        }
    }
    None
}

/// I4: what Keycloak sends is genuine, so it counts, unless the lesson keeps it from being checked.
fn good_tokens(seen: &Seen<'_>, world: &World, subjects: &Subjects) -> Option<Failure> {
    // A portal whose clock is wrong, or who cannot fetch keys, has to refuse what it cannot check.
    // A logout token lives for two minutes.
    if !(0..120).contains(&world.clock) || world.disturbed.contains("keycloak") {
        return None;
    }
    let mut told = seen.exchanges.iter().filter(|one| one.exchange.channel == Channel::BackChannel);
    told.find_map(|one| {
        let Party::App(portal) = &one.exchange.callee else { return None };
        if world.is_hindered(portal) {
            return None;
        }
        let fails = |seen: String| Some(Invariant::GoodTokens.failure(seen, Some(one.number)));
        match one.exchange.status() {
            Some(200 | 204) => {}
            Some(other) => return fails(format!("{portal} answers {other}")),
            None => return fails(format!("{portal} gives no answer")),
        }
        let alive = seen.old.iter().find_map(|(person, cells)| {
            let named = seen.sids.get(person).is_some_and(|sid| names(&one.exchange, sid, subjects));
            let cell = cells.iter().find(|cell| cell.of == *portal && cell.state == CellState::In);
            cell.filter(|_| named).map(|cell| format!("{}'s old login at {portal}: {}", person.name(), cell.evidence))
        });
        alive.and_then(fails)
    })
}

/// Whether it went to one of the two logout endpoints.
fn is_logout(exchange: &Exchange) -> bool {
    matches!(exchange.callee, Party::App(_)) && (Telling::of(exchange).is_some() || exchange.caller == Party::Stranger)
}

/// I5: whether somebody between may keep the answer. What the lesson's network answers is not the portal's.
fn may_store(exchange: &Exchange, world: &World) -> bool {
    let Answer::Response { headers, .. } = &exchange.answer else { return false };
    if matches!(&exchange.callee, Party::App(name) if world.is_hindered(name)) {
        return false;
    }
    let control = find(headers, "cache-control").and_then(|value| value.text()).unwrap_or_default();
    !control.split(',').any(|word| word.trim().eq_ignore_ascii_case("no-store"))
}

/// I9: no answer sends anybody away from the lab, and no page has a frame of somebody else.
fn elsewhere(topology: &Topology, exchanges: &[Numbered]) -> Option<Failure> {
    exchanges.iter().find_map(|one| {
        let Answer::Response { location, body, .. } = &one.exchange.answer else { return None };
        let to = location.iter().map(|location| location.origin.as_str()).filter(|origin| !origin.is_empty());
        let frames: &[String] = if let lab_trace::Body::Html { frames, .. } = body { frames } else { &[] };
        let foreign = to.chain(frames.iter().map(String::as_str)).find(|address| !is_ours(topology, address))?;
        let seen = format!("{} sends a browser to {foreign}", one.exchange.callee);
        Some(Invariant::NobodyElse.failure(seen, Some(one.number)))
    })
}

/// Whether an address is one of the lab's; relative ones are.
pub(super) fn is_ours(topology: &Topology, address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else { return true };
    let ours = topology.portals.iter().map(|portal| &portal.url).chain([&topology.keycloak, &topology.issuer]);
    ours.into_iter().any(|own| own.origin() == url.origin())
}
