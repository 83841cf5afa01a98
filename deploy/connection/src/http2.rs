//! Serving HTTP/2 to gRPC's routes: tonic's own server has no bound on what is kept ready for a client that does not read.

use std::convert::Infallible;
use std::pin::pin;
use std::time::Duration;

use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;
use tokio_stream::{Stream, StreamExt};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::service::Routes;
use tonic::transport::server::Connected;

/// Resets that a peer may have pending before the connection is closed (the Rapid Reset attack), and resets that its broken frames may
/// make this side send (`MadeYouReset`).
const MAX_PENDING_RESETS: usize = 20;
const MAX_OWN_RESETS: usize = 100;

/// What an HTTP/2 server allows each connection.
#[derive(Clone, Copy, Debug)]
pub struct Http2 {
    /// Calls at once.
    pub streams: u32,
    /// Bytes of a call's metadata.
    pub header_bytes: u32,
    /// Bytes that a client may send ahead on one call.
    pub window_bytes: u32,
    /// Bytes of an answer that are kept ready for a client that has not taken the ones before.
    pub ready_bytes: usize,
    /// Without a frame, until the client is asked whether it lives.
    pub keepalive: Duration,
    /// For its answer.
    pub keepalive_timeout: Duration,
    /// After which a connection takes no more calls.
    pub age: Duration,
}

/// Serves the connections until the end is begun, then finishes their open calls; dropped, it cuts them.
pub async fn serve_http2<C>(
    connections: impl Stream<Item = C>,
    routes: Routes,
    limits: Http2,
    begun: &CancellationToken,
) where
    C: AsyncRead + AsyncWrite + Connected<ConnectInfo: Clone + Send + Sync> + Unpin + Send + 'static,
{
    let builder = builder(limits);
    let mut open = JoinSet::new();
    {
        // Dropped before the drain, so that a closing port lets nobody in to wait.
        let mut connections = pin!(connections);
        loop {
            tokio::select! {
                next = connections.next() => match next {
                    Some(stream) => {
                        let served = serve(stream, routes.clone(), builder.clone(), limits.age, begun.clone());
                        open.spawn(served);
                    }
                    None => break,
                },
                Some(_) = open.join_next() => {}
                () = begun.cancelled() => break,
            }
        }
    }
    while open.join_next().await.is_some() {}
}

fn builder(limits: Http2) -> http2::Builder<TokioExecutor> {
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .keep_alive_interval(limits.keepalive)
        .keep_alive_timeout(limits.keepalive_timeout)
        .max_concurrent_streams(limits.streams)
        .initial_stream_window_size(limits.window_bytes)
        .max_send_buf_size(limits.ready_bytes)
        .max_header_list_size(limits.header_bytes)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_OWN_RESETS);
    builder
}

/// Serves one connection: past its age, and once the end is begun, it is told to take its next calls elsewhere.
async fn serve<C>(
    stream: C,
    routes: Routes,
    builder: http2::Builder<TokioExecutor>,
    age: Duration,
    begun: CancellationToken,
) where
    C: AsyncRead + AsyncWrite + Connected<ConnectInfo: Clone + Send + Sync> + Unpin + Send + 'static,
{
    let peer = stream.connect_info();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer.clone());
        answer(routes.clone(), request)
    });
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut leaving = pin!(async move {
        tokio::select! {
            () = tokio::time::sleep(age) => {}
            () = begun.cancelled() => {}
        }
    });
    let served = tokio::select! {
        served = &mut connection => served,
        () = &mut leaving => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!(%error, "connection ended early");
    }
}

/// Answers one call; its head has to be there within the time that the caller gave.
async fn answer(mut routes: Routes, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let limit = timeout_of(request.headers());
    let answered = routes.call(request);
    let Some(limit) = limit else { return answered.await };
    let late = |_| Ok(Status::deadline_exceeded("the call's own deadline passed").into_http());
    tokio::time::timeout(limit, answered).await.unwrap_or_else(late)
}

/// Returns what `grpc-timeout` says, where it says something: at most 8 digits and a unit.
pub fn timeout_of(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}
