//! What a lesson has done to the world so far: trouble that explains why a rule cannot hold just now.

use std::collections::{BTreeMap, BTreeSet};

use crate::lesson::{Action, Step};
use crate::vocabulary::{Administrator, Keeps, Lab, Person, Portal};

/// The world after some steps.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    /// Parts whose network is disturbed, by their word.
    pub(crate) disturbed: BTreeSet<&'static str>,
    /// How far the portals' clocks are ahead, in seconds.
    pub(crate) clock: i64,
    /// How far they have been ahead at most: a session may have been confirmed at that time.
    pub(crate) latest: i64,
    /// Whether Keycloak signs with another key than at first.
    pub(crate) rotated: bool,
    /// Whether Keycloak's sessions live for seconds only.
    pub(crate) short: bool,
    /// Whether they may have ended by themselves.
    pub(crate) runs_out: bool,
    /// Portals that forgot what they had heard of.
    pub(crate) restarted: BTreeSet<Portal>,
    /// Portals with replicas that do not hear of each other, by their word.
    pub(crate) split: BTreeSet<&'static str>,
    /// Portals whose sessions lie in Redis.
    pub(crate) on_redis: BTreeSet<Portal>,
    /// Whether Redis is away.
    pub(crate) redis_away: bool,
    /// Users who cannot sign in any more, and why.
    pub(crate) shut_out: BTreeMap<&'static str, &'static str>,
    /// Portals whose client is switched off.
    pub(crate) closed: BTreeSet<Portal>,
    /// Portals that each person was at.
    pub(crate) visited: BTreeMap<Person, BTreeSet<Portal>>,
}

impl World {
    /// Whether this portal cannot do what it should: its network, its store or its replicas are in the way.
    pub(crate) fn is_hindered(&self, portal: &str) -> bool {
        let away = self.redis_away && self.on_redis.iter().any(|one| one.word() == portal);
        away || self.disturbed.contains(portal) || self.split.contains(portal)
    }

    /// Adds what a step does.
    pub(crate) fn note(&mut self, step: &Step) {
        if let Some((who, portal)) = step.seat() {
            self.visited.entry(who).or_default().insert(portal);
        }
        match &step.action {
            Action::Person { .. } | Action::Stranger(_) | Action::Script(_) => {}
            Action::Administrator(act) => self.administrator(act),
            Action::Lab(act) => self.lab(act),
        }
    }

    fn administrator(&mut self, act: &Administrator) {
        match act {
            Administrator::Disables(who) => {
                self.shut_out.insert(who.user().username(), "is switched off");
            }
            Administrator::Deletes(who) => {
                self.shut_out.insert(who.user().username(), "is deleted");
            }
            Administrator::ResetsPasswordOf(who) => {
                self.shut_out.insert(who.user().username(), "has another password");
            }
            Administrator::DisablesClient(portal) => {
                self.closed.insert(*portal);
            }
            Administrator::SetsLifetimes(set) => {
                self.short |= set.idle.is_some() || set.max.is_some();
                self.runs_out |= self.short;
            }
            Administrator::RotatesKeys => self.rotated = true,
            Administrator::EndsSessionOf(_)
            | Administrator::LogsOut(_)
            | Administrator::LogsOutEverybody
            | Administrator::TakesRolesFrom(_)
            | Administrator::PushesNotBefore
            | Administrator::RotatesRefreshTokens
            | Administrator::OffersRememberMe
            | Administrator::StopsOfferingRememberMe
            | Administrator::OverridesFramePolicy
            | Administrator::LetsUseOfflineTokens(_)
            | Administrator::LetsManageAccount(_)
            | Administrator::RegistersListeners(_)
            | Administrator::LetsHearByFrontChannel(_)
            | Administrator::ImportsTestKey
            | Administrator::GivesPairwiseSubjectTo(_) => {}
        }
    }

    fn lab(&mut self, act: &Lab) {
        match act {
            Lab::CutsOff(place) => {
                self.disturbed.insert(place.word());
            }
            Lab::Reconnects(place) => {
                self.disturbed.remove(place.word());
            }
            Lab::AnswersFor(instead) | Lab::AnswersFramesOf(instead) => {
                self.disturbed.insert(instead.portal.word());
            }
            Lab::Hangs(portal)
            | Lab::FramesHangAt(portal)
            | Lab::SwallowsAnswerOf(portal)
            | Lab::DeliversTwice(portal) => {
                self.disturbed.insert(portal.word());
            }
            Lab::KeycloakAnswers(_) => {
                self.disturbed.insert("keycloak");
            }
            Lab::MovesClock(seconds) => {
                self.clock += seconds;
                self.latest = self.latest.max(self.clock);
            }
            Lab::Restarts(portal) => {
                self.restarted.insert(*portal);
            }
            Lab::Waits(_) => self.runs_out |= self.short,
            Lab::Queues(queues) => {
                self.disturbed.insert(queues.portal.word());
            }
            Lab::Hosts(hosts) => {
                self.restarted.insert(hosts.portal);
                let shared = hosts.sessions == Keeps::Redis;
                if shared {
                    self.on_redis.insert(hosts.portal)
                } else {
                    self.on_redis.remove(&hosts.portal)
                };
                // A logout token reaches one replica, and the other one keeps what it has.
                let split = hosts.replicas > 1 && !shared;
                if split {
                    self.split.insert(hosts.portal.word())
                } else {
                    self.split.remove(hosts.portal.word())
                };
            }
            Lab::StopsRedis => {
                self.redis_away = true;
            }
            Lab::StartsRedis => {
                self.redis_away = false;
            }
            Lab::EmptiesRedis => self.restarted.extend(&self.on_redis),
            // A frame that is kept out changes no message of the back channel, and what comes late still comes and is answered
            // by the portal itself. What a restart of Keycloak or a changed order does to a session is what the rules look at.
            Lab::ForbidsForeignFrames
            | Lab::Delays(_)
            | Lab::EndsBySid(_)
            | Lab::SetsCookie(_)
            | Lab::ExternalApp(_)
            | Lab::LogoutOvertakesTokensFor(_)
            | Lab::LogoutOvertakesFormOf(_)
            | Lab::RestartsKeycloak => {}
        }
    }
}
