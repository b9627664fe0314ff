use std::io;
use std::time::Duration;

use testcontainers::bollard::{API_DEFAULT_VERSION, Docker, errors::Error};
use tokio::net::UnixListener;

use super::{Engine, NoEngine, PATIENCE, remote_host};
use crate::trouble::{Kind, Trouble};

fn docker_at(socket: &std::path::Path) -> Docker {
    Docker::connect_with_unix(socket.to_str().unwrap(), 120, API_DEFAULT_VERSION).unwrap()
}

#[tokio::test]
async fn a_socket_that_nobody_listens_on_is_an_absent_engine() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    drop(UnixListener::bind(&socket).unwrap());

    let reason = Engine::over(docker_at(&socket), PATIENCE).await.err().unwrap();
    assert!(matches!(&reason, NoEngine::Absent(why) if why.contains("refused")), "{reason:?}");
    let trouble = Trouble::from(reason);
    assert_eq!(trouble.kind, Kind::Environment);
    assert!(trouble.action.contains("--runtime dist"), "{}", trouble.action);
}

#[tokio::test]
async fn an_engine_that_never_answers_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let _listener = UnixListener::bind(&socket).unwrap();

    let reason = Engine::over(docker_at(&socket), Duration::from_millis(200)).await.err().unwrap();
    assert!(matches!(reason, NoEngine::Silent), "{reason:?}");
    assert!(Trouble::from(reason).action.contains("restart Docker"));
}

#[test]
fn a_missing_socket_is_an_absent_engine_and_names_the_path() {
    let reason = NoEngine::from(Error::SocketNotFoundError("/somewhere/docker.sock".to_owned()));
    assert_eq!(reason.to_string(), "no container engine answers: there is no socket /somewhere/docker.sock");
}

#[test]
fn a_refused_permission_is_told_with_the_group_to_join() {
    let reason = NoEngine::from(Error::IOError { err: io::Error::from(io::ErrorKind::PermissionDenied) });
    assert!(matches!(reason, NoEngine::Denied));
    assert!(Trouble::from(reason).action.contains("usermod -aG docker"));
}

#[test]
fn an_engine_on_another_computer_is_recognised_by_its_address() {
    assert_eq!(remote_host("tcp://build.example:2375").as_deref(), Some("build.example"));
    assert_eq!(remote_host("ssh://me@build.example").as_deref(), Some("build.example"));
    assert_eq!(remote_host("tcp://127.0.0.1:2375"), None);
    assert_eq!(remote_host("tcp://localhost:2375"), None);
    assert_eq!(remote_host("tcp://[::1]:2375"), None);
    assert_eq!(remote_host("unix:///var/run/docker.sock"), None);
}
