use std::sync::Arc;
use std::time::Duration;

use lab_trace::{Answer, Channel, Location, Party};
use proptest::prelude::*;
use scraper::Html;

use super::read::{
    Seen, from_mermaid, from_plain, from_report, from_svg, from_text, from_transcript, letters, recorded,
};
use super::{Picture, mermaid, svg, svg_file, text, with_silent};
use crate::fixture::{self, Chance, answer, exchange};
use crate::report::{self, Finished, Outcome};
use crate::run::{Numbered, Run};
use crate::transcript;
use crate::why::NotTold;

const STEP: &str = "- who: john\n  signs-out-at: internal\n  expect: { status: 200 }";

fn run() -> Run {
    let mut run = fixture::run(&Chance { port: 8080, salt: "a", admin_first: true }, STEP);
    run.steps[0].not_told =
        vec![NotTold { portal: "external".to_owned(), why: "it has no part in the session that ended".into() }];
    run.faults = vec!["s6-revival".to_owned()];
    run
}

#[test]
fn a_sign_out_in_mermaid() {
    insta::assert_snapshot!(mermaid(&Picture::of_run(&run())));
}

#[test]
fn a_sign_out_in_a_terminal() {
    insta::assert_snapshot!(text(&Picture::of_run(&run())));
}

#[test]
fn a_sign_out_as_svg() {
    insta::assert_snapshot!(svg_file(&Picture::of_run(&run())).replace("><", ">\n<"));
}

#[test]
fn a_picture_asks_for_nothing_and_its_ids_begin_as_they_were_told_to() {
    let run = run();
    let step = Picture::of_step(&run.topology, &run.faults, &run.steps[0], 1, 1);
    for drawn in [svg(&step, "one"), svg_file(&step)] {
        for bad in ["<script", "href", "url(", "@import", "<image", "<use", "<foreignObject", "javascript"] {
            assert!(!drawn.contains(bad), "{bad}");
        }
        assert_eq!(drawn.matches("http").count(), 1, "only the namespace");
        uppsala::parse(&drawn).unwrap();
    }
    let ids: Vec<String> = svg(&step, "one").split(" id=\"").skip(1).map(|rest| rest[..4].to_owned()).collect();
    assert!(ids.len() > 6 && ids.iter().all(|id| id == "one-"), "{ids:?}");
}

#[test]
fn a_portal_that_only_heard_nothing_gets_a_lane_at_its_place() {
    let lanes = || ["john", "internal", "admin", "keycloak"].map(str::to_owned).to_vec();
    let portals = ["internal", "external", "admin"];
    let with = |silent: &[&str]| with_silent(lanes(), silent.iter().copied(), &portals);
    assert_eq!(with(&["external", "external", "anybody"]), ["john", "internal", "external", "admin", "keycloak"]);
    assert_eq!(with_silent(vec!["keycloak".to_owned()], ["admin"].into_iter(), &portals), ["admin", "keycloak"]);
}

#[test]
fn many_numbers_in_a_row_are_said_by_their_ends() {
    let mut message = Picture::of_run(&run()).messages().nth(1).unwrap().clone();
    message.after = vec![3, 4, 7, 8, 9, 10];
    assert_eq!(message.back(), "200, after 3, 4, 7 to 10");
}

#[test]
fn a_step_without_messages_is_drawn_too() {
    let mut run = run();
    run.steps[0].exchanges.clear();
    run.steps[0].not_told[0].portal = "anybody".to_owned();
    let picture = Picture::of_run(&run);
    assert!(text(&picture).contains("anybody: nobody told it: "));
    assert!(mermaid(&picture).starts_with("sequenceDiagram\n"));
    assert!(svg(&picture, "x").contains("nobody told it"));
}

/// A run, drawn and told in every way that there is; each has to show every exchange once, and the same of it.
fn everybody_agrees(run: Run) {
    let recorded = recorded(&run);
    let picture = Picture::of_run(&run);
    let lanes: Vec<String> = picture.lanes.clone();
    assert_eq!(from_mermaid(&mermaid(&picture)), recorded, "mermaid");
    assert_eq!(from_text(&text(&picture), &lanes), recorded, "text");
    let file = svg_file(&picture);
    uppsala::parse(&file).unwrap();
    assert_eq!(from_svg(Html::parse_fragment(&file).root_element()), recorded, "svg");
    // What the transcript only counts is shown once and then counted; nothing is shown that was not recorded.
    let told = transcript::render(&run);
    let shown = from_transcript(&told);
    let counted: usize = told
        .lines()
        .filter_map(|line| line.strip_prefix("        and ")?.strip_suffix(" more like it")?.parse::<usize>().ok())
        .sum();
    assert_eq!(shown.len() + counted, recorded.len(), "transcript: {told}");
    assert!(shown.iter().all(|seen| recorded.contains(seen)), "transcript: {shown:?}");
    let (id, lesson) = (run.id.clone(), None::<Arc<crate::Lesson>>);
    let took = Duration::from_secs(1);
    let finished = Finished { title: run.title.clone(), id, took, outcome: Outcome::Passed, run: Some(run), lesson };
    let lanes = |seen: &Seen| (seen.number, seen.from.clone(), seen.to.clone());
    let plain = from_plain(&report::plain(&finished, true));
    assert_eq!(plain, recorded.iter().map(lanes).collect::<Vec<_>>(), "plain");
    let page = Html::parse_document(&report::html(&[finished], 0, jiff::Timestamp::UNIX_EPOCH));
    assert_eq!(page.errors, Vec::<std::borrow::Cow<'static, str>>::new());
    assert_eq!(from_report(&page), recorded, "report");
}

#[test]
fn all_renderers_agree_on_the_fixture() {
    everybody_agrees(run());
}

/// What breaks one syntax or another, and ordinary words between.
fn hostile() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "end",
        "END",
        "participant",
        "Note over L1: x",
        ";",
        "#",
        "#59;",
        "\"",
        "'",
        "<script>alert(1)</script>",
        "<br/>",
        "&",
        "&amp;",
        "]]>",
        "-->",
        "->>",
        "%%",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "loop",
        "par",
        "and",
        ":",
        "\\",
        "|",
        "|----->|",
        "==>",
        "/a/b/c/d/e",
        "é",
        "漢字",
        "12",
        "1  a -> b",
    ]);
    prop::collection::vec(words, 1..6).prop_map(|words| words.join(" "))
}

fn party() -> impl Strategy<Value = Party> {
    let app = |name: &str| Party::App(name.to_owned());
    let browser = |name: &str| Party::Browser(Some(name.to_owned()));
    prop::sample::select(vec![
        browser("john"),
        browser("mary"),
        app("internal"),
        app("external"),
        app("admin"),
        app("listener-1"),
        Party::Keycloak,
        Party::Stranger,
        Party::Lab,
    ])
}

fn channel() -> impl Strategy<Value = Channel> {
    prop::sample::select(vec![
        Channel::Page,
        Channel::Frame,
        Channel::Embedded,
        Channel::Script,
        Channel::BackChannel,
        Channel::Server,
        Channel::Probe,
        Channel::Other,
    ])
}

fn came_back() -> impl Strategy<Value = Answer> {
    let location = |path| Location { origin: "http://localhost:8080".to_owned(), path, query: Vec::new() };
    prop_oneof![
        Just(answer(200, None)),
        Just(Answer::Aborted),
        hostile().prop_map(|reason| Answer::NoAnswer { reason }),
        hostile().prop_map(move |path| match answer(302, None) {
            Answer::Response { status, headers, set_cookies, body, .. } => {
                Answer::Response { status, headers, set_cookies, location: Some(location(path)), body }
            }
            other => other,
        }),
    ]
}

fn numbered() -> impl Strategy<Value = (Party, Party, Channel, String, Answer)> {
    (party(), party(), channel(), hostile(), came_back())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn all_renderers_agree_whatever_stands_on_the_labels(
        steps in prop::collection::vec(prop::collection::vec(numbered(), 0..7), 1..4),
        title in hostile(),
        sentence in hostile(),
    ) {
        let mut run = run();
        run.title = title;
        let mut number = 0;
        let template = run.steps[0].clone();
        run.steps = steps
            .into_iter()
            .map(|exchanges| {
                let mut step = template.clone();
                step.sentence.clone_from(&sentence);
                step.exchanges = exchanges
                    .into_iter()
                    .map(|(from, to, channel, path, answer)| {
                        number += 1;
                        let mut exchange = exchange(from, to, channel, "GET", &format!("/{path}"));
                        exchange.answer = answer;
                        Numbered { number, at_us: 0, exchange, meanwhile: if number > 2 { vec![number - 1] } else { Vec::new() } }
                    })
                    .collect();
                step
            })
            .collect();
        everybody_agrees(run);
    }

    #[test]
    fn mermaid_gets_no_letter_that_means_something_to_it(title in "\\PC{0,40}", label in hostile()) {
        let mut run = run();
        run.title = title;
        run.steps[0].sentence = label.clone();
        let source = mermaid(&Picture::of_run(&run));
        let note = source.lines().find_map(|line| line.split_once(": Step 1 of 1: ")).unwrap().1;
        prop_assert_eq!(letters(note), label.split_whitespace().collect::<Vec<_>>().join(" "));
        for line in source.lines().skip(2) {
            let text = line.split_once(": ").map_or("", |(_, text)| text).replace("<br/>", "");
            prop_assert!(!text.contains(['<', '>', '"', '%', '{', '&', '\\']), "{}", line);
            prop_assert!(!text.split(' ').any(|word| word.eq_ignore_ascii_case("end")), "{}", line);
        }
    }
}
