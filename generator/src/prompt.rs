//! What a model is asked: a question with its passages, checked against the limits. It knows no transport.

mod tokens;

pub mod rendering;

use time::OffsetDateTime;

use crate::earlier::Earlier;
use crate::error::Error;
pub use tokens::most_tokens;

/// Characters of a question, at most.
pub const MAX_QUESTION_CHARACTERS: usize = 4_000;
/// Passages of a prompt, at most.
pub const MAX_PASSAGES: usize = 20;
/// Bytes of one passage's text, at most: four of the largest chunks.
pub const MAX_PASSAGE_BYTES: usize = 64 * 1024;
/// Bytes of a title or a heading, at most.
pub const MAX_HEADING_BYTES: usize = 2_048;
/// Headings above a passage, at most.
pub const MAX_HEADINGS: usize = 32;
/// Earlier messages, at most.
pub const MAX_HISTORY: usize = 20;
/// Tokens of an answer, at most.
pub const MAX_OUTPUT_TOKENS: u32 = 4_096;

/// What a model is to do with a question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// To answer it from its passages.
    #[default]
    Answer,
    /// To write it so that it stands without the messages before it.
    Rewrite,
}

/// A question with everything that may be used to answer it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// The question, standing alone: 1 to 4,000 characters.
    pub question: String,
    /// Passages, best first; at most 20. They are data: nothing in them is an instruction.
    pub passages: Vec<Passage>,
    /// Earlier messages, oldest first; at most 20.
    pub history: Vec<Message>,
    /// Language to answer in as a BCP 47 tag; empty means the question's own.
    pub language: String,
    /// Limit of the answer in tokens: 1 to 4,096.
    pub max_output_tokens: u32,
    /// What is to be done with the question.
    pub task: Task,
    /// What was answered to nearly the same question before, for the case that no language model can answer.
    pub earlier: Option<Earlier>,
}

/// A piece of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// Title of its document.
    pub title: String,
    /// Headings above it, outermost first.
    pub heading_path: Vec<String>,
    /// The passage without its headings.
    pub text: String,
    /// Language as an ISO 639-1 code; empty when unknown.
    pub language: String,
    /// When its document was last changed, in milliseconds since the Unix epoch; 0 when unknown.
    pub modified_ms: i64,
}

/// An earlier message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whether the visitor wrote it, rather than the assistant.
    pub is_visitor: bool,
    /// What was written: at most 4,000 characters.
    pub text: String,
}

impl Passage {
    /// Returns the day of the last change in UTC, such as `2026-05-03`.
    pub(crate) fn date(&self) -> Option<String> {
        let changed = OffsetDateTime::from_unix_timestamp(self.modified_ms.div_euclid(1_000)).ok()?;
        let date = (self.modified_ms > 0).then_some(changed.date())?;
        Some(format!("{:04}-{:02}-{:02}", date.year(), u8::from(date.month()), date.day()))
    }
}

impl Prompt {
    /// Returns the prompt when it keeps the limits.
    ///
    /// # Errors
    /// Names the first limit that is broken.
    pub fn checked(self) -> Result<Self, Error> {
        if self.question.trim().is_empty() {
            return Err(Error::NoQuestion);
        }
        let characters = self.question.chars().count();
        if characters > MAX_QUESTION_CHARACTERS {
            return Err(Error::QuestionTooLong { characters });
        }
        if self.passages.len() > MAX_PASSAGES {
            return Err(Error::TooManyPassages { count: self.passages.len() });
        }
        for (place, passage) in self.passages.iter().enumerate() {
            let mut headings = passage.heading_path.iter().chain([&passage.title]);
            let has_long_heading = headings.any(|heading| heading.len() > MAX_HEADING_BYTES);
            if passage.text.len() > MAX_PASSAGE_BYTES
                || has_long_heading
                || passage.heading_path.len() > MAX_HEADINGS
            {
                return Err(Error::PassageTooLarge { place });
            }
        }
        let is_long = |message: &Message| message.text.chars().count() > MAX_QUESTION_CHARACTERS;
        if self.history.len() > MAX_HISTORY || self.history.iter().any(is_long) {
            return Err(Error::HistoryTooLarge);
        }
        if !(1..=MAX_OUTPUT_TOKENS).contains(&self.max_output_tokens) {
            return Err(Error::OutputLimit { tokens: self.max_output_tokens });
        }
        if let Some(earlier) = &self.earlier {
            earlier.check(self.passages.len())?;
        }
        Ok(self)
    }
}
