//! The check-session frame: what it notices, and what it does where the browser withholds its cookies.

use ::lab::acts::{AppOptions, Library, Monitor, Tokens};
use ::lab::faults::Change;

use crate::app::{OUT, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_out_in_another_tab_is_noticed_where_neither_the_front_channel_nor_a_look_helps() {
    let stage = Stage::new().await;
    for (library, tokens) in [(Library::OidcClientTs, Tokens::SessionStorage), (Library::KeycloakJs, Tokens::Memory)] {
        stage.prepared(AppOptions { tokens, monitor: Monitor::CheckSession, library, silent_sign_in: false }).await;
        let first = stage.sign_in_at_external().await;
        // The front channel would be faster, and a look at the tab would make it ask: neither counts here.
        let on = vec!["p38-not-frameable".to_owned()];
        stage.lab.client().switch_faults(&Change { on, off: Vec::new() }).await.unwrap();
        stage.deafen().await;
        stage.sign_in_and_out_at_internal().await;
        stage.look_at(&first).await;
        stage.see(OUT).await;
        // Which of the two is said depends on how Keycloak answers the question without a person: where it is not a plain
        // "login_required", the page asks about its own session.
        let notice = stage.text("#notice").await;
        assert!(notice.contains("no session at the sign-in service") || notice.contains("session ended"), "{notice}");
    }
    stage.done().await;
}
