//! Where the external portal's tokens are, and what follows from it: for a reload, for a second tab, and when somebody
//! signs out at another portal.

use ::lab::acts::{AppOptions, Library, Monitor, Tokens};

use crate::app::{IN, NOTES, OUT, Stage};

#[tokio::test(flavor = "multi_thread")]
async fn where_the_tokens_are_decides_about_reloads_and_other_tabs_and_a_logout_reaches_each_of_them() {
    let stage = Stage::new().await;
    for (tokens, after_reload, in_second_tab) in
        [(Tokens::SessionStorage, IN, OUT), (Tokens::LocalStorage, IN, IN), (Tokens::Memory, OUT, OUT)]
    {
        stage.prepared(AppOptions { tokens, ..AppOptions::default() }).await;
        let first = stage.sign_in_at_external().await;
        let stored = stage.ask("Object.keys(localStorage).filter((key) => key.startsWith('oidc.user')).length").await;
        assert_eq!(stored, if tokens == Tokens::LocalStorage { "1" } else { "0" }, "{tokens:?}");
        let stored = stage.ask("Object.keys(sessionStorage).filter((key) => key.startsWith('oidc.user')).length").await;
        assert_eq!(stored, if tokens == Tokens::SessionStorage { "1" } else { "0" }, "{tokens:?}");

        stage.open_beside("external").await;
        stage.see(in_second_tab).await;
        stage.look_at(&first).await;
        stage.driver().refresh().await.unwrap();
        stage.see(after_reload).await;
        if after_reload == OUT {
            // Signed in at Keycloak still: the button needs no password.
            crate::click(stage.driver(), &format!("{OUT} [data-sign-in]")).await;
            stage.see(IN).await;
        }

        stage.driver().execute(NOTES, Vec::new()).await.unwrap();
        stage.sign_in_and_out_at_internal().await;
        stage.look_at(&first).await;
        stage.see(OUT).await;
        let notes = stage.ask("window.notes").await;
        assert!(notes.starts_with("signed-out"), "{tokens:?}: before anybody looked, {notes}");
        let left = stage.ask("[...Object.keys(localStorage), ...Object.keys(sessionStorage)].filter((key) => key.startsWith('oidc.user') || key.endsWith('began'))").await;
        assert_eq!(left, "", "{tokens:?}: nothing of the session stays");
    }
    stage.done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tabs_that_share_their_tokens_begin_and_end_together() {
    let stage = Stage::new().await;
    stage.prepared(AppOptions { tokens: Tokens::LocalStorage, ..AppOptions::default() }).await;
    let first = stage.open("external").await;
    stage.see(OUT).await;
    stage.deafen().await;
    let second = stage.open_beside("external").await;
    stage.see(OUT).await;
    stage.sign_in_at_external().await;
    stage.look_at(&first).await;
    stage.see(IN).await;

    stage.look_at(&second).await;
    stage.sign_out_at_external().await;
    stage.look_at(&first).await;
    stage.see(OUT).await;
    stage.see_notice("ended in another tab of this browser").await;
    stage.done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_renewal_monitor_hears_of_a_session_that_an_administrator_has_ended() {
    let stage = Stage::new().await;
    for library in [Library::OidcClientTs, Library::KeycloakJs] {
        stage
            .prepared(AppOptions { tokens: Tokens::Memory, monitor: Monitor::Refresh, library, silent_sign_in: false })
            .await;
        stage.sign_in_at_external().await;
        let username = realm::User::John.username().to_owned();
        stage.lab.client().act(&::lab::acts::Act::LogOutUser { username }).await.unwrap();
        stage.see(OUT).await;
        stage.see_notice("could not be renewed").await;
    }
    stage.done().await;
}
