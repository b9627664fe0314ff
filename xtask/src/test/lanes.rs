//! What a part of the tests needs, and whether this computer has it.

use std::fmt;
use std::process::{Command, Stdio};

/// Tests that need something special.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Java, and Maven or a distribution: a real Keycloak as a process. And Redis, in which a portal of the lab may keep its
    /// sessions.
    Keycloak,
    /// A real browser, and Keycloak.
    Chromium,
    /// A container engine.
    Docker,
    /// A real Redis alone, which the tests start themselves.
    Redis,
}

impl Lane {
    pub(super) const ALL: [Self; 4] = [Self::Keycloak, Self::Chromium, Self::Docker, Self::Redis];

    pub(super) fn parse(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|lane| lane.to_string() == word);
        known.ok_or_else(|| format!("there is no lane `{word}`: use keycloak, chromium, docker or redis"))
    }

    /// `Err` says what is missing and how to get it.
    pub(super) fn possible(self) -> Result<(), String> {
        match self {
            Self::Keycloak => {
                Self::Redis.possible()?;
                answers("java", &["-version"], "Java 17 or newer is not there: install a JDK")?;
                if std::env::var_os("SSO_LAB_DIST").is_some() {
                    return Ok(());
                }
                answers(
                    "mvn",
                    &["-v"],
                    "no Maven to fetch Keycloak with: install Maven, or set SSO_LAB_DIST to a distribution",
                )
            }
            Self::Chromium => {
                Self::Keycloak.possible()?;
                let hint = "install it: `cargo xtask test --install`, or `apt-get install chromium chromium-driver`";
                answers("chromium", &["--version"], &format!("Chromium is not there: {hint}"))?;
                answers("chromedriver", &["--version"], &format!("Chromium's driver is not there: {hint}"))
            }
            Self::Docker => {
                Self::Keycloak.possible()?;
                let hint = "start one; on Debian `cargo xtask test --install` does it where the computer allows it";
                answers(
                    "docker",
                    &["version", "--format", "{{.Server.Version}}"],
                    &format!("no container engine answers: {hint}"),
                )
            }
            Self::Redis => answers(
                "redis-server",
                &["--version"],
                "redis-server is not there: install it: `cargo xtask test --install`, or `apt-get install redis-server`",
            ),
        }
    }

    /// Cargo features that compile the lane's tests.
    pub(super) fn features(self) -> Vec<String> {
        match self {
            Self::Keycloak => ["lab", "scenarios", "xtask"].map(|name| format!("{name}/lane-keycloak")).to_vec(),
            Self::Chromium => ["scenarios", "xtask"].map(|name| format!("{name}/lane-chromium")).to_vec(),
            Self::Docker => vec!["lab/lane-docker".to_owned(), "xtask/lane-docker".to_owned()],
            Self::Redis => vec!["portals/lane-redis".to_owned()],
        }
    }

    /// A container engine cannot run everywhere, not even as root; the others can be installed.
    pub(super) fn must_run_in_ci(self) -> bool {
        match self {
            Self::Keycloak | Self::Chromium | Self::Redis => true,
            Self::Docker => false,
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keycloak => "keycloak",
            Self::Chromium => "chromium",
            Self::Docker => "docker",
            Self::Redis => "redis",
        })
    }
}

fn answers(program: &str, arguments: &[&str], otherwise: &str) -> Result<(), String> {
    let asked =
        Command::new(program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if asked.is_ok_and(|status| status.success()) { Ok(()) } else { Err(otherwise.to_owned()) }
}
