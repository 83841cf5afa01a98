//! Why an answer cannot be written, and the code under which callers see it.

use proto::ErrorCode;

use crate::prompt;

/// Why an answer cannot be written. The text is fit for the caller.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The question holds nothing.
    #[error("question: must not be empty")]
    NoQuestion,
    /// The question is too long.
    #[error("question: {characters} characters, at most {} are taken", prompt::MAX_QUESTION_CHARACTERS)]
    QuestionTooLong {
        /// Its length.
        characters: usize,
    },
    /// There are too many passages.
    #[error("passages: {count} given, at most {} are taken", prompt::MAX_PASSAGES)]
    TooManyPassages {
        /// How many there are.
        count: usize,
    },
    /// A passage or its headings are too large.
    #[error(
        "passages[{place}]: at most {} bytes of text and {} headings of {} bytes are taken",
        prompt::MAX_PASSAGE_BYTES,
        prompt::MAX_HEADINGS,
        prompt::MAX_HEADING_BYTES
    )]
    PassageTooLarge {
        /// Its place, counted from 0.
        place: usize,
    },
    /// There are too many earlier messages, or one is too long.
    #[error(
        "history: at most {} messages of {} characters are taken",
        prompt::MAX_HISTORY,
        prompt::MAX_QUESTION_CHARACTERS
    )]
    HistoryTooLarge,
    /// The limit of the answer is out of range.
    #[error("max_output_tokens: {tokens} given, 1 to {} is right", prompt::MAX_OUTPUT_TOKENS)]
    OutputLimit {
        /// What was given.
        tokens: u32,
    },
    /// The caller's time is over.
    #[error("the answer was not finished within the caller's deadline")]
    DeadlineExceeded,
    /// The model cannot be reached or broke off.
    #[error("the model is not available: {0}")]
    ModelUnavailable(String),
    /// A port cannot be bound or has no address.
    #[error(transparent)]
    Listen(#[from] std::io::Error),
    /// The fault is ours.
    #[error("the answer could not be written")]
    Internal(String),
}

impl Error {
    /// Returns the code under which callers see the error.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NoQuestion | Self::OutputLimit { .. } => ErrorCode::InvalidArgument,
            Self::QuestionTooLong { .. }
            | Self::TooManyPassages { .. }
            | Self::PassageTooLarge { .. }
            | Self::HistoryTooLarge => ErrorCode::TooLarge,
            Self::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            Self::ModelUnavailable(_) => ErrorCode::Unavailable,
            Self::Listen(_) | Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
