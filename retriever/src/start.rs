//! Puts the parts together and serves them until shutdown.

mod store;

use std::net::SocketAddr;
use std::sync::Arc;

use lifecycle::{Access, GrpcOptions, Listener, Readiness, Shutdown};
use prometheus_client::registry::Registry;
use proto::v1::retriever_server::{RetrieverServer, SERVICE_NAME};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tonic::service::Routes;

use crate::error::Error;
use crate::metrics::Metrics;
use crate::search::Searcher;
use crate::service::{MAX_MESSAGE_BYTES, RetrieverService};
use crate::settings::Settings;
use crate::store::{Model, Store};

/// Where the retriever listens.
#[derive(Debug)]
pub struct Listeners {
    /// gRPC.
    pub grpc: Listener,
    /// Health and metrics; none where another part of the process shows them.
    pub internal: Option<TcpListener>,
}

impl Listeners {
    /// Binds the ports that the settings name.
    ///
    /// # Errors
    /// When a port cannot be bound; the text names its address.
    pub async fn bind(settings: &Settings) -> std::io::Result<Self> {
        let grpc = Listener::bind(settings.listen).await?;
        let internal = match Listener::bind(settings.internal_listen).await? {
            Listener::Tcp(listener) => Some(listener),
            Listener::Memory(_) => None,
        };
        Ok(Self { grpc, internal })
    }
}

/// A retriever that serves; shutdown ends it.
#[derive(Debug)]
pub struct Running {
    /// The bound address of gRPC; none over a pipe.
    pub grpc_addr: Option<SocketAddr>,
    /// The bound address of the internal port.
    pub internal_addr: Option<SocketAddr>,
    /// Set once the store is open; unset when shutdown begins.
    pub readiness: Readiness,
    /// The store, for assemblies that look into it.
    pub store: Arc<dyn Store>,
}

/// Opens the store and serves until shutdown. Everything runs on `shutdown`'s tasks. A database that cannot be reached is
/// waited for.
///
/// # Errors
/// When the store cannot be opened: [`Error::Incompatible`] for another embedding model, [`Error::Invalid`] for a
/// directory in use, a database that refuses the retriever, or settings that contradict each other.
pub async fn start(settings: Settings, listeners: Listeners, shutdown: &Shutdown) -> Result<Running, Error> {
    let embedder = settings.embedder.clone().connect().await;
    let embedder = embedder.map_err(|error| Error::Invalid(error.to_string()))?;
    let dimensions = u32::try_from(embedder.dimensions()).unwrap_or(u32::MAX);
    let model = Model { id: embedder.model_id().to_owned(), dimensions };
    let store = store::open(&settings, model.clone(), shutdown).await?;
    let mut registry = Registry::default();
    let searcher = Searcher::new(Arc::clone(&store), embedder, settings.weights);
    let metrics = Arc::new(Metrics::register(&mut registry, searcher.degraded_searches()));
    metrics.at(*store.generation().borrow());
    let service = RetrieverService {
        store: Arc::clone(&store),
        searcher,
        model,
        limits: settings.limits,
        capacity: settings.capacity,
        admission: Semaphore::new(settings.capacity.readers + settings.capacity.waiting),
        metrics,
        shutdown: shutdown.clone(),
    };
    let readiness = Readiness::new(shutdown);
    readiness.set(true);
    let options = GrpcOptions {
        descriptor: proto::FILE_DESCRIPTOR_SET,
        services: &[SERVICE_NAME],
        readiness: readiness.clone(),
        reflection: settings.reflection,
        drain: settings.drain,
        access: Access { token: settings.service_token.clone(), tls: None },
        limits: lifecycle::GrpcLimits::INSIDE,
    };
    let grpc_addr = listeners.grpc.local_addr();
    let internal_addr = listeners.internal.as_ref().and_then(|listener| listener.local_addr().ok());
    if let Some(address) = grpc_addr {
        tracing::info!(what = "retriever", %address, "listening");
    }
    spawn_grpc(listeners.grpc, service, options, shutdown);
    if let Some(listener) = listeners.internal {
        spawn_internal(listener, readiness.clone(), Arc::new(registry), shutdown);
    }
    Ok(Running { grpc_addr, internal_addr, readiness, store })
}

fn spawn_grpc(listener: Listener, service: RetrieverService, options: GrpcOptions, shutdown: &Shutdown) {
    let server = RetrieverServer::new(service).max_decoding_message_size(MAX_MESSAGE_BYTES);
    let own = shutdown.clone();
    shutdown.spawn("grpc", async move {
        if let Err(error) = lifecycle::serve_grpc(listener, Routes::new(server), options, &own).await {
            own.fail(&format!("gRPC ended: {error}"));
        }
    });
}

fn spawn_internal(listener: TcpListener, readiness: Readiness, registry: Arc<Registry>, shutdown: &Shutdown) {
    let own = shutdown.clone();
    shutdown.spawn("internal", async move {
        lifecycle::serve_internal(listener, readiness, registry, &own).await;
    });
}
