//! The work on a document that needs no network, away from the runtime: hash, extract, chunk.

use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::chunk::{Chunk, Sizes, chunk as cut};
use crate::error::Error;
use crate::extract::{Extracted, Unreadable, extract as read};

/// What reading a document came to.
#[derive(Debug)]
pub(super) enum Prepared {
    /// Its bytes have the hash that was known before.
    Unchanged,
    /// Its bytes are new.
    Changed { sha256: Vec<u8>, content_bytes: u64, extracted: Extracted },
}

/// Hashes the bytes and, unless their hash is the one known, extracts their text.
pub(super) async fn extract(
    name: String,
    bytes: Vec<u8>,
    known_sha256: Option<Vec<u8>>,
) -> Result<Prepared, Error> {
    let work = move || {
        let sha256 = Sha256::digest(&bytes).to_vec();
        if known_sha256.is_some_and(|known| known == sha256) {
            return Ok(Prepared::Unchanged);
        }
        let content_bytes = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(Prepared::Changed { extracted: read(&name, &bytes)?, sha256, content_bytes })
    };
    // A panic of a parser concerns this document only.
    spawn_blocking(work).await.unwrap_or_else(|_| Err(Unreadable::ReaderFailed.into()))
}

/// Cuts the text into chunks.
pub(super) async fn chunk(extracted: Extracted, sizes: Sizes) -> Result<(Extracted, Vec<Chunk>), Error> {
    let work = move || {
        let chunks = cut(&extracted, &sizes);
        (extracted, chunks)
    };
    let (extracted, chunks) = spawn_blocking(work).await.map_err(|_| Unreadable::ReaderFailed)?;
    if chunks.is_empty() {
        return Err(Unreadable::NoText.into());
    }
    Ok((extracted, chunks))
}
