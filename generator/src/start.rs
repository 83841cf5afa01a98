//! Puts the parts together and serves them until shutdown.

use std::net::SocketAddr;
use std::sync::Arc;

use lifecycle::{Access, GrpcOptions, Listener, Readiness, Shutdown};
use prometheus_client::registry::Registry;
use proto::v1::generator_server::{GeneratorServer, SERVICE_NAME};
use tokio::net::TcpListener;
use tonic::service::Routes;

use crate::answer::Answerer;
use crate::bedrock::BedrockModel;
use crate::earlier::EarlierAnswers;
use crate::error::Error;
use crate::extractive::ExtractiveModel;
use crate::guard::Guard;
use crate::ladder::Ladder;
use crate::metrics::Metrics;
use crate::model::ChatModel;
use crate::openai::OpenAiModel;
use crate::service::{GeneratorService, MAX_REQUEST_BYTES};
use crate::settings::{BedrockSettings, ModelChoice, OpenAiSettings, Settings};

/// Where the generator listens.
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
    pub async fn bind(settings: &Settings) -> Result<Self, Error> {
        let grpc = Listener::bind(settings.listen).await?;
        let internal = match Listener::bind(settings.internal_listen).await? {
            Listener::Tcp(listener) => Some(listener),
            Listener::Memory(_) => None,
        };
        Ok(Self { grpc, internal })
    }
}

/// A generator that serves; shutdown ends it.
#[derive(Debug)]
pub struct Running {
    /// The bound address of gRPC; none over a pipe.
    pub grpc_addr: Option<SocketAddr>,
    /// The bound address of the internal port.
    pub internal_addr: Option<SocketAddr>,
    /// Set from the start; unset once shutdown begins.
    pub readiness: Readiness,
}

/// Serves until shutdown. Everything runs on `shutdown`'s tasks. No model is called yet.
///
/// # Errors
/// [`Error::Settings`] when the model cannot be used as it is set.
pub async fn start(settings: &Settings, listeners: Listeners, shutdown: &Shutdown) -> Result<Running, Error> {
    let grpc_addr = listeners.grpc.local_addr();
    let internal_addr = listeners.internal.as_ref().and_then(|listener| listener.local_addr().ok());
    let mut registry = Registry::default();
    let metrics = Arc::new(Metrics::register(&mut registry));
    let answers = &settings.answers;
    let ladder = Arc::new(Ladder::new(models(settings).await?, settings.ladder));
    let guard = Guard::connect(&settings.guard, &settings.model.limits).await?;
    let prices = Arc::new(settings.model.prices.clone());
    let answerer = Answerer::new(ladder, guard, prices, answers);
    let service = GeneratorService { answerer, max_output_tokens: answers.max_output_tokens, metrics };
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
    if let Some(address) = grpc_addr {
        tracing::info!(what = "generator", %address, "listening");
    }
    spawn_grpc(listeners.grpc, service, options, shutdown);
    if let Some(listener) = listeners.internal {
        spawn_internal(listener, readiness.clone(), Arc::new(registry), shutdown);
    }
    Ok(Running { grpc_addr, internal_addr, readiness })
}

/// Returns the models that the settings choose, the best first; quotations come last.
async fn models(settings: &Settings) -> Result<Vec<Arc<dyn ChatModel>>, Error> {
    let (answers, of) = (&settings.answers, &settings.model);
    let mut models: Vec<Arc<dyn ChatModel>> = Vec::new();
    match &of.choice {
        ModelChoice::Extractive => {}
        ModelChoice::Bedrock(first) => {
            models.push(Arc::new(BedrockModel::connect(first, of).await?));
            if let Some(model) = of.fallback.clone() {
                let second = BedrockSettings { model, ..first.clone() };
                models.push(Arc::new(BedrockModel::connect(&second, of).await?));
            }
        }
        ModelChoice::OpenAi(first) => {
            models.push(Arc::new(OpenAiModel::new(first, of)?));
            if let Some(model) = of.fallback.clone() {
                models.push(Arc::new(OpenAiModel::new(&OpenAiSettings { model, ..first.clone() }, of)?));
            }
        }
    }
    if !models.is_empty() {
        models.push(Arc::new(EarlierAnswers));
    }
    models.push(Arc::new(ExtractiveModel::new(answers.sentence_threshold, answers.tokens_per_second)));
    Ok(models)
}

fn spawn_grpc(listener: Listener, service: GeneratorService, options: GrpcOptions, shutdown: &Shutdown) {
    let server = GeneratorServer::new(service).max_decoding_message_size(MAX_REQUEST_BYTES);
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
