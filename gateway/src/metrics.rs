//! What is counted, for the internal port. Registered where it is told to, never globally.

use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};
use proto::ErrorCode;

/// Everything that is counted.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    answers: Family<Result, Counter>,
    first_token: Histogram,
    total: Histogram,
    sockets: Gauge<i64, AtomicI64>,
    refused: Family<Refused, Counter>,
    spent: Family<Span, Gauge<u64, AtomicU64>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Span {
    span: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Result {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Refused {
    code: &'static str,
}

/// Counts an open WebSocket while it lives.
#[derive(Debug)]
pub(crate) struct OpenSocket(Gauge<i64, AtomicI64>);

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Metrics {
    /// Returns counters that the registry shows.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        // From 5 ms to 164 s, doubling.
        let seconds = || Histogram::new(exponential_buckets(0.005, 2.0, 16));
        let metrics = Self {
            answers: Family::default(),
            first_token: seconds(),
            total: seconds(),
            sockets: Gauge::default(),
            refused: Family::default(),
            spent: Family::default(),
        };
        registry.register("gateway_answers", "Answers by how they ended", metrics.answers.clone());
        let first_token = "From admission to the first text of an answer";
        registry.register_with_unit(
            "gateway_first_token",
            first_token,
            Unit::Seconds,
            metrics.first_token.clone(),
        );
        let total = "From admission to the last event of an answer";
        registry.register_with_unit("gateway_answer", total, Unit::Seconds, metrics.total.clone());
        registry.register("gateway_open_sockets", "Open WebSockets", metrics.sockets.clone());
        registry.register("gateway_refused", "Requests refused, by error code", metrics.refused.clone());
        let spent = "Spent and reserved since the day or the month began, in millionths of a US dollar";
        registry.register("gateway_spent_microdollars", spent, metrics.spent.clone());
        metrics
    }

    /// Notes what was spent in this day and this month.
    pub(crate) fn spent(&self, day: u64, month: u64) {
        self.spent.get_or_create(&Span { span: "day" }).set(day);
        self.spent.get_or_create(&Span { span: "month" }).set(month);
    }

    /// Notes the first text of an answer.
    pub(crate) fn first_token(&self, since_admission: Duration) {
        self.first_token.observe(since_admission.as_secs_f64());
    }

    /// Notes the end of an answer: a finish reason or an error code.
    pub(crate) fn answered(&self, result: &'static str, total: Duration) {
        self.answers.get_or_create(&Result { result }).inc();
        self.total.observe(total.as_secs_f64());
    }

    /// Notes a refused request.
    pub(crate) fn refused(&self, code: ErrorCode) {
        self.refused.get_or_create(&Refused { code: code.name() }).inc();
    }

    /// Counts an open WebSocket until the returned value is dropped.
    pub(crate) fn open_socket(&self) -> OpenSocket {
        self.sockets.inc();
        OpenSocket(self.sockets.clone())
    }
}
