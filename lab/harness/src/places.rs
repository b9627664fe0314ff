//! Under which addresses a lab is reached, and which of them are refused.

use std::net::IpAddr;

use realm::{Client, Hosts, Realm};
use tokio::net::TcpListener;
use url::Url;

use crate::control::messages::{PortalPlace, Topology};
use crate::keycloak::Running;
use crate::ports::Listeners;
use crate::sites::Sites;
use crate::trouble::{Kind, Trouble};

/// The public addresses of one lab.
pub(crate) struct Places {
    pub(crate) sites: Sites,
    pub(crate) keycloak: Url,
    pub(crate) hosts: Hosts,
}

impl Places {
    pub(crate) fn of(listeners: &Listeners, bind: IpAddr, sites: Sites) -> Result<Self, Trouble> {
        let origin = |listener: &TcpListener, client: Client| {
            let url = address_of(listener, bind, &sites.host(client.portal()));
            url.map(|url| url.as_str().trim_end_matches('/').to_owned())
        };
        Ok(Self {
            sites,
            keycloak: address_of(&listeners.keycloak, bind, &sites.host("keycloak"))?,
            hosts: Hosts {
                internal: origin(&listeners.internal, Client::Internal)?,
                external: origin(&listeners.external, Client::External)?,
                admin: origin(&listeners.admin, Client::Admin)?,
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
            sites: self.sites,
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

/// The address that people and programs use for a listener; on loopback under the name `host`.
pub(crate) fn address_of(listener: &TcpListener, bind: IpAddr, host: &str) -> Result<Url, Trouble> {
    let port = listener.local_addr().map_err(no_url)?.port();
    let host = match bind {
        bind if bind.is_loopback() => host.to_owned(),
        IpAddr::V6(address) => format!("[{address}]"),
        IpAddr::V4(address) => address.to_string(),
    };
    Url::parse(&format!("http://{host}:{port}/")).map_err(no_url)
}

fn no_url(error: impl std::error::Error + Send + Sync + 'static) -> Trouble {
    Trouble::new(Kind::Part, "an address of the lab is no URL", "this is a fault of the lab", "report it, please")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use realm::{Client, Realm, Secrets};

    use super::Places;
    use crate::ports::Ports;
    use crate::sites::Sites;

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    async fn places(sites: Sites) -> Places {
        let listeners = Ports::Auto.bind(LOOPBACK).await.unwrap();
        Places::of(&listeners, LOOPBACK, sites).unwrap()
    }

    #[tokio::test]
    async fn one_site_is_localhost_with_ports() {
        let places = places(Sites::Same).await;
        let hosts = Client::ALL.map(|client| places.hosts.url(client).unwrap());
        assert!(hosts.iter().chain([&places.keycloak]).all(|url| url.host_str() == Some("localhost")), "{hosts:?}");
    }

    #[tokio::test]
    async fn four_sites_are_four_names_and_issuer_and_clients_follow() {
        let places = places(Sites::Cross).await;
        assert_eq!(places.issuer().unwrap().host_str(), Some("keycloak.localhost"));
        let filled = Realm::shipped().filled(&places.hosts, &Secrets::defaults());
        for client in Client::ALL {
            let url = places.hosts.url(client).unwrap();
            assert_eq!(url.host_str(), Some(format!("{}.localhost", client.portal()).as_str()));
            let (text, port) = (filled.client(client).unwrap().to_string(), url.port().unwrap());
            let back = text.matches(&format!("//localhost:{port}/logout")).count();
            assert_eq!(back, usize::from(client != Client::External), "only Keycloak posts to localhost: {text}");
            assert_eq!(text.matches("//localhost").count(), back, "{text}");
        }
    }
}
