use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Distribution, given, identity, lay_out, verify};
use crate::keycloak::dist::DistOptions;
use crate::keycloak::versions::Version;
use crate::trouble::Kind;

/// A zip in the shape of a distribution of `version`.
pub(crate) fn distribution_zip(folder: &Path, version: &str) -> PathBuf {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in
        [("bin/kc.sh", "#!/bin/sh\n".to_owned()), ("version.txt", format!("Keycloak - Version {version}\n"))]
    {
        zip.start_file(format!("keycloak-{version}/{name}"), SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    let path = folder.join(format!("keycloak-{version}.zip"));
    std::fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
    path
}

fn version(text: &str) -> Version {
    Version::parse(text).unwrap()
}

fn token() -> CancellationToken {
    CancellationToken::new()
}

#[tokio::test]
async fn a_file_that_is_not_the_pinned_one_is_refused_with_both_digests() {
    let folder = tempfile::tempdir().unwrap();
    let zip = distribution_zip(folder.path(), "26.7.3");
    let trouble = given(&zip, &version("26.7.3"), &token()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Safety);
    assert!(trouble.what.contains(version("26.7.3").sha256().unwrap()), "{trouble}");
    assert!(trouble.action.contains("Maven"), "{}", trouble.action);
}

#[tokio::test]
async fn a_version_without_a_pinned_digest_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let zip = distribution_zip(folder.path(), "26.4.0");
    assert_eq!(given(&zip, &version("26.4.0"), &token()).await.unwrap(), Distribution::Zip(zip.clone()));
    verify(&zip, &version("26.4.0"), &token()).await.unwrap();
}

#[tokio::test]
async fn another_version_than_asked_for_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let zip = distribution_zip(folder.path(), "26.4.0");
    let unpacked = folder.path().join("unpacked");
    lay_out(&Distribution::Zip(zip.clone()), &unpacked, &token()).await.unwrap();
    for path in [zip, unpacked] {
        let trouble = given(&path, &version("26.7.3"), &token()).await.unwrap_err();
        assert_eq!(trouble.kind, Kind::Usage);
        assert!(trouble.what.contains("26.4.0") && trouble.action.contains("--keycloak 26.4.0"), "{trouble}");
    }
}

#[tokio::test]
async fn what_is_no_distribution_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "notes").unwrap();
    for path in [text, folder.path().to_owned(), folder.path().join("missing.zip")] {
        let trouble = given(&path, &version("26.7.3"), &token()).await.unwrap_err();
        assert_eq!(trouble.kind, Kind::Usage, "{trouble}");
        assert!(trouble.what.contains(&path.display().to_string()), "{trouble}");
    }
}

#[tokio::test]
async fn a_zip_without_a_start_script_is_not_laid_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("something/version.txt", SimpleFileOptions::default()).unwrap();
    let path = folder.path().join("something.zip");
    std::fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
    let into = folder.path().join("home");
    assert!(lay_out(&Distribution::Zip(path), &into, &token()).await.is_err());
    assert!(!into.exists());
}

#[test]
fn a_replaced_file_has_another_identity() {
    let folder = tempfile::tempdir().unwrap();
    let zip = distribution_zip(folder.path(), "26.4.0");
    let options = DistOptions { distribution: Some(zip.clone()), ..DistOptions::default() };
    let before = identity(&options);
    assert_eq!(identity(&options), before);
    std::fs::write(&zip, "longer or shorter").unwrap();
    assert_ne!(identity(&options), before);
    assert_ne!(identity(&DistOptions::default()), before);
}
