//! How fast a lesson is played: all at once, or at the pace of somebody who watches and thinks.

use std::sync::Arc;

use async_trait::async_trait;
use lab::Trouble;
use lab::control::messages::Topology;

use crate::lesson::{Part, Step};
use crate::run::StepRun;

/// Hears of every piece of a lesson in its order. The run goes on when it returns, so whoever wants to wait, waits here.
#[async_trait]
pub trait Pace: Send {
    /// Once, before everything: who is where in the lab.
    ///
    /// # Errors
    /// As [`Self::part`].
    async fn begin(&mut self, topology: &Arc<Topology>) -> Result<(), Trouble>;

    /// Before a part: its text, its question, or its steps as a whole.
    ///
    /// # Errors
    /// Ends the run; what the lesson did to the lab is taken back.
    async fn part(&mut self, part: &Part) -> Result<(), Trouble>;

    /// Before a step is done.
    ///
    /// # Errors
    /// As [`Self::part`].
    async fn before(&mut self, step: &Step) -> Result<(), Trouble>;

    /// After a step: what came of it.
    ///
    /// # Errors
    /// As [`Self::part`].
    async fn after(&mut self, step: &Step, done: &StepRun) -> Result<(), Trouble>;

    /// Whether somebody watches the lab itself, so that nothing may happen in it but the lesson's steps.
    fn is_watched(&self) -> bool;
}

/// Without a pause, for whoever reads the result.
#[derive(Debug, Clone, Copy)]
pub struct AtOnce;

#[async_trait]
impl Pace for AtOnce {
    async fn begin(&mut self, _: &Arc<Topology>) -> Result<(), Trouble> {
        Ok(())
    }

    async fn part(&mut self, _: &Part) -> Result<(), Trouble> {
        Ok(())
    }

    async fn before(&mut self, _: &Step) -> Result<(), Trouble> {
        Ok(())
    }

    async fn after(&mut self, _: &Step, _: &StepRun) -> Result<(), Trouble> {
        Ok(())
    }

    fn is_watched(&self) -> bool {
        false
    }
}
