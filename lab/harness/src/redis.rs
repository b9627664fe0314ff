//! The Redis of one lab: where a portal keeps its sessions while a lesson wants it so. Started at its first use, and gone
//! with the lab.

use std::path::PathBuf;

use portals::StoreAt;
use tokio::net::TcpSocket;
use tokio::sync::Mutex;

use crate::keycloak::ports;
use crate::state::Seat;
use crate::trouble::{Kind, Trouble};

mod server;

pub use server::find;
use server::{Place, Server};

/// How to get the program.
pub const INSTALL: &str = "`apt install redis-server` on Debian and Ubuntu, `brew install redis` on macOS";

/// Somebody else may take a port between the look and the start.
const TRIES: usize = 5;

/// At most one server.
pub(crate) struct Redis {
    run_id: String,
    folder: PathBuf,
    log: PathBuf,
    state: Mutex<State>,
}

enum State {
    /// Not used yet, or not any more.
    Unused,
    /// It runs, unless it has ended by itself.
    Runs(Server),
    /// A lesson stopped it. What it kept lies on the disk, and nobody else gets its port meanwhile.
    Stopped(Place, Option<TcpSocket>),
    /// The lab ends: nothing is started any more.
    Closed,
}

impl Redis {
    /// For the lab in this seat. Starts nothing.
    pub(crate) fn of(seat: &Seat) -> Self {
        Self {
            run_id: seat.run_id.clone(),
            folder: seat.run_dir().join("redis"),
            log: seat.log_file("redis"),
            state: Mutex::new(State::Unused),
        }
    }

    /// Where a portal keeps its sessions then. Starts the server at the first use. One that a lesson has stopped stays
    /// so: a portal may start before its store.
    ///
    /// # Errors
    /// Environment: the program is not there. Part: it does not start. State: the lab is stopping.
    pub(crate) async fn store(&self) -> Result<StoreAt, Trouble> {
        let mut state = self.state.lock().await;
        if matches!(*state, State::Unused) {
            *state = State::Runs(self.start_somewhere().await?);
        }
        let place = match &*state {
            State::Runs(server) => &server.place,
            State::Stopped(place, _) => place,
            State::Unused | State::Closed => return Err(closed()),
        };
        // The text holds a password, so the error does not repeat it.
        place.url().parse().map_err(|error: portals::UnknownStore| unusable(&error.to_string()))
    }

    /// Starts it, with what it kept when it was stopped. Nothing to do where it runs.
    ///
    /// # Errors
    /// As for [`Self::store`].
    pub(crate) async fn start(&self) -> Result<(), Trouble> {
        let mut state = self.state.lock().await;
        match &mut *state {
            State::Unused => *state = State::Runs(self.start_somewhere().await?),
            State::Stopped(place, reserved) => {
                let place = place.clone();
                drop(reserved.take());
                *state = State::Runs(self.start_at(place).await?);
            }
            State::Runs(server) if server.has_ended() => {
                let place = server.place.clone();
                *state = State::Runs(self.start_at(place).await?);
            }
            State::Runs(_) => {}
            State::Closed => return Err(closed()),
        }
        Ok(())
    }

    /// Stops it; what it holds is there again after [`Self::start`]. Nothing to do where it is stopped.
    ///
    /// # Errors
    /// State: no portal uses it. Part: it cannot be stopped, or could not keep what it holds.
    pub(crate) async fn stop(&self) -> Result<(), Trouble> {
        let mut state = self.state.lock().await;
        match &mut *state {
            State::Runs(server) => {
                let place = server.place.clone();
                let ended = server.shut_down().await;
                let reserved = place.reserve();
                *state = State::Stopped(place, reserved);
                ended
            }
            State::Stopped(..) => Ok(()),
            State::Unused | State::Closed => Err(unused()),
        }
    }

    /// Takes everything out of it, as an operator does who empties the wrong one.
    ///
    /// # Errors
    /// State: it does not run. Part: it does not answer.
    pub(crate) async fn empty(&self) -> Result<(), Trouble> {
        match &*self.state.lock().await {
            State::Runs(server) => server.empty().await,
            State::Stopped(..) => Err(Trouble::new(
                Kind::State,
                "Redis is stopped, so it cannot be emptied",
                "an operator could not empty it now either",
                "let the lesson start it first",
            )),
            State::Unused | State::Closed => Err(unused()),
        }
    }

    /// Ends it and forgets what it held. The next use starts an empty one. No portal may use it any more.
    ///
    /// # Errors
    /// Part: it cannot be ended, or its files cannot be removed. Another call tries again.
    pub(crate) async fn end(&self) -> Result<(), Trouble> {
        let mut state = self.state.lock().await;
        if matches!(*state, State::Unused | State::Closed) {
            return Ok(());
        }
        if let State::Runs(server) = &mut *state {
            server.end().await?;
        }
        server::forget(&self.folder)?;
        *state = State::Unused;
        Ok(())
    }

    /// The same at the end of the lab: nothing starts it again.
    ///
    /// # Errors
    /// As for [`Self::end`].
    pub(crate) async fn close(&self) -> Result<(), Trouble> {
        let ended = self.end().await;
        // Whatever is left of a server is killed when it is dropped.
        *self.state.lock().await = State::Closed;
        ended
    }

    async fn start_somewhere(&self) -> Result<Server, Trouble> {
        for attempt in 1.. {
            let [port] = ports::free()?;
            match self.start_at(Place::new(port)).await {
                Err(_) if attempt < TRIES && ports::taken(port) => {}
                started => return started,
            }
        }
        unreachable!("the last attempt returns")
    }

    async fn start_at(&self, place: Place) -> Result<Server, Trouble> {
        Server::start(place, &self.folder, &self.run_id, &self.log).await
    }
}

fn unused() -> Trouble {
    Trouble::new(
        Kind::State,
        "this lab has no Redis at the moment",
        "no portal keeps its sessions there",
        "let the lesson host a portal with its sessions in Redis first",
    )
}

fn closed() -> Trouble {
    Trouble::new(Kind::State, "the lab is stopping", "nothing is started any more", "start the lab again")
}

fn unusable(why: &str) -> Trouble {
    Trouble::new(
        Kind::Part,
        format!("the address of the lab's Redis cannot be used: {why}"),
        "this is a fault of the lab",
        "report it, please",
    )
}

#[cfg(test)]
mod tests;
