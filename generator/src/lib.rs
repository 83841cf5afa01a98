//! Answers from passages: the model, its citations, and the refusal where the passages hold no answer.
//!
//! It knows nothing of documents, search or visitors; each call brings everything that it needs.

pub mod start;

pub mod settings;

pub mod prompt;

pub mod model;

pub mod extractive;

pub mod bedrock;

pub mod openai;

pub mod prices;

pub mod guard;

pub mod answer;

pub mod rewriting;

pub mod gate;

pub mod follow_ups;

pub mod earlier;

pub mod error;

mod ladder;
mod language;
mod marks;
mod metrics;
mod refusal;
mod service;

pub use error::Error;
pub use settings::Settings;
pub use start::{Listeners, Running, start};
