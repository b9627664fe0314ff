use std::collections::BTreeSet;
use std::path::Path;

use super::{Fault, Target, files};
use crate::lint::{Rule, accepted, judge};
use crate::{Client, Hosts, Realm, Secrets, lint};

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("faults")
}

#[test]
fn every_file_of_the_folder_is_embedded_under_its_name() {
    let mut there: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".json").to_owned())
        .collect();
    there.sort();
    assert_eq!(there, Fault::all().iter().map(|fault| fault.name.clone()).collect::<Vec<_>>());
    for text in files::FILES {
        super::read(text);
    }
}

#[test]
fn every_fault_is_found_by_its_rule_and_by_no_other() {
    for fault in Fault::all() {
        let faulty = fault.apply(&Realm::shipped());
        let judged = judge(faulty.json(), lint(faulty.json()), &accepted());
        let found: BTreeSet<&str> = judged.findings.iter().map(|finding| finding.rule.id).collect();
        assert_eq!(Vec::from_iter(found), [fault.rule.as_str()], "{}", fault.name);
    }
}

#[test]
fn every_rule_with_a_fault_is_quiet_on_the_shipped_realm() {
    let shipped = lint(Realm::shipped().json());
    for fault in Fault::all() {
        assert!(shipped.iter().all(|finding| finding.rule.id != fault.rule), "{}", fault.rule);
    }
}

#[test]
fn every_fault_says_what_it_is_and_changes_something() {
    let rules: BTreeSet<&str> = Rule::all().map(|rule| rule.id).collect();
    for fault in Fault::all() {
        for text in [&fault.sentence, &fault.right] {
            assert!(text.ends_with('.') && text.len() > 25, "{}: {text}", fault.name);
        }
        assert!(rules.contains(fault.rule.as_str()), "{}", fault.rule);
        let (topic, number) = fault.scenario.split_once('-').unwrap();
        assert!(["LI", "RI", "BC", "FC", "AD", "TI", "FA"].contains(&topic) && number.parse::<u8>().is_ok());
        assert_ne!(fault.apply(&Realm::shipped()), Realm::shipped(), "{}", fault.name);
        assert!(fault.targets().count() > 0, "{}", fault.name);
        // A misspelt client in a patch would change nothing and nobody would notice.
        assert!(fault.patch.clients.keys().all(|id| Client::ALL.iter().any(|client| client.id() == id)));
    }
}

#[test]
fn a_fault_moves_with_the_realm_that_it_is_planted_in() {
    let hosts = Hosts { external: "http://localhost:4002".to_owned(), ..Hosts::defaults() };
    let filled = Realm::shipped().filled(&hosts, &Secrets::defaults());
    let faulty = Fault::named("s2-backchannel-at-spa").unwrap().apply(&filled);
    let external = faulty.client(Client::External).unwrap();
    assert_eq!(external["attributes"]["backchannel.logout.url"], "http://localhost:4002/logout");
    assert_eq!(faulty.client(Client::Internal), filled.client(Client::Internal));
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_right_one() {
    let nearest = |word: &str| Fault::named(word).unwrap_err().nearest;
    assert_eq!(nearest("s1-frontchanel-switch-on").as_deref(), Some("s1-frontchannel-switch-on"));
    assert_eq!(nearest("s3").as_deref(), Some("s3-whose-localhost"));
    assert_eq!(nearest("x"), None);
    assert_eq!(Fault::named("x").unwrap_err().to_string(), "\"x\" is not a fault of the realm");
    assert_eq!(
        Fault::named(" S3-Whose-Localhost ").unwrap().targets().collect::<Vec<_>>(),
        [Target::Client(Client::Admin)]
    );
}
