//! Every page of the three portals under axe-core: light, dark, and on a phone.
//!
//! Not looked at: Keycloak's own pages. They are its theme's, and the lab does not change them.

use ::lab::acts::AppOptions;
use ::lab::faults::Change;
use realm::User;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::app::{IN, OUT, Stage};
use crate::axe::{self, Look};
use crate::{click, give_password, wait_for};

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_serious_on_any_page_light_dark_or_on_a_phone() {
    let mut tour = Tour { stage: Stage::new().await, findings: Vec::new() };
    tour.external().await;
    tour.internal().await;
    tour.dashboard_of_an_employee().await;
    tour.dashboard_of_an_approver().await;
    tour.without_the_role().await;
    tour.wrong_on_purpose().await;
    tour.spoilt().await;
    let Tour { stage, findings } = tour;
    stage.done().await;
    // All of them at once: who mends one page wants to know of the others.
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
}

struct Tour {
    stage: Stage,
    findings: Vec<String>,
}

impl Tour {
    async fn external(&mut self) {
        self.stage.prepared(AppOptions::default()).await;
        self.visit("external", "").await;
        self.look(OUT, "external, signed out").await;
        self.visit("external", "callback?code=c&state=s").await;
        self.look("body[data-view=trouble]", "external, trouble").await;
        self.visit("external", "logout").await;
        self.look("body[data-view=front-channel]", "external, front channel").await;
        self.visit("external", "silent-callback").await;
        self.look("body[data-view=silent-callback]", "external, silent answer").await;

        self.stage.sign_in_at_external().await;
        self.look(IN, "external, signed in").await;
        self.open("banking").await;
        // Words in the colours of success and failure, and a row with a button.
        self.enter("#account-iban", "DE00 1").await;
        wait_for(self.driver(), "#transaction-payee").await.send_keys("Pat").await.unwrap();
        self.enter("#transaction-amount", "12").await;
        self.look("[data-rows=transactions] button", "external, banking").await;
        self.open("vendors").await;
        self.look("#vendors:not([hidden])", "external, vendors").await;
        self.open("identity").await;
        self.look("#identity:not([hidden])", "external, identity").await;
        self.open_details().await;
        self.look("details[open]", "external, tokens").await;
        self.stage.sign_out_at_external().await;
        self.look(OUT, "external, just signed out").await;
    }

    async fn internal(&mut self) {
        self.stage.prepared(AppOptions::default()).await;
        self.visit("internal", "").await;
        self.look(OUT, "internal, signed out").await;
        click(self.driver(), &format!("{OUT} a[href='/login']")).await;
        give_password(self.driver(), User::John.username()).await;
        self.look(IN, "internal, signed in").await;
        for panel in ["leave", "directory", "performance"] {
            self.open(panel).await;
            self.look(&format!("#{panel}:not([hidden])"), &format!("internal, {panel}")).await;
        }
        self.open("tickets").await;
        self.enter("#ticket-text", "A second screen").await;
        self.look("[data-rows=tickets] button", "internal, tickets").await;
        self.open_details().await;
        self.look("details[open]", "internal, tokens").await;

        self.block(&["*/api/me"]).await;
        self.driver().refresh().await.unwrap();
        self.look("body[data-view=trouble]", "internal, trouble").await;
        self.block(&[]).await;
        self.visit("internal", "").await;
        self.stage.sign_out_at_internal().await;
        self.look(OUT, "internal, just signed out").await;
    }

    async fn dashboard_of_an_employee(&mut self) {
        self.stage.prepared(AppOptions::default()).await;
        self.visit("admin", "admin/login").await;
        self.look("a[href='/admin/auth']", "admin, sign-in").await;
        self.visit("admin", "no-such-page").await;
        self.look("body[data-view=error]", "admin, 404").await;
        self.visit("admin", "admin/callback?code=c&state=s").await;
        self.look("body[data-view=error]", "admin, 400").await;
        self.visit("admin", "admin/signed-out").await;
        self.look("article.card-warn", "admin, a sign-out of somebody else").await;
        self.sign_in_at_admin(User::John).await;
        self.look("#approvals", "admin, dashboard of an employee").await;
    }

    async fn dashboard_of_an_approver(&mut self) {
        self.stage.prepared(AppOptions::default()).await;
        self.sign_in_at_admin(User::Mary).await;
        self.look("form[action$='/approve']", "admin, dashboard of an approver").await;
        // One item in each state.
        for (verb, state) in [("approve", "approved"), ("reject", "rejected"), ("review", "in-review")] {
            click(self.driver(), &format!("tr:has(.state-pending) form[action$='/{verb}'] button")).await;
            wait_for(self.driver(), &format!(".state-{state}")).await;
        }
        self.open_details().await;
        self.look("details[open]", "admin, decided and tokens").await;
        self.visit("admin", "admin/logout").await;
        self.look("main form[action='/admin/logout']", "admin, sign-out question").await;
        click(self.driver(), "main form[action='/admin/logout'] button").await;
        self.look("body[data-view=signed-out] article", "admin, signed out").await;
    }

    async fn without_the_role(&mut self) {
        self.stage.prepared(AppOptions::default()).await;
        self.visit("internal", "login").await;
        give_password(self.driver(), User::Pat.username()).await;
        self.look("body[data-view=forbidden]", "internal, forbidden").await;
        self.visit("admin", "admin/auth").await;
        self.look("body[data-view=forbidden]", "admin, forbidden").await;
    }

    async fn wrong_on_purpose(&mut self) {
        self.stage.prepared(AppOptions::default()).await;
        let on = vec!["p38-not-frameable".to_owned()];
        self.stage.lab.client().switch_faults(&Change { on, off: Vec::new() }).await.unwrap();
        self.visit("external", "").await;
        self.look("aside.faults", "external, wrong on purpose").await;
    }

    /// Finding nothing proves nothing, unless it would have been found.
    async fn spoilt(&self) {
        for look in Look::ALL {
            self.visit("external", "").await;
            wait_for(self.driver(), OUT).await;
            look.put_on(self.driver()).await;
            let expected = axe::spoil(self.driver(), look).await;
            let found = axe::findings(self.driver(), look).await;
            for word in expected {
                assert!(found.iter().any(|line| line.contains(word)), "{look:?}: {word} is not in {found:#?}");
            }
        }
    }

    /// Waits for `css`, then asks axe about the page in each look.
    async fn look(&mut self, css: &str, page: &str) {
        wait_for(self.driver(), css).await;
        for look in Look::ALL {
            look.put_on(self.driver()).await;
            let found = axe::findings(self.driver(), look).await;
            self.findings.extend(found.into_iter().map(|line| format!("{page}, {look:?}: {line}")));
        }
        Look::Light.put_on(self.driver()).await;
    }

    async fn visit(&self, portal: &str, path: &str) {
        self.driver().goto(&format!("{}{path}", self.stage.lab.url(portal))).await.unwrap();
    }

    async fn sign_in_at_admin(&self, user: User) {
        self.visit("admin", "admin/auth").await;
        give_password(self.driver(), user.username()).await;
        wait_for(self.driver(), "#approvals").await;
    }

    async fn open(&self, panel: &str) {
        click(self.driver(), &format!("[data-opens={panel}]")).await;
        wait_for(self.driver(), &format!("#{panel}:not([hidden])")).await;
    }

    /// Types, and sends the form.
    async fn enter(&self, css: &str, text: &str) {
        wait_for(self.driver(), css).await.send_keys(text + Key::Enter).await.unwrap();
    }

    async fn open_details(&self) {
        for summary in self.driver().find_all(By::Css("details:not([open]) summary")).await.unwrap() {
            summary.click().await.unwrap();
        }
    }

    /// Requests to these addresses fail from now on.
    async fn block(&self, urls: &[&str]) {
        let cdp = self.driver().cdp();
        cdp.send_raw("Network.enable", json!({})).await.unwrap();
        cdp.send_raw("Network.setBlockedURLs", json!({ "urls": urls })).await.unwrap();
    }

    fn driver(&self) -> &WebDriver {
        self.stage.driver()
    }
}
