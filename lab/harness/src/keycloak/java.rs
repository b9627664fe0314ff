//! Which Java runs Keycloak here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;
use tokio::process::Command;

use super::process::Group;
use crate::progress::Progress;
use crate::trouble::{Kind, Trouble};

/// Keycloak 26 runs on this and later.
pub const OLDEST: u32 = 17;
/// From here on a start takes clearly less time, so the lab looks around before it takes an older one from `PATH`.
const PREFERRED: u32 = 19;
/// A Java that does not say its version within this time is broken.
const ASKING: Duration = Duration::from_secs(20);

/// Where to look, in this order. A value, so that tests look somewhere else.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// `JAVA_HOME`: if set, nothing else is looked at.
    pub java_home: Option<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// Folders that hold one folder for each installed JDK.
    pub folders: Vec<PathBuf>,
}

/// A Java that can run Keycloak.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Java {
    /// The program.
    pub binary: PathBuf,
    /// 17, 21, 25.
    pub major: u32,
    /// Changes whenever another build of Java stands there: part of the cache key, because a class archive fits the
    /// very JVM that wrote it and no other.
    pub identity: String,
}

impl Search {
    /// What this process's environment says, and where this platform keeps its JDKs.
    pub fn from_env() -> Self {
        Self {
            java_home: std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty()).map(PathBuf::from),
            path: std::env::var_os("PATH"),
            folders: ["/usr/lib/jvm", "/Library/Java/JavaVirtualMachines"].map(PathBuf::from).to_vec(),
        }
    }

    /// A program on this search's `PATH`.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        std::env::split_paths(self.path.as_deref()?).map(|folder| folder.join(name)).find(|file| is_program(file))
    }
}

/// Finds Java. `JAVA_HOME` is the person's word and is taken or refused; the Java on `PATH` gives way to a newer one
/// in the platform's folders, and the progress says so. Errors: none there, or too old.
pub async fn find(search: &Search, progress: &dyn Progress) -> Result<Java, Trouble> {
    find_up_to(search, u32::MAX, progress).await
}

/// The same for a Keycloak that does not run on every Java: none newer than `newest` is chosen, except where
/// `JAVA_HOME` demands it. Errors: also when there are only newer ones.
pub async fn find_up_to(search: &Search, newest: u32, progress: &dyn Progress) -> Result<Java, Trouble> {
    if let Some(home) = &search.java_home {
        let binary = home.join("bin/java");
        if !is_program(&binary) {
            return Err(missing(&format!("JAVA_HOME is {}, and there is no bin/java in it", home.display())));
        }
        let java = examine(&binary).await.ok_or_else(|| missing(&silent(&binary)))?;
        return if java.major >= OLDEST { Ok(java) } else { Err(too_old(&java, "JAVA_HOME names")) };
    }
    let on_path = match search.program("java") {
        Some(binary) => examine(&binary).await,
        None => None,
    };
    if let Some(java) = &on_path
        && (PREFERRED..=newest).contains(&java.major)
    {
        return Ok(java.clone());
    }
    match (newest_in(&search.folders, newest).await, on_path) {
        (Some(older), Some(on_path)) if on_path.major > newest => {
            progress.note(&format!(
                "using Java {} at {} instead of Java {} from PATH: this Keycloak does not run on anything newer than {newest}",
                older.major,
                older.binary.display(),
                on_path.major
            ));
            Ok(older)
        }
        (None, Some(on_path)) if on_path.major > newest => Err(too_new(&on_path, newest)),
        (Some(newer), Some(on_path)) if newer.major > on_path.major => {
            progress.note(&format!(
                "using Java {} at {} instead of Java {} from PATH: Keycloak starts faster on it (JAVA_HOME decides otherwise)",
                newer.major,
                newer.binary.display(),
                on_path.major
            ));
            Ok(newer)
        }
        (_, Some(on_path)) if on_path.major >= OLDEST => Ok(on_path),
        (_, Some(on_path)) => Err(too_old(&on_path, "PATH has")),
        (Some(newer), None) => Ok(newer),
        (None, None) => Err(missing("there is no `java` on PATH, and JAVA_HOME is not set")),
    }
}

/// The newest usable JDK below `folders`, none newer than `at_most`.
async fn newest_in(folders: &[PathBuf], at_most: u32) -> Option<Java> {
    let listed = folders.iter().filter_map(|folder| folder.read_dir().ok()).flatten().flatten();
    let homes: Vec<PathBuf> = listed.map(|entry| entry.path()).collect();
    let mut newest: Option<Java> = None;
    for home in homes {
        // macOS wraps a JDK in a bundle.
        for binary in [home.join("bin/java"), home.join("Contents/Home/bin/java")] {
            if is_program(&binary)
                && let Some(java) = examine(&binary).await
                && (OLDEST..=at_most).contains(&java.major)
                && newest.as_ref().is_none_or(|best| best.major < java.major)
            {
                newest = Some(java);
            }
        }
    }
    newest
}

/// What stands behind a `java`: from the `release` file of its JDK, which costs nothing, or by asking it.
async fn examine(binary: &Path) -> Option<Java> {
    let real = binary.canonicalize().ok()?;
    let release = real.parent().and_then(Path::parent).map(|home| home.join("release"));
    let told = match release.and_then(|file| std::fs::read_to_string(file).ok()) {
        Some(text) if text.contains("JAVA_VERSION=") => text,
        _ => ask(&real).await?,
    };
    let major = major_of(&told)?;
    Some(Java { identity: format!("{}\n{told}", real.display()), binary: real, major })
}

/// What `java -version` prints. Trap: a `java` may be a shell script that starts the real one. Whoever kills only the
/// script after the deadline leaves the rest running, so it gets a process group that ends as a whole.
async fn ask(binary: &Path) -> Option<String> {
    let said = NamedTempFile::new().ok()?;
    let mut command = Command::new(binary);
    command.arg("-version");
    let mut group = Group::spawn(command, "java-version", said.path()).ok()?;
    let succeeded = tokio::time::timeout(ASKING, group.succeeded()).await.ok()?;
    succeeded.then(|| std::fs::read(said.path()).ok()).flatten().map(|told| String::from_utf8_lossy(&told).into_owned())
}

/// `JAVA_VERSION="17.0.15"`, `openjdk version "1.8.0_412"`, `openjdk version "25" 2025-09-16`.
fn major_of(told: &str) -> Option<u32> {
    let line = told.lines().find(|line| line.starts_with("JAVA_VERSION=") || line.contains(" version \""))?;
    let version = line.split('"').nth(1)?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match (numbers.next()?.ok()?, numbers.next()) {
        (1, Some(Ok(second))) => Some(second),
        (first, _) => Some(first),
    }
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

fn silent(binary: &Path) -> String {
    format!("{} does not say which version it is", binary.display())
}

fn missing(how: &str) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("no Java to run Keycloak with: {how}"),
        format!("the runtime `dist` starts Keycloak as a Java process and needs Java {OLDEST} or newer"),
        "install a JDK (Debian, Ubuntu: `apt install openjdk-21-jre-headless` or openjdk-17-jre-headless) or point JAVA_HOME to one",
    )
}

fn too_new(java: &Java, newest: u32) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("PATH has Java {}, and this Keycloak runs on nothing newer than Java {newest}", java.major),
        "it would end while it starts",
        format!("install a JDK from {OLDEST} to {newest} and let JAVA_HOME name it, or run a newer Keycloak"),
    )
}

fn too_old(java: &Java, who: &str) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("{who} Java {} ({}), and Keycloak needs {OLDEST} or newer", java.major, java.binary.display()),
        "Keycloak would not start on it",
        format!("install a JDK {OLDEST} or newer and point JAVA_HOME to it"),
    )
}

#[cfg(test)]
mod tests;
