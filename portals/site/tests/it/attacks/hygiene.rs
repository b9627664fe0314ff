//! Nothing secret in anything that others read (goal R15): logs at the most verbose level, numbers, error pages, journal.
//!
//! A portal is led through everything that has to do with tokens, and whatever it wrote is searched for whatever was
//! secret on the way: whole, in part, and in other notations.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::{io, thread};

use portals::{Fault, Faults, Kind};
use tracing_subscriber::filter::LevelFilter;

use crate::binary::{Running, portal};
use crate::portal_for;
use crate::provider::{CLIENT_SECRET, Provider};
use crate::visitor::Visitor;

mod needles;
mod walk;

use needles::leaks;
use walk::{Walk, walk};

#[tokio::test]
async fn the_program_writes_nothing_secret_at_the_most_verbose_level() {
    for kind in [Kind::Internal, Kind::Admin] {
        let provider = Provider::start().await;
        let client = format!("{kind}-client");
        let arguments = ["--portal", kind.word(), "--port", "0", "--issuer", provider.issuer(), "--client-id", &client];
        let mut command = portal(&[&arguments[..], &["--client-secret-env", "SECRET_OF_THE_TEST"]].concat());
        command.env("RUST_LOG", "trace").env("SECRET_OF_THE_TEST", CLIENT_SECRET);
        let mut child = Running(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
        // At this level a pipe is full before anybody has signed in.
        let mut stderr = child.0.stderr.take().unwrap();
        let log = thread::spawn(move || {
            let mut text = Vec::new();
            stderr.read_to_end(&mut text).map(|_| String::from_utf8_lossy(&text).into_owned())
        });
        let mut line = String::new();
        let mut stdout = BufReader::new(child.0.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let port = line.trim().rsplit(':').next().unwrap().parse().unwrap();

        let Walk { shown, secrets } = walk(&provider, &Visitor::at(kind, ([127, 0, 0, 1], port).into())).await;
        child.0.kill().unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        let log = log.join().unwrap().unwrap();
        assert!(log.contains("TRACE") && log.contains("DEBUG hyper"), "it was not verbose: {log:.2000}");
        assert!(log.contains("/logout") && log.contains("back-channel"), "it tells what happened: {log:.2000}");
        assert_eq!(leaks(&format!("{line}{rest}{log}"), &secrets), [""; 0], "in the log of {kind}");
        assert_eq!(leaks(&shown, &secrets), [""; 0], "in what {kind} shows");
    }
}

#[tokio::test]
async fn a_portal_in_this_process_writes_nothing_secret_either() {
    for kind in [Kind::Internal, Kind::Admin] {
        let (walked, written) = walk_here(kind, Faults::NONE).await;
        assert!(written.contains("TRACE"), "it was not verbose");
        assert!(written.contains("\"logout-token-accepted\""), "the journal is part of it: {written}");
        assert_eq!(leaks(&written, &walked.secrets), [""; 0], "in log and journal of {kind}");
        assert_eq!(leaks(&walked.shown, &walked.secrets), [""; 0], "in what {kind} shows");
    }
}

/// A search that finds nothing proves something only if it would find something.
#[tokio::test]
async fn the_search_finds_a_portal_that_logs_its_tokens() {
    let (walked, written) = walk_here(Kind::Internal, [Fault::P21TokenInLog].into_iter().collect()).await;
    assert!(!leaks(&written, &walked.secrets).is_empty());
}

/// Leads a portal of this process through everything; what it wrote: log and journal.
async fn walk_here(kind: Kind, faults: Faults) -> (Walk, String) {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    // For this thread, on which this test's whole runtime lives.
    let guard = tracing::subscriber::set_default(subscriber);
    let provider = Provider::start().await;
    let portal = portal_for(kind, provider.issuer());
    portal.set_faults(faults).unwrap();
    let walked = walk(&provider, &Visitor::of(&portal)).await;
    drop(guard);
    let journal = serde_json::to_string(&portal.journal().entries()).unwrap();
    let log = String::from_utf8_lossy(&captured.0.lock().unwrap()).into_owned();
    (walked, format!("{log}\n{journal}"))
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
