//! TLS to PostgreSQL: verified or refused. The server at hand is built without TLS, so a front before it speaks the
//! protocol's TLS handshake and hands the rest to its socket; what never goes through the front is refused by the server.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lifecycle::Shutdown;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::postgres_connection::{ask, check_refused, connect};
use crate::postgres_faults::becomes;
use crate::postgres_server::{Server, client};

/// What a client sends to ask for TLS: a length of 8 and the code 80877103.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// TLS before a server's socket.
struct Front {
    port: u16,
    sessions: Arc<AtomicU64>,
}

impl Front {
    /// Listens with the certificate of the folder until shutdown.
    async fn listen(folder: &Path, server: &Server, shutdown: &Shutdown) -> Self {
        let certificate = CertificateDer::from_pem_file(folder.join("server.crt")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sessions = Arc::new(AtomicU64::new(0));
        let socket = server.home.join(format!(".s.PGSQL.{}", server.port));
        let (own, count) = (shutdown.clone(), Arc::clone(&sessions));
        shutdown.spawn("front", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, socket, count) = (acceptor.clone(), socket.clone(), Arc::clone(&count));
                own.spawn("session", async move { serve(stream, &acceptor, &socket, &count).await });
            }
        });
        Self { port, sessions }
    }

    fn url(&self, host: &str) -> String {
        format!("postgresql://secure@{host}:{}/postgres", self.port)
    }
}

/// Serves one connection; one that does not ask for TLS is closed.
async fn serve(mut stream: TcpStream, acceptor: &TlsAcceptor, socket: &Path, count: &AtomicU64) {
    let mut request = [0; 8];
    if stream.read_exact(&mut request).await.is_err() || request != TLS_REQUEST {
        return;
    }
    stream.write_all(b"S").await.unwrap();
    // A client that does not trust the certificate goes away here.
    let Ok(mut stream) = acceptor.accept(stream).await else { return };
    count.fetch_add(1, Ordering::Relaxed);
    let mut server = UnixStream::connect(socket).await.unwrap();
    _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
}

/// Makes an authority, a certificate of it for `localhost` alone, and another authority.
fn write_certificates(folder: &Path) {
    let authority = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        std::fs::write(folder.join(name), parameters.self_signed(&key).unwrap().pem()).unwrap();
        Issuer::new(parameters, key)
    };
    let issuer = authority("ca.pem");
    authority("other-ca.pem");
    std::fs::write(folder.join("empty.pem"), "no certificate\n").unwrap();
    let key = KeyPair::generate().unwrap();
    let parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("server.crt"), parameters.signed_by(&key, &issuer).unwrap().pem()).unwrap();
    std::fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
}

/// Returns a server whose user `secure` may not come in but through its socket.
async fn secure_server() -> Server {
    let server = Server::start(&[
        "--hba=local all secure scram-sha-256",
        "--hba=host all postgres 127.0.0.1/32 trust",
    ]);
    let admin = client(&server.url("postgres")).await;
    admin.batch_execute("CREATE ROLE secure LOGIN PASSWORD 'correct horse'").await.unwrap();
    server
}

#[tokio::test]
async fn tls_is_verified_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (server, shutdown) = (secure_server().await, Shutdown::new());
    let front = Front::listen(folder.path(), &server, &shutdown).await;
    let (url, authority, password) = (front.url("localhost"), file("ca.pem"), ("PASSWORD", "correct horse"));

    let database = connect(&[("URL", &url), password, ("CA_FILE", &authority)]).await.unwrap();
    assert_eq!(ask(&database, "SELECT current_user").await.unwrap(), "secure");
    assert_eq!(front.sessions.load(Ordering::Relaxed), 1);

    let other = file("other-ca.pem");
    check_refused(&[("URL", &url), password, ("CA_FILE", &other)], &["UnknownIssuer", "CA_FILE"]).await;
    check_refused(&[("URL", &url), password, ("TLS", "verify")], &["UnknownIssuer", "CA_FILE"]).await;
    let by_address = front.url("127.0.0.1");
    let wrong_name = [("URL", by_address.as_str()), password, ("CA_FILE", &authority)];
    check_refused(&wrong_name, &["127.0.0.1", "not valid for name", "host name"]).await;
    assert_eq!(front.sessions.load(Ordering::Relaxed), 1, "no password goes to whom nobody trusts");

    let plain = format!("postgresql://secure@127.0.0.1:{}/postgres", server.port);
    let parts = ["no encryption", "RETRIEVER_POSTGRES_TLS=verify"];
    check_refused(&[("URL", &plain), password, ("TLS", "off")], &parts).await;
    let parts = ["does not support TLS", "RETRIEVER_POSTGRES_TLS=off"];
    check_refused(&[("URL", &plain), password, ("CA_FILE", &authority)], &parts).await;
    for (name, part) in [("missing.pem", "missing.pem"), ("empty.pem", "there is none")] {
        let file = file(name);
        check_refused(&[("URL", &url), ("CA_FILE", &file)], &["RETRIEVER_POSTGRES_CA_FILE", part]).await;
    }
}

#[tokio::test]
async fn a_statement_is_cancelled_over_tls_too() {
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let (server, shutdown) = (secure_server().await, Shutdown::new());
    let front = Front::listen(folder.path(), &server, &shutdown).await;
    let authority = folder.path().join("ca.pem").display().to_string();
    let settings =
        [("URL", &*front.url("localhost")), ("PASSWORD", "correct horse"), ("CA_FILE", &authority)];
    let database = connect(&settings).await.unwrap();
    let observer = client(&server.url("postgres")).await;
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'secure' AND state = 'active'";
    let active = || async { observer.query_one(sql, &[]).await.unwrap().get::<_, i64>(0) };
    tokio::select! {
        outcome = ask(&database, "SELECT pg_sleep(600)") => panic!("it ended: {outcome:?}"),
        () = becomes("the call runs on the server", || async { active().await == 1 }) => {}
    }
    becomes("no call runs on the server", || async { active().await == 0 }).await;
    assert!(front.sessions.load(Ordering::Relaxed) >= 2, "the cancellation was encrypted");
    assert_eq!(ask(&database, "SELECT 1").await.unwrap(), "1");
}
