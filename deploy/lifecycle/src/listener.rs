//! Where a server takes connections from: a TCP port, or pipes in memory.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use connection::{Doors, Guarded, Waits};
use futures_util::stream::unfold;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::mpsc;
use tokio_stream::Stream;

use crate::tls::Wire;
use crate::{GrpcLimits, Tls};

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
    #[expect(clippy::unused_async, reason = "binding by name would wait")]
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        listen(address)
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

/// An empty SETTINGS frame and a GOAWAY with `ENHANCE_YOUR_CALM` (RFC 9113, sections 6.5 and 6.8).
const REFUSED: &[u8] = b"\0\0\0\x04\0\0\0\0\0\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x0b";
/// A client that takes nothing is noticed only once what the system holds for it is full; left to itself that grows to megabytes
/// for each connection. The accepted ones inherit the size, which the system doubles for its own use.
const SEND_BUFFER_BYTES: u32 = 32 * 1024;
const BACKLOG: u32 = 1024;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Returns the connections of a port, without end: a failed accept is logged and tried again, and what exceeds the limits is
/// told to go away.
pub(crate) fn sockets(
    listener: TcpListener,
    tls: Option<Tls>,
    limits: GrpcLimits,
) -> impl Stream<Item = Guarded<Wire>> {
    let doors = Doors::new(limits.connections, limits.connections_per_address);
    unfold((listener, tls, doors), move |(listener, tls, doors)| async move {
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => match doors.take(peer.ip()) {
                    Some(place) => {
                        let waits = Waits {
                            greeting: limits.greeting,
                            slow_write: limits.slow_write,
                            life: limits.http2.age.mul_f64(1.1) + limits.age_grace,
                        };
                        let wire = Wire::new(stream, tls.as_ref());
                        let connection = Guarded::new(wire, place, waits);
                        return Some((connection, (listener, tls, Arc::clone(&doors))));
                    }
                    // A fresh socket's send buffer is empty, so this cannot block; losing it costs only politeness.
                    None if tls.is_none() => _ = stream.try_write(REFUSED),
                    None => {}
                },
                Err(error) => {
                    tracing::warn!(%error, "accept failed");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    })
}

/// Returns the pipes that clients make; never ends, so that a server without clients still waits for shutdown.
pub(crate) fn pipes(receiver: mpsc::Receiver<DuplexStream>) -> impl Stream<Item = DuplexStream> {
    unfold(receiver, |mut receiver| async {
        match receiver.recv().await {
            Some(pipe) => Some((pipe, receiver)),
            None => std::future::pending().await,
        }
    })
}
