//! The index as the ingestor sees it: a client of the retriever. It knows no store and decides nothing.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use embedding::Embedder;
use lifecycle::{TraceContext, within};
use proto::v1::replace_document_request::Part;
use proto::v1::retriever_client::RetrieverClient;
use proto::v1::{
    ByteRange, ChunkBatch, ContentType as WireContent, DeleteDocumentRequest, DocumentHeader,
    DocumentSummary, ListCollectionsRequest, ListCollectionsResponse, ListDocumentsRequest, ReplaceCommit,
    ReplaceDocumentRequest,
};
use proto::{ErrorCode, Target};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use crate::chunk::{Chunk, ContentType};
use crate::document::DocumentKey;
use crate::error::Error;

/// Chunks embedded and sent together; at 4 kB of text and 1,536 numbers each this stays well below 4 MiB.
const BATCH_CHUNKS: usize = 32;
/// Batches that may wait for the network.
const WAITING_BATCHES: usize = 2;
const PAGE_DOCUMENTS: u32 = 1_000;
const SHORT_DEADLINE: Duration = Duration::from_secs(30);

/// A client of the retriever that embeds what it sends. Clones share the connection.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    client: RetrieverClient<Channel>,
    embedder: Arc<dyn Embedder>,
    replace_deadline: Duration,
}

/// What the index holds of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexedDocument {
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) content_sha256: Vec<u8>,
    pub(crate) content_bytes: u64,
    pub(crate) embedding_model: String,
    pub(crate) embedding_dimensions: u32,
    pub(crate) chunking_version: u32,
    pub(crate) chunk_count: u32,
    pub(crate) indexed_ms: i64,
}

/// What an embedding must be to be compared with the others in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) embedding_model: String,
    pub(crate) embedding_dimensions: u32,
    pub(crate) chunking_version: u32,
}

impl IndexedDocument {
    /// Whether the document was made the way documents are made now.
    pub(crate) fn follows(&self, recipe: &Recipe) -> bool {
        self.embedding_model == recipe.embedding_model
            && self.embedding_dimensions == recipe.embedding_dimensions
            && self.chunking_version == recipe.chunking_version
    }
}

impl Index {
    /// Returns a client that connects on first use; replacing a document may take `replace_deadline`.
    pub(crate) fn new(retriever: &Target, embedder: Arc<dyn Embedder>, replace_deadline: Duration) -> Self {
        Self { client: RetrieverClient::new(retriever.channel()), embedder, replace_deadline }
    }

    pub(crate) fn recipe(&self, chunking_version: u32) -> Recipe {
        Recipe {
            embedding_model: self.embedder.model_id().to_owned(),
            embedding_dimensions: u32::try_from(self.embedder.dimensions()).unwrap_or(u32::MAX),
            chunking_version,
        }
    }

    /// Returns every document of the index, by collection and id, and the generation.
    pub(crate) async fn list(&self) -> Result<(BTreeMap<(String, String), IndexedDocument>, u64), Error> {
        let mut documents = BTreeMap::new();
        let mut client = self.client.clone();
        let request = lifecycle::request(ListCollectionsRequest {}, SHORT_DEADLINE, &TraceContext::new());
        let ListCollectionsResponse { collections, generation } =
            on_time(SHORT_DEADLINE, client.list_collections(request)).await?;
        if collections.is_empty() {
            return Ok((documents, generation));
        }
        let mut page_token = String::new();
        loop {
            let request = ListDocumentsRequest {
                collections: collections.clone(),
                page_size: Some(PAGE_DOCUMENTS),
                page_token,
            };
            let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
            let page = on_time(SHORT_DEADLINE, client.list_documents(request)).await?;
            documents.extend(page.documents.into_iter().filter_map(indexed));
            if page.next_page_token.is_empty() {
                return Ok((documents, page.generation));
            }
            page_token = page.next_page_token;
        }
    }

    /// Deletes a document; returns the generation after it and whether the document was there.
    pub(crate) async fn delete(&self, collection: &str, id: &str) -> Result<(u64, bool), Error> {
        let request = DeleteDocumentRequest { document_id: id.to_owned(), collection: collection.to_owned() };
        let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
        let mut client = self.client.clone();
        let response = on_time(SHORT_DEADLINE, client.delete_document(request)).await?;
        Ok((response.generation, response.deleted))
    }

    /// Replaces a document in one transaction and returns the generation. Chunks are embedded while earlier ones
    /// travel, so memory holds a few batches of vectors only; `embedded` is told how many are done. A failure on the
    /// way ends the stream without its commit, which leaves the old document in place.
    pub(crate) async fn replace(
        &self,
        header: DocumentHeader,
        chunks: &[Chunk],
        embedded: impl Fn(usize) + Send,
    ) -> Result<u64, Error> {
        let (sender, receiver) = mpsc::channel(WAITING_BATCHES);
        let mut client = self.client.clone();
        let request =
            lifecycle::request(ReceiverStream::new(receiver), self.replace_deadline, &TraceContext::new());
        let replacing = on_time(self.replace_deadline, client.replace_document(request));
        let (replaced, sent) = tokio::join!(replacing, self.send(header, chunks, sender, embedded));
        // When the embedder failed, the index only saw a stream without an end; the embedder's own words say why.
        sent?;
        Ok(replaced?.generation)
    }

    async fn send(
        &self,
        header: DocumentHeader,
        chunks: &[Chunk],
        parts: mpsc::Sender<ReplaceDocumentRequest>,
        embedded: impl Fn(usize) + Send,
    ) -> Result<(), Error> {
        let message = |part| ReplaceDocumentRequest { part: Some(part) };
        // A closed channel means that the index has answered already; its answer is the result.
        if parts.send(message(Part::Header(header))).await.is_err() {
            return Ok(());
        }
        let mut done = 0;
        for batch in chunks.chunks(BATCH_CHUNKS) {
            let batch = ChunkBatch { chunks: self.embed(batch).await? };
            done += batch.chunks.len();
            if parts.send(message(Part::Chunks(batch))).await.is_err() {
                return Ok(());
            }
            embedded(done);
        }
        let chunk_count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        _ = parts.send(message(Part::Commit(ReplaceCommit { chunk_count }))).await;
        Ok(())
    }

    async fn embed(&self, chunks: &[Chunk]) -> Result<Vec<proto::v1::Chunk>, Error> {
        let texts: Vec<String> = chunks.iter().map(Chunk::embedded_text).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let vectors = self.embedder.embed(&texts).await?;
        if vectors.len() != chunks.len() {
            return Err(Error::Vectors("another number of vectors than texts"));
        }
        let mut wire = Vec::with_capacity(chunks.len());
        for (chunk, vector) in chunks.iter().zip(vectors) {
            if vector.len() != self.embedder.dimensions() {
                return Err(Error::Vectors("a vector of another length"));
            }
            let length: f32 = vector.iter().map(|number| number * number).sum();
            // Not a number fails this as well.
            if !(0.5..2.0).contains(&length) {
                return Err(Error::Vectors("a vector that is not of unit length"));
            }
            wire.push(wire_chunk(chunk, vector));
        }
        Ok(wire)
    }
}

async fn on_time<T>(
    deadline: Duration,
    call: impl Future<Output = Result<tonic::Response<T>, tonic::Status>>,
) -> Result<T, Error> {
    match within(deadline, call).await {
        Ok(response) => Ok(response?.into_inner()),
        Err(late) => Err(Error::Index { code: ErrorCode::DeadlineExceeded, message: late.to_string() }),
    }
}

/// Returns the wire's header of a document that is about to be sent.
pub(crate) fn header(key: &DocumentKey, recipe: &Recipe) -> DocumentHeader {
    DocumentHeader {
        document_id: key.id().to_owned(),
        collection: key.collection().to_owned(),
        title: String::new(),
        kind: String::new(),
        language: String::new(),
        content_sha256: Vec::new(),
        content_bytes: 0,
        modified_ms: 0,
        source_url: String::new(),
        attributes: HashMap::new(),
        embedding_model: recipe.embedding_model.clone(),
        embedding_dimensions: recipe.embedding_dimensions,
        chunking_version: recipe.chunking_version,
    }
}

fn indexed(summary: DocumentSummary) -> Option<((String, String), IndexedDocument)> {
    let DocumentSummary { header, chunk_count, indexed_ms, .. } = summary;
    let header = header?;
    let document = IndexedDocument {
        title: header.title,
        kind: header.kind,
        content_sha256: header.content_sha256,
        content_bytes: header.content_bytes,
        embedding_model: header.embedding_model,
        embedding_dimensions: header.embedding_dimensions,
        chunking_version: header.chunking_version,
        chunk_count,
        indexed_ms,
    };
    Some(((header.collection, header.document_id), document))
}

fn wire_chunk(chunk: &Chunk, vector: Vec<f32>) -> proto::v1::Chunk {
    let content = match chunk.content {
        ContentType::Prose => WireContent::Prose,
        ContentType::List => WireContent::List,
        ContentType::Table => WireContent::Table,
        ContentType::Code => WireContent::Code,
    };
    let byte = |place: usize| u64::try_from(place).unwrap_or(u64::MAX);
    proto::v1::Chunk {
        ordinal: chunk.ordinal,
        heading_path: chunk.heading_path.clone(),
        text: chunk.text.clone(),
        byte_range: Some(ByteRange { start: byte(chunk.range.start), end: byte(chunk.range.end) }),
        page: None,
        importance: chunk.importance,
        vector,
        tokens: chunk.tokens,
        content_type: content.into(),
    }
}
