use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::Redirect;
use axum::routing::get;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::into_cache;
use crate::keycloak::dist::DistOptions;
use crate::keycloak::dist::distribution::cached;
use crate::keycloak::java::Search;
use crate::keycloak::process::last_lines;
use crate::keycloak::testing::{program, until};
use crate::keycloak::versions::Version;
use crate::keycloak::{Credentials, Launch};
use crate::progress::Silent;
use crate::trouble::{Kind, Trouble};

struct Bench {
    folder: tempfile::TempDir,
    launch: Launch,
    version: Version,
}

fn bench(version: &str) -> Bench {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch {
        version: version.to_owned(),
        realm: realm::Realm::shipped(),
        public_url: Url::parse("http://localhost:8080").unwrap(),
        admin: Credentials { username: "admin".to_owned(), password: "password".to_owned() },
        run_id: format!("fetch-{}", std::process::id()),
        run_dir: folder.path().join("run"),
        log_file: folder.path().join("log"),
        cache: folder.path().join("cache"),
        deadline: Duration::from_secs(1),
        progress: Arc::new(Silent),
    };
    Bench { folder, launch, version: Version::parse(version).unwrap() }
}

impl Bench {
    /// Fetches with a `mvn` that is this script, or with none, and with a download from `url`.
    async fn fetch(&self, mvn: Option<&str>, url: &str, cancel: &CancellationToken) -> Result<(), Trouble> {
        let bin = self.folder.path().join("bin");
        std::fs::create_dir_all(&bin).unwrap();
        if let Some(script) = mvn {
            program(&bin.join("mvn"), script);
        }
        let options = DistOptions {
            java: Search { path: Some(bin.into()), ..Search::default() },
            download: url.to_owned(),
            ..DistOptions::default()
        };
        into_cache(&self.launch, &self.version, &options, &self.target(), cancel).await
    }

    fn target(&self) -> std::path::PathBuf {
        cached(&self.launch.cache, &self.version)
    }

    /// Nothing but what was asked for stays in the cache.
    fn left(&self) -> usize {
        std::fs::read_dir(self.target().parent().unwrap()).unwrap().count()
    }
}

/// A `mvn` that does what the real one does with `dependency:copy`.
const MAVEN: &str = r#"#!/bin/sh
for word in "$@"; do case "$word" in
    -Dartifact=org.keycloak:keycloak-quarkus-dist:*:zip) version=${word#*dist:}; version=${version%:zip} ;;
    -DoutputDirectory=*) folder=${word#*=} ;;
esac; done
echo by maven > "$folder/keycloak-quarkus-dist-$version.zip"
"#;

const NOWHERE: &str = "http://127.0.0.1:1/keycloak-{version}.zip";

async fn release_page() -> String {
    let router = Router::new()
        .route("/download/26.4.0.zip", get(|| async { Redirect::temporary("/store") }))
        .route("/store", get(|| async { "by download" }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/download/{{version}}.zip", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn content(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap().trim().to_owned()
}

#[tokio::test]
async fn maven_is_asked_first() {
    let bench = bench("26.4.0");
    bench.fetch(Some(MAVEN), NOWHERE, &CancellationToken::new()).await.unwrap();
    assert_eq!(content(&bench.target()), "by maven");
    assert_eq!(bench.left(), 1);
}

#[tokio::test]
async fn without_maven_or_when_it_fails_the_release_page_is_asked() {
    for mvn in [None, Some("#!/bin/sh\necho no network; exit 1\n")] {
        let bench = bench("26.4.0");
        bench.fetch(mvn, &release_page().await, &CancellationToken::new()).await.unwrap();
        assert_eq!(content(&bench.target()), "by download");
        assert_eq!(bench.left(), 1);
    }
}

#[tokio::test]
async fn when_no_way_works_each_is_named_with_its_reason() {
    let bench = bench("26.4.0");
    let failing = "#!/bin/sh\necho the repository does not answer; exit 1\n";
    let trouble = bench.fetch(Some(failing), NOWHERE, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Environment);
    for part in ["the repository does not answer", "127.0.0.1:1"] {
        assert!(trouble.what.contains(part), "{part}: {trouble}");
    }
    assert!(trouble.action.contains("--dist"), "{}", trouble.action);
    assert_eq!(bench.left(), 0);

    let trouble = self::bench("26.4.0").fetch(None, NOWHERE, &CancellationToken::new()).await.unwrap_err();
    assert!(trouble.what.contains("no `mvn`"), "{trouble}");
}

#[tokio::test]
async fn a_disk_that_is_full_under_maven_is_said_as_such() {
    let bench = bench("26.4.0");
    let full = "#!/bin/sh\ncat /bin/sh > /dev/full\n";
    let trouble = bench.fetch(Some(full), &release_page().await, &CancellationToken::new()).await.unwrap_err();
    assert!(trouble.what.contains("disk is full"), "{trouble}");
    assert_eq!(bench.left(), 0);
}

#[tokio::test]
async fn a_fetched_file_that_is_not_the_pinned_one_does_not_reach_the_cache() {
    let bench = bench("26.7.3");
    let trouble = bench.fetch(Some(MAVEN), NOWHERE, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(trouble.kind, Kind::Safety);
    assert_eq!(bench.left(), 0);
}

#[tokio::test]
async fn cancelling_ends_maven_and_leaves_nothing() {
    let bench = bench("26.4.0");
    let seen = bench.folder.path().join("seen");
    let slow = format!("#!/bin/sh\necho $$ > {}; exec sleep 300\n", seen.display());
    let cancel = CancellationToken::new();
    let fetching = bench.fetch(Some(&slow), NOWHERE, &cancel);
    let cancelling = async {
        until("mvn runs", || !last_lines(&seen, 1).is_empty()).await;
        cancel.cancel();
    };
    let (fetched, ()) = tokio::time::timeout(Duration::from_secs(20), async { tokio::join!(fetching, cancelling) })
        .await
        .expect("cancelling takes too long");
    assert_eq!(fetched.unwrap_err().kind, Kind::Interrupted);
    assert_eq!(bench.left(), 0);
    let pid: i32 = last_lines(&seen, 1).parse().unwrap();
    assert!(rustix::process::test_kill_process(rustix::process::Pid::from_raw(pid).unwrap()).is_err());
}
