use std::io::{Cursor, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tokio_util::sync::CancellationToken;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{folder, zip};
use crate::trouble::Kind;

/// A small zip in the shape of a distribution.
fn archive(folder: &Path, entries: &[(&str, u32, &str)]) -> PathBuf {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, mode, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    let path = folder.join("keycloak.zip");
    std::fs::write(&path, zip.finish().unwrap().into_inner()).unwrap();
    path
}

#[tokio::test]
async fn a_zip_is_laid_out_without_its_top_folder_and_scripts_can_run() {
    let temp = tempfile::tempdir().unwrap();
    let zip_file =
        archive(temp.path(), &[("keycloak-1/bin/kc.sh", 0o755, "#!/bin/sh"), ("keycloak-1/version.txt", 0o644, "v")]);
    let into = temp.path().join("home");
    zip(&zip_file, &into, &CancellationToken::new()).await.unwrap();
    assert_eq!(std::fs::read_to_string(into.join("version.txt")).unwrap(), "v");
    assert_eq!(into.join("bin/kc.sh").metadata().unwrap().permissions().mode() & 0o111, 0o111);
    assert_eq!(into.join("version.txt").metadata().unwrap().permissions().mode() & 0o111, 0);
}

#[tokio::test]
async fn an_archive_that_leads_out_of_its_folder_is_refused() {
    let temp = tempfile::tempdir().unwrap();
    let zip_file = archive(temp.path(), &[("keycloak-1/../../escaped", 0o644, "x")]);
    let into = temp.path().join("deep/home");
    assert!(zip(&zip_file, &into, &CancellationToken::new()).await.is_err());
    assert!(!into.exists() && !temp.path().join("escaped").exists());
}

#[tokio::test]
async fn a_truncated_archive_is_trouble_and_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let zip_file = archive(temp.path(), &[("keycloak-1/bin/kc.sh", 0o755, "#!/bin/sh")]);
    let bytes = std::fs::read(&zip_file).unwrap();
    std::fs::write(&zip_file, &bytes[..bytes.len() / 2]).unwrap();
    let into = temp.path().join("home");
    let trouble = zip(&zip_file, &into, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.means.contains("damaged"), "{}", trouble.means);
    assert!(!into.exists());
}

#[tokio::test]
async fn a_full_disk_is_told_apart_and_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let zip_file =
        archive(temp.path(), &[("keycloak-1/version.txt", 0o644, "v"), ("keycloak-1/lib/big.jar", 0o644, "jar")]);
    let into = temp.path().join("home");
    // The system's own full disk stands in for the second file.
    std::fs::create_dir_all(into.join("lib")).unwrap();
    symlink("/dev/full", into.join("lib/big.jar")).unwrap();
    let trouble = zip(&zip_file, &into, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.what.contains("disk is full") && trouble.action.contains("SSO_LAB_CACHE"), "{trouble}");
    assert!(!into.exists());
}

#[tokio::test]
async fn cancelling_leaves_nothing() {
    let temp = tempfile::tempdir().unwrap();
    let zip_file = archive(temp.path(), &[("keycloak-1/bin/kc.sh", 0o755, "#!/bin/sh")]);
    let into = temp.path().join("home");
    let cancel = CancellationToken::new();
    cancel.cancel();
    let trouble = zip(&zip_file, &into, &cancel).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Interrupted);
    assert!(!into.exists());
}

#[tokio::test]
async fn a_folder_is_copied_without_the_data_of_its_owner() {
    let temp = tempfile::tempdir().unwrap();
    let own = temp.path().join("own");
    for file in ["bin/kc.sh", "lib/a.jar", "version.txt", "data/h2/keycloakdb.mv.db"] {
        std::fs::create_dir_all(own.join(file).parent().unwrap()).unwrap();
        std::fs::write(own.join(file), file).unwrap();
    }
    let into = temp.path().join("home");
    folder(&own, &into, &CancellationToken::new()).await.unwrap();
    assert!(into.join("bin/kc.sh").is_file() && into.join("lib/a.jar").is_file());
    assert!(!into.join("data").exists());
}
