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
    ocr_pages: Counter,
    ocr_microdollars: Counter,
}

impl Metrics {
    pub(crate) fn register(registry: &mut Registry) -> Self {
        let chunks = Family::default();
        let help = "Chunks indexed, by whether their vector was embedded or used again";
        registry.register("ingestor_chunks", help, chunks.clone());
        let (ocr_pages, ocr_microdollars) = (Counter::default(), Counter::default());
        registry.register("ingestor_ocr_pages", "Scanned pages that a service read", ocr_pages.clone());
        let help = "Price of the scanned pages that a service read, in millionths of a dollar";
        registry.register("ingestor_ocr_microdollars", help, ocr_microdollars.clone());
        Self { chunks, ocr_pages, ocr_microdollars }
    }

    /// Counts what reading the pictures of one document cost.
    pub(crate) fn recognised(&self, bill: Bill) {
        self.ocr_pages.inc_by(bill.pages);
        self.ocr_microdollars.inc_by(bill.microdollars);
    }

    /// Counts the chunks of one document.
    pub(crate) fn indexed(&self, embedded: u32, reused: u32) {
        for (vector, count) in [("embedded", embedded), ("reused", reused)] {
            self.chunks.get_or_create(&Source { vector }).inc_by(u64::from(count));
        }
    }
}
