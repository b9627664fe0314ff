//! Trouble in the network, made on purpose: at the tap, so that neither Keycloak nor a portal has to know of it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::overtaking::{Ender, Overtaking};
use super::tokens::{Given, Tokens};

use axum::http::StatusCode;
use lab_trace::{Channel, Party};
use serde::{Deserialize, Serialize};

/// The longest delay that a lesson may ask for: Keycloak gives up on a listener after five seconds of silence.
pub const LONGEST_DELAY: Duration = Duration::from_secs(4);
/// The longest that a queue before a portal may keep something.
pub const LONGEST_QUEUE: Duration = Duration::from_secs(10);

/// What a tap does instead of forwarding. The lab's own probes always pass: whether a session lives behind the trouble is
/// just what a lesson wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Disturbance {
    /// Nothing gets through to this part, from nobody.
    CutOff,
    /// Servers that ask this part get this status; browsers notice nothing.
    ServersGet(u16),
    /// Something in front answers back-channel requests with this status; the part never sees them.
    Answers(u16),
    /// Back-channel requests arrive so many seconds later, at most [`LONGEST_DELAY`].
    DelaysBySeconds(u64),
    /// Back-channel requests are taken in and neither handed on nor answered.
    Hangs,
    /// Back-channel requests arrive, and the answers to them do not.
    SwallowsAnswers,
    /// Back-channel requests are delivered twice, one after the other; the second answer is handed back.
    DeliversTwice,
    /// Frames that a page loads from this part get this status; it never sees the request.
    FramesGet(u16),
    /// Frames that a page loads from this part never come to their end.
    FramesHang,
    /// Something in front adds a second policy to the pages that browsers get: it allows frames of their own origin only.
    ForbidsFrames,
    /// A queue in front takes back-channel requests in, answers them with 200 at once, and hands them on so many seconds
    /// later, at most [`LONGEST_QUEUE`].
    QueuesForSeconds(u64),
}

/// What happens to one request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is forwarded.
    AsUsual,
    /// It is forwarded after this time.
    Later(Duration),
    /// Nobody gets it.
    Lost,
    /// The tap answers.
    Answered(StatusCode),
    /// It is taken in, and nothing more happens.
    Silence,
    /// The same for somebody who never gives up waiting, so that its end is not waited for.
    Endless,
    /// It is forwarded, and the answer thrown away.
    Deaf,
    /// It is forwarded twice.
    Twice,
    /// It is forwarded, and its answer gets one more policy.
    WithPolicy(&'static str),
    /// It is answered now and forwarded after this time.
    Queued(Duration),
}

/// What `wanted` means for a request of `caller` over `channel`.
pub(super) fn fate(wanted: &Disturbance, caller: &Party, channel: Channel) -> Fate {
    if *caller == Party::Lab {
        return Fate::AsUsual;
    }
    match (wanted, channel) {
        (Disturbance::CutOff, _) => Fate::Lost,
        (Disturbance::ServersGet(status), Channel::Server)
        | (Disturbance::Answers(status), Channel::BackChannel)
        | (Disturbance::FramesGet(status), Channel::Frame) => {
            Fate::Answered(StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY))
        }
        (Disturbance::DelaysBySeconds(seconds), Channel::BackChannel) => {
            Fate::Later(Duration::from_secs(*seconds).min(LONGEST_DELAY))
        }
        (Disturbance::Hangs, Channel::BackChannel) => Fate::Silence,
        (Disturbance::FramesHang, Channel::Frame) => Fate::Endless,
        (Disturbance::SwallowsAnswers, Channel::BackChannel) => Fate::Deaf,
        (Disturbance::DeliversTwice, Channel::BackChannel) => Fate::Twice,
        (Disturbance::ForbidsFrames, Channel::Page) => Fate::WithPolicy("frame-src 'self'"),
        (Disturbance::QueuesForSeconds(seconds), Channel::BackChannel) => {
            Fate::Queued(Duration::from_secs(*seconds).min(LONGEST_QUEUE))
        }
        _ => Fate::AsUsual,
    }
}

/// By which trouble is made at one tap and ended again. Copies share it.
#[derive(Clone, Default)]
pub struct Handle {
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    wanted: Option<Disturbance>,
    /// The last logout token that came through, for a stranger who listened. Never shown.
    last: Option<String>,
    /// What Keycloak gave out through this tap, for programs of a lesson that hold somebody's tokens. Never shown.
    tokens: Tokens,
    /// A logout that is to come first, once.
    overtaking: Option<(Overtaking, Ender)>,
    /// How often all of this was forgotten: whoever waits sees whether the lesson is still the same.
    resets: u64,
}

impl Handle {
    /// Makes trouble, or ends it.
    pub fn set(&self, wanted: Option<Disturbance>) {
        self.lock().wanted = wanted;
    }

    /// Ends all trouble and forgets what came through.
    pub fn reset(&self) {
        let mut held = self.lock();
        *held = Held { resets: held.resets + 1, ..Held::default() };
    }

    /// How often [`Handle::reset`] was called.
    pub(super) fn resets(&self) -> u64 {
        self.lock().resets
    }

    /// Lets a logout come before the next message of this kind.
    pub(crate) fn overtake(&self, what: Overtaking, ender: Ender) {
        self.lock().overtaking = Some((what, ender));
    }

    /// Whether a logout waits to come before something.
    pub(super) fn is_overtaking(&self) -> bool {
        self.lock().overtaking.is_some()
    }

    /// The logout that has to come before this message, if there is one; it is not there a second time.
    pub(super) fn overtaken(&self, fits: impl FnOnce(&Overtaking) -> bool) -> Option<(Overtaking, Ender)> {
        let mut held = self.lock();
        if held.overtaking.as_ref().is_some_and(|(what, _)| fits(what)) { held.overtaking.take() } else { None }
    }

    /// The tokens that Keycloak gave to this client for this session: the first ones, or the newest.
    pub(crate) fn given(&self, client_id: &str, sid: &str, first: bool) -> Option<Given> {
        self.lock().tokens.of(client_id, sid, first)
    }

    pub(super) fn keep_given(&self, client_id: &str, answer: &[u8]) {
        self.lock().tokens.keep(client_id, answer);
    }

    /// What is wanted now.
    pub fn wanted(&self) -> Option<Disturbance> {
        self.lock().wanted
    }

    /// The last logout token that came through.
    pub(crate) fn last_token(&self) -> Option<String> {
        self.lock().last.clone()
    }

    pub(super) fn keep(&self, token: Option<String>) {
        if let Some(token) = token {
            self.lock().last = Some(token);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::http::StatusCode;
    use lab_trace::{Channel, Party};

    use super::{Disturbance, Fate, LONGEST_DELAY, fate};

    #[test]
    fn trouble_meets_those_for_whom_it_is_meant() {
        let browser = Party::Browser(Some("john".to_owned()));
        let app = Party::App("admin".to_owned());
        let posted = |wanted| fate(&wanted, &Party::Keycloak, Channel::BackChannel);
        assert_eq!(posted(Disturbance::Answers(500)), Fate::Answered(StatusCode::INTERNAL_SERVER_ERROR));
        assert_eq!(posted(Disturbance::Hangs), Fate::Silence);
        assert_eq!(posted(Disturbance::SwallowsAnswers), Fate::Deaf);
        assert_eq!(posted(Disturbance::DeliversTwice), Fate::Twice);
        assert_eq!(posted(Disturbance::CutOff), Fate::Lost);
        assert_eq!(posted(Disturbance::DelaysBySeconds(2)), Fate::Later(Duration::from_secs(2)));
        assert_eq!(posted(Disturbance::DelaysBySeconds(2_000)), Fate::Later(LONGEST_DELAY), "bounded");
        for wanted in [Disturbance::Answers(500), Disturbance::Hangs, Disturbance::ServersGet(503)] {
            assert_eq!(fate(&wanted, &browser, Channel::Page), Fate::AsUsual, "{wanted:?}: browsers notice nothing");
        }
        assert_eq!(fate(&Disturbance::CutOff, &browser, Channel::Page), Fate::Lost);
        assert_eq!(fate(&Disturbance::ForbidsFrames, &browser, Channel::Page), Fate::WithPolicy("frame-src 'self'"));
        assert_eq!(fate(&Disturbance::ForbidsFrames, &app, Channel::Server), Fate::AsUsual, "a server has no frames");
        let refused = Fate::Answered(StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(fate(&Disturbance::ServersGet(503), &app, Channel::Server), refused);
    }

    #[test]
    fn the_labs_own_probes_always_pass() {
        for wanted in [Disturbance::CutOff, Disturbance::Hangs, Disturbance::ServersGet(503)] {
            assert_eq!(fate(&wanted, &Party::Lab, Channel::Probe), Fate::AsUsual);
        }
    }
}
