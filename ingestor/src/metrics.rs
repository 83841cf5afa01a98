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
    tokens: Counter,
    nano_dollars: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let chunks = Family::default();
        let help = "Chunks indexed, by whether their vector was embedded or used again";
        registry.register("ingestor_chunks", help, chunks.clone());
        let (tokens, nano_dollars) = (Counter::default(), Counter::default());
        registry.register(
            "ingestor_embedding_tokens",
            "Tokens that the embedding model counted",
            tokens.clone(),
        );
        let help = "What reading and embedding documents cost, in billionths of a US dollar";
        registry.register("ingestor_cost_nano_dollars", help, nano_dollars.clone());
        Self { chunks, tokens, nano_dollars }
    }

    /// Counts what one document took.
    pub(crate) fn spent(&self, tokens: u64, nano_dollars: u64) {
        self.tokens.inc_by(tokens);
        self.nano_dollars.inc_by(nano_dollars);
    }

    /// Returns what everything cost since the start, in billionths of a US dollar.
    pub(crate) fn nano_dollars(&self) -> u64 {
        self.nano_dollars.get()
    }

    /// Counts the chunks of one document.
    pub(crate) fn indexed(&self, embedded: u32, reused: u32) {
        for (vector, count) in [("embedded", embedded), ("reused", reused)] {
            self.chunks.get_or_create(&Source { vector }).inc_by(u64::from(count));
        }
    }
}
