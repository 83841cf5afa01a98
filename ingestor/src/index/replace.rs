//! Sends a document to the index: embeds the chunks that are new and names the rest, whose vectors the index holds.

use std::time::Duration;

use embedding::Embedded;
use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::replace_document_request::Part;
use proto::v1::{
    ByteRange, ChunkBatch, ContentType as WireContent, DocumentHeader, FindVectorsRequest, ReplaceCommit,
    ReplaceDocumentRequest,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{Index, SHORT_DEADLINE, on_time};
use crate::chunk::{Chunk, ContentType};
use crate::error::Error;

/// Chunks embedded and sent together; at 4 kB of text and 1,536 numbers each this stays well below 4 MiB.
const BATCH_CHUNKS: usize = 32;
/// Batches that may wait for the network.
const WAITING_BATCHES: usize = 2;
/// Keys asked for together; at 34 bytes each this stays well below 4 MiB.
const BATCH_KEYS: usize = 50_000;

/// A document as the index took it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replaced {
    pub(crate) generation: u64,
    /// Chunks that were embedded.
    pub(crate) embedded: u32,
    /// Chunks whose stored vectors were used again.
    pub(crate) reused: u32,
    /// Tokens that the embedding model counted.
    pub(crate) tokens: u64,
    /// What they cost, in billionths of a US dollar.
    pub(crate) nano_dollars: u64,
    /// Tokens of the embedded ones, estimated.
    pub(crate) embedded_tokens: u64,
}

impl Index {
    /// Replaces a document in one transaction. Chunks are embedded while earlier ones travel, so memory holds a few
    /// batches of vectors only; `done` is told how many are ready. A failure on the way ends the stream without its
    /// commit, which leaves the old document in place.
    pub(crate) async fn replace(
        &self,
        header: DocumentHeader,
        chunks: &[Chunk],
        done: impl Fn(usize) + Send,
    ) -> Result<Replaced, Error> {
        let stored = self.stored_vectors(&header, chunks).await?;
        let sent = self.try_replace(header.clone(), chunks, &stored, &done).await;
        match sent {
            // A purge in between removed vectors that were there a moment ago.
            Err(Error::Index { code: ErrorCode::NotFound, .. }) if stored.contains(&true) => {
                self.try_replace(header, chunks, &vec![false; chunks.len()], &done).await
            }
            sent => sent,
        }
    }

    /// Returns, for each chunk in order, whether the index holds its vector.
    async fn stored_vectors(&self, header: &DocumentHeader, chunks: &[Chunk]) -> Result<Vec<bool>, Error> {
        let (model, dimensions) = (&header.embedding_model, header.embedding_dimensions);
        let mut stored = Vec::with_capacity(chunks.len());
        for batch in chunks.chunks(BATCH_KEYS) {
            let key = |chunk: &Chunk| {
                embedding::content_key(model, dimensions, &chunk.heading_path, &chunk.text).to_vec()
            };
            let request = FindVectorsRequest {
                document_id: header.document_id.clone(),
                collection: header.collection.clone(),
                content_keys: batch.iter().map(key).collect(),
            };
            let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
            let found = on_time(SHORT_DEADLINE, self.client.clone().find_vectors(request)).await?;
            if found.stored.len() != batch.len() {
                let message = "it said nothing of some chunks' vectors".to_owned();
                return Err(Error::Index { code: ErrorCode::Internal, message });
            }
            stored.extend(found.stored);
        }
        Ok(stored)
    }

    async fn try_replace(
        &self,
        header: DocumentHeader,
        chunks: &[Chunk],
        stored: &[bool],
        done: &(impl Fn(usize) + Send),
    ) -> Result<Replaced, Error> {
        let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
        let mut client = self.client.clone();
        let deadline: Duration = self.replace_deadline;
        let request = lifecycle::request(ReceiverStream::new(receiver), deadline, &TraceContext::new());
        let replacing = on_time(deadline, client.replace_document(request));
        let sending = async {
            // A closed channel means that the index has answered already; its answer is the result.
            _ = sender.send(message(Part::Header(header))).await;
            self.send(chunks, stored, sender, done).await
        };
        let (replaced, sent) = tokio::join!(replacing, sending);
        // When the embedder failed, the index only saw a stream without an end; the embedder's own words say why.
        let tokens = sent?;
        let reused = stored.iter().filter(|is_stored| **is_stored).count();
        let count = |chunks: usize| u32::try_from(chunks).unwrap_or(u32::MAX);
        let generation = replaced?.generation;
        let nano_dollars = tokens.saturating_mul(self.embedder.nano_dollars_per_token());
        let new = chunks.iter().zip(stored).filter(|(_, is_stored)| !**is_stored);
        let embedded_tokens = new.map(|(chunk, _)| u64::from(chunk.tokens)).sum();
        let embedded = count(chunks.len() - reused);
        Ok(Replaced { generation, embedded, reused: count(reused), tokens, nano_dollars, embedded_tokens })
    }

    /// Sends the chunks and returns how many tokens were embedded for them.
    async fn send(
        &self,
        chunks: &[Chunk],
        stored: &[bool],
        parts: mpsc::Sender<ReplaceDocumentRequest>,
        done: &(impl Fn(usize) + Send),
    ) -> Result<u64, Error> {
        let (mut ready, mut tokens) = (0, 0_u64);
        for (batch, stored) in chunks.chunks(BATCH_CHUNKS).zip(stored.chunks(BATCH_CHUNKS)) {
            let (chunks, counted) = self.embed(batch, stored).await?;
            tokens = tokens.saturating_add(counted);
            ready += chunks.len();
            if parts.send(message(Part::Chunks(ChunkBatch { chunks }))).await.is_err() {
                return Ok(tokens);
            }
            done(ready);
        }
        let chunk_count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        _ = parts.send(message(Part::Commit(ReplaceCommit { chunk_count }))).await;
        Ok(tokens)
    }

    /// Returns the chunks as they are sent, without a vector where the index holds it, and the tokens that were embedded.
    async fn embed(&self, chunks: &[Chunk], stored: &[bool]) -> Result<(Vec<proto::v1::Chunk>, u64), Error> {
        let is_new = |(_, is_stored): &(&Chunk, &bool)| !**is_stored;
        let texts: Vec<String> =
            chunks.iter().zip(stored).filter(is_new).map(|(chunk, _)| chunk.embedded_text()).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let Embedded { vectors, tokens } =
            if texts.is_empty() { Embedded::default() } else { self.embedder.embed(&texts).await? };
        if vectors.len() != texts.len() {
            return Err(Error::Vectors("another number of vectors than texts"));
        }
        let mut vectors = vectors.into_iter();
        let mut wire = Vec::with_capacity(chunks.len());
        for (chunk, is_stored) in chunks.iter().zip(stored) {
            let vector =
                if *is_stored { Vec::new() } else { self.checked(vectors.next().unwrap_or_default())? };
            wire.push(wire_chunk(chunk, vector));
        }
        Ok((wire, tokens))
    }

    fn checked(&self, vector: Vec<f32>) -> Result<Vec<f32>, Error> {
        if vector.len() != self.embedder.dimensions() {
            return Err(Error::Vectors("a vector of another length"));
        }
        let length: f32 = vector.iter().map(|number| number * number).sum();
        // Not a number fails this as well.
        if !(0.5..2.0).contains(&length) {
            return Err(Error::Vectors("a vector that is not of unit length"));
        }
        Ok(vector)
    }
}

fn message(part: Part) -> ReplaceDocumentRequest {
    ReplaceDocumentRequest { part: Some(part) }
}

fn wire_chunk(chunk: &Chunk, vector: Vec<f32>) -> proto::v1::Chunk {
    let content = match chunk.content {
        ContentType::Prose => WireContent::Prose,
        ContentType::List => WireContent::List,
        ContentType::Table => WireContent::Table,
        ContentType::Code => WireContent::Code,
        ContentType::QuestionAnswer => WireContent::QuestionAnswer,
    };
    let byte = |place: usize| u64::try_from(place).unwrap_or(u64::MAX);
    proto::v1::Chunk {
        ordinal: chunk.ordinal,
        heading_path: chunk.heading_path.clone(),
        text: chunk.text.clone(),
        byte_range: Some(ByteRange { start: byte(chunk.range.start), end: byte(chunk.range.end) }),
        page: chunk.page,
        importance: chunk.importance,
        vector,
        tokens: chunk.tokens,
        content_type: content.into(),
    }
}
