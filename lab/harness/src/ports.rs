//! The public ports: taken before anything else starts, so that a taken one is known at once.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use crate::trouble::{Kind, Trouble};

/// Which ports the taps and the control interface listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ports {
    /// 8080 and 3000 to 3003.
    Fixed,
    /// Free ones: for CI and parallel labs.
    Auto,
}

/// The listeners of one lab, all bound.
pub(crate) struct Listeners {
    pub(crate) keycloak: TcpListener,
    pub(crate) control: TcpListener,
    pub(crate) internal: TcpListener,
    pub(crate) external: TcpListener,
    pub(crate) admin: TcpListener,
}

impl Ports {
    /// The word on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Auto => "auto",
        }
    }

    /// Reads `auto` or `fixed`.
    ///
    /// # Errors
    /// Usage: another word.
    pub fn parse(word: &str) -> Result<Self, Trouble> {
        match word {
            "fixed" => Ok(Self::Fixed),
            "auto" => Ok(Self::Auto),
            other => Err(Trouble::new(
                Kind::Usage,
                format!("`{other}` is no choice of ports"),
                "the lab knows `fixed` (8080 and 3000 to 3003) and `auto` (free ones)",
                "use one of them, or leave `--ports` out",
            )),
        }
    }

    /// Binds all listeners: taps on `bind`, the control interface always on loopback.
    pub(crate) async fn bind(self, bind: IpAddr) -> Result<Listeners, Trouble> {
        let port = |fixed: u16| if self == Self::Fixed { fixed } else { 0 };
        Ok(Listeners {
            keycloak: listen(bind, port(8080), "Keycloak").await?,
            control: listen(Ipv4Addr::LOCALHOST.into(), port(3000), "the control interface").await?,
            internal: listen(bind, port(3001), "the internal portal").await?,
            external: listen(bind, port(3002), "the external portal").await?,
            admin: listen(bind, port(3003), "the admin dashboard").await?,
        })
    }
}

impl Ports {
    /// Binds the one port of a console that has no lab behind it.
    pub(crate) async fn bind_console(self) -> Result<TcpListener, Trouble> {
        let port = if self == Self::Fixed { 3000 } else { 0 };
        listen(Ipv4Addr::LOCALHOST.into(), port, "the console").await
    }
}

/// A listener on a free loopback port.
pub(crate) async fn listen_private() -> Result<TcpListener, Trouble> {
    listen(Ipv4Addr::LOCALHOST.into(), 0, "a part of the lab").await
}

async fn listen(bind: IpAddr, port: u16, whose: &str) -> Result<TcpListener, Trouble> {
    let address = SocketAddr::new(bind, port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => Trouble::new(
            Kind::Environment,
            format!("port {port} is taken{}", holder(port).map(|who| format!(" by {who}")).unwrap_or_default()),
            format!("the lab needs it for {whose}"),
            "stop that program, or start the lab on free ports: `cargo xtask lab up --ports auto`",
        ),
        _ => Trouble::new(
            Kind::Environment,
            format!("cannot listen on {address}"),
            format!("the lab needs it for {whose}"),
            "choose an address of this computer with `--bind`, and ports that you may use",
        )
        .caused_by(error),
    })
}

/// Name and id of the process that listens on `port`, where the system tells.
pub fn holder(port: u16) -> Option<String> {
    let process = listeners::get_process_by_port(port, listeners::Protocol::TCP).ok()?;
    Some(format!("{} (process {})", process.name, process.pid))
}

#[cfg(test)]
mod tests {
    use super::{Kind, Ports, holder, listen};

    #[tokio::test]
    async fn a_taken_port_names_its_holder() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let trouble = listen("127.0.0.1".parse().unwrap(), port, "a test").await.unwrap_err();
        assert_eq!(trouble.kind, Kind::Environment);
        assert!(trouble.what.contains(&port.to_string()), "{trouble}");
        if cfg!(target_os = "linux") {
            assert!(holder(port).unwrap().contains(&std::process::id().to_string()));
            assert!(trouble.what.contains("(process "), "{trouble}");
        }
    }

    #[test]
    fn other_words_than_fixed_and_auto_are_refused() {
        assert_eq!(Ports::parse("auto").unwrap(), Ports::Auto);
        assert_eq!(Ports::parse("some").unwrap_err().kind, Kind::Usage);
    }
}
