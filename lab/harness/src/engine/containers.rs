//! The lab's containers on an engine: found, watched, removed.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::ContainerSummary;
use testcontainers::bollard::query_parameters::{
    ListContainersOptionsBuilder, LogsOptionsBuilder, RemoveContainerOptionsBuilder,
};
use tokio::time::timeout;

use super::Engine;
use crate::trouble::{Kind, Trouble};

/// Says that a container is the lab's, and which part: `sso-lab=keycloak`.
const LABEL_PART: &str = "sso-lab";
/// Says whose: the run's id.
const LABEL_RUN: &str = "sso-lab.run";

/// How many lines of a container's output an error shows.
const LAST_LINES: &str = "15";
/// An engine answers in milliseconds, and removes a container in less than a second.
const QUESTION: Duration = Duration::from_secs(15);

/// The labels of a container that runs `part` of the run `run_id`: every later lab finds it by them.
pub(crate) fn labels<'a>(part: &'a str, run_id: &'a str) -> [(&'static str, &'a str); 2] {
    [(LABEL_PART, part), (LABEL_RUN, run_id)]
}

/// Name and tag of an image as testcontainers takes them.
pub(crate) fn divided(image: &str) -> (&str, &str) {
    // A digest (`name@sha256:…`) is divided at its colon as well: testcontainers joins the two with one.
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
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
        // Not by the part: images of ours carry its label as well, and so do the containers of their build.
        Ok(self.labelled(LABEL_RUN).await?.into_iter().filter_map(of).collect())
    }

    /// Resolves when no container carries the label any more, or after a while.
    pub(crate) async fn without_containers_of(&self, label: &str) {
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
    pub(crate) async fn remove(&self, container: &str) -> Result<(), Trouble> {
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
            "it keeps running, and with it a part of a lab that nobody watches",
            format!("remove it with `docker rm -f {container}`"),
        )
        .caused_by(failure))
    }

    /// Resolves when the container does not run any more, and says how it ended.
    pub(crate) async fn ended(&self, container: &str) -> String {
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

    /// The last lines that it wrote.
    pub(crate) async fn last_lines(&self, container: &str) -> String {
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
