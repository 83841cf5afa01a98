//! A connection in clear text or over TLS. Hands are shaken when it is first read or written, so that whoever accepts
//! connections waits for nobody.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// TLS in front of a port.
#[derive(Clone)]
pub struct Tls {
    acceptor: TlsAcceptor,
    patience: Duration,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TLS")
    }
}

impl Tls {
    /// Returns TLS with this configuration; a handshake may take this long.
    pub fn new(config: Arc<ServerConfig>, patience: Duration) -> Self {
        Self { acceptor: TlsAcceptor::from(config), patience }
    }
}

/// A port of HTTP: where it listens, and TLS where it stands before it.
#[derive(Debug)]
pub struct Port {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Tls>,
}

impl Port {
    /// Returns a port with TLS, where there is one.
    pub fn new(listener: TcpListener, tls: Option<Tls>) -> Self {
        Self { listener, tls }
    }
}

impl From<TcpListener> for Port {
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None }
    }
}

/// A connection as its protocol sees it.
pub(crate) struct Wire {
    stream: Stream,
    info: TcpConnectInfo,
}

enum Stream {
    Plain(TcpStream),
    Shaking(Box<(Accept<TcpStream>, Pin<Box<Sleep>>)>),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Wire {
    /// Returns the connection behind a socket.
    pub(crate) fn new(stream: TcpStream, tls: Option<&Tls>) -> Self {
        // Without the option small frames wait for the peer's delayed acknowledgement; it fails only on a closed socket.
        _ = stream.set_nodelay(true);
        let info = stream.connect_info();
        let stream = match tls {
            None => Stream::Plain(stream),
            Some(Tls { acceptor, patience }) => {
                Stream::Shaking(Box::new((acceptor.accept(stream), Box::pin(sleep(*patience)))))
            }
        };
        Self { stream, info }
    }

    fn poll_shaken(&mut self, context: &mut Context<'_>) -> Poll<io::Result<&mut Stream>> {
        if let Stream::Shaking(shaking) = &mut self.stream {
            let (accept, end) = &mut **shaking;
            if end.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            let shaken = ready!(Pin::new(accept).poll(context))?;
            self.stream = Stream::Secure(Box::new(shaken));
        }
        Poll::Ready(Ok(&mut self.stream))
    }
}

impl Connected for Wire {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.info.clone()
    }
}

fn unshaken<T>() -> Poll<io::Result<T>> {
    Poll::Ready(Err(io::ErrorKind::NotConnected.into()))
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(self.poll_shaken(context))? {
            Stream::Plain(stream) => Pin::new(stream).poll_read(context, into),
            Stream::Secure(stream) => Pin::new(stream).poll_read(context, into),
            Stream::Shaking(_) => unshaken(),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.poll_shaken(context))? {
            Stream::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Secure(stream) => Pin::new(stream).poll_write(context, bytes),
            Stream::Shaking(_) => unshaken(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(self.poll_shaken(context))? {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(context),
            Stream::Secure(stream) => Pin::new(stream).poll_flush(context),
            Stream::Shaking(_) => unshaken(),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Stream::Secure(stream) => Pin::new(stream).poll_shutdown(context),
            // Nothing was said yet, so nothing has to be taken leave of.
            Stream::Shaking(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match ready!(self.poll_shaken(context))? {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Stream::Secure(stream) => Pin::new(stream).poll_write_vectored(context, parts),
            Stream::Shaking(_) => unshaken(),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Secure(_) | Stream::Shaking(_) => true,
        }
    }
}
