//! Serving HTTP/1 with an accept loop of its own: the ready-made ones wait for ever for a slow or silent client.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Response, StatusCode, header};
use connection::{Doors, Place};
use http_body_util::Full;
use hyper::body::{Body, Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use telemetry::NoProfile;
use tokio::net::TcpListener;
use tokio_io_timeout::TimeoutStream;

use crate::listener::ACCEPT_PAUSE;
use crate::tls::Wire;
use crate::{Port, Readiness, Shutdown};

const REFUSED: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 5\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// Limits of an HTTP/1 server.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Time from the connection, or from the last response, to the end of the next request's head.
    pub header_read_timeout: Duration,
    /// Time that the client may take none of what is written; then the connection is cut. Upgraded ones included.
    pub write_timeout: Duration,
    /// Open connections, upgraded ones not counted; one more is answered 503 and closed.
    pub max_connections: usize,
    /// The same, from one address.
    pub max_connections_per_address: usize,
    /// Header lines in a request.
    pub max_headers: usize,
    /// Bytes of a request's head, and of the read buffer.
    pub max_header_bytes: usize,
}

/// The client's address, found among the extensions of each request.
#[derive(Clone, Copy, Debug)]
pub struct PeerAddress(pub SocketAddr);

/// Serves HTTP/1 only, upgrades included, until shutdown; then finishes open requests. Upgraded connections are the
/// service's own to track. Bodies have no time limit here.
pub async fn serve_http1<S, B>(port: impl Into<Port>, service: S, limits: HttpLimits, shutdown: &Shutdown)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let Port { listener, tls } = port.into();
    let doors = Doors::new(limits.max_connections, limits.max_connections_per_address);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.token().cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => match doors.take(peer.ip()) {
                Some(place) => {
                    let wire = Wire::new(stream, tls.as_ref());
                    spawn_connection((wire, peer, place), service.clone(), limits, shutdown);
                }
                // A fresh socket's send buffer is empty, so this cannot block; losing it costs only politeness.
                None if tls.is_none() => _ = stream.try_write(REFUSED),
                None => {}
            },
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

fn spawn_connection<S, B>(
    (wire, peer, place): (Wire, SocketAddr, Place),
    service: S,
    limits: HttpLimits,
    shutdown: &Shutdown,
) where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Send + Sync + 'static,
    S::Future: Send + 'static,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let begun = shutdown.token().clone();
    shutdown.spawn("http connection", async move {
        let mut stream = TimeoutStream::new(wire);
        stream.set_write_timeout(Some(limits.write_timeout));
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddress(peer));
            service.call(request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read_timeout)
            .max_headers(limits.max_headers)
            .max_buf_size(limits.max_header_bytes)
            .serve_connection(TokioIo::new(Box::pin(stream)), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        let served = tokio::select! {
            served = &mut connection => served,
            () = begun.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%error, "connection ended early");
        }
        drop(place);
    });
}

/// Serves `/healthz` (alive), `/readyz` (can serve), `/metrics` (Prometheus text) and, with `PROFILES=true`,
/// `/debug/profile?seconds=10&hertz=99` (folded stacks) until shutdown. For a private port only.
pub async fn serve_internal(
    listener: TcpListener,
    readiness: Readiness,
    registry: Arc<Registry>,
    shutdown: &Shutdown,
) {
    let limits = HttpLimits {
        header_read_timeout: Duration::from_secs(10),
        write_timeout: Duration::from_secs(30),
        max_connections: 64,
        max_connections_per_address: 64,
        max_headers: 64,
        max_header_bytes: 16 * 1024,
    };
    let service = service_fn(move |request: Request<Incoming>| {
        let (readiness, registry) = (readiness.clone(), Arc::clone(&registry));
        async move {
            let (status, body) = match request.uri().path() {
                "/debug/profile" => profiled(request.uri().query().unwrap_or_default()).await,
                path => internal_page(path, &readiness, &registry),
            };
            Ok::<_, Infallible>(plain_text(status, body))
        }
    });
    serve_http1(listener, service, limits, shutdown).await;
}

fn internal_page(path: &str, readiness: &Readiness, registry: &Registry) -> (StatusCode, String) {
    match path {
        "/healthz" => (StatusCode::OK, "alive\n".to_owned()),
        "/readyz" if readiness.is_ready() => (StatusCode::OK, "ready\n".to_owned()),
        "/readyz" => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
        "/metrics" => {
            let mut text = String::new();
            match encode(&mut text, registry) {
                Ok(()) => (StatusCode::OK, text),
                Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
            }
        }
        _ => (StatusCode::NOT_FOUND, "try /healthz, /readyz, /metrics or /debug/profile\n".to_owned()),
    }
}

/// Samples where time goes for as long as the query says.
async fn profiled(query: &str) -> (StatusCode, String) {
    const RIGHT: &str = "expected seconds=1 to 60 and hertz=1 to 1000\n";
    let (mut seconds, mut hertz) = (10_u64, 99_i32);
    for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
        let read = match name {
            "seconds" => value.parse().map(|value| seconds = value).is_ok(),
            "hertz" => value.parse().map(|value| hertz = value).is_ok(),
            _ => false,
        };
        if !read {
            return (StatusCode::BAD_REQUEST, RIGHT.to_owned());
        }
    }
    if !(1..=60).contains(&seconds) || !(1..=1000).contains(&hertz) {
        return (StatusCode::BAD_REQUEST, RIGHT.to_owned());
    }
    let profile = match telemetry::Profile::begin(hertz) {
        Ok(profile) => profile,
        Err(NoProfile::Off) => return (StatusCode::NOT_FOUND, "PROFILES=true allows profiles\n".to_owned()),
        Err(NoProfile::Busy) => return (StatusCode::CONFLICT, "another profile is being taken\n".to_owned()),
    };
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    match tokio::task::spawn_blocking(|| profile.finish()).await {
        Ok(Ok(stacks)) => (StatusCode::OK, stacks),
        Ok(Err(_)) | Err(_) => {
            (StatusCode::INTERNAL_SERVER_ERROR, "the profile could not be read\n".to_owned())
        }
    }
}

fn plain_text(status: StatusCode, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let kind = ::http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
