//! Looks whether this computer can run the lab, and whether Keycloak can reach the portals.

use std::net::TcpListener;
use std::path::Path;

use sysinfo::{Disks, System};

use crate::control::client::LabClient;
use crate::keycloak::{Launch, dist, docker, java};
use crate::ports::holder;
use crate::progress::Silent;

/// Memory that Keycloak, the portals and the lab need together, in bytes.
const MEMORY: u64 = 1_200_000_000;
/// Room for a distribution, a prepared Keycloak and logs, in bytes.
const DISK: u64 = 1_500_000_000;
/// The fixed ports.
const PORTS: [u16; 5] = [8080, 3000, 3001, 3002, 3003];

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub what: String,
    /// How it is.
    pub verdict: Verdict,
}

/// How something is. The text of the last two says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be; what was found.
    Good(String),
    /// Not needed, or not now: why.
    Note(String),
    /// The lab cannot run like this.
    Bad(String),
}

/// What the doctor looks at.
pub struct Patient<'a> {
    /// What a start would want.
    pub launch: &'a Launch,
    /// Where it would get a distribution.
    pub dist: &'a dist::DistOptions,
    /// Which image it would take.
    pub docker: &'a docker::DockerOptions,
    /// The running lab, if there is one.
    pub running: Option<&'a LabClient>,
}

/// Looks at everything; takes a few seconds at most.
pub async fn examine(patient: Patient<'_>) -> Vec<Finding> {
    let mut findings = vec![memory(), disk(&patient.launch.cache)];
    let keycloak = keycloaks(&patient, &mut findings).await;
    findings.push(keycloak);
    findings.push(redis());
    findings.push(browser().await);
    if let Some(lab) = patient.running {
        findings.extend(reach(lab).await);
    } else {
        findings.extend(PORTS.map(port));
        findings.push(Finding {
            what: "Keycloak's POST reaches the portals".to_owned(),
            verdict: Verdict::Note("not asked: no lab is up; ask again after `cargo xtask lab up --detach`".to_owned()),
        });
    }
    findings
}

/// Java, distribution and engine each get a line; one way of running Keycloak is enough.
async fn keycloaks(patient: &Patient<'_>, findings: &mut Vec<Finding>) -> Finding {
    let java = java::find(&patient.dist.java, &Silent)
        .await
        .map(|java| format!("Java {} at {}", java.major, java.binary.display()))
        .map_err(|trouble| trouble.to_string());
    let source = dist::source(patient.launch, patient.dist).map_err(|trouble| trouble.to_string());
    let container = docker::available(patient.launch, patient.docker)
        .await
        .map(|()| "an engine answers and the image can be had".to_owned());
    let process = java.is_ok() && source.is_ok();
    let possible = process || container.is_ok();
    for (what, found) in [("Java", java), ("Keycloak's distribution", source), ("container engine", container)] {
        let verdict = match found {
            Ok(text) => Verdict::Good(text),
            Err(text) => Verdict::Note(text),
        };
        findings.push(Finding { what: what.to_owned(), verdict });
    }
    let verdict = if possible {
        Verdict::Good(if process { "as a Java process".to_owned() } else { "in a container".to_owned() })
    } else {
        Verdict::Bad("neither as a Java process nor in a container: mend one of the lines above".to_owned())
    };
    Finding { what: format!("Keycloak {} can run", patient.launch.version), verdict }
}

fn memory() -> Finding {
    let what = "memory".to_owned();
    let Ok(mut system) = System::new() else {
        return Finding { what, verdict: Verdict::Note("this system does not tell".to_owned()) };
    };
    system.refresh_memory();
    let free = system.available_memory();
    let text = format!("{:.1} GB available", gigabytes(free));
    let verdict = if free >= MEMORY {
        Verdict::Good(text)
    } else {
        Verdict::Bad(format!("{text}, and the lab needs {:.1} GB: close something", gigabytes(MEMORY)))
    };
    Finding { what, verdict }
}

fn disk(folder: &Path) -> Finding {
    let what = "disk".to_owned();
    let Ok(disks) = Disks::new_with_refreshed_list() else {
        return Finding { what, verdict: Verdict::Note("this system does not tell".to_owned()) };
    };
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let disk = disks
        .iter()
        .filter(|disk| existing.starts_with(disk.mount_point()))
        .max_by_key(|disk| disk.mount_point().components().count());
    let verdict = match disk.map(sysinfo::Disk::available_space) {
        None => Verdict::Note("this system does not tell".to_owned()),
        Some(free) if free >= DISK => Verdict::Good(format!("{:.1} GB free for the cache", gigabytes(free))),
        Some(free) => Verdict::Bad(format!(
            "{:.1} GB free for the cache, and the lab needs {:.1} GB: make room, or set SSO_LAB_CACHE to a folder elsewhere",
            gigabytes(free),
            gigabytes(DISK)
        )),
    };
    Finding { what, verdict }
}

/// Only some lessons need it, and say so.
fn redis() -> Finding {
    let verdict = match crate::redis::find() {
        Some(program) => Verdict::Good(program.display().to_string()),
        None => Verdict::Note(format!(
            "redis-server is not there; lessons with a portal's sessions in Redis cannot be played: {}",
            crate::redis::INSTALL
        )),
    };
    Finding { what: "Redis".to_owned(), verdict }
}

/// Only lessons in a real browser need it, and say so.
async fn browser() -> Finding {
    let verdict = match crate::chromium::find().await {
        Ok(place) => Verdict::Good(place.to_string()),
        Err(trouble) => {
            Verdict::Note(format!("{}; lessons in a real browser cannot be played: {}", trouble.what, trouble.action))
        }
    };
    Finding { what: "Chromium".to_owned(), verdict }
}

fn port(port: u16) -> Finding {
    let verdict = match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Verdict::Good("free".to_owned()),
        Err(_) => Verdict::Bad(format!(
            "taken by {}: stop it, or use `--ports auto`",
            holder(port).unwrap_or_else(|| "another program".to_owned())
        )),
    };
    Finding { what: format!("port {port}"), verdict }
}

async fn reach(lab: &LabClient) -> Vec<Finding> {
    match lab.reach().await {
        Ok(reached) => reached
            .into_iter()
            .map(|reach| Finding {
                what: format!("Keycloak's POST reaches {}", reach.portal),
                verdict: if reach.arrived {
                    Verdict::Good(format!("it arrived at {}", reach.url))
                } else {
                    Verdict::Bad(format!(
                        "{} cannot be reached from where Keycloak runs: no logout token will ever arrive there",
                        reach.url
                    ))
                },
            })
            .collect(),
        Err(trouble) => vec![Finding {
            what: "Keycloak's POST reaches the portals".to_owned(),
            verdict: Verdict::Bad(format!("could not be asked: {trouble}")),
        }],
    }
}

#[expect(clippy::cast_precision_loss, reason = "one digit after the point is all that is shown")]
fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}
