use super::{DEFAULT, PINNED, Version};
use crate::trouble::Kind;

#[test]
fn the_default_is_pinned_and_needs_no_warning() {
    let version = Version::parse(DEFAULT).unwrap();
    assert!(version.sha256().is_some());
    assert_eq!(version.warning(), None);
}

#[test]
fn pinned_digests_are_sha256_in_lower_case_hex() {
    for (version, digest) in PINNED {
        assert_eq!(digest.len(), 64, "{version}");
        assert!(digest.chars().all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c)), "{version}");
    }
}

#[test]
fn another_release_of_the_line_works_with_a_warning() {
    let version = Version::parse("26.4.0").unwrap();
    assert_eq!(version.sha256(), None);
    assert!(version.warning().unwrap().contains("26.4.0"));
}

#[test]
fn what_is_no_version_of_the_line_is_wrong_usage() {
    for text in [
        "",
        "latest",
        "26",
        "26.7",
        "26.7.3.1",
        "26.7.x",
        "26.07.3",
        "26.7.3 ",
        "-26.7.3",
        "+26.7.3",
        "25.0.6",
        "../26.7.3",
    ] {
        let trouble = Version::parse(text).unwrap_err();
        assert_eq!(trouble.kind, Kind::Usage, "{text}");
        assert!(trouble.what.contains(text) && trouble.action.contains(DEFAULT), "{text}");
    }
}

#[test]
fn an_old_line_is_not_given_a_java_that_it_does_not_run_on() {
    assert_eq!(Version::parse("26.2.5").unwrap().newest_java(), 24);
    assert_eq!(Version::parse("26.7.3").unwrap().newest_java(), u32::MAX);
}
