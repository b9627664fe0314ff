//! The driver of one browser: a process here, or in a container.

use std::path::Path;
use std::sync::Arc;

use tokio::process::Command;

use super::browser::END;
use super::container::Container;
use super::place::Place;
use super::start::Taken;
use crate::keycloak::process::Group;
use crate::trouble::Trouble;

/// The driver says which port it has taken: between looking for a free one and using it, somebody else may take it. Only
/// loopback is open, which is what it does unless told otherwise; that holds in a container on this computer's network, too.
pub(super) const ARGUMENT: &str = "--port=0";

/// A started driver. Dropping it ends it, and the browser with it.
pub(super) enum Driver {
    Process(Group),
    Container(Box<Container>),
}

impl Driver {
    /// Starts it; what it says goes behind what `log` holds already.
    ///
    /// Errors: the program cannot be started, or the engine refuses the container.
    pub(super) async fn start(place: &Place, seat: &Arc<Taken>, log: &Path) -> Result<Self, Trouble> {
        match place {
            Place::Installed(programs) => {
                let mut command = Command::new(&programs.driver);
                command.arg(ARGUMENT);
                Group::spawn(command, &seat.run_id, log).map(Self::Process)
            }
            Place::Container(image) => {
                let container = Container::start(&image.name, seat, log).await?;
                Ok(Self::Container(Box::new(container)))
            }
        }
    }

    /// Resolves when it has ended, and says how.
    pub(super) async fn ended(&mut self) -> String {
        match self {
            Self::Process(group) => group.ended().await,
            Self::Container(container) => container.ended().await,
        }
    }

    /// Ends it, whatever it does. Errors: it survived.
    pub(super) async fn stop(self) -> Result<(), Trouble> {
        match self {
            Self::Process(mut group) => group.stop_within(END).await,
            Self::Container(container) => container.remove().await,
        }
    }
}
