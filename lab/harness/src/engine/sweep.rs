//! Containers of labs that are gone.

use super::{Engine, NoEngine};
use crate::trouble::Trouble;

/// Removes the containers of every run that is not `alive` any more, and returns the removed ones' names. A lab that was
/// killed could not remove its own; the next one calls this before it starts, and counts as alive itself.
///
/// No engine, or one that does not let this user in, means that there is nothing of ours: that is no error.
/// Errors: the engine fails while it is asked, or a container cannot be removed.
pub async fn sweep(alive: impl Fn(&str) -> bool) -> Result<Vec<String>, Trouble> {
    let Ok(engine) = Engine::connect().await else { return Ok(Vec::new()) };
    let mut removed = Vec::new();
    for (name, run) in engine.containers().await.map_err(NoEngine::from)? {
        if !alive(&run) {
            engine.remove(&name).await?;
            removed.push(name);
        }
    }
    Ok(removed)
}
