//! Containers of labs that are gone.

use super::engine::{Engine, NoEngine};
use crate::trouble::Trouble;

/// Removes the containers of the runs in `gone`, and returns their ids. For labs that were killed and could not remove
/// their own. Containers of other runs are left alone: their lab may keep its state in another folder.
///
/// No engine, or one that does not let this user in, means that there is nothing of ours: that is no error.
/// Errors: the engine fails while it is asked, or a container cannot be removed.
pub async fn sweep(gone: &[String]) -> Result<Vec<String>, Trouble> {
    let Ok(engine) = Engine::connect().await else { return Ok(Vec::new()) };
    let mut removed = Vec::new();
    for (id, run) in engine.containers().await.map_err(NoEngine::from)? {
        if gone.contains(&run) {
            engine.remove(&id).await?;
            removed.push(id);
        }
    }
    Ok(removed)
}
