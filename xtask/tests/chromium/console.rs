//! The console in a real browser, beside another one in which people sign in and out.

use std::time::Duration;

use ::lab::acts::AppOptions;
use lab_trace::{EventKind, LabNote};
use realm::User;
use thirtyfour::prelude::*;

use crate::app::Stage;
use crate::axe::{self, Look};
use crate::browser::Chromium;
use crate::{PATIENCE, click, give_password, wait_for};

mod lessons;

/// People's browser, and the one that shows the console.
struct Scene {
    stage: Stage,
    eyes: Chromium,
}

impl Scene {
    async fn new() -> Self {
        let scene = Self { stage: Stage::new().await, eyes: Chromium::start().await };
        scene.stage.prepared(AppOptions::default()).await;
        Look::Light.put_on(scene.driver()).await;
        scene.open(true).await;
        scene
    }

    fn driver(&self) -> &WebDriver {
        self.eyes.driver()
    }

    /// Opens the console in the tab in front and waits until it has what is kept.
    async fn open(&self, with_token: bool) {
        let address = self.stage.lab.client().console(with_token);
        self.driver().goto(address.as_str()).await.unwrap();
        self.until(
            "the lab's reset stands in the timeline",
            "lines().some((line) => line.includes('the lab was reset'))",
        )
        .await;
    }

    /// Signs in at the internal portal and, with the same session, at the two others.
    async fn sign_in_everywhere(&self, user: User) {
        let people = self.stage.driver();
        self.stage.open("internal").await;
        click(people, "body[data-view=signed-out] a[href='/login']").await;
        give_password(people, user.username()).await;
        wait_for(people, "body[data-view=signed-in]").await;
        self.stage.open_beside("external").await;
        click(people, "body[data-view=signed-out] [data-sign-in]").await;
        wait_for(people, "body[data-view=signed-in]").await;
        let dashboard = people.new_tab().await.unwrap();
        people.switch_to_window(dashboard).await.unwrap();
        people.goto(&format!("{}admin/login", self.stage.lab.url("admin"))).await.unwrap();
        click(people, "a[href='/admin/auth']").await;
        wait_for(people, "a[href='/admin/logout']").await;
    }

    async fn sign_out_at_internal(&self) {
        self.stage.open("internal").await;
        self.stage.sign_out_at_internal().await;
    }

    /// What a script on the console's page says.
    async fn ask(&self, script: &str) -> serde_json::Value {
        let script = format!("{HELPERS} return ({script});");
        self.driver().execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Waits until a condition holds on the console's page.
    async fn until(&self, what: &str, condition: &str) {
        let holds = async {
            while self.ask(condition).await != true {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        if tokio::time::timeout(PATIENCE, holds).await.is_err() {
            let page = self.ask("document.body.innerText").await;
            panic!("still not: {what}\n{}", page.as_str().unwrap_or_default());
        }
    }

    /// Waits until the newest session looks so: Keycloak, internal, external, admin.
    async fn until_matrix(&self, cells: [&str; 4]) {
        self.until(&format!("{cells:?}"), &format!("newest().join(' ') === '{}'", cells.join(" "))).await;
    }

    /// Types into whatever has the focus. Not into the element that had it a moment ago: the page may have drawn it anew.
    async fn press(&self, key: impl Into<TypingData>) {
        self.driver().action_chain().send_keys(key).perform().await.unwrap();
    }

    async fn done(self) {
        self.eyes.stop().await;
        self.stage.done().await;
    }
}

/// What conditions on the console's page are written with.
const HELPERS: &str = r##"
    const lines = () => [...document.querySelectorAll("#text li")].map((line) => line.textContent);
    const newest = () => [...(document.querySelector(".matrix tbody tr")?.querySelectorAll(".cell") ?? [])].map((cell) => cell.textContent);
    const focus = () => document.activeElement.id || document.activeElement.tagName;
    const chosen = () => document.querySelector("#text .chosen .number")?.textContent;
"##;

#[tokio::test(flavor = "multi_thread")]
async fn the_timeline_grows_while_somebody_signs_in_and_the_matrix_turns_when_they_sign_out() {
    let scene = Scene::new().await;
    let address = scene.driver().current_url().await.unwrap();
    assert_eq!(address.fragment(), None, "the token does not stay in the address");
    scene.sign_in_everywhere(User::Mary).await;
    scene.until_matrix(["in", "in", "in", "in"]).await;
    assert_eq!(scene.ask("document.querySelector('.matrix tbody th').firstChild.textContent").await, "mary.");
    scene.until("the server's arrow is drawn with its word", SERVER_ARROW).await;
    scene.eyes.picture("console-signed-in").await;

    scene.sign_out_at_internal().await;
    scene.until_matrix(["out", "out", "out", "out"]).await;
    scene
        .until(
            "the back channel is there",
            "lines().some((line) => line.includes('keycloak tells admin of a logout (back channel)'))",
        )
        .await;
    scene.until("and the front channel", "lines().some((line) => line.includes('(front channel)'))").await;
    scene
        .until(
            "the tab's evidence is its own page",
            "document.querySelector('[data-of=external]').title.includes('front-channel page was loaded')",
        )
        .await;

    // Somebody who sees nothing is told each of them.
    scene.until("sentences are announced", "document.querySelectorAll('#announce p').length > 3").await;

    // All of one message.
    scene.ask("[...document.querySelectorAll('#text .stroke-back-channel button')].at(-1).click()").await;
    wait_for(scene.driver(), "#tab-token").await.click().await.unwrap();
    scene.until("nonce is absent, as it must be", "[...document.querySelectorAll('.claim-right')].some((claim) => /^nonce .*absent, as it must be/.test(claim.textContent))").await;
    scene.until("no claim is wrong", "document.querySelectorAll('.claim-wrong').length === 0").await;
    scene.eyes.picture("console-signed-out").await;
    wait_for(scene.driver(), "#tab-curl").await.click().await.unwrap();
    scene
        .until(
            "the command names the token by a variable",
            "document.querySelector('pre').textContent.includes('${LOGOUT_TOKEN}')",
        )
        .await;

    // A reload in the middle keeps what was, and another page sees the same.
    scene.ask("scrollTo(0, 0)").await;
    let before = scene.ask("lines()").await;
    scene.driver().refresh().await.unwrap();
    scene.until("all lines are back", &format!("lines().length === {}", before.as_array().unwrap().len())).await;
    assert_eq!(scene.ask("lines()").await, before);
    let second = scene.driver().new_tab().await.unwrap();
    scene.driver().switch_to_window(second).await.unwrap();
    scene.open(false).await;
    scene.until("two pages see the same", &format!("lines().length === {}", before.as_array().unwrap().len())).await;
    assert_eq!(scene.ask("lines()").await, before);

    // Open pages do not keep the lab from stopping, and say that it is gone.
    let Scene { stage, eyes } = scene;
    let Stage { lab, browser } = stage;
    browser.stop().await;
    lab.stop().await;
    let gone = "return document.getElementById('connection').classList.contains('badge-bad');";
    let told = async {
        while eyes.driver().execute(gone, Vec::new()).await.unwrap().json() != true {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("the page says that the lab is away");
    eyes.stop().await;
}

const SERVER_ARROW: &str = "[...document.querySelectorAll('#diagram a.stroke-server')].some((arrow) => \
     arrow.querySelector('.word').textContent.trim() === 'server' && arrow.querySelector('title').textContent.includes('asks keycloak'))";

#[tokio::test(flavor = "multi_thread")]
async fn a_lying_portal_shows_as_a_zombie_and_only_the_token_changes_the_lab() {
    let scene = Scene::new().await;
    click(scene.driver(), "#open-faults").await;
    wait_for(scene.driver(), "#find-fault").await.send_keys("lying").await.unwrap();
    click(scene.driver(), "[data-fault=s2-lying-200]").await;
    wait_for(scene.driver(), "[data-fault=s2-lying-200][aria-checked=true]").await;
    scene.until("the page says so", "document.getElementById('banner').textContent.includes('s2-lying-200')").await;
    click(scene.driver(), "#faults [data-close]").await;

    scene.sign_in_everywhere(User::Mary).await;
    scene.until_matrix(["in", "in", "in", "in"]).await;
    let people = scene.stage.driver();
    people.goto(&format!("{}admin/logout", scene.stage.lab.url("admin"))).await.unwrap();
    click(people, "main form[action='/admin/logout'] button").await;
    scene.until_matrix(["out", "ZOMBIE", "out", "out"]).await;
    scene.until("with its evidence", "document.querySelector('.cell-zombie').title.includes('GET /api/me: 200')").await;
    scene.eyes.picture("console-zombie").await;

    // Without the token: everything is seen, nothing is changed.
    let fresh = scene.driver().new_tab().await.unwrap();
    let first = scene.driver().window().await.unwrap();
    scene.driver().switch_to_window(fresh).await.unwrap();
    scene.open(false).await;
    scene.until_matrix(["out", "ZOMBIE", "out", "out"]).await;
    click(scene.driver(), "#open-reset").await;
    wait_for(scene.driver(), "#reset .needs-token:not([hidden])").await;
    wait_for(scene.driver(), "#do-reset:disabled").await;
    scene.driver().switch_to_window(first).await.unwrap();

    click(scene.driver(), "#open-reset").await;
    click(scene.driver(), "#do-reset:not(:disabled)").await;
    scene.until("the ledger has forgotten", "document.querySelector('.matrix') === null").await;
    scene.until("no fault is on", "document.getElementById('banner').hidden").await;
    scene.done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_do_everything_and_ten_thousand_messages_stay_usable() {
    let scene = Scene::new().await;
    scene.sign_in_everywhere(User::John).await;
    scene.until_matrix(["in", "in", "in", "in"]).await;
    scene.press("j").await;
    scene.until("one is chosen", "chosen() !== undefined").await;
    let first = scene.ask("chosen()").await;
    scene.press("j").await;
    scene.until("the next one", &format!("chosen() !== undefined && chosen() !== '{}'", first.as_str().unwrap())).await;
    scene.press("k").await;
    scene.until("and back", &format!("chosen() === '{}'", first.as_str().unwrap())).await;
    wait_for(scene.driver(), "#tab-token").await;
    scene.press("t").await;
    scene.until("its tokens", "focus() === 'tab-token'").await;
    scene.press("m").await;
    scene.until("the matrix", "document.activeElement.classList.contains('cell')").await;
    scene
        .until("what was asked is told", "document.getElementById('evidence').textContent.includes('john.employee at')")
        .await;
    scene.press("f").await;
    scene.until("the filters", "document.activeElement.value === 'browser'").await;
    scene.press(" ").await;
    scene.until("no browser any more", "document.querySelectorAll('#text .stroke-browser').length === 0").await;
    scene.press(" ").await;
    scene.press("?").await;
    scene.until("the keys", "document.getElementById('help').open").await;
    scene.press(Key::Escape).await;
    scene.until("closed", "!document.getElementById('help').open").await;
    scene.press("/").await;
    scene.until("the search", "focus() === 'search'").await;
    scene.press("back channel j").await;
    scene.until("nothing is found", "lines().length === 0").await;
    scene.press(Key::Escape).await;
    scene.until("out of the field", "focus() === 'BODY'").await;
    scene.until("which keeps its words", "document.getElementById('search').value === 'back channel j'").await;
    scene.press("/").await;
    scene.ask("document.getElementById('search').select()").await;
    scene.press("note" + Key::Escape).await;
    scene.until("only notes", "lines().length > 0 && lines().every((line) => line.includes('note'))").await;

    scene.press("p").await;
    for number in 0..10_000 {
        scene.stage.lab.recorder().record(EventKind::Lab(LabNote { text: format!("note {number}") }));
    }
    // People's tabs are still open: something of theirs may come between, which is why only notes are shown.
    scene
        .until(
            "all of them wait",
            "/paused, (\\d+) waiting/.exec(document.getElementById('counts').textContent)?.[1] >= 10000",
        )
        .await;
    scene.press("p").await;
    scene.until("the newest are shown", "lines().at(-1)?.includes('note 9999')").await;
    assert_eq!(
        scene.ask("[lines().length, document.querySelectorAll('#diagram .remark').length]").await,
        serde_json::json!([200, 200])
    );
    click(scene.driver(), "#older").await;
    scene.until("older ones", "lines().at(-1).includes('note 9799')").await;
    click(scene.driver(), "#newer").await;
    scene.until("and back", "lines().at(-1).includes('note 9999')").await;
    click(scene.driver(), "#clear").await;
    scene.until("cleared", "lines().length === 0").await;
    scene.done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_serious_in_the_console_light_dark_or_on_a_phone() {
    let scene = Scene::new().await;
    scene.sign_in_everywhere(User::Mary).await;
    scene.sign_out_at_internal().await;
    scene.until_matrix(["out", "out", "out", "out"]).await;
    let mut found = Vec::new();
    for look in Look::ALL {
        look.put_on(scene.driver()).await;
        scene.open(true).await;
        scene.until_matrix(["out", "out", "out", "out"]).await;
        scene.ask("[...document.querySelectorAll('#text .stroke-back-channel button')].at(-1).click()").await;
        for tab in ["what", "raw", "token", "why", "curl"] {
            click(scene.driver(), &format!("#tab-{tab}")).await;
            wait_for(scene.driver(), &format!("#tab-{tab}[aria-selected=true]")).await;
            found.extend(
                axe::findings(scene.driver(), look).await.into_iter().map(|line| format!("{tab}, {look:?}: {line}")),
            );
        }
        click(scene.driver(), "#pin").await;
        scene.ask("[...document.querySelectorAll('#text .stroke-back-channel button')].at(-2).click()").await;
        click(scene.driver(), "#pin:not(:disabled)").await;
        wait_for(scene.driver(), "#compare:not([hidden])").await;
        found.extend(
            axe::findings(scene.driver(), look).await.into_iter().map(|line| format!("compared, {look:?}: {line}")),
        );
        for dialog in ["faults", "reset", "help"] {
            scene.ask("scrollTo(0, 0)").await;
            click(scene.driver(), &format!("#open-{dialog}")).await;
            found.extend(
                axe::findings(scene.driver(), look).await.into_iter().map(|line| format!("{dialog}, {look:?}: {line}")),
            );
            click(scene.driver(), &format!("#{dialog} [data-close]")).await;
        }
        scene.driver().goto(format!("{}present", scene.stage.lab.client().console(false))).await.unwrap();
        scene.until("the presenter's matrix", "document.querySelector('.cell') !== null").await;
        found.extend(
            axe::findings(scene.driver(), look).await.into_iter().map(|line| format!("presenter, {look:?}: {line}")),
        );
        scene.press("b").await;
        scene.until("blank", "!document.getElementById('blank').hidden").await;
        scene.press("b").await;
        scene.until("and back", "document.getElementById('blank').hidden").await;
    }
    scene.done().await;
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
}
