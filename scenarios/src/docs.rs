//! The pages of `docs/` that are made from what is here: written with `UPDATE_DOCS=1`, compared otherwise.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lab::faults::Named;

use crate::lesson::Lesson;
use crate::library::Library;

mod words;

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

fn agrees(name: &str, text: &str) {
    let path = docs().join(name);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/{name} is not what the types say: run the tests of `scenarios` with UPDATE_DOCS=1");
}

fn lessons() -> Vec<Lesson> {
    let (lessons, errors) = Library::shipped().unwrap().lessons().unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    lessons
}

#[test]
fn the_reference_of_the_language_is_up_to_date() {
    agrees("scenarios.md", &words::page());
}

#[test]
fn the_catalogue_is_up_to_date() {
    let library = Library::shipped().unwrap();
    let lessons = lessons();
    let minutes: u32 = lessons.iter().map(|lesson| lesson.front.minutes.value).sum();
    let mut text = format!(
        "# The lessons\n\nMade from the lessons' files; do not edit. {} lessons, {minutes} minutes in class. Play one with \
         `cargo xtask scenario run ID`, read it with `cargo xtask scenario show ID`.\n",
        lessons.len()
    );
    let mut topic = None;
    for lesson in &lessons {
        let front = &lesson.front;
        if topic != Some(front.topic) {
            topic = Some(front.topic);
            let _ = write!(
                text,
                "\n## {}\n\n| lesson | shows | level | minutes | clauses | situations | faults | recorded with |\n|---|---|---|---|---|---|---|---|\n",
                front.topic
            );
        }
        let list = |values: &[serde_saphyr::Spanned<String>]| {
            values.iter().map(|value| value.value.as_str()).collect::<Vec<_>>().join(", ")
        };
        let file = library.file(lesson);
        let recorded: Vec<&str> = [("26.7", ""), ("26.2", "@26.2")]
            .into_iter()
            .filter(|(_, mark)| file.with_file_name(format!("{}{mark}.snap", lesson.id())).is_file())
            .map(|(line, _)| line)
            .collect();
        let _ = writeln!(
            text,
            "| [{}](../../scenarios/lessons/{}) | {} | {} | {} | {} | {} | {} | {} |",
            lesson.id(),
            lesson.path,
            front.title,
            front.level.value,
            front.minutes.value,
            list(&front.spec),
            list(&front.catalogue),
            list(&front.faults),
            recorded.join(", ")
        );
    }
    agrees("reference/lessons.md", &text);
}

#[test]
fn the_table_of_faults_and_lessons_is_up_to_date() {
    let lessons = lessons();
    let mut text =
        "# Faults and the lessons that show them\n\nMade from the faults and the lessons' files; do not edit. \
                    A lesson *plants* a fault when it teaches with it. It *watches* for one when it fails with that fault on; the tests \
                    plant each of them and look. Try it: `cargo xtask scenario run LESSON --with-fault FAULT`.\n\n\
                    | fault | of | planted by | watched by |\n|---|---|---|---|\n"
            .to_owned();
    for fault in Named::all() {
        let told = fault.told(false);
        let names = |wanted: &dyn Fn(&Lesson) -> bool| {
            lessons.iter().filter(|lesson| wanted(lesson)).map(Lesson::id).collect::<Vec<_>>().join(", ")
        };
        let plants = |lesson: &Lesson| lesson.front.faults.iter().any(|name| name.value == told.name);
        let watches = |lesson: &Lesson| lesson.front.watches.iter().any(|name| name.value == told.name);
        let _ = writeln!(text, "| `{}` | {} | {} | {} |", told.name, told.of, names(&plants), names(&watches));
    }
    agrees("reference/faults.md", &text);
}

/// What the docs say of Keycloak and of browsers points at a lesson that shows it, and the lesson has to be there.
#[test]
fn every_link_of_the_docs_to_a_lesson_leads_to_one() {
    let mut links = 0;
    for page in ["front-channel-logout-in-2026.md", "how-a-portal-hears-of-a-logout.md", "reference/lessons.md"] {
        let path = docs().join(page);
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("lessons/") {
                links += 1;
                assert!(path.parent().unwrap().join(link).is_file(), "{page} links to {link}");
            }
        }
    }
    assert!(links > 100, "{links}");
}

/// Each line of the chapter that begins with a dash is a statement, and names the lesson that shows it.
#[test]
fn every_statement_about_the_front_channel_names_its_lesson() {
    let text = std::fs::read_to_string(docs().join("front-channel-logout-in-2026.md")).unwrap();
    let statements: Vec<&str> = text.split("\n- ").skip(1).collect();
    assert!(statements.len() > 10);
    for statement in statements {
        let statement = statement.split("\n\n").next().unwrap_or_default();
        assert!(statement.contains("scenarios/lessons/"), "no lesson: {statement}");
    }
}
