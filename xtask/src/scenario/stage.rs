//! The lab that lessons are played on.

use std::fs::File;

use lab::Trouble;
use lab::control::client::LabClient;
use lab::ports::Ports;
use lab::sites::Sites;
use lab::state;
use lab::world::Lab;
use tokio_util::sync::CancellationToken;

use super::{RunArgs, progress};
use crate::lab_commands::running;
use crate::other_lab;
use crate::settings::{Global, LabArgs};

/// The lab that lessons are played on.
pub(super) enum Stage {
    /// Somebody's running one; it stays. Nobody else plays on it as long as we hold its lock.
    Running { client: LabClient, _lock: File },
    /// Our own; it ends with the lessons.
    Own(Box<Lab>, LabClient),
}

impl Stage {
    /// A lab with these sites; `apart`: beside or after another one, so on free ports in any case.
    pub(super) async fn find(
        args: &RunArgs,
        global: &Global,
        sites: Sites,
        apart: bool,
        cancel: &CancellationToken,
    ) -> Result<Self, Trouble> {
        let progress = progress(args, global);
        let folders = global.folders()?;
        let wanted = LabArgs { sites: Some(sites.word().to_owned()), ..args.lab.clone() };
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
