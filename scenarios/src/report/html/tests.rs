use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lab::browser::Shot;
use lab::{Kind, Trouble};
use lab_trace::{Body, CellState, Param};
use scraper::{ElementRef, Html, Selector};

use super::html;
use crate::checks::Failure;
use crate::fixture::{self, Chance};
use crate::lesson::{Lesson, Part};
use crate::report::{Finished, Outcome, exit_code, json};
use crate::run::Run;
use crate::vocabulary::{Choice, Person, Prediction, ScreenWord};
use crate::why::NotTold;

const STEP: &str = "- who: john\n  signs-out-at: internal\n  expect: { status: 200, not-told: [admin] }";

const HOSTILE: &str = "</script><script>alert(\"1\")</script> & ]]> {{ 7 * 7 }} <!--";

fn run() -> Run {
    let mut run = fixture::run(&Chance { port: 8080, salt: "5ecret", admin_first: true }, STEP);
    let step = &mut run.steps[0];
    step.not_told =
        vec![NotTold { portal: "external".to_owned(), why: "it has no part in the session that ended".into() }];
    step.matrix = fixture::matrix([CellState::Out, CellState::Out, CellState::Zombie, CellState::Out]);
    run
}

fn lesson() -> Lesson {
    let text = include_str!("../../fixture.md").replace("STEPS", STEP);
    let mut lesson = crate::parse::parse("logout/fixture.md", &text).unwrap();
    let choice = |says: &str, correct, misconception: Option<&str>| Choice {
        says: says.to_owned(),
        correct,
        misconception: misconception.map(str::to_owned),
    };
    let prediction = Prediction {
        question: "Who hears of it?".to_owned(),
        choices: vec![choice("Nobody", false, Some("that silence is safe")), choice("All but one", true, None)],
    };
    lesson.parts.insert(0, Part::Prose("## Setting\n\nJohn *leaves*.".to_owned()));
    lesson.parts.insert(1, Part::Predict(prediction));
    lesson.parts.push(Part::Explain("Because `sid` names it.".to_owned()));
    lesson.parts.push(Part::Trainer("for the trainer alone".to_owned()));
    lesson
}

fn finished(id: &str, outcome: Outcome, run: Option<Run>) -> Finished {
    let lesson = Some(Arc::new(lesson()));
    Finished { id: id.to_owned(), title: "A title".to_owned(), took: Duration::from_millis(1500), outcome, run, lesson }
}

fn all() -> Vec<Finished> {
    let trouble = |kind| {
        let cause = std::io::Error::other("the deepest cause");
        Outcome::Trouble(Trouble::new(kind, "something broke", "it means this", "do that").caused_by(cause))
    };
    vec![
        finished("good", Outcome::Passed, Some(run())),
        finished("red", Outcome::LessonFailed(1), Some(run())),
        finished("changed", Outcome::SnapshotDiffers("-old\n+new\n@@ place".to_owned()), Some(run())),
        finished("new", Outcome::Blessed("new.snap".to_owned()), Some(run())),
        finished("broken", trouble(Kind::Part), None),
        finished("undone", trouble(Kind::Lesson), None),
        finished("later", Outcome::Skipped("needs Keycloak >=27".to_owned()), None),
    ]
}

fn written(finished: &[Finished]) -> String {
    html(finished, exit_code(finished), Timestamp::UNIX_EPOCH)
}

fn parsed(page: &str) -> Html {
    let page = Html::parse_document(page);
    assert_eq!(page.errors, Vec::<std::borrow::Cow<'static, str>>::new());
    page
}

fn select<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_outcome_is_said_in_a_word_and_counted() {
    let page = written(&all());
    let page = parsed(&page);
    let rows: Vec<String> = select(&page, ".summary tbody tr").into_iter().map(text).collect();
    let words: Vec<&str> = rows.iter().map(|row| row.split_whitespace().next().unwrap()).collect();
    assert_eq!(words, ["PASS", "FAIL", "DIFF", "PASS", "ERROR", "FAIL", "SKIP"]);
    assert!(rows[1].contains("1 of 2") && rows[6].contains("needs Keycloak >=27"), "{rows:#?}");
    let counts: Vec<String> = select(&page, "header.page .verdict").into_iter().map(text).collect();
    assert_eq!(counts, ["PASS 2", "FAIL 2", "DIFF 1", "ERROR 1", "SKIP 1"]);
    let trouble = text(select(&page, ".trouble").into_iter().next().unwrap());
    assert_eq!(trouble, "What happened something broke It means it means this Do do that Cause the deepest cause");
    assert_eq!(select(&page, ".difference .added").len(), 1);
    assert!(parsed(&written(&[])).root_element().text().any(|words| words.contains("Nothing was played")));
}

#[test]
fn a_lesson_reads_as_a_handout_with_its_answer_folded_and_nothing_of_the_trainers() {
    let page = written(&all()[1..2]);
    assert!(!page.contains("for the trainer alone"));
    let page = parsed(&page);
    let lesson = select(&page, "article.lesson")[0];
    let order = text(lesson);
    let places = [
        "Afterwards you can",
        "Read along: BCL 2.5",
        "John leaves",
        "What do you think?",
        "Step 1 of 1",
        "In sentences",
        "Who was told",
        "external not told",
        "Who is signed in where",
        "Checks",
        "FAIL the admin dashboard is not told",
        "What happened, and why",
    ]
    .map(|part| order.find(part).unwrap_or_else(|| panic!("{part} is missing in {order}")));
    assert!(places.is_sorted(), "{places:?}");
    let answer = text(select(&page, ".predict details")[0]);
    assert!(answer.contains("b) All but one: right") && answer.contains("that silence is safe"), "{answer}");
    assert!(!text(select(&page, ".predict .choices")[0]).contains("right"));
}

#[test]
fn tables_have_heads_and_a_zombie_is_a_word_with_its_evidence() {
    let page = written(&all()[1..2]);
    let page = parsed(&page);
    for table in select(&page, "table") {
        let heads = table.select(&Selector::parse("th:not([scope])").unwrap()).count();
        assert_eq!(heads, 0, "{}", text(table));
    }
    assert_eq!(text(select(&page, ".matrix .zombie")[0]), "ZOMBIE");
    assert_eq!(text(select(&page, ".evidence")[0]), "john at external: ZOMBIE; asked");
    let proof = select(&page, ".failed a")[0];
    let target = proof.attr("href").unwrap().to_owned();
    assert!(text(select(&page, &format!("li{target}"))[0]).contains("keycloak tells admin of a logout"));
}

#[test]
fn links_inside_lead_somewhere_ids_are_unique_and_nothing_is_loaded() {
    let page = written(&all());
    for bad in ["src=", "<link", "@import", "url(", "<iframe", "<img", "<object", "javascript:"] {
        assert!(!page.contains(bad), "{bad}");
    }
    let page = parsed(&page);
    let ids: Vec<&str> = select(&page, "[id]").into_iter().map(|one| one.attr("id").unwrap()).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    for name in ["href", "aria-labelledby", "aria-describedby"] {
        for element in select(&page, &format!("[{name}]")) {
            let to = element.attr(name).unwrap();
            match to.strip_prefix('#').or((name != "href").then_some(to)) {
                Some(id) => assert!(unique.contains(id), "{name} {to}"),
                None => assert!(to.starts_with("https://"), "{to}"),
            }
        }
    }
    assert_eq!(select(&page, "script").len(), 1);
    let pictures = select(&page, "svg[role]");
    assert!(!pictures.is_empty());
    let wide =
        |picture: &ElementRef<'_>| picture.parent().and_then(ElementRef::wrap).unwrap().attr("tabindex") == Some("0");
    assert!(pictures.iter().all(wide), "a picture can be scrolled by keyboard");
}

#[test]
fn a_tab_is_shown_with_its_words_and_one_that_was_not_drawn_is_said() {
    let mut run = run();
    let tab = |portal: Option<&str>, image| Shot { portal: portal.map(str::to_owned), image };
    run.steps[0].screens = vec![(Person::John, "external".to_owned(), ScreenWord::SignedOut)];
    run.steps[0].shots = vec![
        (Person::John, tab(Some("internal"), Some(b"drawn".to_vec()))),
        (Person::John, tab(Some("external"), Some(b"drawn".to_vec()))),
        (Person::John, tab(None, None)),
    ];
    let page = written(&[finished("good", Outcome::Passed, Some(run))]);
    assert!(page.contains("img-src data:"));
    let page = parsed(&page);
    let images: Vec<(&str, &str)> = select(&page, ".shots img")
        .into_iter()
        .map(|image| (image.attr("src").unwrap(), image.attr("alt").unwrap()))
        .collect();
    let source = "data:image/webp;base64,ZHJhd24=";
    assert_eq!(images[0].0, source);
    assert!(images[0].1.starts_with("John's tab of the internal portal: "), "{}", images[0].1);
    assert_eq!(images[1], (source, "John's tab of the external portal: signed-out"));
    assert_eq!(images.len(), 2);
    let last = text(*select(&page, ".shots figure").last().unwrap());
    assert_eq!(last, "The browser could not draw this tab. Another tab of John's");
}

#[test]
fn hostile_words_stay_words_wherever_they_stand() {
    let mut run = run();
    run.title = HOSTILE.to_owned();
    run.faults = vec![HOSTILE.to_owned()];
    let step = &mut run.steps[0];
    step.sentence = HOSTILE.to_owned();
    step.exchanges[0].exchange.path = format!("/{HOSTILE}");
    step.exchanges[1].exchange.query[1] = Param::plain("client_id", HOSTILE);
    step.exchanges[1].exchange.headers = vec![Param::plain("authorization", HOSTILE)];
    if let lab_trace::Answer::Response { body: Body::Html { title, frames }, .. } =
        &mut step.exchanges[1].exchange.answer
    {
        *title = HOSTILE.to_owned();
        frames.push(HOSTILE.to_owned());
    }
    step.matrix.rows[0].browser = HOSTILE.to_owned();
    step.matrix.rows[0].cells[2].evidence = HOSTILE.to_owned();
    step.checks[0].name = HOSTILE.to_owned();
    step.checks[0].failure =
        Some(Failure { expected: HOSTILE.to_owned(), seen: HOSTILE.to_owned(), proof: None, likely: HOSTILE.into() });
    let mut own = lesson();
    own.front.objectives = vec![HOSTILE.to_owned()];
    own.parts = vec![Part::Prose(HOSTILE.to_owned()), own.parts[2].clone(), Part::Explain(HOSTILE.to_owned())];
    let mut all = vec![finished(HOSTILE, Outcome::SnapshotDiffers(HOSTILE.to_owned()), Some(run))];
    all[0].title = HOSTILE.to_owned();
    all[0].lesson = Some(Arc::new(own));
    let trouble = Trouble::new(Kind::Part, HOSTILE, HOSTILE, HOSTILE);
    all.push(finished("other", Outcome::Trouble(trouble), None));

    let page = written(&all);
    assert!(!page.contains("<script>alert") && !page.contains("49 "), "something was taken for code");
    let parsed = parsed(&page);
    let scripts = select(&parsed, "script");
    assert_eq!(scripts.len(), 1);
    let mut results: serde_json::Value = serde_json::from_str(&scripts[0].text().collect::<String>()).unwrap();
    let mut expected = json(&all, exit_code(&all));
    for lessons in [&mut results, &mut expected] {
        lessons["lessons"][0].as_object_mut().unwrap().remove("transcript");
    }
    assert_eq!(results, expected);
    for place in [
        "h2",
        "h3",
        ".exchanges p",
        ".exchanges pre",
        ".matrix th",
        ".evidence",
        ".failed",
        ".difference",
        ".trouble dd",
        ".summary th",
        ".lesson header ul",
        ".facts dd",
        ".prose",
    ] {
        let shown = select(&parsed, place).into_iter().map(text).collect::<String>();
        assert!(
            shown.contains("<script>alert(\"1\")</script>") || shown.contains("<script>alert(“1”)"),
            "{place}: {shown}"
        );
    }
}

#[test]
fn no_secret_and_no_identifier_of_the_run_appears() {
    let page = written(&all());
    assert!(!page.contains("5ecret"));
    assert!(page.contains("form logout_token = &lt;logout_token:1&gt;") && page.contains("sid = &lt;sid:1&gt;"));
}

#[test]
fn what_went_the_same_way_again_is_not_told_again() {
    let mut other = run();
    other.steps[0].exchanges.truncate(3);
    let all = [
        finished("good", Outcome::Passed, Some(run())),
        finished("good", Outcome::Passed, Some(run())),
        finished("good", Outcome::Passed, Some(other)),
    ];
    let page = written(&all);
    let page = parsed(&page);
    let lessons: Vec<String> = select(&page, "article.lesson").into_iter().map(text).collect();
    assert!(lessons[0].contains("John leaves") && lessons[0].contains("In sentences"));
    assert!(lessons[1].contains("exchange for exchange") && !lessons[1].contains("In sentences"), "{}", lessons[1]);
    assert!(lessons[2].contains("In sentences") && !lessons[2].contains("John leaves"), "{}", lessons[2]);
}
