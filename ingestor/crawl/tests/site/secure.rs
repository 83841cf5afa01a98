//! HTTPS: a server that nobody vouches for is not listened to.
#![expect(clippy::disallowed_methods, reason = "the server of a test ends with the test's runtime")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crawl::{Error, Failure, State, crawl};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::server::Server;
use crate::shelf::{Shelf, settings};

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_ends_the_crawl() {
    let made = rcgen::generate_simple_self_signed(vec!["shop.test".to_owned()]).expect("makes one");
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("has versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("fits");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let port = listener.local_addr().expect("an address").port();
    let agreed = Arc::new(AtomicUsize::new(0));
    let (acceptor, own) = (TlsAcceptor::from(Arc::new(config)), Arc::clone(&agreed));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if acceptor.accept(stream).await.is_ok() {
                own.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let server = Server::start(&[]).await;
    let mut settings = settings(&server);
    settings.ports = vec![port];
    settings.limits.tries = 1;
    let start = format!("https://shop.test:{port}/");
    let refused = crawl(&start, &settings, &mut State::in_memory(), &Shelf::default()).await;
    let Err(Error::Robots { failure: Failure::Connection(why), .. }) = refused else { panic!("{refused:?}") };
    assert!(why.contains("certificate"), "{why}");
    assert_eq!(agreed.load(Ordering::Relaxed), 0);
}
