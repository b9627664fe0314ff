use std::collections::BTreeSet;

use super::{Kind, Named, refuse_exposed};

#[test]
fn no_name_is_the_realms_and_the_portals() {
    let names: Vec<&str> = Named::all().map(Named::name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    for fault in Named::all() {
        assert_eq!(fault.name().parse::<Named>().unwrap(), fault);
    }
}

#[test]
fn a_wrong_name_is_answered_with_the_nearest_of_either_side() {
    let said = |word: &str| word.parse::<Named>().unwrap_err().what;
    assert!(said("s3-whos-localhost").contains("s3-whose-localhost"));
    assert!(said("s2-lying").contains("s2-lying-200"), "{}", said("s2-lying"));
    assert!(!said("xyzzy").contains("did you mean"));
}

#[test]
fn faults_never_leave_loopback() {
    let some = [Named::all().next().unwrap()];
    assert!(refuse_exposed("127.0.0.1".parse().unwrap(), &some).is_ok());
    assert!(refuse_exposed("192.0.2.1".parse().unwrap(), &[]).is_ok());
    assert_eq!(refuse_exposed("192.0.2.1".parse().unwrap(), &some).unwrap_err().kind, Kind::Safety);
}
