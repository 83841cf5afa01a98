//! A document on its way in, with everything that can be computed before a transaction begins.

use embedding::analysis::Stems;
use sha2::{Digest, Sha256};

use super::header;
use super::lexemes::Bag;
use crate::error::Error;
use crate::model::{Chunk, Document};

/// A document with its chunks' terms and keys.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) document: Document,
    /// The document as it is told of, see [`header`].
    pub(super) header: String,
    pub(super) chunks: Vec<PreparedChunk>,
}

/// A chunk as it is stored.
#[derive(Debug)]
pub(super) struct PreparedChunk {
    pub(super) chunk: Chunk,
    /// Equal where headings, text and model are.
    pub(super) content_key: [u8; 32],
    /// Equal where everything is that the stored row holds beside the vector.
    pub(super) row_key: [u8; 32],
    /// Hash of the vector as sent; nothing where the stored one is to be used.
    pub(super) vector_key: Option<i64>,
    /// Headings as a JSON list.
    pub(super) headings: String,
    pub(super) bag: Bag,
}

impl Prepared {
    /// Analyses a document.
    ///
    /// # Errors
    /// [`Error::Internal`] when the headings or the header cannot be written as JSON.
    pub(super) fn new(document: Document, chunks: Vec<Chunk>) -> Result<Self, Error> {
        let mut stems = Stems::new(&document.language);
        let prepared = chunks.into_iter().map(|chunk| PreparedChunk::new(&document, chunk, &mut stems));
        let chunks = prepared.collect::<Result<_, _>>()?;
        Ok(Self { header: header::of(&document)?, document, chunks })
    }
}

impl PreparedChunk {
    fn new(document: &Document, chunk: Chunk, stems: &mut Stems) -> Result<Self, Error> {
        let Document { embedding_model, embedding_dimensions, .. } = document;
        let content_key =
            embedding::content_key(embedding_model, *embedding_dimensions, &chunk.heading_path, &chunk.text);
        let headings = chunk.heading_path.join("\n");
        let bag = Bag::of([document.shown_title(), &headings, &chunk.text], stems);
        let headings =
            serde_json::to_string(&chunk.heading_path).map_err(|error| Error::Internal(error.into()))?;
        Ok(Self {
            row_key: row_key(document, &chunk, &content_key),
            vector_key: vector_key(&chunk.vector),
            content_key,
            headings,
            bag,
            chunk,
        })
    }
}

fn row_key(document: &Document, chunk: &Chunk, content_key: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(content_key);
    for text in [document.shown_title(), &document.language] {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(chunk.importance.to_le_bytes());
    hash.update(chunk.tokens.to_le_bytes());
    hash.update(chunk.content_type.to_le_bytes());
    hash.finalize().into()
}

/// Returns the first eight bytes of a hash: enough to tell the vectors of one text apart.
fn vector_key(vector: &[f32]) -> Option<i64> {
    if vector.is_empty() {
        return None;
    }
    let mut hash = Sha256::new();
    vector.iter().for_each(|number| hash.update(number.to_le_bytes()));
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk::<8>().map(|bytes| i64::from_le_bytes(*bytes))
}
