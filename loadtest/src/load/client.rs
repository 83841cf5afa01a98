//! What a load needs of a client: ask one question and note when things happened.

mod frames;
mod grpc;
mod http;
mod websocket;
mod workers;

use std::time::Duration;

use serde::Deserialize;
use tokio::time::Instant;

pub use grpc::GrpcClient;
pub use http::{HttpClient, Transport};
pub use websocket::{Habits, WebSocketClient};
pub use workers::{GenerateClient, SearchClient};

/// What happened to one question, and when.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchange {
    /// When the connection stood; nothing where it never did, or where it stood before.
    pub connected: Option<Instant>,
    /// When the question was on its way.
    pub asked: Option<Instant>,
    /// When the first text of the answer came.
    pub first_text: Option<Instant>,
    /// When the last one before now came.
    pub last_text: Option<Instant>,
    /// Between two pieces of text.
    pub gaps: Vec<Duration>,
    /// Pieces of text.
    pub tokens: u64,
    /// Of everything that came.
    pub bytes: u64,
    /// What the gateway says it took.
    pub stages: Option<Stages>,
    /// Where the answer was gone on with after a lost connection.
    pub resumed: u32,
    /// When the whole answer was there, or the code of what went wrong.
    pub ended: Option<Result<Instant, String>>,
}

/// Milliseconds of the stages that an answer's last event tells of.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
pub struct Stages {
    /// Embedding the question.
    pub embed_ms: Option<f64>,
    /// Searching.
    pub search_ms: Option<f64>,
    /// From asking the generator to its first text: model, guard and their way.
    pub first_token_ms: Option<f64>,
}

impl Exchange {
    /// Notes that a piece of text came now.
    pub fn heard(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last_text.replace(now) {
            self.gaps.push(now - last);
        }
        self.first_text.get_or_insert(now);
        self.tokens += 1;
    }
}

/// Asks questions over one kind of transport.
pub trait Client: Clone + Send + Sync + 'static {
    /// Asks one question over a connection of its own and waits for the end of its answer. What happened is noted as it
    /// happens, so that a deadline around the call loses nothing.
    fn ask(&self, question: &str, exchange: &mut Exchange) -> impl Future<Output = ()> + Send;
}
