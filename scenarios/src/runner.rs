//! Plays a lesson against a running lab.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lab::Trouble;
use lab::browser::probe::Prober;
use lab::browser::{Loot, Player};
use lab::chromium::Cookies;
use lab::control::client::LabClient;
use lab::control::messages::{SsoSession, Topology};
use lab::faults::Change;
use lab_trace::{Cell, CellState, Event, EventKind, Matrix, Party};
use serde_json::Value;

use crate::checks::{Evidence, checks};
use crate::invariants::{Book, Seen};
use crate::lesson::{Lesson, Part, Step};
use crate::run::{Heard, Run, StepRun, select};
use crate::vocabulary::{Driver, Person, ThirdPartyCookies};
use crate::why::{self, Around};

mod acts;
mod cast;
mod closing;
mod fits;
mod orders;
mod pace;
mod probe;
mod watching;

pub use cast::{Cast, ChromiumCast, Role, ScriptedCast};
pub use fits::fits;
pub use pace::{AtOnce, Pace};
pub use probe::Probe;

use fits::playable;
use watching::shown;

/// Plays a lesson: reset, its faults planted, fresh browsers, then step by step do, look, compare. Its faults and whatever
/// else it did to the lab are taken away again.
///
/// # Errors
/// Trouble of the lab, or a lesson that this lab cannot play. A failed expectation is no error: it is in the run.
pub async fn run(lesson: &Lesson, lab: &LabClient) -> Result<Run, Trouble> {
    run_with(lesson, lab, &[]).await
}

/// The same with faults that the lesson knows nothing of: to find out whether it would notice them.
///
/// # Errors
/// As [`run`]; usage when a fault is unknown.
pub async fn run_with(lesson: &Lesson, lab: &LabClient, sabotage: &[String]) -> Result<Run, Trouble> {
    run_cast(lesson, lab, sabotage, &ScriptedCast).await
}

/// The same with people of this cast.
///
/// # Errors
/// As [`run_with`]; environment when there is no such browser.
pub async fn run_cast(lesson: &Lesson, lab: &LabClient, sabotage: &[String], cast: &dyn Cast) -> Result<Run, Trouble> {
    run_staged(lesson, lab, sabotage, Box::new(Prober::new(lab.clone())), cast, &mut AtOnce).await
}

/// The same at somebody's pace: told of every piece of the lesson in its order, and waited for. What is tried after the last
/// step is left out: whoever watches would see sign-ins that belong to no step.
///
/// # Errors
/// As [`run_cast`], and whatever `pace` gives.
pub async fn run_paced(
    lesson: &Lesson,
    lab: &LabClient,
    sabotage: &[String],
    cast: &dyn Cast,
    pace: &mut dyn Pace,
) -> Result<Run, Trouble> {
    run_staged(lesson, lab, sabotage, Box::new(Prober::new(lab.clone())), cast, pace).await
}

/// The same with another way to find out who is signed in where: to find out whether anybody would notice a wrong one.
///
/// # Errors
/// As [`run_with`].
pub async fn run_probed(
    lesson: &Lesson,
    lab: &LabClient,
    sabotage: &[String],
    prober: Box<dyn Probe>,
) -> Result<Run, Trouble> {
    run_staged(lesson, lab, sabotage, prober, &ScriptedCast, &mut AtOnce).await
}

async fn run_staged(
    lesson: &Lesson,
    lab: &LabClient,
    sabotage: &[String],
    prober: Box<dyn Probe>,
    cast: &dyn Cast,
    pace: &mut dyn Pace,
) -> Result<Run, Trouble> {
    let topology = Arc::new(lab.topology().await?);
    playable(lesson, &topology, cast.driver())?;
    pace.begin(&topology).await?;
    lab.reset().await?;
    let faults = plant(lesson, lab, sabotage).await?;
    let stage = Stage::new(lesson, lab, topology.clone(), prober, cast).await;
    let played = match stage {
        Ok(stage) => play(stage, lesson, pace).await,
        Err(trouble) => Err(trouble),
    };
    // Also after trouble: the lab is somebody's, and its next sign-in shall be as it should be.
    let mended = if faults.is_empty() && !lesson.changes_the_world() { Ok(()) } else { lab.reset().await };
    let (steps, book) = played?;
    mended?;
    let topology = topology.as_ref().clone();
    let mut run = Run {
        id: lesson.id().to_owned(),
        title: lesson.front.title.clone(),
        topology,
        driver: cast.driver(),
        faults,
        steps,
        invariants: Vec::new(),
    };
    run.invariants = book.close(&run);
    Ok(run)
}

/// Plants the lesson's faults in a lab without any, and gives their names.
async fn plant(lesson: &Lesson, lab: &LabClient, sabotage: &[String]) -> Result<Vec<String>, Trouble> {
    let of_lesson = lesson.front.faults.iter().map(|fault| fault.value.clone());
    let mut on: Vec<String> = of_lesson.collect();
    for fault in sabotage {
        if !on.contains(fault) {
            on.push(fault.clone());
        }
    }
    if !on.is_empty() {
        lab.switch_faults(&Change { on: on.clone(), off: Vec::new() }).await?;
    }
    Ok(on)
}

async fn play(mut stage: Stage<'_>, lesson: &Lesson, pace: &mut dyn Pace) -> Result<(Vec<StepRun>, Book), Trouble> {
    let played = play_steps(&mut stage, lesson, pace).await;
    // Browsers go in any case; what is wrong with the lesson is told first.
    let left = stage.leave().await;
    let steps = played?;
    left?;
    Ok((steps, stage.book))
}

async fn play_steps(stage: &mut Stage<'_>, lesson: &Lesson, pace: &mut dyn Pace) -> Result<Vec<StepRun>, Trouble> {
    let mut matrix = stage.matrix().await?;
    let mut steps = Vec::new();
    let mut next = 1;
    for part in &lesson.parts {
        pace.part(part).await?;
        let Part::Steps(of_part) = part else { continue };
        for step in of_part {
            pace.before(step).await?;
            let done = stage.play(step, &matrix, next).await?;
            pace.after(step, &done).await?;
            next += done.exchanges.len();
            matrix = done.matrix.clone();
            steps.push(done);
        }
    }
    stage.close(&matrix, pace.is_watched()).await?;
    Ok(steps)
}

struct Stage<'a> {
    lab: &'a LabClient,
    topology: Arc<Topology>,
    prober: Box<dyn Probe>,
    people: Vec<Person>,
    players: Vec<Box<dyn Player>>,
    driver: Driver,
    /// Whether somebody wants pictures of the tabs.
    draws: bool,
    book: Book,
}

impl<'a> Stage<'a> {
    async fn new(
        lesson: &Lesson,
        lab: &'a LabClient,
        topology: Arc<Topology>,
        prober: Box<dyn Probe>,
        cast: &dyn Cast,
    ) -> Result<Self, Trouble> {
        let people: Vec<Person> = lesson.people().into_iter().collect();
        let of_lab = lab.chosen().await?.third_party_cookies;
        let mut players = Vec::new();
        for person in &people {
            let (name, user) = (person.word(), person.user());
            let role = Role {
                name,
                user: user.username(),
                password: user.password(),
                cookies: match lesson.front.third_party_cookies {
                    Some(ThirdPartyCookies::Block) => Cookies::Block,
                    Some(ThirdPartyCookies::Allow) => Cookies::Allow,
                    None => of_lab.unwrap_or(Cookies::Allow),
                },
                own_browser: lesson.needs_own_browser(),
            };
            players.push(cast.player(&topology, role).await?);
        }
        Ok(Self {
            lab,
            topology,
            prober,
            people,
            players,
            driver: cast.driver(),
            draws: cast.draws(),
            book: Book::of(lesson),
        })
    }

    async fn leave(&mut self) -> Result<(), Trouble> {
        let mut left = Ok(());
        for player in &mut self.players {
            left = left.and(player.leave().await);
        }
        left
    }

    async fn play(&mut self, step: &Step, was: &Matrix, first: usize) -> Result<StepRun, Trouble> {
        let before = self.held();
        let sessions: BTreeMap<Person, String> =
            before.iter().filter_map(|(person, loot)| loot.sid().map(|sid| (*person, sid.to_owned()))).collect();
        let mut around = Around::default();
        if why::may_end_sessions(step) {
            around.before = self.sessions().await?;
            around.clients = self.lab.logout_settings().await?;
        }
        let written = self.keycloak_wrote(step, &[]).await?;
        let mark = self.lab.mark().await?;
        let screens = self.screens(step).await?;
        let sight = self.act(step).await?;
        let screens = self.watch(step, &screens).await?;
        let events = self.lab.events_since(mark).await?;
        let sids: Vec<&str> = sessions.values().map(String::as_str).collect();
        let asks = step.expect.silent_question.and(step.seat()).map(|(who, _)| who);
        let exchanges = select(&events, &self.people, first, &sids, Heard::of(self.driver, asks));
        let matrix = self.matrix().await?;
        let console = self.console();
        let shots = self.shots(step).await;
        let old = match step.seat() {
            Some((who, _)) => self.old(who, &before, was).await,
            None => Vec::new(),
        };
        let keycloak: Vec<String> = self.keycloak_wrote(step, &written).await?.iter().filter_map(kind).collect();
        let evidence = Evidence {
            step,
            topology: &self.topology,
            exchanges: &exchanges,
            sight: sight.as_ref(),
            matrix: &matrix,
            sessions: &sessions,
            old: &old,
            keycloak: &keycloak,
            key_fetches: &key_fetches(&events),
            leaks: &leaks(&events),
            screens: &screens,
            console: &console,
        };
        let checks = checks(&evidence);
        if why::may_end_sessions(step) {
            around.after = self.sessions().await?;
        }
        let not_told = why::not_told(step, &self.topology, &exchanges, &around);
        let topology = self.topology.clone();
        let seen = Seen {
            step: Some(step),
            topology: &topology,
            events: &events,
            exchanges: &exchanges,
            was,
            matrix: &matrix,
            sids: &sessions,
            old: &[],
        };
        self.look(seen, &before).await;
        let sign_out = step.is_sign_out();
        Ok(StepRun {
            screens: shown(step, &screens),
            shots,
            sentence: step.to_string(),
            line: step.line,
            exchanges,
            sight,
            sign_out,
            not_told,
            matrix,
            checks,
        })
    }

    /// The sessions that Keycloak has of the lesson's people.
    async fn sessions(&self) -> Result<Vec<SsoSession>, Trouble> {
        let own = self.people.iter().map(|person| person.user().username());
        let users: BTreeSet<&str> = own.chain(self.players.iter().map(|player| player.user())).collect();
        let mut sessions = Vec::new();
        for user in users {
            sessions.extend(self.lab.sessions(user).await?);
        }
        Ok(sessions)
    }

    /// Keycloak's newest events without those that are `known`; not asked where the step expects nothing of them.
    async fn keycloak_wrote(&self, step: &Step, known: &[Value]) -> Result<Vec<Value>, Trouble> {
        if step.expect.keycloak_writes.is_empty() && step.expect.keycloak_does_not_write.is_empty() {
            return Ok(Vec::new());
        }
        let mut events = self.lab.keycloak_events().await?;
        events.retain(|event| !known.contains(event));
        Ok(events)
    }

    async fn matrix(&mut self) -> Result<Matrix, Trouble> {
        for player in &mut self.players {
            player.look().await?;
        }
        let held: Vec<(String, Loot)> =
            self.players.iter().map(|player| (player.user().to_owned(), player.loot())).collect();
        self.prober.matrix(&self.topology, &held).await
    }

    /// What each browser holds now.
    fn held(&self) -> BTreeMap<Person, Loot> {
        self.people.iter().zip(&self.players).map(|(person, player)| (*person, player.loot())).collect()
    }

    /// What the old cookies and tokens of `who` are worth now, at the portals where they were worth something before.
    async fn old(&self, who: Person, before: &BTreeMap<Person, Loot>, was: &Matrix) -> Vec<Cell> {
        let Some(loot) = before.get(&who) else { return Vec::new() };
        let row = was.rows.iter().find(|row| row.browser == who.word());
        let opened = |portal: &str| {
            row.is_some_and(|row| row.cells.iter().any(|cell| cell.of == portal && cell.state != CellState::Out))
        };
        let mut cells = self.prober.old_logins(&self.topology, loot).await;
        cells.retain(|cell| opened(&cell.of));
        cells
    }
}

fn kind(event: &Value) -> Option<String> {
    event["type"].as_str().map(str::to_owned)
}

/// How often each portal's server asked Keycloak for its keys: housekeeping, so transcripts leave it out.
fn key_fetches(events: &[Event]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for event in events {
        if let EventKind::Exchange(exchange) = &event.kind
            && let Party::App(name) = &exchange.caller
            && exchange.path.ends_with("/protocol/openid-connect/certs")
        {
            *counts.entry(name.clone()).or_default() += 1;
        }
    }
    counts
}

/// Portals whose own log got a piece of a token: what begins as every JSON Web Token does.
fn leaks(events: &[Event]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for event in events {
        if let EventKind::Portal(entry) = &event.kind
            && serde_json::to_string(entry).is_ok_and(|all| all.contains("eyJ"))
        {
            found.insert(entry.portal.clone());
        }
    }
    found
}
