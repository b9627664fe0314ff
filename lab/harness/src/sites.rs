//! How many *sites* a browser sees in a lab: that decides which cookies go along, and what a frame can reach.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::keycloak::Runtime;
use crate::trouble::{Kind, Trouble};
use crate::world::Options;

/// What the lab's addresses are to a browser. Ports do not make a site, names below `localhost` do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sites {
    /// Everything on `localhost`, told apart by ports: one site, as a company has it that keeps all its portals below one
    /// domain.
    #[default]
    Same,
    /// `internal.localhost`, `external.localhost`, `admin.localhost` and `keycloak.localhost`: four sites, as where each
    /// belongs to somebody else.
    Cross,
}

impl Sites {
    /// The word on the command line and in lessons.
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Cross => "cross",
        }
    }

    /// The host under which browsers reach a part (`internal`, `keycloak`) of a lab on loopback.
    pub(crate) fn host(self, part: &str) -> String {
        match self {
            Self::Same => "localhost".to_owned(),
            Self::Cross => format!("{part}.localhost"),
        }
    }
}

impl FromStr for Sites {
    type Err = Trouble;

    fn from_str(word: &str) -> Result<Self, Trouble> {
        match word {
            "same" => Ok(Self::Same),
            "cross" => Ok(Self::Cross),
            other => Err(Trouble::new(
                Kind::Usage,
                format!("`{other}` is no choice of sites"),
                "the lab knows `same` (everything on localhost: one site) and `cross` (a name for each part: four sites)",
                "use one of them, or leave `--sites` out",
            )),
        }
    }
}

impl fmt::Display for Sites {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Refuses four sites where they cannot be: their names mean "this computer" on every computer.
///
/// # Errors
/// Usage: the lab binds to another address than loopback, or its Keycloak runs on another computer.
pub fn refuse_impossible(options: &Options) -> Result<(), Trouble> {
    if options.sites == Sites::Same {
        return Ok(());
    }
    if !options.bind.is_loopback() {
        return Err(not_from_outside(options.bind));
    }
    match &options.keycloak.external.url {
        Some(url) if options.runtime == Runtime::External && !is_on_this_computer(url) => Err(not_from_there(url)),
        _ => Ok(()),
    }
}

/// Whether an address is this computer's own, for everybody on it.
pub(crate) fn is_on_this_computer(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn not_from_outside(bind: IpAddr) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("four sites (`--sites cross`) cannot be reached at {bind}"),
        "their names (`internal.localhost`, …) lead every browser to its own computer, so nobody else would find this lab",
        "leave out `--bind` to have four sites on this computer, or leave out `--sites cross`",
    )
}

fn not_from_there(url: &Url) -> Trouble {
    Trouble::new(
        Kind::Usage,
        format!("four sites (`--sites cross`) cannot be had with the Keycloak at {url}"),
        "it runs on another computer, where `localhost` and the names below it are that computer: no logout token would \
         ever arrive here",
        "use a Keycloak on this computer (`--runtime dist`), or leave out `--sites cross`",
    )
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::{Sites, is_on_this_computer};
    use crate::trouble::Kind;

    #[test]
    fn other_words_than_same_and_cross_are_refused() {
        assert_eq!("cross".parse::<Sites>().unwrap(), Sites::Cross);
        assert_eq!("four".parse::<Sites>().unwrap_err().kind, Kind::Usage);
        assert_eq!(serde_json::to_string(&Sites::Cross).unwrap(), "\"cross\"");
    }

    #[test]
    fn names_below_localhost_are_this_computer_and_look_alikes_are_not() {
        for (url, own) in [
            ("http://keycloak.localhost:8080/", true),
            ("http://[::1]:8080/", true),
            ("http://notlocalhost:8080/", false),
            ("http://localhost.example/", false),
        ] {
            assert_eq!(is_on_this_computer(&Url::parse(url).unwrap()), own, "{url}");
        }
    }
}
