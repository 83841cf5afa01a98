//! Puts the parts together and serves them until shutdown.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use lifecycle::{Access, GrpcOptions, HttpLimits, Listener, Port, Readiness, Shutdown, Tls};
use prometheus_client::registry::Registry;
use proto::v1::chat_server::ChatServer;
use tokio::net::TcpListener;
use tonic::service::Routes;

use crate::admission::{Admission, Origins};
use crate::cache::Cache;
use crate::chat::Chat;
use crate::error::Error;
use crate::handoff::{Desk, HandoffMetrics};
use crate::http::{self, Edge};
use crate::knowledge::Knowledge;
use crate::metrics::Metrics;
use crate::service::ChatService;
use crate::settings::{Settings, Upstreams};
use crate::socket::Sockets;
use crate::state::State;
use crate::tls::Certificate;
use crate::upstream::Services;

const READINESS_POLL: Duration = Duration::from_millis(250);
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// Time that is left at the end of a drain to tell readers that their answers were cut.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where the gateway listens.
#[derive(Debug)]
pub struct Listeners {
    /// WebSocket, REST and SSE.
    pub http: TcpListener,
    /// Public gRPC.
    pub grpc: Listener,
    /// Health and metrics; none where another part of the process shows them.
    pub internal: Option<TcpListener>,
}

impl Listeners {
    /// Binds the ports that the settings name.
    ///
    /// # Errors
    /// When a port cannot be bound; the text names its address.
    pub async fn bind(settings: &Settings) -> Result<Self, Error> {
        let http = bind(settings.http_listen).await?;
        let grpc = Listener::bind(settings.grpc_listen).await?;
        let internal = Some(bind(settings.internal_listen).await?);
        Ok(Self { http, grpc, internal })
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    match Listener::bind(address).await? {
        Listener::Tcp(listener) => Ok(listener),
        Listener::Memory(_) => Err(Error::NoPort),
    }
}

/// A gateway that serves; shutdown ends it.
#[derive(Debug)]
pub struct Running {
    /// The bound address of HTTP.
    pub http_addr: SocketAddr,
    /// The bound address of gRPC; none over a pipe.
    pub grpc_addr: Option<SocketAddr>,
    /// The bound address of the internal port.
    pub internal_addr: Option<SocketAddr>,
    /// Whether both upstreams have answered, and shutdown has not begun.
    pub readiness: Readiness,
}

/// Serves until shutdown.
///
/// # Errors
/// When a listener has no address.
pub async fn start(
    settings: Settings,
    upstreams: &Upstreams,
    listeners: Listeners,
    shutdown: &Shutdown,
) -> Result<Running, Error> {
    let http_addr = listeners.http.local_addr()?;
    let grpc_addr = listeners.grpc.local_addr();
    let internal_addr = listeners.internal.as_ref().map(TcpListener::local_addr).transpose()?;
    let mut registry = Registry::default();
    let metrics = Arc::new(Metrics::register(&mut registry));
    let services = Services::new(upstreams, settings.deadlines, settings.rewriting);
    let knowledge = Knowledge::default();
    let grace = settings.drain.saturating_sub(LAST_WORDS.min(settings.drain / 4));
    let state = State::open(&settings.state, &mut registry, shutdown).await;
    let cache = Cache::new(settings.cache, knowledge.clone()).sharing(state.redis(), shutdown);
    let admission = Admission::new(&settings, &state)?;
    let desk = Desk::new(
        settings.handoff.clone(),
        HandoffMetrics::register(&mut registry),
        (shutdown.clone(), grace),
    )?;
    let parts = (services.clone(), cache.clone());
    let chat =
        Chat::new(admission, parts, &settings, metrics, (shutdown.clone(), grace)).sharing(state.redis());
    let readiness = Readiness::new(shutdown);
    let edge = Arc::new(Edge {
        chat,
        desk,
        sockets: Arc::new(Sockets::new(settings.connections)),
        origins: Origins::new(settings.allowed_origins.clone(), http_addr.ip().is_loopback()),
        readiness: readiness.clone(),
        shutdown: shutdown.clone(),
        settings,
    });
    tracing::info!(what = "http", address = %http_addr, "listening");
    if let Some(address) = grpc_addr {
        tracing::info!(what = "grpc", %address, "listening");
    }
    if let Some(address) = internal_addr {
        tracing::info!(what = "internal", %address, "listening");
    }
    let [http, grpc] = public_tls(&edge)?;
    spawn_http(Port::new(listeners.http, http), &edge);
    spawn_grpc(listeners.grpc, grpc, &edge);
    if let Some(listener) = listeners.internal {
        spawn_internal(listener, &edge, Arc::new(registry));
    }
    spawn_knowledge(services.clone(), knowledge, cache, shutdown);
    spawn_readiness(services, &edge);
    spawn_forgetting(&edge);
    spawn_key_reading(&edge);
    Ok(Running { http_addr, grpc_addr, internal_addr, readiness })
}

/// Returns TLS for HTTP and for gRPC, where it is set.
fn public_tls(edge: &Edge) -> Result<[Option<Tls>; 2], Error> {
    let Some(files) = edge.settings.doors.tls.clone() else { return Ok([None, None]) };
    let certificate = Certificate::read(files)?;
    certificate.keep_fresh(&edge.shutdown);
    let patience = edge.settings.connections.header;
    Ok([Some(certificate.tls(b"http/1.1", patience)?), Some(certificate.tls(b"h2", patience)?)])
}

fn spawn_http(port: Port, edge: &Arc<Edge>) {
    let service = TowerToHyperService::new(http::router(Arc::clone(edge)));
    let bounds = &edge.settings.connections;
    let is_direct = edge.settings.trusted_hops == 0;
    let limits = HttpLimits {
        header_read_timeout: bounds.header,
        write_timeout: bounds.slow_write,
        max_connections: bounds.connections,
        max_connections_per_address: if is_direct { bounds.connections_per_address } else { usize::MAX },
        max_headers: bounds.headers,
        max_header_bytes: bounds.header_bytes,
    };
    let shutdown = edge.shutdown.clone();
    edge.shutdown
        .spawn("http", async move { lifecycle::serve_http1(port, service, limits, &shutdown).await });
}

fn spawn_grpc(listener: Listener, tls: Option<Tls>, edge: &Arc<Edge>) {
    let bounds = edge.settings.grpc;
    let service =
        ChatServer::new(ChatService::new(Arc::clone(edge))).max_decoding_message_size(bounds.message_bytes);
    let options = GrpcOptions {
        descriptor: proto::FILE_DESCRIPTOR_SET,
        services: &["smallbiz.chatbot.v1.Chat"],
        readiness: edge.readiness.clone(),
        reflection: edge.settings.reflection,
        drain: edge.settings.drain,
        access: Access { token: None, tls },
        limits: bounds.limits,
    };
    let shutdown = edge.shutdown.clone();
    edge.shutdown.spawn("grpc", async move {
        if let Err(error) = lifecycle::serve_grpc(listener, Routes::new(service), options, &shutdown).await {
            shutdown.fail(&format!("gRPC ended: {error}"));
        }
    });
}

fn spawn_internal(listener: TcpListener, edge: &Arc<Edge>, registry: Arc<Registry>) {
    let (readiness, shutdown) = (edge.readiness.clone(), edge.shutdown.clone());
    edge.shutdown.spawn("internal", async move {
        lifecycle::serve_internal(listener, readiness, registry, &shutdown).await;
    });
}

/// Ready once both upstreams have said that they serve. What fails later is told to each caller, not to the balancer:
/// taking every gateway away would help nobody. Only one that has refused questions for some time says so, because others may
/// have room.
fn spawn_readiness(services: Services, edge: &Arc<Edge>) {
    let token = edge.shutdown.token().clone();
    let edge = Arc::clone(edge);
    edge.shutdown.clone().spawn(
        "readiness",
        token.run_until_cancelled_owned(async move {
            while !services.are_ready().await {
                tokio::time::sleep(READINESS_POLL).await;
            }
            tracing::info!("ready");
            let mut has_room = true;
            edge.readiness.set(has_room);
            loop {
                tokio::time::sleep(READINESS_POLL).await;
                if edge.chat.is_overloaded() == has_room {
                    has_room = !has_room;
                    tracing::warn!(has_room, "overload");
                    edge.readiness.set(has_room);
                }
            }
        }),
    );
}

/// What was answered before a change is forgotten at once, for a document that was deleted must not be quoted on.
fn spawn_knowledge(services: Services, knowledge: Knowledge, cache: Cache, shutdown: &Shutdown) {
    let token = shutdown.token().clone();
    shutdown.spawn(
        "knowledge",
        token.run_until_cancelled_owned(async move {
            knowledge.follow(&services, |_| cache.clear()).await;
        }),
    );
}

fn spawn_key_reading(edge: &Arc<Edge>) {
    let token = edge.shutdown.token().clone();
    let edge = Arc::clone(edge);
    edge.shutdown.clone().spawn(
        "keys",
        token.run_until_cancelled_owned(async move {
            loop {
                tokio::time::sleep(edge.settings.doors.keys_reload).await;
                edge.chat.admission().refresh_keys().await;
            }
        }),
    );
}

fn spawn_forgetting(edge: &Arc<Edge>) {
    let token = edge.shutdown.token().clone();
    let edge = Arc::clone(edge);
    edge.shutdown.clone().spawn(
        "rate limits",
        token.run_until_cancelled_owned(async move {
            loop {
                tokio::time::sleep(FORGET_EVERY).await;
                edge.chat.admission().forget_idle_visitors();
            }
        }),
    );
}
