//! What the retriever counts: searches by how they ended and how long they took, changes, and the generation.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::model::Generation;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ending {
    ending: &'static str,
}

/// Counters of one retriever.
#[derive(Debug)]
pub(crate) struct Metrics {
    searches: Family<Ending, Counter>,
    search_seconds: Histogram,
    changes: Family<Ending, Counter>,
    generation: Gauge<u64, AtomicU64>,
}

impl Metrics {
    /// Registers the retriever's own counters, and the searcher's of searches without the embedder.
    pub(crate) fn register(registry: &mut Registry, degraded_searches: Counter) -> Self {
        let metrics = Self {
            searches: Family::default(),
            search_seconds: Histogram::new(exponential_buckets(0.000_5, 2.0, 14)),
            changes: Family::default(),
            generation: Gauge::default(),
        };
        registry.register("retriever_searches", "Searches by how they ended", metrics.searches.clone());
        let help = "Searches by words alone because the embedder failed";
        registry.register("retriever_degraded_searches", help, degraded_searches);
        registry.register("retriever_search_seconds", "Seconds of a search", metrics.search_seconds.clone());
        registry.register("retriever_changes", "Replaced and deleted documents", metrics.changes.clone());
        registry.register("retriever_generation", "Generation of the knowledge", metrics.generation.clone());
        metrics
    }

    /// Counts a search: `found`, `nothing` or `failed`.
    pub(crate) fn searched(&self, ending: &'static str, time: Duration) {
        self.searches.get_or_create(&Ending { ending }).inc();
        self.search_seconds.observe(time.as_secs_f64());
    }

    /// Counts a change: `replaced`, `deleted` or `refused`.
    pub(crate) fn changed(&self, ending: &'static str) {
        self.changes.get_or_create(&Ending { ending }).inc();
    }

    pub(crate) fn at(&self, generation: Generation) {
        self.generation.set(generation.number);
    }
}
