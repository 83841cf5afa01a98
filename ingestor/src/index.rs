//! The index as the ingestor sees it: a client of the retriever. It knows no store and decides nothing.

pub(crate) mod past;
mod replace;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use embedding::Embedder;
use lifecycle::{TraceContext, within};
use proto::v1::retriever_client::RetrieverClient;
use proto::v1::{
    DeleteDocumentRequest, DocumentHeader, DocumentSummary, ListCollectionsRequest, ListCollectionsResponse,
    ListDocumentsRequest,
};
use proto::{ErrorCode, ServiceChannel, Target};

use crate::document::DocumentKey;
use crate::error::Error;
pub(crate) use replace::Replaced;

const PAGE_DOCUMENTS: u32 = 1_000;
const SHORT_DEADLINE: Duration = Duration::from_secs(30);

/// A client of the retriever that embeds what it sends. Clones share the connection.
#[derive(Clone, Debug)]
pub(crate) struct Index {
    client: RetrieverClient<ServiceChannel>,
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
    pub(crate) source_url: String,
}

/// What an embedding must be to be compared with the others in the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Recipe {
    pub(crate) embedding_model: String,
    pub(crate) embedding_dimensions: u32,
    pub(crate) chunking_version: u32,
}

/// What the index holds, by collection and id.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) documents: BTreeMap<(String, String), IndexedDocument>,
    /// Hash of the bytes that a rollback undid; empty when it undid the document's absence.
    pub(crate) withheld: HashMap<(String, String), Vec<u8>>,
    pub(crate) generation: u64,
}

impl IndexedDocument {
    /// Returns what a header says of a document with so many chunks, indexed at that time.
    pub(crate) fn of(header: DocumentHeader, chunk_count: u32, indexed_ms: i64) -> Self {
        Self {
            title: header.title,
            kind: header.kind,
            content_sha256: header.content_sha256,
            content_bytes: header.content_bytes,
            embedding_model: header.embedding_model,
            embedding_dimensions: header.embedding_dimensions,
            chunking_version: header.chunking_version,
            chunk_count,
            indexed_ms,
            source_url: header.source_url,
        }
    }

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
        Self { client: RetrieverClient::new(retriever.service_channel()), embedder, replace_deadline }
    }

    pub(crate) fn recipe(&self, chunking_version: u32) -> Recipe {
        Recipe {
            embedding_model: self.embedder.model_id().to_owned(),
            embedding_dimensions: u32::try_from(self.embedder.dimensions()).unwrap_or(u32::MAX),
            chunking_version,
        }
    }

    /// Returns what the index holds. `stored` names the collections of the document store: what was rolled back may have
    /// left one of them empty in the index.
    pub(crate) async fn list(&self, stored: &BTreeSet<&str>) -> Result<Listed, Error> {
        let ListCollectionsResponse { collections, generation } = self.collections().await?;
        let mut listed = Listed { generation, ..Listed::default() };
        let mut page_token = String::new();
        while !collections.is_empty() {
            let request = ListDocumentsRequest {
                collections: collections.clone(),
                page_size: Some(PAGE_DOCUMENTS),
                page_token,
            };
            let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
            let page = on_time(SHORT_DEADLINE, self.client.clone().list_documents(request)).await?;
            listed.documents.extend(page.documents.into_iter().filter_map(indexed));
            listed.generation = page.generation;
            if page.next_page_token.is_empty() {
                break;
            }
            page_token = page.next_page_token;
        }
        let mut all: BTreeSet<&str> = collections.iter().map(String::as_str).collect();
        all.extend(stored);
        // Asked last: a rollback that comes in between is then known before anything is made to agree again.
        listed.withheld = self.withheld(all.into_iter().map(str::to_owned).collect()).await?;
        Ok(listed)
    }

    async fn collections(&self) -> Result<ListCollectionsResponse, Error> {
        let request = lifecycle::request(ListCollectionsRequest {}, SHORT_DEADLINE, &TraceContext::new());
        on_time(SHORT_DEADLINE, self.client.clone().list_collections(request)).await
    }

    /// Deletes a document; returns the generation after it and whether the document was there.
    pub(crate) async fn delete(&self, collection: &str, id: &str) -> Result<(u64, bool), Error> {
        let request = DeleteDocumentRequest { document_id: id.to_owned(), collection: collection.to_owned() };
        let request = lifecycle::request(request, SHORT_DEADLINE, &TraceContext::new());
        let mut client = self.client.clone();
        let response = on_time(SHORT_DEADLINE, client.delete_document(request)).await?;
        Ok((response.generation, response.deleted))
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
    let key = (header.collection.clone(), header.document_id.clone());
    Some((key, IndexedDocument::of(header, chunk_count, indexed_ms)))
}
