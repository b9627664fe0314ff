//! Which folders the lab writes to.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{main_dir_of, unwritable};
use crate::trouble::{Kind, Trouble};

/// The two folders that the lab writes to, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Downloads and prepared Keycloaks: may be deleted at any time.
    pub cache: PathBuf,
    /// State of running labs and their logs.
    pub state: PathBuf,
}

impl Folders {
    /// The given folders, or the platform's usual ones.
    ///
    /// # Errors
    /// Environment: this computer tells no home folder and none was given, or something else than a folder is there.
    pub fn find(cache: Option<PathBuf>, state: Option<PathBuf>) -> Result<Self, Trouble> {
        let platform = directories::ProjectDirs::from("", "", "sso-lab");
        let cache = cache.or_else(|| platform.as_ref().map(|dirs| dirs.cache_dir().to_owned()));
        let state = state.or_else(|| {
            platform.as_ref().map(|dirs| dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir()).to_owned())
        });
        match (cache, state) {
            (Some(cache), Some(state)) => {
                let found = Self { cache: absolute(cache)?, state: absolute(state)? };
                refuse_other_than_folders(&found.state)?;
                Ok(found)
            }
            _ => Err(Trouble::new(
                Kind::Environment,
                "no folder for cache and state",
                "this account has no home folder, so the lab does not know where to keep its files",
                "set SSO_LAB_CACHE and SSO_LAB_STATE to folders that you may write to",
            )),
        }
    }
}

fn absolute(path: PathBuf) -> Result<PathBuf, Trouble> {
    std::path::absolute(&path).map_err(|error| unwritable(&path).caused_by(error))
}

/// Trap: a file, or a folder that may not be entered, looks like no folder at all to whoever only asks what is inside,
/// and a running lab would be called down.
fn refuse_other_than_folders(state: &Path) -> Result<(), Trouble> {
    for folder in [state.to_owned(), main_dir_of(state)] {
        match fs::metadata(&folder) {
            Ok(there) if there.is_dir() => {}
            Ok(_) => return Err(no_folder(&folder)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotADirectory => return Err(no_folder(&folder)),
            Err(error) => return Err(unwritable(&folder).caused_by(error)),
        }
    }
    Ok(())
}

fn no_folder(path: &Path) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("the state folder is no folder: {}", path.display()),
        "the lab keeps its state in a folder, and cannot tell whether one runs",
        "set SSO_LAB_STATE (or `--state`) to a folder, or move that file away",
    )
}
