//! A portal on a socket, and how it stops.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Extension;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::faults::Exposed;
use crate::limits::Peer;
use crate::portal::Portal;

/// How long requests under way may take after the word to stop.
const DRAIN: Duration = Duration::from_secs(2);
/// How long a client may take to send the head of a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a request's head may have: browsers send some 20 headers and, with everything on `localhost`, a few kilobytes of
/// cookies. More is answered with 431.
const MOST_HEADERS: usize = 64;
const LONGEST_HEAD: usize = 32 * 1024;
/// How long to wait when the machine has no more sockets, before asking for the next one again.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// The word to stop, for handlers whose answer has no end of its own.
#[derive(Debug, Clone)]
pub(crate) struct Stopping(pub(crate) CancellationToken);

/// Serves `portal` on `listener` until `stop`. Open event streams end at once then, other requests within two seconds;
/// what is left after that is cut off. When it returns, nothing of it runs any more and the port is free.
///
/// # Errors
/// [`Exposed`] when the portal has faults and `listener` can be reached from other computers; nothing is served then.
pub async fn serve(portal: &Portal, listener: TcpListener, stop: CancellationToken) -> Result<(), Exposed> {
    // An address that cannot be told may be any.
    let anywhere = SocketAddr::from(([0, 0, 0, 0], 0));
    portal.served_at(listener.local_addr().unwrap_or(anywhere))?;
    let router = portal.router().layer(Extension(Stopping(stop.clone())));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            // Finished connections are taken out one by one, or their results would pile up.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let service = TowerToHyperService::new(router.clone().layer(Extension(Peer::at(peer))));
                connections.spawn(connection(stream, service, stop.clone()));
            }
            Err(error) => wait_out(&error).await,
        }
    }
    drop(listener);
    let drained = timeout(DRAIN, async { while connections.join_next().await.is_some() {} }).await;
    if drained.is_err() {
        tracing::warn!(target: "portal", "{} connections were cut off", connections.len());
        connections.shutdown().await;
    }
    Ok(())
}

async fn connection(stream: TcpStream, service: TowerToHyperService<axum::Router>, stop: CancellationToken) {
    // Small answers should leave at once; not being able to say so is no reason to refuse them.
    let _ = stream.set_nodelay(true);
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(target: "portal", "a connection ended early: {error}");
    }
}

/// Some errors belong to one connection that broke before it was accepted; the others need a moment.
async fn wait_out(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(target: "portal", "no connection could be accepted: {error}");
        tokio::time::sleep(OUT_OF_SOCKETS).await;
    }
}
