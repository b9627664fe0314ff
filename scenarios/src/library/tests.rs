use std::path::Path;

use lab::Kind;

use super::Library;
use crate::lint::tests::GOOD;

fn library(files: &[(&str, &str)]) -> (tempfile::TempDir, Library) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let library = Library::open(folder.path()).unwrap();
    (folder, library)
}

#[test]
fn an_unknown_id_is_answered_with_the_nearest_ones() {
    let (_folder, library) = library(&[("login/demo.md", GOOD)]);
    assert_eq!(library.lesson("demo").unwrap().id(), "demo");
    let trouble = library.lesson("dmeo").unwrap_err();
    assert_eq!(trouble.kind, Kind::Usage);
    assert!(trouble.means.contains("did you mean `demo`?"), "{}", trouble.means);
}

#[test]
fn what_a_lesson_needs_comes_first_and_a_broken_file_hides_no_other() {
    let needs = |id: &str, other: &str| GOOD.replace("id: demo", &format!("id: {id}")).replace("[other]", other);
    let (_folder, library) = library(&[
        ("login/a.md", &needs("a", "[b]")),
        ("login/b.md", &needs("b", "[]")),
        ("login/broken.md", "nothing"),
        ("login/b.snap", "---\n"),
    ]);
    let (lessons, errors) = library.lessons().unwrap();
    assert_eq!(lessons.iter().map(crate::Lesson::id).collect::<Vec<_>>(), ["b", "a"]);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].path, "login/broken.md");
    assert_eq!(library.lint().unwrap().len(), 1);
    assert_eq!(library.lesson("broken").unwrap_err().kind, Kind::Content);
}

#[test]
fn lessons_that_need_each_other_are_still_listed() {
    let needs = |id: &str, other: &str| GOOD.replace("id: demo", &format!("id: {id}")).replace("[other]", other);
    let (_folder, library) = library(&[("login/a.md", &needs("a", "[b]")), ("login/b.md", &needs("b", "[a]"))]);
    assert_eq!(library.lessons().unwrap().0.len(), 2);
}

#[test]
fn an_id_that_is_not_the_files_name_is_an_error_of_the_file() {
    for id in ["demo2", "../../x"] {
        let (_folder, library) = library(&[("login/demo.md", &GOOD.replace("id: demo", &format!("id: '{id}'")))]);
        let (lessons, errors) = library.lessons().unwrap();
        assert!(lessons.is_empty());
        assert_eq!(
            errors[0].to_string(),
            format!("login/demo.md:2:5: the id is `{id}`, and the file is called demo.md")
        );
        assert_eq!(library.lesson("demo").unwrap_err().kind, Kind::Content);
        assert_eq!(library.lesson(id).unwrap_err().kind, Kind::Usage, "no file is called so");
        assert_eq!(library.lint().unwrap().len(), 1);
    }
}

#[test]
fn an_id_given_twice_is_an_error_and_the_first_file_stays_a_lesson() {
    let (_folder, library) = library(&[("login/demo.md", GOOD), ("logout/demo.md", GOOD)]);
    let (lessons, errors) = library.lessons().unwrap();
    assert_eq!(lessons.len(), 1);
    assert_eq!(errors[0].to_string(), "logout/demo.md:2:5: the id `demo` is given twice: login/demo.md has it, too");
    let trouble = library.lesson("demo").unwrap_err();
    assert_eq!(trouble.kind, Kind::Content);
    assert!(trouble.what.contains("twice"), "{trouble}");
}

#[test]
fn a_folder_that_is_not_there_is_wrong_usage() {
    assert_eq!(Library::open(Path::new("/nowhere/at/all")).unwrap_err().kind, Kind::Usage);
}

#[test]
fn every_shipped_lesson_passes_the_linter() {
    let complaints = Library::shipped().unwrap().lint().unwrap();
    let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
    assert_eq!(lines, Vec::<String>::new());
}

/// What differs between versions is not only recorded: whoever teaches with the lesson is told.
#[test]
fn a_lesson_with_a_snapshot_for_an_older_line_speaks_of_it() {
    let library = Library::shipped().unwrap();
    for lesson in library.lessons().unwrap().0 {
        let file = library.file(&lesson);
        let older = file.with_file_name(format!("{}@26.2.snap", lesson.id()));
        let Ok(older) = std::fs::read_to_string(older) else { continue };
        let text = |snapshot: &str| snapshot.splitn(3, "---\n").nth(2).map(str::to_owned);
        let newer = std::fs::read_to_string(file.with_extension("snap")).unwrap();
        assert_ne!(text(&newer), text(&older), "{}: a second snapshot that says the same", lesson.id());
        let body = lesson.source.splitn(3, "---\n").nth(2).unwrap();
        assert!(body.contains("26.2"), "{}: say what Keycloak 26.2 does differently", lesson.id());
    }
}
