//! The lab that lessons are played on.

use std::fs::File;
use std::sync::Arc;

use lab::Trouble;
use lab::control::client::LabClient;
use lab::ports::Ports;
use lab::progress::Progress;
use lab::sites::Sites;
use lab::state;
use lab::world::Lab;
use tokio_util::sync::CancellationToken;

use crate::lab_commands::running;
use crate::other_lab;
use crate::settings::{Global, LabArgs};

/// Which lab lessons are to be played on.
pub(super) struct Wanted<'a> {
    /// What the person asked for.
    pub(super) lab: &'a LabArgs,
    /// What the lessons are written for.
    pub(super) sites: Sites,
    /// Beside or after another one, so on free ports in any case.
    pub(super) apart: bool,
    /// Who is told of a start.
    pub(super) progress: Arc<dyn Progress>,
}

/// The lab that lessons are played on.
pub(super) enum Stage {
    /// Somebody's running one; it stays. Nobody else plays on it as long as we hold its lock.
    Running { client: LabClient, _lock: File },
    /// Our own; it ends with the lessons.
    Own(Box<Lab>, LabClient),
}

impl Stage {
    /// Such a lab.
    pub(super) async fn find(wanted: Wanted<'_>, global: &Global, cancel: &CancellationToken) -> Result<Self, Trouble> {
        let Wanted { lab, sites, apart, progress } = wanted;
        let folders = global.folders()?;
        let wanted = LabArgs { sites: Some(sites.word().to_owned()), ..lab.clone() };
        let mut options = wanted.options(global, false, Ports::Auto, progress.clone())?;
        if apart {
            options.ports = Ports::Auto;
        }
        let asked = running::ask(global, async |client| Ok((other_lab::Running::ask(&client).await?, client))).await?;
        // Somebody else's choice of Keycloak or realm stays as it is; these lessons get what they were asked to run on.
        if let Some((running, client)) = asked
            && running.differences(&wanted, &options).is_empty()
        {
            if let Some(lock) = state::claim_play(&folders) {
                progress.note("playing on the running lab, which is reset before each lesson");
                return Ok(Self::Running { client, _lock: lock });
            }
            progress.note("somebody else plays on the running lab; these lessons get a lab of their own");
        }
        let lab = Lab::start(options, cancel.clone()).await?;
        let client = lab.client();
        Ok(Self::Own(Box::new(lab), client))
    }

    pub(super) fn client(&self) -> &LabClient {
        match self {
            Self::Running { client, .. } | Self::Own(_, client) => client,
        }
    }

    pub(super) async fn leave(self) -> Result<(), Trouble> {
        match self {
            // A lesson that was broken off could not take back itself what it did to the world.
            Self::Running { client, .. } => client.reset().await,
            Self::Own(lab, _) => lab.shutdown().await,
        }
    }
}
