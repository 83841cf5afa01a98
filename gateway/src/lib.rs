//! The edge: WebSocket, REST, SSE and public gRPC in front of one core; admission, and one chat turn.
//!
//! It owns nothing durable and knows the other services only by their contract.

pub mod settings;

mod admission;
mod answer;
mod chat;
mod error;
mod frame;
mod http;
mod metrics;
mod question;
mod refusal;
mod registry;
mod service;
mod socket;
mod source;
mod start;
mod turn;
mod upstream;

pub use error::Error;
pub use settings::{Settings, Upstreams};
pub use start::{Listeners, Running, start};
