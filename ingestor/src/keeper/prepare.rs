//! The work on a document that needs no network, away from the runtime: hash, read, chunk.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::chunk::{Chunk, Sizes, chunk as cut};
use crate::error::Error;
use crate::extract::{Extracted, Unreadable};
use crate::metadata::Metadata;
use crate::reading::DocumentReader;
use crate::store::Location;

/// What reading a document came to.
#[derive(Debug)]
pub(super) enum Prepared {
    /// Its bytes are those that the index holds.
    Unchanged,
    /// Its bytes are those that a rollback undid.
    Withheld,
    /// Its bytes are new.
    Changed(Box<Reading>),
}

/// A document's bytes, read.
#[derive(Debug)]
pub(super) struct Reading {
    /// Hash of the bytes, or of them and what is said beside them.
    pub(super) sha256: Vec<u8>,
    /// Hash of the bytes alone, where that is another.
    pub(super) file_sha256: Option<Vec<u8>>,
    /// What is said of the document outside it.
    pub(super) beside: Metadata,
    pub(super) content_bytes: u64,
    pub(super) extracted: Extracted,
}

impl Reading {
    /// Returns the reading of a document that was uploaded with this address, which counts more than what the document
    /// says itself.
    pub(super) fn at(mut self, source_url: Option<String>) -> Self {
        if source_url.is_some() {
            self.extracted.source_url = source_url;
        }
        self
    }
}

/// A document as the store has it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) bytes: Vec<u8>,
    /// What is said of it outside it.
    pub(super) beside: Metadata,
    /// Where it lies, when that is in S3.
    pub(super) place: Option<Location>,
}

/// What is known of a document's bytes before they are read: hashes.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Those of the index, when nothing else has to change.
    pub(super) indexed: Option<Vec<u8>>,
    /// Those that a rollback undid.
    pub(super) withheld: Option<Vec<u8>>,
}

/// Hashes the bytes and, unless their hash is known, extracts their text.
pub(super) async fn extract(
    reader: &DocumentReader,
    name: &str,
    found: Found,
    known: Known,
) -> Result<Prepared, Error> {
    let Found { bytes, beside, place } = found;
    let bytes: Arc<[u8]> = bytes.into();
    let own = Arc::clone(&bytes);
    let hashed = spawn_blocking(move || Sha256::digest(&own).to_vec()).await;
    let hashed = hashed.map_err(|_| Unreadable::ReaderFailed)?;
    // What is said beside a document belongs to its state: when that changes, the document does.
    let (sha256, file_sha256) = match beside.sha256() {
        Some(said) => {
            (Sha256::new().chain_update(&hashed).chain_update(said).finalize().to_vec(), Some(hashed))
        }
        None => (hashed, None),
    };
    if known.withheld.is_some_and(|withheld| withheld == sha256) {
        return Ok(Prepared::Withheld);
    }
    if known.indexed.is_some_and(|indexed| indexed == sha256) {
        return Ok(Prepared::Unchanged);
    }
    let content_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let extracted = reader.read_at(name, bytes, place.as_ref()).await?;
    Ok(Prepared::Changed(Box::new(Reading { sha256, file_sha256, beside, content_bytes, extracted })))
}

/// Cuts the text into chunks.
pub(super) async fn chunk(extracted: Extracted, sizes: Sizes) -> Result<Vec<Chunk>, Error> {
    let chunks =
        spawn_blocking(move || cut(&extracted, &sizes)).await.map_err(|_| Unreadable::ReaderFailed)?;
    if chunks.is_empty() {
        return Err(Unreadable::NoText.into());
    }
    Ok(chunks)
}
