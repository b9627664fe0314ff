//! The rules about the end of a lesson: sessions run out, twice is once, and the door opens again (I1, I7, I8).

use lab::browser::{Place, Sight};
use lab_trace::{Cell, CellState, Matrix};

use super::Invariant;
use crate::checks::Failure;
use crate::vocabulary::{Person, Portal};

/// How far the portals' clocks are moved to see whether sessions end: longer than the realm lets a refresh token live.
pub const LONG_ENOUGH: i64 = 31 * 60;

/// I1: what somebody's cookies are worth at the portals that keep sessions, after that time.
pub fn outlived(person: Person, cells: &[Cell]) -> Option<Failure> {
    // The external portal keeps none: its tokens are Keycloak's, and so is their clock.
    let alive = cells.iter().find(|cell| cell.of != Portal::External.word() && cell.state == CellState::In)?;
    let minutes = LONG_ENOUGH / 60;
    let seen = format!("{}'s at {}, unconfirmed for {minutes} minutes: {}", person.name(), alive.of, alive.evidence);
    Some(Invariant::SessionsEnd.failure(seen, None))
}

/// I8: what somebody sees after a new sign-in.
pub fn came_in(person: Person, portal: Portal, seen: &Result<Sight, String>) -> Option<Failure> {
    let place = match seen {
        Ok(sight) => match &sight.place {
            Place::SignedIn { portal: at, user } if at == portal.word() && user == person.user().username() => {
                return None;
            }
            // Known, and without the role: that is the portal's rule and no closed door.
            Place::Forbidden { portal: at } if at == portal.word() => return None,
            other => other.to_string(),
        },
        Err(trouble) => trouble.clone(),
    };
    let seen = format!("{} signs in at the {} and sees {place}", person.name(), portal.title());
    Some(Invariant::NewLogin.failure(seen, None))
}

/// One sign-out: what was seen, and who was signed in where afterwards.
pub type SignedOut = (Result<Sight, String>, Matrix);

/// I7: the same person signed out twice.
pub fn twice(person: Person, portal: Portal, once: &SignedOut, again: &SignedOut) -> Option<Failure> {
    let at = format!("{} at the {}", person.name(), portal.title());
    let fails = |seen: String| Some(Invariant::TwiceIsOnce.failure(seen, None));
    match (&once.0, &again.0) {
        (Ok(first), Ok(second)) if is_error(&second.place) && !is_error(&first.place) => {
            return fails(format!("{at}: the second time {}", second.place));
        }
        (Ok(_), Err(trouble)) => return fails(format!("{at}: the second time {trouble}")),
        (Ok(_) | Err(_), _) => {}
    }
    let states = |matrix: &Matrix| -> Vec<CellState> {
        matrix.rows.iter().flat_map(|row| row.cells.iter().map(|cell| cell.state)).collect()
    };
    (states(&once.1) != states(&again.1))
        .then(|| format!("{at}: the second time changes who is signed in"))
        .and_then(fails)
}

/// Whether somebody sees that something went wrong.
pub fn is_error(place: &Place) -> bool {
    matches!(place, Place::PortalError(_) | Place::KeycloakError(_))
}
