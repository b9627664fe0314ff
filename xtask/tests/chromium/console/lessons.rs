//! Lessons on the console: played where everybody can see it.

use std::sync::Arc;

use ::lab::Kind;
use ::lab::console::lessons::{Ask, Word};
use ::lab::console::replay::Stage;
use ::lab::ports::Ports;
use scenarios::stepping::Recorded;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Scene;
use crate::PATIENCE;
use crate::browser::Chromium;

/// What the lesson waits for, as its buttons say it.
const WAITS: &str = "(document.querySelector('.lesson-foot')?.innerText ?? '')";

impl Scene {
    /// Presses the key that goes on until the page shows `until`.
    async fn go_on_until(&self, until: &str) {
        let going = async {
            while self.ask(until).await != true {
                if self.ask(&format!("/^(Go on|Do it)/.test({WAITS})")).await == true {
                    self.press("n").await;
                }
                tokio::time::sleep(std::time::Duration::from_millis(30)).await;
            }
        };
        // A lesson has several steps, each with its own patience.
        if tokio::time::timeout(PATIENCE * 3, going).await.is_err() {
            let page = self.ask("document.body.innerText").await;
            panic!("still not: {until}\n{page}");
        }
    }

    async fn open_lesson(&self, id: &str) {
        self.ask("document.querySelector('#open-lessons').click()").await;
        self.until("all lessons are listed", "document.querySelectorAll('#lesson-list li').length > 100").await;
        self.press(id).await;
        self.until("one is left", "document.querySelectorAll('#lesson-list li').length === 1").await;
        self.ask("document.querySelector('#lesson-list button').click()").await;
        self.until("it is open", "document.querySelectorAll('#lesson:not([hidden]) .piece').length > 0").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lesson_is_predicted_played_revealed_and_explained_on_the_page() {
    let scene = Scene::new().await;
    scene.open_lesson("backchannel-happy").await;
    assert_eq!(scene.ask("document.querySelector('.piece-prose h3').textContent").await, "Setting");
    scene.go_on_until("document.querySelectorAll('.choice').length === 4").await;
    assert_eq!(scene.ask("document.querySelector('.reveal')").await, json!(null), "nothing is given away");

    // In the middle somebody reloads: everything is still there, and the question still waits.
    scene.driver().refresh().await.unwrap();
    scene.until("the question is back", "document.querySelectorAll('.choice:not([disabled])').length === 4").await;
    scene.ask("document.querySelectorAll('.choice')[3].click()").await;
    scene.until("the choice is taken", "document.querySelector('.choice.chosen')?.textContent.startsWith('d)')").await;

    scene.go_on_until("document.querySelector('.reveal') !== null").await;
    let reveal = scene.ask("document.querySelector('.reveal').textContent").await;
    assert!(reveal.as_str().unwrap().contains("Right is c) Two"), "{reveal}");
    assert!(reveal.as_str().unwrap().contains("You said d)"), "{reveal}");
    scene
        .until("the timeline has it, too", "lines().some((line) => line.includes('keycloak tells admin of a logout'))")
        .await;

    scene.go_on_until(&format!("{WAITS}.startsWith('Close')")).await;
    let verdict = scene.ask("document.querySelector('.verdict').textContent").await;
    assert!(verdict.as_str().unwrap().starts_with("PASS: Everything was as the lesson says: 16 of 16"), "{verdict}");
    scene.ask("document.querySelector('.lesson-foot button').click()").await;
    scene.until("it is closed", "document.querySelector('#lesson').hidden").await;
    assert!(
        scene.stage.lab.client().sso_sessions("mary.manager").await.unwrap().is_empty(),
        "what it did is taken back"
    );
    scene.done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_token_watches_the_same_lesson_and_the_trainer_sees_more() {
    let scene = Scene::new().await;
    scene.open_lesson("backchannel-happy").await;
    scene.go_on_until("document.querySelectorAll('.choice').length === 4").await;

    // A tab of its own has a storage of its own.
    let (lab, driver) = (scene.stage.lab.client(), scene.driver());
    let trainer = driver.new_tab().await.unwrap();
    driver.switch_to_window(trainer).await.unwrap();
    driver.goto(lab.console(false).join("notes").unwrap().as_str()).await.unwrap();
    scene.until("the plan is there", "document.querySelectorAll('#plan li').length === 6").await;
    assert_eq!(
        scene.ask("document.querySelector('#plan .now').textContent").await,
        "John signs out at the internal portal."
    );
    let right = scene.ask("document.querySelector('#question .right').textContent").await;
    assert!(right.as_str().unwrap().starts_with("c) Two"), "{right}");
    assert_eq!(scene.ask("document.querySelectorAll('#foot button:not([disabled])').length").await, 0, "it only looks");

    driver.goto(lab.console(false).join("present").unwrap().as_str()).await.unwrap();
    scene.until("the room sees the question", "document.querySelector('#lesson .asks') !== null").await;
    assert_eq!(scene.ask("document.body.innerText.includes('(right)')").await, false, "and not the answer");
    assert_eq!(scene.ask("document.querySelectorAll('#lesson button').length").await, 0);

    // The answer is taken from elsewhere; the room is shown the curtain opening.
    lab.lesson(&Ask::Word(Word::Answer { choice: Some(2), turn: None })).await.unwrap();
    // The step is announced a moment later; until then there is nothing to go on with.
    let announced = async {
        while lab.lesson(&Ask::Word(Word::GoOn { turn: None })).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, announced).await.unwrap();
    scene.until("revealed", "document.querySelector('#lesson .reveal')?.textContent.includes('You said c: yes')").await;
    lab.lesson(&Ask::Word(Word::Leave)).await.unwrap();
    scene.until("nothing is open", "document.querySelector('#lesson').hidden").await;
    scene.done().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_with_a_lesson_is_refused_with_the_reason() {
    let scene = Scene::new().await;
    let lab = scene.stage.lab.client();
    let begin = |id: &str| Ask::Begin { id: id.to_owned() };
    let refused = |asked: Result<(), ::lab::Trouble>| asked.unwrap_err();
    let nothing = refused(lab.lesson(&Ask::Word(Word::GoOn { turn: None })).await);
    assert_eq!(nothing.kind, Kind::State, "{nothing}");
    let unknown = refused(lab.lesson(&begin("backchannel-hapy")).await);
    assert!(unknown.kind == Kind::Usage && unknown.means.contains("backchannel-happy"), "{unknown}: {}", unknown.means);

    lab.lesson(&begin("forged")).await.unwrap();
    let second = refused(lab.lesson(&begin("backchannel-happy")).await);
    assert_eq!(second.what, "a lesson is open already");
    scene.until("it waits", &format!("{WAITS}.startsWith('Go on')")).await;
    let answer = refused(lab.lesson(&Ask::Word(Word::Answer { choice: Some(0), turn: None })).await);
    assert_eq!(answer.kind, Kind::State, "there is no question: {answer}");
    lab.lesson(&Ask::Word(Word::Leave)).await.unwrap();
    scene.until("nothing is open", "document.querySelector('#lesson').hidden").await;
    lab.lesson(&begin("forged")).await.unwrap();
    // A lab that stops while a lesson waits does stop.
    scene.done().await;
}

/// Presses "go on" (or answers) until the page shows what is waited for.
async fn walked(driver: &thirtyfour::WebDriver, until: &str) {
    let script = format!(
        r#"const foot = document.querySelector(".lesson-foot");
        const done = ({until});
        if (!done && /^(Go on|Do it)/.test(foot?.innerText ?? "")) foot.querySelector("button").click();
        if (!done && /^Choose/.test(foot?.innerText ?? "")) document.querySelector(".choice:not([disabled])")?.click();
        return done;"#
    );
    let walking = async {
        while driver.execute(&script, Vec::new()).await.unwrap().json() != true {
            tokio::time::sleep(std::time::Duration::from_millis(30)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE * 3, walking).await.is_ok(), "still not: {until}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recording_is_walked_through_on_the_console_without_a_lab() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios/recordings/keycloak-26.7.ndjson");
    let finished = scenarios::recording::read(std::path::Path::new(file)).unwrap();
    let (stage, stop) = (Stage::new(), CancellationToken::new());
    let folder = tempfile::tempdir().unwrap();
    let lessons = Recorded::new(&finished, stage.clone(), folder.path().to_owned()).unwrap();
    let topology = lessons.topology().clone();
    let open = stage.open(topology, Arc::new(lessons), Ports::Auto, stop.clone()).await.unwrap();

    let eyes = Chromium::start().await;
    let driver = eyes.driver();
    driver.goto(open.address.as_str()).await.unwrap();
    walked(
        driver,
        "(document.querySelector('#open-lessons').click(), document.querySelectorAll('#lesson-list li').length === 3)",
    )
    .await;
    driver.execute("document.querySelector('#lesson-list button').click()", Vec::new()).await.unwrap();
    walked(driver, "document.querySelector('.verdict')?.textContent.startsWith('PASS')").await;
    walked(driver, "document.querySelector('#text').innerText.includes('keycloak tells admin of a logout')").await;
    walked(driver, "document.querySelector('#matrix-frame').innerText.includes('mary')").await;
    let kept = std::fs::read_to_string(folder.path().join("predictions.ndjson")).unwrap();
    assert!(kept.contains("\"answer\":\"a\",\"right\":false"), "{kept}");

    // Whoever has no token only watches.
    let mut address = open.address.clone();
    address.set_fragment(None);
    let asked = ::lab::http::client(PATIENCE)
        .post(address.join("api/lesson").unwrap())
        .json(&Ask::Word(Word::Leave))
        .send()
        .await
        .unwrap();
    assert_eq!(asked.status().as_u16(), 401);

    // With the page still open it closes at once: no stream keeps it.
    stop.cancel();
    tokio::time::timeout(PATIENCE, open.closed()).await.unwrap();
    eyes.stop().await;
}
