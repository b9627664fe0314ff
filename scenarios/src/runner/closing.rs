//! What the invariants need to see besides a lesson's own steps: old cookies of everybody who is named, and what can still
//! be done after the last step.

use std::collections::BTreeMap;

use lab::Trouble;
use lab::acts::Act;
use lab::browser::{Loot, Sight, SignOut};
use lab_trace::Matrix;

use super::Stage;
use crate::invariants::closing::{LONG_ENOUGH, came_in, is_error, outlived, twice};
use crate::invariants::{Invariant, Seen};
use crate::run::{Heard, select};
use crate::vocabulary::{Driver, Person, Portal};

/// Parts that a lesson can disturb.
const PARTS: &[&str] = &["internal", "external", "admin", "keycloak"];

impl Stage<'_> {
    /// Looks at a step by the rules that hold in every lesson.
    pub(super) async fn look(&mut self, seen: Seen<'_>, before: &BTreeMap<Person, Loot>) {
        self.remember_secrets();
        let mut old = Vec::new();
        for who in self.book.named(seen.events, seen.exchanges, seen.sids) {
            if let Some(loot) = before.get(&who) {
                old.push((who, self.prober.old_logins(&self.topology, loot).await));
            }
        }
        self.book.step(&Seen { old: &old, ..seen });
    }

    /// After the last step: takes the trouble with network and clocks away, lets time pass at the portals, lets everybody sign
    /// in again and one of them sign out twice. Faults stay: they are what the rules are to notice.
    ///
    /// Where the run is `watched`, only what has been seen already is judged.
    pub(super) async fn close(&mut self, was: &Matrix, watched: bool) -> Result<(), Trouble> {
        if self.driver == Driver::Chromium || watched {
            let why =
                if watched { "it is not tried while somebody watches" } else { "it is not tried with a real browser" };
            // These rules ask servers, so what they find is the same whoever signs in: scripted browsers ask, where they play the
            // lesson as well.
            for invariant in [Invariant::SessionsEnd, Invariant::NewLogin, Invariant::TwiceIsOnce] {
                self.book.skip(invariant, why);
            }
            self.remember_secrets();
            let topology = self.topology.clone();
            for origin in self.players.iter().flat_map(|player| player.asked()) {
                self.book.asked(&topology, &origin);
            }
            return Ok(());
        }
        let mark = self.lab.mark().await?;
        let clock = self.book.world.clock;
        for part in PARTS {
            self.lab.act(&Act::Disturb { part: (*part).to_owned(), how: None }).await?;
        }
        if self.book.world.redis_away {
            self.lab.act(&Act::StartRedis).await?;
        }
        self.book.made_whole();
        self.let_sessions_end(clock).await?;
        // Going back in time is the lab's trick. A portal that asked for keys "later than now" waits for that moment to come.
        if self.book.world.rotated && self.book.world.latest > 0 {
            for invariant in [Invariant::NewLogin, Invariant::TwiceIsOnce] {
                self.book.skip(invariant, "the clocks went back, and a portal asks for new keys only once in a while");
            }
        } else if let Some((who, portal)) = self.let_everybody_in().await? {
            self.sign_out_twice(who, portal).await?;
        } else {
            self.book.skip(Invariant::TwiceIsOnce, "nobody is signed in");
        }
        self.remember_secrets();
        let events = self.lab.events_since(mark).await?;
        let exchanges = select(&events, &self.people, 1, &[], Heard::of(self.driver, None));
        let topology = self.topology.clone();
        let sids = BTreeMap::new();
        self.book.step(&Seen {
            step: None,
            topology: &topology,
            events: &events,
            exchanges: &exchanges,
            was,
            matrix: was,
            sids: &sids,
            old: &[],
        });
        for origin in self.players.iter().flat_map(|player| player.asked()) {
            self.book.asked(&topology, &origin);
        }
        Ok(())
    }

    async fn let_sessions_end(&mut self, clock: i64) -> Result<(), Trouble> {
        let until = self.book.world.latest + LONG_ENOUGH;
        self.lab.act(&Act::MoveClocks { seconds: until - clock }).await?;
        for (who, loot) in self.held() {
            let cells = self.prober.old_logins(&self.topology, &loot).await;
            if let Some(failure) = outlived(who, &cells) {
                self.book.broken(Invariant::SessionsEnd, failure);
            }
        }
        self.lab.act(&Act::MoveClocks { seconds: -until }).await
    }

    /// Gives somebody who is signed in now, and where.
    async fn let_everybody_in(&mut self) -> Result<Option<(Person, Portal)>, Trouble> {
        let mut inside = None;
        let world = self.book.world.clone();
        for (index, who) in self.people.clone().into_iter().enumerate() {
            let username = who.user().username();
            if let Some(why) = world.shut_out.get(username) {
                self.book.skip(Invariant::NewLogin, format!("{username} {why}"));
                continue;
            }
            for portal in world.visited.get(&who).into_iter().flatten().copied() {
                if world.closed.contains(&portal) {
                    self.book
                        .skip(Invariant::NewLogin, format!("the client of the {} is switched off", portal.title()));
                    continue;
                }
                let seen = told(self.players[index].sign_in(portal.word()).await);
                if let Some(failure) = came_in(who, portal, &seen) {
                    self.book.broken(Invariant::NewLogin, failure);
                } else if matches!(&seen, Ok(sight) if is_signed_in(sight)) {
                    inside = inside.or(Some((who, portal)));
                }
            }
        }
        Ok(inside)
    }

    async fn sign_out_twice(&mut self, who: Person, portal: Portal) -> Result<(), Trouble> {
        let Some(index) = self.people.iter().position(|person| *person == who) else { return Ok(()) };
        let once = (told(self.players[index].sign_out(portal.word(), SignOut::AtPortal).await), self.matrix().await?);
        if !once.0.as_ref().is_ok_and(|seen| !is_error(&seen.place)) {
            self.book.skip(Invariant::TwiceIsOnce, "the first sign-out did not work");
            return Ok(());
        }
        let again = (told(self.players[index].sign_out(portal.word(), SignOut::AtPortal).await), self.matrix().await?);
        if let Some(failure) = twice(who, portal, &once, &again) {
            self.book.broken(Invariant::TwiceIsOnce, failure);
        }
        Ok(())
    }

    /// What the browsers hold now must not be written down anywhere.
    fn remember_secrets(&mut self) {
        let addresses: Vec<&url::Url> =
            self.topology.portals.iter().map(|portal| &portal.url).chain([&self.topology.issuer]).collect();
        for player in &self.players {
            let loot = player.loot();
            addresses.iter().filter_map(|url| loot.cookies(url)).for_each(|held| self.book.secrets.cookies(&held));
            if let Some(tokens) = player.tokens() {
                self.book.secrets.value(&tokens.access);
                self.book.secrets.value(tokens.id_token());
            }
        }
    }
}

/// What went wrong, as words: at the end of a lesson it says something about the lesson and not about the lab.
fn told(seen: Result<Sight, Trouble>) -> Result<Sight, String> {
    seen.map_err(|trouble| trouble.what)
}

fn is_signed_in(sight: &Sight) -> bool {
    matches!(sight.place, lab::browser::Place::SignedIn { .. })
}
