//! A body that is forwarded piece by piece while its first bytes are kept. Nothing is held back.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::capture::Passing;

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// To its last byte.
    Complete,
    /// Whoever read it went away.
    Dropped,
    /// Whoever wrote it broke off.
    Broken,
}

/// Called once, when the body has ended.
type OnEnd = Box<dyn FnOnce(End) + Send>;

/// The forwarded body.
pub(super) struct Tee<B> {
    inner: B,
    kept: Arc<Mutex<Passing>>,
    on_end: Option<OnEnd>,
}

impl<B: Body<Data = Bytes> + Unpin> Tee<B> {
    pub(super) fn new(inner: B, kept: Arc<Mutex<Passing>>, on_end: impl FnOnce(End) + Send + 'static) -> Self {
        Self { inner, kept, on_end: Some(Box::new(on_end)) }
    }
}

impl<B> Tee<B> {
    fn end(&mut self, end: End) {
        if let Some(on_end) = self.on_end.take() {
            on_end(end);
        }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Tee<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(context);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(data);
                }
                // A server that knows the length stops polling after the last byte.
                if self.inner.is_end_stream() {
                    self.end(End::Complete);
                }
            }
            Poll::Ready(Some(Err(_))) => self.end(End::Broken),
            Poll::Ready(None) => self.end(End::Complete),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B> Drop for Tee<B> {
    fn drop(&mut self) {
        self.end(End::Dropped);
    }
}
