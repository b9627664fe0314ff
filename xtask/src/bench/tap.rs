//! What a tap adds to a request: the same page of a portal, asked directly and through a tap, in turns.

use std::time::{Duration, Instant};

use lab::recorder::Recorder;
use lab::tap::{Masker, Registry, Tap};
use lab::{Kind, Trouble, http};
use lab_trace::Party;
use portals::{Clock, Portal, Settings};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::stat::percentile;

/// Requests on each way.
const PAIRS: usize = 3_000;
/// Requests that only warm up.
const WARM_UP: usize = 200;

pub(super) async fn run() -> Result<Vec<String>, Trouble> {
    let stop = CancellationToken::new();
    let _guard = stop.clone().drop_guard();
    let (direct_listener, direct) = listen().await?;
    let (tap_listener, tapped) = listen().await?;
    let settings = Settings {
        kind: portals::Kind::Internal,
        issuer: Url::parse("http://localhost/realms/none").map_err(|error| failed(&error))?,
        client_id: "internal-portal".to_owned(),
        client_secret: Some(portals::Secret::new("unused")),
        public_url: tapped.clone(),
        siblings: Vec::new(),
        store: portals::StoreAt::Memory,
        faults: portals::Faults::NONE,
    };
    let portal = Portal::new(settings, Clock::system()).map_err(|error| failed(&error))?;
    let stopped = stop.clone();
    tokio::spawn(async move { portals::serve(&portal, direct_listener, stopped).await });
    let owner = Party::App("internal".to_owned());
    let tap = Tap::new(owner, direct.clone(), Registry::default(), Masker::new(), Recorder::new());
    tokio::spawn(tap.serve(tap_listener, stop.clone()));

    let client = http::client(Duration::from_secs(10));
    let (direct, tapped) = (page(&direct)?, page(&tapped)?);
    let (mut alone, mut behind, mut added) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..WARM_UP + PAIRS {
        // Who goes first changes, so that neither profits from the other's warmth.
        let (one, other) = if round % 2 == 0 {
            let one = ask(&client, &direct).await?;
            (one, ask(&client, &tapped).await?)
        } else {
            let other = ask(&client, &tapped).await?;
            (ask(&client, &direct).await?, other)
        };
        if round >= WARM_UP {
            alone.push(one);
            behind.push(other);
            added.push(other - one);
        }
    }
    let row = |name: &str, share| {
        let (one, other) = (percentile(&alone, share), percentile(&behind, share));
        format!("{name}: {one:.0} us without, {other:.0} us with, ratio {:.2}", other / one)
    };
    Ok(vec![
        format!("tap, {PAIRS} interleaved pairs of GET /health"),
        row("  p50", 0.5),
        row("  p99", 0.99),
        format!(
            "  added by the tap, pair by pair: p50 {:.0} us, p99 {:.0} us",
            percentile(&added, 0.5),
            percentile(&added, 0.99)
        ),
    ])
}

async fn listen() -> Result<(TcpListener, Url), Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|error| failed(&error))?;
    let address = listener.local_addr().map_err(|error| failed(&error))?;
    Ok((listener, Url::parse(&format!("http://{address}/")).map_err(|error| failed(&error))?))
}

fn page(url: &Url) -> Result<Url, Trouble> {
    url.join("health").map_err(|error| failed(&error))
}

/// Microseconds from the request to the last byte of the answer.
async fn ask(client: &reqwest::Client, url: &Url) -> Result<f64, Trouble> {
    let begun = Instant::now();
    let answer = client
        .get(url.clone())
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|error| failed(&error))?;
    answer.bytes().await.map_err(|error| failed(&error))?;
    Ok(begun.elapsed().as_secs_f64() * 1e6)
}

fn failed(error: &dyn std::error::Error) -> Trouble {
    Trouble::new(Kind::Part, format!("the measurement broke off: {error}"), "there is no figure", "try again")
}
