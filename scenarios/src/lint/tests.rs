use super::lint;
use crate::parse::parse;

/// A lesson that may be taught; each test spoils one thing.
pub(crate) const GOOD: &str = "---
id: demo
title: A demo
topic: login
minutes: 3
level: 1
objectives: [say what happens]
needs: [other]
spec: [Core-3.1.2.1, BCL-2.5]
drivers: [http]
keycloak: '>=26.2'
---
# Setting

John has a fresh browser and nobody is signed in anywhere. Watch which party asks for the password, which party sees it
go by, and what the browser carries back to the portal that has sent it away. Then look at the table of sessions.

```predict
question: Which?
choices:
- says: This
  correct: true
- says: That
  misconception: It is not
```

```steps
- who: john
  opens: internal
  expect:
    matrix:
      john: { sso: out }
```

```explain
Why.
```

```trainer
Wait.
```
";

fn complaints(text: &str) -> Vec<String> {
    let lesson = parse("login/demo.md", text).unwrap();
    lint(&lesson, &["demo", "other"]).iter().map(ToString::to_string).collect()
}

fn spoilt(from: &str, to: &str) -> String {
    assert!(GOOD.contains(from), "{from}");
    let found = complaints(&GOOD.replace(from, to));
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0].clone()
}

#[test]
fn a_good_lesson_has_nothing_to_complain_about() {
    assert_eq!(complaints(GOOD), Vec::<String>::new());
}

#[test]
fn each_missing_part_is_named() {
    assert!(spoilt("```explain\nWhy.\n```\n", "").contains("no block `explain`"));
    assert!(spoilt("```trainer\nWait.\n```\n", "```trainer\n\n```\n").contains("no block `trainer`"));
    assert!(spoilt("spec: [Core-3.1.2.1, BCL-2.5]", "spec: []").contains("no clause"));
    assert!(spoilt("john: { sso: out }", "john: { sso: in }").contains("must *not* happen"));
    assert!(spoilt("Watch which party asks for the password, which party sees it\ngo by, and what the browser carries back to the portal that has sent it away.", "").contains("too little text"));
    assert!(spoilt("objectives: [say what happens]", "objectives: []").contains("no objective"));
}

#[test]
fn wrong_values_are_named_where_they_stand() {
    assert_eq!(spoilt("BCL-2.5", "BLC-2.5"), "login/demo.md:9:22: `BLC-2.5` is no clause that is known");
    assert_eq!(spoilt("needs: [other]", "needs: [othr]"), "login/demo.md:8:9: `othr` is no other lesson");
    assert_eq!(spoilt("minutes: 3", "minutes: 0"), "login/demo.md:5:10: a lesson takes 1 to 60 minutes");
    assert!(spoilt("level: 1", "level: 4").starts_with("login/demo.md:6:8: levels are"));
    assert!(spoilt("'>=26.2'", "'26.2'").starts_with("login/demo.md:11:11: `26.2` begins with none of"));
    assert!(spoilt("id: demo", "id: dmo").contains("the file is not where its topic and id say"));
}

#[test]
fn every_distractor_says_what_one_believes_who_chooses_it() {
    assert!(spoilt("  misconception: It is not\n", "").contains("wrong and has no misconception"));
    let found = complaints(&GOOD.replace("  correct: true\n", ""));
    assert!(found.iter().any(|line| line.contains("0 right answers")), "{found:#?}");
}

#[test]
fn a_sign_outs_expectation_stands_at_a_sign_out() {
    let line = spoilt("  expect:\n", "  expect:\n    state-returned: true\n");
    assert!(line.contains("belongs to a sign-out"), "{line}");
}

#[test]
fn a_fault_that_the_lab_cannot_plant_is_named_with_the_nearest_one() {
    let with = |faults: &str| {
        let text = GOOD.replace("drivers: [http]", &format!("drivers: [http]\nfaults: [{faults}]"));
        lint(&parse("login/demo.md", &text).unwrap(), &["demo", "other"])
    };
    assert!(with("s2-lying-200, s3-whose-localhost").is_empty(), "of the portals and of the realm");
    let found = with("s2-lying-200, s2-lyin-200");
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].to_string(), "login/demo.md:11:24: no fault is called `s2-lyin-200`");
    assert!(found[0].help.as_ref().unwrap().starts_with("did you mean `s2-lying-200`?"), "{found:#?}");
}

#[test]
fn a_step_that_means_nothing_is_found() {
    let with =
        |step: &str| spoilt("- who: john\n  opens: internal\n", &format!("{step}\n- who: john\n  opens: internal\n"));
    for (step, part) in [
        ("- lab: { waits: 999999999 }", "cannot wait that long"),
        ("- lab: { waits: 0 }", "cannot wait that long"),
        ("- lab: { moves-clock: -9223372036854775808 }", "cannot be moved that far"),
        ("- lab: { delays: { portal: admin, seconds: 60 } }", "shows nothing"),
        ("- lab: { answers-for: { portal: admin, with: 99 } }", "no status"),
        ("- lab: { keycloak-answers: 1000 }", "no status"),
        ("- lab: { moves-clock: 0 }", "not moved at all"),
        ("- { who: john, signs-out-at: external, how: double-click }", "is a script"),
        ("- administrator: { sets-lifetimes: { idle: 0 } }", "no time"),
        ("- administrator: { sets-lifetimes: {} }", "no time"),
        ("- { lab: { waits: 1 }, expect: { sees: signed-in } }", "nobody looks at a page"),
        ("- { lab: { waits: 1 }, expect: { old-cookies: dead } }", "those of the person in `who`"),
        ("- { who: john, opens: admin, expect: { answered: 400 } }", "belongs to a stranger"),
        ("- { who: john, opens: admin, expect: { answer-has: ['a: b'] } }", "nothing asks Keycloak"),
        (
            "- { script: { in-name-of: admin, does: introspects, for: john }, expect: { answer-has: [active] } }",
            "has a name and a value",
        ),
        ("- lab: { queues: { portal: admin, seconds: 11 } }", "shows nothing"),
        ("- lab: { hosts: { portal: admin, replicas: 3, sessions: memory } }", "not hosted like that"),
        ("- lab: { hosts: { portal: external, replicas: 1, sessions: redis } }", "no sessions of its own"),
        ("- stranger: { posts: id-token, to: admin }", "is about somebody"),
    ] {
        let found = with(step);
        assert!(found.contains(part), "{step}: {found}");
    }
    let lesson = parse(
        "login/demo.md",
        &GOOD.replace(
            "opens: internal",
            "opens: internal\n- lab: { moves-clock: -9223372036854775808 }\n- who: john\n  opens: internal",
        ),
    )
    .unwrap();
    assert!(
        lesson.steps().any(|step| step.to_string().contains("go back by 9223372036854775808 s")),
        "and can be said"
    );
}

#[test]
fn the_app_of_the_external_portal_is_set_up_for_a_real_browser_and_as_it_can_work() {
    let complaints_with = |driver: &str, app: &str| {
        let steps = format!("opens: internal\n- lab: {{ external-app: {app} }}\n- who: john\n  opens: internal");
        complaints(&GOOD.replace("drivers: [http]", &format!("drivers: [{driver}]")).replace("opens: internal", &steps))
    };
    let good = "{ tokens: local-storage, monitor: check-session, silent-sign-in: true }";
    assert_eq!(complaints_with("chromium", good), Vec::<String>::new());
    for (driver, app, part) in [
        ("http", good, "scripted browsers"),
        ("chromium", "{}", "nothing is chosen"),
        ("chromium", "{ library: keycloak-js, tokens: local-storage }", "in memory only"),
    ] {
        let found = complaints_with(driver, app);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(part), "{app}: {found:#?}");
    }
}

#[test]
fn a_silent_question_belongs_to_a_step_that_loads_the_app_in_a_real_browser() {
    let complaints_of = |driver: &str, deed: &str| {
        let step = format!(
            "{deed}\n  expect:\n    silent-question: {{ answer: login_required }}\n- who: john\n  opens: internal"
        );
        complaints(&GOOD.replace("drivers: [http]", &format!("drivers: [{driver}]")).replace("opens: internal", &step))
    };
    for deed in ["opens: external", "reloads: external", "opens-another-tab-of: external", "signs-in-at: external"] {
        assert_eq!(complaints_of("chromium", deed), Vec::<String>::new(), "{deed}");
    }
    for (driver, deed, part) in [
        ("http", "opens: external", "a page's script loads"),
        ("chromium", "opens: admin", "nobody can say"),
        ("chromium", "goes-back-in: external", "nobody can say"),
        ("chromium", "looks-at: external", "nobody can say"),
    ] {
        let found = complaints_of(driver, deed);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(part), "{found:#?}");
    }
}
