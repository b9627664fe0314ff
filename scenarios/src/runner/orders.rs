//! Words of a lesson as orders to the lab and to a browser's tabs.

use lab::acts::{self, Act};
use lab::browser::TabDeed;
use lab::tap::Disturbance;

use crate::vocabulary::{Keeps, Lab, SameSite, TabWord};

/// What a person does with a portal's tab.
pub(super) fn tab_deed(word: TabWord, portal: &str) -> TabDeed {
    let portal = portal.to_owned();
    match word {
        TabWord::OpensAnother => TabDeed::OpenAnother(portal),
        TabWord::LooksAt => TabDeed::LookAt(portal),
        TabWord::GoesBack => TabDeed::GoBack(portal),
        TabWord::Reloads => TabDeed::Reload(portal),
        TabWord::Closes => TabDeed::Close(portal),
        TabWord::SignsOutAndCloses => TabDeed::SignOutAndClose(portal),
    }
}

/// What the lab is asked to do.
pub(super) fn trouble(act: &Lab) -> Act {
    let disturb = |part: &str, how| Act::Disturb { part: part.to_owned(), how };
    match act {
        Lab::CutsOff(place) => disturb(place.word(), Some(Disturbance::CutOff)),
        Lab::Reconnects(place) => disturb(place.word(), None),
        Lab::AnswersFor(instead) => disturb(instead.portal.word(), Some(Disturbance::Answers(instead.with))),
        Lab::Delays(delays) => disturb(delays.portal.word(), Some(Disturbance::DelaysBySeconds(delays.seconds))),
        Lab::Hangs(portal) => disturb(portal.word(), Some(Disturbance::Hangs)),
        Lab::AnswersFramesOf(instead) => disturb(instead.portal.word(), Some(Disturbance::FramesGet(instead.with))),
        Lab::FramesHangAt(portal) => disturb(portal.word(), Some(Disturbance::FramesHang)),
        Lab::SwallowsAnswerOf(portal) => disturb(portal.word(), Some(Disturbance::SwallowsAnswers)),
        Lab::DeliversTwice(portal) => disturb(portal.word(), Some(Disturbance::DeliversTwice)),
        Lab::KeycloakAnswers(status) => disturb("keycloak", Some(Disturbance::ServersGet(*status))),
        Lab::ForbidsForeignFrames => disturb("keycloak", Some(Disturbance::ForbidsFrames)),
        Lab::MovesClock(seconds) => Act::MoveClocks { seconds: *seconds },
        Lab::Restarts(portal) => Act::RestartPortal { portal: portal.word().to_owned() },
        Lab::Queues(queues) => disturb(queues.portal.word(), Some(Disturbance::QueuesForSeconds(queues.seconds))),
        Lab::LogoutOvertakesTokensFor(portal) => Act::OvertakeTokens { portal: portal.word().to_owned() },
        Lab::Hosts(hosts) => Act::Host {
            portal: hosts.portal.word().to_owned(),
            replicas: hosts.replicas,
            store: match hosts.sessions {
                Keeps::Memory => acts::Store::Memory,
                Keeps::Redis => acts::Store::Redis,
            },
        },
        Lab::ExternalApp(app) => Act::SetApp(app.options()),
        Lab::EndsBySid(portal) => Act::EndBySid { portal: portal.word().to_owned() },
        Lab::SetsCookie(sets) => Act::SetCookiePolicy {
            portal: sets.portal.word().to_owned(),
            same_site: match sets.same_site {
                SameSite::Lax => acts::SameSite::Lax,
                SameSite::Strict => acts::SameSite::Strict,
                SameSite::None => acts::SameSite::None,
            },
        },
        Lab::StopsRedis => Act::StopRedis,
        Lab::StartsRedis => Act::StartRedis,
        Lab::EmptiesRedis => Act::EmptyRedis,
        Lab::RestartsKeycloak => Act::RestartKeycloak,
        Lab::Waits(_) | Lab::LogoutOvertakesFormOf(_) => unreachable!("done by whoever calls this"),
    }
}
