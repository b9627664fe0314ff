use std::fs;

use realm::Realm;
use tokio_util::sync::CancellationToken;

use super::write;
use crate::keycloak::dist::Distribution;
use crate::keycloak::image::name::Labels;
use crate::trouble::Kind;

fn labels() -> Labels {
    Labels::new("26.7.3", &Realm::shipped(), "java:21")
}

#[tokio::test]
async fn the_build_gets_the_distribution_the_realm_and_the_recipe_but_nobodys_data() {
    let folder = tempfile::tempdir().unwrap();
    let keycloak = folder.path().join("keycloak");
    for inner in ["bin", "lib", "data/h2"] {
        fs::create_dir_all(keycloak.join(inner)).unwrap();
    }
    fs::write(keycloak.join("bin/kc.sh"), "#!/bin/bash\n").unwrap();
    fs::write(keycloak.join("data/h2/keycloakdb.mv.db"), "somebody's users").unwrap();

    let context = folder.path().join("context");
    let distribution = Distribution::Folder(keycloak);
    write(&context, &distribution, &Realm::shipped(), &labels(), &CancellationToken::new()).await.unwrap();
    assert!(context.join("keycloak/bin/kc.sh").is_file());
    assert!(!context.join("keycloak/data").exists());
    assert!(fs::read_to_string(context.join("Dockerfile")).unwrap().contains("FROM java:21"));
    let realm: serde_json::Value = serde_json::from_slice(&fs::read(context.join("realm.json")).unwrap()).unwrap();
    assert_eq!(&realm, Realm::shipped().json());
}

#[tokio::test]
async fn an_interruption_is_told_as_one_of_the_build() {
    let folder = tempfile::tempdir().unwrap();
    let cancelled = CancellationToken::new();
    cancelled.cancel();
    fs::create_dir_all(folder.path().join("keycloak/bin")).unwrap();
    let distribution = Distribution::Folder(folder.path().join("keycloak"));
    let context = folder.path().join("context");
    let trouble = write(&context, &distribution, &Realm::shipped(), &labels(), &cancelled).await.unwrap_err();
    assert_eq!((trouble.kind, trouble.what.as_str()), (Kind::Interrupted, "the build of the image was interrupted"));
}
