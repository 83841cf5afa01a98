//! The model that needs no model: it quotes the best sentences of the passages and says where they stand.
//!
//! It never writes a word of its own, and finishes without evidence rather than guess.

mod concepts;
mod expectation;
pub(crate) mod language;
mod matching;
mod pace;
mod rendering;
mod scoring;
mod selection;
pub(crate) mod stopwords;
pub(crate) mod terms;
mod units;
pub(crate) mod weekdays;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

use crate::error::Error;
use crate::model::{ChatModel, Finish, FinishReason, ModelEvent, ModelKind};
use crate::prompt::Prompt;
use language::Language;
use pace::Pace;
use scoring::Question;

/// Quotes the best sentences of the passages.
#[derive(Clone, Debug)]
pub struct ExtractiveModel {
    threshold: f32,
    pace: Pace,
}

impl ExtractiveModel {
    /// Returns a model that quotes only what covers at least `threshold` (0 to 1) of the question, and writes
    /// `tokens_per_second` words; 0 writes at once.
    pub fn new(threshold: f32, tokens_per_second: u32) -> Self {
        Self { threshold, pace: Pace::new(tokens_per_second) }
    }
}

impl ChatModel for ExtractiveModel {
    fn name(&self) -> &'static str {
        "extractive"
    }

    fn kind(&self) -> ModelKind {
        ModelKind::Extractive
    }

    fn answer(&self, prompt: Prompt) -> BoxStream<'static, Result<ModelEvent, Error>> {
        let (threshold, pace) = (self.threshold, self.pace);
        // Comparing long passages takes milliseconds, too long for the runtime's own threads.
        let writing = async move {
            let written = tokio::task::spawn_blocking(move || write(&prompt, threshold, pace)).await;
            match written {
                Ok(events) => pace.stream(events),
                Err(panic) => stream::once(async move { Err(Error::Internal(panic.to_string())) }).boxed(),
            }
        };
        stream::once(writing).flatten().boxed()
    }
}

/// Returns the question's language as an ISO 639-1 code, or `und` when it cannot be told.
pub(crate) fn question_language(prompt: &Prompt) -> &'static str {
    let hint = prompt.passages.iter().find_map(|passage| Language::from_tag(&passage.language));
    Language::of_question(&prompt.question, hint).tag(&prompt.question)
}

/// Returns every event of the answer, its text cut into deltas.
fn write(prompt: &Prompt, threshold: f32, pace: Pace) -> Vec<ModelEvent> {
    let mut question = Question::read(prompt);
    let quotations = selection::select(&mut question, &prompt.passages, threshold);
    if quotations.is_empty() {
        return vec![ModelEvent::Finished(Finish::free(FinishReason::NoEvidence))];
    }
    let mut events = Vec::new();
    let mut budget = prompt.max_output_tokens;
    let mut reason = FinishReason::Complete;
    for (place, quotation) in quotations.into_iter().enumerate() {
        let text = layout(&quotation, place == 0);
        let (deltas, is_cut) = pace.deltas(&text, &mut budget);
        let is_silent = deltas.iter().all(|delta| delta.trim().is_empty());
        if !is_silent {
            events.extend(deltas.into_iter().map(ModelEvent::Text));
            events.push(ModelEvent::Cite { passage: quotation.passage, quote: quotation.quote });
        }
        if is_cut {
            reason = FinishReason::Length;
            break;
        }
    }
    events.push(ModelEvent::Finished(Finish::free(reason)));
    events
}

/// Prose runs on; rows and items stand on lines of their own, as a list where there are several.
fn layout(quotation: &selection::Quotation, is_first: bool) -> String {
    let has_lines = quotation.is_list && quotation.texts.len() > 1;
    let (before, between) = match (is_first, quotation.is_list, has_lines) {
        (true, _, true) => ("- ", "\n- "),
        (false, _, true) => ("\n\n- ", "\n- "),
        (true, _, false) => ("", " "),
        (false, true, false) => ("\n\n", " "),
        (false, false, false) => (" ", " "),
    };
    format!("{before}{}", quotation.texts.join(between))
}
