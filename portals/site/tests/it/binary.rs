//! The program `portal`, started as a person starts it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};

use portals::{Faults, Kind};
use tokio::net::TcpListener;

const LOCAL: &str = "http://localhost:9/realms/enterprise-sso";

pub(crate) fn portal(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portal"));
    command.args(arguments).env_clear().stdin(Stdio::null());
    command
}

fn fails(arguments: &[&str]) -> String {
    let Output { status, stdout, stderr } = portal(arguments).output().unwrap();
    assert!(!status.success());
    assert!(stdout.is_empty());
    String::from_utf8(stderr).unwrap()
}

/// Ends the program also when a test fails.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the program writes while it gets this logout token. A process of its own, because `tracing` is the process's.
pub(crate) async fn log_of_delivering(kind: Kind, faults: Faults, token: &str) -> String {
    let mut command = portal(&["--port", "0", "--issuer", LOCAL, "--portal", kind.word()]);
    for fault in faults.iter() {
        command.args(["--fault", fault.name()]);
    }
    let mut child = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = http.post(format!("{}/logout", line.trim())).form(&[("logout_token", token)]).send().await;
    assert_eq!(sent.unwrap().status(), 400, "its provider does not exist");
    child.0.kill().unwrap();
    let mut log = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    log
}

#[tokio::test]
async fn it_prints_its_address_answers_and_stops_when_it_is_asked_to() {
    for signal in ["-INT", "-TERM"] {
        it_stops_at(signal).await;
    }
}

async fn it_stops_at(signal: &str) {
    // Every option can stand in the environment as well.
    let mut command = portal(&["--port", "0"]);
    command.env("SSO_PORTAL_PORTAL", "admin").env("SSO_PORTAL_ISSUER", LOCAL);
    let mut child = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim();
    assert!(url.starts_with("http://localhost:"), "{url}");
    let _ = rustls::crypto::ring::default_provider().install_default();
    let health =
        reqwest::Client::builder().no_proxy().build().unwrap().get(format!("{url}/health?secret=1")).send().await;
    assert_eq!(health.unwrap().text().await.unwrap(), r#"{"status":"ok","portal":"admin"}"#);

    let id = child.0.id().to_string();
    assert!(Command::new("kill").args([signal, "--", &id]).status().unwrap().success());
    assert!(child.0.wait().unwrap().success());
    let mut log = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("/health") && !log.contains("secret"), "{log}");
}

#[test]
fn a_missing_option_for_a_provider_elsewhere_is_named() {
    let far = ["--portal", "admin", "--port", "0", "--issuer", "https://op.example/realm"];
    let error = fails(&far);
    assert!(error.contains("error: --client-id ID is missing") && error.contains("to do:"), "{error}");
    let error = fails(&[&far[..], &["--client-id", "x"]].concat());
    assert!(error.contains("error: --client-secret-env VAR is missing"), "{error}");
    let error = fails(&[&far[..], &["--client-id", "x", "--client-secret-env", "NO_SUCH_VARIABLE"]].concat());
    assert!(error.contains("the environment variable NO_SUCH_VARIABLE is not set"), "{error}");
}

#[test]
fn a_wrong_word_a_bad_address_and_a_bad_sibling_are_explained() {
    let error = fails(&["--portal", "intern", "--port", "0", "--issuer", LOCAL]);
    assert!(error.contains("the portals are internal, external and admin"), "{error}");
    let error = fails(&["--portal", "admin", "--port", "0", "--issuer", "ftp://localhost/x"]);
    assert!(error.contains("the issuer ftp://localhost/x cannot be used"), "{error}");
    let with_path = ["--portal", "admin", "--port", "0", "--issuer", LOCAL, "--public-url", "http://localhost/x"];
    assert!(fails(&with_path).contains("must be an origin"));
    let error = fails(&["--portal", "admin", "--port", "0", "--issuer", "localhost"]);
    assert!(error.contains("\"localhost\" is not a web address"), "{error}");
    let sibling = |text| fails(&["--portal", "admin", "--port", "0", "--issuer", LOCAL, "--sibling", text]);
    assert!(sibling("http://localhost:3001").contains("KIND=URL"));
    assert!(sibling("intern=http://localhost:3001").contains("\"intern\" is not a portal"));
    assert!(sibling("internal=localhost").contains("is not a web address"));
}

#[test]
fn a_store_that_cannot_be_used_is_explained_before_the_start() {
    let store = |text| fails(&["--portal", "admin", "--port", "0", "--issuer", LOCAL, "--store", text]);
    assert!(store("redis").contains("a store is \"memory\" or the address of a Redis server"));
    assert!(store("http://localhost:6379").contains("a store cannot be reached by http:// addresses"));
    assert!(store("redis://localhost/first").contains("the number of a database"));
    let tls = store("rediss://user:hush@localhost");
    assert!(tls.contains("without TLS") && tls.contains("to do:") && !tls.contains("hush"), "{tls}");
}

#[tokio::test]
async fn a_store_that_is_not_there_yet_is_a_warning_and_503() {
    let arguments = ["--portal", "admin", "--port", "0", "--issuer", LOCAL, "--store", "redis://:hush@127.0.0.1:9"];
    let mut child = Running(portal(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let health = client.get(format!("{}/health", line.trim())).send().await.unwrap();
    assert_eq!(health.status(), 503);
    let health = health.text().await.unwrap();
    assert!(health.contains("store-away") && health.contains("connection refused"), "{health}");
    child.0.kill().unwrap();
    let mut log = String::new();
    child.0.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("the portal starts, and answers 503 until it is there"), "{log}");
    assert!(!log.contains("hush"), "{log}");
}

#[tokio::test]
async fn a_taken_port_is_an_error_that_says_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let error = fails(&["--portal", "external", "--port", &port, "--issuer", LOCAL]);
    assert!(error.contains(&format!("cannot listen on 127.0.0.1:{port}")), "{error}");
    assert!(error.contains("another program uses this port") && error.contains("--port"), "{error}");
}
