use realm::Realm;

use super::{CLASS_ARCHIVE, DOCKERFILE, WARM_UP, dockerfile};
use crate::keycloak::image::name::Labels;

#[test]
fn every_word_in_braces_is_replaced() {
    let text = dockerfile(&Labels::new("26.7.3", &Realm::shipped(), "java:21"));
    let instructions: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(instructions[0], "FROM java:21");
    assert!(!instructions.iter().any(|line| line.contains(['{', '}'])), "{text}");
    assert!(DOCKERFILE.contains("{base}"));
}

#[test]
fn the_warm_up_writes_the_archive_that_the_start_reads() {
    assert!(WARM_UP.contains(&format!("-XX:ArchiveClassesAtExit={CLASS_ARCHIVE}")));
}
