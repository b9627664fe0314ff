//! Tests of the session store. The same table of rules holds for each store ([`contract`]); random people, devices and
//! tokens end exactly the right sessions ([`selectivity`]); and no order of steps brings a dead session back
//! ([`interleavings`]).

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use portal_protocol::VerifiedLogoutToken;
use serde_json::{Value, json};
use tower_sessions::session::{Id, Record};

use super::SignedIn;
use super::memory_store::MemoryStore;
use super::rules::{FRESH, SIGNED_IN};
use super::store::Store;
use crate::testing::{self, NOW};

mod contract;
mod handle;
mod interleavings;
mod selectivity;

#[cfg(feature = "lane-redis")]
#[expect(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../../tests/support/redis.rs"]
mod redis_server;

/// A store, and what must stay alive as long as it does.
struct Subject {
    store: Arc<dyn Store>,
    #[cfg(feature = "lane-redis")]
    server: Option<redis_server::RedisServer>,
}

impl Subject {
    fn memory() -> Self {
        let store = Arc::new(MemoryStore::new());
        Self {
            store,
            #[cfg(feature = "lane-redis")]
            server: None,
        }
    }

    #[cfg(feature = "lane-redis")]
    fn redis() -> Self {
        Self::at(redis_server::RedisServer::start())
    }

    #[cfg(feature = "lane-redis")]
    fn cluster() -> Self {
        Self::at(redis_server::RedisServer::cluster_of_one())
    }

    /// A store over the same server, with connections of its own.
    #[cfg(feature = "lane-redis")]
    fn another_replica(&self) -> super::redis::RedisStore {
        redis_store(self.server.as_ref().expect("a server"))
    }

    #[cfg(feature = "lane-redis")]
    fn at(server: redis_server::RedisServer) -> Self {
        Self { store: Arc::new(redis_store(&server)), server: Some(server) }
    }
}

#[cfg(feature = "lane-redis")]
fn redis_store(server: &redis_server::RedisServer) -> super::redis::RedisStore {
    let crate::StoreAt::Redis(url) = server.url().parse().unwrap() else { panic!("no address of Redis") };
    // A name with everything that patterns and hash tags could stumble over.
    super::redis::RedisStore::new(&url, "client-[*]?{x}", testing::ISSUER).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap()
}

/// What a session keeps of `sub`, whose ID token was issued at `issued`; it ends an hour after [`NOW`].
fn who(sub: &str, sid: Option<&str>, issued: i64) -> Value {
    let john = crate::testing::john(at(0));
    let who = SignedIn {
        sub: sub.to_owned(),
        sid: sid.map(str::to_owned),
        issued_at: at(issued),
        auth_time: None,
        expires_at: at(3600),
        ..john
    };
    serde_json::to_value(who).unwrap()
}

/// A new sign-in of `sub`.
fn record(sub: &str, sid: &str, issued: i64) -> Record {
    signed_in(who(sub, Some(sid), issued))
}

/// A sign-in whose code is redeemed at `issued`, long after the person proved who they are at `auth_time`.
fn redeemed(sub: &str, sid: &str, auth_time: i64, issued: i64) -> Record {
    let mut who = who(sub, Some(sid), issued);
    who["auth_time"] = json!(at(auth_time));
    signed_in(who)
}

fn signed_in(who: Value) -> Record {
    let mut record = anonymous();
    record.data.insert(SIGNED_IN.to_owned(), who);
    record.data.insert(FRESH.to_owned(), json!(true));
    record
}

fn anonymous() -> Record {
    let data = HashMap::from([("other".to_owned(), json!(1))]);
    Record { id: Id::default(), data, expiry_date: time::OffsetDateTime::UNIX_EPOCH }
}

async fn created(store: &dyn Store, mut record: Record) -> Id {
    store.create(&mut record, at(0)).await.unwrap().expect("no tombstone");
    record.id
}

/// A logout token issued at `issued`.
fn token(sub: Option<&str>, sid: Option<&str>, issued: i64) -> VerifiedLogoutToken {
    testing::verified(testing::logout_claims(sub, sid, NOW + issued), at(issued))
}

/// Whether the long form of the tests was asked for.
fn full() -> bool {
    std::env::var_os("SSO_LAB_FULL").is_some_and(|value| value == "1")
}
