//! `bench scenarios`: the suite against the time that Keycloak itself takes, its repeatability, and whether a logout has
//! taken effect when the person sees the next page.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use ::scenarios::library::Library;
use ::scenarios::vocabulary::Driver;
use ::scenarios::{Lesson, runner, transcript};
use lab::Trouble;
use lab::browser::probe::Prober;
use lab::browser::{Person, SignOut};
use lab::control::client::LabClient;
use lab_trace::{CellState, Event, EventKind, Party};
use realm::User;

use super::host;
use crate::out::say;
use crate::scenario::order;
use crate::settings::{Global, LabArgs};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often the suite is played in another order
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=200))]
    shuffles: u32,
    /// How many logouts are tried
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    logouts: u32,
    #[command(flatten)]
    lab: LabArgs,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let (lessons, errors) = Library::shipped()?.lessons()?;
    if let Some(error) = errors.into_iter().next() {
        return Err(error.into());
    }
    super::on_a_lab(&args.lab, global, async |client| measure(&args, &client, &lessons).await).await
}

async fn measure(args: &Args, client: &LabClient, lessons: &[Lesson]) -> Result<(), Trouble> {
    let topology = Arc::new(client.topology().await?);
    say(&format!("host: {}", host::line()));
    say(&format!("Keycloak {}, {} lessons", topology.version, lessons.len()));
    let mut fitting = Vec::new();
    for lesson in lessons {
        // What only a real browser plays is no part of this suite.
        let scripted = lesson.front.drivers.contains(&Driver::Http);
        if scripted && lesson.front.sites == topology.sites && runner::fits(lesson, &topology)? {
            fitting.push(lesson.clone());
        }
    }
    // Once unmeasured: Keycloak compiles what it needs.
    let mut texts = BTreeMap::new();
    play(client, &fitting, None, &mut texts).await?;

    let mark = client.mark().await?;
    let begun = Instant::now();
    let differing = play(client, &fitting, None, &mut texts).await?;
    let wall = begun.elapsed().as_secs_f64();
    let inside = seconds_inside_keycloak(&client.events_since(mark).await?);
    // Lessons that let time pass for Keycloak's clocks wait for nobody's work, so their waiting is left out.
    let waiting = fitting.iter().map(Lesson::seconds_waited).sum::<u64>();
    let wall = wall - std::time::Duration::from_secs(waiting).as_secs_f64();
    say(&format!(
        "suite: {wall:.1} s without {waiting} s of waiting, {inside:.1} s of it inside Keycloak as the taps saw it; {differing} transcripts differ"
    ));
    say(&format!(
        "suite / time inside Keycloak: {:.2} (goal at most 1.25: {})",
        wall / inside,
        met(wall <= 1.25 * inside)
    ));

    let mut differing = 0;
    for seed in 0..args.shuffles {
        differing += play(client, &fitting, Some(seed.into()), &mut texts).await?;
    }
    say(&format!("{} shuffles: {differing} transcripts differ (goal 0: {})", args.shuffles, met(differing == 0)));

    let (asked, refused) = logouts(args.logouts, client).await?;
    say(&format!(
        "{} logouts: {refused} of {asked} old cookies and tokens refused by the first request (goal all: {})",
        args.logouts,
        met(asked == refused)
    ));
    Ok(())
}

fn met(goal: bool) -> &'static str {
    if goal { "met" } else { "NOT MET" }
}

/// Plays all lessons; gives the number of those whose transcript is not the first one's.
async fn play(
    client: &LabClient,
    lessons: &[Lesson],
    seed: Option<u64>,
    texts: &mut BTreeMap<String, String>,
) -> Result<usize, Trouble> {
    let mut differing = 0;
    for lesson in order::rounds(lessons, 1, seed) {
        let text = transcript::render(&runner::run(lesson, client).await?);
        let first = texts.entry(lesson.id().to_owned()).or_insert_with(|| text.clone());
        if *first != text {
            differing += 1;
            say(&format!("  {} differs: {}", lesson.id(), first_difference(first, &text)));
        }
    }
    Ok(differing)
}

/// The first line of the second text that the first one does not have at that place.
fn first_difference(first: &str, second: &str) -> String {
    let mut before = first.lines();
    let line = second.lines().find(|line| before.next() != Some(*line));
    line.map_or_else(|| "it ends earlier".to_owned(), |line| format!("{:?} is new", line.trim()))
}

/// The union of all times in which Keycloak had something to answer.
fn seconds_inside_keycloak(events: &[Event]) -> f64 {
    let mut times: Vec<(u64, u64)> = events
        .iter()
        .filter_map(|event| match &event.kind {
            EventKind::Exchange(exchange) if exchange.callee == Party::Keycloak => {
                Some((event.at_us, event.at_us + exchange.took_us))
            }
            EventKind::Exchange(_) | EventKind::Portal(_) | EventKind::Lab(_) => None,
        })
        .collect();
    times.sort_unstable();
    let (mut total, mut until) = (0, 0);
    for (begin, end) in times {
        total += end.saturating_sub(begin.max(until));
        until = until.max(end);
    }
    std::time::Duration::from_micros(total).as_secs_f64()
}

/// Signs in everywhere and out again; gives how many old logins were tried, and how many were refused.
async fn logouts(times: u32, client: &LabClient) -> Result<(usize, usize), Trouble> {
    client.reset().await?;
    let topology = Arc::new(client.topology().await?);
    let prober = Prober::new(client.clone());
    let (mut asked, mut refused) = (0, 0);
    for _ in 0..times {
        let mut john = Person::new(topology.clone(), "john", User::John.username(), User::John.password());
        for portal in ["internal", "external", "admin"] {
            john.sign_in(portal).await?;
        }
        let old = john.loot();
        john.sign_out("internal", SignOut::AtPortal).await?;
        let cells = prober.old_logins(&topology, &old).await;
        asked += cells.len();
        refused += cells.iter().filter(|cell| cell.state == CellState::Out).count();
    }
    Ok((asked, refused))
}

#[cfg(test)]
mod tests {
    use lab_trace::{Event, EventKind, LabNote};

    use super::{first_difference, seconds_inside_keycloak};

    #[test]
    fn a_difference_is_named_by_its_line() {
        assert_eq!(first_difference("a\nb\n", "a\n  c\n"), "\"c\" is new");
        assert_eq!(first_difference("a\nb\n", "a\n"), "it ends earlier");
    }

    #[test]
    fn what_is_no_exchange_takes_no_time() {
        let note = EventKind::Lab(LabNote { text: "x".to_owned() });
        assert!(seconds_inside_keycloak(&[Event { seq: 1, at_us: 5, kind: note }]).abs() < f64::EPSILON);
        assert!(seconds_inside_keycloak(&[]).abs() < f64::EPSILON);
    }
}
