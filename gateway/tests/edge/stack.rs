//! A gateway with fakes behind it, and how to start and stop one.

use std::net::SocketAddr;
use std::time::Duration;

use gateway::{Listeners, Settings, Upstreams};
use lifecycle::{GrpcOptions, Listener, Reader, Readiness, Shutdown};
use proto::Target;
use proto::v1::chat_client::ChatClient;
use proto::v1::generator_server::GeneratorServer;
use proto::v1::retriever_server::RetrieverServer;
use tokio::net::TcpListener;
use tonic::service::Routes;
use tonic::transport::Channel;

use crate::fakes::{FakeGenerator, FakeRetriever};

/// printf %s secret | sha256sum, and the same of `other`.
pub(crate) const KEYS: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b=main,\
d9298a10d1b0735837dc4bd85dac641b0f3cef27a47e5d53a54f2f3f5b2fcffa=shop+main";

/// How long a test waits for what must happen; far above what it takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Stack {
    pub(crate) shutdown: Shutdown,
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) internal: SocketAddr,
    pub(crate) chat: ChatClient<Channel>,
    pub(crate) retriever: FakeRetriever,
    pub(crate) generator: FakeGenerator,
    pub(crate) readiness: Readiness,
    behind: Shutdown,
}

/// Starts a gateway without rate limits, except where the pairs say otherwise.
pub(crate) async fn stack(pairs: &[(&str, &str)]) -> Stack {
    stack_at(None, pairs).await
}

/// The same, before a retriever that tells of its generation.
pub(crate) async fn stack_at(generation: Option<u64>, pairs: &[(&str, &str)]) -> Stack {
    let defaults = [
        ("RATE_PER_MINUTE", "0"),
        ("RATE_PER_HOUR", "0"),
        ("GATEWAY_DOCUMENT_PAGES", "main"),
        ("GATEWAY_DEMO", "true"),
    ];
    let mut reader = Reader::from_pairs(defaults.into_iter().chain(pairs.iter().copied()));
    let settings = Settings::read(&mut reader).expect("right settings");
    reader.finish(&["GATEWAY_"]).expect("right settings");
    let (shutdown, behind) = (Shutdown::new(), Shutdown::new());
    let (retriever, generator) = (FakeRetriever::new(), FakeGenerator::new());
    retriever.generation.send_replace(generation);
    let upstreams = Upstreams {
        retriever: serve(Routes::new(RetrieverServer::new(retriever.clone())), &behind),
        generator: serve(Routes::new(GeneratorServer::new(generator.clone())), &behind),
    };
    let port = || async { TcpListener::bind("127.0.0.1:0").await.expect("a free port") };
    let listeners =
        Listeners { http: port().await, grpc: Listener::Tcp(port().await), internal: Some(port().await) };
    let running = gateway::start(settings, &upstreams, listeners, &shutdown).await.expect("it starts");
    running.readiness.changed_from(false).await;
    let grpc = running.grpc_addr.expect("a port");
    let target: Target = format!("http://{grpc}").parse().expect("an address");
    Stack {
        http: running.http_addr,
        grpc,
        internal: running.internal_addr.expect("a port"),
        chat: ChatClient::new(target.channel()),
        readiness: running.readiness,
        shutdown,
        retriever,
        generator,
        behind,
    }
}

fn serve(routes: Routes, shutdown: &Shutdown) -> Target {
    let (sender, listener) = lifecycle::memory_listener();
    let readiness = Readiness::new(shutdown);
    readiness.set(true);
    let options = GrpcOptions {
        descriptor: &[],
        services: &[],
        readiness,
        reflection: false,
        drain: Duration::ZERO,
        access: lifecycle::Access::default(),
        limits: lifecycle::GrpcLimits::INSIDE,
    };
    let own = shutdown.clone();
    shutdown.spawn("fake", async move { lifecycle::serve_grpc(listener, routes, options, &own).await });
    Target::Memory(sender)
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.shutdown.begin();
        self.behind.begin();
    }
}
