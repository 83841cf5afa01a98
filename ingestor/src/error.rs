//! What can go wrong, and which code each failure has in the error table.

use proto::ErrorCode;

use crate::document::InvalidName;
use crate::extract::Unreadable;
use crate::metadata::BrokenMetadata;
use crate::store::StoreError;
use crate::text_extractor::RecognitionError;

/// Why a document is not indexed, or why the ingestor cannot work. Texts are fit for an editor's eyes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name that is no document's or no collection's.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The document cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The text in a picture cannot be read, and not because of the picture.
    #[error(transparent)]
    Recognition(RecognitionError),
    /// There is nothing of a document that visitors may get yet.
    #[error(
        "all of its text is held back ({passages} in all); see `ingestor quarantine list` and release what is fine"
    )]
    AllHeld {
        /// How many passages wait.
        passages: usize,
    },
    /// What is said of the document beside it cannot be used.
    #[error(transparent)]
    Metadata(#[from] BrokenMetadata),
    /// The request breaks its contract.
    #[error("{0}")]
    Request(String),
    /// A message of an upload is larger than its limit.
    #[error("a message may hold at most 1 MiB of data")]
    LargeMessage,
    /// No such document.
    #[error("there is no document `{0}`")]
    NotFound(String),
    /// The document store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The embedder failed.
    #[error(transparent)]
    Embedding(#[from] embedding::Error),
    /// The embedder broke its promise.
    #[error("the embedding model answered with {0}; nothing was stored")]
    Vectors(&'static str),
    /// The index refused or failed.
    #[error("the index refused: {message}")]
    Index {
        /// The index's own code.
        code: ErrorCode,
        /// The index's own words.
        message: String,
    },
    /// The index is not there.
    #[error("the index cannot be reached ({0}); stored documents are indexed as soon as it can be")]
    IndexAway(String),
    /// One document's failure, told again.
    #[error("{reason}")]
    Document {
        /// The failure's code.
        code: ErrorCode,
        /// The failure's words.
        reason: String,
    },
    /// Too many uploads at once.
    #[error("too many uploads at once; try again in a moment")]
    Busy,
    /// The process is stopping.
    #[error("the ingestor is shutting down")]
    ShuttingDown,
    /// A task of ours broke.
    #[error("a part of the ingestor failed: {0}")]
    Internal(String),
}

impl Error {
    /// Returns the code in the error table.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Name(_) | Self::Request(_) => ErrorCode::InvalidArgument,
            Self::LargeMessage => ErrorCode::TooLarge,
            Self::Unreadable(why) => why.code(),
            Self::Recognition(why) => why.code(),
            Self::AllHeld { .. } => ErrorCode::UnreadableDocument,
            Self::Metadata(_) => ErrorCode::UnreadableDocument,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::Store(error) => error.code(),
            Self::Embedding(embedding::Error::Refused(_)) => ErrorCode::UnreadableDocument,
            Self::Embedding(embedding::Error::Settings(_)) | Self::Internal(_) => ErrorCode::Internal,
            Self::Embedding(embedding::Error::Throttled(_)) => ErrorCode::Overloaded,
            Self::Embedding(embedding::Error::Unavailable(_)) | Self::Vectors(_) | Self::IndexAway(_) => {
                ErrorCode::Unavailable
            }
            Self::Index { code, .. } | Self::Document { code, .. } => *code,
            Self::Busy => ErrorCode::Overloaded,
            Self::ShuttingDown => ErrorCode::ShuttingDown,
        }
    }

    /// Returns whether the same bytes fail again for sure, so that only a changed document is worth another try.
    pub(crate) fn is_about_the_document(&self) -> bool {
        match self {
            Self::Unreadable(_)
            | Self::AllHeld { .. }
            | Self::Metadata(_)
            | Self::Embedding(embedding::Error::Refused(_)) => true,
            Self::Index { code, .. } => matches!(code, ErrorCode::InvalidArgument | ErrorCode::TooLarge),
            _ => false,
        }
    }

    /// Returns whether every other document would fail alike, so that going on is pointless for now.
    pub(crate) fn stops_everything(&self) -> bool {
        match self {
            Self::Index { code, .. } => {
                matches!(code, ErrorCode::ShuttingDown | ErrorCode::IncompatibleIndex)
            }
            Self::IndexAway(_) | Self::ShuttingDown => true,
            _ => false,
        }
    }
}

impl From<RecognitionError> for Error {
    fn from(error: RecognitionError) -> Self {
        match error {
            RecognitionError::Unreadable(why) => Self::Unreadable(why),
            error => Self::Recognition(error),
        }
    }
}

impl From<tonic::Status> for Error {
    fn from(status: tonic::Status) -> Self {
        let message = status.message().to_owned();
        match ErrorCode::of(&status).0 {
            ErrorCode::Unavailable => Self::IndexAway(message),
            code => Self::Index { code, message },
        }
    }
}
