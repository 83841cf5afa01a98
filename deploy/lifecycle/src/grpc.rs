//! Serving gRPC with limits, keepalive, health, reflection and a bounded drain.

use std::io;
use std::time::Duration;

use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::listener::{pipes, sockets};
use crate::{Listener, Readiness, Shutdown};

const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections are closed in turn so that clients find new hosts; open calls get the grace.
const MAX_CONNECTION_AGE: Duration = Duration::from_secs(30 * 60);
const MAX_CONNECTION_AGE_GRACE: Duration = Duration::from_secs(150);
const MAX_STREAMS_PER_CONNECTION: u32 = 1024;
const MAX_HEADER_LIST_BYTES: u32 = 16 * 1024;
/// Resets that a peer may have pending before the connection is closed (the Rapid Reset attack).
const MAX_PENDING_RESETS: usize = 20;

/// What a gRPC server offers beside its own services.
#[derive(Clone, Debug)]
pub struct GrpcOptions {
    /// Encoded descriptors for reflection.
    pub descriptor: &'static [u8],
    /// Full names of the services whose health follows the readiness.
    pub services: &'static [&'static str],
    /// Whether the services can serve.
    pub readiness: Readiness,
    /// Whether clients may ask what the server offers.
    pub reflection: bool,
    /// Time that open calls get to finish once shutdown begins.
    pub drain: Duration,
}

/// Serves until shutdown, then finishes open calls within the drain time. Message size limits belong to each service.
///
/// # Errors
/// When the descriptors are broken or the server cannot run.
pub async fn serve_grpc(
    listener: Listener,
    routes: Routes,
    options: GrpcOptions,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let reporter = HealthReporter::new();
    let health = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
    follow_readiness(reporter, options.services, options.readiness, shutdown);
    let mut routes = routes.add_service(health);
    if options.reflection {
        let builder = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(options.descriptor)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        // Clients are split between the two versions of the protocol.
        routes = routes.add_service(builder().build_v1().map_err(io::Error::other)?);
        routes = routes.add_service(builder().build_v1alpha().map_err(io::Error::other)?);
    }
    let router = Server::builder()
        .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_connection_age(MAX_CONNECTION_AGE)
        .max_connection_age_grace(MAX_CONNECTION_AGE_GRACE)
        .max_concurrent_streams(MAX_STREAMS_PER_CONNECTION)
        .http2_max_header_list_size(MAX_HEADER_LIST_BYTES)
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
        .add_routes(routes.prepare());
    let begun = shutdown.token().clone().cancelled_owned();
    let serving = async {
        match listener {
            Listener::Tcp(port) => router.serve_with_incoming_shutdown(sockets(port), begun).await,
            Listener::Memory(clients) => router.serve_with_incoming_shutdown(pipes(clients), begun).await,
        }
    };
    let begun = shutdown.token().clone();
    let overdue = async {
        begun.cancelled().await;
        tokio::time::sleep(options.drain).await;
    };
    tokio::select! {
        served = Box::pin(serving) => served.map_err(io::Error::other),
        () = overdue => {
            tracing::warn!("calls were cut at the end of the drain");
            Ok(())
        }
    }
}

fn follow_readiness(
    reporter: HealthReporter,
    services: &'static [&'static str],
    readiness: Readiness,
    shutdown: &Shutdown,
) {
    let begun = shutdown.token().clone();
    shutdown.spawn("health", async move {
        let mut ready = readiness.is_ready();
        loop {
            let status = if ready { ServingStatus::Serving } else { ServingStatus::NotServing };
            for service in services.iter().chain(&[""]) {
                reporter.set_service_status(service, status).await;
            }
            tokio::select! {
                now = readiness.changed_from(ready) => ready = now,
                () = begun.cancelled() => return,
            }
        }
    });
}
