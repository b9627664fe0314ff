//! A lab of the test's own, on free ports, in folders of its own.

use std::sync::Arc;

use lab::control::client::LabClient;
use lab::keycloak::dist::DistOptions;
use lab::keycloak::{self, Runtime, versions};
use lab::ports::Ports;
use lab::progress::Silent;
use lab::sites::Sites;
use lab::state::Folders;
use lab::world::{Lab, Options};
use realm::Realm;
use tokio_util::sync::CancellationToken;

pub(crate) struct Stage {
    lab: Lab,
    folder: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        Self::with(Sites::Same).await
    }

    pub(crate) async fn with(sites: Sites) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let cache = std::env::var_os("SSO_LAB_CACHE").map(Into::into);
        let version = std::env::var("SSO_LAB_KEYCLOAK").unwrap_or_else(|_| versions::DEFAULT.to_owned());
        let distribution = std::env::var_os("SSO_LAB_TEST_DIST").map(Into::into);
        let options = Options {
            runtime: Runtime::Dist,
            version,
            keycloak: keycloak::Options {
                dist: DistOptions { distribution, ..Default::default() },
                ..Default::default()
            },
            ports: Ports::Auto,
            sites,
            third_party_cookies: None,
            bind: "127.0.0.1".parse().unwrap(),
            realm: Realm::shipped(),
            folders: Folders::find(cache, Some(folder.path().join("state"))).unwrap(),
            main_seat: false,
            admin: None,
            faults: Vec::new(),
            progress: Arc::new(Silent),
            lessons: None,
        };
        let lab = Lab::start(options, CancellationToken::new()).await;
        let lab = lab.unwrap_or_else(|trouble| panic!("the lab does not start: {trouble:?}"));
        Self { lab, folder }
    }

    pub(crate) fn client(&self) -> LabClient {
        self.lab.client()
    }

    /// Where this lab keeps its state, and browsers beside it theirs.
    #[cfg(feature = "lane-chromium")]
    pub(crate) fn folders(&self) -> Folders {
        let cache = std::env::var_os("SSO_LAB_CACHE").map(Into::into);
        Folders::find(cache, Some(self.folder.path().join("state"))).unwrap()
    }

    pub(crate) async fn stop(self) {
        self.lab.shutdown().await.unwrap();
    }
}
