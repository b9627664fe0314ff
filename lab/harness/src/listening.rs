//! How the lab listens: on every tap and on the control interface the same loop, bounded in number and time.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What one listener allows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Connections at a time. One more is not turned away: it waits until another ends.
    pub(crate) connections: usize,
    /// How long a caller may take to send the head of a request, and how long a connection may lie idle.
    pub(crate) head: Duration,
    /// How long requests under way may take after the word to stop.
    pub(crate) drain: Duration,
}

impl Limits {
    /// Far more than a class of browsers opens, and few enough that nobody uses up the computer's memory.
    pub(crate) const USUAL: Self =
        Self { connections: 4_000, head: Duration::from_secs(30), drain: Duration::from_secs(2) };
}

/// How long to wait when the system has no more sockets, before asking for the next one again.
const OUT_OF_SOCKETS: Duration = Duration::from_millis(100);

/// Serves `router` on `listener` until `stop`; then no new connection is taken, requests under way get
/// [`Limits::drain`], and what is left after that (streams) is cut off. When it returns, the port is free.
///
/// Upgraded connections (WebSocket) belong to the handler that joined them, and count until they end.
pub(crate) async fn serve(router: Router, listener: TcpListener, limits: Limits, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            // Finished connections are taken out one by one, or their results would pile up.
            Some(_) = connections.join_next() => continue,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok(stream) => {
                let service = TowerToHyperService::new(router.clone());
                connections.spawn(connection(stream, service, limits, stop.clone()));
            }
            Err(error) => wait_out(&error).await,
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(limits.drain, drained).await.is_err() {
        tracing::debug!("{} connections were cut off", connections.len());
        connections.shutdown().await;
    }
}

/// The next connection, with its place. Trap: the place comes first. A connection that was accepted without one would
/// have to be dropped, and its caller would see a broken lab; not accepted, it waits in the system's queue.
async fn accept(listener: &TcpListener, places: &Arc<Semaphore>) -> io::Result<Placed> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    // Small answers should leave at once; not being able to say so is no reason to refuse them.
    let _ = stream.set_nodelay(true);
    Ok(Placed { stream, _place: place })
}

async fn connection(stream: Placed, service: TowerToHyperService<Router>, limits: Limits, stop: CancellationToken) {
    let serving = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut serving = std::pin::pin!(serving);
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Some errors belong to one connection that broke before it was accepted; the others need a moment.
async fn wait_out(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
        tracing::warn!(%error, "no connection could be accepted; trying again");
        tokio::time::sleep(OUT_OF_SOCKETS).await;
    }
}

/// A connection that gives its place back when it is dropped, wherever an upgrade has carried it.
struct Placed {
    stream: TcpStream,
    _place: OwnedSemaphorePermit,
}

impl AsyncRead for Placed {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Placed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests;
