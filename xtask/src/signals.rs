//! Ctrl-C, SIGTERM and a closed terminal: the first one asks for an orderly end, the second one does not ask.

use tokio_util::sync::CancellationToken;

use crate::out;

/// A token that is cancelled by the first signal; the second signal ends the process at once.
pub(crate) fn cancelled_by_signals() -> CancellationToken {
    let token = CancellationToken::new();
    let signalled = token.clone();
    tokio::spawn(async move {
        next().await;
        signalled.cancel();
        next().await;
        out::tell("interrupted again: not waiting any longer; the next `cargo xtask lab up` cleans up");
        std::process::exit(130);
    });
    token
}

#[cfg(unix)]
async fn next() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = hang_up() => {}
    }
}

/// The terminal that this command prints to was closed. Trap: under `nohup` the signal is ignored and has to stay so;
/// `nohup` takes the terminal away, and that is how it is recognised.
#[cfg(unix)]
async fn hang_up() {
    use std::io::IsTerminal as _;
    use tokio::signal::unix::{SignalKind, signal};
    let at_a_terminal = std::io::stdout().is_terminal() || std::io::stderr().is_terminal();
    match at_a_terminal.then(|| signal(SignalKind::hangup())) {
        Some(Ok(mut hangup)) => {
            hangup.recv().await;
        }
        _ => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn next() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
