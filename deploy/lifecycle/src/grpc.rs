//! Serving gRPC with limits, keepalive, health, reflection and a bounded drain.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::time::Duration;

use connection::{Http2, serve_http2};
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::HealthServer;
use tonic_health::server::{HealthReporter, HealthService};

use crate::access::guarded;
use crate::listener::{pipes, sockets};
use crate::{Access, Listener, Readiness, Shutdown};

/// Limits of a gRPC server over TCP.
#[derive(Clone, Copy, Debug)]
pub struct GrpcLimits {
    /// Open connections; one more is told to go away.
    pub connections: usize,
    /// The same, from one address.
    pub connections_per_address: usize,
    /// For each part of the bytes with which a client begins.
    pub greeting: Duration,
    /// For the client to take some of what is written.
    pub slow_write: Duration,
    /// Of each connection; an age is a tenth more or less for each server, so that clients do not look for new hosts together.
    pub http2: Http2,
    /// After a connection's age, for open calls.
    pub age_grace: Duration,
}

impl GrpcLimits {
    /// Between our own services.
    pub const INSIDE: Self = Self {
        connections: 1024,
        connections_per_address: 1024,
        greeting: Duration::from_secs(10),
        slow_write: Duration::from_secs(30),
        http2: Http2 {
            streams: 1024,
            header_bytes: 16 * 1024,
            window_bytes: 64 * 1024,
            ready_bytes: 256 * 1024,
            keepalive: Duration::from_secs(10),
            keepalive_timeout: Duration::from_secs(5),
            age: Duration::from_secs(30 * 60),
        },
        age_grace: Duration::from_secs(150),
    };
}

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
    /// What the port asks of whoever connects.
    pub access: Access,
    /// Limits of its connections.
    pub limits: GrpcLimits,
}

/// Serves until shutdown, then finishes open calls within the drain time. Message size limits belong to each service.
///
/// # Errors
/// When the descriptors are broken.
pub async fn serve_grpc(
    listener: Listener,
    routes: Routes,
    options: GrpcOptions,
    shutdown: &Shutdown,
) -> io::Result<()> {
    let reporter = HealthReporter::new();
    let health = HealthServer::new(HealthService::from_health_reporter(reporter.clone()));
    follow_readiness(reporter, options.services, options.readiness, shutdown);
    let mut routes = routes;
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
    routes = match (&listener, options.access.token.clone()) {
        (Listener::Tcp(_), Some(token)) => guarded(routes, token),
        _ => routes,
    };
    // Whoever only wants to know whether the process lives needs no token.
    let routes = routes.add_service(health);
    // Hosts that were started together would otherwise send their clients away together.
    let part = 0.9 + 0.2 * (RandomState::new().hash_one(()) % 1024) as f64 / 1024.0;
    let http2 = options.limits.http2;
    let limits = Http2 { age: http2.age.mul_f64(part), ..http2 };
    let routes = routes.prepare();
    let serving = async {
        match listener {
            Listener::Tcp(port) => {
                let incoming = sockets(port, options.access.tls, options.limits);
                serve_http2(incoming, routes, limits, shutdown.token()).await;
            }
            Listener::Memory(clients) => serve_http2(pipes(clients), routes, limits, shutdown.token()).await,
        }
    };
    let begun = shutdown.token().clone();
    let overdue = async {
        begun.cancelled().await;
        tokio::time::sleep(options.drain).await;
    };
    tokio::select! {
        () = Box::pin(serving) => {}
        () = overdue => tracing::warn!("calls were cut at the end of the drain"),
    }
    Ok(())
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
