//! Faults of the portals that only a real browser can show: scripts that run, and an open tab that hears or does not.

use std::time::Duration;

use ::lab::faults::Change;
use ::lab::keycloak::admin::Admin;
use realm::{REALM, User};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::app::{NOTES, fresh_tab};
use crate::browser::Chromium;
use crate::lab::RunningLab;
use crate::{PATIENCE, click, give_password, wait_for};

/// A first name that is a script where a page writes it as HTML.
const NAME: &str = "<img src=x onerror=\"document.body.dataset.stolen='yes'\">";

#[tokio::test(flavor = "multi_thread")]
async fn faults_of_the_single_page_app_show_when_they_are_on_and_only_then() {
    let (lab, admin) = RunningLab::with_administrator().await;
    let browser = Chromium::start().await;
    let stage = Stage { lab: &lab, admin: &admin, browser: &browser };
    for (fault, looks) in [(None, "starts"), (Some("s15-cdn"), "says that a part is missing")] {
        assert_eq!(stage.prepared(fault).await.start().await, looks, "{fault:?}");
    }
    for (fault, looks) in [(None, "shown as text"), (Some("s16-inner-html"), "run as a script")] {
        assert_eq!(stage.prepared(fault).await.name().await, looks, "{fault:?}");
    }
    let late = "signed out when somebody looks";
    for (fault, looks) in [
        (None, "signed out at once"),
        (Some("s17-focus-only"), late),
        (Some("p14-frame-page-leaves"), late),
        (Some("p38-not-frameable"), late),
    ] {
        assert_eq!(stage.prepared(fault).await.open_tab().await, looks, "{fault:?}");
    }
    browser.stop().await;
    lab.stop().await;
}

struct Stage<'a> {
    lab: &'a RunningLab,
    admin: &'a Admin,
    browser: &'a Chromium,
}

impl Stage<'_> {
    /// Nobody is signed in, at most this fault is on, and a fresh tab is in front.
    async fn prepared(&self, fault: Option<&str>) -> &Self {
        self.lab.client().reset().await.unwrap();
        let on = fault.map(str::to_owned).into_iter().collect();
        self.lab.client().switch_faults(&Change { on, off: Vec::new() }).await.unwrap();
        fresh_tab(self.driver()).await;
        self
    }

    /// Whether the app starts.
    async fn start(&self) -> &'static str {
        self.driver().goto(&self.lab.url("external")).await.unwrap();
        let view = wait_for(self.driver(), "body[data-view=signed-out], body[data-view=trouble]").await;
        if view.attr("data-view").await.unwrap().as_deref() == Some("signed-out") {
            return "starts";
        }
        let title = wait_for(self.driver(), "[data-field=trouble_title]").await.text().await.unwrap();
        assert_eq!(title, "A part of this page is missing");
        "says that a part is missing"
    }

    /// What becomes of a name with a script in it.
    async fn name(&self) -> &'static str {
        let before = self.john().await;
        let mut renamed = before.clone();
        renamed["firstName"] = json!(NAME);
        self.put_user(&renamed).await;
        self.sign_in_at_external().await;
        let name = wait_for(self.driver(), "div[data-view=signed-in] [data-field=name]").await.text().await.unwrap();
        let seen = if name.contains("<img src=x") {
            let ran = self.driver().find_all(By::Css("body[data-stolen], [data-field=name] img")).await.unwrap();
            assert!(ran.is_empty(), "shown as text and run, too");
            "shown as text"
        } else {
            wait_for(self.driver(), "body[data-stolen=yes]").await;
            "run as a script"
        };
        self.put_user(&before).await;
        seen
    }

    /// How the open tab of the external portal hears of a sign-out at the internal portal.
    async fn open_tab(&self) -> &'static str {
        let driver = self.driver();
        self.sign_in_at_external().await;
        driver.execute(NOTES, Vec::new()).await.unwrap();
        let tab = driver.window().await.unwrap();
        let other = driver.new_tab().await.unwrap();
        driver.switch_to_window(other).await.unwrap();
        driver.goto(&self.lab.url("internal")).await.unwrap();
        click(driver, "body[data-view=signed-out] a[href='/login']").await;
        click(driver, "div[data-view=signed-in] form[action='/signout'] button").await;
        // Home again: Keycloak's page with the frame is done.
        let home = By::XPath("//*[@id='notice'][contains(., 'signed out of all systems')]");
        driver.query(home).wait(PATIENCE, Duration::from_millis(50)).first().await.unwrap();
        driver.switch_to_window(tab).await.unwrap();
        // Whether or not the driver's switch counts as a look: now somebody looks, and the page has to notice.
        driver.execute("window.dispatchEvent(new Event('focus'));", Vec::new()).await.unwrap();
        wait_for(driver, "body[data-view=signed-out]").await;
        let notes = driver.execute("return window.notes;", Vec::new()).await.unwrap();
        let notes: Vec<String> = notes.convert().unwrap();
        let at = |note: &str| notes.iter().position(|one| one == note).unwrap_or_else(|| panic!("{note}: {notes:?}"));
        if at("signed-out") < at("looked at") { "signed out at once" } else { "signed out when somebody looks" }
    }

    async fn sign_in_at_external(&self) {
        self.driver().goto(&self.lab.url("external")).await.unwrap();
        click(self.driver(), "body[data-view=signed-out] [data-sign-in]").await;
        give_password(self.driver(), User::John.username()).await;
        wait_for(self.driver(), "body[data-view=signed-in]").await;
    }

    /// John as Keycloak has him.
    async fn john(&self) -> Value {
        let users = self.admin.get(&format!("realms/{REALM}/users")).await.unwrap();
        let is_john = |user: &&Value| user["username"] == User::John.username();
        users.as_array().unwrap().iter().find(is_john).unwrap().clone()
    }

    async fn put_user(&self, user: &Value) {
        let path = format!("realms/{REALM}/users/{}", user["id"].as_str().unwrap());
        self.admin.put(&path, user).await.unwrap();
    }

    fn driver(&self) -> &WebDriver {
        self.browser.driver()
    }
}
