//! The container: what it is made of, how it is made, how it goes away.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::{ContainerSummary, PortBinding};
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
};
use testcontainers::core::IntoContainerPort as _;
use testcontainers::core::logs::LogFrame;
use testcontainers::{ContainerRequest, GenericImage, ImageExt as _};
use tokio::time::timeout;

use super::Launch;
use super::engine::Engine;
use super::pick::{Content, Pick};
use super::reach::{Ports, Reach};
use crate::keycloak::image::CLASS_ARCHIVE;
use crate::trouble::{Kind, Trouble};

/// Says that a container is the lab's, and which part: `sso-lab=keycloak`.
const LABEL_PART: &str = "sso-lab";
/// Says whose: the run's id.
const LABEL_RUN: &str = "sso-lab.run";

/// How many lines of Keycloak's output an error shows.
const LAST_LINES: &str = "15";
/// An engine answers in milliseconds, and removes a container in less than a second.
const QUESTION: Duration = Duration::from_secs(15);

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
    // A digest (`name@sha256:…`) is divided at its colon as well: testcontainers joins the two with one.
    let (image, tag) = match pick.name.rsplit_once(':') {
        Some((image, tag)) if !tag.contains('/') => (image, tag),
        _ => (pick.name.as_str(), "latest"),
    };
    let log = Mutex::new(log);
    let mut request = GenericImage::new(image, tag)
        .with_container_name(name(&launch.run_id))
        .with_labels([(LABEL_PART, "keycloak"), (LABEL_RUN, &launch.run_id)])
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

impl Engine {
    /// The lab's containers, running or not, as pairs of name and run.
    pub(super) async fn containers(&self) -> Result<Vec<(String, String)>, Error> {
        let of = |summary: ContainerSummary| {
            let run = summary.labels.unwrap_or_default().remove(LABEL_RUN).unwrap_or_default();
            // The engine puts a slash before names.
            let name = summary.names.unwrap_or_default().first().map(|name| name.trim_start_matches('/').to_owned());
            name.or(summary.id).map(|name| (name, run))
        };
        Ok(self.labelled(&format!("{LABEL_PART}=keycloak")).await?.into_iter().filter_map(of).collect())
    }

    /// Resolves when no container carries the label any more, or after a while.
    pub(in crate::keycloak) async fn without_containers_of(&self, label: &str) {
        let gone = async {
            while self.labelled(label).await.is_ok_and(|found| !found.is_empty()) {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let _ = timeout(QUESTION, gone).await;
    }

    async fn labelled(&self, label: &str) -> Result<Vec<ContainerSummary>, Error> {
        let filters = HashMap::from([("label", vec![label.to_owned()])]);
        let options = ListContainersOptionsBuilder::new().all(true).filters(&filters).build();
        timeout(QUESTION, self.docker.list_containers(Some(options))).await.map_err(|_| Error::RequestTimeoutError)?
    }

    /// Ends and removes a container, whatever its state, and returns when it is gone. One that is gone already is fine.
    pub(super) async fn remove(&self, container: &str) -> Result<(), Trouble> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        let removal = async {
            loop {
                match self.docker.remove_container(container, Some(options.clone())).await {
                    Ok(()) | Err(Error::DockerResponseServerError { status_code: 404, .. }) => return Ok(()),
                    // Somebody else removes it at this moment: ask until it is gone.
                    Err(Error::DockerResponseServerError { status_code: 409, .. }) => {
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    Err(error) => return Err(error),
                }
            }
        };
        let failure = match timeout(QUESTION, removal).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("not removed after {} s", QUESTION.as_secs()),
        };
        Err(Trouble::new(
            Kind::Part,
            format!("the container {container} could not be removed"),
            "it keeps running, and with it a Keycloak that nobody watches",
            format!("remove it with `docker rm -f {container}`"),
        )
        .caused_by(failure))
    }

    /// Resolves when the container does not run any more, and says how it ended.
    pub(super) async fn ended(&self, container: &str) -> String {
        loop {
            let mut answers = std::pin::pin!(self.docker.wait_container(container, None));
            match answers.next().await {
                // The client gives up long silences; the container still runs.
                Some(Err(Error::RequestTimeoutError)) => {}
                Some(Err(Error::DockerResponseServerError { status_code: 404, .. })) => {
                    return "somebody removed its container".to_owned();
                }
                Some(Ok(_) | Err(Error::DockerContainerWaitError { .. })) => return self.how_ended(container).await,
                Some(Err(error)) => return format!("the container engine cannot say how it is: {error}"),
                None => return "the container engine stopped answering".to_owned(),
            }
        }
    }

    async fn how_ended(&self, container: &str) -> String {
        let inspected = timeout(QUESTION, self.docker.inspect_container(container, None)).await;
        let Some(state) = inspected.ok().and_then(Result::ok).and_then(|found| found.state) else {
            return "somebody removed its container".to_owned();
        };
        if state.oom_killed == Some(true) {
            return "the system ended it because memory ran out".to_owned();
        }
        format!("it ended with exit code {}", state.exit_code.unwrap_or_default())
    }

    /// The last lines that Keycloak wrote.
    pub(super) async fn last_lines(&self, container: &str) -> String {
        let options = LogsOptionsBuilder::new().stdout(true).stderr(true).tail(LAST_LINES).build();
        let mut lines = String::new();
        let read = async {
            let mut frames = std::pin::pin!(self.docker.logs(container, Some(options)));
            while let Some(Ok(frame)) = frames.next().await {
                lines.push_str(&String::from_utf8_lossy(frame.as_ref()));
            }
        };
        // Lines that arrived count, even if the rest does not come.
        let _ = timeout(Duration::from_secs(3), read).await;
        lines
    }
}

#[cfg(test)]
mod tests;
