//! The first start, the prepared cache, and what happens when it is damaged.

use lab::keycloak::dist::prepare_in_background;
use tokio_util::sync::CancellationToken;

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_needs_no_cache_and_later_ones_come_from_it() {
    let first = Bench::new();
    let begun = std::time::Instant::now();
    let running = first.start().await.unwrap();
    eprintln!("first start: {:?}", begun.elapsed());
    assert!(first.told.has("for the first time"), "{}", first.told.all());
    let admin = first.admin(&running);
    assert_eq!(admin.server_version().await.unwrap(), first.launch.version);
    assert!(admin.realm_exists("enterprise-sso").await.unwrap());

    let begun = std::time::Instant::now();
    prepare_in_background(&first.launch, &first.options, CancellationToken::new()).await.unwrap().unwrap();
    eprintln!("prepared: {:?}", begun.elapsed());
    running.stop().await.unwrap();
    assert_eq!(first.left(), Vec::<std::path::PathBuf>::new());

    let second = first.beside();
    let begun = std::time::Instant::now();
    let running = second.start().await.unwrap();
    eprintln!("second start: {:?}", begun.elapsed());
    assert!(second.told.has("from the prepared cache"), "{}", second.told.all());
    second.admin(&running).sign_in().await.unwrap();
    running.stop().await.unwrap();
    assert_eq!(second.processes().await, Vec::<String>::new());
}
