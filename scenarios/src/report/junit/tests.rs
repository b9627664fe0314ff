use std::time::Duration;

use lab::{Kind, Trouble};
use uppsala::XsdValidator;

use crate::fixture::{Chance, run};
use crate::report::{Finished, Outcome, folder};

/// What the schema in the docs says against a document; empty means nothing.
fn errors(xml: &str) -> Vec<String> {
    let schema = uppsala::parse(include_str!("../../../../docs/reference/junit.xsd")).unwrap();
    let validator = XsdValidator::from_schema(&schema).unwrap();
    let document = uppsala::parse(xml).unwrap_or_else(|error| panic!("no XML: {error}\n{xml}"));
    validator.validate(&document).iter().map(ToString::to_string).collect()
}

/// Every outcome, with words that XML takes for something else.
fn all() -> Vec<Finished> {
    let step = "- who: john\n  signs-out-at: internal\n  expect: { status: 200, not-told: [admin] }";
    let with_run = || Some(run(&Chance { port: 8080, salt: "a", admin_first: true }, step));
    let finished = |id: &str, outcome, run| Finished {
        id: id.to_owned(),
        title: "A <title> & \"more\"".to_owned(),
        took: Duration::from_millis(1500),
        outcome,
        run,
        lesson: None,
    };
    let trouble =
        |kind| Outcome::Trouble(Trouble::new(kind, "something <broke>", "it means this", "do \"that\" & this"));
    vec![
        finished("good", Outcome::Passed, None),
        finished("red", Outcome::LessonFailed(1), with_run()),
        finished("changed", Outcome::SnapshotDiffers("-<old>\n+new \u{1b}[31m ]]>".to_owned()), with_run()),
        finished("blessed", Outcome::Blessed("blessed.snap".to_owned()), with_run()),
        finished("broken", trouble(Kind::Part), None),
        finished("undone", trouble(Kind::Lesson), None),
        finished("later", Outcome::Skipped("needs Keycloak >=27".to_owned()), None),
    ]
}

#[test]
fn a_written_junit_xml_is_what_its_schema_in_the_docs_says() {
    let written = tempfile::tempdir().unwrap();
    folder::prepare(written.path()).unwrap();
    folder::write(written.path(), &all(), 5).unwrap();
    let xml = std::fs::read_to_string(written.path().join("junit.xml")).unwrap();
    for part in ["<failure ", "<error ", "<skipped ", "type=\"lesson\"", "type=\"lab\"", "type=\"snapshot\""] {
        assert!(xml.contains(part), "{part} is missing, so it was not validated:\n{xml}");
    }
    assert_eq!(errors(&xml), [""; 0], "{xml}");
    assert_eq!(errors(&super::junit(&[])), [""; 0], "a run of nothing");
}

#[test]
fn the_schema_rejects_what_is_no_such_document() {
    let xml = super::junit(&all());
    for (right, wrong) in [
        ("<testsuite name=\"good\"", "<testsuite nom=\"good\""),
        ("<testsuite name=\"good\"", "<testsuite name=\"Good one\""),
        (" name=\"sso-lab\"", ""),
        ("failures=\"5\"", "failures=\"many\""),
        ("failures=\"5\"", "failures=\"-5\""),
        (" time=\"1.500\"", " time=\"a while\""),
        ("type=\"lab\"", "type=\"somebody\""),
        ("<skipped message=", "<skipped why="),
        ("<testcase ", "<test "),
        ("classname=\"lessons.red\"", "classname=\"red\""),
        ("</testsuites>", "<testsuite/></testsuites>"),
        ("</testsuites>", "words</testsuites>"),
    ] {
        let mut spoilt = xml.replacen(right, wrong, 1);
        if wrong == "<test " {
            spoilt = xml.replace("<testcase ", "<test ").replace("</testcase>", "</test>");
        }
        assert_ne!(spoilt, xml, "{right} does not stand in\n{xml}");
        assert!(!errors(&spoilt).is_empty(), "the schema does not notice {wrong}");
    }
}
