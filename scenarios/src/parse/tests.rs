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
