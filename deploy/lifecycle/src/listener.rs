//! Where a server takes connections from: a TCP port, or pipes in memory.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::stream::unfold;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_stream::Stream;

/// Pause after a failed accept: without descriptors the next one fails too.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A source of connections.
#[derive(Debug)]
pub enum Listener {
    /// A bound port.
    Tcp(TcpListener),
    /// Pipes from clients in the same process.
    Memory(mpsc::Receiver<DuplexStream>),
}

/// Returns the two ends of an in-memory listener: clients send one end of each pipe they make.
pub fn memory_listener() -> (mpsc::Sender<DuplexStream>, Listener) {
    let (sender, receiver) = mpsc::channel(16);
    (sender, Listener::Memory(receiver))
}

impl Listener {
    /// Binds a port; port 0 takes a free one.
    ///
    /// # Errors
    /// The operating system's, with the address in its text.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let bound = TcpListener::bind(address).await;
        bound
            .map(Self::Tcp)
            .map_err(|error| io::Error::new(error.kind(), format!("cannot listen on {address}: {error}")))
    }

    /// Returns the bound address; none for pipes.
    pub fn local_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Memory(_) => None,
        }
    }
}

/// Returns the connections of a port, without end: a failed accept is logged and tried again.
pub(crate) fn sockets(listener: TcpListener) -> impl Stream<Item = io::Result<TcpStream>> {
    unfold(listener, |listener| async {
        loop {
            match listener.accept().await {
                // Without the option small frames wait for the peer's delayed acknowledgement; it fails only on a
                // socket that is closed already.
                Ok((stream, _)) if stream.set_nodelay(true).is_ok() => return Some((Ok(stream), listener)),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    })
}

/// Returns the pipes that clients make; never ends, so that a server without clients still waits for shutdown.
pub(crate) fn pipes(receiver: mpsc::Receiver<DuplexStream>) -> impl Stream<Item = io::Result<DuplexStream>> {
    unfold(receiver, |mut receiver| async {
        match receiver.recv().await {
            Some(pipe) => Some((Ok(pipe), receiver)),
            None => std::future::pending().await,
        }
    })
}
