//! `bench notices`: how long until an open tab shows that the session has ended, by each way in which it can hear of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lab::acts::{Act, AppOptions, Monitor};
use lab::browser::player::TabDeed;
use lab::browser::{Player as _, SignOut};
use lab::chromium::{self, Chromium, Cookies, Guest};
use lab::control::client::LabClient;
use lab::control::messages::Topology;
use lab::faults::Change;
use lab::{Kind, Trouble, http};
use lab_trace::EventKind;
use tokio::time::{Instant, sleep};

use super::host;
use super::stat::{median, percentile};
use crate::out::{self, say};
use crate::settings::{Global, LabArgs};
use crate::signals::cancelled_by_signals;

/// Longer than the slowest way needs: a renewal every ten seconds.
const LATEST: Duration = Duration::from_secs(14);
/// After so long a clean-up that was planned for two seconds later has been done, or never will be.
const LOST: Duration = Duration::from_secs(4);
const PAUSE: Duration = Duration::from_millis(50);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each way is tried
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    #[command(flatten)]
    lab: LabArgs,
}

/// How a tab hears of the end.
struct Way {
    words: &'static str,
    /// Where the tab is.
    portal: &'static str,
    monitor: Monitor,
    faults: &'static [&'static str],
    end: End,
    /// How often it asks, where it asks by itself: the end comes at every moment in between alike.
    every: Duration,
    /// Seconds in which nothing may come, for those that may lose the news.
    patience: Duration,
}

/// How the session ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The person signs out at the dashboard.
    SignOut,
    /// An administrator ends it.
    Administrator,
    /// The same, and later somebody looks at the tab: the clock starts then.
    LookedAt,
}

const NO_FRAME: &str = "frontchannel-url-missing";

const WAYS: [Way; 7] = [
    Way::new("internal: back channel, then told live; signed out elsewhere", "internal", End::SignOut),
    Way::new("internal: back channel, then told live; by an administrator", "internal", End::Administrator),
    Way::new("external: the frame tells it; signed out elsewhere", "external", End::SignOut),
    Way {
        faults: &["fc7-late-clean-up"],
        patience: LOST,
        ..Way::new("external: the frame tells it, 2 s late", "external", End::SignOut)
    },
    Way {
        monitor: Monitor::CheckSession,
        every: Duration::from_secs(2),
        faults: &[NO_FRAME],
        ..Way::new("external: check-session frame, every 2 s; signed out elsewhere", "external", End::SignOut)
    },
    Way {
        monitor: Monitor::Refresh,
        every: Duration::from_secs(10),
        ..Way::new("external: renewal, every 10 s; by an administrator", "external", End::Administrator)
    },
    Way::new("external: somebody looks at it, from then on", "external", End::LookedAt),
];

impl Way {
    const fn new(words: &'static str, portal: &'static str, end: End) -> Self {
        Self { words, portal, monitor: Monitor::None, faults: &[], end, every: Duration::ZERO, patience: LATEST }
    }
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let folders = global.folders()?;
    // Before a lab is started, as it may take minutes.
    chromium::prepare(out::progress(global).as_ref(), &cancelled_by_signals()).await?;
    let cookies = args.lab.third_party_cookies()?.unwrap_or(Cookies::Allow);
    super::on_a_lab(&args.lab, global, async |client| {
        let chromium = Arc::new(Chromium::start(&folders, cookies).await?);
        let measured = measure(&client, &chromium, args.rounds).await;
        let stopped = match Arc::into_inner(chromium) {
            Some(chromium) => chromium.stop().await,
            None => Ok(()),
        };
        measured.and(stopped)
    })
    .await
}

async fn measure(client: &LabClient, chromium: &Arc<Chromium>, rounds: u32) -> Result<(), Trouble> {
    say(&host::line());
    let lab = Arc::new(client.topology().await?);
    say(&format!(
        "milliseconds until the tab shows the end of the session, {rounds} rounds each; sites: {}. They count from the browser's \
         request to Keycloak's logout endpoint, or from the administrator's order",
        lab.sites
    ));
    let mut first: Option<f64> = None;
    for (number, way) in WAYS.iter().enumerate() {
        let (mut took, mut lost) = (Vec::new(), 0);
        for round in 0..rounds {
            match once(client, &lab, chromium, way, way.every * round / rounds).await? {
                Some(milliseconds) => took.push(milliseconds),
                None => lost += 1,
            }
        }
        let limit = way.patience.as_secs();
        let missed = if lost > 0 { format!("not within {limit} s: {lost} of {rounds}") } else { String::new() };
        if took.is_empty() {
            say(&format!("  {}: {missed}", way.words));
            continue;
        }
        let (middle, longest) = (median(&took), percentile(&took, 1.0));
        // Of the first way alone, so that each line can be read beside it.
        first = first.or((number == 0).then_some(middle));
        let ratio = first.map(|first| format!(", ratio {:.1}", middle / first)).unwrap_or_default();
        let missed = if missed.is_empty() { missed } else { format!("; {missed}") };
        say(&format!("  {}: p50 {middle:.0}, longest {longest:.0}{ratio}{missed}", way.words));
    }
    client.reset().await
}

/// One session, from its beginning to the moment at which the tab shows its end; none if that does not come.
async fn once(
    client: &LabClient,
    lab: &Arc<Topology>,
    chromium: &Arc<Chromium>,
    way: &Way,
    after: Duration,
) -> Result<Option<f64>, Trouble> {
    client.reset().await?;
    if !way.faults.is_empty() {
        let on = way.faults.iter().map(|name| (*name).to_owned()).collect();
        client.switch_faults(&Change { on, off: Vec::new() }).await?;
    }
    client.act(&Act::SetApp(AppOptions { monitor: way.monitor, ..AppOptions::default() })).await?;
    let john = realm::User::John;
    let mut guest = Guest::new(lab.clone(), chromium.clone(), ("john", john.username(), john.password())).await?;
    let noticed = notice(client, lab, &mut guest, way, after).await;
    let left = guest.leave().await;
    let noticed = noticed?;
    left.map(|()| noticed)
}

async fn notice(
    client: &LabClient,
    lab: &Topology,
    guest: &mut Guest,
    way: &Way,
    after: Duration,
) -> Result<Option<f64>, Trouble> {
    guest.sign_in(way.portal).await?;
    guest.sign_in("admin").await?;
    guest.watch(way.portal).await?;
    sleep(after).await;
    let begun = match way.end {
        End::SignOut => {
            let clock = Clock::read(client, lab).await?;
            let mark = client.mark().await?;
            guest.sign_out("admin", SignOut::AtPortal).await?;
            clock.of_sign_out(client, mark).await?
        }
        End::Administrator => {
            let begun = now();
            end_sessions(client, guest).await?;
            begun
        }
        End::LookedAt => {
            end_sessions(client, guest).await?;
            let begun = now();
            guest.in_tabs(&TabDeed::LookAt(way.portal.to_owned())).await?;
            begun
        }
    };
    let deadline = Instant::now() + way.patience;
    while Instant::now() < deadline {
        if let Some(at) = guest.noticed_at(way.portal).await? {
            return Ok(Some(at - begun));
        }
        sleep(PAUSE).await;
    }
    Ok(None)
}

async fn end_sessions(client: &LabClient, guest: &Guest) -> Result<(), Trouble> {
    for sid in client.sso_sessions(guest.user()).await? {
        client.act(&Act::EndSession { sid }).await?;
    }
    Ok(())
}

/// What the lab's clock, which starts with it, says on the computer's.
struct Clock {
    /// Milliseconds since 1970 when the lab started.
    start: f64,
}

impl Clock {
    /// Reads both at one exchange through a tap.
    async fn read(client: &LabClient, lab: &Topology) -> Result<Self, Trouble> {
        let mark = client.mark().await?;
        let url = lab.place("internal")?.url.join("health").map_err(|error| unseen(&error))?;
        let before = now();
        http::client(Duration::from_secs(10)).get(url).send().await.map_err(|error| unseen(&error))?;
        Ok(Self { start: before - at(client, mark, "/health").await? })
    }

    /// When somebody's browser asked Keycloak to end the session.
    async fn of_sign_out(&self, client: &LabClient, mark: u64) -> Result<f64, Trouble> {
        Ok(self.start + at(client, mark, "/protocol/openid-connect/logout").await?)
    }
}

/// When the first exchange since `mark` with such a path began, in milliseconds since the lab started.
#[expect(clippy::cast_precision_loss, reason = "microseconds of a lab's life")]
async fn at(client: &LabClient, mark: u64, path: &str) -> Result<f64, Trouble> {
    let events = client.events_since(mark).await?;
    let one = events.iter().find(|event| match &event.kind {
        EventKind::Exchange(exchange) => exchange.path.ends_with(path),
        EventKind::Portal(_) | EventKind::Lab(_) => false,
    });
    one.map(|event| event.at_us as f64 / 1e3).ok_or_else(|| unseen(&format!("no exchange with {path}")))
}

fn now() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

fn unseen(why: &impl std::fmt::Display) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("a moment could not be measured: {why}"),
        "the taps saw something else than a sign-out, so the figure would be of something else",
        "run it again; if it stays, look at `cargo xtask scenario run two-tabs-of-an-app --driver chromium`",
    )
}
