use super::{database, is_built, place_realm, script, share, version_in};

#[test]
fn two_homes_share_the_distribution_and_nothing_that_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("shared");
    for part in ["bin", "conf", "lib/quarkus", "providers", "themes"] {
        std::fs::create_dir_all(shared.join(part)).unwrap();
    }
    for file in ["bin/kc.sh", "version.txt", "lib/quarkus/quarkus-application.dat", "db"] {
        std::fs::write(shared.join(file), file).unwrap();
    }
    let homes = ["one", "two"].map(|name| folder.path().join(name));
    for home in &homes {
        share(&shared, home, Some(&shared.join("db"))).unwrap();
        place_realm(home, &realm::Realm::shipped()).unwrap();
        assert!(is_built(home));
        // The script finds its home by its own real path, so it must not be a link.
        assert!(!script(home).is_symlink() && script(home).is_file());
    }
    std::fs::write(database(&homes[0]), "changed").unwrap();
    assert_eq!(std::fs::read_to_string(database(&homes[1])).unwrap(), "db");
    std::fs::remove_dir_all(&homes[0]).unwrap();
    assert!(is_built(&shared), "removing a home must not reach through its links");
}

#[test]
fn a_version_is_the_last_word_of_its_file() {
    assert_eq!(version_in("Keycloak - Version 26.7.3\n"), Some("26.7.3"));
    assert_eq!(version_in("\n"), None);
}
