//! Which of a portal's replicas gets a request: what a load balancer with sticky sessions does.
//!
//! Such a balancer gives each browser a cookie of its own and leads it to the same replica ever after. A server brings no
//! cookie, so Keycloak's logout token goes to any replica. Here that is always the last one, or a lesson would go well on
//! one day and badly on another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use lab_trace::Party;
use url::Url;

use super::BROWSER_HEADER;

/// Leads requests to replicas. Copies share everything.
#[derive(Debug, Clone)]
pub struct Balancer {
    held: Arc<Mutex<Held>>,
}

#[derive(Debug)]
struct Held {
    /// Never empty.
    replicas: Vec<Url>,
    /// Browsers by name, in the order in which they came.
    browsers: Vec<String>,
}

impl From<Url> for Balancer {
    /// In front of a single replica.
    fn from(replica: Url) -> Self {
        Self { held: Arc::new(Mutex::new(Held { replicas: vec![replica], browsers: Vec::new() })) }
    }
}

impl Balancer {
    /// Leads to `replicas` from now on. Which browser goes where is decided anew. Without a replica nothing changes.
    pub fn lead_to(&self, replicas: Vec<Url>) {
        self.replace(replicas);
        self.lock().browsers.clear();
    }

    /// Leads to `replicas` from now on: those that were there, started anew. Browsers stay where they were led.
    pub fn replace(&self, replicas: Vec<Url>) {
        if !replicas.is_empty() {
            self.lock().replicas = replicas;
        }
    }

    /// Where a request goes. `caller` is asked for only where there is a choice.
    pub(super) fn choose(&self, headers: &HeaderMap, caller: impl FnOnce() -> Party) -> Url {
        let mut held = self.lock();
        let place = if held.replicas.len() == 1 { 0 } else { held.place(&caller(), headers) };
        held.replicas[place].clone()
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn place(&mut self, caller: &Party, headers: &HeaderMap) -> usize {
        let last = self.replicas.len() - 1;
        let browser = match caller {
            // People's own browsers do not name themselves: they count as one.
            Party::Browser(name) => Some(self.come(name.as_deref().unwrap_or_default())),
            // A probe asks what a person's cookies are worth, and goes where that person's browser goes. It decides
            // nothing: to look is not to come.
            Party::Lab => {
                let name = headers.get(BROWSER_HEADER).and_then(|name| name.to_str().ok());
                self.browsers.iter().position(|known| Some(known.as_str()) == name)
            }
            Party::Keycloak | Party::App(_) | Party::Stranger => None,
        };
        browser.map_or(last, |browser| browser % self.replicas.len())
    }

    fn come(&mut self, name: &str) -> usize {
        self.browsers.iter().position(|known| known == name).unwrap_or_else(|| {
            self.browsers.push(name.to_owned());
            self.browsers.len() - 1
        })
    }
}
