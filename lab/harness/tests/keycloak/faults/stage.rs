//! A lab for the looks: started once, with people in fresh browsers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lab::browser::Person;
use lab::browser::probe::Prober;
use lab::control::client::LabClient;
use lab::control::messages::Topology;
use lab::faults::Change;
use lab::keycloak::admin::Admin;
use lab::keycloak::{self, Credentials, Runtime, versions};
use lab::ports::Ports;
use lab::progress::Silent;
use lab::state::Folders;
use lab::world::{Lab, Options};
use lab_trace::{Cell, CellState, EventKind, Exchange};
use realm::lint::{accepted, judge};
use realm::{Realm, User};
use tokio_util::sync::CancellationToken;

/// The lab, and what looks need of it.
pub(crate) struct Stage {
    pub(crate) lab: LabClient,
    pub(crate) topology: Arc<Topology>,
    pub(crate) prober: Prober,
    pub(crate) http: reqwest::Client,
    /// For what no fault of the lab does.
    pub(crate) admin: Admin,
    pub(crate) running: Lab,
    folder: tempfile::TempDir,
}

impl Stage {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The name is part of the prepared Keycloak; the password is this run's own.
        let password = format!("pw-{}", std::process::id());
        let administrator = Credentials { username: "lab-admin".to_owned(), password };
        let cache = std::env::var_os("SSO_LAB_CACHE").map(Into::into);
        let options = Options {
            runtime: Runtime::Dist,
            version: versions::DEFAULT.to_owned(),
            keycloak: keycloak::Options::default(),
            ports: Ports::Auto,
            sites: lab::sites::Sites::Same,
            third_party_cookies: None,
            bind: "127.0.0.1".parse().unwrap(),
            realm: Realm::shipped(),
            folders: Folders::find(cache, Some(folder.path().join("state"))).unwrap(),
            main_seat: false,
            admin: Some(administrator.clone()),
            faults: Vec::new(),
            progress: Arc::new(Silent),
            lessons: None,
        };
        let running = Lab::start(options, CancellationToken::new()).await;
        let running = running.unwrap_or_else(|trouble| panic!("the lab does not start: {trouble:?}"));
        let lab = running.client();
        let keycloak = &running.topology().keycloak;
        let admin = Admin::new(keycloak.clone(), keycloak, administrator);
        Self {
            prober: Prober::new(lab.clone()),
            topology: Arc::new(running.topology().clone()),
            http: lab::http::client(Duration::from_secs(20)),
            lab,
            admin,
            running,
            folder,
        }
    }

    /// Everything that this lab writes is below.
    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap()
    }

    /// What everything that this lab started is marked with.
    pub(crate) fn run_id(&self) -> String {
        let seats = std::fs::read_dir(self.folder.path().join("state/own")).unwrap();
        let ids: Vec<String> =
            seats.map(|seat| std::fs::read_to_string(seat.unwrap().path().join("run-id")).unwrap()).collect();
        assert_eq!(ids.len(), 1, "one lab: {ids:?}");
        ids.concat()
    }

    pub(crate) async fn stop(self) {
        self.running.shutdown().await.unwrap();
    }

    pub(crate) async fn on(&self, fault: &str) {
        let change = Change { on: vec![fault.to_owned()], off: Vec::new() };
        let on = self.lab.switch_faults(&change).await.unwrap();
        assert!(on.iter().any(|name| name == fault), "{on:?}");
    }

    /// Rules that find something in the running realm, beyond what the lab accepts.
    pub(crate) async fn findings(&self) -> Vec<String> {
        let realm = self.lab.realm().await.unwrap();
        let judged = judge(&realm, realm::lint(&realm), &accepted());
        judged.findings.iter().map(|finding| finding.rule.id.to_owned()).collect()
    }

    /// Somebody with a fresh browser.
    pub(crate) fn person(&self, name: &str, user: User) -> Person {
        Person::new(self.topology.clone(), name, user.username(), user.password())
    }

    /// What passed the taps after `mark`.
    pub(crate) async fn exchanges(&self, mark: u64) -> Vec<Exchange> {
        let events = self.lab.events_since(mark).await.unwrap();
        let exchange = |kind| match kind {
            EventKind::Exchange(exchange) => Some(*exchange),
            _ => None,
        };
        events.into_iter().filter_map(|event| exchange(event.kind)).collect()
    }

    /// What the cell of the matrix for one person and portal says; `sso` for the single sign-on.
    pub(crate) async fn cell(&self, person: &Person, of: &str) -> CellState {
        let matrix = self.prober.matrix(&self.topology, &[(person.user().to_owned(), person.loot())]).await.unwrap();
        let is = |cell: &&Cell| cell.of == of;
        matrix.rows[0].cells.iter().find(is).unwrap().state
    }

    /// A portal's address, with a trailing slash.
    pub(crate) fn portal(&self, name: &str) -> String {
        self.topology.portal(name).unwrap().url.to_string()
    }

    /// An address of the realm's protocol endpoints.
    pub(crate) fn endpoint(&self, path: &str) -> String {
        format!("{}/protocol/openid-connect/{path}", self.topology.issuer)
    }
}
