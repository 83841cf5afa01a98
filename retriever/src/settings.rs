//! The retriever's settings, read once.

mod embedder;
mod store;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use embedding::Choice;
use lifecycle::{Reader, Secret};

use crate::search::{Limits, Weights};

pub use store::StoreChoice;

/// A day, however long the clock says it is.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where the retriever listens, what it keeps and how it searches.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// gRPC: `RETRIEVER_LISTEN`, default `127.0.0.1:7001`.
    pub listen: SocketAddr,
    /// What callers must show: `SERVICE_TOKEN`, default none, which a loopback address only may have.
    pub service_token: Option<Secret>,
    /// Health and metrics over HTTP: `RETRIEVER_INTERNAL_LISTEN`, default `127.0.0.1:7101`.
    pub internal_listen: SocketAddr,
    /// Where the knowledge is kept: `RETRIEVER_STORE` and what goes with it.
    pub store: StoreChoice,
    /// Directory of the embedded store, made where it is missing: `RETRIEVER_DATA_DIR`, default `./data`.
    pub data_dir: PathBuf,
    /// What makes the vectors of questions, as in the ingestor: `RETRIEVER_EMBEDDER` and what goes with it.
    pub embedder: Choice,
    /// How long an earlier generation can be searched after the next one replaced it, 0 to 3,650 days; 0 keeps none:
    /// `RETRIEVER_HISTORY_DAYS`, default 30.
    pub history: Duration,
    /// What a search returns when the caller sets no limit.
    pub limits: Limits,
    /// How the ways of searching are weighed.
    pub weights: Weights,
    /// What the retriever takes on.
    pub capacity: Capacity,
    /// Whether gRPC clients may ask what the server offers: `RETRIEVER_REFLECTION`, default true on a loopback
    /// address and false elsewhere.
    pub reflection: bool,
    /// Time that open calls get once shutdown begins: `DRAIN_SECONDS`, default 30.
    pub drain: Duration,
}

/// What the retriever takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Searches and reads at the same time, 1 to 64: `RETRIEVER_READERS`, default 4.
    pub readers: usize,
    /// Searches and reads that may wait for their turn, 0 to 100,000; more are refused: `RETRIEVER_MAX_WAITING`, default 256.
    pub waiting: usize,
    /// Chunks of one document, 1 to 100,000: `RETRIEVER_MAX_DOCUMENT_CHUNKS`, default 50,000.
    pub document_chunks: usize,
    /// Longest pause between two messages of a document, 1 to 600 seconds: `RETRIEVER_UPLOAD_IDLE_SECONDS`, default 30.
    pub upload_idle: Duration,
}

impl Settings {
    /// Reads the settings; mistakes are noted in the reader.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let address = "an address such as 127.0.0.1:7001";
        let listen: Option<SocketAddr> = reader.parsed("RETRIEVER_LISTEN", "127.0.0.1:7001", address);
        let internal_listen = reader.parsed("RETRIEVER_INTERNAL_LISTEN", "127.0.0.1:7101", address);
        let service_token = reader.service_token(listen.map(|listen| ("RETRIEVER_LISTEN", listen)));
        let is_loopback = listen.is_some_and(|listen| listen.ip().is_loopback());
        Some(Self {
            store: StoreChoice::read(reader),
            data_dir: PathBuf::from(reader.text("RETRIEVER_DATA_DIR", "./data")),
            embedder: embedder::read(reader),
            history: DAY * reader.number("RETRIEVER_HISTORY_DAYS", 30, 0..=3_650),
            limits: Limits::read(reader),
            weights: Weights::read(reader),
            capacity: Capacity::read(reader),
            reflection: reader.flag("RETRIEVER_REFLECTION", is_loopback),
            drain: reader.seconds("DRAIN_SECONDS", Duration::from_secs(30), 0.0..=3600.0),
            // Everything else is read first, so that all mistakes are reported together.
            listen: listen?,
            service_token,
            internal_listen: internal_listen?,
        })
    }
}

impl Limits {
    /// Reads what a search returns by default.
    ///
    /// - `RETRIEVER_TOP_K`: passages, 1 to 100, default 5.
    /// - `RETRIEVER_EVIDENCE_THRESHOLD`: least evidence, 0 to 1, default 0.3. Over encyclopedia articles this keeps more
    ///   than 99 of 100 questions that they answer and refuses one of four about something else; 0.36 still keeps 99 and
    ///   refuses more than half.
    /// - `RETRIEVER_BUDGET_TOKENS`: tokens of all passages together, 1 to 1,000,000, default 4,000.
    /// - `RETRIEVER_NEIGHBOURS`: chunks before and after a hit that are joined to its passage, 0 to 10, default 0.
    /// - `RETRIEVER_PASSAGE_TOKENS`: most tokens of a passage of several chunks, 0 to 100,000, default 800; 0 joins nothing.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            top_k: reader.number("RETRIEVER_TOP_K", 5, 1..=100),
            evidence_threshold: reader.number("RETRIEVER_EVIDENCE_THRESHOLD", 0.3, 0.0..=1.0),
            budget_tokens: reader.number("RETRIEVER_BUDGET_TOKENS", 4_000, 1..=1_000_000),
            neighbours: reader.number("RETRIEVER_NEIGHBOURS", 0, 0..=10),
            passage_tokens: reader.number("RETRIEVER_PASSAGE_TOKENS", 800, 0..=100_000),
        }
    }
}

impl Weights {
    /// Reads how the ways of searching are weighed; the defaults suit every embedder, because how well it knows a
    /// question is judged question by question.
    ///
    /// - `RETRIEVER_MEANING_WEIGHT`: how far meaning counts beside words where it knows the question, 0 to 10, default 1.
    /// - `RETRIEVER_EVIDENCE_WEIGHT`: how far the share of the question that a passage holds counts beside its BM25
    ///   score, 0 to 10, default 1.
    /// - `RETRIEVER_EVIDENCE_MEANING_SHARE`: share of the cosine in the evidence, 0 to 1, default 0.5.
    /// - `RETRIEVER_IMPORTANCE_WEIGHT`: lift of a chunk of importance 2.0 over one of 1.0, 0 to 1, default 0.1.
    pub fn read(reader: &mut Reader) -> Self {
        let Self { meaning, evidence, meaning_in_evidence, importance } = Self::DEFAULT;
        Self {
            meaning: reader.number("RETRIEVER_MEANING_WEIGHT", meaning, 0.0..=10.0),
            evidence: reader.number("RETRIEVER_EVIDENCE_WEIGHT", evidence, 0.0..=10.0),
            meaning_in_evidence: reader.number(
                "RETRIEVER_EVIDENCE_MEANING_SHARE",
                meaning_in_evidence,
                0.0..=1.0,
            ),
            importance: reader.number("RETRIEVER_IMPORTANCE_WEIGHT", importance, 0.0..=1.0),
        }
    }
}

impl Capacity {
    /// Reads what the retriever takes on; a mistake is noted in the reader and gives the default.
    pub fn read(reader: &mut Reader) -> Self {
        Self {
            readers: reader.number("RETRIEVER_READERS", 4, 1..=64),
            waiting: reader.number("RETRIEVER_MAX_WAITING", 256, 0..=100_000),
            document_chunks: reader.number("RETRIEVER_MAX_DOCUMENT_CHUNKS", 50_000, 1..=100_000),
            upload_idle: reader.seconds(
                "RETRIEVER_UPLOAD_IDLE_SECONDS",
                Duration::from_secs(30),
                1.0..=600.0,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Settings};

    #[test]
    fn every_setting_has_a_default() {
        let mut reader = Reader::from_pairs([("", ""); 0]);
        let settings = Settings::read(&mut reader).expect("defaults");
        assert_eq!((settings.listen.port(), settings.internal_listen.port()), (7001, 7101));
        assert_eq!((settings.limits.top_k, settings.limits.budget_tokens), (5, 4_000));
        assert_eq!(settings.history, 30 * super::DAY);
        assert!(reader.finish(&["RETRIEVER_"]).is_ok());
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        let mut reader = Reader::from_pairs([
            ("RETRIEVER_LISTEN", "here"),
            ("RETRIEVER_EVIDENCE_THRESHOLD", "2"),
            ("RETRIEVER_READERS", "0"),
            ("RETRIEVER_HISTORY_DAYS", "3651"),
            ("RETRIEVER_X", ""),
        ]);
        assert!(Settings::read(&mut reader).is_none());
        let mistakes = reader.finish(&["RETRIEVER_"]).expect_err("five mistakes");
        assert_eq!(mistakes.0.len(), 5, "{mistakes}");
    }
}
