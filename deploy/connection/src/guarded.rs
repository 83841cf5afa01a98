//! A connection that an HTTP/2 server may hold: its client has to begin and to read within limits of time.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};
use tokio_io_timeout::TimeoutStream;
use tonic::transport::server::Connected;

use crate::Place;

/// Bytes with which every HTTP/2 client begins; until they are there nothing of the protocol's own liveness works.
const PREFACE_BYTES: usize = 24;

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// For each part of the bytes with which it begins.
    pub greeting: Duration,
    /// To take some of what is written to it.
    pub slow_write: Duration,
    /// In all; then the connection is cut.
    pub life: Duration,
}

/// A connection that has its place, and whose client must say something soon and take what it asked for.
#[derive(Debug)]
pub struct Guarded<S> {
    stream: Pin<Box<TimeoutStream<S>>>,
    greeting: usize,
    end: Pin<Box<Sleep>>,
    _place: Place,
}

impl<S: AsyncRead + AsyncWrite> Guarded<S> {
    /// Returns the connection of a client that has so much time.
    pub fn new(stream: S, place: Place, waits: Waits) -> Self {
        let mut stream = TimeoutStream::new(stream);
        stream.set_read_timeout(Some(waits.greeting));
        stream.set_write_timeout(Some(waits.slow_write));
        Self { stream: Box::pin(stream), greeting: 0, end: Box::pin(sleep(waits.life)), _place: place }
    }
}

impl<S: AsyncRead + AsyncWrite + Connected> Connected for Guarded<S> {
    type ConnectInfo = S::ConnectInfo;

    fn connect_info(&self) -> S::ConnectInfo {
        self.stream.get_ref().connect_info()
    }
}

impl<S: AsyncRead + AsyncWrite> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        if self.end.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        ready!(self.stream.as_mut().poll_read(context, buffer))?;
        if self.greeting < PREFACE_BYTES {
            self.greeting += buffer.filled().len() - before;
            if self.greeting >= PREFACE_BYTES {
                self.stream.as_mut().set_read_timeout_pinned(None);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream.as_mut().poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_shutdown(context)
    }
}
