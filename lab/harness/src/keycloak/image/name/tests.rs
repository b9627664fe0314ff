use realm::{Hosts, Realm, Secrets};

use super::{Labels, digest, tag};

#[test]
fn the_tag_names_version_and_realm() {
    let realm = Realm::shipped();
    assert_eq!(tag("26.7.3", &realm), format!("sso-lab-keycloak:26.7.3-{}", digest(&realm)));
    assert_eq!(digest(&realm).len(), 8);
}

#[test]
fn another_realm_has_another_tag() {
    let shipped = Realm::shipped();
    let hosts = Hosts { internal: "http://localhost:4001".to_owned(), ..Hosts::defaults() };
    let moved = shipped.filled(&hosts, &Secrets::defaults());
    assert_ne!(tag("26.7.3", &shipped), tag("26.7.3", &moved));
    assert_eq!(tag("26.7.3", &shipped), tag("26.7.3", &Realm::shipped()));
}

#[test]
fn every_image_has_a_seed_of_its_own_and_does_not_print_it() {
    let [one, other] = [(), ()].map(|()| Labels::new("26.7.3", &Realm::shipped(), "java:21"));
    assert_ne!(one.seed.password, other.seed.password);
    assert!(one.seed.password.len() >= 24);
    assert!(!format!("{one:?}").contains(&one.seed.password));
}

#[test]
fn the_labels_are_one_instruction() {
    let labels = Labels::new("26.7.3", &Realm::shipped(), "java:21");
    let text = labels.instruction();
    assert!(text.starts_with("LABEL sso-lab=\"image\" sso-lab.keycloak=\"26.7.3\" "), "{text}");
    assert!(text.contains(" sso-lab.base=\"java:21\" "), "{text}");
    assert_eq!(text.lines().count(), 1);
}
