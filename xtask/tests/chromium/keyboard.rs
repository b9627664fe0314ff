//! The three portals by the keyboard alone: every key is a real event, and the focus is looked for at every step.

use ::lab::acts::AppOptions;
use realm::User;
use serde_json::Value;
use thirtyfour::prelude::*;

use crate::app::{IN, OUT, Stage};
use crate::wait_for;

#[tokio::test(flavor = "multi_thread")]
async fn the_keyboard_alone_signs_in_works_and_signs_out_at_all_three_portals() {
    let stage = Stage::new().await;
    internal(&stage).await;
    external(&stage).await;
    dashboard(&stage).await;
    stage.done().await;
}

async fn internal(stage: &Stage) {
    let hands = Hands(stage.driver());
    stage.prepared(AppOptions::default()).await;
    stage.open("internal").await;
    stage.see(OUT).await;
    hands.tab_to("main a[href='/login']").await;
    hands.press(Key::Enter).await;
    hands.give_password(User::John).await;
    stage.see(IN).await;

    // The first stop leads past the header.
    hands.tab_to(".skip-link").await;
    hands.press(Key::Enter).await;
    hands.press(Key::Tab).await;
    hands.expect("main *").await;

    hands.tab_to("[data-opens=tickets]").await;
    hands.press(" ").await;
    stage.see("#tickets:not([hidden])").await;
    hands.expect("#tickets-title").await;
    hands.tab_to("#ticket-text").await;
    hands.press("A second screen").await;
    hands.press(Key::Enter).await;
    stage.see("[data-rows=tickets] button").await;
    hands.tab_to("[data-rows=tickets] button").await;
    hands.press(" ").await;
    // The button is gone with its row. Whoever stood on it stands at the table.
    hands.expect("#tickets caption").await;

    hands.back_to("main form[action='/signout'] button").await;
    hands.press(Key::Enter).await;
    stage.see_notice("signed out of all systems").await;
    stage.see(OUT).await;
}

async fn external(stage: &Stage) {
    let hands = Hands(stage.driver());
    stage.prepared(AppOptions::default()).await;
    stage.open("external").await;
    stage.see(OUT).await;
    hands.tab_to("main [data-sign-in]").await;
    hands.press(" ").await;
    hands.give_password(User::Pat).await;
    stage.see(IN).await;

    hands.tab_to("[data-opens=banking]").await;
    hands.press(Key::Enter).await;
    hands.expect("#banking-title").await;
    hands.tab_to("#account-iban").await;
    hands.press("DE89 3704 0044 0532 0130 00").await;
    hands.press(Key::Enter).await;
    assert!(stage.text("[data-form=account] .form-message:not(:empty)").await.contains("Well formed"));

    hands.back_to("main [data-sign-out]").await;
    hands.press(Key::Enter).await;
    stage.see_notice("signed out of all systems").await;
    stage.see(OUT).await;
}

async fn dashboard(stage: &Stage) {
    let hands = Hands(stage.driver());
    stage.prepared(AppOptions::default()).await;
    stage.open("admin").await;
    hands.tab_to("a[href='/admin/auth']").await;
    hands.press(Key::Enter).await;
    hands.give_password(User::Mary).await;
    stage.see("#approvals").await;

    hands.tab_to("tr:has(.state-pending) form[action$='/approve'] button").await;
    hands.press(" ").await;
    stage.see_notice("approved").await;
    // What is folded opens by a key, too.
    hands.tab_to("details summary").await;
    hands.press(Key::Enter).await;
    stage.see("details[open]").await;
    hands.tab_to("main form[action='/admin/logout'] button").await;
    hands.press(" ").await;
    stage.see("body[data-view=signed-out] a[href='/admin/login']").await;
    hands.tab_to("main a[href='/admin/login']").await;
}

/// Somebody at the keyboard.
struct Hands<'a>(&'a WebDriver);

impl Hands<'_> {
    async fn press(&self, keys: impl Into<TypingData>) {
        self.0.action_chain().send_keys(keys).perform().await.unwrap();
    }

    /// Fills Keycloak's form. Whether its focus can be seen is its theme's business.
    async fn give_password(&self, user: User) {
        wait_for(self.0, "input[name=username]").await;
        self.tab_to("input[name=username]").await;
        self.press(user.username()).await;
        self.tab_to("input[name=password]").await;
        self.press(realm::PASSWORD).await;
        self.press(Key::Enter).await;
    }

    async fn tab_to(&self, css: &str) {
        self.walk(css, false).await;
    }

    async fn back_to(&self, css: &str) {
        self.walk(css, true).await;
    }

    /// Presses Tab until the focus is there. At every stop on the way it has to be seen.
    async fn walk(&self, css: &str, backwards: bool) {
        let mut way = Vec::new();
        let mut stop = self.focus(css).await;
        while stop["there"] != true {
            assert!(way.len() < STOPS, "the keyboard does not come to {css}:\n{}", way.join("\n"));
            let keys = self.0.action_chain();
            let keys = if backwards { keys.key_down(Key::Shift) } else { keys };
            let keys = keys.key_down(Key::Tab).key_up(Key::Tab);
            let keys = if backwards { keys.key_up(Key::Shift) } else { keys };
            keys.perform().await.unwrap();
            stop = self.focus(css).await;
            assert!(stop["fault"].is_null(), "{}: {}", stop["fault"], stop["name"]);
            way.push(stop["name"].to_string());
        }
    }

    async fn expect(&self, css: &str) {
        let focus = self.focus(css).await;
        assert!(focus["there"] == true, "the focus is not at {css}, but at {}", focus["name"]);
    }

    /// Where the focus is, whether that is at `css`, and what is wrong with how it looks.
    async fn focus(&self, css: &str) -> Value {
        self.0.execute(FOCUS, vec![Value::from(css)]).await.unwrap().json().clone()
    }
}

/// More than any page has.
const STOPS: usize = 120;

/// A control is seen to have the focus if it has a line around it, alone of all controls, and is on the screen.
const FOCUS: &str = r#"
    const at = document.activeElement ?? document.body;
    const name = at.outerHTML.slice(0, 120).replace(/\s+/g, " ");
    const there = at.matches(arguments[0]);
    if (at === document.body || !document.body.dataset.kind) return { name, there, fault: null };
    const lined = (control) => {
        const style = getComputedStyle(control);
        return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
    };
    const others = [...document.querySelectorAll("a, button, input, select, summary, [tabindex]")];
    const box = at.getBoundingClientRect();
    const outside = box.width === 0 || box.height === 0 || box.top >= innerHeight || box.bottom <= 0;
    const fault = !lined(at) ? "the focus cannot be seen"
        : others.some((other) => other !== at && lined(other)) ? "others look as if they had the focus"
        : outside ? "the focus is off the screen"
        : null;
    return { name, there, fault };
"#;
