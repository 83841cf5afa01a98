//! Connects to hosts, and only to addresses that are allowed: the address that was checked is the address that is
//! connected to, so a name that changes its mind in between gains nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::BoxFuture;
use http::Uri;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;

use crate::address::Permission;
use crate::error::Failure;

/// For one of a host's addresses.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Addresses of a host that are tried.
const MOST_ADDRESSES: usize = 4;

/// Finds the addresses of hosts.
pub trait Resolve: Send + Sync + std::fmt::Debug {
    /// Returns the addresses of a host, each with this port.
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>>;
}

/// Asks the operating system.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Resolve for System {
    fn resolve<'a>(&'a self, host: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Connects where it may.
#[derive(Clone, Debug)]
pub(crate) struct Connector {
    permission: Arc<Permission>,
    ports: Arc<[u16]>,
    resolver: Arc<dyn Resolve>,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotConnected(pub(crate) Failure);

impl Connector {
    /// Returns a connector; `ports` are allowed beside 80 and 443.
    pub(crate) fn new(permission: Permission, ports: &[u16], resolver: Arc<dyn Resolve>) -> Self {
        Self { permission: Arc::new(permission), ports: ports.into(), resolver }
    }

    async fn connect(&self, address: &Uri) -> Result<TcpStream, Failure> {
        let host = address.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let is_secure = address.scheme_str() == Some("https");
        let port = address.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        if !matches!(port, 80 | 443) && !self.ports.contains(&port) {
            return Err(Failure::Port(port));
        }
        let found = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => {
                let found = tokio::time::timeout(CONNECT_TIMEOUT, self.resolver.resolve(host, port)).await;
                let found = found.map_err(|_| Failure::Timeout(CONNECT_TIMEOUT))?;
                found.map_err(|error| Failure::Connection(error.to_string()))?
            }
        };
        let allowed: Vec<SocketAddr> =
            found.iter().filter(|found| self.permission.allows(found.ip())).copied().collect();
        if allowed.is_empty() {
            return Err(match found.first() {
                Some(address) => {
                    Failure::Forbidden { host: host.to_owned(), address: address.ip().to_string() }
                }
                None => Failure::Connection(format!("{host} has no address")),
            });
        }
        connect_to(&allowed).await
    }
}

async fn connect_to(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut last = Failure::Connection("no address".to_owned());
    for address in addresses.iter().take(MOST_ADDRESSES) {
        match tokio::time::timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Without it small requests wait for nothing; if it cannot be set they wait.
                _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(error)) => last = Failure::Connection(format!("{address}: {error}")),
            Err(_) => last = Failure::Timeout(CONNECT_TIMEOUT),
        }
    }
    Err(last)
}

impl Service<Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = NotConnected;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let own = self.clone();
        Box::pin(async move { own.connect(&address).await.map(TokioIo::new).map_err(NotConnected) })
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::net::SocketAddr;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::BoxFuture;
    use tokio::net::TcpListener;

    use super::{Connector, Resolve};
    use crate::address::Permission;
    use crate::error::Failure;

    /// Answers each question with the next of its addresses.
    #[derive(Debug)]
    struct Fickle {
        answers: Vec<Vec<&'static str>>,
        asked: AtomicUsize,
    }

    impl Resolve for Fickle {
        fn resolve<'a>(&'a self, _: &'a str, port: u16) -> BoxFuture<'a, io::Result<Vec<SocketAddr>>> {
            let answer = &self.answers[self.asked.fetch_add(1, Ordering::Relaxed)];
            let address = |text: &&str| SocketAddr::new(text.parse().expect("an address"), port);
            let answer = answer.iter().map(address).collect();
            Box::pin(async move { Ok(answer) })
        }
    }

    fn connector(answers: Vec<Vec<&'static str>>, permission: Permission, port: u16) -> Connector {
        let resolver = Arc::new(Fickle { answers, asked: AtomicUsize::new(0) });
        Connector::new(permission, &[port], resolver)
    }

    #[tokio::test]
    async fn a_name_of_a_private_address_is_not_connected_to() {
        for address in ["10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "64:ff9b::a00:1", "::1"] {
            let connector = connector(vec![vec![address]], Permission::Public, 80);
            let failure = connector.connect(&"http://shop.example/".parse().expect("a URI")).await;
            let failure = failure.expect_err("is refused");
            assert!(
                matches!(&failure, Failure::Forbidden { host, .. } if host == "shop.example"),
                "{failure}"
            );
        }
    }

    #[tokio::test]
    async fn an_address_in_numbers_is_checked_too() {
        let connector = connector(Vec::new(), Permission::Public, 80);
        for address in
            ["http://127.0.0.1/", "http://[::1]/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/"]
        {
            let failure = connector.connect(&address.parse().expect("a URI")).await.expect_err("is refused");
            assert!(matches!(failure, Failure::Forbidden { .. }), "{address}: {failure}");
        }
        let failure = connector.connect(&"http://1.1.1.1:22/".parse().expect("a URI")).await;
        assert_eq!(failure.expect_err("is refused"), Failure::Port(22));
    }

    #[tokio::test]
    async fn only_the_allowed_ones_of_a_name_s_addresses_are_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let port = listener.local_addr().expect("an address").port();
        let permission = Permission::Also(vec!["127.0.0.1".parse().expect("an address")]);
        let answers = vec![vec!["127.0.0.2", "127.0.0.1"], vec!["127.0.0.2"]];
        let connector = connector(answers, permission, port);
        let address = format!("http://shop.example:{port}/").parse().expect("a URI");
        let stream = connector.connect(&address).await.expect("connects");
        assert_eq!(stream.peer_addr().expect("an address").ip().to_string(), "127.0.0.1");
        // The name means something else the second time; each connection is checked anew.
        let failure = connector.connect(&address).await.expect_err("is refused");
        assert!(matches!(failure, Failure::Forbidden { .. }), "{failure}");
    }
}
