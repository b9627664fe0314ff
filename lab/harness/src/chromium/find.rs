//! Where Chromium and its driver are.

use std::path::PathBuf;

use crate::keycloak::java::Search;
use crate::trouble::{Kind, Trouble};

/// Names under which systems install the browser, the preferred first.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
const DRIVERS: &[&str] = &["chromedriver", "chromium-driver"];

/// The two programs; both have to be of the same version, as a distribution's packages are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programs {
    /// The browser.
    pub browser: PathBuf,
    /// Its driver.
    pub driver: PathBuf,
}

impl Programs {
    /// Finds them on `PATH`, or takes what `SSO_LAB_CHROMIUM` and `SSO_LAB_CHROMEDRIVER` name.
    ///
    /// Errors: which one is missing.
    pub(super) fn find() -> Result<Self, Missing> {
        let driver = find("SSO_LAB_CHROMEDRIVER", DRIVERS).ok_or(Missing("Chromium's driver"));
        Ok(Self { browser: browser()?, driver: driver? })
    }
}

/// The browser alone. Errors: it is missing.
pub(super) fn browser() -> Result<PathBuf, Missing> {
    find("SSO_LAB_CHROMIUM", BROWSERS).ok_or(Missing("Chromium"))
}

fn find(variable: &str, names: &[&str]) -> Option<PathBuf> {
    let chosen = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from);
    let search = Search::from_env();
    chosen.or_else(|| names.iter().find_map(|name| search.program(name)))
}

/// Which of the two is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Missing(pub(super) &'static str);

impl Missing {
    /// `why`: the reason that there is no container either.
    pub(super) fn trouble(self, why: &str) -> Trouble {
        Trouble::new(
            Kind::Environment,
            format!("{} is not installed, and there is no browser in a container either: {why}", self.0),
            "lessons in a real browser need Chromium and the driver of the same version",
            "install both (Debian: `apt-get install chromium chromium-driver`), or name them in SSO_LAB_CHROMIUM and \
             SSO_LAB_CHROMEDRIVER; where a container engine answers, `cargo xtask image build --browser` will do; without \
             them use `--driver http`",
        )
    }
}
