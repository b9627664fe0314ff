//! What the tests of this lane share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lab::Trouble;
use lab::keycloak::dist::DistOptions;
use lab::keycloak::docker::{self, DockerOptions};
use lab::keycloak::{Credentials, Launch, Running, image};
use lab::progress::Progress;
use realm::Realm;
use tempfile::TempDir;
use tokio::process::Command;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Keycloak's version under test.
pub(crate) const VERSION: &str = "26.7.3";

/// Prints progress, so that a slow test says what it waits for.
struct Told;

impl Progress for Told {
    fn begin(&self, what: &str, _usual: Option<Duration>) {
        eprintln!("    {what}");
    }

    fn done(&self, what: &str) {
        eprintln!("    done: {what}");
    }

    fn note(&self, text: &str) {
        eprintln!("    {text}");
    }
}

/// A run of its own in a temporary folder.
pub(crate) struct Run {
    pub(crate) launch: Launch,
    _folder: TempDir,
}

impl Run {
    pub(crate) fn new(id: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
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
            deadline: Duration::from_mins(3),
            progress: Arc::new(Told),
        };
        Self { launch, _folder: folder }
    }

    /// Starts as the lab does when nobody decides anything.
    pub(crate) async fn start(&self, cancel: CancellationToken) -> Result<Running, Trouble> {
        docker::start(&self.launch, &DockerOptions::default(), cancel).await
    }

    /// The label of everything that belongs to the run.
    pub(crate) fn label(&self) -> String {
        format!("sso-lab.run={}", self.launch.run_id)
    }
}

/// What builds the image of the shipped realm, in a cache of its own.
pub(crate) fn build_options(cache: &TempDir) -> image::Options {
    let distribution = std::env::var_os("SSO_LAB_TEST_DIST").map(PathBuf::from);
    image::Options {
        version: VERSION.to_owned(),
        realm: Realm::shipped(),
        dist: DistOptions { distribution, ..DistOptions::default() },
        base: None,
        again: false,
        cache: cache.path().to_owned(),
        progress: Arc::new(Told),
    }
}

/// The image of the shipped realm, built by the first test that asks.
pub(crate) async fn built() -> &'static image::Built {
    static BUILT: OnceCell<image::Built> = OnceCell::const_new();
    BUILT
        .get_or_init(|| async {
            let cache = tempfile::tempdir().unwrap();
            image::build(&build_options(&cache), &CancellationToken::new()).await.unwrap()
        })
        .await
}

/// Containers that carry a label, whatever their state.
pub(crate) async fn containers_with(label: &str) -> Vec<String> {
    engine(&["ps", "--all", "--quiet", "--filter", &format!("label={label}")])
        .await
        .lines()
        .map(str::to_owned)
        .collect()
}

/// Runs the engine's command line, as a person would to see what is there.
pub(crate) async fn engine(args: &[&str]) -> String {
    let output = Command::new("docker").args(args).output().await.unwrap();
    assert!(output.status.success(), "docker {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Builds a small image from a Dockerfile without a context, and gives its name.
pub(crate) async fn image_of(name: &str, dockerfile: &str) -> String {
    use tokio::io::AsyncWriteExt as _;
    let tag = format!("sso-lab-test-{name}:{}", std::process::id());
    let mut build = Command::new("docker")
        .args(["build", "--quiet", "--network", "none", "--force-rm", "--tag", &tag, "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    build.stdin.take().unwrap().write_all(dockerfile.as_bytes()).await.unwrap();
    assert!(build.wait().await.unwrap().success());
    tag
}

/// Resolves when `condition` holds. Panics after two minutes.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    let polling = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), polling).await.unwrap_or_else(|_| panic!("never happened: {what}"));
}

/// Signs in to the master realm with a password. Errors: Keycloak's words. (Its status is 400 or 401, by version.)
pub(crate) async fn admin_sign_in(upstream: &Url, username: &str, password: &str) -> Result<(), String> {
    let form = [("grant_type", "password"), ("client_id", "admin-cli"), ("username", username), ("password", password)];
    let url = upstream.join("realms/master/protocol/openid-connect/token").unwrap();
    let answer = lab::http::client(Duration::from_secs(20)).post(url).form(&form).send().await.unwrap();
    let (good, body) = (answer.status().is_success(), answer.json::<serde_json::Value>().await.unwrap());
    if good { Ok(()) } else { Err(body["error_description"].as_str().unwrap().to_owned()) }
}

/// A JSON document of Keycloak.
pub(crate) async fn json(upstream: &Url, path: &str) -> serde_json::Value {
    let answer = lab::http::client(Duration::from_secs(20)).get(upstream.join(path).unwrap()).send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}
