//! Free loopback ports. Between finding one and its use somebody else may take it, so users retry.

use std::net::{Ipv4Addr, TcpListener};

use crate::trouble::{Kind, Trouble};

/// As many different free ports as asked for. They are free at this moment; nobody keeps them.
/// Errors: the system has none left.
pub fn free<const N: usize>() -> Result<[u16; N], Trouble> {
    let mut ports = [0; N];
    // All listeners stay open until the last port is found: otherwise the same port could come twice.
    let mut listeners = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(none_left)?;
        *port = listener.local_addr().map_err(none_left)?.port();
        listeners.push(listener);
    }
    Ok(ports)
}

/// Whether somebody listens on a loopback port.
pub fn taken(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err()
}

fn none_left(error: std::io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        "there is no free port on 127.0.0.1",
        "the lab needs a few ports of its own for Keycloak",
        "stop programs that hold many ports, then try again",
    )
    .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::{free, taken};

    #[test]
    fn ports_are_different_and_free() {
        let [one, two] = free().unwrap();
        assert_ne!(one, two);
        assert!(!taken(one) && !taken(two));
    }

    #[test]
    fn a_port_in_use_is_seen() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(taken(listener.local_addr().unwrap().port()));
    }
}
