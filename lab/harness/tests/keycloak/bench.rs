//! What every test here starts with: a launch in a folder of its own, and ways to look at what is left.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab::Trouble;
use lab::keycloak::admin::Admin;
use lab::keycloak::dist::{self, DistOptions};
use lab::keycloak::{Credentials, Launch, Running, process, versions};
use lab::progress::Progress;
use realm::Realm;
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use url::Url;

/// A public address that nothing listens on: these tests ask Keycloak at its private one.
pub(crate) const PUBLIC: &str = "http://localhost:18080/";

/// A launch, its folders, and what was told while it ran.
pub(crate) struct Bench {
    pub(crate) launch: Launch,
    pub(crate) options: DistOptions,
    pub(crate) told: Arc<Told>,
    _folder: TempDir,
}

/// Remembers progress.
#[derive(Default)]
pub(crate) struct Told(Mutex<Vec<String>>);

impl Bench {
    /// A launch whose cache is empty.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let cache = folder.path().join("cache");
        Self::with_cache(folder, &cache)
    }

    /// A launch over the cache that all tests share, which is prepared. For tests that leave it as it is.
    pub(crate) async fn prepared() -> Self {
        static CACHE: OnceCell<TempDir> = OnceCell::const_new();
        let cache = CACHE
            .get_or_init(|| async {
                let cache = TempDir::new().unwrap();
                let bench = Self::with_cache(TempDir::new().unwrap(), cache.path());
                dist::prepare(&bench.launch, &bench.options, CancellationToken::new()).await.unwrap();
                cache
            })
            .await;
        Self::with_cache(TempDir::new().unwrap(), cache.path())
    }

    /// A launch whose cache is empty, from a distribution that is built already: for tests that are not about
    /// building, which takes longer than all the rest.
    pub(crate) async fn built() -> Self {
        let mut bench = Self::new();
        bench.options.distribution = Some(Self::prepared().await.prepared_folder().join("home"));
        bench
    }

    /// Another launch, as if of another lab, over the same cache.
    pub(crate) fn beside(&self) -> Self {
        let beside = Self::with_cache(TempDir::new().unwrap(), &self.launch.cache);
        Self { options: self.options.clone(), ..beside }
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
            deadline: Duration::from_mins(4),
            progress: told.clone(),
        };
        let distribution = std::env::var_os("SSO_LAB_TEST_DIST").map(PathBuf::from);
        Self { launch, options: DistOptions { distribution, ..DistOptions::default() }, told, _folder: folder }
    }

    pub(crate) async fn start(&self) -> Result<Running, Trouble> {
        dist::start(&self.launch, &self.options, CancellationToken::new()).await
    }

    /// This lab's administrator at a running Keycloak.
    pub(crate) fn admin(&self, running: &Running) -> Admin {
        Admin::new(running.upstream.clone(), &self.launch.public_url, self.launch.admin.clone())
    }

    /// The zip of the distribution.
    pub(crate) async fn distribution(&self) -> PathBuf {
        if let Some(path) = &self.options.distribution {
            return path.clone();
        }
        let cached = Self::prepared().await.launch.cache.join("keycloak/dist");
        list(&cached).into_iter().find(|path| path.extension().is_some_and(|ext| ext == "zip")).unwrap()
    }

    /// The folder that the lab prepared.
    pub(crate) fn prepared_folder(&self) -> PathBuf {
        let mut folders = list(&self.launch.cache.join("keycloak/prepared"));
        folders.retain(|path| path.is_dir());
        assert_eq!(folders.len(), 1, "{folders:?}");
        folders.remove(0)
    }

    /// Asserts that nothing of this run is left: no process, no file in its folder, no unfinished work in the cache.
    pub(crate) async fn assert_clean(&self) {
        assert_eq!(process::sweep(&self.launch.run_id).await.unwrap(), Vec::<String>::new());
        assert_eq!(list(&self.launch.run_dir), Vec::<PathBuf>::new());
        let mut unfinished = list(&self.launch.cache.join("keycloak/prepared"));
        unfinished.retain(|path| path.is_dir() && !path.join("manifest.json").exists());
        assert_eq!(unfinished, Vec::<PathBuf>::new());
        let mut fetching = list(&self.launch.cache.join("keycloak/dist"));
        fetching.retain(|path| path.is_dir());
        assert_eq!(fetching, Vec::<PathBuf>::new());
    }
}

fn list(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Signs john in at a client with a direct grant, which a test has to switch on first. The answer as JSON.
pub(crate) async fn sign_in(upstream: &Url, secret: &str) -> serde_json::Value {
    let form = [
        ("grant_type", "password"),
        ("client_id", "internal-portal"),
        ("client_secret", secret),
        ("username", "john.employee"),
        ("password", "password123"),
        ("scope", "openid"),
    ];
    let url = upstream.join("realms/enterprise-sso/protocol/openid-connect/token").unwrap();
    lab::http::client(Duration::from_secs(30)).post(url).form(&form).send().await.unwrap().json().await.unwrap()
}

impl Told {
    /// Whether something with this text was told.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.0.lock().unwrap().iter().any(|line| line.contains(text))
    }

    /// Everything, for failure messages.
    pub(crate) fn all(&self) -> String {
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
