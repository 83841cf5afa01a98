//! What all language models share: text that arrives in pieces becomes text, citations and an end, within limits of time
//! and size, and with its price. It knows no provider.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use tokio::time::Instant;

use crate::error::Error;
use crate::marks::{Found, Marks};
use crate::model::{Finish, FinishReason, ModelEvent, RetractReason};
use crate::prices::{ModelPrice, Prices, Usage};
use crate::prompt::rendering::Rendered;
use crate::settings::LanguageLimits;

/// For a stream to end once everything was said.
const END_OF_STREAM: Duration = Duration::from_millis(100);

/// What a provider sends. The stream ends once nothing more comes, whether or not the answer was whole.
pub(crate) type Pieces = BoxStream<'static, Result<Piece, Error>>;

/// A piece of what a provider sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words of the model.
    Text(String),
    /// The model is done. What follows is at most [`Piece::Used`].
    Stopped(Stop),
    /// What the call took.
    Used(Usage),
}

/// Why a model is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// It has said everything.
    Complete,
    /// A limit of length cut it.
    Length,
    /// A guardrail or filter stopped it.
    Blocked,
}

/// What an answer is measured by.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) limits: LanguageLimits,
    pub(crate) prices: Arc<Prices>,
    pub(crate) price: ModelPrice,
    /// Of the answer, as the model was told.
    pub(crate) max_output_tokens: u32,
}

/// Turns what a provider sends into the events of an answer. Dropping the stream drops the provider's.
pub(crate) fn write(
    pieces: Pieces,
    rendered: &Rendered,
    terms: Terms,
) -> BoxStream<'static, Result<ModelEvent, Error>> {
    let writing = Writing {
        pieces,
        terms,
        marks: Marks::new(rendered.passages),
        prompt_tokens: rendered.most_tokens,
        ready: VecDeque::new(),
        start: None,
        stage: Stage::Opening,
        usage: None,
        used_at: None,
        written_bytes: 0,
        has_text: false,
        has_citation: false,
    };
    stream::unfold(writing, |mut writing| async move { Some((writing.next().await?, writing)) }).boxed()
}

struct Writing {
    pieces: Pieces,
    terms: Terms,
    marks: Marks,
    prompt_tokens: u32,
    ready: VecDeque<ModelEvent>,
    /// When the answer was asked for.
    start: Option<Instant>,
    stage: Stage,
    usage: Option<Usage>,
    /// When the usage came.
    used_at: Option<Instant>,
    written_bytes: usize,
    /// Whether a reader has seen something that was not withdrawn.
    has_text: bool,
    has_citation: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// No text came yet.
    Opening,
    Writing,
    /// The model found no answer; what else it says is not shown.
    Silent,
    /// The model is done; its usage is awaited since this time.
    Stopped(FinishReason, Instant),
    /// Nothing more is handed on.
    Ended,
}

impl Writing {
    async fn next(&mut self) -> Option<Result<ModelEvent, Error>> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(Ok(event));
            }
            if self.stage == Stage::Ended {
                return None;
            }
            match self.piece().await {
                Ok(Some(piece)) => match self.take(piece) {
                    Ok(()) => {}
                    Err(error) => return Some(Err(self.fail(error))),
                },
                Ok(None) if matches!(self.stage, Stage::Stopped(..)) => self.finish(),
                // An answer without its end was cut, however whole it looks.
                Ok(None) => {
                    let cut = Error::ModelCut("the stream ended without saying why".to_owned());
                    return Some(Err(self.fail(cut)));
                }
                // The answer is whole, only its usage may be missing.
                Err(error) if matches!(self.stage, Stage::Stopped(..)) => {
                    if self.usage.is_none() {
                        tracing::warn!(?error, "the model's usage did not arrive; it is estimated");
                    }
                    self.finish();
                }
                Err(error) => return Some(Err(self.fail(error))),
            }
        }
    }

    /// Waits for the next piece as long as the stage allows.
    async fn piece(&mut self) -> Result<Option<Piece>, Error> {
        let limits = self.terms.limits;
        let now = Instant::now();
        let start = *self.start.get_or_insert(now);
        let (from, after, waiting_for) = match self.stage {
            Stage::Opening => (start, limits.first_token, "its first words"),
            Stage::Writing | Stage::Silent => (now, limits.gap, "more words"),
            Stage::Stopped(_, since) => match self.used_at {
                // All is known: only the end of the stream is awaited, since its connection is used again then.
                Some(used) => (used.max(since), END_OF_STREAM.min(limits.usage), "the end of its stream"),
                None => (since, limits.usage, "its usage"),
            },
            Stage::Ended => return Ok(None),
        };
        let is_stopped = matches!(self.stage, Stage::Stopped(..));
        // The whole answer has its limit too; the usage after it has its own.
        let (deadline, after, waiting_for) = match (from + after, start + limits.answer) {
            (piece, answer) if answer < piece && !is_stopped => {
                (answer, limits.answer, "the end of its answer")
            }
            (piece, _) => (piece, after, waiting_for),
        };
        match tokio::time::timeout_at(deadline, self.pieces.next()).await {
            Ok(piece) => piece.transpose(),
            Err(_) => Err(Error::ModelTimedOut { waiting_for, after }),
        }
    }

    fn take(&mut self, piece: Piece) -> Result<(), Error> {
        match piece {
            Piece::Used(usage) => {
                self.usage = Some(usage);
                self.used_at = Some(Instant::now());
            }
            // A model that goes on after its end is not listened to.
            _ if matches!(self.stage, Stage::Stopped(..)) => {}
            Piece::Text(text) => return self.text(&text),
            Piece::Stopped(stop) => return self.stop(stop),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Error> {
        if text.is_empty() {
            return Ok(());
        }
        self.written_bytes = self.written_bytes.saturating_add(text.len());
        let limit = self.terms.limits.answer_bytes;
        if self.written_bytes > limit {
            return Err(Error::AnswerTooLarge { limit });
        }
        if self.stage == Stage::Opening {
            self.stage = Stage::Writing;
        }
        let mut found = Vec::new();
        self.marks.push(text, &mut |next| found.push(next));
        self.hand_on(found);
        Ok(())
    }

    fn hand_on(&mut self, found: Vec<Found>) {
        for next in found {
            match next {
                _ if self.stage == Stage::Silent => {}
                Found::Text(text) => {
                    self.has_text = true;
                    self.ready.push_back(ModelEvent::Text(text));
                }
                Found::Cite(passage) => {
                    (self.has_text, self.has_citation) = (true, true);
                    self.ready.push_back(ModelEvent::Cite { passage, quote: String::new() });
                }
                // A part of the answer that rests on a passage stands; words without one are taken back.
                Found::NoAnswer if self.has_citation => {}
                Found::NoAnswer => {
                    self.stage = Stage::Silent;
                    self.retract(RetractReason::NoEvidence);
                }
            }
        }
    }

    fn retract(&mut self, reason: RetractReason) {
        if std::mem::take(&mut self.has_text) {
            self.ready.push_back(ModelEvent::Retract(reason));
        }
    }

    fn stop(&mut self, stop: Stop) -> Result<(), Error> {
        let reason = match stop {
            Stop::Blocked => {
                self.retract(RetractReason::Blocked);
                FinishReason::Blocked
            }
            Stop::Complete | Stop::Length => {
                let mut found = Vec::new();
                self.marks.finish(&mut |next| found.push(next));
                self.hand_on(found);
                match stop {
                    _ if self.stage == Stage::Silent => FinishReason::NoEvidence,
                    _ if !self.has_text => {
                        return Err(Error::ModelUnavailable("it wrote nothing".to_owned()));
                    }
                    Stop::Length => FinishReason::Length,
                    Stop::Complete | Stop::Blocked => FinishReason::Complete,
                }
            }
        };
        self.stage = Stage::Stopped(reason, Instant::now());
        Ok(())
    }

    fn finish(&mut self) {
        let Stage::Stopped(reason, _) = self.stage else { return };
        self.stage = Stage::Ended;
        let usage = self.usage.unwrap_or_else(|| self.most_usage());
        self.ready.push_back(ModelEvent::Finished(Finish {
            reason,
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            cached_tokens: usage.cached_tokens,
            guardrail_units: usage.guardrail.total(),
            cost_microdollars: self.terms.prices.cost_microdollars(self.terms.price, &usage),
        }));
    }

    /// What the answer took at most, where nobody says it. No vocabulary needs more than a token a byte.
    fn most_usage(&self) -> Usage {
        let bytes = u32::try_from(self.written_bytes).unwrap_or(u32::MAX);
        Usage {
            input_tokens: self.prompt_tokens,
            output_tokens: bytes.min(self.terms.max_output_tokens),
            ..Usage::default()
        }
    }

    fn fail(&mut self, error: Error) -> Error {
        self.stage = Stage::Ended;
        self.ready.clear();
        // The connection is of no more use, and the caller may keep this stream for a while.
        self.pieces = stream::empty().boxed();
        error
    }
}

#[cfg(test)]
mod tests;
