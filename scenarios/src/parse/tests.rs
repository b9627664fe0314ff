use super::parse;
use crate::lesson::{Action, Deed, Part};
use crate::vocabulary::{How, Person, Portal, Seen, State};

const HEAD: &str = "---
id: demo
title: A demo
topic: login
minutes: 3
level: 1
objectives: [one]
spec: [Core-3.1.2.1]
drivers: [http]
keycloak: '>=26.2'
---
";

fn with(body: &str) -> String {
    format!("{HEAD}{body}")
}

/// The one line of an error and its help.
fn refused(text: &str) -> (String, String) {
    let error = parse("login/demo.md", text).unwrap_err();
    (error.to_string(), error.help.unwrap_or_default())
}

#[test]
fn a_lesson_is_read_in_order() {
    let lesson = parse(
        "login/demo.md",
        &with(
            "# Setting\n\n```predict\nquestion: Which?\nchoices:\n- says: This\n  correct: true\n- says: That\n  misconception: It is not\n```\n
```steps
- who: john
  opens: internal
- who: mary
  signs-out-at: admin
  how: without-hint
  expect:
    sees: keycloak-error
    not-told: [internal]
    matrix:
      mary: { sso: in, admin: out }
```
```text
- quoted
```
```explain
Why.
```
```trainer
Wait.
```
",
        ),
    )
    .unwrap();
    let kinds: Vec<&str> = lesson
        .parts
        .iter()
        .map(|part| match part {
            Part::Prose(_) => "prose",
            Part::Predict(_) => "predict",
            Part::Steps(_) => "steps",
            Part::Explain(_) => "explain",
            Part::Trainer(_) => "trainer",
        })
        .collect();
    assert_eq!(kinds, ["prose", "predict", "steps", "prose", "explain", "trainer"]);
    let steps: Vec<_> = lesson.steps().collect();
    assert_eq!(steps[0].action, Action::Person { who: Person::John, does: Deed::Open(Portal::Internal) });
    assert_eq!(steps[0].line, 24);
    let leaves = Deed::SignOut(Portal::Admin, Some(How::WithoutHint), None);
    assert_eq!(steps[1].action, Action::Person { who: Person::Mary, does: leaves });
    assert_eq!(steps[1].expect.sees, Some(Seen::KeycloakError));
    let cells: Vec<_> = steps[1].expect.matrix[&Person::Mary].cells().collect();
    assert_eq!(cells, [("sso", State::In), ("admin", State::Out)]);
    assert_eq!(lesson.people().into_iter().collect::<Vec<_>>(), [Person::John, Person::Mary]);
}

#[test]
fn an_unknown_word_is_named_with_its_place_in_the_file_and_the_nearest_right_one() {
    let (error, help) = refused(&with("Text.\n\n```steps\n- who: john\n  opens: internal\n  expcet: {}\n```\n"));
    assert_eq!(error, "login/demo.md:17:3: unknown word `expcet`");
    assert!(help.starts_with("did you mean `expect`?"), "{help}");
}

#[test]
fn a_wrong_value_is_named_with_its_place_and_the_nearest_right_one() {
    let (error, help) = refused(&with("```steps\n- who: john\n  opens: internl\n```\n"));
    assert_eq!(error, "login/demo.md:14:10: `internl` is not possible here");
    assert!(help.contains("`internal`") && help.contains("external, admin"), "{help}");
    let (error, help) = refused(&with("```steps\n- who: jhon\n  opens: internal\n```\n"));
    assert_eq!(error, "login/demo.md:13:8: `jhon` is not possible here");
    assert!(help.contains("`john`"), "{help}");
}

#[test]
fn a_word_deep_in_the_matrix_is_found_where_it_stands() {
    let text = "```steps\n- who: john\n  opens: admin\n  expect:\n    matrix:\n      john: { sso: inn }\n```\n";
    let (error, help) = refused(&with(text));
    assert_eq!(error, "login/demo.md:17:20: `inn` is not possible here");
    assert!(help.contains("`in`"), "{help}");
}

#[test]
fn the_front_matter_is_as_strict_and_counts_the_same_lines() {
    let (error, help) = refused(&HEAD.replace("minutes", "minuets"));
    assert_eq!(error, "login/demo.md:5:1: unknown word `minuets`");
    assert!(help.contains("`minutes`"), "{help}");
    let (error, _) = refused(&HEAD.replace("title: A demo\n", ""));
    assert!(error.contains("`title` is missing"), "{error}");
    let (error, _) = refused(&HEAD.replace("level: 1", "level: high"));
    assert!(error.starts_with("login/demo.md:6:8: "), "{error}");
}

#[test]
fn a_word_with_nothing_behind_it_is_refused_for_it_would_check_nothing() {
    for (expect, place, word) in [
        ("\n    sees:", "16:5", "sees"),
        (" { sees: , status: 200 }", "15:13", "sees"),
        ("\n    silent-question: { answer: code, brings-cookie: }", "16:38", "brings-cookie"),
        ("\n    # sees is not said\n    status: ~", "17:5", "status"),
        ("\n    not-told:\n    - admin\n    told:", "18:5", "told"),
        ("\n    matrix:\n      john: { sso: in }\n- who: john\n  opens: admin\n  expect:", "20:3", "expect"),
    ] {
        let text = format!("```steps\n- who: john\n  opens: admin\n  expect:{expect}\n```\n");
        let (error, help) = refused(&with(&text));
        assert_eq!(error, format!("login/demo.md:{place}: `{word}` has no value"));
        assert!(help.contains("not checked"), "{help}");
    }
    let (error, help) = refused(&with(
        "```steps\n- who: john\n  opens: external\n  expect:\n    silent-question: login_required\n```\n",
    ));
    assert!(error.starts_with("login/demo.md:16:") && help.contains("{ word: value }"), "{error} {help}");
    let (_, help) = refused(&with("```steps\n- who: john\n  opens: admin\n  expect: { not-told: admin }\n```\n"));
    assert!(help.contains("[one, two]"), "{help}");
}

#[test]
fn a_step_has_exactly_one_verb() {
    let (error, help) = refused(&with("```steps\n- who: john\n```\n"));
    assert_eq!(error, "login/demo.md:13:3: this step has no verb");
    assert!(help.contains("signs-in-at"), "{help}");
    let (error, _) = refused(&with("```steps\n- who: john\n  opens: admin\n  presses: approve\n```\n"));
    assert!(error.ends_with("this step has more than one verb"), "{error}");
    let (error, _) = refused(&with("```steps\n- who: john\n  opens: admin\n  how: without-hint\n```\n"));
    assert!(error.ends_with("`how` belongs to `signs-out-at`"), "{error}");
}

#[test]
fn a_misspelt_or_unclosed_block_is_found() {
    let (error, help) = refused(&with("\n```stesp\n- who: john\n```\n"));
    assert_eq!(error, "login/demo.md:13:4: `stesp` is no block of a lesson");
    assert!(help.contains("`steps`"), "{help}");
    let (error, _) = refused(&with("```steps\n- who: john\n  opens: admin\n"));
    assert_eq!(error, "login/demo.md:12:1: the block `steps` that begins here has no end");
}

#[test]
fn broken_yaml_and_a_missing_head_are_refused_with_their_place() {
    let (error, _) = refused(&with("```steps\n- who: john\n  opens: [admin\n```\n"));
    assert!(error.starts_with("login/demo.md:1"), "{error}");
    assert!(!error.contains(" at line "), "{error}");
    let (error, _) = refused("# No head\n");
    assert_eq!(error, "login/demo.md:1:1: a lesson begins with `---` and its front matter");
    let (error, _) = refused("---\nid: demo\n");
    assert!(error.contains("no end"), "{error}");
    let (error, help) = refused(&with("```predict\nquestion: a\nquestion: b\nchoices: []\n```\n"));
    assert_eq!(
        (error.as_str(), help.as_str()),
        ("login/demo.md:14:1: `question` stands here twice", "keep one of them")
    );
}

#[test]
fn an_error_renders_as_a_snippet_of_the_file() {
    let error = parse("login/demo.md", &with("```steps\n- who: john\n  opens: internl\n```\n")).unwrap_err();
    let mut text = String::new();
    miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::none())
        .render_report(&mut text, &error)
        .unwrap();
    assert!(text.contains("login/demo.md:14:10") && text.contains("opens: internl"), "{text}");
}

/// A lesson with these steps, read.
fn steps(yaml: &str) -> Result<Vec<crate::lesson::Step>, String> {
    let text = include_str!("../fixture.md").replace("STEPS", yaml);
    parse("logout/fixture.md", &text)
        .map(|lesson| lesson.steps().cloned().collect())
        .map_err(|error| format!("{error:?}"))
}

#[test]
fn each_verb_reads_as_a_sentence() {
    let yaml = "\
- { who: john, signs-in-at: admin, altered: { prompt: login, code-challenge: none } }
- { who: john, signs-out-at: internal, altered: { hint: of-mary, uri: unregistered } }
- { who: john-phone, answers-logout-question-at: internal }
- { who: mary, repeats-callback-of: external }
- administrator: { ends-session-of: john-phone }
- administrator: logs-out-everybody
- administrator: { sets-lifetimes: { idle: 10 } }
- lab: { answers-for: { portal: admin, with: 500 } }
- lab: { moves-clock: -30 }
- lab: { cuts-off: keycloak }
- stranger: { posts: forged, to: admin, about: john }";
    let sentences: Vec<String> = steps(yaml).unwrap().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(sentences.join("\n"), @r#"
    John signs in at the admin dashboard. On the way: prompt login, code_challenge none.
    John signs out at the internal portal. On the way: id_token_hint of-mary, post_logout_redirect_uri unregistered.
    John (phone) answers Keycloak's question with "Logout".
    Mary loads the last callback of the external portal once more.
    An administrator ends the session of john-phone's browser.
    An administrator ends all sessions of the realm.
    An administrator sets lifetimes: idle 10 s.
    The lab puts a box before the admin dashboard that answers the back channel with 500.
    The portals' clocks go back by 30 s.
    The lab cuts keycloak off: nobody reaches it.
    A stranger posts a perfect logout token, signed with a key of their own, about the session of john's browser to the admin dashboard.
    "#);
}

#[test]
fn a_step_that_nobody_can_do_is_refused_with_what_to_write_instead() {
    for (yaml, part) in [
        ("- { opens: admin }", "`who` is missing"),
        ("- { who: john, administrator: rotates-keys }", "`who` belongs to people's verbs"),
        ("- { who: john }", "this step has no verb"),
        ("- { who: john, opens: admin, signs-in-at: admin }", "more than one verb"),
        ("- { lab: { hangs: admin }, administrator: rotates-keys }", "more than one verb"),
        ("- { who: john, opens: admin, altered: { prompt: none } }", "`altered` does not fit this step"),
        ("- { who: john, signs-in-at: admin, altered: { hint: none } }", "`altered` does not fit this step"),
        ("- { who: john, signs-out-at: admin, altered: { prompt: none } }", "`altered` does not fit this step"),
        ("- { who: john, signs-out-at: admin, how: without-hint, altered: { hint: none } }", "does not fit"),
        ("- lab: { cuts-of: admin }", "cuts-of"),
        ("- administrator: { disables: jon }", "jon"),
        ("- stranger: { posts: forgd, to: admin }", "forgd"),
    ] {
        let error = steps(yaml).unwrap_err();
        assert!(error.contains(part), "{yaml}: {error}");
    }
}
