//! What a server prepares for a client that does not read.

use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use connection::{Http2, serve_http2};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio_util::sync::CancellationToken;

/// Bytes of a piece of the answer, and those that stand on the way between the two sides.
const PIECE_BYTES: usize = 512;
const PIPE_BYTES: usize = 1024;
/// Far more than is made ready; a client would take so much.
const WINDOW_BYTES: u32 = 1024 * 1024;

/// A client's end of a pipe, from which nothing more is read once the client has stopped.
struct Stoppable {
    pipe: DuplexStream,
    has_stopped: Arc<AtomicBool>,
}

impl AsyncRead for Stoppable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.has_stopped.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        Pin::new(&mut self.pipe).poll_read(context, buffer)
    }
}

impl AsyncWrite for Stoppable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.pipe).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.pipe).poll_shutdown(context)
    }
}

/// Returns how many bytes of an endless answer are made for a client that has read its head and then reads no more.
async fn made_ready(ready_bytes: usize) -> Result<usize, Box<dyn Error>> {
    let made = Arc::new(AtomicUsize::new(0));
    let counter = made.clone();
    let answer = move || {
        let pieces = std::iter::repeat_with(move || {
            counter.fetch_add(PIECE_BYTES, Ordering::Relaxed);
            Ok::<_, Infallible>(Bytes::from_static(&[b'x'; PIECE_BYTES]))
        });
        async { Body::from_stream(tokio_stream::iter(pieces)) }
    };
    let routes = tonic::service::Routes::from(axum::Router::new().fallback(answer));
    let limits = Http2 {
        streams: 1,
        header_bytes: 16 * 1024,
        window_bytes: 64 * 1024,
        ready_bytes,
        keepalive: Duration::from_secs(3600),
        keepalive_timeout: Duration::from_secs(3600),
        age: Duration::from_secs(3600),
    };
    let (pipe, far) = tokio::io::duplex(PIPE_BYTES);
    let has_stopped = Arc::new(AtomicBool::new(false));
    let near = Stoppable { pipe, has_stopped: has_stopped.clone() };
    let begun = CancellationToken::new();
    let server = serve_http2(tokio_stream::once(far), routes, limits, &begun);
    let client = async {
        let (mut sender, mut connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .handshake(TokioIo::new(near))
            .await?;
        let request = http::Request::get("http://localhost/").body(String::new())?;
        let head = tokio::select! {
            head = sender.send_request(request) => head?,
            ended = &mut connection => panic!("{ended:?}"),
        };
        has_stopped.store(true, Ordering::Relaxed);
        // The server has come to rest when it makes nothing more.
        let mut before = 0;
        loop {
            for _ in 0..1000 {
                tokio::task::yield_now().await;
            }
            let now = made.load(Ordering::Relaxed);
            if now == before && now > 0 {
                drop(head);
                return Ok(now);
            }
            before = now;
        }
    };
    tokio::select! {
        () = server => panic!("the server ended"),
        made = client => made,
    }
}

#[tokio::test]
async fn no_more_of_an_answer_is_made_than_may_wait() {
    for ready_bytes in [4 * 1024, 8 * 1024, 64 * 1024] {
        let made = made_ready(ready_bytes).await.unwrap();
        // On the way, in the frame that is being written, and the piece that did not fit.
        let most = ready_bytes + PIPE_BYTES + 16 * 1024 + 2 * PIECE_BYTES;
        assert!((ready_bytes..=most).contains(&made), "{ready_bytes}: {made}");
    }
}
