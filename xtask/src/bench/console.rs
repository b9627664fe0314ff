//! `bench console`: what an open console costs those who are watched, what its history costs the lab, and how long a page waits
//! for it.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use lab::control::client::LabClient;
use lab::{Kind, Trouble, http};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use url::Url;

use super::host;
use super::stat::{median, percentile};
use crate::out::say;
use crate::settings::{Global, LabArgs};

/// Exchanges in one turn, with or without a page that watches.
const TURN: usize = 100;
/// Turns of each kind.
const TURNS: usize = 20;
/// Pages that watch.
const VIEWERS: usize = 2;
/// What the memory is measured after.
const HISTORY: usize = 10_000;
/// How often the page and its history are fetched.
const FETCHES: usize = 10;

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    lab: LabArgs,
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    super::on_a_lab(&args.lab, global, async |client| measure(&client).await).await
}

async fn measure(client: &LabClient) -> Result<(), Trouble> {
    say(&host::line());
    let asked = client.topology().await?.place("internal")?.url.join("api/me").map_err(|error| failed(&error))?;
    let http = http::client(Duration::from_secs(30));
    let (mut alone, mut watched) = (Vec::new(), Vec::new());
    ask(&http, &asked, TURN, &mut Vec::new()).await?;
    for turn in 0..2 * TURNS {
        // Turns, so that both kinds meet the same noise.
        if turn % 2 == 0 {
            ask(&http, &asked, TURN, &mut alone).await?;
        } else {
            let viewers = viewers(client).await?;
            ask(&http, &asked, TURN, &mut watched).await?;
            viewers.iter().for_each(JoinHandle::abort);
        }
    }
    say(&format!("an exchange through a tap, {} each way in turns of {TURN}, {VIEWERS} pages watching", TURN * TURNS));
    for (name, share) in [("p50", 0.5), ("p99", 0.99)] {
        let (one, other) = (percentile(&alone, share), percentile(&watched, share));
        say(&format!("  {name}: {one:.0} us unwatched, {other:.0} us watched, ratio {:.2}", other / one));
    }

    let viewers = viewers(client).await?;
    let before = resident();
    ask(&http, &asked, HISTORY, &mut Vec::new()).await?;
    let after = resident();
    viewers.iter().for_each(JoinHandle::abort);
    match before.zip(after) {
        Some((before, after)) => say(&format!(
            "memory of the lab's own process, {VIEWERS} pages watching: {before} KiB before, {after} KiB after {HISTORY} exchanges more, {:.1} KiB each",
            float(after.saturating_sub(before)) / float(HISTORY)
        )),
        None => say("memory: this system does not tell"),
    }

    let bare = bare_page().await?;
    let (mut pages, mut all) = (Vec::new(), Vec::new());
    for _ in 0..FETCHES {
        pages.push(fetched(&http, &bare).await?);
        let begun = Instant::now();
        fetched(&http, &client.console(false)).await?;
        caught_up(&http, client).await?;
        all.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let (page, whole) = (median(&pages), median(&all));
    say(&format!(
        "the page with a history of {HISTORY} exchanges: {:.1} ms to its last line; a bare page of axum: {:.1} ms; ratio {:.0}",
        whole / 1e3,
        page / 1e3,
        whole / page
    ));
    Ok(())
}

/// Pages that read the stream as a browser does, and have all of the past behind them.
async fn viewers(client: &LabClient) -> Result<Vec<JoinHandle<()>>, Trouble> {
    let mut all = Vec::new();
    for _ in 0..VIEWERS {
        let (ready, told) = tokio::sync::oneshot::channel();
        let client = client.clone();
        all.push(tokio::spawn(async move {
            let http = http::client(Duration::from_mins(10));
            let mut ready = Some(ready);
            let _ = read(&http, &client, |line| {
                if line.contains("event: caught-up")
                    && let Some(ready) = ready.take()
                {
                    let _ = ready.send(());
                }
                true
            })
            .await;
        }));
        let told = tokio::time::timeout(Duration::from_mins(1), told).await;
        told.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
    }
    Ok(all)
}

async fn caught_up(http: &reqwest::Client, client: &LabClient) -> Result<(), Trouble> {
    read(http, client, |text| !text.contains("event: caught-up")).await
}

/// Reads the stream as long as `more` says so of what has come.
async fn read(http: &reqwest::Client, client: &LabClient, mut more: impl FnMut(&str) -> bool) -> Result<(), Trouble> {
    let live = client.console(false).join("console/live").map_err(|error| failed(&error))?;
    let answer = http.get(live).send().await.map_err(|error| failed(&error))?;
    let mut stream = answer.bytes_stream();
    // A word may be cut by the border of two pieces.
    let mut end = String::new();
    while let Some(piece) = stream.next().await {
        let text = String::from_utf8_lossy(&piece.map_err(|error| failed(&error))?).into_owned();
        if !more(&format!("{end}{text}")) {
            return Ok(());
        }
        end = text.chars().rev().take(32).collect::<Vec<_>>().into_iter().rev().collect();
    }
    Ok(())
}

/// So many exchanges, one after another; microseconds of each go to `took`.
async fn ask(http: &reqwest::Client, url: &Url, count: usize, took: &mut Vec<f64>) -> Result<(), Trouble> {
    for _ in 0..count {
        let begun = Instant::now();
        let answer = http.get(url.clone()).send().await.map_err(|error| failed(&error))?;
        answer.bytes().await.map_err(|error| failed(&error))?;
        took.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    Ok(())
}

async fn fetched(http: &reqwest::Client, url: &Url) -> Result<f64, Trouble> {
    let mut took = Vec::new();
    ask(http, url, 1, &mut took).await?;
    Ok(took[0])
}

/// A page of axum that does nothing, to compare with.
async fn bare_page() -> Result<Url, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    let router =
        axum::Router::new().route("/", axum::routing::get(|| async { axum::response::Html("<h1>Hello</h1>") }));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Url::parse(&format!("http://{address}/")).map_err(|error| failed(&error))
}

/// Memory of this process in KiB, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
}

#[expect(clippy::cast_precision_loss, reason = "KiB and counts")]
fn float(number: usize) -> f64 {
    number as f64
}

fn failed(error: &dyn std::error::Error) -> Trouble {
    Trouble::new(Kind::Part, format!("the measurement broke off: {error}"), "there is no figure", "try again")
}
