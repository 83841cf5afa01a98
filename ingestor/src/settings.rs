//! Settings of the service, read once.

mod documents;
mod embedder;
mod reading;
mod textract;

use std::net::SocketAddr;
use std::time::Duration;

use embedding::Choice;
use lifecycle::{Reader, Secret};
use proto::{ServiceToken, Target};

use crate::chunk::Sizes;
use crate::metadata::{MOST_ATTRIBUTES, MetadataLimits};
use crate::reading::DocumentReader;
use crate::store::S3Options;

pub use documents::DocumentsChoice;

const ADDRESS: &str = "an address such as 127.0.0.1:7003";
const TARGET: &str = "an address such as http://127.0.0.1:7001";
const MEBIBYTE: u64 = 1024 * 1024;

/// Settings of the ingestor.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `INGESTOR_LISTEN`: gRPC for the command line; default `127.0.0.1:7003`.
    pub listen: SocketAddr,
    /// `INGESTOR_INTERNAL_LISTEN`: health over HTTP, never public; default `127.0.0.1:7103`.
    pub internal_listen: SocketAddr,
    /// `INGESTOR_RETRIEVER`: where the index is; default `http://127.0.0.1:7001`.
    pub retriever: Target,
    /// Where the documents are, a folder or S3: see `settings/documents.rs`.
    pub documents: DocumentsChoice,
    /// `INGESTOR_MAX_DOCUMENT_BYTES`: larger documents are refused; 1 to 256 MiB, default 10 MiB. About ten times as
    /// much memory is used while one is read.
    pub max_document_bytes: u64,
    /// `INGESTOR_MAX_ATTRIBUTES` (0 to 20, default 20): custom attributes of a document; one with more beside it is
    /// refused. `INGESTOR_MAX_SIDECAR_BYTES` (64 to 1 MiB, default 64 KiB): length of `NAME.metadata.json`.
    pub metadata: MetadataLimits,
    /// `INGESTOR_CHUNK_TARGET_CHARS` (1000), `INGESTOR_CHUNK_MAX_CHARS` (2000), `INGESTOR_CHUNK_MIN_CHARS` (100) and
    /// `INGESTOR_CHUNK_OVERLAP_CHARS` (150): see [`Sizes`]. Another size indexes every document anew.
    pub sizes: Sizes,
    /// `INGESTOR_RECONCILE_SECONDS`: time between full comparisons of store and index; 1 to 86,400, default 60.
    /// Changes are noticed at once; this finds what no notice told.
    pub reconcile_interval: Duration,
    /// `INGESTOR_DEBOUNCE_MILLIS`: quiet time after a change before it is looked at; 10 to 5,000, default 200.
    pub debounce: Duration,
    /// `INGESTOR_PARALLELISM`: documents handled at once; 1 to 64, default 4. `INGESTOR_READERS` limits costly formats.
    pub parallelism: usize,
    /// `INGESTOR_MAX_UPLOADS`: uploads received at once, each held in memory; 1 to 64, default 4.
    pub max_uploads: usize,
    /// What reads formats that are no text, and how much that may cost: see `settings/reading.rs`.
    pub reading: DocumentReader,
    /// Where documents are put for a service that reads them only in S3: see `settings/documents.rs`.
    pub lending: Option<S3Options>,
    /// What makes the vectors, as in the retriever: `INGESTOR_EMBEDDER` and what goes with it.
    pub embedder: Choice,
    /// `INGESTOR_INDEX_TIMEOUT_SECONDS`: for one document, from its first chunk to its commit; 1 to 3,600, default
    /// 120.
    pub index_timeout: Duration,
    /// `SERVICE_TOKEN`: what callers must show, and what the index is called with; default none, which a loopback address
    /// only may have.
    pub service_token: Option<Secret>,
}

/// Returns the token as calls show it.
pub(crate) fn shown(token: Option<&Secret>) -> Option<ServiceToken> {
    ServiceToken::new(token?.expose())
}

/// Returns the reader of a command without a service: its limits are the defaults.
pub(crate) fn own_reader() -> DocumentReader {
    reading::read(&mut Reader::from_pairs::<&str, &str>([]))
}

impl Settings {
    /// Reads every setting; nothing when one is so wrong that there is no default to go on with. `INGESTOR_SERVER`
    /// belongs to the command line and is only known here.
    pub fn read(reader: &mut Reader) -> Option<Self> {
        let listen: Option<SocketAddr> = reader.parsed("INGESTOR_LISTEN", "127.0.0.1:7003", ADDRESS);
        let internal_listen = reader.parsed("INGESTOR_INTERNAL_LISTEN", "127.0.0.1:7103", ADDRESS);
        let retriever: Option<Target> = reader.parsed("INGESTOR_RETRIEVER", "http://127.0.0.1:7001", TARGET);
        let service_token = reader.service_token(listen.map(|listen| ("INGESTOR_LISTEN", listen)));
        _ = reader.optional_text("INGESTOR_SERVER");
        let sizes = Self::read_sizes(reader);
        let seconds = Duration::from_secs;
        let (documents, lending) = documents::read(reader);
        Some(Self {
            documents,
            metadata: MetadataLimits {
                attributes: reader.number("INGESTOR_MAX_ATTRIBUTES", MOST_ATTRIBUTES, 0..=MOST_ATTRIBUTES),
                sidecar_bytes: reader.number("INGESTOR_MAX_SIDECAR_BYTES", 64 * 1024, 64..=MEBIBYTE),
            },
            max_document_bytes: reader.number(
                "INGESTOR_MAX_DOCUMENT_BYTES",
                10 * MEBIBYTE,
                1..=256 * MEBIBYTE,
            ),
            sizes,
            reconcile_interval: reader.seconds("INGESTOR_RECONCILE_SECONDS", seconds(60), 1.0..=86_400.0),
            debounce: reader.millis("INGESTOR_DEBOUNCE_MILLIS", Duration::from_millis(200), 10..=5_000),
            parallelism: reader.number("INGESTOR_PARALLELISM", 4, 1..=64),
            max_uploads: reader.number("INGESTOR_MAX_UPLOADS", 4, 1..=64),
            reading: reading::read(reader),
            lending,
            embedder: embedder::read(reader),
            index_timeout: reader.seconds("INGESTOR_INDEX_TIMEOUT_SECONDS", seconds(120), 1.0..=3_600.0),
            listen: listen?,
            internal_listen: internal_listen?,
            retriever: retriever?.guarded_by(shown(service_token.as_ref())),
            service_token,
        })
    }

    fn read_sizes(reader: &mut Reader) -> Sizes {
        // 4,000 characters of four bytes fit into the 16 KiB that the index takes for a chunk.
        let sizes = Sizes {
            target_chars: reader.number("INGESTOR_CHUNK_TARGET_CHARS", 1_000, 200..=4_000),
            max_chars: reader.number("INGESTOR_CHUNK_MAX_CHARS", 2_000, 200..=4_000),
            min_chars: reader.number("INGESTOR_CHUNK_MIN_CHARS", 100, 0..=1_000),
            overlap_chars: reader.number("INGESTOR_CHUNK_OVERLAP_CHARS", 150, 0..=1_000),
        };
        if sizes.max_chars < sizes.target_chars {
            reader.mistake("INGESTOR_CHUNK_MAX_CHARS", "must not be below INGESTOR_CHUNK_TARGET_CHARS");
        }
        for (name, chars) in [
            ("INGESTOR_CHUNK_MIN_CHARS", sizes.min_chars),
            ("INGESTOR_CHUNK_OVERLAP_CHARS", sizes.overlap_chars),
        ] {
            if chars * 2 > sizes.target_chars {
                reader.mistake(name, "must not be above half of INGESTOR_CHUNK_TARGET_CHARS");
            }
        }
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, Settings};

    #[test]
    fn defaults_are_enough() {
        let mut reader = Reader::from_pairs([("INGESTOR_SERVER", "http://127.0.0.1:1")]);
        let settings = Settings::read(&mut reader).expect("complete");
        assert_eq!(settings.max_document_bytes, 10 * 1024 * 1024);
        reader.finish(&["INGESTOR_"]).expect("no mistake");
    }

    #[test]
    fn sizes_that_do_not_fit_together_are_mistakes() {
        let mut reader = Reader::from_pairs([
            ("INGESTOR_CHUNK_TARGET_CHARS", "1000"),
            ("INGESTOR_CHUNK_MAX_CHARS", "900"),
            ("INGESTOR_CHUNK_OVERLAP_CHARS", "600"),
            ("INGESTOR_LISTEN", "nowhere"),
        ]);
        assert!(Settings::read(&mut reader).is_none());
        assert_eq!(reader.finish(&["INGESTOR_"]).expect_err("mistakes").0.len(), 3);
    }
}
