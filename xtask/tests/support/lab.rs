//! A lab in the test's own process, on free ports, in a state folder of its own.
#![allow(dead_code, unreachable_pub, reason = "each test binary uses its part")]

use std::sync::Arc;

use ::lab::control::client::LabClient;
use ::lab::keycloak::admin::Admin;
use ::lab::keycloak::versions;
use ::lab::keycloak::{self, Credentials, Runtime};
use ::lab::ports::Ports;
use ::lab::progress::Silent;
use ::lab::recorder::Recorder;
use ::lab::sites::Sites;
use ::lab::state::Folders;
use ::lab::world::{Lab, Options};
use realm::Realm;
use scenarios::library::Library;
use scenarios::stepping::Stepper;
use tokio_util::sync::CancellationToken;

/// The lab and its folder.
pub struct RunningLab {
    lab: Lab,
    _folder: tempfile::TempDir,
}

impl RunningLab {
    /// With Keycloak as a Java process.
    pub async fn dist() -> Self {
        Self::start(Runtime::Dist, keycloak::Options::default(), None).await
    }

    /// The same, and somebody who may change the realm.
    pub async fn with_administrator() -> (Self, Admin) {
        // The name is part of the prepared Keycloak; the password is this run's own.
        let password = format!("pw-{}", std::process::id());
        let administrator = Credentials { username: "lab-admin".to_owned(), password };
        let lab = Self::start(Runtime::Dist, keycloak::Options::default(), Some(administrator.clone())).await;
        let keycloak = &lab.lab.topology().keycloak;
        let admin = Admin::new(keycloak.clone(), keycloak, administrator);
        (lab, admin)
    }

    /// With Keycloak as a Java process, and these sites.
    pub async fn with_sites(sites: Sites) -> Self {
        Self::start_with(Runtime::Dist, keycloak::Options::default(), None, sites).await
    }

    pub async fn start(runtime: Runtime, keycloak: keycloak::Options, admin: Option<Credentials>) -> Self {
        Self::start_with(runtime, keycloak, admin, Sites::Same).await
    }

    async fn start_with(
        runtime: Runtime,
        keycloak: keycloak::Options,
        admin: Option<Credentials>,
        sites: Sites,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = std::env::var_os("SSO_LAB_CACHE").map(Into::into);
        let folders = Folders::find(cache, Some(folder.path().join("state"))).unwrap();
        let options = Options {
            runtime,
            version: versions::DEFAULT.to_owned(),
            keycloak,
            ports: Ports::Auto,
            sites,
            third_party_cookies: None,
            bind: "127.0.0.1".parse().unwrap(),
            realm: Realm::shipped(),
            folders: folders.clone(),
            main_seat: false,
            admin,
            faults: Vec::new(),
            progress: Arc::new(Silent),
            lessons: Some(Arc::new(Stepper::new(Library::shipped().unwrap(), folders, false))),
        };
        let lab = Lab::start(options, CancellationToken::new()).await;
        let lab = lab.unwrap_or_else(|trouble| panic!("the lab does not start: {trouble:?}"));
        Self { lab, _folder: folder }
    }

    pub fn client(&self) -> LabClient {
        self.lab.client()
    }

    /// Where the lab writes down what it sees.
    pub fn recorder(&self) -> &Recorder {
        self.lab.recorder()
    }

    /// Public address of a portal, with a trailing slash; `keycloak` for Keycloak's.
    pub fn url(&self, name: &str) -> String {
        let topology = self.lab.topology();
        topology.portal(name).map_or(&topology.keycloak, |portal| &portal.url).to_string()
    }

    pub async fn stop(self) {
        self.lab.shutdown().await.unwrap();
    }
}
