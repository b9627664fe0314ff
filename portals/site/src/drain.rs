//! Reads the rest of a request that is answered before it has arrived whole, such as one that is too long.
//!
//! Trap: a server that answers 413 at the first byte too many and closes the connection makes the network reset it.
//! The reset can overtake the answer, and the client sees a broken connection instead of the reason (RFC 9112 section
//! 9.6). So what is under way is read and thrown away first, within bounds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, SizeHint};
use tokio::sync::oneshot;

/// Who sends more than this after a refusal does not listen, and may see the reset.
const MOST: usize = 8 * 1024 * 1024;
/// The same for who sends slowly.
const PATIENCE: Duration = Duration::from_secs(2);

/// A request's body that comes back when its reader is done with it.
struct Lent {
    body: Body,
    back: Option<oneshot::Sender<Body>>,
}

/// Runs the request, and holds its answer back until the rest of its body is read.
pub(crate) async fn rest(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (back, mut returned) = oneshot::channel();
    let answer = next.run(request.map(|body| Body::new(Lent { body, back: Some(back) }))).await;
    // Not there: somebody still reads it, and it is theirs.
    if let Ok(body) = returned.try_recv() {
        // The bounds are reached or the client is gone: the answer goes out as it may.
        let _ = tokio::time::timeout(PATIENCE, read_away(body)).await;
    }
    answer
}

async fn read_away(mut body: Body) {
    let mut read = 0;
    while let Some(Ok(frame)) = body.frame().await {
        read += frame.data_ref().map_or(0, Bytes::len);
        if read > MOST {
            return;
        }
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(back) = self.back.take()
            && !self.body.is_end_stream()
        {
            // The request was given up: nobody waits for the rest.
            let _ = back.send(std::mem::take(&mut self.body));
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::extract::DefaultBodyLimit;
    use axum::routing::post;
    use axum::{Router, middleware};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    /// A sender that writes everything before it reads, as many do, gets the answer and no reset. Without the rest being
    /// read this fails at the first or second try.
    #[tokio::test(flavor = "multi_thread")]
    async fn who_sends_too_much_is_told_so() {
        let router = Router::new()
            .route("/", post(async |body: axum::body::Bytes| body.len().to_string()))
            .layer(DefaultBodyLimit::max(1024))
            .layer(middleware::from_fn(super::rest));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        for length in [0, 1024, 1025, 3 << 20, 3 << 20, 3 << 20] {
            let mut connection = TcpStream::connect(address).await.unwrap();
            let head = format!("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n");
            connection.write_all(head.as_bytes()).await.unwrap();
            connection.write_all(&vec![b'a'; length]).await.unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).await.unwrap();
            let expected = if length > 1024 { "HTTP/1.1 413" } else { "HTTP/1.1 200" };
            assert!(answer.starts_with(expected), "{length} bytes: {answer}");
        }
    }
}
