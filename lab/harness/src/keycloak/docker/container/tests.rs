use std::sync::Arc;
use std::time::Duration;

use realm::Realm;
use testcontainers::bollard::models::HostConfig;
use url::Url;

use super::{arguments, environment, request};

use crate::engine::Reach;
use crate::keycloak::docker::pick::{Content, Pick};
use crate::keycloak::docker::reach::Ports;
use crate::keycloak::{Credentials, Launch};
use crate::progress::Silent;

const PORTS: Ports = Ports { http: 41_000, management: 41_001 };

fn launch() -> Launch {
    Launch {
        version: "26.7.3".to_owned(),
        realm: Realm::shipped(),
        public_url: Url::parse("http://localhost:8080").unwrap(),
        admin: Credentials { username: "admin".to_owned(), password: "of this run".to_owned() },
        run_id: "r1".to_owned(),
        run_dir: "/nowhere".into(),
        log_file: "/nowhere/log".into(),
        cache: "/nowhere/cache".into(),
        deadline: Duration::from_secs(1),
        progress: Arc::new(Silent),
    }
}

fn image(name: &str, content: Content) -> Pick {
    Pick { name: name.to_owned(), content, here: true }
}

fn prepared() -> Content {
    let seed = Credentials { username: "seed".to_owned(), password: "of the image".to_owned() };
    Content::Prepared { version: "26.7.3".to_owned(), seed }
}

fn value(environment: &[(&'static str, String)], name: &str) -> Option<String> {
    environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
}

#[test]
fn a_prepared_image_starts_optimised_behind_the_public_address() {
    let words = arguments(&launch(), &image("ours:1", prepared()), Reach::HostNetwork, PORTS);
    assert_eq!(words[..2], ["start", "--optimized"]);
    // Without the slash: the issuer is built from it.
    assert!(words.contains(&"--hostname=http://localhost:8080".to_owned()), "{words:?}");
    assert!(words.contains(&"--http-port=41000".to_owned()), "{words:?}");
}

#[test]
fn any_other_image_builds_itself_and_imports_the_realm() {
    let words = arguments(&launch(), &image("theirs:1", Content::Plain), Reach::HostNetwork, PORTS);
    assert_eq!(words[..3], ["start-dev", "--import-realm", "--health-enabled=true"]);
}

#[test]
fn only_an_image_without_an_administrator_is_told_to_make_one() {
    let theirs = environment(&launch(), &image("theirs:1", Content::Plain));
    assert_eq!(value(&theirs, "KC_BOOTSTRAP_ADMIN_USERNAME").as_deref(), Some("admin"));
    assert_eq!(value(&theirs, "KC_BOOTSTRAP_ADMIN_PASSWORD").as_deref(), Some("of this run"));

    let ours = environment(&launch(), &image("ours:1", prepared()));
    assert_eq!(value(&ours, "KC_BOOTSTRAP_ADMIN_PASSWORD"), None);
    assert!(value(&ours, "JAVA_OPTS_APPEND").unwrap().contains("-XX:SharedArchiveFile=/opt/keycloak/lab/classes.jsa"));
}

#[test]
fn every_name_of_an_image_reaches_the_engine_unchanged() {
    for (name, expected) in [
        ("keycloak", "keycloak:latest"),
        ("quay.io/keycloak/keycloak:26.7.3", "quay.io/keycloak/keycloak:26.7.3"),
        ("registry.example:5000/keycloak", "registry.example:5000/keycloak:latest"),
        ("keycloak@sha256:0a1b", "keycloak@sha256:0a1b"),
    ] {
        let log = tempfile::tempfile().unwrap();
        let request = request(&launch(), &image(name, prepared()), Reach::HostNetwork, PORTS, log);
        assert_eq!(request.descriptor(), expected);
    }
}

#[test]
fn published_ports_are_open_on_loopback_only() {
    let log = tempfile::tempfile().unwrap();
    let request = request(&launch(), &image("ours:1", prepared()), Reach::Published, PORTS, log);
    let mut host = HostConfig { publish_all_ports: Some(true), ..HostConfig::default() };
    request.host_config_modifier().unwrap()(&mut host);

    assert_eq!(host.publish_all_ports, Some(false));
    let bindings = host.port_bindings.unwrap();
    let http = bindings["8080/tcp"].as_ref().unwrap();
    assert_eq!(http[0].host_ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(http[0].host_port.as_deref(), Some("41000"));
    assert_eq!(bindings.len(), 2);
}

#[test]
fn a_container_says_whose_it_is() {
    let log = tempfile::tempfile().unwrap();
    let request = request(&launch(), &image("ours:1", prepared()), Reach::HostNetwork, PORTS, log);
    assert_eq!(request.labels()["sso-lab"], "keycloak");
    assert_eq!(request.labels()["sso-lab.run"], "r1");
    assert_eq!(request.network().as_deref(), Some("host"));
    assert_eq!(request.container_name().as_deref(), Some("sso-lab-keycloak-r1"));
}
