//! How a client reaches a service: over TCP, or through a pipe in memory when both live in one process.

mod token;

use std::time::Duration;

use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Uri};
use tower::service_fn;

/// Bytes that a memory pipe buffers in each direction; a little over one HTTP/2 frame keeps writers from waking
/// readers for every frame.
const PIPE_BYTES: usize = 64 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// With the time to answer 14 s: a network that swallows everything is found out within 15 s.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(9);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);

pub use token::ServiceToken;

/// A channel that shows the service token with each call, where there is one.
pub type ServiceChannel = InterceptedService<Channel, ServiceToken>;

/// Where a service listens.
#[derive(Clone, Debug)]
pub enum Target {
    /// An address such as `http://127.0.0.1:7001`.
    Address(Uri),
    /// An address whose service takes calls with the service token only.
    Guarded(Uri, ServiceToken),
    /// The other end of a listener in the same process; each connection sends it one end of a new pipe.
    Memory(mpsc::Sender<DuplexStream>),
}

/// The address of a service is not usable.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a gRPC address; expected something like http://127.0.0.1:7001")]
pub struct InvalidTarget(String);

impl std::str::FromStr for Target {
    type Err = InvalidTarget;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let uri: Uri = text.parse().map_err(|_| InvalidTarget(text.to_owned()))?;
        match (uri.scheme_str(), uri.authority()) {
            (Some("http"), Some(_)) => Ok(Self::Address(uri)),
            _ => Err(InvalidTarget(text.to_owned())),
        }
    }
}

impl Target {
    /// Returns the same target, to be called with a token. A pipe in memory needs none.
    #[must_use]
    pub fn guarded_by(self, token: Option<ServiceToken>) -> Self {
        match (self, token) {
            (Self::Address(uri) | Self::Guarded(uri, _), Some(token)) => Self::Guarded(uri, token),
            (other, _) => other,
        }
    }

    /// Returns a channel like [`Target::channel`] that shows the target's token with each call.
    pub fn service_channel(&self) -> ServiceChannel {
        let token = match self {
            Self::Guarded(_, token) => token.clone(),
            Self::Address(_) | Self::Memory(_) => ServiceToken::none(),
        };
        InterceptedService::new(self.channel(), token)
    }

    /// Returns a channel without a token that connects on first use and again after each loss, with keepalive pings every 9 s
    /// (5 s to answer). Calls over it have no deadline of their own: set one on each request.
    pub fn channel(&self) -> Channel {
        match self {
            Self::Address(uri) | Self::Guarded(uri, _) => endpoint(uri.clone()).connect_lazy(),
            Self::Memory(listener) => {
                let listener = listener.clone();
                endpoint(Uri::from_static("http://memory")).connect_with_connector_lazy(service_fn(
                    move |_: Uri| {
                        let listener = listener.clone();
                        async move {
                            let (near, far) = tokio::io::duplex(PIPE_BYTES);
                            let gone = |_| std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                            listener.send(far).await.map_err(gone)?;
                            Ok::<_, std::io::Error>(TokioIo::new(near))
                        }
                    },
                ))
            }
        }
    }
}

fn endpoint(uri: Uri) -> Endpoint {
    Endpoint::from(uri)
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn only_an_http_address_is_a_target() {
        assert!("http://127.0.0.1:7001".parse::<Target>().is_ok());
        for wrong in ["", "127.0.0.1:7001", "ftp://x", "http://"] {
            let error = wrong.parse::<Target>().expect_err(wrong).to_string();
            assert!(error.contains("expected something like"), "{error}");
        }
    }
}
