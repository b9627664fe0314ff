//! Where a lab keeps its state, so that a later command finds it and a later lab can clean up after it.
//!
//! A *seat* is a folder with a lock that its lab holds as long as it lives. The operating system releases the
//! lock when the process ends, however it ends: a free lock beside left-over files means a lab that was killed.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::control::client::LabClient;
use crate::keycloak::process;
use crate::trouble::{Kind, Trouble};

mod abandoned;
mod folders;

pub(crate) use abandoned::abandoned;
pub use folders::Folders;

/// How long a lab may take from closing its doors to taking its record back.
const STOPPING: Duration = Duration::from_secs(1);

/// A seat that this process holds.
#[derive(Debug)]
pub struct Seat {
    /// The seat's folder.
    pub dir: PathBuf,
    /// Marks everything that this lab starts.
    pub run_id: String,
    lock: File,
    own: bool,
}

/// What other commands need to know of a running lab. Readable by its owner only: it holds the run's token.
#[derive(Clone, Serialize, Deserialize)]
pub struct Record {
    /// Which run.
    pub run_id: String,
    /// Process of the lab.
    pub pid: u32,
    /// Control interface.
    pub control: Url,
    /// The run's token.
    pub token: String,
}

impl Record {
    /// A client for this lab.
    pub fn client(&self) -> LabClient {
        LabClient::new(self.control.clone(), self.token.clone())
    }
}

/// What is in the main seat.
pub enum Found {
    /// Nothing runs, nothing was left behind.
    Nothing,
    /// Nothing runs, but a lab was killed and left something behind.
    Leftovers,
    /// A lab is starting (or ending): it holds the seat but cannot be talked to.
    Busy {
        /// Its process, where it could be read.
        pid: Option<u32>,
    },
    /// A lab runs.
    Running(Record),
}

impl Seat {
    /// The one seat of `lab up`.
    ///
    /// # Errors
    /// State: another lab holds it. Environment: the folder cannot be written.
    pub fn claim_main(folders: &Folders) -> Result<Self, Trouble> {
        Self::claim(main_dir(folders), false)
    }

    /// A seat of its own for a lab that lives as long as one command; its folder goes with it.
    ///
    /// # Errors
    /// Environment: the folder cannot be written.
    pub fn claim_own(folders: &Folders) -> Result<Self, Trouble> {
        Self::claim(own_dir(folders).join(format!("{:08x}", rand::random::<u32>())), true)
    }

    fn claim(dir: PathBuf, own: bool) -> Result<Self, Trouble> {
        let made = private_folder(&dir).and_then(|()| private_folder(&dir.join("logs"))).and_then(|()| open_lock(&dir));
        let mut lock = made.map_err(|error| unwritable(&dir).caused_by(error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken()),
            Err(TryLockError::Error(error)) => return Err(unwritable(&dir).caused_by(error)),
        }
        let run_id = format!("{:016x}", rand::random::<u64>());
        // A record that a killed lab left behind would name a process that is somebody else's by now.
        let written = gone(fs::remove_file(dir.join("lab.json")))
            .and_then(|()| lock.set_len(0))
            .and_then(|()| lock.write_all(std::process::id().to_string().as_bytes()))
            .and_then(|()| gone(fs::remove_dir_all(dir.join("run"))))
            .and_then(|()| private_folder(&dir.join("run")))
            .and_then(|()| fs::write(dir.join("run-id"), &run_id));
        let seat = Self { dir, run_id, lock, own };
        match written {
            Ok(()) => Ok(seat),
            Err(error) => {
                let trouble = unwritable(&seat.dir).caused_by(error);
                // Nothing was started: nobody shall find half a seat and take it for a killed lab.
                let _ = seat.release();
                Err(trouble)
            }
        }
    }

    /// Folder for this run's temporary files.
    pub fn run_dir(&self) -> PathBuf {
        self.dir.join("run")
    }

    /// The log file of a part.
    pub fn log_file(&self, part: &str) -> PathBuf {
        log_file(&self.dir, part)
    }

    /// Publishes how to reach this lab, whole or not at all.
    ///
    /// # Errors
    /// Environment: the folder cannot be written.
    pub fn publish(&self, record: &Record) -> Result<(), Trouble> {
        let text = serde_json::to_vec_pretty(record).map_err(|error| unwritable(&self.dir).caused_by(error))?;
        let draft = self.dir.join("lab.json.new");
        private_file(&draft)
            .and_then(|mut file| file.write_all(&text))
            .and_then(|()| fs::rename(&draft, self.dir.join("lab.json")))
            .map_err(|error| unwritable(&self.dir).caused_by(error))
    }

    /// Takes back what [`Seat::publish`] told: from now on the lab is found as one that cannot be talked to.
    ///
    /// # Errors
    /// Environment: the folder cannot be written.
    pub fn unpublish(&self) -> Result<(), Trouble> {
        gone(fs::remove_file(self.dir.join("lab.json"))).map_err(|error| unwritable(&self.dir).caused_by(error))
    }

    /// Gives the seat back: the run's files go, logs of the main seat stay.
    ///
    /// # Errors
    /// Part: something could not be removed.
    pub fn release(self) -> Result<(), Trouble> {
        let cleared = if self.own { fs::remove_dir_all(&self.dir) } else { clear(&self.dir) };
        drop(self.lock);
        cleared.map_err(|error| {
            let what = format!("files of the run could not be removed: {}", self.dir.display());
            Trouble::new(Kind::Part, what, "they take room until they are removed", "remove the folder by hand")
                .caused_by(error)
        })
    }
}

/// What the main seat holds at this moment.
pub fn look(folders: &Folders) -> Found {
    let dir = main_dir(folders);
    if !dir.exists() {
        return Found::Nothing;
    }
    match is_held(&dir) {
        true => match read_record(&dir) {
            Some(record) => Found::Running(record),
            None => Found::Busy { pid: read_pid(&dir) },
        },
        false if dir.join("run-id").exists() => Found::Leftovers,
        false => Found::Nothing,
    }
}

/// Whether the lab of `record`, which did not answer, is stopping or gone, so that it is worth looking again. A lab that
/// stops closes its doors and takes its record back at about the same time; the record gets a moment.
pub async fn is_gone(folders: &Folders, record: &Record) -> bool {
    let begun = tokio::time::Instant::now();
    loop {
        match look(folders) {
            Found::Running(there) if there.run_id == record.run_id => {}
            _ => return true,
        }
        if begun.elapsed() > STOPPING {
            return false;
        }
        tokio::time::sleep(STOPPING / 20).await;
    }
}

/// Whether process `pid` holds the main seat; `None`: whether any process does.
pub fn is_main_held(folders: &Folders, pid: Option<u32>) -> bool {
    let dir = main_dir(folders);
    // A holder that cannot be read may be anybody.
    is_held(&dir) && (pid.is_none() || read_pid(&dir).is_none_or(|holder| Some(holder) == pid))
}

/// The right to play lessons on the main lab: whoever plays resets it again and again, so there can be one at a time.
/// Held until dropped, however the process ends; `None` while another process has it.
pub fn claim_play(folders: &Folders) -> Option<File> {
    let path = main_dir(folders).join("playing");
    let lock = File::options().read(true).write(true).create(true).truncate(false).open(path).ok()?;
    lock.try_lock().ok()?;
    Some(lock)
}

/// The process that holds the main seat, if one does and it can be recognised: it must run this very program. A number
/// in a file may belong to anybody by now, and only a process of ours may be sent a signal.
pub fn main_holder(folders: &Folders) -> Option<u32> {
    let dir = main_dir(folders);
    let pid = read_pid(&dir).filter(|_| is_held(&dir))?;
    process::is_this_program(pid).then_some(pid)
}

/// Folder of the main lab's temporary files.
pub fn main_run_dir(folders: &Folders) -> PathBuf {
    main_dir(folders).join("run")
}

/// The log file of a part of the main lab.
pub fn main_log_file(folders: &Folders, part: &str) -> PathBuf {
    log_file(&main_dir(folders), part)
}

fn is_held(dir: &Path) -> bool {
    // Opening never creates here: looking must not change anything.
    match File::open(dir.join("lock")) {
        Ok(lock) => matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)),
        Err(_) => false,
    }
}

fn main_dir(folders: &Folders) -> PathBuf {
    main_dir_of(&folders.state)
}

fn main_dir_of(state: &Path) -> PathBuf {
    state.join("main")
}

fn own_dir(folders: &Folders) -> PathBuf {
    folders.state.join("own")
}

fn log_file(dir: &Path, part: &str) -> PathBuf {
    dir.join("logs").join(format!("{part}.log"))
}

fn read_record(dir: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(dir.join("lab.json")).ok()?).ok()
}

fn read_pid(dir: &Path) -> Option<u32> {
    fs::read_to_string(dir.join("lock")).ok()?.trim().parse().ok()
}

fn clear(dir: &Path) -> std::io::Result<()> {
    gone(fs::remove_file(dir.join("lab.json")))?;
    gone(fs::remove_file(dir.join("lab.json.new")))?;
    gone(fs::remove_dir_all(dir.join("run")))?;
    // Last: while the id is there, a later lab knows that cleaning up is not finished.
    gone(fs::remove_file(dir.join("run-id")))
}

fn gone(removed: std::io::Result<()>) -> std::io::Result<()> {
    removed.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn open_lock(dir: &Path) -> std::io::Result<File> {
    File::options().read(true).write(true).create(true).truncate(false).open(dir.join("lock"))
}

/// Makes a folder, with those above it, that only its owner may enter: logs and the database of a run hold names,
/// addresses and sessions, and every account of the computer could read them otherwise.
///
/// # Errors
/// It cannot be made, or belongs to somebody else.
pub fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        builder.mode(0o700).create(path)?;
        // One that was there already keeps its mode otherwise.
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))
    }
    #[cfg(not(unix))]
    builder.create(path)
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn taken() -> Trouble {
    Trouble::new(
        Kind::State,
        "another lab holds the seat",
        "one lab runs at a time in one state folder",
        "use the running lab (`cargo xtask lab status`), stop it (`cargo xtask lab down`), or set SSO_LAB_STATE to another folder and use `--ports auto`",
    )
}

fn unwritable(dir: &Path) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("the state folder cannot be written: {}", dir.display()),
        "without it the lab could not clean up after itself",
        "make room or give yourself the right to write there, or set SSO_LAB_STATE to another folder",
    )
}

#[cfg(test)]
mod tests;
