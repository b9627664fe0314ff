//! What the tests of this lane share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lab::keycloak::{Credentials, Launch, image};
use lab::progress::Progress;
use realm::Realm;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Keycloak's version under test.
pub const VERSION: &str = "26.7.3";

/// Prints progress, so that a slow test says what it waits for, and keeps it.
#[derive(Default)]
pub struct Told(Mutex<Vec<String>>);

impl Told {
    pub fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    fn add(&self, line: String) {
        eprintln!("    {line}");
        self.0.lock().unwrap().push(line);
    }
}

impl Progress for Told {
    fn begin(&self, what: &str, _usual: Option<Duration>) {
        self.add(what.to_owned());
    }

    fn done(&self, what: &str) {
        self.add(format!("done: {what}"));
    }

    fn note(&self, text: &str) {
        self.add(text.to_owned());
    }
}

/// A run of its own in a temporary folder.
pub struct Run {
    pub launch: Launch,
    pub told: Arc<Told>,
    _folder: TempDir,
}

impl Run {
    pub fn new(id: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let told = Arc::new(Told::default());
        let launch = Launch {
            version: VERSION.to_owned(),
            realm: Realm::shipped(),
            public_url: Url::parse("http://localhost:28080").unwrap(),
            admin: Credentials { username: "lab".to_owned(), password: format!("password-of-{id}") },
            // Two runs of this lane on one engine must not meet.
            run_id: format!("{id}-{}", std::process::id()),
            run_dir: folder.path().to_owned(),
            log_file: folder.path().join("keycloak.log"),
            cache: folder.path().join("cache"),
            deadline: Duration::from_secs(180),
            progress: told.clone(),
        };
        Self { launch, told, _folder: folder }
    }
}

/// The distribution's zip.
pub fn distribution() -> PathBuf {
    let zip = std::env::var_os("SSO_LAB_TEST_DIST").map(PathBuf::from);
    zip.expect("SSO_LAB_TEST_DIST names the zip of Keycloak's distribution")
}

/// What builds the image of the shipped realm.
pub fn build_options(scratch: &TempDir) -> image::Options {
    image::Options {
        version: VERSION.to_owned(),
        realm: Realm::shipped(),
        distribution: distribution(),
        base: None,
        again: false,
        scratch: scratch.path().to_owned(),
        progress: Arc::new(Told::default()),
    }
}

/// The image of the shipped realm, built by the first test that asks.
pub async fn built() -> &'static image::Built {
    static BUILT: OnceCell<image::Built> = OnceCell::const_new();
    BUILT
        .get_or_init(|| async {
            let scratch = tempfile::tempdir().unwrap();
            image::build(&build_options(&scratch), &CancellationToken::new()).await.unwrap()
        })
        .await
}

/// Containers that carry a label, whatever their state.
pub async fn containers_with(label: &str) -> Vec<String> {
    docker(&["ps", "--all", "--quiet", "--filter", &format!("label={label}")]).await.lines().map(str::to_owned).collect()
}

/// Runs the engine's command line, as a person would to see what is there.
pub async fn docker(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().await.unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
