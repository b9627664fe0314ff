//! What every test here starts with: a launch in a folder of its own, and ways to look at what is left.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab::Trouble;
use lab::keycloak::admin::Admin;
use lab::keycloak::dist::{self, DistOptions};
use lab::keycloak::{Credentials, Launch, Running, versions};
use lab::progress::Progress;
use realm::Realm;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use url::Url;

/// A public address that nothing listens on: these tests ask Keycloak at its private one.
pub const PUBLIC: &str = "http://localhost:18080/";

/// A launch, its folders, and what was told while it ran.
pub struct Bench {
    pub launch: Launch,
    pub options: DistOptions,
    pub told: Arc<Told>,
    pub folder: TempDir,
}

/// Remembers progress.
#[derive(Default)]
pub struct Told(Mutex<Vec<String>>);

impl Bench {
    /// A launch whose cache is empty.
    pub fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let cache = folder.path().join("cache");
        Self::with_cache(folder, &cache)
    }

    /// Another launch, as if of another lab, over the same cache.
    pub fn beside(&self) -> Self {
        Self::with_cache(TempDir::new().unwrap(), &self.launch.cache)
    }

    fn with_cache(folder: TempDir, cache: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let run_id = format!("test-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let run_dir = folder.path().join("run");
        std::fs::create_dir_all(&run_dir).unwrap();
        let told = Arc::new(Told::default());
        let launch = Launch {
            version: versions::DEFAULT.to_owned(),
            realm: Realm::shipped(),
            public_url: Url::parse(PUBLIC).unwrap(),
            admin: Credentials { username: "lab-admin".to_owned(), password: format!("pw-{run_id}") },
            log_file: folder.path().join("keycloak.log"),
            run_id,
            run_dir,
            cache: cache.to_owned(),
            deadline: Duration::from_secs(180),
            progress: told.clone(),
        };
        let distribution = std::env::var_os("SSO_LAB_TEST_DIST").map(PathBuf::from);
        Self { launch, options: DistOptions { distribution, ..DistOptions::default() }, told, folder }
    }

    pub async fn start(&self) -> Result<Running, Trouble> {
        dist::start(&self.launch, &self.options, CancellationToken::new()).await
    }

    /// This lab's administrator at a running Keycloak.
    pub fn admin(&self, running: &Running) -> Admin {
        Admin::new(running.upstream.clone(), &self.launch.public_url, self.launch.admin.clone())
    }

    /// What stands in the run's folder.
    pub fn left(&self) -> Vec<PathBuf> {
        std::fs::read_dir(&self.launch.run_dir).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    /// Processes that carry this run's mark.
    pub async fn processes(&self) -> Vec<String> {
        lab::keycloak::process::sweep(&self.launch.run_id).await.unwrap()
    }
}

impl Told {
    /// Whether something with this text was told.
    pub fn has(&self, text: &str) -> bool {
        self.0.lock().unwrap().iter().any(|line| line.contains(text))
    }

    /// Everything, for failure messages.
    pub fn all(&self) -> String {
        self.0.lock().unwrap().join("\n")
    }

    fn push(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

impl Progress for Told {
    fn begin(&self, what: &str, _usual: Option<Duration>) {
        self.push(what);
    }
    fn done(&self, what: &str) {
        self.push(&format!("done: {what}"));
    }
    fn note(&self, text: &str) {
        self.push(text);
    }
}
