//! The container: what it is made of and how it is made.

use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use testcontainers::bollard::models::PortBinding;
use testcontainers::core::IntoContainerPort as _;
use testcontainers::core::logs::LogFrame;
use testcontainers::{ContainerRequest, GenericImage, ImageExt as _};

use super::Launch;
use super::pick::{Content, Pick};
use super::reach::Ports;
use crate::engine::{Reach, divided, labels};
use crate::keycloak::image::CLASS_ARCHIVE;

/// The name of a run's container.
pub(super) fn name(run_id: &str) -> String {
    format!("sso-lab-keycloak-{run_id}")
}

/// What to tell testcontainers. It gets no condition to wait for: readiness is the same question for every runtime
/// and is asked afterwards, where it can be cancelled.
pub(super) fn request(
    launch: &Launch,
    pick: &Pick,
    reach: Reach,
    ports: Ports,
    log: File,
) -> ContainerRequest<GenericImage> {
    let (image, tag) = divided(&pick.name);
    let log = Mutex::new(log);
    let mut request = GenericImage::new(image, tag)
        .with_container_name(name(&launch.run_id))
        .with_labels(labels("keycloak", &launch.run_id))
        .with_startup_timeout(launch.deadline)
        .with_cmd(arguments(launch, pick, reach, ports))
        .with_log_consumer(move |frame: &LogFrame| {
            // A full disk must not take Keycloak down with it.
            let _ = log.lock().unwrap_or_else(PoisonError::into_inner).write_all(frame.bytes());
        });
    for (name, value) in environment(launch, pick) {
        request = request.with_env_var(name, value);
    }
    if let Content::Plain = pick.content {
        let realm = launch.realm.json().to_string().into_bytes();
        request = request.with_copy_to("/opt/keycloak/data/import/enterprise-sso.json", realm);
    }
    match reach {
        Reach::HostNetwork => request.with_network("host"),
        Reach::Published => {
            let pairs = reach.published(ports);
            for (here, inside) in &pairs {
                request = request.with_mapped_port(*here, inside.tcp());
            }
            request
                .with_host("host.docker.internal", testcontainers::core::Host::HostGateway)
                .with_host_config_modifier(move |host| {
                    // testcontainers publishes on every address; the lab's Keycloak is nobody else's business.
                    let on_loopback = |(here, inside): &(u16, u16)| {
                        let binding =
                            PortBinding { host_ip: Some("127.0.0.1".to_owned()), host_port: Some(here.to_string()) };
                        (format!("{inside}/tcp"), Some(vec![binding]))
                    };
                    host.port_bindings = Some(pairs.iter().map(on_loopback).collect());
                    host.publish_all_ports = Some(false);
                })
        }
    }
}

/// The words after `kc.sh`.
fn arguments(launch: &Launch, pick: &Pick, reach: Reach, ports: Ports) -> Vec<String> {
    let first: &[&str] = match pick.content {
        Content::Prepared { .. } => &["start", "--optimized"],
        Content::Plain => &["start-dev", "--import-realm", "--health-enabled=true"],
    };
    let mut words: Vec<String> = first.iter().map(|word| (*word).to_owned()).collect();
    words.push(format!("--hostname={}", launch.public_url.as_str().trim_end_matches('/')));
    words.push("--http-enabled=true".to_owned());
    words.extend(reach.listen(ports));
    words
}

/// The environment of Keycloak.
fn environment(launch: &Launch, pick: &Pick) -> Vec<(&'static str, String)> {
    // C1 compiles fast and suffices for one lab; the heap would otherwise be half of the computer's memory.
    let mut options = format!("-XX:TieredStopAtLevel=1 -Dsso.lab.run={}", launch.run_id);
    let mut variables = vec![
        ("SSO_LAB_RUN", launch.run_id.clone()),
        ("JAVA_OPTS_KC_HEAP", "-Xms64m -Xmx512m".to_owned()),
        // While it is down, health says so in the log at every question, and buries the lines that matter.
        ("KC_LOG_LEVEL", "info,io.smallrye.health:error".to_owned()),
    ];
    match &pick.content {
        Content::Prepared { .. } => {
            options.push_str(" -XX:SharedArchiveFile=");
            options.push_str(CLASS_ARCHIVE);
        }
        Content::Plain => {
            variables.push(("KC_BOOTSTRAP_ADMIN_USERNAME", launch.admin.username.clone()));
            variables.push(("KC_BOOTSTRAP_ADMIN_PASSWORD", launch.admin.password.clone()));
        }
    }
    variables.push(("JAVA_OPTS_APPEND", options));
    variables
}

#[cfg(test)]
mod tests;
