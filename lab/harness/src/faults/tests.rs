use std::collections::BTreeSet;

use super::{Kind, Named, refuse_exposed, refuse_foreign};

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

#[test]
fn a_realm_that_is_not_the_labs_own_gets_no_faults() {
    let (realm, portal) = ("s1-frontchannel-switch-on".parse().unwrap(), "s2-lying-200".parse().unwrap());
    let why = Some("it is somebody's");
    assert_eq!(refuse_foreign(why, &[portal, realm]).unwrap_err().kind, Kind::Safety);
    assert!(refuse_foreign(why, &[portal]).is_ok());
    assert!(refuse_foreign(None, &[realm]).is_ok());
}
