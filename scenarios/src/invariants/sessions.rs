//! The rule about everybody else's sessions (I2): whoever is not named stays in.

use lab_trace::{CellState, Channel, Exchange, Matrix, Party};

use super::messages::{Subjects, names};
use super::{Invariant, Seen, World};
use crate::checks::Failure;
use crate::lesson::{Action, Step};
use crate::vocabulary::{Administrator, Lab, Person};

pub(super) fn broken(seen: &Seen<'_>, world: &World, subjects: &Subjects) -> Option<(Invariant, Failure)> {
    let step = seen.step?;
    if world.runs_out || other_reasons(step) {
        return None;
    }
    // What people do in their own browser is the lesson's business; the rule is about everybody else.
    let actor = step.seat().map(|(who, _)| who);
    for (person, sid) in seen.sids.iter().filter(|(person, _)| Some(**person) != actor) {
        if state(seen.was, *person, lab_trace::matrix::SSO) != Some(CellState::In)
            || state(seen.matrix, *person, lab_trace::matrix::SSO) != Some(CellState::In)
        {
            continue;
        }
        for portal in seen.topology.portals.iter().map(|portal| portal.name.as_str()) {
            let ended = state(seen.was, *person, portal) == Some(CellState::In)
                && state(seen.matrix, *person, portal) == Some(CellState::Out);
            let told = |exchange: &Exchange| {
                matches!(&exchange.callee, Party::App(name) if name == portal)
                    && (names(exchange, sid, subjects) || in_own_browser(exchange, *person))
            };
            let named = seen.exchanges.iter().any(|one| told(&one.exchange));
            if ended && !named && !meant(step, *person, portal) {
                let seen =
                    format!("{}'s session at {portal} is over; Keycloak has it, and nobody named it", person.name());
                return Some((Invariant::OnlyTheNamed, Invariant::OnlyTheNamed.failure(seen, None)));
            }
        }
    }
    None
}

fn state(matrix: &Matrix, person: Person, of: &str) -> Option<CellState> {
    let row = matrix.rows.iter().find(|row| row.browser == person.word())?;
    row.cells.iter().find(|cell| cell.of == of).map(|cell| cell.state)
}

/// A frame without parameters means whoever's browser loads it.
fn in_own_browser(exchange: &Exchange, person: Person) -> bool {
    exchange.channel == Channel::Frame
        && matches!(&exchange.caller, Party::Browser(Some(name)) if name == person.word())
}

/// Whether sessions may end in this step for another reason than a logout: the clock says so, a portal forgets, or a stranger
/// posts something, which is another rule's business.
fn other_reasons(step: &Step) -> bool {
    let forgets = |act: &Lab| {
        matches!(
            act,
            Lab::MovesClock(_)
                | Lab::Waits(_)
                | Lab::Restarts(_)
                | Lab::Hosts(_)
                | Lab::StopsRedis
                | Lab::StartsRedis
                | Lab::EmptiesRedis
        )
    };
    match &step.action {
        Action::Lab(act) => forgets(act),
        Action::Stranger(_) => true,
        Action::Person { .. } | Action::Administrator(_) | Action::Script(_) => false,
    }
}

/// Whether an administrator meant this session without naming it.
fn meant(step: &Step, person: Person, portal: &str) -> bool {
    let Action::Administrator(act) = &step.action else { return false };
    match act {
        Administrator::LogsOut(who)
        | Administrator::Disables(who)
        | Administrator::Deletes(who)
        | Administrator::ResetsPasswordOf(who)
        | Administrator::TakesRolesFrom(who) => who.user() == person.user(),
        Administrator::LogsOutEverybody | Administrator::PushesNotBefore => true,
        Administrator::DisablesClient(of) => of.word() == portal,
        Administrator::EndsSessionOf(_)
        | Administrator::GivesPairwiseSubjectTo(_)
        | Administrator::RotatesKeys
        | Administrator::RotatesRefreshTokens
        | Administrator::OffersRememberMe
        | Administrator::StopsOfferingRememberMe
        | Administrator::OverridesFramePolicy
        | Administrator::LetsUseOfflineTokens(_)
        | Administrator::LetsManageAccount(_)
        | Administrator::RegistersListeners(_)
        | Administrator::LetsHearByFrontChannel(_)
        | Administrator::ImportsTestKey
        | Administrator::SetsLifetimes(_) => false,
    }
}
