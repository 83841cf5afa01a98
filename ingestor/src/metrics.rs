//! What the ingestor counts: the chunks that it indexed, by where their vectors came from; what reading pictures cost.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use crate::text_extractor::Bill;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Source {
    vector: &'static str,
}

/// Counters of one ingestor; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics {
    chunks: Family<Source, Counter>,
    tokens: Counter,
    ocr_pages: Counter,
    nano_dollars: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let chunks = Family::default();
        let help = "Chunks indexed, by whether their vector was embedded or used again";
        registry.register("ingestor_chunks", help, chunks.clone());
        let (tokens, ocr_pages, nano_dollars) = (Counter::default(), Counter::default(), Counter::default());
        let help = "Tokens that the embedding model counted";
        registry.register("ingestor_embedding_tokens", help, tokens.clone());
        registry.register("ingestor_ocr_pages", "Scanned pages that a service read", ocr_pages.clone());
        let help = "What reading and embedding documents cost, in billionths of a US dollar";
        registry.register("ingestor_cost_nano_dollars", help, nano_dollars.clone());
        Self { chunks, tokens, ocr_pages, nano_dollars }
    }

    /// Counts what embedding one document took.
    pub(crate) fn embedded(&self, tokens: u64, nano_dollars: u64) {
        self.tokens.inc_by(tokens);
        self.nano_dollars.inc_by(nano_dollars);
    }

    /// Counts what reading the pictures of one document cost.
    pub(crate) fn recognised(&self, bill: Bill) {
        self.ocr_pages.inc_by(bill.pages);
        self.nano_dollars.inc_by(bill.nano_dollars());
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
