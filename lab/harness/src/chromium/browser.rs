//! One Chromium with its driver and a profile of its own; all end together.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use thirtyfour::prelude::*;
use tokio::sync::Mutex;

use super::cookies::Cookies;
use super::driver::Driver;
use super::place::Place;
use super::record::Record;
use super::start::Start;
use super::wire::{Wire, broken};
use crate::http;
use crate::keycloak::process::last_lines;
use crate::state::Folders;
use crate::trouble::{Kind, Trouble};

/// How long a start may take. A cold one on a busy computer has taken 6 s.
const START: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(50);
/// How long it may take to end by itself.
pub(super) const END: Duration = Duration::from_secs(5);
const LOG_LINES: usize = 10;
/// How many drivers are started before it is given up that one finds a port. Trap: asked for any free port, a driver takes one of
/// IPv6 and then wants the same number of IPv4; where somebody has that, it ends. Rare on a quiet computer, one start in a
/// hundred beside other browsers.
const DRIVERS: u32 = 5;

/// A running browser. Dropping it kills it.
pub struct Chromium {
    wire: Wire,
    /// What it has loaded.
    pub(super) record: Arc<Record>,
    /// Before the driver's handle: dropped first, it ends the driver, so that the handle, which says goodbye when it is dropped,
    /// is refused at once instead of waiting.
    process: Mutex<Driver>,
    driver: WebDriver,
    agent: String,
    /// Kept until it ends: a later lab finds by it what a killed one left behind.
    start: Start,
}

impl Chromium {
    /// Starts one with a fresh profile.
    ///
    /// # Errors
    /// Environment: it is neither installed nor in a container, or does not start, with the last lines of its log. Part: the
    /// container engine refuses it.
    pub async fn start(folders: &Folders, cookies: Cookies) -> Result<Self, Trouble> {
        Self::on(&Start::fresh(folders, cookies).await?).await
    }

    /// Starts one on a profile that is there already, or makes it.
    pub(super) async fn on(start: &Start) -> Result<Self, Trouble> {
        http::ensure_crypto();
        let profile = start.profile()?;
        let log = start.seat.log_file("chromium");
        let mut left = DRIVERS;
        let (process, driver) = loop {
            // A later driver writes behind an earlier one's lines.
            let written = std::fs::metadata(&log).map_or(0, |there| there.len());
            left -= 1;
            match begin(start, &profile, &log, written).await {
                Ok(begun) => break begun,
                Err(NotBegun::WithoutPort(trouble)) if left > 0 => {
                    tracing::debug!(%trouble, "another driver is started");
                }
                Err(NotBegun::WithoutPort(trouble) | NotBegun::Otherwise(trouble)) => return Err(trouble),
            }
        };
        let bidi = driver.bidi().await.map_err(|error| broken(&error.to_string()))?;
        let wire = Wire(bidi);
        let record = Record::start(&wire).await?;
        let agent = agent(&wire).await?;
        Ok(Self { wire, record, driver, process: Mutex::new(process), agent, start: start.clone() })
    }

    /// The way to drive it as WebDriver has it, for tests of single pages.
    pub fn driver(&self) -> &WebDriver {
        &self.driver
    }

    pub(super) fn wire(&self) -> &Wire {
        &self.wire
    }

    /// A fresh browser for somebody: a user context whose requests the taps know by its name.
    pub(super) async fn user_context(&self, name: &str) -> Result<String, Trouble> {
        let made = self.wire.send("browser.createUserContext", json!({})).await?;
        let context = made["userContext"].as_str().unwrap_or_default().to_owned();
        self.name(&context, name).await?;
        Ok(context)
    }

    /// Lets the taps know whose requests these are.
    pub(super) async fn name(&self, context: &str, name: &str) -> Result<(), Trouble> {
        let agent = format!("{} {}{name}", self.agent, crate::tap::BROWSER_AGENT);
        let params = json!({"userContexts": [context], "userAgent": agent});
        self.wire.send("emulation.setUserAgentOverride", params).await.map(|_| ())
    }

    /// Ends it and its driver; its profile goes with its seat.
    ///
    /// # Errors
    /// Part: it survived.
    pub async fn stop(self) -> Result<(), Trouble> {
        let start = self.start.clone();
        self.end().await?;
        start.release()
    }

    /// Ends it and leaves its profile where it is.
    pub(super) async fn end(self) -> Result<(), Trouble> {
        let Self { driver, process, start, .. } = self;
        // It writes down its cookies only where it is asked to end.
        let handle = driver.clone();
        let _ = tokio::time::timeout(END, driver.quit()).await;
        let stopped = process.into_inner().stop().await.inspect_err(|_| start.seat.leave());
        drop(handle);
        stopped
    }
}

/// Why there is no browser.
enum NotBegun {
    /// The driver has ended before it had a port. Its words are not asked: they differ, and an engine hands on a container's a
    /// moment late.
    WithoutPort(Trouble),
    Otherwise(Trouble),
}

/// Starts a driver that writes behind the first `written` bytes of `log`, and has it start the browser.
async fn begin(start: &Start, profile: &Path, log: &Path, written: u64) -> Result<(Driver, WebDriver), NotBegun> {
    let mut process = Driver::start(&start.place, &start.seat, log).await.map_err(NotBegun::Otherwise)?;
    let (how, kind): (_, fn(Trouble) -> NotBegun) = tokio::select! {
        begun = tokio::time::timeout(START, session(log, written, &start.place, profile)) => match begun {
            Ok(Ok(driver)) => return Ok((process, driver)),
            Ok(Err(how)) => (how, NotBegun::Otherwise),
            Err(_) => (format!("no answer within {} s", START.as_secs()), NotBegun::Otherwise),
        },
        how = process.ended() => {
            if port_in(log, written).is_some() {
                (format!("its driver ended, {how}"), NotBegun::Otherwise)
            } else {
                (format!("its driver ended before it had a port, {how}"), NotBegun::WithoutPort)
            }
        }
    };
    process.stop().await.inspect_err(|_| start.seat.leave()).map_err(NotBegun::Otherwise)?;
    let lines = last_lines(log, LOG_LINES);
    Err(kind(does_not_start(&how, &lines, &start.place)))
}

async fn session(log: &Path, written: u64, place: &Place, profile: &Path) -> Result<WebDriver, String> {
    let wanted = capabilities(place, profile).map_err(|error| error.to_string())?;
    let port = loop {
        if let Some(port) = port_in(log, written) {
            break port;
        }
        tokio::time::sleep(PAUSE).await;
    };
    let url = format!("http://127.0.0.1:{port}");
    loop {
        match WebDriver::new(&url, wanted.clone()).await {
            Ok(driver) => return Ok(driver),
            Err(error) if is_refusal(&error.to_string()) => return Err(error.to_string()),
            // The driver itself is not there yet.
            Err(error) => tracing::debug!(%error, "waiting for the driver"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether the driver answered, and said no.
fn is_refusal(error: &str) -> bool {
    error.to_ascii_lowercase().contains("session not created")
}

fn capabilities(place: &Place, profile: &Path) -> WebDriverResult<thirtyfour::ChromeCapabilities> {
    let mut wanted = DesiredCapabilities::chrome();
    match place {
        Place::Installed(programs) => wanted.set_binary(&programs.browser.to_string_lossy())?,
        // The driver finds the browser beside it: where it lies is the image's business.
        Place::Container(_) => {}
    }
    wanted.enable_bidi()?;
    for argument in [
        "--headless=new",
        // Chromium's sandbox does not run as root, as which containers and this lab's CI do everything.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-software-rasterizer",
        "--disable-extensions",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Suggestions below the address bar: two renderers more for each person, whom nobody sees (a tenth of all work, measured).
        "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup",
        "--window-size=1280,1000",
    ] {
        wanted.add_arg(argument)?;
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
    Ok(wanted)
}

/// How the browser calls itself, without the word that says it has no screen.
async fn agent(wire: &Wire) -> Result<String, Trouble> {
    let tree = wire.send("browsingContext.getTree", json!({"maxDepth": 0})).await?;
    let first = tree["contexts"][0]["context"].as_str().unwrap_or_default().to_owned();
    let agent = wire.evaluate(&first, "JSON.stringify(navigator.userAgent)").await?;
    let agent = agent.as_ref().and_then(serde_json::Value::as_str).unwrap_or("Mozilla/5.0");
    Ok(agent.replace("HeadlessChrome", "Chrome"))
}

/// The port that the driver says it has taken, behind the first `written` bytes of its log.
fn port_in(log: &Path, written: u64) -> Option<u16> {
    let text = std::fs::read(log).ok()?;
    let text = String::from_utf8_lossy(text.get(usize::try_from(written).ok()?..)?).into_owned();
    let (_, rest) = text.split_once("started successfully on port ")?;
    // With its end: half a number would be another port.
    let (digits, _) = rest.split_once(|sign: char| !sign.is_ascii_digit())?;
    digits.parse().ok()
}

fn does_not_start(how: &str, lines: &str, place: &Place) -> Trouble {
    let action = match place {
        Place::Installed(_) => {
            "see that `chromium --version` and `chromedriver --version` name the same version, or use `--driver http`"
        }
        Place::Container(_) => {
            "see that the image has `chromium` and `chromedriver` of the same version on its PATH, build one with \
             `cargo xtask image build --browser --again`, or use `--driver http`"
        }
    };
    Trouble::new(
        Kind::Environment,
        format!("Chromium does not start ({place}): {how}\nlast lines of its driver's log:\n{lines}"),
        "no lesson can be played in a real browser",
        action,
    )
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn the_port_is_read_from_the_newest_lines_and_only_when_it_is_whole() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let old = "ChromeDriver was started successfully on port 1.\n";
        std::fs::write(file.path(), format!("{old}Starting\nChromeDriver was started successfully on port 4711.\n"))
            .unwrap();
        assert_eq!(port_in(file.path(), old.len() as u64), Some(4711));
        assert_eq!(port_in(file.path(), 0), Some(1));
        std::fs::write(file.path(), "ChromeDriver was started successfully on port 47").unwrap();
        assert_eq!(port_in(file.path(), 0), None);
        assert_eq!(port_in(file.path(), 4_000), None);
    }
}
