//! Where Keycloak listens, inside its container and on this computer.

use url::Url;

use crate::engine::Reach;
use crate::keycloak::ports;
use crate::trouble::Trouble;

/// Where Keycloak listens inside a container of its own network.
const INNER_HTTP: u16 = 8080;
/// The same for health.
const INNER_MANAGEMENT: u16 = 9000;

/// The two ports of one Keycloak, on this computer's loopback address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) http: u16,
    pub(super) management: u16,
}

impl Reach {
    /// The options that make Keycloak listen where [`Ports`] says.
    pub(super) fn listen(self, ports: Ports) -> [String; 3] {
        let (host, http, management) = match self {
            Self::HostNetwork => ("127.0.0.1", ports.http, ports.management),
            // The container's own loopback address cannot be published; its network is private anyway.
            Self::Published => ("0.0.0.0", INNER_HTTP, INNER_MANAGEMENT),
        };
        // The management interface takes over the host of the HTTP one.
        [format!("--http-host={host}"), format!("--http-port={http}"), format!("--http-management-port={management}")]
    }

    /// Pairs of (port here, port in the container) to publish.
    pub(super) fn published(self, ports: Ports) -> Vec<(u16, u16)> {
        match self {
            Self::HostNetwork => Vec::new(),
            Self::Published => vec![(ports.http, INNER_HTTP), (ports.management, INNER_MANAGEMENT)],
        }
    }
}

impl Ports {
    /// Two ports that nobody uses at the moment. Somebody may take one before Keycloak does: the caller finds out with
    /// [`Ports::taken`] and tries again.
    pub(super) fn free() -> Result<Self, Trouble> {
        let [http, management] = ports::free()?;
        Ok(Self { http, management })
    }

    /// Whether somebody listens on one of the ports now.
    pub(super) fn taken(self) -> bool {
        ports::taken(self.http) || ports::taken(self.management)
    }

    /// Keycloak's private address.
    pub(super) fn upstream(self) -> Url {
        loopback(self.http)
    }

    /// Address of Keycloak's management interface.
    pub(super) fn management_url(self) -> Url {
        loopback(self.management)
    }
}

fn loopback(port: u16) -> Url {
    Url::parse(&format!("http://127.0.0.1:{port}/")).unwrap_or_else(|error| unreachable!("a port in a URL: {error}"))
}

#[cfg(test)]
mod tests;
