//! What needs no server; the rest is in the tests of the lane keycloak.

use crate::Kind;
use crate::redis::Redis;
use crate::state::{Folders, Seat};

#[tokio::test]
async fn what_was_never_used_is_ended_without_a_word_and_cannot_be_stopped_or_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let folders = Folders { cache: folder.path().join("cache"), state: folder.path().join("state") };
    let seat = Seat::claim_own(&folders).unwrap();
    let redis = Redis::of(&seat);
    for refused in [redis.stop().await, redis.empty().await] {
        assert_eq!(refused.unwrap_err().kind, Kind::State);
    }
    redis.end().await.unwrap();
    redis.close().await.unwrap();
    assert_eq!(redis.start().await.unwrap_err().what, "the lab is stopping");
    assert_eq!(redis.store().await.unwrap_err().kind, Kind::State);
    redis.close().await.unwrap();
    seat.release().unwrap();
}
