//! TLS on the public ports: which protocols are spoken over it, what a new certificate changes, and who cannot hold it up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::client::raw;
use crate::stack::{Stack, stack};

struct Files {
    folder: TempDir,
}

impl Files {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a new certificate and returns it.
    fn renew(&self) -> CertificateDer<'static> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        std::fs::write(self.path("key.pem"), made.signing_key.serialize_pem()).expect("written");
        std::fs::write(self.path("cert.pem"), made.cert.pem()).expect("written");
        made.cert.der().clone()
    }
}

async fn secured(more: &[(&str, &str)]) -> (Stack, Files, CertificateDer<'static>) {
    let files = Files { folder: tempfile::tempdir().expect("a folder") };
    let certificate = files.renew();
    let (cert, key) = (files.path("cert.pem"), files.path("key.pem"));
    let own = [
        ("GATEWAY_TLS_CERT", cert.to_str().expect("UTF-8")),
        ("GATEWAY_TLS_KEY", key.to_str().expect("UTF-8")),
    ];
    (stack(&[&own, more].concat()).await, files, certificate)
}

async fn connect(
    address: SocketAddr,
    trusted: &CertificateDer<'static>,
    protocol: &str,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    let name = ServerName::try_from("localhost").expect("a name");
    let stream = TcpStream::connect(address).await.expect("it listens");
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

async fn healthz(stream: &mut TlsStream<TcpStream>) -> String {
    let request = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    stream.write_all(request).await.expect("sent");
    let mut reply = [0; 4096];
    let bytes = stream.read(&mut reply).await.expect("a reply");
    String::from_utf8_lossy(&reply[..bytes]).into_owned()
}

#[tokio::test]
async fn each_port_speaks_its_own_protocol_over_tls_and_nothing_in_clear_text() {
    let (stack, _files, certificate) = secured(&[]).await;
    let mut http = connect(stack.http, &certificate, "http/1.1").await.expect("a handshake");
    assert_eq!(http.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(healthz(&mut http).await.starts_with("HTTP/1.1 200"));
    assert!(connect(stack.http, &certificate, "h2").await.is_err(), "no HTTP/2 on the port of HTTP/1");
    let clear = raw(stack.http, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(!clear.starts_with(b"HTTP"), "{clear:?}");

    assert!(connect(stack.grpc, &certificate, "http/1.1").await.is_err());
    let mut grpc = connect(stack.grpc, &certificate, "h2").await.expect("a handshake");
    grpc.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.expect("sent");
    let mut settings = [0; 9];
    grpc.read_exact(&mut settings).await.expect("a frame");
    assert_eq!(settings[3], 4, "the settings of HTTP/2: {settings:?}");
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_newcomers_and_open_connections_go_on() {
    let (stack, files, first) = secured(&[]).await;
    let mut early = connect(stack.http, &first, "http/1.1").await.expect("a handshake");
    assert!(healthz(&mut early).await.starts_with("HTTP/1.1 200"));
    let second = files.renew();
    while connect(stack.http, &second, "http/1.1").await.is_err() {}
    assert!(connect(stack.http, &first, "http/1.1").await.is_err(), "the old one is shown no more");
    assert!(connect(stack.grpc, &second, "h2").await.is_ok());
    assert!(healthz(&mut early).await.starts_with("HTTP/1.1 200"));
    std::fs::write(files.path("cert.pem"), "nonsense").expect("written");
    let mut late = connect(stack.http, &second, "http/1.1").await.expect("a handshake");
    assert!(healthz(&mut late).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn slow_handshakes_hold_up_nobody_and_end() {
    let (stack, _files, certificate) = secured(&[("GATEWAY_HEADER_SECONDS", "1")]).await;
    let mut silent = Vec::new();
    for address in [stack.http, stack.grpc] {
        for _ in 0..50 {
            silent.push(TcpStream::connect(address).await.expect("connects"));
        }
    }
    let mut http = connect(stack.http, &certificate, "http/1.1").await.expect("a handshake");
    assert!(healthz(&mut http).await.starts_with("HTTP/1.1 200"));
    connect(stack.grpc, &certificate, "h2").await.expect("a handshake");
    for mut stream in silent {
        // Ends only because the server closes.
        assert!(stream.read(&mut [0; 16]).await.is_ok_and(|bytes| bytes == 0));
    }
}
