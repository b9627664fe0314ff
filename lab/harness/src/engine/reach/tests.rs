use super::Reach;

#[cfg(target_os = "linux")]
#[test]
fn an_engine_on_linux_shares_its_network() {
    assert_eq!(
        Reach::of("Debian GNU/Linux 12 (bookworm)", &["name=seccomp,profile=default".to_owned()]),
        Reach::HostNetwork
    );
}

#[test]
fn a_rootless_engine_and_docker_desktop_have_a_network_of_their_own() {
    assert_eq!(Reach::of("Ubuntu 24.04", &["name=rootless".to_owned()]), Reach::Published);
    assert_eq!(Reach::of("Docker Desktop", &[]), Reach::Published);
}
