//! Which session a browser got where, as the taps saw it: by this the session matrix of people's own browsers is probed.
//!
//! It holds real cookies and tokens, so it lives in memory only, prints nothing, and the lab's reset empties it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lab_trace::Exchange;
use serde_json::Value;
use url::Url;

use super::whose;
use crate::browser::Loot;
use crate::browser::jar::{Errand, Jar};
use crate::tap::mask::decode_jwt;

/// Sessions that are remembered; the oldest goes first.
const MOST: usize = 200;

/// What the taps have seen of sessions. Cheap to clone; all clones are one ledger.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
struct Held {
    sessions: VecDeque<Session>,
    /// Callbacks and token answers that wait for their other half. A code is good once, so each finds one partner.
    halves: VecDeque<Half>,
    /// How often everything was forgotten: who comes back with an old look sees that it is old.
    resets: u64,
}

/// One session at Keycloak.
#[derive(Clone)]
struct Session {
    sid: String,
    user: String,
    /// The browser's name, where it has one.
    browser: Option<String>,
    jar: Jar,
    /// Portals where the browser got a cookie for this session, or whose script got a token.
    portals: Vec<String>,
    /// Fingerprints of its cookies at the portals, by which a later request is known.
    prints: Vec<String>,
    access_token: Option<String>,
    told: Told,
    /// Changes with everything that is learnt of it.
    version: u64,
}

/// How a session's tab at a portal without a server heard of the end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Portals whose front-channel page was loaded for this session, with the status.
    pub(super) front_channel: Vec<(String, u16)>,
    /// `client_id` of the application that asked Keycloak to end it.
    pub(super) asked_by: Option<String>,
}

struct Half {
    code: String,
    is: Is,
}

enum Is {
    Callback(Callback),
    Tokens { sid: String },
}

/// A browser that comes back from Keycloak with a code.
#[derive(Clone)]
pub(crate) struct Callback {
    /// The portal.
    pub(crate) portal: String,
    /// The browser's name, where it has one.
    pub(crate) browser: Option<String>,
    /// The portal's address.
    pub(crate) url: Option<Url>,
    /// `Set-Cookie` lines of the answer.
    pub(crate) cookies: Vec<String>,
    /// Fingerprints of the cookies.
    pub(crate) prints: Vec<String>,
}

/// What the matrix asks for one session.
pub(super) struct Wanted {
    pub(super) sid: String,
    pub(super) user: String,
    pub(super) browser: Option<String>,
    pub(super) loot: Loot,
    pub(super) portals: Vec<String>,
    pub(super) told: Told,
    pub(super) version: u64,
}

impl Ledger {
    /// Keycloak's token endpoint has answered. `code` is what was exchanged; a refresh has none.
    pub(crate) fn tokens(&self, portal: &str, code: Option<&str>, answer: &[u8]) {
        let Some(given) = Given::read(answer) else { return };
        let mut held = self.lock();
        let session = held.session(&given.sid);
        if let Some(user) = given.user {
            session.user = user;
        }
        // Only the tab of a portal without a server holds tokens itself; those of the other portals prove nothing about a tab.
        if portal == "external" {
            session.access_token = Some(given.access_token);
            session.came_to(portal);
        }
        session.version += 1;
        let Some(code) = code else { return };
        match held.take_half(code) {
            Some(Is::Callback(callback)) => held.join(&given.sid, callback),
            Some(Is::Tokens { .. }) | None => held.keep_half(code, Is::Tokens { sid: given.sid }),
        }
    }

    /// A portal has answered a browser that came with this code.
    pub(crate) fn callback(&self, code: &str, callback: Callback) {
        let mut held = self.lock();
        match held.take_half(code) {
            Some(Is::Tokens { sid }) => held.join(&sid, callback),
            // The same address loaded again: the first answer set the cookie.
            Some(first @ Is::Callback(_)) => held.keep_half(code, first),
            None => held.keep_half(code, Is::Callback(callback)),
        }
    }

    /// A portal's front-channel page was loaded for this session.
    pub(crate) fn front_channel(&self, portal: &str, sid: &str, status: u16) {
        let mut held = self.lock();
        if let Some(session) = held.known(sid) {
            session.told.front_channel.push((portal.to_owned(), status));
            session.version += 1;
        }
    }

    /// A browser was sent to Keycloak to end the session of this ID token.
    pub(crate) fn logout_asked(&self, id_token_hint: &str) {
        let Some((_, claims)) = decode_jwt(id_token_hint) else { return };
        let (Some(sid), Some(client)) = (claims["sid"].as_str(), claims["aud"].as_str().or(claims["azp"].as_str()))
        else {
            return;
        };
        let mut held = self.lock();
        if let Some(session) = held.known(sid) {
            session.told.asked_by = Some(client.to_owned());
            session.version += 1;
        }
    }

    /// The user whose session an exchange belongs to, as far as it tells.
    pub(super) fn user_of(&self, exchange: &Exchange) -> Option<String> {
        let (sids, prints) = (whose::sids(exchange), whose::prints(exchange));
        let held = self.lock();
        let session = held.sessions.iter().rev().find(|session| {
            sids.contains(&session.sid.as_str()) || session.prints.iter().any(|print| prints.contains(&print.as_str()))
        })?;
        Some(session.user.clone()).filter(|user| !user.is_empty())
    }

    /// Everything that can be asked about, oldest first.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let held = self.lock();
        let wanted = |session: &Session| Wanted {
            sid: session.sid.clone(),
            user: session.user.clone(),
            browser: session.browser.clone(),
            // A balancer knows people's own browsers by an empty name.
            loot: Loot::of(
                session.browser.as_deref().unwrap_or_default(),
                session.jar.clone(),
                session.access_token.clone(),
                Some(session.sid.clone()),
            ),
            portals: session.portals.clone(),
            told: session.told.clone(),
            version: session.version,
        };
        held.sessions.iter().map(wanted).collect()
    }

    /// How often everything was forgotten.
    pub(super) fn resets(&self) -> u64 {
        self.lock().resets
    }

    /// Forgets everything.
    pub(crate) fn forget(&self) {
        let mut held = self.lock();
        *held = Held { resets: held.resets + 1, ..Held::default() };
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn known(&mut self, sid: &str) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.sid == sid)
    }

    /// The session of this `sid`, which is begun where it is new.
    fn session(&mut self, sid: &str) -> &mut Session {
        let position = self.sessions.iter().position(|session| session.sid == sid).unwrap_or_else(|| {
            if self.sessions.len() == MOST {
                self.sessions.pop_front();
            }
            self.sessions.push_back(Session::new(sid));
            self.sessions.len() - 1
        });
        &mut self.sessions[position]
    }

    fn join(&mut self, sid: &str, callback: Callback) {
        let session = self.session(sid);
        session.browser = callback.browser.or(session.browser.take());
        if let Some(url) = &callback.url {
            for cookie in &callback.cookies {
                session.jar.take(url, cookie, Errand::Own);
            }
        }
        if !callback.cookies.is_empty() {
            session.came_to(&callback.portal);
        }
        session.prints.extend(callback.prints);
        session.version += 1;
    }

    fn take_half(&mut self, code: &str) -> Option<Is> {
        let position = self.halves.iter().position(|half| half.code == code)?;
        self.halves.remove(position).map(|half| half.is)
    }

    fn keep_half(&mut self, code: &str, is: Is) {
        if self.halves.len() == MOST {
            self.halves.pop_front();
        }
        self.halves.push_back(Half { code: code.to_owned(), is });
    }
}

impl Session {
    fn new(sid: &str) -> Self {
        Self {
            sid: sid.to_owned(),
            user: String::new(),
            browser: None,
            jar: Jar::default(),
            portals: Vec::new(),
            prints: Vec::new(),
            access_token: None,
            told: Told::default(),
            version: 0,
        }
    }

    fn came_to(&mut self, portal: &str) {
        if !self.portals.iter().any(|known| known == portal) {
            self.portals.push(portal.to_owned());
        }
    }
}

/// What a token answer says of a session.
struct Given {
    sid: String,
    user: Option<String>,
    access_token: String,
}

impl Given {
    fn read(answer: &[u8]) -> Option<Self> {
        let answer: Value = serde_json::from_slice(answer).ok()?;
        let access_token = answer["access_token"].as_str()?.to_owned();
        let claims = answer["id_token"].as_str().and_then(decode_jwt).or_else(|| decode_jwt(&access_token))?.1;
        let user = claims["preferred_username"].as_str().map(str::to_owned);
        Some(Self { sid: claims["sid"].as_str()?.to_owned(), user, access_token })
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("sessions", &self.lock().sessions.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
