//! What a portal is told when the lab hosts it.

use portals::{Kind as PortalKind, Settings, Sibling, StoreAt};
use realm::{Client, Secrets};

use super::cannot_host;
use crate::places::Places;
use crate::trouble::Trouble;

/// As a portal is hosted ordinarily.
pub(super) fn of(client: Client, places: &Places, secrets: &Secrets) -> Result<Settings, Trouble> {
    let url = |client: Client| {
        places.hosts.url(client).map_err(|error| cannot_host(client, "its address is no URL").caused_by(error))
    };
    let mut siblings = Vec::new();
    for other in Client::ALL.into_iter().filter(|other| *other != client) {
        siblings.push(Sibling { kind: kind(other), url: url(other)? });
    }
    Ok(Settings {
        kind: kind(client),
        issuer: places.issuer()?,
        client_id: client.id().to_owned(),
        client_secret: secrets.of(client).map(portals::Secret::new),
        public_url: url(client)?,
        siblings,
        store: StoreAt::Memory,
        faults: portals::Faults::NONE,
    })
}

fn kind(client: Client) -> PortalKind {
    match client {
        Client::Internal => PortalKind::Internal,
        Client::External => PortalKind::External,
        Client::Admin => PortalKind::Admin,
    }
}
