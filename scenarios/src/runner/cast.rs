//! Who plays a lesson's people: scripted browsers, or a real one.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use lab::Trouble;
use lab::browser::{Person as Scripted, Player};
use lab::chromium::{self, Chromium, Cookies, Guest};
use lab::control::messages::Topology;
use lab::state::Folders;
use tokio::sync::Mutex;

use crate::vocabulary::Driver;

/// One of a lesson's people.
#[derive(Debug, Clone, Copy)]
pub struct Role<'a> {
    /// The browser's name.
    pub name: &'a str,
    /// The user's name at Keycloak.
    pub user: &'a str,
    /// The password.
    pub password: &'a str,
    /// Whether the browser lets cookies of other sites through.
    pub cookies: Cookies,
    /// Whether the browser has to be nobody else's.
    pub own_browser: bool,
}

/// Gives each person of a lesson a fresh browser.
#[async_trait]
pub trait Cast: Send + Sync {
    /// What kind of browsers these are.
    fn driver(&self) -> Driver;

    /// Whether somebody wants pictures of what these browsers show.
    fn draws(&self) -> bool {
        false
    }

    /// Somebody with a fresh browser.
    async fn player(&self, lab: &Arc<Topology>, role: Role<'_>) -> Result<Box<dyn Player>, Trouble>;
}

/// Scripted browsers.
#[derive(Debug, Clone, Copy)]
pub struct ScriptedCast;

#[async_trait]
impl Cast for ScriptedCast {
    fn driver(&self) -> Driver {
        Driver::Http
    }

    async fn player(&self, lab: &Arc<Topology>, role: Role<'_>) -> Result<Box<dyn Player>, Trouble> {
        Ok(Box::new(Scripted::new(lab.clone(), role.name, role.user, role.password)))
    }
}

/// A real Chromium for each way to treat cookies, started when it is needed first.
pub struct ChromiumCast {
    folders: Folders,
    draws: bool,
    running: Mutex<BTreeMap<Cookies, Arc<Chromium>>>,
}

impl ChromiumCast {
    /// Browsers whose profiles and logs lie below the state folder; with pictures of their tabs after each step, if `draws` says so.
    pub fn new(folders: Folders, draws: bool) -> Self {
        Self { folders, draws, running: Mutex::default() }
    }

    /// Ends all browsers.
    ///
    /// # Errors
    /// Part: one survived.
    pub async fn stop(self) -> Result<(), Trouble> {
        let mut stopped = Ok(());
        for (_, chromium) in self.running.into_inner() {
            // A lesson that was broken off may hold one still; then it ends with the lesson's people.
            if let Some(chromium) = Arc::into_inner(chromium) {
                stopped = stopped.and(chromium.stop().await);
            }
        }
        // And one whose start was broken off may be on its way still.
        chromium::settled().await;
        stopped
    }
}

#[async_trait]
impl Cast for ChromiumCast {
    fn driver(&self) -> Driver {
        Driver::Chromium
    }

    fn draws(&self) -> bool {
        self.draws
    }

    async fn player(&self, lab: &Arc<Topology>, role: Role<'_>) -> Result<Box<dyn Player>, Trouble> {
        let who = (role.name, role.user, role.password);
        if role.own_browser {
            let guest = Guest::alone(lab.clone(), (&self.folders, role.cookies), who).await?;
            return Ok(Box::new(guest));
        }
        let mut running = self.running.lock().await;
        if let Some(chromium) = running.get(&role.cookies).cloned() {
            match Guest::new(lab.clone(), chromium, who).await {
                Ok(guest) => return Ok(Box::new(guest)),
                // It has crashed in a lesson before; this lesson has nothing to do with that.
                Err(trouble) => tracing::warn!(%trouble, "a browser is started anew"),
            }
            if let Some(Ok(chromium)) = running.remove(&role.cookies).map(Arc::try_unwrap) {
                // What is left of it ends in any case.
                let _ = chromium.stop().await;
            }
        }
        let fresh = Arc::new(Chromium::start(&self.folders, role.cookies).await?);
        running.insert(role.cookies, fresh.clone());
        Ok(Box::new(Guest::new(lab.clone(), fresh, who).await?))
    }
}
