//! The measuring harness: load by an open schedule, and the quality of search over a set of questions.
//!
//! It reaches the product through its public interface only.

pub mod cli;

pub mod set;

pub mod hit;

pub mod quality;

pub mod refusal;

pub mod eval;

pub mod floor;

pub mod documents;

pub mod load;

pub mod retrieval;

pub mod simulate;

mod http;
mod report;
