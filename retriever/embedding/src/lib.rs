//! What an embedder is, the offline embedder, Titan, and the text analysis that embedder and word search share.
//!
//! It knows nothing of documents or stores, and reads no settings.

pub mod analysis;
mod choice;
mod content_key;
mod embedder;
pub mod marks;
mod offline;
mod titan;
mod tokens;

pub use choice::Choice;
pub use content_key::content_key;
pub use embedder::{Embedded, Embedder, Embedding, Error};
pub use offline::{DEFAULT_DIMENSIONS, MODEL_ID, OfflineEmbedder};
pub use titan::{MAX_TEXT_CHARACTERS, MAX_TEXT_TOKENS, TitanEmbedder, TitanOptions};
pub use tokens::{estimate_tokens, leading_letters};
