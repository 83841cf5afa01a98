//! What is counted of handoffs.

use std::sync::atomic::AtomicI64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// Counters of handoffs; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct HandoffMetrics {
    ended: Family<Ended, Counter>,
    attempts: Family<Attempt, Counter>,
    waiting: Gauge<i64, AtomicI64>,
    delivered: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Attempt {
    channel: &'static str,
    result: &'static str,
}

/// Counts a handoff on its way while it lives.
#[derive(Debug)]
pub(super) struct OnItsWay(Gauge<i64, AtomicI64>);

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl HandoffMetrics {
    /// Returns counters that the registry shows.
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            ended: Family::default(),
            attempts: Family::default(),
            waiting: Gauge::default(),
            // From 10 ms to 22 minutes, tripling.
            delivered: Histogram::new(exponential_buckets(0.01, 3.0, 11)),
        };
        let ended = "Handoffs by how they ended: delivered, failed, full, unconfigured";
        registry.register("gateway_handoffs", ended, metrics.ended.clone());
        let attempts = "Attempts to deliver a handoff: ok, retry, refused";
        registry.register("gateway_handoff_attempts", attempts, metrics.attempts.clone());
        registry.register("gateway_handoffs_waiting", "Handoffs on their way", metrics.waiting.clone());
        let delivered = "From the request for a person to its delivery";
        registry.register_with_unit(
            "gateway_handoff_delivery",
            delivered,
            Unit::Seconds,
            metrics.delivered.clone(),
        );
        metrics
    }

    pub(super) fn ended(&self, result: &'static str) {
        self.ended.get_or_create(&Ended { result }).inc();
    }

    pub(super) fn attempted(&self, channel: &'static str, result: &'static str) {
        self.attempts.get_or_create(&Attempt { channel, result }).inc();
    }

    pub(super) fn delivered(&self, since_request: Duration) {
        self.delivered.observe(since_request.as_secs_f64());
    }

    pub(super) fn on_its_way(&self) -> OnItsWay {
        self.waiting.inc();
        OnItsWay(self.waiting.clone())
    }
}
