//! Puts a corpus into a retriever, as an ingestor would.

use std::time::Instant;

use anyhow::Context;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use proto::Target;
use proto::v1;
use proto::v1::replace_document_request::Part;
use proto::v1::retriever_client::RetrieverClient;
use serde::Serialize;
use tonic::transport::Channel;

use super::corpus::Corpus;
use super::exact::{kind_of, shelf_of};

const LANGUAGE: &str = "en";
/// An hour between the documents.
const MODIFIED_STEP_MS: i64 = 60 * 60 * 1_000;

/// How fast a corpus was put in.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Loaded {
    /// Documents that were put in.
    pub documents: u32,
    /// Chunks that were put in.
    pub chunks: u32,
    /// Seconds from the first to the last.
    pub seconds: f64,
    /// Chunks a second.
    pub chunks_per_second: f64,
}

/// Sends documents.
#[derive(Debug)]
pub struct Sender<'a> {
    corpus: &'a Corpus,
    retriever: RetrieverClient<Channel>,
    collection: &'a str,
    model: &'a str,
}

impl<'a> Sender<'a> {
    /// Returns a sender of a corpus, whose vectors claim to be of `model`.
    pub fn new(corpus: &'a Corpus, target: &Target, collection: &'a str, model: &'a str) -> Self {
        Self { corpus, retriever: RetrieverClient::new(target.channel()), collection, model }
    }

    /// Replaces every document, `concurrency` at a time.
    ///
    /// # Errors
    /// When the retriever refuses one.
    pub async fn send_all(&self, concurrency: usize) -> anyhow::Result<Loaded> {
        let begun = Instant::now();
        let documents = self.corpus.documents();
        stream::iter(0..documents)
            .map(|document| self.send(document))
            .buffer_unordered(concurrency)
            .try_for_each(|()| async { Ok(()) })
            .await?;
        let seconds = begun.elapsed().as_secs_f64();
        let chunks = self.corpus.shape.chunks;
        Ok(Loaded { documents, chunks, seconds, chunks_per_second: f64::from(chunks) / seconds })
    }

    async fn send(&self, document: u32) -> anyhow::Result<()> {
        let chunks: Vec<v1::Chunk> = (0..)
            .zip(self.corpus.chunks_of(document))
            .map(|(ordinal, chunk)| self.chunk(ordinal, chunk))
            .collect();
        let commit = v1::ReplaceCommit { chunk_count: u32::try_from(chunks.len())? };
        let parts = [
            Part::Header(self.header(document)),
            Part::Chunks(v1::ChunkBatch { chunks }),
            Part::Commit(commit),
        ];
        let messages = parts.map(|part| v1::ReplaceDocumentRequest { part: Some(part) });
        let sent = self.retriever.clone().replace_document(stream::iter(messages)).await;
        sent.map(drop).with_context(|| format!("document {document} was refused"))
    }

    fn header(&self, document: u32) -> v1::DocumentHeader {
        let mut sha256 = [0; 32];
        sha256[..4].copy_from_slice(&document.to_le_bytes());
        v1::DocumentHeader {
            document_id: document_id(document),
            collection: self.collection.to_owned(),
            title: format!("Document {document}"),
            kind: kind_of(document).to_owned(),
            language: LANGUAGE.to_owned(),
            content_sha256: sha256.to_vec(),
            modified_ms: i64::from(document) * MODIFIED_STEP_MS,
            attributes: [("shelf".to_owned(), shelf_of(document).to_string())].into(),
            embedding_model: self.model.to_owned(),
            embedding_dimensions: self.corpus.shape.dimensions,
            chunking_version: 1,
            ..Default::default()
        }
    }

    fn chunk(&self, ordinal: u32, chunk: u32) -> v1::Chunk {
        v1::Chunk {
            ordinal,
            text: self.corpus.text(chunk),
            importance: 1.0,
            vector: self.corpus.vector(chunk),
            // Rows of a table are never joined to passages, so that what is found can be counted chunk by chunk.
            content_type: v1::ContentType::Table.into(),
            ..Default::default()
        }
    }
}

/// Returns the id of a document.
pub fn document_id(document: u32) -> String {
    format!("document-{document:06}")
}

/// Returns the document with an id; nothing for an id that is none of ours.
pub fn document_of(id: &str) -> Option<u32> {
    id.strip_prefix("document-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{document_id, document_of};

    #[test]
    fn a_document_is_known_by_its_id() {
        for document in [0, 41, 4_999, 2_000_000] {
            assert_eq!(document_of(&document_id(document)), Some(document));
        }
        assert_eq!((document_of("document-"), document_of("readme.md")), (None, None));
    }
}
