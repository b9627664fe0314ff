//! Options that several commands share. Environment variables mirror the flags.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use lab::chromium::Cookies;
use lab::keycloak::dist::DistOptions;
use lab::keycloak::docker::DockerOptions;
use lab::keycloak::external::ExternalOptions;
use lab::keycloak::versions;
use lab::keycloak::{self, Credentials, Runtime};
use lab::ports::Ports;
use lab::progress::Progress;
use lab::sites::{self, Sites};
use lab::state::Folders;
use lab::{Kind, Trouble, world};
use realm::{Realm, RealmError};
use url::Url;

/// Options of every command.
#[derive(Args)]
pub(crate) struct Global {
    /// Folder for downloads and prepared Keycloaks [default: the platform's cache folder]
    #[arg(
        long,
        global = true,
        env = "SSO_LAB_CACHE",
        value_name = "DIR",
        hide_env = true,
        help_heading = "Global options"
    )]
    pub(crate) cache: Option<PathBuf>,
    /// Folder for the state of running labs [default: the platform's state folder]
    #[arg(
        long,
        global = true,
        env = "SSO_LAB_STATE",
        value_name = "DIR",
        hide_env = true,
        help_heading = "Global options"
    )]
    pub(crate) state: Option<PathBuf>,
    /// More about what happens, on stderr; twice for everything
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(crate) verbose: u8,
    /// Only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(crate) quiet: bool,
}

impl Global {
    pub(crate) fn folders(&self) -> Result<Folders, Trouble> {
        Folders::find(self.cache.clone(), self.state.clone())
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Human,
    /// One object.
    Json,
}

/// How a lab is started.
#[derive(Args, Clone)]
pub(crate) struct LabArgs {
    /// How Keycloak runs: auto, docker, dist or external
    #[arg(long, env = "SSO_LAB_RUNTIME", default_value = "auto", value_name = "RUNTIME", hide_env = true)]
    pub(crate) runtime: String,
    /// Keycloak version [default: the pinned one, see `lab doctor`]
    #[arg(long, env = "SSO_LAB_KEYCLOAK", value_name = "VERSION", hide_env = true)]
    pub(crate) keycloak: Option<String>,
    /// fixed (8080, 3000-3003) or auto (free ones) [default: fixed]
    #[arg(long, env = "SSO_LAB_PORTS", value_name = "PORTS", hide_env = true)]
    pub(crate) ports: Option<String>,
    /// Address that Keycloak's and the portals' public ports bind to [default: 127.0.0.1]
    #[arg(long, env = "SSO_LAB_BIND", value_name = "ADDR", hide_env = true)]
    pub(crate) bind: Option<IpAddr>,
    /// same (all on localhost) or cross (internal.localhost, keycloak.localhost, …: each a site of its own to a
    /// browser) [default: same]
    #[arg(long, env = "SSO_LAB_SITES", value_name = "SITES", hide_env = true)]
    pub(crate) sites: Option<String>,
    /// allow or block: what browsers that the lab starts do with cookies of other sites, where a lesson does not say
    /// [default: allow]
    #[arg(long, env = "SSO_LAB_THIRD_PARTY_COOKIES", value_name = "COOKIES", hide_env = true)]
    pub(crate) third_party_cookies: Option<String>,
    /// A realm file instead of the shipped one
    #[arg(long, env = "SSO_LAB_REALM", value_name = "FILE", hide_env = true)]
    pub(crate) realm: Option<PathBuf>,
    /// Keycloak distribution: zip or unpacked folder (runtime dist)
    #[arg(long, env = "SSO_LAB_DIST", value_name = "PATH", hide_env = true)]
    pub(crate) dist: Option<PathBuf>,
    /// Container image of Keycloak (runtime docker)
    #[arg(long, env = "SSO_LAB_IMAGE", value_name = "IMAGE", hide_env = true)]
    pub(crate) image: Option<String>,
    /// Address of a running Keycloak (runtime external); its administrator comes from
    /// SSO_LAB_ADMIN_USERNAME and SSO_LAB_ADMIN_PASSWORD
    #[arg(long, env = "SSO_LAB_URL", value_name = "URL", hide_env = true)]
    pub(crate) url: Option<Url>,
    /// Use the realm enterprise-sso that the external Keycloak has already, and restore its clients at the end
    #[arg(long)]
    pub(crate) adopt: bool,
}

impl Default for LabArgs {
    /// What an empty command line means, environment included.
    fn default() -> Self {
        #[derive(clap::Parser)]
        struct Empty {
            #[command(flatten)]
            lab: LabArgs,
        }
        <Empty as clap::Parser>::parse_from(["lab"]).lab
    }
}

impl LabArgs {
    /// What [`world::Lab::start`] wants. `ports` is used where the person chose none.
    pub(crate) fn options(
        &self,
        global: &Global,
        main_seat: bool,
        ports: Ports,
        progress: Arc<dyn Progress>,
    ) -> Result<world::Options, Trouble> {
        let runtime = self.runtime.parse::<Runtime>()?;
        let external = ExternalOptions { url: self.url.clone(), adopt: self.adopt };
        if runtime == Runtime::External {
            external.address()?;
        }
        let options = world::Options {
            runtime,
            version: self.version(),
            keycloak: keycloak::Options {
                docker: DockerOptions { image: self.image.clone(), ..DockerOptions::default() },
                dist: DistOptions { distribution: self.dist.clone(), ..DistOptions::default() },
                external,
            },
            ports: self.ports.as_deref().map_or(Ok(ports), Ports::parse)?,
            sites: self.sites()?.unwrap_or_default(),
            third_party_cookies: self.third_party_cookies()?,
            bind: self.bind.unwrap_or(Ipv4Addr::LOCALHOST.into()),
            realm: self.realm()?,
            folders: global.folders()?,
            main_seat,
            admin: external_admin(),
            faults: Vec::new(),
            progress,
            lessons: None,
        };
        sites::refuse_impossible(&options)?;
        Ok(options)
    }

    /// The sites that somebody asked for.
    ///
    /// # Errors
    /// Usage: another word.
    pub(crate) fn sites(&self) -> Result<Option<Sites>, Trouble> {
        self.sites.as_deref().map(str::parse).transpose()
    }

    /// What somebody asked of browsers.
    ///
    /// # Errors
    /// Usage: another word.
    pub(crate) fn third_party_cookies(&self) -> Result<Option<Cookies>, Trouble> {
        self.third_party_cookies.as_deref().map(str::parse).transpose()
    }

    /// The wanted version of Keycloak.
    pub(crate) fn version(&self) -> String {
        self.keycloak.clone().unwrap_or_else(|| versions::DEFAULT.to_owned())
    }

    fn realm(&self) -> Result<Realm, Trouble> {
        let Some(path) = &self.realm else { return Ok(Realm::shipped()) };
        let unusable = |what: String, action: String| {
            Trouble::new(Kind::Content, what, "Keycloak would refuse it, or the portals could not use it", action)
        };
        let text = std::fs::read_to_string(path).map_err(|error| {
            let action = "give `--realm` the path of a realm file, or leave it out for the shipped one";
            unusable(format!("cannot read the realm file {}", path.display()), action.to_owned()).caused_by(error)
        })?;
        Realm::parse(&text).map_err(|error| {
            let place = match &error {
                RealmError::Syntax { line, .. } => format!("mend line {line} of {}", path.display()),
                RealmError::Lacks(_) => {
                    format!("add it to {}; the shipped realm/enterprise-sso.json shows how", path.display())
                }
            };
            unusable(error.to_string(), place)
        })
    }
}

/// Only by environment: a password on a command line is visible to everybody on the computer.
fn external_admin() -> Option<Credentials> {
    let username = std::env::var("SSO_LAB_ADMIN_USERNAME").ok()?;
    let password = std::env::var("SSO_LAB_ADMIN_PASSWORD").ok()?;
    Some(Credentials { username, password })
}
