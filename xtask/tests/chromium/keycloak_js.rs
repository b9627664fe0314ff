//! The external portal with keycloak-js: in, told, out, and what is refused.

use ::lab::acts::{Act, AppOptions, Library, Tokens};

use crate::app::{IN, OUT, Stage};
use crate::click;

#[tokio::test(flavor = "multi_thread")]
async fn keycloak_js_signs_in_hears_the_front_channel_and_signs_out_of_all_portals() {
    let stage = Stage::new().await;
    let options = AppOptions { tokens: Tokens::Memory, library: Library::KeycloakJs, ..AppOptions::default() };
    stage.prepared(options).await;
    let external = stage.sign_in_at_external().await;
    assert_eq!(stage.text("div[data-view=signed-in] [data-field=username]").await, "john.employee");
    let stored = "[...Object.keys(localStorage), ...Object.keys(sessionStorage)].join()";
    assert_eq!(stage.ask(stored).await, "external-portal.began", "no token, and no state of the sign-in, is left");

    stage.sign_in_and_out_at_internal().await;
    stage.look_at(&external).await;
    stage.see(OUT).await;
    stage.see_notice("signed out at another portal").await;

    // The other way round: the internal portal is told by the back channel.
    stage.sign_in_at_external().await;
    let internal = stage.open_beside("internal").await;
    click(stage.driver(), &format!("{OUT} a[href='/login']")).await;
    stage.see(IN).await;
    stage.look_at(&external).await;
    stage.sign_out_at_external().await;
    stage.look_at(&internal).await;
    stage.see(OUT).await;

    // An answer that belongs to no sign-in of this browser is not used.
    stage.driver().goto(&format!("{}callback?code=c&state=s", stage.lab.url("external"))).await.unwrap();
    stage.see("body[data-view=trouble]").await;

    let stored = AppOptions { library: Library::KeycloakJs, ..AppOptions::default() };
    let refused = stage.lab.client().act(&Act::SetApp(stored)).await.unwrap_err();
    assert!(refused.to_string().contains("memory"), "{refused}");
    stage.done().await;
}
