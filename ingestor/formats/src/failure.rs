//! Why a document cannot be read.

use serde::{Deserialize, Serialize};

/// Why a document cannot be read, in an editor's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum Failure {
    /// The bytes are not what they claim to be.
    #[error("the {format} is damaged: {problem}; open it in its program and save it again")]
    Damaged {
        /// `PDF`, `Word document`, ...
        format: String,
        /// What the reader met.
        problem: String,
    },
    /// It opens with a password only.
    #[error("the {format} is protected with a password; save it without one")]
    Encrypted {
        /// `PDF`, `Word document`, ...
        format: String,
    },
    /// Reading it would go over a limit.
    #[error("the {format} {problem}; the limit is {limit}")]
    OverLimit {
        /// `PDF`, `Word document`, ...
        format: String,
        /// `unpacks to more than it may`, `has 3,000 pages`, ...
        problem: String,
        /// With its unit.
        limit: String,
    },
    /// A known format that is not read.
    #[error("{found} is not supported")]
    Unsupported {
        /// The format, with its article.
        found: String,
    },
}
