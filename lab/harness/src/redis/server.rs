//! One `redis-server` process: how it is started, asked and ended, each within bounds.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use redis::{Client, Cmd, FromRedisValue, RedisResult};
use tokio::net::TcpSocket;
use tokio::process::Command;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::INSTALL;
use crate::keycloak::java::Search;
use crate::keycloak::process::Group;
use crate::state::private_folder;
use crate::trouble::{Kind, Trouble};

/// An empty one is there in a tenth of a second.
const START: Duration = Duration::from_secs(15);
/// How long one answer may take, connecting included.
const ANSWER: Duration = Duration::from_secs(3);
/// How long an end may take after the word, before the group is ended the hard way.
const END: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);
const LOG_LINES: usize = 10;

/// Where a server is found, also by the portals. It stays the same over a stop. Does not print.
#[derive(Clone)]
pub(super) struct Place {
    port: u16,
    /// Tokens are in there, and every account of this computer reaches loopback.
    password: String,
}

impl Place {
    pub(super) fn new(port: u16) -> Self {
        Self { port, password: format!("{:032x}", rand::random::<u128>()) }
    }

    pub(super) fn url(&self) -> String {
        format!("redis://:{}@127.0.0.1:{}", self.password, self.port)
    }

    /// Holds the port while nobody serves there: a caller is refused, and no other program gets it. Not getting it back
    /// shows at the next start.
    pub(super) fn reserve(&self) -> Option<TcpSocket> {
        let socket = TcpSocket::new_v4().ok()?;
        socket.set_reuseaddr(true).ok()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).ok()?;
        Some(socket)
    }
}

/// A server that answered. Dropping it kills it.
pub(super) struct Server {
    pub(super) place: Place,
    group: Group,
}

impl Server {
    /// Starts one that keeps its files in `folder`, and waits until it answers.
    pub(super) async fn start(place: Place, folder: &Path, run_id: &str, log: &Path) -> Result<Self, Trouble> {
        let program = find().ok_or_else(missing)?;
        let settings = write_settings(&place, folder).map_err(|error| unwritable(folder, error))?;
        let mut server = Self { place, group: Group::spawn(command(&program, &settings), run_id, log)? };
        let answered = async {
            let mut looks = interval(PAUSE);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                looks.tick().await;
                // While it loads what it kept, it answers with an error.
                if ask::<String>(&server.place, &redis::cmd("PING")).await.is_ok() {
                    return;
                }
            }
        };
        let why = tokio::select! {
            () = answered => return Ok(server),
            how = server.group.watch() => format!("it ended by itself, {how}"),
            () = tokio::time::sleep(START) => format!("no answer within {} s", START.as_secs()),
        };
        let lines = server.group.last_lines(LOG_LINES);
        server.group.stop().await?;
        Err(Trouble::new(
            Kind::Part,
            format!("Redis does not start: {why}\nlast lines of its log:\n{lines}"),
            "a portal that keeps its sessions there would have no store",
            "fix what the log names; `redis-server --version` has to work on this computer",
        ))
    }

    /// Whether it has ended without being asked to.
    pub(super) fn has_ended(&self) -> bool {
        self.group.has_ended()
    }

    /// Lets it write down what it holds and end.
    ///
    /// While it runs it keeps nothing on disk, so that no lesson waits for a disk. But an operator's stop and start loses no
    /// session, and this is one, so it saves once, at its end. `SHUTDOWN SAVE` and not `SAVE` and a signal: between these
    /// two, a portal could write something that is lost.
    pub(super) async fn shut_down(&mut self) -> Result<(), Trouble> {
        let mut shutdown = redis::cmd("SHUTDOWN");
        shutdown.arg("SAVE");
        // It answers only if it goes on.
        let said = ask::<redis::Value>(&self.place, &shutdown).await;
        let ended = timeout(END, self.group.ended()).await;
        self.group.stop().await?;
        match ended {
            Ok(how) if how == "exit status 0" => Ok(()),
            how => Err(Trouble::new(
                Kind::Part,
                format!("Redis was stopped and kept nothing: {}", how.unwrap_or_else(|_| told(said))),
                "the sessions in it are lost",
                "look whether the disk is full, then reset the lab",
            )),
        }
    }

    /// Takes everything out.
    pub(super) async fn empty(&self) -> Result<(), Trouble> {
        ask::<()>(&self.place, &redis::cmd("FLUSHALL")).await.map_err(|error| {
            let what = format!("Redis cannot be emptied: {}", error.category());
            Trouble::new(Kind::Part, what, "it does not answer as it should", "reset the lab, which starts another one")
        })
    }

    /// Ends it; what it holds is lost.
    pub(super) async fn end(&mut self) -> Result<(), Trouble> {
        self.group.stop().await
    }
}

/// The program, where this computer has it.
pub fn find() -> Option<PathBuf> {
    Search::from_env().program("redis-server")
}

/// Removes what a server kept.
pub(super) fn forget(folder: &Path) -> Result<(), Trouble> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(unwritable(folder, error)),
        _ => Ok(()),
    }
}

/// Trap: Redis writes its title over the beginning of its memory, and with it over the environment in which a run's mark
/// stands (seen with 7.0; the setting against it came with 6.2). A later lab could not sweep it. So a shell that keeps the
/// mark leads the group; the words after the program keep it from becoming the program itself.
fn command(program: &Path, settings: &Path) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "\"$0\" \"$1\"; exit $?"]).arg(program).arg(settings);
    command
}

/// In a file, because everybody can read command lines.
fn write_settings(place: &Place, folder: &Path) -> std::io::Result<PathBuf> {
    private_folder(folder)?;
    let file = folder.join("redis.conf");
    let text = format!(
        "bind 127.0.0.1\nport {}\nrequirepass {}\ndaemonize no\ndir \"{}\"\ndbfilename kept.rdb\nsave \"\"\n\
         appendonly no\nmaxmemory-policy noeviction\n",
        place.port,
        place.password,
        folder.display().to_string().replace('\\', "\\\\").replace('"', "\\\""),
    );
    fs::File::create(&file)?.write_all(text.as_bytes())?;
    Ok(file)
}

/// One command over a connection of its own.
async fn ask<T: FromRedisValue>(place: &Place, command: &Cmd) -> RedisResult<T> {
    let asked = async {
        let mut connection = Client::open(place.url())?.get_multiplexed_async_connection().await?;
        command.query_async(&mut connection).await
    };
    timeout(ANSWER, asked).await.unwrap_or_else(|_| Err(std::io::Error::from(ErrorKind::TimedOut).into()))
}

/// Why it goes on, in its own words.
fn told(said: RedisResult<redis::Value>) -> String {
    match said {
        Err(error) => error.detail().unwrap_or_else(|| error.category()).to_owned(),
        Ok(_) => "it goes on".to_owned(),
    }
}

fn missing() -> Trouble {
    Trouble::new(
        Kind::Environment,
        "the program redis-server is not there",
        "this lesson keeps a portal's sessions in a real Redis",
        format!("install it: {INSTALL}"),
    )
}

fn unwritable(folder: &Path, error: std::io::Error) -> Trouble {
    Trouble::new(
        Kind::Environment,
        format!("Redis' files cannot be written or removed: {}", folder.display()),
        "the lab keeps them in the folder of its run",
        "make room, or set SSO_LAB_STATE to another folder",
    )
    .caused_by(error)
}
