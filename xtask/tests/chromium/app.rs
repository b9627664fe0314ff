//! The external portal's app as a lesson sets it up, and what people do with it in one browser.

use std::time::Duration;

use ::lab::acts::{Act, AppOptions};
use realm::User;
use thirtyfour::prelude::*;

use crate::browser::Chromium;
use crate::lab::RunningLab;
use crate::{PATIENCE, click, give_password, wait_for};

pub const IN: &str = "body[data-view=signed-in]";
pub const OUT: &str = "body[data-view=signed-out]";

/// A lab and a browser.
pub struct Stage {
    pub lab: RunningLab,
    pub browser: Chromium,
}

impl Stage {
    pub async fn new() -> Self {
        Self { lab: RunningLab::dist().await, browser: Chromium::start().await }
    }

    /// Nobody is signed in anywhere, the app works like this, and one fresh tab is in front.
    pub async fn prepared(&self, options: AppOptions) {
        self.lab.client().reset().await.unwrap();
        self.lab.client().act(&Act::SetApp(options)).await.unwrap();
        fresh_tab(self.driver()).await;
        // What a run before has left in the browser would be looked at by this one.
        self.driver().goto(&format!("{}health", self.lab.url("external"))).await.unwrap();
        self.driver().execute("localStorage.clear();", Vec::new()).await.unwrap();
        self.driver().delete_all_cookies().await.unwrap();
    }

    pub async fn open(&self, portal: &str) -> WindowHandle {
        self.driver().goto(&self.lab.url(portal)).await.unwrap();
        self.driver().window().await.unwrap()
    }

    /// In a new tab, which is in front then.
    pub async fn open_beside(&self, portal: &str) -> WindowHandle {
        let tab = self.driver().new_tab().await.unwrap();
        self.driver().switch_to_window(tab).await.unwrap();
        self.open(portal).await
    }

    pub async fn look_at(&self, tab: &WindowHandle) {
        self.driver().switch_to_window(tab.clone()).await.unwrap();
    }

    /// Opens the external portal in this tab, presses its button and gives the password.
    pub async fn sign_in_at_external(&self) -> WindowHandle {
        let tab = self.open("external").await;
        click(self.driver(), &format!("{OUT} [data-sign-in]")).await;
        give_password(self.driver(), User::John.username()).await;
        self.see(IN).await;
        tab
    }

    /// In a new tab, without a password, and out again.
    pub async fn sign_in_and_out_at_internal(&self) {
        self.open_beside("internal").await;
        click(self.driver(), &format!("{OUT} a[href='/login']")).await;
        self.see(IN).await;
        self.sign_out_at_internal().await;
    }

    /// In the tab in front.
    pub async fn sign_out_at_internal(&self) {
        click(self.driver(), "div[data-view=signed-in] form[action='/signout'] button").await;
        self.see_notice("signed out of all systems").await;
    }

    /// The button on the page of the external portal.
    pub async fn sign_out_at_external(&self) {
        click(self.driver(), "div[data-view=signed-in] [data-sign-out]").await;
        self.see_notice("signed out of all systems").await;
    }

    pub async fn see(&self, css: &str) {
        wait_for(self.driver(), css).await;
    }

    pub async fn see_notice(&self, text: &str) {
        let notice = By::XPath(format!("//*[@id='notice'][contains(., '{text}')]"));
        let found = self.driver().query(notice).wait(PATIENCE, Duration::from_millis(50)).first().await;
        assert!(found.is_ok(), "no notice says \"{text}\": {}", self.text("#notice").await);
    }

    pub async fn text(&self, css: &str) -> String {
        wait_for(self.driver(), css).await.text().await.unwrap()
    }

    /// From now on the tab in front does not notice that somebody looks at it, which would make it ask.
    pub async fn deafen(&self) {
        self.driver().execute(DEAF, Vec::new()).await.unwrap();
    }

    /// What a script on the page in front says.
    pub async fn ask(&self, script: &str) -> String {
        self.driver().execute(format!("return String({script});"), Vec::new()).await.unwrap().convert().unwrap()
    }

    pub async fn done(self) {
        self.browser.stop().await;
        self.lab.stop().await;
    }

    pub fn driver(&self) -> &WebDriver {
        self.browser.driver()
    }
}

/// One new tab, all others closed: what a tab stores ends with it.
pub async fn fresh_tab(driver: &WebDriver) {
    let old = driver.windows().await.unwrap();
    let fresh = driver.new_tab().await.unwrap();
    for tab in old {
        driver.switch_to_window(tab).await.unwrap();
        driver.close_window().await.unwrap();
    }
    driver.switch_to_window(fresh).await.unwrap();
}

/// Notes in an open tab, in order, that somebody looks at it and that its view changes.
pub const NOTES: &str = r#"
    window.notes = [];
    window.addEventListener("focus", () => window.notes.push("looked at"));
    document.addEventListener("visibilitychange", () => { if (!document.hidden) window.notes.push("looked at"); });
    new MutationObserver(() => window.notes.push(document.body.dataset.view))
        .observe(document.body, { attributeFilter: ["data-view"] });
"#;

/// Capturing at the window comes before every listener of the page.
const DEAF: &str = r#"
    for (const name of ["focus", "visibilitychange"]) {
        window.addEventListener(name, (event) => event.stopImmediatePropagation(), true);
        document.addEventListener(name, (event) => event.stopImmediatePropagation(), true);
    }
"#;
