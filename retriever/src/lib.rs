//! Search and the knowledge store: the sole owner of documents, chunks, vectors and generations.
//!
//! It knows nothing of file formats, language models or visitors; who may search which collections is the caller's to say.

pub mod start;

pub mod settings;

pub mod search;

pub mod store;

pub mod model;

pub mod error;

mod metrics;
mod service;
mod upload;
mod wire;

pub use error::Error;
pub use settings::Settings;
pub use start::{Listeners, Running, start};
