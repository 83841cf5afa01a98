//! The servers' limits, over real sockets.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use lifecycle::{
    Access, GrpcLimits, GrpcOptions, Http2, HttpLimits, Listener, Readiness, Shutdown, serve_grpc,
    serve_http1, serve_internal,
};
use prometheus_client::registry::Registry;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tonic::service::Routes;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

const LIMITS: HttpLimits = HttpLimits {
    header_read_timeout: Duration::from_millis(200),
    write_timeout: Duration::from_millis(200),
    max_connections: 2,
    max_connections_per_address: 2,
    max_headers: 16,
    max_header_bytes: 8192,
};

async fn hello_server(shutdown: &Shutdown) -> SocketAddr {
    hello_server_with(LIMITS, shutdown).await
}

async fn hello_server_with(limits: HttpLimits, shutdown: &Shutdown) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let service = service_fn(|_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
    });
    let handle = shutdown.clone();
    shutdown.spawn("server", async move { serve_http1(listener, service, limits, &handle).await });
    address
}

/// Sends bytes and returns everything that comes back until the server closes.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(bytes).await.expect("writes");
    let mut reply = Vec::new();
    // A reset is a way of closing too.
    _ = stream.read_to_end(&mut reply).await;
    String::from_utf8_lossy(&reply).into_owned()
}

#[tokio::test]
async fn a_client_that_sends_nothing_or_half_a_head_is_closed() {
    let shutdown = Shutdown::new();
    let address = hello_server(&shutdown).await;
    for start in [&b""[..], b"GET / HTTP/1.1\r\nhost: x\r\n"] {
        let reply = exchange(address, start).await;
        assert!(!reply.contains("hello"), "{reply}");
    }
    let reply = exchange(address, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(reply.ends_with("hello"), "{reply}");
}

#[tokio::test]
async fn a_connection_above_the_limit_is_told_to_come_back() {
    let shutdown = Shutdown::new();
    let address = hello_server(&shutdown).await;
    let _first = TcpStream::connect(address).await.expect("connects");
    let _second = TcpStream::connect(address).await.expect("connects");
    let reply = exchange(address, b"").await;
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("retry-after: 5"), "{reply}");
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut() {
    let shutdown = Shutdown::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    // More than both sockets' buffers hold.
    let service = service_fn(|_: Request<Incoming>| async {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(vec![0; 32 << 20]))))
    });
    let handle = shutdown.clone();
    shutdown.spawn("server", async move { serve_http1(listener, service, LIMITS, &handle).await });
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("writes");
    while shutdown.task_count() < 2 {
        tokio::task::yield_now().await;
    }
    while shutdown.task_count() > 1 {
        tokio::task::yield_now().await;
    }
    let mut reply = Vec::new();
    let read = stream.read_to_end(&mut reply).await;
    assert!(read.is_err() || reply.len() < 32 << 20, "{} bytes came", reply.len());
}

#[tokio::test]
async fn cleartext_http2_is_refused() {
    let shutdown = Shutdown::new();
    let address = hello_server(&shutdown).await;
    let reply = exchange(address, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!(!reply.contains("hello") && !reply.starts_with('\0'), "{reply:?}");
}

#[tokio::test]
async fn the_private_port_tells_life_readiness_and_metrics() {
    let shutdown = Shutdown::new();
    let readiness = Readiness::new(&shutdown);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (flag, handle) = (readiness.clone(), shutdown.clone());
    shutdown.spawn("internal", async move {
        serve_internal(listener, flag, Arc::new(Registry::default()), &handle).await;
    });
    let get = async |path: &str| {
        exchange(address, format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes())
            .await
    };
    assert!(get("/healthz").await.starts_with("HTTP/1.1 200"));
    assert!(get("/readyz").await.starts_with("HTTP/1.1 503"));
    readiness.set(true);
    assert!(get("/readyz").await.starts_with("HTTP/1.1 200"));
    assert!(get("/metrics").await.contains("# EOF"));
    assert!(get("/debug/profile").await.starts_with("HTTP/1.1 404"), "profiles are off unless allowed");
    for wrong in ["seconds=0", "seconds=61", "hertz=0", "hertz=many", "minutes=1"] {
        assert!(get(&format!("/debug/profile?{wrong}")).await.starts_with("HTTP/1.1 400"), "{wrong}");
    }
    telemetry::allow_profiles();
    let (first, second) = tokio::join!(get("/debug/profile?seconds=1&hertz=1000"), async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        get("/debug/profile").await
    });
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    assert!(second.starts_with("HTTP/1.1 409"), "{second}");
    shutdown.leave();
    assert!(get("/readyz").await.starts_with("HTTP/1.1 503"), "a process that is leaving is not ready");
}

#[tokio::test]
async fn one_address_cannot_take_every_connection() {
    let shutdown = Shutdown::new();
    let limits = HttpLimits { max_connections: 10, max_connections_per_address: 1, ..LIMITS };
    let address = hello_server_with(limits, &shutdown).await;
    let first = TcpStream::connect(address).await.expect("connects");
    let reply = exchange(address, b"").await;
    assert!(reply.starts_with("HTTP/1.1 503") && reply.contains("retry-after: 5"), "{reply}");
    let other = TcpSocket::new_v4().expect("a socket");
    other.bind("127.0.0.2:0".parse().expect("an address")).expect("bound");
    let mut other = other.connect(address).await.expect("connects");
    other.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.expect("writes");
    let mut reply = String::new();
    other.read_to_string(&mut reply).await.expect("reads");
    assert!(reply.ends_with("hello"), "{reply}");
    drop(first);
    while !exchange(address, b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .ends_with("hello")
    {}
}

async fn grpc_server(limits: GrpcLimits, shutdown: &Shutdown) -> SocketAddr {
    let readiness = Readiness::new(shutdown);
    readiness.set(true);
    let listener = Listener::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    let address = listener.local_addr().expect("bound");
    let (services, drain) = (&["some.Service"][..], Duration::from_secs(1));
    let access = Access::default();
    let options =
        GrpcOptions { descriptor: &[], services, readiness, reflection: false, drain, access, limits };
    let handle = shutdown.clone();
    shutdown.spawn("grpc", async move { serve_grpc(listener, Routes::default(), options, &handle).await });
    address
}

/// The type and the error code of a GOAWAY among HTTP/2 frames.
fn goaway(frames: &[u8]) -> Option<u8> {
    let mut rest = frames;
    while let Some((head, after)) = rest.split_at_checked(9) {
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        if head[3] == 7 {
            return after.get(7).copied();
        }
        rest = after.get(length..)?;
    }
    None
}

#[tokio::test]
async fn a_grpc_client_that_does_not_begin_is_closed_and_one_too_many_is_told_to_go_away() {
    let shutdown = Shutdown::new();
    let limits =
        GrpcLimits { connections_per_address: 2, greeting: Duration::from_millis(200), ..GrpcLimits::INSIDE };
    let address = grpc_server(limits, &shutdown).await;
    let (first, second) = tokio::join!(exchange(address, b""), exchange(address, b"PRI * HTTP/2.0\r\n"));
    assert!(
        goaway(first.as_bytes()).is_none() && goaway(second.as_bytes()).is_none(),
        "{first:?} {second:?}"
    );
    let mut silent = Vec::new();
    for _ in 0..2 {
        silent.push(TcpStream::connect(address).await.expect("connects"));
    }
    let mut third = TcpStream::connect(address).await.expect("connects");
    let mut frames = Vec::new();
    third.read_to_end(&mut frames).await.expect("reads");
    assert_eq!(goaway(&frames), Some(11), "ENHANCE_YOUR_CALM: {frames:?}");
    drop(silent);
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let mut client = HealthClient::new(endpoint.connect_lazy());
    let request = HealthCheckRequest { service: "some.Service".to_owned() };
    while client.check(request.clone()).await.is_err() {}
}

#[tokio::test]
async fn a_connection_of_a_certain_age_takes_no_more_calls_and_ends_after_its_grace() {
    let shutdown = Shutdown::new();
    let (age, age_grace) = (Duration::from_millis(100), Duration::from_millis(300));
    let http2 = Http2 { age, ..GrpcLimits::INSIDE.http2 };
    let limits = GrpcLimits { http2, age_grace, ..GrpcLimits::INSIDE };
    let address = grpc_server(limits, &shutdown).await;
    let mut stream = TcpStream::connect(address).await.expect("connects");
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("writes");
    let mut frames = Vec::new();
    let mut buffer = [0; 256];
    while goaway(&frames).is_none() {
        let bytes = stream.read(&mut buffer).await.expect("reads");
        assert!(bytes > 0, "closed without a word: {frames:?}");
        frames.extend_from_slice(&buffer[..bytes]);
    }
    assert_eq!(goaway(&frames), Some(0), "NO_ERROR");
    // The answer to the ping that came with it is missing, so that only the grace ends the connection.
    stream.read_to_end(&mut frames).await.expect("closed");
}

#[tokio::test]
async fn grpc_health_follows_readiness_over_tcp_and_in_memory() {
    let shutdown = Shutdown::new();
    let readiness = Readiness::new(&shutdown);
    let tcp = Listener::bind("127.0.0.1:0".parse().expect("an address")).await.expect("a port");
    let address = tcp.local_addr().expect("bound");
    let (pipe, memory) = lifecycle::memory_listener();
    for listener in [tcp, memory] {
        let options = GrpcOptions {
            descriptor: tonic_health::pb::FILE_DESCRIPTOR_SET,
            services: &["some.Service"],
            readiness: readiness.clone(),
            reflection: true,
            drain: Duration::from_secs(1),
            access: Access::default(),
            limits: lifecycle::GrpcLimits::INSIDE,
        };
        let handle = shutdown.clone();
        shutdown
            .spawn("grpc", async move { serve_grpc(listener, Routes::default(), options, &handle).await });
    }
    readiness.set(true);
    let over_tcp = tonic::transport::Endpoint::from_shared(format!("http://{address}"))
        .expect("an address")
        .connect_lazy();
    let in_memory = tonic::transport::Endpoint::from_static("http://memory").connect_with_connector_lazy(
        tower::service_fn(move |_| {
            let pipe = pipe.clone();
            async move {
                let (near, far) = tokio::io::duplex(4096);
                pipe.send(far).await.map_err(std::io::Error::other)?;
                Ok::<_, std::io::Error>(hyper_util::rt::TokioIo::new(near))
            }
        }),
    );
    for channel in [over_tcp, in_memory] {
        let mut client = HealthClient::new(channel);
        let request = HealthCheckRequest { service: "some.Service".to_owned() };
        let mut states = client.watch(request).await.expect("known").into_inner();
        while states.message().await.expect("a state").expect("open").status != 1 {}
    }
    shutdown.begin();
    assert!(shutdown.drained(Duration::from_secs(10)).await, "servers end with their open watches");
}
