//! Why an answer cannot be written, and the code under which callers see it.

use std::time::Duration;

use proto::ErrorCode;

use crate::{earlier, prompt};

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
    /// The earlier answer is too large, or cites what is not there.
    #[error(
        "earlier_answer: at most {} bytes of text and {} citations of given passages are taken",
        earlier::MAX_TEXT_BYTES,
        earlier::MAX_CITATIONS
    )]
    EarlierAnswer,
    /// The limit of the answer is out of range.
    #[error("max_output_tokens: {tokens} given, 1 to {} is right", prompt::MAX_OUTPUT_TOKENS)]
    OutputLimit {
        /// What was given.
        tokens: u32,
    },
    /// Rules and question leave no room for a passage.
    #[error(
        "question: {tokens} tokens with the rules leave no room for a passage, a prompt may have {limit}"
    )]
    PromptTooLarge {
        /// Of rules and question, at most.
        tokens: u32,
        /// Of a whole prompt.
        limit: u32,
    },
    /// The caller's time is over.
    #[error("the answer was not finished within the caller's deadline")]
    DeadlineExceeded,
    /// The model cannot be reached or failed before its answer was whole. The cause is for the log only.
    #[error("the model is not available")]
    ModelUnavailable(String),
    /// The model takes no more requests for now; the same request may succeed later.
    #[error("the model is asked more often than it answers")]
    ModelThrottled(String),
    /// The model refused the request by validation or rights, and will refuse it again: a setting is wrong. The cause is
    /// for the log only, since it names accounts and resources.
    #[error("the model refused the request: its settings are wrong")]
    ModelRefused(String),
    /// The model's answer ended before the model said that it was finished. What was shown is not a whole answer.
    #[error("the model's answer was cut")]
    ModelCut(String),
    /// The model was silent for too long.
    #[error("the model was silent for {after:?} while {waiting_for} was awaited")]
    ModelTimedOut {
        /// What did not come, such as `its first words`.
        waiting_for: &'static str,
        /// The time that was given.
        after: Duration,
    },
    /// The model wrote more than an answer may hold.
    #[error("the model's answer is larger than {limit} bytes")]
    AnswerTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A filter of the model's provider refused the request before anything was written.
    #[error("a filter refused the question")]
    Blocked(String),
    /// The guardrail cannot say whether a text is allowed, so it is not. The cause is for the log only.
    #[error("the guardrail is not available")]
    GuardUnavailable(String),
    /// The settings contradict each other or the surroundings.
    #[error("{0}")]
    Settings(String),
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
            | Self::HistoryTooLarge
            | Self::EarlierAnswer
            | Self::PromptTooLarge { .. } => ErrorCode::TooLarge,
            Self::DeadlineExceeded => ErrorCode::DeadlineExceeded,
            Self::ModelThrottled(_) => ErrorCode::Overloaded,
            Self::ModelUnavailable(_)
            | Self::ModelCut(_)
            | Self::ModelTimedOut { .. }
            | Self::GuardUnavailable(_) => ErrorCode::Unavailable,
            Self::Blocked(_) => ErrorCode::Blocked,
            Self::ModelRefused(_)
            | Self::AnswerTooLarge { .. }
            | Self::Settings(_)
            | Self::Listen(_)
            | Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
