//! `lab logs`: what a part wrote.

use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::time::Duration;

use clap::ValueEnum;
use lab::state::{self, Found};
use lab::{Kind, Trouble};

use crate::settings::Global;
use crate::signals::cancelled_by_signals;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Whose log
    #[arg(value_enum, default_value_t = Part::Lab)]
    part: Part,
    /// Go on printing what is added, until Ctrl-C
    #[arg(short, long)]
    follow: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum Part {
    /// The feed and the messages of a lab in the background.
    Lab,
    Keycloak,
    Internal,
    External,
    Admin,
    /// Of lessons that keep a portal's sessions there.
    Redis,
}

impl Part {
    fn word(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Keycloak => "keycloak",
            Self::Internal => "internal",
            Self::External => "external",
            Self::Admin => "admin",
            Self::Redis => "redis",
        }
    }
}

pub(crate) async fn run(args: Args, global: &Global) -> Result<(), Trouble> {
    let folders = global.folders()?;
    let path = state::main_log_file(&folders, args.part.word());
    let mut from = 0;
    let cancel = cancelled_by_signals();
    loop {
        let mut new = Vec::new();
        let read = File::open(&path).and_then(|mut file| {
            // A shorter file is a new one: a new lab has started.
            if file.metadata()?.len() < from {
                from = 0;
            }
            file.seek(SeekFrom::Start(from))?;
            file.read_to_end(&mut new)
        });
        match read {
            Ok(_) => from += new.len() as u64,
            // Only a lab that is just starting will make it; without one the wait would never end.
            Err(error)
                if error.kind() == ErrorKind::NotFound
                    && args.follow
                    && matches!(state::look(&folders), Found::Busy { .. }) => {}
            Err(error) => return Err(no_log(args.part).caused_by(error)),
        }
        if std::io::stdout().write_all(&new).is_err() || !args.follow {
            return Ok(());
        }
        tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            () = tokio::time::sleep(Duration::from_millis(200)) => {}
        }
    }
}

fn no_log(part: Part) -> Trouble {
    Trouble::new(
        Kind::State,
        format!("there is no log of {}", part.word()),
        match part {
            Part::Lab => "only a lab in the background writes one; a lab in front prints to its terminal",
            Part::Redis => "no lesson has kept a portal's sessions there yet",
            Part::Keycloak | Part::Internal | Part::External | Part::Admin => {
                "no lab has been started in this state folder yet"
            }
        },
        match part {
            Part::Redis => "play one that does: `cargo xtask scenario list`",
            _ => "start one: `cargo xtask lab up --detach`",
        },
    )
}
