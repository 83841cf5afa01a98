//! One turn: search, generate, and relay into the answer's log, under deadlines and until stopped or abandoned.
//!
//! It knows no transport; whoever reads the log does so elsewhere.

mod again;
mod searching;

use std::sync::Arc;
use std::time::Duration;

use lifecycle::{Span, TraceContext};
use proto::ErrorCode;
use proto::v1::chat_event::Event;
use proto::v1::generate_event::Event as Written;
use proto::v1::{
    AnswerSource, Citation, Ended, Failed, FinishReason, Finished, GenerateRequest, Retract, SearchResponse,
    StageTimes, Started,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::admission::{Taken, key_gone};
use crate::answer::Answer;
use crate::cache::{Cache, Flight, Kept, Place as CachePlace};
use crate::frame::finish_reason;
use crate::metrics::Metrics;
use crate::overload::Place;
use crate::question::Question;
use crate::refusal::Refusal;
use crate::source::source_url;
use crate::upstream::{Generation, Services, is_worth_a_retry, retry_pause};

/// Everything that one answer is written with.
#[derive(Debug)]
pub(crate) struct Turn {
    /// Where events go.
    pub(crate) answer: Arc<Answer>,
    /// What was asked.
    pub(crate) question: Question,
    /// What may be searched.
    pub(crate) collections: Vec<String>,
    /// The retriever and the generator.
    pub(crate) services: Services,
    /// Answers that may be given again.
    pub(crate) cache: Cache,
    /// Trace of the request.
    pub(crate) trace: TraceContext,
    /// When the question was admitted.
    pub(crate) admitted: Instant,
    /// The signal that the key it was asked with opens nothing any more.
    pub(crate) gone: CancellationToken,
    /// The caller's own deadline, when it set one.
    pub(crate) deadline: Option<Duration>,
    /// How long an answer without a reader is written on.
    pub(crate) window: Duration,
    /// The signal that the process is to end.
    pub(crate) leaving: CancellationToken,
    /// How long the answer may go on after that signal.
    pub(crate) grace: Duration,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Its place among what runs at once; none where nothing bounds that.
    pub(crate) room: Option<Place>,
    /// Whether its end is written to the access log.
    pub(crate) is_logged: bool,
    /// What the answer may cost.
    pub(crate) reservation: Taken,
}

/// What stands so far.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    citations: Vec<Citation>,
    stage_times: StageTimes,
    generation: u64,
    asked_generator: Option<Instant>,
    shown: bool,
    retracted: bool,
    /// What the models of this attempt may have cost; nothing more is known unless it finishes.
    committed: u64,
    /// What earlier attempts may have cost.
    lost: u64,
    /// Whether the reader knows that the answer has begun.
    started: bool,
    /// Whether something was said beside the text that belongs to this moment: such an answer is not given again.
    is_marked: bool,
    /// The question's place in the cache, and its embedding.
    place: Option<CachePlace>,
    vector: Vec<f32>,
    /// Lets others follow until the answer has ended.
    flight: Option<Flight>,
}

enum Outcome {
    Finished(Finished),
    Stopped,
    Failed(Refusal),
}

impl Turn {
    /// Writes the answer. The log has its last event when this returns.
    pub(crate) async fn run(self) {
        let mut draft = Draft::default();
        let span = self.trace.begin("turn");
        let limit = self.services.deadlines().answer;
        let limit = self.deadline.map_or(limit, |own| own.min(limit));
        let outcome = tokio::select! {
            biased;
            () = self.gone.cancelled() => Outcome::Failed(key_gone()),
            () = self.answer.stopped() => Outcome::Stopped,
            () = self.answer.abandoned(self.window) => {
                Outcome::Failed(Refusal::new(ErrorCode::Cancelled, "nobody was reading the answer any more"))
            }
            () = self.grace_is_over() => Outcome::Failed(Refusal::hidden(ErrorCode::ShuttingDown, "drain is over")),
            written = lifecycle::within(limit, self.write(&mut draft)) => match written {
                Ok(Ok(finished)) => Outcome::Finished(finished),
                Ok(Err(refusal)) => Outcome::Failed(refusal),
                Err(late) => Outcome::Failed(Refusal::hidden(ErrorCode::DeadlineExceeded, late.to_string())),
            },
        };
        let cost = draft.cost(&outcome);
        // Whoever asks the same from now on finds the kept answer, or begins anew.
        let flight = draft.flight.take();
        self.conclude(draft, outcome, span);
        drop(flight);
        if let Some((day, month)) = Box::pin(self.reservation.settle(cost)).await {
            self.metrics.spent(day, month);
        }
    }

    async fn grace_is_over(&self) {
        self.leaving.cancelled().await;
        tokio::time::sleep(self.grace).await;
    }

    async fn write_anew(&self, draft: &mut Draft) -> Result<Finished, Refusal> {
        // What is awaited only at the beginning is boxed, so that its memory is free while the answer is written.
        let found = Box::pin(self.search(draft)).await?;
        draft.generation = found.generation;
        if let Some(times) = found.stage_times {
            draft.stage_times =
                StageTimes { embed_ms: times.embed_ms, search_ms: times.search_ms, ..StageTimes::default() };
        }
        self.begin(draft)?;
        let near =
            draft.place.as_ref().and_then(|place| self.cache.near(place, &found.passages, &draft.vector));
        if let Some(near) = near.as_ref().filter(|_| self.cache.prefers_near()) {
            return self.give_again(near, draft, "near");
        }
        let request = self.request(&found, near.as_deref());
        let first = self.generate(request.clone(), draft).await;
        match first {
            Err(refusal) if is_worth_a_retry(&refusal) && !draft.shown => {
                tracing::debug!(
                    answer_id = self.answer.id(),
                    cause = refusal.cause(),
                    "asking the generator once more"
                );
                retry_pause().await;
                self.generate(request, draft).await
            }
            done => done,
        }
    }

    /// Tells the reader that an answer comes, once.
    fn begin(&self, draft: &mut Draft) -> Result<(), Refusal> {
        if std::mem::replace(&mut draft.started, true) {
            return Ok(());
        }
        self.append(&Event::Started(Started { generation: draft.generation }))
    }

    fn request(&self, found: &SearchResponse, near: Option<&Kept>) -> GenerateRequest {
        let asked = self.question.asked();
        GenerateRequest {
            question: asked.text.clone(),
            passages: found.passages.clone(),
            history: asked.history.clone(),
            max_output_tokens: None,
            language: String::new(),
            rewritten_question: found.rewritten_question.clone(),
            budget_microdollars: None,
            earlier_answer: near.and_then(|near| near.earlier(&found.passages)),
        }
    }

    async fn generate(&self, request: GenerateRequest, draft: &mut Draft) -> Result<Finished, Refusal> {
        draft.lost = draft.lost.saturating_add(draft.committed);
        let budget = self.reservation.amount().saturating_sub(draft.lost);
        let request = GenerateRequest { budget_microdollars: Some(budget), ..request };
        let asked = *draft.asked_generator.get_or_insert_with(Instant::now);
        draft.committed = 0;
        let span = self.trace.child().begin("generate");
        let mut generation = Box::pin(self.services.generate(request, asked, span.context())).await?;
        self.relay(&mut generation, draft).await
    }

    async fn relay(&self, generation: &mut Generation, draft: &mut Draft) -> Result<Finished, Refusal> {
        loop {
            let Some(event) = generation.next().await? else {
                return Err(Refusal::hidden(
                    ErrorCode::Unavailable,
                    "the generator's stream ended without `finished`",
                ));
            };
            match event.event {
                Some(Written::Finished(finished)) => return Ok(finished),
                Some(Written::Committed(committed)) => {
                    draft.committed = draft.committed.saturating_add(committed.cost_microdollars);
                }
                Some(event) => {
                    let event = self.shown(event, draft)?;
                    draft.shown = true;
                    self.append(&event)?;
                }
                // An event of a newer generator: nothing that this gateway could relay.
                None => {}
            }
        }
    }

    /// Takes an event into the draft and returns it as the reader sees it.
    fn shown(&self, event: Written, draft: &mut Draft) -> Result<Event, Refusal> {
        Ok(match event {
            Written::Delta(delta) => {
                if draft.stage_times.first_token_ms.is_none() {
                    draft.stage_times.first_token_ms = draft.asked_generator.map(milliseconds_since);
                    self.metrics.first_token(self.admitted.elapsed());
                    self.room.iter().for_each(Place::responded);
                }
                draft.text.push_str(&delta.text);
                Event::Delta(delta)
            }
            Written::Citation(mut citation) => {
                citation.url = citation.passage.as_ref().map(source_url).unwrap_or_default();
                draft.citations.retain(|earlier| earlier.number != citation.number);
                draft.citations.push(citation.clone());
                Event::Citation(citation)
            }
            Written::Notice(notice) => {
                draft.is_marked = true;
                Event::Notice(notice)
            }
            Written::Unsupported(unsupported) => {
                draft.is_marked = true;
                Event::Unsupported(unsupported)
            }
            Written::Retract(retract) => {
                draft.retract(&retract)?;
                Event::Retract(retract)
            }
            Written::Finished(_) | Written::Committed(_) => {
                return Err(Refusal::hidden(
                    ErrorCode::Internal,
                    "an event that no reader sees was to be shown",
                ));
            }
        })
    }

    fn append(&self, event: &Event) -> Result<(), Refusal> {
        self.answer.append(event).map_err(|full| Refusal::hidden(ErrorCode::TooLarge, full.to_string()))
    }

    fn conclude(&self, mut draft: Draft, outcome: Outcome, mut span: Span) {
        let total = self.admitted.elapsed();
        draft.stage_times.generate_ms = draft.asked_generator.map(milliseconds_since);
        draft.stage_times.total_ms = Some(total.as_secs_f64() * 1e3);
        let stage_times = draft.stage_times;
        let (first_token_ms, bytes) = (draft.stage_times.first_token_ms, draft.text.len());
        let (event, result) = match outcome {
            Outcome::Finished(finished) => {
                let result = finish_reason(finished.finish_reason());
                self.keep(&draft, &finished);
                (draft.ended(finished), result)
            }
            Outcome::Stopped => {
                let finished =
                    Finished { finish_reason: FinishReason::Stopped.into(), ..Finished::default() };
                (draft.ended(finished), finish_reason(FinishReason::Stopped))
            }
            Outcome::Failed(refusal) => {
                self.log_failure(&refusal);
                span.fail(refusal.code().name());
                self.room.iter().for_each(|room| room.failed(refusal.code()));
                (failed(&refusal), refusal.code().name())
            }
        };
        self.metrics.answered(result, total);
        self.metrics.staged(&stage_times);
        if self.is_logged {
            let (ms, key) = (total.as_secs_f64() * 1e3, self.answer.owner().key());
            let answer_id = self.answer.id();
            tracing::info!(target: "access", answer_id, result, ms, first_token_ms, bytes, key, "answer");
        }
        span.note("answer_id", self.answer.id().to_owned());
        span.note("result", result);
        if let Some(first) = first_token_ms {
            span.note("first_token_ms", first);
        }
        // The last event always fits.
        _ = self.answer.append(&event);
        tracing::debug!(
            answer_id = self.answer.id(),
            trace_id = self.trace.trace_id(),
            result,
            "answer ended"
        );
    }

    fn log_failure(&self, refusal: &Refusal) {
        let (code, cause) = (refusal.code().name(), refusal.cause().unwrap_or_default());
        let (answer_id, trace_id) = (self.answer.id(), self.trace.trace_id());
        if refusal.code() == ErrorCode::Internal {
            tracing::error!(answer_id, trace_id, code, cause, "answer failed");
        } else {
            tracing::warn!(answer_id, trace_id, code, cause, "answer failed");
        }
    }
}

impl Draft {
    /// Returns what the answer cost, or may have cost where nobody said it.
    fn cost(&self, outcome: &Outcome) -> u64 {
        let said = match outcome {
            Outcome::Finished(finished) => finished.usage.as_ref().map(|usage| usage.cost_microdollars),
            Outcome::Stopped | Outcome::Failed(_) => None,
        };
        self.lost.saturating_add(said.unwrap_or(self.committed))
    }

    fn retract(&mut self, retract: &Retract) -> Result<(), Refusal> {
        let stays = usize::try_from(retract.from_byte).unwrap_or(usize::MAX);
        if stays > self.text.len() || !self.text.is_char_boundary(stays) {
            return Err(Refusal::hidden(
                ErrorCode::Internal,
                "the generator retracted text that was never shown",
            ));
        }
        self.text.truncate(stays);
        self.retracted = true;
        self.is_marked = true;
        Ok(())
    }

    fn ended(mut self, finished: Finished) -> Event {
        if self.retracted {
            // A source whose marker was withdrawn is a source of nothing.
            self.citations.retain(|citation| self.text.contains(&format!("[{}]", citation.number)));
        }
        Event::Ended(Ended {
            finish_reason: finished.finish_reason,
            text: self.text,
            citations: self.citations,
            usage: Some(finished.usage.unwrap_or_default()),
            stage_times: Some(self.stage_times),
            source: AnswerSource::try_from(finished.source).unwrap_or_default().into(),
            generation: self.generation,
            model: finished.model,
            follow_ups: finished.follow_ups,
        })
    }
}

/// Returns the last event of an answer that cannot be finished.
pub(crate) fn failed(refusal: &Refusal) -> Event {
    Event::Failed(Failed {
        code: refusal.code().name().to_owned(),
        message: refusal.message().to_owned(),
        retryable: refusal.code().retryable(),
        retry_after_ms: refusal.retry_after_ms(),
    })
}

fn milliseconds_since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}
