//! The live line of the internal portal: every open tab is told at once, and one that had lost its line asks.

use ::lab::acts::Act;
use realm::User;

use crate::app::{IN, OUT, Stage};
use crate::{click, give_password};

#[tokio::test(flavor = "multi_thread")]
async fn every_open_tab_is_told_why_and_one_that_had_lost_its_line_asks() {
    let stage = Stage::new().await;
    let username = User::John.username().to_owned();
    stage.prepared(::lab::acts::AppOptions::default()).await;
    let first = sign_in(&stage).await;
    stage.deafen().await;
    let second = stage.open_beside("internal").await;
    stage.see(IN).await;
    stage.deafen().await;
    stage.lab.client().act(&Act::LogOutUser { username: username.clone() }).await.unwrap();
    for tab in [&first, &second] {
        stage.look_at(tab).await;
        stage.see(OUT).await;
        // A logout token does not tell who asked for the end, so the page does not claim to know.
        stage.see_notice("at another portal, or by an administrator").await;
    }

    // The portal is stopped and comes back, and the sessions with it are gone: the line breaks, nobody pushes anything.
    let tab = sign_in(&stage).await;
    stage.deafen().await;
    stage.lab.client().act(&Act::RestartPortal { portal: "internal".to_owned() }).await.unwrap();
    stage.look_at(&tab).await;
    stage.see(OUT).await;
    stage.see_notice("Your session at this portal has ended").await;
    stage.done().await;
}

async fn sign_in(stage: &Stage) -> thirtyfour::WindowHandle {
    let tab = stage.open("internal").await;
    click(stage.driver(), &format!("{OUT} a[href='/login']")).await;
    give_password(stage.driver(), User::John.username()).await;
    stage.see(IN).await;
    tab
}
