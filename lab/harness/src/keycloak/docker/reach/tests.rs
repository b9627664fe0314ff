use super::{Ports, Reach};

const PORTS: Ports = Ports { http: 41_000, management: 41_001 };

#[test]
fn on_this_computers_network_keycloak_listens_on_loopback_only() {
    let expected = ["--http-host=127.0.0.1", "--http-port=41000", "--http-management-port=41001"];
    assert_eq!(Reach::HostNetwork.listen(PORTS), expected);
    assert_eq!(Reach::HostNetwork.published(PORTS), []);
    assert_eq!(Reach::HostNetwork.this_computer(), "localhost");
}

#[test]
fn in_a_network_of_its_own_keycloak_keeps_its_ports_and_they_are_published() {
    let expected = ["--http-host=0.0.0.0", "--http-port=8080", "--http-management-port=9000"];
    assert_eq!(Reach::Published.listen(PORTS), expected);
    assert_eq!(Reach::Published.published(PORTS), [(41_000, 8080), (41_001, 9000)]);
    assert_eq!(Reach::Published.this_computer(), "host.docker.internal");
}

#[test]
fn a_port_that_somebody_took_is_noticed() {
    let ports = Ports::free().unwrap();
    assert!(!ports.taken());
    let _somebody = std::net::TcpListener::bind(("127.0.0.1", ports.management)).unwrap();
    assert!(ports.taken());
}
