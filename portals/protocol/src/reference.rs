//! `docs/reference/refusals.md`, made of the rules in this crate and of the tests that name them.
//!
//! `UPDATE_DOCS=1 cargo test -p portal-protocol` writes the file; without the variable the test compares it.

use std::fmt::Debug;
use std::path::Path;

use strum::IntoEnumIterator;

use crate::callback::{CallbackRule, PostLogoutRefusal};
use crate::frontchannel::FrontChannelRule;
use crate::id_token_extras::IdTokenRule;
use crate::logout_token::Rule;

const FILE: &str = "docs/reference/refusals.md";

/// The files whose tests show refusals, one test for each refusal or more.
const TESTS: &[&str] = &[
    include_str!("logout_token/tests/refused_form.rs"),
    include_str!("logout_token/tests/refused_claims.rs"),
    include_str!("logout_token/tests/options.rs"),
    include_str!("seen/tests.rs"),
    include_str!("matching/tests.rs"),
    include_str!("id_token_extras/tests.rs"),
    include_str!("callback/tests.rs"),
    include_str!("frontchannel/tests.rs"),
];

const HEAD: &str = "\
# Refusals

What a portal refuses, by which clause, and the test that shows it. Clauses are written as the short name of a
specification and a section: BCL is OpenID Connect Back-Channel Logout 1.0, FCL Front-Channel Logout 1.0, RPIL
RP-Initiated Logout 1.0, Core OpenID Connect Core 1.0.

This file is made by a test out of the rules in `portals/protocol/src` and the tests beside them: `UPDATE_DOCS=1 cargo
test -p portal-protocol` writes it, and the same test without the variable fails when it is not what it would write.
A refusal without a test cannot be written down here, so there is none. The attacks that must come to these refusals are
in `portals/protocol/corpus`.
";

fn written() -> String {
    let mut text = HEAD.to_owned();
    text += "\n## Logout token\n\nThe step is that of BCL 2.6; where it is that of the claim, the refusal says so.\n\n";
    text += "| tag | step | clause | rule | refusal | tests |\n|---|---|---|---|---|---|\n";
    for rule in Rule::iter() {
        let step = rule.step().map_or_else(|| "of the claim".to_owned(), |step| step.to_string());
        let (tag, clause, sentence) = (rule.tag(), rule.clause(), rule.sentence());
        let tests = tests_of("Refusal", &rule);
        text += &format!("| `{tag}` | {step} | {clause} | {sentence} | `{rule:?}` | {tests} |\n");
    }
    text +=
        &table("ID token, beyond what the library checks", "IdTokenRefusal", IdTokenRule::iter(), IdTokenRule::entry);
    text += &table("Answer to a sign-in", "CallbackRefusal", CallbackRule::iter(), CallbackRule::entry);
    text +=
        &table("Redirect after a sign-out", "PostLogoutRefusal", PostLogoutRefusal::iter(), PostLogoutRefusal::entry);
    text += &table("Front-channel request", "FrontChannelRefusal", FrontChannelRule::iter(), FrontChannelRule::entry);
    text
}

fn table<R: Debug + Copy>(
    title: &str,
    refusal: &str,
    rules: impl Iterator<Item = R>,
    entry: fn(R) -> (&'static str, &'static str),
) -> String {
    let mut text = format!("\n## {title}\n\n| tag | clause | refusal | tests |\n|---|---|---|---|\n");
    for rule in rules {
        let (tag, clause) = entry(rule);
        text += &format!("| `{tag}` | {clause} | `{rule:?}` | {} |\n", tests_of(refusal, &rule));
    }
    text
}

/// The names of the tests that name this refusal.
fn tests_of(refusal: &str, rule: &impl Debug) -> String {
    let path = format!("{refusal}::{rule:?}");
    let names = |text: &str| {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
        text.match_indices(&path)
            .any(|(at, _)| ends(text[..at].chars().next_back()) && ends(text[at + path.len()..].chars().next()))
    };
    let tests = TESTS.iter().flat_map(|file| file.split("#[test]\n").skip(1)).filter(|test| names(test));
    let found: Vec<String> = tests
        .filter_map(|test| test.strip_prefix("fn ")?.split_once('('))
        .map(|(name, _)| format!("`{name}`"))
        .collect();
    assert!(!found.is_empty(), "no test shows {path}");
    found.join(", ")
}

#[test]
fn the_reference_says_what_the_code_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(FILE);
    let written = written();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &written).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == written, "{FILE} is out of date: `UPDATE_DOCS=1 cargo test -p portal-protocol` writes it");
}

#[test]
fn every_tag_is_used_once() {
    let mut tags: Vec<&str> = Rule::iter().map(Rule::tag).collect();
    tags.extend(IdTokenRule::iter().map(|rule| rule.entry().0));
    tags.extend(CallbackRule::iter().map(|rule| rule.entry().0));
    tags.extend(PostLogoutRefusal::iter().map(|rule| rule.entry().0));
    tags.extend(FrontChannelRule::iter().map(|rule| rule.entry().0));
    let unique: std::collections::HashSet<&str> = tags.iter().copied().collect();
    assert_eq!(unique.len(), tags.len(), "{tags:?}");
}

#[test]
fn a_rule_is_found_by_its_tag() {
    for rule in Rule::iter() {
        assert_eq!(Rule::with_tag(rule.tag()), Some(rule));
    }
    assert_eq!(Rule::with_tag("bcl-no-such-rule"), None);
}
