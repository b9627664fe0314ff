//! A real Redis server for tests: on a free port, in a folder of its own, and gone when the test is.
//!
//! Needs nothing but the program `redis-server` and the crate `tempfile`, so any test crate can take this file in by
//! `#[path]`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Nothing here takes this long unless it hangs.
const DEADLINE: Duration = Duration::from_secs(20);

/// How the server keeps its data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// In memory only.
    Nothing,
    /// Every write is on disk before it is answered.
    EveryWrite,
}

/// A server, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
    folder: TempDir,
    keeps: Keeps,
    cluster: bool,
}

impl RedisServer {
    /// Starts one that keeps nothing on disk.
    pub(crate) fn start() -> Self {
        Self::with(Keeps::Nothing, false)
    }

    /// Starts one that survives `kill -9`.
    pub(crate) fn durable() -> Self {
        Self::with(Keeps::EveryWrite, false)
    }

    /// Starts a Redis Cluster of one node. It refuses whatever touches two slots at once, as every cluster does.
    pub(crate) fn cluster_of_one() -> Self {
        let server = Self::with(Keeps::Nothing, true);
        assert!(server.ask("CLUSTER ADDSLOTSRANGE 0 16383").starts_with("+OK"));
        let started = Instant::now();
        while !server.ask("CLUSTER INFO").contains("cluster_state:ok") {
            assert!(started.elapsed() < DEADLINE, "the cluster takes no work");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    fn with(keeps: Keeps, cluster: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the server");
        // Somebody may take the port between the look and the start; then it is another one's turn.
        for _ in 0..10 {
            let port = free_port();
            if let Some(child) = spawn(port, &folder, keeps, cluster) {
                return Self { child, port, folder, keeps, cluster };
            }
        }
        panic!("redis-server does not start; it is in the package redis-server")
    }

    /// Address for `--store`.
    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it in an orderly way. Returns when its port is closed.
    pub(crate) fn stop(&mut self) {
        let mut line = TcpStream::connect(("127.0.0.1", self.port)).expect("it runs");
        line.write_all(b"SHUTDOWN NOSAVE\r\n").expect("it listens");
        let _ = self.child.wait();
    }

    /// Ends it without any warning.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        let _ = self.child.wait();
    }

    /// Starts it again at the same port, with what it kept.
    pub(crate) fn start_again(&mut self) {
        let started = Instant::now();
        loop {
            if let Some(child) = spawn(self.port, &self.folder, self.keeps, self.cluster) {
                self.child = child;
                return;
            }
            assert!(started.elapsed() < DEADLINE, "redis-server does not start again");
        }
    }

    /// Sends one command and returns the beginning of the answer as it comes over the wire.
    pub(crate) fn ask(&self, command: &str) -> String {
        let mut line = TcpStream::connect(("127.0.0.1", self.port)).expect("it runs");
        line.set_read_timeout(Some(DEADLINE)).expect("a deadline");
        line.write_all(format!("{command}\r\n").as_bytes()).expect("it listens");
        let mut answer = vec![0; 64 * 1024];
        let count = line.read(&mut answer).expect("an answer");
        String::from_utf8_lossy(&answer[..count]).into_owned()
    }

    /// Id of its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("its number").port()
}

/// Starts the program and waits until it says that it is ready; `None` when it ends instead.
fn spawn(port: u16, folder: &TempDir, keeps: Keeps, cluster: bool) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
    command.arg("--dir").arg(folder.path());
    if keeps == Keeps::EveryWrite {
        command.args(["--appendonly", "yes", "--appendfsync", "always"]);
    }
    if cluster {
        command.args(["--cluster-enabled", "yes", "--cluster-port", &free_port().to_string()]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut log = BufReader::new(child.stdout.take()?);
    let mut line = String::new();
    loop {
        line.clear();
        if log.read_line(&mut line).unwrap_or(0) == 0 {
            let _ = child.wait();
            return None;
        }
        if line.contains("Ready to accept connections") {
            // A full pipe would stop the server.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Some(child);
        }
    }
}
