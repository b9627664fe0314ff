//! A Keycloak as a person would start it without the lab: `start-dev`, no fixed host name, no realm of ours.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use ::lab::keycloak::dist::{self, DistOptions};
use ::lab::keycloak::java::{self, Search};
use ::lab::keycloak::{Runtime, versions};
use ::lab::ports::Ports;
use ::lab::progress::Silent;
use ::lab::state::Folders;
use ::lab::world::{Options, would_launch};
use tokio_util::sync::CancellationToken;

use crate::support::{Said, wait_for};

const ADMIN: &str = "somebody";
const PASSWORD: &str = "somebodys-password";

/// The process; its whole group ends with it.
pub struct PlainKeycloak {
    child: Child,
    url: String,
}

impl PlainKeycloak {
    /// Unpacks the default version below `folder`, starts it, and waits until it answers.
    pub fn start(folder: &Path) -> Self {
        let home = folder.join("plain-keycloak");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let java = runtime.block_on(async {
            let options = Options {
                runtime: Runtime::Dist,
                version: versions::DEFAULT.to_owned(),
                keycloak: ::lab::keycloak::Options::default(),
                ports: Ports::Auto,
                sites: ::lab::sites::Sites::Same,
                third_party_cookies: None,
                bind: "127.0.0.1".parse().unwrap(),
                realm: realm::Realm::shipped(),
                folders: Folders::find(std::env::var_os("SSO_LAB_CACHE").map(Into::into), Some(folder.into())).unwrap(),
                main_seat: false,
                admin: None,
                faults: Vec::new(),
                progress: std::sync::Arc::new(Silent),
                lessons: None,
            };
            let launch = would_launch(&options);
            dist::unpacked(&launch, &DistOptions::default(), &home, &CancellationToken::new()).await.unwrap();
            java::find(&Search::from_env(), &Silent).await.unwrap()
        });
        let port = free_port();
        let mut command = Command::new(home.join("bin/kc.sh"));
        command
            .args(["start-dev", "--http-host=127.0.0.1", &format!("--http-port={port}")])
            .arg(format!("--http-management-port={}", free_port()))
            .env("JAVA_HOME", java.binary.parent().unwrap().parent().unwrap())
            .env("JAVA_OPTS_APPEND", "-Xmx512m")
            .env("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN)
            .env("KC_BOOTSTRAP_ADMIN_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().unwrap();
        let keycloak = Self { child, url: format!("http://127.0.0.1:{port}/") };
        wait_for("the plain Keycloak answers", || keycloak.has_realm("master"));
        keycloak
    }

    /// Runs a command of the lab against this Keycloak.
    pub fn as_external(&self, command: &mut Command) -> Said {
        command.args(["--url", &self.url]);
        command.env("SSO_LAB_ADMIN_USERNAME", ADMIN).env("SSO_LAB_ADMIN_PASSWORD", PASSWORD);
        Said::of(command.output().unwrap())
    }

    pub fn has_realm(&self, realm: &str) -> bool {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let client = ::lab::http::client(std::time::Duration::from_secs(20));
        let asked = runtime.block_on(async { client.get(format!("{}realms/{realm}", self.url)).send().await });
        asked.is_ok_and(|answer| answer.status().is_success())
    }
}

impl Drop for PlainKeycloak {
    fn drop(&mut self) {
        // Never through the `kill` command: some versions take a negative id for "everybody".
        if let Some(group) = i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
