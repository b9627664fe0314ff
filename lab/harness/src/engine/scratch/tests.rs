use std::fs;

use tokio_util::sync::CancellationToken;

use super::Scratch;
use crate::progress::Silent;
use crate::trouble::Kind;

#[tokio::test]
async fn what_a_killed_build_left_is_removed_by_the_next_one() {
    let parent = tempfile::tempdir().unwrap();
    let left = parent.path().join("sso-lab-image-left");
    fs::create_dir(&left).unwrap();
    let foreign = parent.path().join("something-else");
    fs::create_dir(&foreign).unwrap();

    let scratch = Scratch::new(parent.path(), &Silent, &CancellationToken::new()).await.unwrap();
    assert!(!left.exists() && foreign.exists());
    let folder = scratch.path().to_owned();
    assert!(folder.is_dir());
    scratch.close().unwrap();
    assert!(!folder.exists());
}

#[tokio::test]
async fn a_second_build_waits_for_the_first_and_can_be_interrupted() {
    let parent = tempfile::tempdir().unwrap();
    let first = Scratch::new(parent.path(), &Silent, &CancellationToken::new()).await.unwrap();

    let cancelled = CancellationToken::new();
    cancelled.cancel();
    let trouble = Scratch::new(parent.path(), &Silent, &cancelled).await.err().unwrap();
    assert_eq!(trouble.kind, Kind::Interrupted);
    assert!(first.path().is_dir(), "the first build's folder is not touched");

    let never = CancellationToken::new();
    let second = Scratch::new(parent.path(), &Silent, &never);
    let (second, ()) = tokio::join!(second, async { first.close().unwrap() });
    assert!(second.unwrap().path().is_dir());
}
