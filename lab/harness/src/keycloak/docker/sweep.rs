//! Containers of labs that are gone.

use super::engine::{Engine, NoEngine};
use crate::trouble::Trouble;

/// Removes the containers of every run that is not in `alive`, and returns the removed ones' runs. For the start of a
/// lab, which has to be in `alive` itself: a lab that was killed could not remove its own.
///
/// No engine, or one that does not let this user in, means that there is nothing of ours: that is no error.
/// Errors: the engine fails while it is asked, or a container cannot be removed.
pub async fn sweep(alive: &[String]) -> Result<Vec<String>, Trouble> {
    let Ok(engine) = Engine::connect().await else { return Ok(Vec::new()) };
    let mut removed = Vec::new();
    for (id, run) in engine.containers().await.map_err(NoEngine::from)? {
        if !alive.contains(&run) {
            engine.remove(&id).await?;
            removed.push(run);
        }
    }
    Ok(removed)
}
