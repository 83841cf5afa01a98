//! What can be set about connections: how many, how slow, how large.

use std::time::Duration;

use lifecycle::{GrpcLimits, Http2, Reader};

/// Bounds of connections to the public HTTP port, and of what comes over them.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionBounds {
    /// `GATEWAY_MAX_SOCKETS`: open WebSocket connections; default 4,096.
    pub sockets: usize,
    /// `GATEWAY_MAX_SOCKETS_PER_ADDRESS`: WebSocket connections of one address; default 1,024.
    pub sockets_per_address: usize,
    /// `GATEWAY_MAX_CONNECTIONS`: open HTTP connections that are no WebSocket; default 2,048.
    pub connections: usize,
    /// `GATEWAY_MAX_CONNECTIONS_PER_ADDRESS`: the same of one peer address; default 1,024. Behind proxies of our own
    /// (`GATEWAY_TRUSTED_HOPS`) every connection is a proxy's, and only the bound on all of them counts.
    pub connections_per_address: usize,
    /// `GATEWAY_MAX_HEADERS`: header lines in a request; default 64.
    pub headers: usize,
    /// `GATEWAY_HEADER_BYTES`: bytes of a request's head; default 16,384.
    pub header_bytes: usize,
    /// `GATEWAY_MESSAGE_BYTES`: bytes of a body or of a WebSocket message, all its frames together; default 65,536.
    pub message_bytes: usize,
    /// `GATEWAY_SOCKET_FRAMES_PER_MINUTE`: messages, pings and pongs of one WebSocket; default 1,200. One more closes it.
    pub frames_per_minute: u32,
    /// `GATEWAY_HEADER_SECONDS`: from the connection to the end of a request's head; default 10.
    pub header: Duration,
    /// `GATEWAY_BODY_SECONDS`: for a request's body; default 15.
    pub body: Duration,
    /// `GATEWAY_SOCKET_AUTH_SECONDS`: for `authenticate` on a WebSocket that came without a key; default 5.
    pub auth: Duration,
    /// `GATEWAY_SOCKET_IDLE_SECONDS`: without any frame from the client, pongs included; default 120.
    pub idle: Duration,
    /// `GATEWAY_SOCKET_PING_SECONDS`: between two pings; default 30.
    pub ping: Duration,
    /// `GATEWAY_SLOW_WRITE_SECONDS`: for the client to take some of what is written, on every transport; default 20.
    pub slow_write: Duration,
    /// `GATEWAY_CLOSE_SPREAD_SECONDS`: span over which many WebSocket connections are closed at shutdown; default 5.
    pub close_spread: Duration,
}

impl ConnectionBounds {
    /// Reads the settings; wrong ones are noted with the reader.
    pub(super) fn read(reader: &mut Reader) -> Self {
        let sockets = reader.number("GATEWAY_MAX_SOCKETS", 4096, 1..=1_000_000);
        let sockets_per_address = reader.number("GATEWAY_MAX_SOCKETS_PER_ADDRESS", 1024, 1..=1_000_000);
        let connections = reader.number("GATEWAY_MAX_CONNECTIONS", 2048, 1..=1_000_000);
        let connections_per_address =
            reader.number("GATEWAY_MAX_CONNECTIONS_PER_ADDRESS", 1024, 1..=1_000_000);
        let headers = reader.number("GATEWAY_MAX_HEADERS", 64, 16..=1024);
        let header_bytes = reader.number("GATEWAY_HEADER_BYTES", 16 * 1024, 8 * 1024..=1024 * 1024);
        let message_bytes = reader.number("GATEWAY_MESSAGE_BYTES", 64 * 1024, 1024..=16 * 1024 * 1024);
        let frames_per_minute = reader.number("GATEWAY_SOCKET_FRAMES_PER_MINUTE", 1200, 10..=10_000_000);
        let mut seconds = |name, default| reader.seconds(name, Duration::from_secs(default), 0.001..=3600.0);
        Self {
            sockets,
            sockets_per_address,
            connections,
            connections_per_address,
            headers,
            header_bytes,
            message_bytes,
            frames_per_minute,
            header: seconds("GATEWAY_HEADER_SECONDS", 10),
            body: seconds("GATEWAY_BODY_SECONDS", 15),
            auth: seconds("GATEWAY_SOCKET_AUTH_SECONDS", 5),
            idle: seconds("GATEWAY_SOCKET_IDLE_SECONDS", 120),
            ping: seconds("GATEWAY_SOCKET_PING_SECONDS", 30),
            slow_write: seconds("GATEWAY_SLOW_WRITE_SECONDS", 20),
            close_spread: reader.seconds("GATEWAY_CLOSE_SPREAD_SECONDS", Duration::from_secs(5), 0.0..=60.0),
        }
    }
}

/// Bounds of the public gRPC port.
#[derive(Clone, Copy, Debug)]
pub struct GrpcBounds {
    /// `GATEWAY_GRPC_MESSAGE_BYTES`: bytes of a request; default 524,288: twenty messages of history at four bytes a
    /// character, and the question.
    pub message_bytes: usize,
    /// Connections: `GATEWAY_GRPC_MAX_CONNECTIONS` (default 1,024), `GATEWAY_GRPC_MAX_CONNECTIONS_PER_ADDRESS` (256, of
    /// one peer address), `GATEWAY_GRPC_MAX_STREAMS` (calls at once on one; 100), `GATEWAY_GRPC_HEADER_BYTES` (16,384),
    /// `GATEWAY_GRPC_WINDOW_BYTES` (sent ahead on one call; 65,536), `GATEWAY_GRPC_READY_BYTES` (of an answer that wait
    /// for its client to read; 8,192), `GATEWAY_HEADER_SECONDS` (for each part of the beginning),
    /// `GATEWAY_SLOW_WRITE_SECONDS`, `GATEWAY_GRPC_KEEPALIVE_SECONDS` (10) and
    /// `GATEWAY_GRPC_KEEPALIVE_TIMEOUT_SECONDS` (5), `GATEWAY_GRPC_AGE_SECONDS` (1,800, a tenth more or less for each
    /// gateway) and `GATEWAY_GRPC_AGE_GRACE_SECONDS` (150).
    pub limits: GrpcLimits,
}

impl GrpcBounds {
    /// Reads the settings; wrong ones are noted with the reader.
    pub(super) fn read(reader: &mut Reader, connections: &ConnectionBounds) -> Self {
        let message_bytes = reader.number("GATEWAY_GRPC_MESSAGE_BYTES", 512 * 1024, 1024..=16 * 1024 * 1024);
        let most = reader.number("GATEWAY_GRPC_MAX_CONNECTIONS", 1024, 1..=1_000_000);
        let most_per_address = reader.number("GATEWAY_GRPC_MAX_CONNECTIONS_PER_ADDRESS", 256, 1..=1_000_000);
        let streams = reader.number("GATEWAY_GRPC_MAX_STREAMS", 100, 1..=100_000);
        let header_bytes = reader.number("GATEWAY_GRPC_HEADER_BYTES", 16 * 1024, 4096..=1024 * 1024);
        let window_bytes =
            reader.number("GATEWAY_GRPC_WINDOW_BYTES", 64 * 1024, 16 * 1024..=16 * 1024 * 1024);
        let ready_bytes = reader.number("GATEWAY_GRPC_READY_BYTES", 8 * 1024, 1024..=16 * 1024 * 1024);
        let mut seconds = |name, default| reader.seconds(name, Duration::from_secs(default), 0.01..=86_400.0);
        let limits = GrpcLimits {
            connections: most,
            connections_per_address: most_per_address,
            greeting: connections.header,
            slow_write: connections.slow_write,
            http2: Http2 {
                streams,
                header_bytes,
                window_bytes,
                ready_bytes,
                keepalive: seconds("GATEWAY_GRPC_KEEPALIVE_SECONDS", 10),
                keepalive_timeout: seconds("GATEWAY_GRPC_KEEPALIVE_TIMEOUT_SECONDS", 5),
                age: seconds("GATEWAY_GRPC_AGE_SECONDS", 1800),
            },
            age_grace: seconds("GATEWAY_GRPC_AGE_GRACE_SECONDS", 150),
        };
        Self { message_bytes, limits }
    }
}
