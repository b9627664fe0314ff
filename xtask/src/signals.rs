//! Ctrl-C and SIGTERM: the first one asks for an orderly end, the second one does not ask.

use tokio_util::sync::CancellationToken;

/// A token that is cancelled by the first signal; the second signal ends the process at once.
pub(crate) fn cancelled_by_signals() -> CancellationToken {
    let token = CancellationToken::new();
    let signalled = token.clone();
    tokio::spawn(async move {
        next().await;
        signalled.cancel();
        next().await;
        eprintln!("interrupted again: not waiting any longer; the next `cargo xtask lab up` cleans up");
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
    }
}

#[cfg(not(unix))]
async fn next() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
