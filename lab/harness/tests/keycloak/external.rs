//! The runtime `external` against a real Keycloak that the test starts as if it were somebody else's.

use std::path::Path;

use lab::keycloak::admin::{Admin, RUN_ATTRIBUTE};
use lab::keycloak::external::{self, ExternalOptions};
use lab::keycloak::process::Group;
use lab::keycloak::readiness::Readiness;
use lab::keycloak::{Credentials, Running, RuntimeKind, dist, ports};
use lab::{Kind, Trouble};
use realm::{Hosts, REALM, Realm, Secrets};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::bench::{Bench, PUBLIC};

/// Somebody else's Keycloak, without a hostname of its own. It has a realm `enterprise-sso` that no lab made.
struct Host {
    url: Url,
    admin: Credentials,
    group: Group,
}

impl Host {
    async fn start(bench: &Bench) -> Self {
        let prepared = bench.prepared_folder();
        let home = bench.launch.run_dir.with_file_name("somebody");
        dist::home::share(&prepared.join("home"), &home, Some(&prepared.join("keycloakdb.mv.db"))).unwrap();
        let [port, management] = ports::free().unwrap();
        let mut command = Command::new(dist::home::script(&home));
        command.args([
            "start",
            "--optimized",
            "--http-enabled=true",
            "--hostname-strict=false",
            "--http-host=127.0.0.1",
        ]);
        command.args([format!("--http-port={port}"), format!("--http-management-port={management}")]);
        command.env("KC_CACHE", "local").env("JAVA_OPTS_APPEND", "-XX:TieredStopAtLevel=1");
        let mut group = Group::spawn(command, &bench.launch.run_id, &bench.launch.log_file).unwrap();
        let url = Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap();
        let management = Url::parse(&format!("http://127.0.0.1:{management}/")).unwrap();
        // Asked at its private address, it names that one.
        let readiness = Readiness::of(&url, Some(&management), &url, bench.launch.deadline);
        readiness.wait(group.ended(), &CancellationToken::new()).await.unwrap();
        let password = admin_password(&prepared);
        Self { url, admin: Credentials { username: "lab-admin".to_owned(), password }, group }
    }

    /// Its own administrator, who comes through the front door.
    fn own_admin(&self) -> Admin {
        Admin::new(self.url.clone(), &self.url, self.admin.clone())
    }

    /// A lab comes as a guest. Its tap is at `public`.
    async fn visit(
        &self,
        bench: &Bench,
        public: &str,
        adopt: bool,
        cancel: CancellationToken,
    ) -> Result<Running, Trouble> {
        let mut launch = bench.launch.clone();
        launch.admin = self.admin.clone();
        launch.public_url = Url::parse(public).unwrap();
        external::start(&launch, &ExternalOptions { url: Some(self.url.clone()), adopt }, cancel).await
    }
}

fn admin_password(prepared: &Path) -> String {
    let manifest = std::fs::read(prepared.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    manifest["admin_password"].as_str().unwrap().to_owned()
}

fn moved() -> Realm {
    let hosts = Hosts { internal: "http://localhost:4001".to_owned(), ..Hosts::defaults() };
    Realm::shipped().filled(&hosts, &Secrets { internal: "moved".to_owned(), admin: "moved".to_owned() })
}

fn go() -> CancellationToken {
    CancellationToken::new()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_leaves_the_house_as_it_was() {
    let bench = Bench::prepared().await;
    let mut host = Host::start(&bench).await;
    let own = host.own_admin();

    // Somebody's realm is not touched ...
    let refused = host.visit(&bench, PUBLIC, false, go()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Safety);
    assert!(refused.what.contains(REALM) && refused.action.contains("--adopt"), "{refused}");

    // ... unless it may be adopted: then its clients are put back.
    let before = own.clients().await.unwrap();
    let running = host.visit(&bench, PUBLIC, true, go()).await.unwrap();
    assert_eq!((running.kind, running.version.as_str()), (RuntimeKind::External, bench.launch.version.as_str()));
    own.patch_clients(&moved()).await.unwrap();
    assert_ne!(own.clients().await.unwrap(), before);
    running.stop().await.unwrap();
    assert_eq!(own.clients().await.unwrap(), before);

    // A lab that is killed cannot put them back; the next one does.
    let killed = host.visit(&bench, PUBLIC, true, go()).await.unwrap();
    own.patch_clients(&moved()).await.unwrap();
    drop(killed);
    let next = host.visit(&bench, PUBLIC, true, go()).await.unwrap();
    assert!(bench.told.has("restored first"), "{}", bench.told.all());
    assert_eq!(own.clients().await.unwrap(), before);
    next.stop().await.unwrap();
    assert_eq!(own.clients().await.unwrap(), before);

    // Where there is no such realm, the lab makes one, marks it, and takes it away again.
    own.delete_realm(REALM).await.unwrap();
    let running = host.visit(&bench, PUBLIC, false, go()).await.unwrap();
    let realm = own.realm(REALM).await.unwrap().unwrap();
    assert_eq!(realm["attributes"][RUN_ATTRIBUTE], bench.launch.run_id.as_str());
    running.stop().await.unwrap();
    assert!(!own.realm_exists(REALM).await.unwrap());

    // What a killed lab left is known by its mark, and replaced.
    drop(host.visit(&bench, PUBLIC, false, go()).await.unwrap());
    assert!(own.realm_exists(REALM).await.unwrap());
    let next = host.visit(&bench, PUBLIC, false, go()).await.unwrap();
    assert!(bench.told.has("an earlier lab"), "{}", bench.told.all());
    next.stop().await.unwrap();
    assert!(!own.realm_exists(REALM).await.unwrap());

    // Cancelled before it begins, it does not begin.
    let cancelled = go();
    cancelled.cancel();
    assert_eq!(host.visit(&bench, PUBLIC, false, cancelled).await.unwrap_err().kind, Kind::Interrupted);
    assert!(!own.realm_exists(REALM).await.unwrap());

    // Credentials that are not taken.
    host.admin.password = "not-the-password".to_owned();
    let refused = host.visit(&bench, PUBLIC, false, go()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Usage);
    assert!(refused.what.contains("lab-admin"), "{refused}");

    // And when the house is gone, that is noticed.
    host.group.stop().await.unwrap();
    let gone = host.visit(&bench, PUBLIC, false, go()).await.unwrap_err();
    assert_eq!(gone.kind, Kind::Part);
    assert!(gone.what.contains(host.url.as_str()), "{gone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keycloak_with_a_hostname_of_its_own_is_refused_unless_it_is_the_taps() {
    let bench = Bench::prepared().await;
    let host = bench.start().await.unwrap();
    bench.admin(&host).delete_realm(REALM).await.unwrap();
    let mut launch = bench.launch.clone();
    let options = ExternalOptions { url: Some(host.upstream.clone()), adopt: false };

    launch.public_url = Url::parse("http://localhost:18099/").unwrap();
    let refused = external::start(&launch, &options, go()).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Safety);
    assert!(refused.what.contains(PUBLIC) && refused.action.contains("hostname"), "{refused}");
    assert!(!bench.admin(&host).realm_exists(REALM).await.unwrap());

    launch.public_url = Url::parse(PUBLIC).unwrap();
    let mut running = external::start(&launch, &options, go()).await.unwrap();
    host.stop().await.unwrap();
    let how = tokio::time::timeout(std::time::Duration::from_mins(1), running.died()).await.unwrap();
    assert!(how.contains("does not answer"), "{how}");
}

#[tokio::test]
async fn without_an_address_it_is_wrong_usage() {
    let bench = Bench::new();
    let trouble = external::start(&bench.launch, &ExternalOptions::default(), go()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Usage);
    assert!(trouble.action.contains("--url"), "{}", trouble.action);
}
