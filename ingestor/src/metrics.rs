//! What the ingestor counts: the chunks that it indexed, by where their vectors came from.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    vector: &'static str,
}

/// Counters of one ingestor; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    chunks: Family<Source, Counter>,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let chunks = Family::default();
        let help = "Chunks indexed, by whether their vector was embedded or used again";
        registry.register("ingestor_chunks", help, chunks.clone());
        Self { chunks }
    }

    /// Counts the chunks of one document.
    pub(crate) fn indexed(&self, embedded: u32, reused: u32) {
        for (vector, count) in [("embedded", embedded), ("reused", reused)] {
            self.chunks.get_or_create(&Source { vector }).inc_by(u64::from(count));
        }
    }
}
