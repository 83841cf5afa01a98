//! One turn: search, generate, and relay into the answer's log, under deadlines and until stopped or abandoned.
//!
//! It knows no transport; whoever reads the log does so elsewhere.

mod searching;

use std::sync::Arc;
use std::time::Duration;

use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::chat_event::Event;
use proto::v1::generate_event::Event as Written;
use proto::v1::{
    AnswerSource, Citation, Ended, Failed, FinishReason, Finished, GenerateRequest, Retract, SearchResponse,
    StageTimes, Started,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::admission::Reservation;
use crate::answer::Answer;
use crate::frame::finish_reason;
use crate::metrics::Metrics;
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
    /// Trace of the request.
    pub(crate) trace: TraceContext,
    /// When the question was admitted.
    pub(crate) admitted: Instant,
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
    /// What the answer may cost.
    pub(crate) reservation: Reservation,
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
        let limit = self.services.deadlines().answer;
        let limit = self.deadline.map_or(limit, |own| own.min(limit));
        let outcome = tokio::select! {
            biased;
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
        self.conclude(draft, outcome);
        let (day, month) = self.reservation.settle(cost);
        self.metrics.spent(day, month);
    }

    async fn grace_is_over(&self) {
        self.leaving.cancelled().await;
        tokio::time::sleep(self.grace).await;
    }

    async fn write(&self, draft: &mut Draft) -> Result<Finished, Refusal> {
        let found = self.search(draft).await?;
        draft.generation = found.generation;
        if let Some(times) = found.stage_times {
            draft.stage_times =
                StageTimes { embed_ms: times.embed_ms, search_ms: times.search_ms, ..StageTimes::default() };
        }
        self.append(Event::Started(Started { generation: found.generation }))?;
        let first = self.generate(&found, draft).await;
        match first {
            Err(refusal) if is_worth_a_retry(&refusal) && !draft.shown => {
                tracing::debug!(
                    answer_id = self.answer.id(),
                    cause = refusal.cause(),
                    "asking the generator once more"
                );
                retry_pause().await;
                self.generate(&found, draft).await
            }
            done => done,
        }
    }

    async fn generate(&self, found: &SearchResponse, draft: &mut Draft) -> Result<Finished, Refusal> {
        draft.lost = draft.lost.saturating_add(draft.committed);
        let asked = self.question.asked();
        let request = GenerateRequest {
            question: asked.text.clone(),
            passages: found.passages.clone(),
            history: asked.history.clone(),
            max_output_tokens: None,
            language: String::new(),
            rewritten_question: found.rewritten_question.clone(),
            budget_microdollars: Some(self.reservation.amount().saturating_sub(draft.lost)),
        };
        draft.asked_generator = Some(Instant::now());
        draft.committed = 0;
        let mut generation = self.services.generate(request, &self.trace).await?;
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
                    self.append(event)?;
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
            Written::Notice(notice) => Event::Notice(notice),
            Written::Unsupported(unsupported) => Event::Unsupported(unsupported),
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

    fn append(&self, event: Event) -> Result<(), Refusal> {
        self.answer.append(event).map_err(|full| Refusal::hidden(ErrorCode::TooLarge, full.to_string()))
    }

    fn conclude(&self, mut draft: Draft, outcome: Outcome) {
        let total = self.admitted.elapsed();
        draft.stage_times.generate_ms = draft.asked_generator.map(milliseconds_since);
        draft.stage_times.total_ms = Some(total.as_secs_f64() * 1e3);
        let (event, result) = match outcome {
            Outcome::Finished(finished) => {
                let result = finish_reason(finished.finish_reason());
                (draft.ended(finished), result)
            }
            Outcome::Stopped => {
                let finished =
                    Finished { finish_reason: FinishReason::Stopped.into(), ..Finished::default() };
                (draft.ended(finished), finish_reason(FinishReason::Stopped))
            }
            Outcome::Failed(refusal) => {
                self.log_failure(&refusal);
                (failed(&refusal), refusal.code().name())
            }
        };
        self.metrics.answered(result, total);
        // The last event always fits.
        _ = self.answer.append(event);
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
