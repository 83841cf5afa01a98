//! What a load needs of a client: ask one question and note when things happened.

use tokio::time::Instant;

/// What happened to one question, and when.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exchange {
    /// When the connection stood; nothing where it never did.
    pub connected: Option<Instant>,
    /// When the first text of the answer came.
    pub first_text: Option<Instant>,
    /// When the whole answer was there, or the code of what went wrong.
    pub ended: Option<Result<Instant, String>>,
}

/// Asks questions over one kind of transport.
pub trait Client: Clone + Send + Sync + 'static {
    /// Asks one question over a connection of its own and waits for the end of its answer. What happened is noted as it
    /// happens, so that a deadline around the call loses nothing.
    fn ask(&self, question: &str, exchange: &mut Exchange) -> impl Future<Output = ()> + Send;
}
