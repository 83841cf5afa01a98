//! The role of an embedder: text in, vectors of unit length out. It does not know which model is behind it.

use std::future::Future;
use std::pin::Pin;

/// What [`Embedder::embed`] promises.
pub type Embedding<'a> = Pin<Box<dyn Future<Output = Result<Embedded, Error>> + Send + 'a>>;

/// Texts as vectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedded {
    /// One vector for each text, in the order of the texts.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens that the model counted in all texts together; 0 where it counts none.
    pub tokens: u64,
}

/// Turns texts into vectors whose cosine says how close the texts are in meaning.
pub trait Embedder: Send + Sync + std::fmt::Debug {
    /// Returns the model's id, such as `offline-ngram-v1`. Vectors of different ids are never comparable.
    fn model_id(&self) -> &str;

    /// Returns how many numbers each vector has.
    fn dimensions(&self) -> usize;

    /// Returns what a token costs, in billionths of a US dollar; 0 where it costs nothing or nobody knows.
    fn nano_dollars_per_token(&self) -> u64 {
        0
    }

    /// Returns one vector of unit length and [`Embedder::dimensions`] numbers for each text, in order. A text
    /// without any word gives a fixed vector of unit length. The future may be dropped at any time.
    fn embed<'a>(&'a self, texts: &'a [&'a str]) -> Embedding<'a>;
}

/// Why texts have no vectors.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings of the embedder make no sense.
    #[error("{0}")]
    Settings(String),
    /// The model refuses this input for good; trying again changes nothing.
    #[error("the embedding model refuses the text: {0}")]
    Refused(String),
    /// The model asks to slow down; the same call may succeed later.
    #[error("the embedding model is busy: {0}")]
    Throttled(String),
    /// The model cannot be reached or broke; the same call may succeed later.
    #[error("the embedding model cannot be reached: {0}")]
    Unavailable(String),
}

impl Error {
    /// Returns whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Unavailable(_))
    }
}
