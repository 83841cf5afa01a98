//! Documents to chunks to vectors: the service and the editors' command line.
//!
//! The document store is the truth and the index is derived from it; this crate keeps the two equal. It knows nothing of
//! search, questions or answers.

mod document;
mod error;
mod index;
mod keeper;
mod metrics;
mod quarantine;
mod reading;
mod recognition;
mod service;
mod settings;

pub mod chunk;
pub mod cli;
pub mod confined;
pub mod extract;
pub mod metadata;
pub mod store;
pub mod text_extractor;
pub mod textract;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use embedding::Embedder;
use lifecycle::{Access, GrpcOptions, Listener, Readiness, Shutdown};
use prometheus_client::registry::Registry;
use proto::Target;
use proto::v1::ingestor_server::IngestorServer;
use tokio::sync::watch;
use tonic::service::Routes;

pub use document::{DocumentKey, InvalidName, MAIN_COLLECTION};
pub use error::Error;
pub use reading::DocumentReader;
pub use settings::{DocumentsChoice, Settings};

use index::Index;
use keeper::{Keeper, Limits, Pace};
use metrics::Metrics;
use store::{Bucket, DocumentStore};

/// Full name of the service, for the health check.
const SERVICE: &str = "smallbiz.chatbot.v1.Ingestor";
/// Time that open calls get once shutdown begins; what they leave undone is done after the next start.
const DRAIN: Duration = Duration::from_secs(20);

/// The parts with more than one implementation.
#[derive(Clone, Debug)]
pub struct Parts {
    /// Where the documents are.
    pub store: Arc<dyn DocumentStore>,
    /// What makes vectors of their chunks.
    pub embedder: Arc<dyn Embedder>,
}

/// A running ingestor; it runs until shutdown, whether this is kept or not.
#[derive(Clone, Debug)]
pub struct Running {
    first_pass: watch::Receiver<bool>,
    readiness: Readiness,
    registry: Arc<Registry>,
}

impl Running {
    /// Waits until the first reconciliation has ended: from then on the index holds the documents. Never returns when
    /// shutdown comes first.
    pub async fn reconciled(&self) {
        let mut first_pass = self.first_pass.clone();
        if first_pass.wait_for(|is_done| *is_done).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Serves health and metrics over HTTP on a private port until shutdown; a pipe cannot carry it and is dropped.
    pub fn serve_internal(&self, listener: Listener, shutdown: &Shutdown) {
        let Listener::Tcp(listener) = listener else { return };
        let (readiness, own) = (self.readiness.clone(), shutdown.clone());
        let registry = Arc::clone(&self.registry);
        shutdown.spawn("internal", async move {
            lifecycle::serve_internal(listener, readiness, registry, &own).await;
        });
    }

    /// Returns what the ingestor counts.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Returns the flag that is set once the first reconciliation has ended.
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }
}

/// Starts the ingestor with the parts that the settings name: where the documents are, and the embedder.
///
/// # Errors
/// When the documents cannot be reached, or the settings of the embedder or of the reader of pictures make no sense.
pub async fn start(
    mut settings: Settings,
    retriever: Target,
    listener: Listener,
    shutdown: &Shutdown,
) -> Result<Running, Error> {
    if let Some(bucket) = settings.lending.take() {
        let shelf = Bucket::connect(bucket, None).await?;
        settings.reading = settings.reading.with_shelf(Arc::new(shelf));
    }
    let store = settings.documents.clone().open().await?;
    let embedder = settings.embedder.clone().connect().await?;
    settings.reading.check().await?;
    let parts = Parts { store, embedder };
    Ok(start_with(&settings, parts, &retriever, listener, shutdown))
}

/// Starts the ingestor with these parts. It serves at once, and keeps store and index equal from now on.
pub fn start_with(
    settings: &Settings,
    parts: Parts,
    retriever: &Target,
    listener: Listener,
    shutdown: &Shutdown,
) -> Running {
    let index = Index::new(retriever, parts.embedder, settings.index_timeout);
    let limits = Limits {
        sizes: settings.sizes,
        max_document_bytes: settings.max_document_bytes,
        metadata: settings.metadata,
        parallelism: settings.parallelism,
    };
    let mut registry = Registry::default();
    let metrics = Metrics::register(&mut registry);
    let parts = keeper::Parts { store: parts.store, index, reading: settings.reading.clone(), metrics };
    let keeper = Arc::new(Keeper::new(parts, limits));
    let readiness = Readiness::new(shutdown);
    let (done, first_pass) = watch::channel(false);
    let pace = Pace { full: settings.reconcile_interval, debounce: settings.debounce };
    let (kept, stop) = (Arc::clone(&keeper), shutdown.clone());
    shutdown.spawn("keeper", async move { kept.keep(pace, done, stop).await });
    let running = Running { first_pass, readiness, registry: Arc::new(registry) };
    let (ready, stop) = (running.clone(), shutdown.token().clone());
    shutdown.spawn("readiness", async move {
        tokio::select! {
            () = ready.reconciled() => {
                ready.readiness.set(true);
                tracing::info!("ready");
            }
            () = stop.cancelled() => {}
        }
    });
    let service = service::Service::new(keeper, settings.max_uploads, shutdown.clone());
    let options = GrpcOptions {
        descriptor: proto::FILE_DESCRIPTOR_SET,
        services: &[SERVICE],
        readiness: running.readiness.clone(),
        reflection: is_shown_at(listener.local_addr()),
        drain: DRAIN,
        access: Access { token: settings.service_token.clone(), tls: None },
        limits: lifecycle::GrpcLimits::INSIDE,
    };
    if let Some(address) = listener.local_addr() {
        tracing::info!(what = "ingestor", %address, "listening");
    }
    let server = IngestorServer::new(service).max_decoding_message_size(service::MAX_MESSAGE_BYTES);
    let own = shutdown.clone();
    shutdown.spawn("grpc", async move {
        let served = lifecycle::serve_grpc(listener, Routes::new(server), options, &own).await;
        if let Err(error) = served {
            own.fail(&format!("the gRPC server failed: {error}"));
        }
    });
    running
}

/// Whether clients may ask at this address what the service offers: beyond the machine nobody is told.
fn is_shown_at(address: Option<SocketAddr>) -> bool {
    address.is_none_or(|address| address.ip().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_shown_at;

    #[test]
    fn nobody_beyond_the_machine_is_told_what_the_service_offers() {
        for (address, is_shown) in [
            ("127.0.0.1:7003", true),
            ("[::1]:7003", true),
            ("0.0.0.0:7003", false),
            ("10.0.0.5:7003", false),
        ] {
            assert_eq!(is_shown_at(address.parse().ok()), is_shown, "{address}");
        }
        assert!(is_shown_at(None), "over a pipe");
    }
}
