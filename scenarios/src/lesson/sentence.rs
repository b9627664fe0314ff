//! Steps as sentences: what a trainer reads aloud and a transcript begins with.

use std::fmt;

use super::{Action, Deed, Step};
use crate::vocabulary::{Administrator, Altered, How, Lab, Letter, Stranger};

impl fmt::Display for Step {
    /// The step as a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Person { who, does } => write!(f, "{} {does}", who.name()),
            Action::Administrator(act) => write!(f, "An administrator {act}"),
            Action::Lab(act) => act.fmt(f),
            Action::Stranger(act) => act.fmt(f),
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on_the_way = |altered: &Option<Altered>| {
            altered.as_ref().map(|altered| format!(" On the way: {}.", altered.words())).unwrap_or_default()
        };
        match self {
            Self::Open(portal) => write!(f, "opens the {}.", portal.title()),
            Self::SignIn(portal, altered) => {
                write!(f, "signs in at the {}.{}", portal.title(), on_the_way(altered))
            }
            Self::SignOut(portal, None, altered) => {
                write!(f, "signs out at the {}.{}", portal.title(), on_the_way(altered))
            }
            Self::SignOut(portal, Some(How::WithoutHint), _) => write!(
                f,
                "leaves the {} as the demo did: its cookies are dropped, Keycloak gets a way back and no hint.",
                portal.title()
            ),
            Self::AnswerLogoutQuestion(_) => f.write_str("answers Keycloak's question with \"Logout\"."),
            Self::RepeatCallback(portal) => {
                write!(f, "loads the last callback of the {} once more.", portal.title())
            }
            Self::Press(control) => write!(f, "presses \"{control}\" on the admin dashboard."),
            Self::Force(control) => {
                write!(f, "sends the request of the button \"{control}\" to the admin dashboard by hand.")
            }
        }
    }
}

impl fmt::Display for Administrator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndsSessionOf(who) => write!(f, "ends the session of {}'s browser.", who.word()),
            Self::LogsOut(who) => write!(f, "ends all sessions of {}.", who.user().username()),
            Self::LogsOutEverybody => f.write_str("ends all sessions of the realm."),
            Self::Disables(who) => write!(f, "switches {} off.", who.user().username()),
            Self::Deletes(who) => write!(f, "deletes {}.", who.user().username()),
            Self::ResetsPasswordOf(who) => write!(f, "gives {} another password.", who.user().username()),
            Self::TakesRolesFrom(who) => write!(f, "takes all roles from {}.", who.user().username()),
            Self::PushesNotBefore => f.write_str("sets the realm's not-before to now."),
            Self::DisablesClient(portal) => write!(f, "switches the client of the {} off.", portal.title()),
            Self::GivesPairwiseSubjectTo(portal) => {
                write!(f, "lets the client of the {} know each user by a name of its own.", portal.title())
            }
            Self::RotatesKeys => f.write_str("adds a key that signs from now on."),
            Self::SetsLifetimes(lifetimes) => {
                let named = [
                    ("access tokens", lifetimes.access),
                    ("codes", lifetimes.code),
                    ("idle", lifetimes.idle),
                    ("at most", lifetimes.max),
                ];
                let named: Vec<String> =
                    named.iter().filter_map(|(name, value)| value.map(|value| format!("{name} {value} s"))).collect();
                write!(f, "sets lifetimes: {}.", named.join(", "))
            }
        }
    }
}

impl fmt::Display for Lab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CutsOff(place) => write!(f, "The lab cuts {place} off: nobody reaches it."),
            Self::Reconnects(place) => write!(f, "The lab ends all trouble before {place}."),
            Self::AnswersFor(box_) => write!(
                f,
                "The lab puts a box before the {} that answers the back channel with {}.",
                box_.portal.title(),
                box_.with
            ),
            Self::Delays(delays) => {
                write!(f, "The lab makes the back channel to the {} slow: {} s.", delays.portal.title(), delays.seconds)
            }
            Self::Hangs(portal) => {
                write!(f, "The lab lets the back channel to the {} hang: taken in, never handed on.", portal.title())
            }
            Self::SwallowsAnswerOf(portal) => write!(
                f,
                "The lab swallows the answers of the {} to the back channel; requests still arrive.",
                portal.title()
            ),
            Self::DeliversTwice(portal) => {
                write!(f, "The lab delivers everything on the back channel to the {} twice.", portal.title())
            }
            Self::KeycloakAnswers(status) => {
                write!(f, "The lab lets Keycloak answer the portals' servers with {status}.")
            }
            Self::MovesClock(seconds) if *seconds < 0 => {
                write!(f, "The portals' clocks go back by {} s.", seconds.unsigned_abs())
            }
            Self::MovesClock(seconds) => write!(f, "The portals' clocks go forward by {seconds} s."),
            Self::Restarts(portal) => write!(f, "The {} is started anew.", portal.title()),
            Self::Waits(1) => f.write_str("A second passes."),
            Self::Waits(seconds) => write!(f, "{seconds} seconds pass."),
        }
    }
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made_up = matches!(self.posts, Letter::Forged | Letter::Unsigned | Letter::UnknownKey);
        let about = self
            .about
            .filter(|_| made_up)
            .map(|who| format!(" about the session of {}'s browser", who.word()))
            .unwrap_or_default();
        let what = match self.posts {
            Letter::Forged => "a perfect logout token, signed with a key of their own,",
            Letter::Unsigned => "a perfect logout token without a signature",
            Letter::UnknownKey => "a logout token that names a key of which nobody has ever heard,",
            Letter::Nonsense => "something that is no token",
            Letter::Copy => "a copy of the last logout token that came here",
            Letter::CopyForOther => "a copy of the last logout token for the other portal",
        };
        let times = self.times.map(|times| format!(", {times} times, each a new one")).unwrap_or_default();
        write!(f, "A stranger posts {what}{about} to the {}{times}.", self.to.title())
    }
}
