//! The portals as the outside sees them: requests in, answers out. Where a provider is needed, an in-process one
//! listens on loopback, with keys of its own and a pen for forged tokens.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly, also in its helpers")]

mod attacks;
mod back_channel;
mod basics;
mod binary;
mod dashboard;
mod faults;
mod front_channel;
mod hardening;
mod live;
mod provider;
mod refresh;
#[cfg(feature = "lane-redis")]
mod replicas;
mod same_site;
mod sign_in;
mod sign_out;
#[cfg(feature = "lane-redis")]
mod store_away;
mod visitor;

#[cfg(feature = "lane-redis")]
#[expect(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../support/redis.rs"]
mod redis_server;

use jiff::Timestamp;
use portals::{Clock, Faults, Kind, Portal, Secret, Settings, Sibling, StoreAt};
use url::Url;

use crate::provider::Provider;
use crate::visitor::Visitor;

/// A portal at its usual address, for a provider at `issuer`.
fn portal_for(kind: Kind, issuer: &str) -> Portal {
    Portal::new(settings(kind, issuer), Clock::system()).unwrap()
}

fn settings(kind: Kind, issuer: &str) -> Settings {
    let origin = |kind| match kind {
        Kind::Internal => "http://localhost:3001",
        Kind::External => "http://localhost:3002",
        Kind::Admin => "http://localhost:3003",
    };
    let siblings = Kind::ALL.into_iter().filter(|other| *other != kind);
    Settings {
        kind,
        issuer: Url::parse(issuer).unwrap(),
        client_id: format!("{kind}-client"),
        client_secret: kind.is_confidential().then(|| Secret::new(provider::CLIENT_SECRET)),
        public_url: Url::parse(origin(kind)).unwrap(),
        siblings: siblings.map(|kind| Sibling { kind, url: Url::parse(origin(kind)).unwrap() }).collect(),
        store: StoreAt::Memory,
        faults: Faults::NONE,
    }
}

/// A portal that keeps its sessions in `store`. Two of them are two replicas.
#[cfg(feature = "lane-redis")]
fn replica(kind: Kind, issuer: &str, store: &str) -> Portal {
    let settings = Settings { store: store.parse().unwrap(), ..settings(kind, issuer) };
    Portal::new(settings, Clock::system()).unwrap()
}

/// A portal whose provider does not exist: for everything that must work without one.
fn lonely(kind: Kind) -> Portal {
    portal_for(kind, "http://127.0.0.1:9/realms/nowhere")
}

/// A provider, a portal of it, and somebody who has signed in there.
async fn signed_in(kind: Kind, username: &str) -> (Provider, Portal, Visitor) {
    let provider = Provider::start().await;
    let portal = portal_for(kind, provider.issuer());
    let mut visitor = Visitor::of(&portal);
    provider.expect(username, "sid-1");
    let answer = visitor.sign_in().await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    (provider, portal, visitor)
}

fn now() -> i64 {
    Timestamp::now().as_second()
}
