//! Does Keycloak reach the portals? Asked of Keycloak itself, so the answer holds for a container's `localhost` too.
//!
//! Keycloak has an administrator's button "test cluster availability" for clients with an admin URL: it posts to
//! `<admin URL>/k_test_available` from where it runs, with the HTTP client that also sends logout tokens. A client
//! made for the moment borrows that button; the portals' taps say whether the POST arrived.

use std::time::Duration;

use lab_trace::EventKind;
use serde_json::json;

use super::admin::Admin;
use crate::control::messages::{Reach, Topology};
use crate::recorder::Recorder;
use crate::trouble::Trouble;

/// How long exchanges under way may take to end; Keycloak gives up on a portal after 5 s.
const SETTLE: Duration = Duration::from_secs(10);

/// Lets Keycloak post to each portal's public address and looks at the portals' taps.
///
/// # Errors
/// Part: Keycloak's administration does not answer.
pub(crate) async fn reach(admin: &Admin, recorder: &Recorder, topology: &Topology) -> Result<Vec<Reach>, Trouble> {
    let mut found = Vec::new();
    for portal in &topology.portals {
        let word = format!("{:016x}", rand::random::<u64>());
        // Below /health: no portal serves it, and feed and transcripts leave it out.
        let path = format!("health/reach-{word}");
        let base = realm::for_servers(portal.url.as_str());
        let url = format!("{base}{path}");
        let mark = recorder.mark();
        let client = json!({
            "clientId": format!("sso-lab-reach-{word}"),
            "protocol": "openid-connect",
            "publicClient": false,
            "standardFlowEnabled": false,
            "adminUrl": url,
        });
        let id = admin.create_client(&client).await?;
        let asked = admin.test_nodes(&id).await;
        admin.delete_client(&id).await?;
        asked?;
        recorder.settled(SETTLE).await;
        let arrived = recorder.since(mark).iter().any(|event| match &event.kind {
            EventKind::Exchange(exchange) => exchange.path.contains(&word),
            EventKind::Portal(_) | EventKind::Lab(_) => false,
        });
        let url = base.parse().unwrap_or_else(|_| portal.url.clone());
        found.push(Reach { portal: portal.name.clone(), url, arrived });
    }
    Ok(found)
}
