//! What a chat model is: something that turns a prompt into a stream of text and citations.

use futures_util::stream::BoxStream;

use crate::error::Error;
use crate::prompt::Prompt;

/// Writes answers. Implementations hold no state of a single answer, so one serves every call.
pub trait ChatModel: std::fmt::Debug + Send + Sync {
    /// Returns the model's name as callers see it, such as `extractive`.
    fn name(&self) -> &str;

    /// Returns how the answers come about.
    fn kind(&self) -> ModelKind;

    /// Returns the most that an answer to a prompt may cost, in millionths of a US dollar; 0 for a model that is free.
    fn most_microdollars(&self, _prompt: &Prompt) -> u64 {
        0
    }

    /// Returns whether the model has anything to answer a prompt with; the ladder goes on without it where it has not.
    fn can_answer(&self, _prompt: &Prompt) -> bool {
        true
    }

    /// Writes one answer. The stream ends after [`ModelEvent::Finished`] or an error; dropping it stops the work.
    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<ModelEvent, Error>>;
}

/// How a model comes to its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// A language model writes.
    Language,
    /// An answer that was given before is given again.
    Earlier,
    /// Sentences of the passages are quoted.
    Extractive,
}

/// A piece of an answer in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelEvent {
    /// More text; it holds no citation marks.
    Text(String),
    /// What was just written comes from a passage.
    Cite {
        /// Place of the passage in the prompt, counted from 0.
        passage: usize,
        /// The passage's words that carry the claim; may be empty.
        quote: String,
    },
    /// Everything written so far is withdrawn: it must not be shown, cited, kept or repeated.
    Retract(RetractReason),
    /// The answer is finished.
    Finished(Finish),
}

/// Why text is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetractReason {
    /// A guardrail stopped the answer after a part of it was shown.
    Blocked,
    /// The model found after some words that the passages hold no answer.
    NoEvidence,
    /// The model failed after some words; another answer follows.
    Failed,
}

/// How an answer ended, and what it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finish {
    /// Why it ended.
    pub reason: FinishReason,
    /// Tokens read; 0 when no language model was called.
    pub input_tokens: u32,
    /// Tokens written; 0 when no language model was called.
    pub output_tokens: u32,
    /// Tokens of `input_tokens` that were read from the provider's cache, at its lower price.
    pub cached_tokens: u32,
    /// Text units that guardrails charge for: up to 1,000 characters each, for each policy and direction.
    pub guardrail_units: u32,
    /// Millionths of a US dollar, rounded up: tokens and guardrails.
    pub cost_microdollars: u64,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishReason {
    /// It is complete.
    Complete,
    /// The passages hold no answer; no text was written.
    NoEvidence,
    /// The token limit cut it.
    Length,
    /// A guardrail or filter stopped the question or the answer; what was written before is withdrawn first.
    Blocked,
}

impl Finish {
    /// Returns the same ending with what something else took added to it.
    #[must_use]
    pub fn beside(self, other: &Self) -> Self {
        Self {
            guardrail_units: self.guardrail_units.saturating_add(other.guardrail_units),
            cost_microdollars: self.cost_microdollars.saturating_add(other.cost_microdollars),
            ..self
        }
    }

    /// Returns an ending that took nothing.
    pub fn free(reason: FinishReason) -> Self {
        Self {
            reason,
            input_tokens: 0,
            output_tokens: 0,
            cached_tokens: 0,
            guardrail_units: 0,
            cost_microdollars: 0,
        }
    }
}
