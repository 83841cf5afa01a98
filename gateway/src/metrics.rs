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
use proto::v1::StageTimes;

/// Everything that is counted.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    answers: Family<Result, Counter>,
    first_token: Histogram,
    total: Histogram,
    stages: Family<Stage, Histogram, fn() -> Histogram>,
    sockets: Gauge<i64, AtomicI64>,
    refused: Family<Refused, Counter>,
    spent: Family<Span, Gauge<u64, AtomicU64>>,
    cache: Family<Looked, Counter>,
    running: Family<What, Gauge<i64, AtomicI64>>,
    limit: Family<What, Gauge<i64, AtomicI64>>,
    shed: Family<What, Counter>,
    requests: Family<Requested, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Looked {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Stage {
    stage: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Requested {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct What {
    what: &'static str,
}

/// What one limit shows.
#[derive(Clone, Debug)]
pub(crate) struct LimitGauges {
    running: Gauge<i64, AtomicI64>,
    limit: Gauge<i64, AtomicI64>,
    shed: Counter,
}

impl LimitGauges {
    /// Shows how many run and how many may.
    #[expect(clippy::cast_possible_truncation, reason = "limits are whole numbers below 100,001")]
    pub(crate) fn show(&self, running: usize, limit: f64) {
        self.running.set(i64::try_from(running).unwrap_or(i64::MAX));
        self.limit.set(limit as i64);
    }

    /// Counts a refusal.
    pub(crate) fn shed(&self) {
        self.shed.inc();
    }
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
        let metrics = Self {
            answers: Family::default(),
            first_token: seconds(),
            total: seconds(),
            stages: Family::new_with_constructor(seconds),
            sockets: Gauge::default(),
            refused: Family::default(),
            spent: Family::default(),
            cache: Family::default(),
            running: Family::default(),
            limit: Family::default(),
            shed: Family::default(),
            requests: Family::default(),
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
        let stages = "Stages of an answer: embed and search, as the retriever tells them, and generate";
        registry.register_with_unit("gateway_stage", stages, Unit::Seconds, metrics.stages.clone());
        registry.register("gateway_open_sockets", "Open WebSockets", metrics.sockets.clone());
        registry.register("gateway_refused", "Requests refused, by error code", metrics.refused.clone());
        let spent = "Spent and reserved since the day or the month began, in millionths of a US dollar";
        registry.register("gateway_spent_microdollars", spent, metrics.spent.clone());
        let cache =
            "Questions looked up in the answer cache: hit, shared with one in flight, near, stale, miss";
        registry.register("gateway_cache_lookups", cache, metrics.cache.clone());
        let running = "Answers and searches that run at once";
        registry.register("gateway_running", running, metrics.running.clone());
        let limit = "How many answers and searches may run at once, as measured delays allow";
        registry.register("gateway_running_limit", limit, metrics.limit.clone());
        let shed = "Questions and searches refused because too many ran at once";
        registry.register("gateway_shed", shed, metrics.shed.clone());
        let requests = "HTTP requests, by route and status";
        registry.register("gateway_requests", requests, metrics.requests.clone());
        metrics
    }

    /// Notes a request to one of our routes, which are few, and how it was answered.
    pub(crate) fn requested(&self, route: &str, status: u16) {
        self.requests.get_or_create(&Requested { route: route.to_owned(), status }).inc();
    }

    /// Returns what the limit of this name shows.
    pub(crate) fn limit(&self, what: &'static str) -> LimitGauges {
        let what = What { what };
        LimitGauges {
            running: self.running.get_or_create_owned(&what),
            limit: self.limit.get_or_create_owned(&what),
            shed: self.shed.get_or_create_owned(&what),
        }
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

    /// Notes the stages of an answer that took place.
    pub(crate) fn staged(&self, times: &StageTimes) {
        let stages =
            [("embed", times.embed_ms), ("search", times.search_ms), ("generate", times.generate_ms)];
        for (stage, ms) in stages {
            if let Some(ms) = ms {
                self.stages.get_or_create(&Stage { stage }).observe(ms / 1e3);
            }
        }
    }

    /// Notes the end of an answer: a finish reason or an error code.
    pub(crate) fn answered(&self, result: &'static str, total: Duration) {
        self.answers.get_or_create(&Result { result }).inc();
        self.total.observe(total.as_secs_f64());
    }

    /// Notes what the answer cache had for a question.
    pub(crate) fn looked_up(&self, result: &'static str) {
        self.cache.get_or_create(&Looked { result }).inc();
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

/// From 5 ms to 164 s, doubling.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.005, 2.0, 16))
}
