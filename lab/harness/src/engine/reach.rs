//! How containers and this computer reach each other.

/// One of two ways: share this computer's network, or publish ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The container uses this computer's own network: `localhost` means the same for browser, portals and
    /// Keycloak. Linux only.
    HostNetwork,
    /// The engine works in a virtual machine or a network of its own, so "the host" is not this computer.
    /// Keycloak's ports are published on loopback, and it reaches portals as `host.docker.internal`.
    Published,
}

impl Reach {
    /// Decides by what the engine says of itself. A rootless engine and Docker Desktop run on Linux too, and both
    /// call a network "host" that is not this computer's.
    pub(crate) fn of(operating_system: &str, security_options: &[String]) -> Self {
        let desktop = operating_system.contains("Docker Desktop");
        let rootless = security_options.iter().any(|option| option.contains("rootless"));
        if cfg!(target_os = "linux") && !desktop && !rootless { Self::HostNetwork } else { Self::Published }
    }

    /// The name by which Keycloak in the container reaches what listens on this computer. Back-channel addresses of
    /// the clients have to use it.
    pub fn this_computer(self) -> &'static str {
        match self {
            Self::HostNetwork => "localhost",
            Self::Published => "host.docker.internal",
        }
    }
}

#[cfg(test)]
mod tests;
