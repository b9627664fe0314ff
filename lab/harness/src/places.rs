//! Under which addresses a lab is reached, and which of them are refused.

use std::net::IpAddr;

use realm::{Client, Hosts, Realm};
use tokio::net::TcpListener;
use url::Url;

use crate::control::messages::{PortalPlace, Topology};
use crate::keycloak::Running;
use crate::ports::Listeners;
use crate::trouble::{Kind, Trouble};

/// The public addresses of one lab.
pub(crate) struct Places {
    pub(crate) keycloak: Url,
    pub(crate) hosts: Hosts,
}

impl Places {
    pub(crate) fn of(listeners: &Listeners, bind: IpAddr) -> Result<Self, Trouble> {
        let origin = |listener: &TcpListener| {
            address_of(listener, bind).map(|url| url.as_str().trim_end_matches('/').to_owned())
        };
        Ok(Self {
            keycloak: address_of(&listeners.keycloak, bind)?,
            hosts: Hosts {
                internal: origin(&listeners.internal)?,
                external: origin(&listeners.external)?,
                admin: origin(&listeners.admin)?,
            },
        })
    }

    /// `iss` of the realm.
    pub(crate) fn issuer(&self) -> Result<Url, Trouble> {
        self.keycloak.join(&format!("realms/{}", realm::REALM)).map_err(no_url)
    }

    pub(crate) fn topology(&self, running: &Running) -> Result<Topology, Trouble> {
        let mut portals = Vec::new();
        for client in Client::ALL {
            let url = self.hosts.url(client).map_err(no_url)?;
            portals.push(PortalPlace { name: client.portal().to_owned(), url, client_id: client.id().to_owned() });
        }
        Ok(Topology {
            keycloak: self.keycloak.clone(),
            issuer: self.issuer()?,
            version: running.version.clone(),
            runtime: running.kind,
            portals,
        })
    }
}

/// On loopback everything may be weak; anywhere else the lab's known passwords would be an open door.
pub(crate) fn refuse_weak_settings(bind: IpAddr, realm: &Realm) -> Result<(), Trouble> {
    if bind.is_loopback() {
        return Ok(());
    }
    if bind.is_unspecified() {
        return Err(Trouble::new(
            Kind::Usage,
            format!("{bind} is no address that a browser can use"),
            "the portals' addresses stand in redirects and in the realm, so they must name this computer",
            "give `--bind` the address of one network interface",
        ));
    }
    if realm.json()["users"].to_string().contains(realm::PASSWORD) {
        return Err(Trouble::new(
            Kind::Safety,
            format!("refusing to listen on {bind} with users whose password is {}", realm::PASSWORD),
            "everybody who can reach this computer could sign in, as an administrator of the dashboard too",
            "give the lab a realm file with passwords of your own (`--realm FILE`), or leave `--bind` out",
        ));
    }
    Ok(())
}

/// The address that people and programs use for a listener.
pub(crate) fn address_of(listener: &TcpListener, bind: IpAddr) -> Result<Url, Trouble> {
    let port = listener.local_addr().map_err(no_url)?.port();
    let host = match bind {
        bind if bind.is_loopback() => "localhost".to_owned(),
        IpAddr::V6(address) => format!("[{address}]"),
        IpAddr::V4(address) => address.to_string(),
    };
    Url::parse(&format!("http://{host}:{port}/")).map_err(no_url)
}

fn no_url(error: impl std::error::Error + Send + Sync + 'static) -> Trouble {
    Trouble::new(Kind::Part, "an address of the lab is no URL", "this is a fault of the lab", "report it, please")
        .caused_by(error)
}
