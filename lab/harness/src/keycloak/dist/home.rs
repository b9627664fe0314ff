//! The home of one run: what Keycloak writes is the run's own, what it only reads is shared.
//!
//! Measured on 26.2.5 and 26.7.3: a running Keycloak writes `data/` alone, building writes `lib/quarkus/` besides,
//! and `kc.sh` finds its home by its own real path. So a home is a real `bin/kc.sh` and a real `data/`, and links to
//! the rest of a built distribution, which any number of runs share.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where a run's home is.
pub fn of(run_dir: &Path) -> PathBuf {
    run_dir.join("keycloak")
}

/// Lays a home that shares `distribution`. `database` is copied in where there is one.
pub fn share(distribution: &Path, home: &Path, database: Option<&Path>) -> io::Result<()> {
    fs::create_dir_all(home.join("bin"))?;
    fs::copy(distribution.join("bin/kc.sh"), script(home))?;
    for part in ["conf", "lib", "providers", "themes", "version.txt"] {
        symlink(distribution.join(part), home.join(part))?;
    }
    place_database(home, database)
}

/// Copies a database into a home that has none. Nothing to do for an empty one: Keycloak makes it.
pub fn place_database(home: &Path, database: Option<&Path>) -> io::Result<()> {
    if let Some(database) = database {
        let own = self::database(home);
        fs::create_dir_all(own.parent().unwrap_or(home))?;
        fs::copy(database, own)?;
    }
    Ok(())
}

/// Puts a realm where `--import-realm` looks for it.
pub fn place_realm(home: &Path, realm: &realm::Realm) -> io::Result<()> {
    let folder = home.join("data/import");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("{}.json", realm::REALM)), realm.json().to_string())
}

/// The start script.
pub fn script(home: &Path) -> PathBuf {
    home.join("bin/kc.sh")
}

/// The database that Keycloak keeps in its home.
pub fn database(home: &Path) -> PathBuf {
    home.join("data/h2/keycloakdb.mv.db")
}

/// Whether Keycloak has been built in this distribution.
pub fn is_built(distribution: &Path) -> bool {
    distribution.join("lib/quarkus/quarkus-application.dat").is_file()
}

/// The version that a distribution says it is, from its `version.txt` (`Keycloak - Version 26.7.3`).
pub fn version_in(text: &str) -> Option<&str> {
    text.trim().rsplit(' ').next().filter(|version| !version.is_empty())
}

#[cfg(test)]
mod tests;
