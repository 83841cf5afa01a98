//! What the generator counts: answers by how they ended, and the seconds to the first text.

use std::sync::Arc;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use tokio::time::Instant;

use crate::answer::AnswerEvent;
use crate::model::FinishReason;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    ending: &'static str,
    /// The model that wrote the answer, or `none`.
    model: String,
}

/// Counters of one generator.
#[derive(Debug)]
pub(crate) struct Metrics {
    answers: Family<Ending, Counter>,
    first_text_seconds: Histogram,
    cost_microdollars: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let answers = Family::default();
        let first_text_seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        registry.register(
            "generator_answers",
            "Answers by how they ended and who wrote them",
            answers.clone(),
        );
        registry.register(
            "generator_first_text_seconds",
            "Seconds from the call to the first text",
            first_text_seconds.clone(),
        );
        let cost_microdollars = Counter::default();
        let cost = "What models and guardrails cost, in millionths of a US dollar";
        registry.register("generator_cost_microdollars", cost, cost_microdollars.clone());
        Self { answers, first_text_seconds, cost_microdollars }
    }

    pub(crate) fn spent(&self, microdollars: u64) {
        self.cost_microdollars.inc_by(microdollars);
    }

    fn ended(&self, ending: &'static str, model: Option<&str>) {
        let model = model.unwrap_or("none").to_owned();
        self.answers.get_or_create(&Ending { ending, model }).inc();
    }
}

/// Watches one answer; one that is dropped before its end counts as cancelled.
#[derive(Debug)]
pub(crate) struct Watch {
    metrics: Arc<Metrics>,
    start: Instant,
    has_text: bool,
    has_ended: bool,
}

impl Watch {
    pub(crate) fn new(metrics: Arc<Metrics>) -> Self {
        Self { metrics, start: Instant::now(), has_text: false, has_ended: false }
    }

    pub(crate) fn see(&mut self, event: &AnswerEvent) {
        match event {
            AnswerEvent::Text(_) if !self.has_text => {
                self.has_text = true;
                self.metrics.first_text_seconds.observe(self.start.elapsed().as_secs_f64());
            }
            AnswerEvent::Finished { finish, author, .. } => {
                self.metrics.cost_microdollars.inc_by(finish.cost_microdollars);
                let ending = match finish.reason {
                    FinishReason::Complete if author.is_none() => "try_later",
                    FinishReason::Complete => "complete",
                    FinishReason::NoEvidence => "no_evidence",
                    FinishReason::Length => "length",
                    FinishReason::Blocked => "blocked",
                };
                self.end(ending, author.as_ref().map(|author| author.name.as_str()));
            }
            AnswerEvent::Text(_)
            | AnswerEvent::Citation { .. }
            | AnswerEvent::Retract { .. }
            | AnswerEvent::Notice { .. }
            | AnswerEvent::Unsupported(_)
            | AnswerEvent::Committed(_) => {}
        }
    }

    pub(crate) fn fail(&mut self) {
        self.end("failed", None);
    }

    fn end(&mut self, ending: &'static str, model: Option<&str>) {
        self.has_ended = true;
        self.metrics.ended(ending, model);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.has_ended {
            self.metrics.ended("cancelled", None);
        }
    }
}
