//! Parts for tests: Keycloak and the portals are addresses where nothing listens.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use super::Parts;
use crate::acts::Deeds;
use crate::console::Ledger;
use crate::control::chosen::Chosen;
use crate::control::messages::Topology;
use crate::faults::Faults;
use crate::hosting::Hosting;
use crate::keycloak::admin::Admin;
use crate::keycloak::{Credentials, Keeper, RuntimeKind};
use crate::ports::Ports;
use crate::recorder::Recorder;
use crate::redis::Redis;
use crate::state::{Record, Seat};
use crate::tap::Masker;

/// A lab whose taps listen on `bind`.
pub(crate) fn parts(seat: &Seat, bind: IpAddr) -> Parts {
    let nowhere: Url = "http://127.0.0.1:9/".parse().unwrap();
    let credentials = Credentials { username: "nobody".to_owned(), password: String::new() };
    Parts {
        topology: Topology {
            keycloak: nowhere.clone(),
            issuer: nowhere.clone(),
            version: "26.7.3".to_owned(),
            runtime: RuntimeKind::Dist,
            sites: crate::sites::Sites::Same,
            portals: Vec::new(),
        },
        chosen: Chosen {
            ports: Ports::Auto,
            bind,
            third_party_cookies: None,
            realm: String::new(),
            distribution: None,
            image: None,
            url: None,
        },
        recorder: Recorder::new(),
        ledger: Ledger::default(),
        admin: Arc::new(Admin::new(nowhere.clone(), &nowhere, credentials)),
        secrets: realm::Secrets { internal: String::new(), admin: String::new() },
        upstream: nowhere,
        keycloak: Arc::new(Keeper::of_nothing()),
        hosting: Hosting::new(Recorder::new(), Masker::new(), CancellationToken::new(), TaskTracker::new()),
        redis: Redis::of(seat),
        faults: Faults::default(),
        deeds: Deeds::default(),
        lessons: None,
        taps: Vec::new(),
        realm: realm::Realm::shipped(),
        bind,
        foreign: None,
        http: crate::http::client(Duration::from_secs(5)),
    }
}

/// The record of a run with this token, reached nowhere.
pub(crate) fn record(token: &str) -> Record {
    let control = "http://127.0.0.1:9/".parse().unwrap();
    Record { run_id: "test".to_owned(), pid: std::process::id(), control, token: token.to_owned() }
}
