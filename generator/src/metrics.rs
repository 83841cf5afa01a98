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
}

/// Counters of one generator.
#[derive(Debug)]
pub(crate) struct Metrics {
    answers: Family<Ending, Counter>,
    first_text_seconds: Histogram,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let answers = Family::default();
        let first_text_seconds = Histogram::new(exponential_buckets(0.001, 2.0, 14));
        registry.register("generator_answers", "Answers by how they ended", answers.clone());
        registry.register(
            "generator_first_text_seconds",
            "Seconds from the call to the first text",
            first_text_seconds.clone(),
        );
        Self { answers, first_text_seconds }
    }

    fn ended(&self, ending: &'static str) {
        self.answers.get_or_create(&Ending { ending }).inc();
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
            AnswerEvent::Finished { finish, .. } => self.end(match finish.reason {
                FinishReason::Complete => "complete",
                FinishReason::NoEvidence => "no_evidence",
                FinishReason::Length => "length",
            }),
            AnswerEvent::Text(_) | AnswerEvent::Citation { .. } => {}
        }
    }

    pub(crate) fn fail(&mut self) {
        self.end("failed");
    }

    fn end(&mut self, ending: &'static str) {
        self.has_ended = true;
        self.metrics.ended(ending);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.has_ended {
            self.metrics.ended("cancelled");
        }
    }
}
