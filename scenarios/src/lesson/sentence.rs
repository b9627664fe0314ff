//! Steps as sentences: what a trainer reads aloud and a transcript begins with.

use std::fmt;

use super::{Action, Deed, Step};
use crate::vocabulary::{
    Administrator, Altered, BrowserDeed, How, Keeps, Lab, Letter, LinkKind, LinkedPage, SameSite, Script, ScriptDeed,
    Stranger, TabWord,
};

impl fmt::Display for Step {
    /// The step as a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.action {
            Action::Person { who, does } => write!(f, "{} {does}", who.name()),
            Action::Administrator(act) => write!(f, "An administrator {act}"),
            Action::Lab(act) => act.fmt(f),
            Action::Stranger(act) => act.fmt(f),
            Action::Script(act) => act.fmt(f),
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
            Self::SignOut(portal, Some(How::DoubleClick), _) => write!(
                f,
                "signs out at the {} with a double click: the browser drops the first request and sends it again.",
                portal.title()
            ),
            Self::FollowLink(link) => {
                let page = match link.page {
                    LinkedPage::SignOut => "address of the sign-out form",
                    LinkedPage::Logout => "front-channel logout page",
                    LinkedPage::Health => "health check",
                };
                let portal = link.portal.title();
                match link.by {
                    LinkKind::Link => write!(f, "follows a link on a page elsewhere to the {portal}'s {page}."),
                    LinkKind::Image => {
                        write!(f, "looks at a page elsewhere that has the {portal}'s {page} for an image.")
                    }
                    LinkKind::Form => {
                        write!(f, "looks at a page elsewhere that sends a form to the {portal}'s {page} by itself.")
                    }
                }
            }
            Self::OpenListeners(count) => {
                write!(f, "signs in at {count} more applications (their sign-ins are not shown).")
            }
            Self::AnswerLogoutQuestion(_) => f.write_str("answers Keycloak's question with \"Logout\"."),
            Self::RepeatCallback(portal) => {
                write!(f, "loads the last callback of the {} once more.", portal.title())
            }
            Self::Tab(word, portal) => {
                let portal = portal.title();
                match word {
                    TabWord::OpensAnother => write!(f, "opens one more tab of the {portal}."),
                    TabWord::LooksAt => write!(f, "looks at the tab of the {portal}."),
                    TabWord::GoesBack => write!(f, "presses \"back\" in the tab of the {portal}."),
                    TabWord::Reloads => write!(f, "loads the tab of the {portal} anew."),
                    TabWord::Closes => write!(f, "closes the tab of the {portal}."),
                    TabWord::SignsOutAndCloses => {
                        write!(f, "signs out at the {portal} and closes the tab while Keycloak's page is in it.")
                    }
                }
            }
            Self::Browser(BrowserDeed::Restarts) => f.write_str("closes the browser and starts it again."),
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
            Self::RotatesRefreshTokens => f.write_str("lets each refresh token be used once only."),
            Self::OffersRememberMe => f.write_str("lets the login form offer \"Remember me\"."),
            Self::StopsOfferingRememberMe => f.write_str("takes \"Remember me\" off the login form."),
            Self::OverridesFramePolicy => {
                f.write_str("gives Keycloak's pages a policy of the realm's own, which names no frames but its own.")
            }
            Self::LetsUseOfflineTokens(who) => write!(f, "lets {} use offline tokens.", who.user().username()),
            Self::LetsManageAccount(who) => write!(f, "lets {} manage the own account.", who.user().username()),
            Self::RegistersListeners(count) => {
                write!(f, "registers {count} more applications that listen to the back channel.")
            }
            Self::LetsHearByFrontChannel(portal) => {
                write!(f, "lets the {} hear by the front channel instead.", portal.title())
            }
            Self::ImportsTestKey => f.write_str("imports the signing key of a test realm."),
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
            Self::AnswersFramesOf(box_) => {
                write!(f, "The lab answers frames of the {} with {}.", box_.portal.title(), box_.with)
            }
            Self::FramesHangAt(portal) => {
                write!(f, "The lab lets frames of the {} load for ever.", portal.title())
            }
            Self::SwallowsAnswerOf(portal) => write!(
                f,
                "The lab swallows the answers of the {} to the back channel; requests still arrive.",
                portal.title()
            ),
            Self::DeliversTwice(portal) => {
                write!(f, "The lab delivers everything on the back channel to the {} twice.", portal.title())
            }
            Self::ForbidsForeignFrames => f.write_str(
                "A box in front of Keycloak adds a policy of its own to Keycloak's pages: frames of their own origin only.",
            ),
            Self::KeycloakAnswers(status) => {
                write!(f, "The lab lets Keycloak answer the portals' servers with {status}.")
            }
            Self::MovesClock(seconds) if *seconds < 0 => {
                write!(f, "The portals' clocks go back by {} s.", seconds.unsigned_abs())
            }
            Self::MovesClock(seconds) => write!(f, "The portals' clocks go forward by {seconds} s."),
            Self::Restarts(portal) => write!(f, "The {} is started anew.", portal.title()),
            Self::Queues(queues) => write!(
                f,
                "The lab puts a queue before the {}: it answers 200 at once and hands on {} s later.",
                queues.portal.title(),
                queues.seconds
            ),
            Self::LogoutOvertakesTokensFor(portal) => write!(
                f,
                "The lab lets a logout overtake Keycloak's next tokens for the {}: an administrator ends the session first.",
                portal.title()
            ),
            Self::LogoutOvertakesFormOf(who) => write!(
                f,
                "The lab lets a logout overtake the next form of {}: its body arrives when the session has ended.",
                who.name()
            ),
            Self::Hosts(hosts) => {
                let what = if hosts.replicas == 1 { "one replica" } else { "two replicas behind a balancer" };
                let keeps = match hosts.sessions {
                    Keeps::Memory => "sessions in memory",
                    Keeps::Redis => "sessions in Redis",
                };
                write!(f, "The {} is hosted anew: {what}, {keeps}.", hosts.portal.title())
            }
            Self::ExternalApp(app) => write!(f, "The external portal's app is set up anew: {}.", app.words()),
            Self::EndsBySid(portal) => {
                write!(f, "The {} ends what a front-channel request names, also without a cookie.", portal.title())
            }
            Self::SetsCookie(sets) => {
                let with = match sets.same_site {
                    SameSite::Lax => "SameSite=Lax",
                    SameSite::Strict => "SameSite=Strict",
                    SameSite::None => "SameSite=None; Secure",
                };
                write!(f, "The {} sets its session cookie with {with} from now on.", sets.portal.title())
            }
            Self::StopsRedis => f.write_str("Redis goes away."),
            Self::StartsRedis => f.write_str("Redis comes back."),
            Self::EmptiesRedis => f.write_str("Redis forgets everything."),
            Self::RestartsKeycloak => f.write_str("Keycloak is started anew."),
            Self::Waits(1) => f.write_str("A second passes."),
            Self::Waits(seconds) => write!(f, "{seconds} seconds pass."),
        }
    }
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let made_up = !matches!(self.posts, Letter::Nonsense | Letter::Copy | Letter::CopyForOther);
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
            Letter::IdToken => "the ID token that this portal has",
            Letter::IdTokenOfOther => "the ID token that the other portal has",
            Letter::FromTestRealm => "a logout token of the test realm",
        };
        let times = self.times.map(|times| format!(", {times} times, each a new one")).unwrap_or_default();
        write!(f, "A stranger posts {what}{about} to the {}{times}.", self.to.title())
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.does {
            ScriptDeed::EndsSessionWithHint => "asks Keycloak to end the session, with the ID token as a hint",
            ScriptDeed::EndsSessionWithRefreshToken => "asks Keycloak to end the session, with the refresh token",
            ScriptDeed::RevokesRefreshToken => "revokes the refresh token",
            ScriptDeed::Refreshes => "refreshes the tokens",
            ScriptDeed::RefreshesWithFirstToken => "refreshes the tokens with the very first refresh token",
            ScriptDeed::RefreshesWithoutSecret => "refreshes the tokens without the client's secret",
            ScriptDeed::AsksUserinfo => "asks userinfo with the access token",
            ScriptDeed::AsksUserinfoFromElsewhere => {
                "asks userinfo with the access token, as a script of a page elsewhere would"
            }
            ScriptDeed::Introspects => "asks Keycloak what the access token is worth",
            ScriptDeed::SignsInWithPassword => "asks Keycloak for tokens with name and password",
            ScriptDeed::EndsOtherSessions => "ends all other sessions of this user by the account's own interface",
        };
        let (portal, whose) = (self.in_name_of.title(), self.whose.word());
        match self.does {
            ScriptDeed::SignsInWithPassword => {
                write!(f, "A program in the name of the {portal} {what} of {}.", self.whose.name())
            }
            _ => write!(f, "A program in the name of the {portal} {what} (session of {whose}'s browser)."),
        }
    }
}
