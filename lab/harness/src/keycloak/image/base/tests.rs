use super::check_name;
use crate::trouble::Kind;

#[test]
fn names_of_images_are_accepted() {
    for name in ["eclipse-temurin:21-jre", "registry.example:5000/team/java:21", "java@sha256:0a1b2c"] {
        assert!(check_name(name).is_ok(), "{name}");
    }
}

#[test]
fn what_would_be_more_than_a_name_in_a_dockerfile_is_refused() {
    for name in ["", "-v", "java:21\nRUN true", "java 21", "java:21 AS build", "$(id)"] {
        let trouble = check_name(name).unwrap_err();
        assert_eq!(trouble.kind, Kind::Usage, "{name}");
    }
}
