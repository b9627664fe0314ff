//! The check-session frame: what it notices, and what it does where the browser withholds its cookies.

use std::time::Duration;

use ::lab::acts::{AppOptions, Library, Monitor, Tokens};
use ::lab::faults::Change;

use crate::app::{OUT, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_in_another_tab_is_noticed_by_the_frame_alone() {
    let stage = Stage::new().await;
    for (library, tokens) in [(Library::OidcClientTs, Tokens::SessionStorage), (Library::KeycloakJs, Tokens::Memory)] {
        stage.prepared(AppOptions { tokens, monitor: Monitor::CheckSession, library, silent_sign_in: false }).await;
        let first = stage.sign_in_at_external().await;
        // The front channel would be faster, and a look at the tab would make it ask: neither counts here.
        let on = vec!["p38-not-frameable".to_owned()];
        stage.lab.client().switch_faults(&Change { on, off: Vec::new() }).await.unwrap();
        stage.deafen().await;
        let clicked = stage.sign_in_and_out_at_internal().await;
        stage.look_at(&first).await;
        stage.see(OUT).await;
        stage.see_notice("this browser has no session at the sign-in service any more").await;
        println!("{library:?}: noticed {:?} after the click", clicked.elapsed());
        assert!(clicked.elapsed() < Duration::from_secs(15), "{library:?}");
    }
    stage.done().await;
}
