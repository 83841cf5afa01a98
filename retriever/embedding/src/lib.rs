//! What an embedder is, the offline embedder, and the text analysis that embedder and word search share.
//!
//! It knows nothing of documents, stores or the network.

pub mod analysis;
mod content_key;
mod embedder;
mod offline;
mod tokens;

pub use content_key::content_key;
pub use embedder::{Embedder, Embedding, Error};
pub use offline::{DEFAULT_DIMENSIONS, MODEL_ID, OfflineEmbedder};
pub use tokens::estimate_tokens;
