//! What the person sees, against what they should see.

use lab::browser::Place;
use lab_trace::Channel;

use super::{Check, Evidence, Failure, likely};
use crate::vocabulary::{Expect, Person, Portal, Seen};

/// Checks on what the person sees.
pub(super) fn checks(evidence: &Evidence<'_>, expect: &Expect) -> Vec<Check> {
    let (Some(sight), Some((who, portal))) = (evidence.sight, evidence.step.seat()) else { return Vec::new() };
    // What the person looks at was loaded as a page; behind it may come what its server and its scripts asked.
    let page = evidence.exchanges.iter().rfind(|numbered| numbered.exchange.channel == Channel::Page);
    let proof = page.or(evidence.exchanges.last()).map(|numbered| numbered.number);
    let fail =
        |expected: String, seen: String, likely: &'static str| Failure { expected, seen, proof, likely: likely.into() };
    let mut checks = Vec::new();
    if let Some(wanted) = expect.asked_for_password {
        let words = |asked: bool| if asked { "a password is asked" } else { "no password is asked" };
        checks.push(Check::new(words(wanted), sight.asked_for_password == wanted, || {
            fail(words(wanted).to_owned(), words(sight.asked_for_password).to_owned(), likely::password(wanted))
        }));
    }
    if let Some(wanted) = expect.sees {
        let place = expected_place(wanted, who, portal);
        checks.push(Check::new(format!("sees {place}"), fits(wanted, who, portal, &sight.place), || {
            fail(place.clone(), sight.place.to_string(), likely::PAGE)
        }));
    }
    if let Some(text) = &expect.says {
        let found = sight.text.contains(text.as_str()) || sight.title.contains(text.as_str());
        checks.push(Check::new(format!("the page says \"{text}\""), found, || {
            fail(format!("\"{text}\" on the page"), format!("{}, without it", sight.place), likely::PAGE)
        }));
    }
    if let Some(text) = &expect.does_not_say {
        let found = sight.text.contains(text.as_str()) || sight.title.contains(text.as_str());
        checks.push(Check::new(format!("the page does not say \"{text}\""), !found, || {
            fail(format!("no \"{text}\" on the page"), format!("{}, with it", sight.place), likely::PAGE)
        }));
    }
    if let Some(wanted) = expect.takes_scripts_from_elsewhere {
        let words = |foreign| {
            if foreign { "takes scripts from another server" } else { "takes scripts from its own server only" }
        };
        checks.push(Check::new(words(wanted), wanted != sight.scripts_of.is_empty(), || {
            let seen =
                if sight.scripts_of.is_empty() { "its own server".to_owned() } else { sight.scripts_of.join(", ") };
            fail(words(wanted).to_owned(), format!("scripts of {seen}"), likely::PAGE)
        }));
    }
    if let Some(wanted) = expect.runs_smuggled_scripts {
        let words =
            |runs| if runs { "the policy runs a smuggled script" } else { "the policy stops a smuggled script" };
        checks.push(Check::new(words(wanted), wanted == sight.runs_inline_scripts, || {
            fail(words(wanted).to_owned(), words(sight.runs_inline_scripts).to_owned(), likely::PAGE)
        }));
    }
    if let Some(status) = expect.status {
        checks.push(Check::new(format!("the page's status is {status}"), sight.status == status, || {
            fail(status.to_string(), sight.status.to_string(), likely::PAGE)
        }));
    }
    for (controls, shown) in [(&expect.shows, true), (&expect.hides, false)] {
        for control in controls {
            let found = sight.offers.iter().any(|offer| offer == control.word());
            let word = if shown { "shows a" } else { "shows no" };
            checks.push(Check::new(format!("{word} button \"{control}\""), found == shown, || {
                let seen = format!("buttons: {}", sight.offers.join(", "));
                fail(format!("{word} button \"{control}\""), seen, likely::CONTROL)
            }));
        }
    }
    checks
}

fn expected_place(seen: Seen, who: Person, portal: Portal) -> String {
    let portal = portal.title();
    match seen {
        Seen::LoginForm => "Keycloak's login form".to_owned(),
        Seen::LogoutQuestion => "Keycloak's question whether to log out".to_owned(),
        Seen::KeycloakError => "Keycloak's error page".to_owned(),
        Seen::SignInCard => format!("the {portal}'s sign-in card"),
        Seen::SignedIn => format!("the {portal}, signed in as {}", who.user().username()),
        Seen::Forbidden => format!("the {portal}'s refusal"),
        Seen::SignedOutPage => format!("the {portal}'s page \"you are signed out\""),
        Seen::PortalError => format!("the {portal}'s error page"),
    }
}

fn fits(seen: Seen, who: Person, at: Portal, place: &Place) -> bool {
    let here = |portal: &str| portal == at.word();
    match (seen, place) {
        (Seen::LoginForm, Place::LoginForm(_))
        | (Seen::LogoutQuestion, Place::LogoutConfirmation)
        | (Seen::KeycloakError, Place::KeycloakError(_)) => true,
        (Seen::SignInCard, Place::SignInCard(portal))
        | (Seen::SignedOutPage, Place::SignedOutPage(portal))
        | (Seen::PortalError, Place::PortalError(portal))
        | (Seen::Forbidden, Place::Forbidden { portal }) => here(portal),
        (Seen::SignedIn, Place::SignedIn { portal, user }) => here(portal) && user == who.user().username(),
        _ => false,
    }
}
