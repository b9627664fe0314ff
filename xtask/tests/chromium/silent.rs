//! Signing in without a person at page load, with both libraries.

use ::lab::acts::{AppOptions, Library, Tokens};
use realm::User;

use crate::app::{IN, OUT, Stage};
use crate::{click, give_password};

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_at_keycloak_needs_no_click_and_who_is_not_stays_out_without_a_loop() {
    let stage = Stage::new().await;
    for library in [Library::OidcClientTs, Library::KeycloakJs] {
        let options = AppOptions { tokens: Tokens::Memory, library, silent_sign_in: true, ..AppOptions::default() };
        stage.prepared(options).await;
        stage.open("external").await;
        stage.see(OUT).await;
        // The frame sees Keycloak's cookies here (one site), so its "no" is true and nothing has to be explained.
        assert_eq!(stage.text("#notice").await, "", "{library:?}");

        let internal = stage.open("internal").await;
        click(stage.driver(), &format!("{OUT} a[href='/login']")).await;
        give_password(stage.driver(), User::John.username()).await;
        stage.see(IN).await;
        let external = stage.open_beside("external").await;
        stage.see(IN).await;
        stage.driver().refresh().await.unwrap();
        stage.see(IN).await;

        stage.look_at(&internal).await;
        stage.sign_out_at_internal().await;
        stage.look_at(&external).await;
        stage.see(OUT).await;
        stage.driver().refresh().await.unwrap();
        stage.see(OUT).await;
        // Once more at the load, and never again: nobody is signed in, and the page rests.
        let frames = stage.ask("document.querySelectorAll('iframe').length").await;
        assert_eq!(frames, "0", "{library:?}");

        // Out by the portal's own button: the way back does not sign in again by itself.
        stage.sign_in_at_external().await;
        stage.sign_out_at_external().await;
        stage.see(OUT).await;
    }
    stage.done().await;
}
