//! Starts the four services and joins them.

use std::net::SocketAddr;

use anyhow::Context;
use lifecycle::{Failure, Listener, Shutdown, memory_listener};
use proto::Target;

use crate::Settings;

/// The running chatbot; shutdown ends it.
#[derive(Debug)]
pub struct Running {
    /// The edge.
    pub gateway: gateway::Running,
    /// The documents' keeper.
    pub ingestor: ingestor::Running,
    /// Where the ingestor's command line finds it.
    pub ingestor_addr: Option<SocketAddr>,
}

/// Starts everything. Ports are bound first, so that a clash fails at once.
///
/// # Errors
/// When a port is taken, or a folder cannot be used; the text says which.
pub async fn start(settings: Settings, shutdown: &Shutdown) -> Result<Running, Failure> {
    let edge = gateway::Listeners::bind(&settings.gateway).await?;
    let editors = Listener::bind(settings.ingestor.listen).await?;
    let ingestor_addr = editors.local_addr();

    let (retriever_pipe, retriever_end) = memory_listener();
    let (generator_pipe, generator_end) = memory_listener();
    let retriever_target = Target::Memory(retriever_pipe);
    let inside = retriever::Listeners { grpc: retriever_end, internal: None };
    retriever::start(settings.retriever, inside, shutdown).await.context("the retriever")?;
    let inside = generator::Listeners { grpc: generator_end, internal: None };
    generator::start(&settings.generator, inside, shutdown).await.context("the generator")?;
    let upstreams =
        gateway::Upstreams { retriever: retriever_target.clone(), generator: Target::Memory(generator_pipe) };
    let gateway =
        gateway::start(settings.gateway, &upstreams, edge, shutdown).await.context("the gateway")?;
    let ingestor = ingestor::start(settings.ingestor, retriever_target, editors, shutdown);
    let ingestor = ingestor.await.context("the ingestor")?;

    let running = Running { gateway, ingestor, ingestor_addr };
    announce_when_ready(&running, shutdown);
    Ok(running)
}

/// Ready means that questions are taken and that the index equals the folder as it was found.
fn announce_when_ready(running: &Running, shutdown: &Shutdown) {
    let (readiness, ingestor) = (running.gateway.readiness.clone(), running.ingestor.clone());
    let page = format!("http://{}", running.gateway.http_addr);
    let stop = shutdown.token().clone();
    shutdown.spawn(
        "announcement",
        stop.run_until_cancelled_owned(async move {
            readiness.changed_from(false).await;
            ingestor.reconciled().await;
            tracing::info!(page, try_asking = "When are you open on Sundays?", "chatbot ready");
        }),
    );
}
