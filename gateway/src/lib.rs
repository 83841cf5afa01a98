//! The edge: WebSocket, REST, SSE and public gRPC in front of one core; admission, and one chat turn.
//!
//! It owns nothing durable and knows the other services only by their contract.

pub mod settings;

mod admission;
mod answer;
mod arguments;
mod cache;
mod chat;
mod error;
mod frame;
mod handoff;
mod http;
mod keys;
mod knowledge;
mod metrics;
mod overload;
mod question;
mod refusal;
mod registry;
mod service;
mod sharing;
mod socket;
mod source;
mod start;
mod state;
mod tls;
mod turn;
mod upstream;

pub use arguments::{Arguments, Command};
pub use error::Error;
pub use keys::{KeysArguments, run as run_keys};
pub use settings::{Settings, Upstreams};
pub use start::{Listeners, Running, start};
pub use tls::TlsFiles;
