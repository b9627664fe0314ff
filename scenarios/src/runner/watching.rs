//! What tabs show by themselves, and the consoles of browsers.

use std::collections::BTreeMap;
use std::time::Duration;

use lab::Trouble;
use lab::browser::{Screen, Shot};
use tokio::time::{Instant, sleep};

use super::Stage;
use crate::checks::Screens;
use crate::lesson::Step;
use crate::vocabulary::{Person, Portal, ScreenWord};

/// How long a tab may take to show what it should. What is told to a page arrives in well under a second; a page that asks in
/// an interval asks within [`Stage::watch`]'s patience as well.
const LATEST: Duration = Duration::from_secs(12);
/// How long a tab that shows already what it should has to go on showing it.
const STAYS: Duration = Duration::from_millis(1_200);
const PAUSE: Duration = Duration::from_millis(50);

impl Stage<'_> {
    /// What each person's tabs show now; not looked at where the step expects nothing of them.
    pub(super) async fn screens(&mut self, step: &Step) -> Result<Screens, Trouble> {
        let mut all = BTreeMap::new();
        if step.expect.screens.is_empty() {
            return Ok(all);
        }
        for (person, player) in self.people.iter().zip(&mut self.players) {
            for (portal, screen) in player.screens().await? {
                all.insert((*person, portal), word(screen));
            }
        }
        Ok(all)
    }

    /// Waits until the tabs show what the step expects, or long enough to say that they do not.
    pub(super) async fn watch(&mut self, step: &Step, before: &Screens) -> Result<Screens, Trouble> {
        let wanted: Vec<((Person, String), ScreenWord)> = step
            .expect
            .screens
            .iter()
            .flat_map(|(person, row)| row.screens().map(|(portal, word)| ((*person, name(portal)), word)))
            .collect();
        let all_so = |shown: &Screens| wanted.iter().all(|(tab, word)| shown.get(tab) == Some(&Some(*word)));
        let begun = Instant::now();
        // Where nothing is to change, that it did not change is the observation, and it takes time. So does that an app which was
        // told "no" does not ask again.
        let stays = step.expect.silent_question.is_some()
            || wanted.iter().any(|(tab, word)| before.get(tab) == Some(&Some(*word)));
        loop {
            let shown = self.screens(step).await?;
            let settled = !stays || begun.elapsed() >= STAYS;
            // What was so and is so no longer has not stayed, whatever comes of it later.
            let left = wanted
                .iter()
                .any(|(tab, word)| before.get(tab) == Some(&Some(*word)) && shown.get(tab) != Some(&Some(*word)));
            if left && begun.elapsed() > PAUSE {
                return Ok(shown);
            }
            if (all_so(&shown) && settled) || begun.elapsed() >= LATEST {
                return Ok(shown);
            }
            sleep(PAUSE).await;
        }
    }

    /// Pictures of the tab in which something was done and of those that the step is about, where somebody wants them.
    pub(super) async fn shots(&mut self, step: &Step) -> Vec<(Person, Shot)> {
        let mut shots = Vec::new();
        if !self.draws {
            return shots;
        }
        let actor = step.seat().map(|(who, _)| who);
        for (person, player) in self.people.iter().zip(&mut self.players) {
            let row = step.expect.screens.get(person);
            let portals: Vec<&str> =
                row.into_iter().flat_map(|row| row.screens().map(|(portal, _)| portal.word())).collect();
            let drawn = player.shots(actor == Some(*person), &portals).await;
            shots.extend(drawn.into_iter().map(|shot| (*person, shot)));
        }
        shots
    }

    /// What each person's browser has written into its console since the last time.
    pub(super) fn console(&mut self) -> BTreeMap<Person, Vec<String>> {
        self.people.iter().copied().zip(self.players.iter_mut().map(|player| player.console())).collect()
    }
}

/// What the transcript prints: the tabs that the step is about. What another one shows at this moment may be chance, for a page
/// that is told needs its time.
pub(super) fn shown(step: &Step, screens: &Screens) -> Vec<(Person, String, ScreenWord)> {
    let about = |person: &Person, portal: &str| {
        step.expect.screens.get(person).is_some_and(|row| row.screens().any(|(one, _)| one.word() == portal))
    };
    screens
        .iter()
        .filter(|((person, portal), _)| about(person, portal))
        .filter_map(|((person, portal), word)| word.map(|word| (*person, portal.clone(), word)))
        .collect()
}

fn name(portal: Portal) -> String {
    portal.word().to_owned()
}

fn word(screen: Screen) -> Option<ScreenWord> {
    match screen {
        Screen::SignedIn => Some(ScreenWord::SignedIn),
        Screen::SignedOut => Some(ScreenWord::SignedOut),
        Screen::Trouble => Some(ScreenWord::Trouble),
        Screen::Keycloak => Some(ScreenWord::Keycloak),
        Screen::Other => None,
    }
}
