//! Why a call fails: what the caller may read, and the code of the contract. Causes stay in the log.

use std::time::Duration;

use proto::ErrorCode;

/// A failed call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A field is malformed or out of range; the message names it and says what would be right.
    #[error("{0}")]
    Invalid(String),
    /// A part of the request is larger than its limit; the message names both.
    #[error("{0}")]
    TooLarge(String),
    /// No such document in these collections.
    #[error("no such document in these collections")]
    NotFound,
    /// A chunk came without its vector and the store holds none for it.
    #[error("chunk {0}: no vector is stored for its headings and text; send it with one")]
    MissingVector(u32),
    /// The generation is newer than the newest, or older than the oldest that is kept.
    #[error("generation {asked} is not kept: expected {oldest} to {newest}")]
    UnknownGeneration {
        /// The generation asked for.
        asked: u64,
        /// The oldest one that is kept.
        oldest: u64,
        /// The newest one.
        newest: u64,
    },
    /// The store holds vectors of another model or dimension than the one in use.
    #[error(
        "the index holds vectors of {stored}, but {offered} is in use: index all documents anew or change the embedder back"
    )]
    Incompatible {
        /// Model and dimension of the stored vectors.
        stored: String,
        /// Model and dimension that were offered.
        offered: String,
    },
    /// The disk is full; nothing was changed.
    #[error("there is no room left to store anything")]
    StorageFull,
    /// Too many calls are waiting.
    #[error("too many searches are waiting")]
    Overloaded,
    /// The embedder failed and may work later.
    #[error("the embedder cannot be reached")]
    Embedder(#[source] embedding::Error),
    /// The other side sent nothing for too long.
    #[error("nothing was sent for {0:?}")]
    Idle(Duration),
    /// The database cannot be reached, is restarting, or gave up on the call; nothing was changed and the same call may
    /// succeed later.
    #[error("the knowledge store cannot be reached")]
    Unreachable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The store broke.
    #[error("the knowledge store failed")]
    Database(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The fault is ours; the text is for the log.
    #[error("the retriever failed")]
    Internal(#[source] anyhow::Error),
}

impl Error {
    /// Returns the code of the contract.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::TooLarge(_) => ErrorCode::TooLarge,
            Self::NotFound | Self::MissingVector(_) | Self::UnknownGeneration { .. } => ErrorCode::NotFound,
            Self::Incompatible { .. } => ErrorCode::IncompatibleIndex,
            Self::StorageFull => ErrorCode::StorageFull,
            Self::Overloaded => ErrorCode::Overloaded,
            Self::Embedder(error) if error.is_retryable() => ErrorCode::Unavailable,
            Self::Unreachable(_) => ErrorCode::Unavailable,
            Self::Idle(_) => ErrorCode::DeadlineExceeded,
            Self::Embedder(_) | Self::Database(_) | Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
