//! An index in memory that can be told to fail. It keeps the contract of `ReplaceDocument`: only a commit counts.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use proto::ErrorCode;
use proto::v1::replace_document_request::Part;
use proto::v1::retriever_server::{Retriever, RetrieverServer};
use proto::v1::{
    Chunk, DeleteDocumentRequest, DeleteDocumentResponse, DocumentHeader, DocumentSummary, ExplainRequest,
    ExplainResponse, Generation, GetDocumentRequest, GetDocumentResponse, ListCollectionsRequest,
    ListCollectionsResponse, ListDocumentsRequest, ListDocumentsResponse, RecordFeedbackRequest,
    RecordFeedbackResponse, ReplaceDocumentRequest, ReplaceDocumentResponse, SearchRequest, SearchResponse,
    WatchGenerationRequest,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

type Documents = BTreeMap<(String, String), (DocumentHeader, Vec<Chunk>)>;

/// The index; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct FakeIndex {
    state: Arc<Mutex<State>>,
    generation: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    documents: Documents,
    /// What the next replacements answer; empty means they succeed.
    refusals: VecDeque<ErrorCode>,
    replaced: usize,
    page_limit: usize,
}

impl FakeIndex {
    pub(crate) fn new() -> Self {
        let state = State { page_limit: 2, ..State::default() };
        Self { state: Arc::new(Mutex::new(state)), generation: watch::Sender::new(0) }
    }

    pub(crate) fn server(&self) -> RetrieverServer<Self> {
        RetrieverServer::new(self.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().expect("no test panics while it holds this"))
    }

    /// Makes the next replacements fail with these codes, one each.
    pub(crate) fn refuse(&self, codes: impl IntoIterator<Item = ErrorCode>) {
        self.with(|state| state.refusals.extend(codes));
    }

    /// How many replacements were committed.
    pub(crate) fn replaced(&self) -> usize {
        self.with(|state| state.replaced)
    }

    pub(crate) fn clear(&self) {
        self.with(|state| state.documents.clear());
    }

    /// Puts a document in that the ingestor did not send.
    pub(crate) fn insert(&self, collection: &str, id: &str) {
        let header = DocumentHeader {
            document_id: id.to_owned(),
            collection: collection.to_owned(),
            ..DocumentHeader::default()
        };
        self.with(|state| {
            state.documents.insert((collection.to_owned(), id.to_owned()), (header, Vec::new()))
        });
    }

    pub(crate) fn header(&self, collection: &str, id: &str) -> Option<DocumentHeader> {
        self.with(|state| {
            state.documents.get(&(collection.to_owned(), id.to_owned())).map(|found| found.0.clone())
        })
    }

    pub(crate) fn chunks(&self, collection: &str, id: &str) -> Vec<Chunk> {
        self.with(|state| {
            state.documents.get(&(collection.to_owned(), id.to_owned())).map(|found| found.1.clone())
        })
        .unwrap_or_default()
    }

    /// Returns each document's name and its chunks' texts.
    pub(crate) fn texts(&self) -> BTreeMap<String, String> {
        self.with(|state| {
            let text = |chunks: &[Chunk]| {
                chunks.iter().map(|chunk| chunk.text.clone()).collect::<Vec<_>>().join("|")
            };
            let documents = state.documents.iter();
            documents
                .map(|((collection, id), (_, chunks))| (format!("{collection}/{id}"), text(chunks)))
                .collect()
        })
    }

    /// Waits until the index holds exactly these documents.
    pub(crate) async fn until(&self, expected: &[(&str, &str)]) {
        let expected: BTreeMap<String, String> =
            expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let mut generation = self.generation.subscribe();
        let reached = async {
            while self.texts() != expected {
                generation.changed().await.expect("the sender is ours");
            }
        };
        if tokio::time::timeout(std::time::Duration::from_secs(20), reached).await.is_err() {
            panic!("the index holds {:?} and not {expected:?}", self.texts());
        }
    }

    fn rise(&self) -> u64 {
        self.generation.send_modify(|number| *number += 1);
        *self.generation.borrow()
    }

    async fn receive(
        parts: &mut Streaming<ReplaceDocumentRequest>,
    ) -> Result<(DocumentHeader, Vec<Chunk>), Status> {
        let refuse = |text: &str| ErrorCode::InvalidArgument.status(text, None);
        let (mut header, mut chunks) = (None, Vec::new());
        while let Some(message) = parts.message().await? {
            match message.part {
                Some(Part::Header(first)) if header.is_none() => header = Some(first),
                Some(Part::Chunks(batch)) => chunks.extend(batch.chunks),
                Some(Part::Commit(commit)) if commit.chunk_count as usize == chunks.len() => {
                    return Ok((header.ok_or_else(|| refuse("no header"))?, chunks));
                }
                _ => return Err(refuse("a part is out of place")),
            }
        }
        Err(refuse("the stream ended without its commit"))
    }
}

fn not_here<T>() -> Result<Response<T>, Status> {
    Err(ErrorCode::MethodNotAllowed.status("the ingestor never calls this", None))
}

#[tonic::async_trait]
impl Retriever for FakeIndex {
    type WatchGenerationStream = tokio_stream::Empty<Result<Generation, Status>>;

    async fn replace_document(
        &self,
        request: Request<Streaming<ReplaceDocumentRequest>>,
    ) -> Result<Response<ReplaceDocumentResponse>, Status> {
        let (header, chunks) = Self::receive(&mut request.into_inner()).await?;
        if let Some(code) = self.with(|state| state.refusals.pop_front()) {
            return Err(code.status("told to fail", None));
        }
        let key = (header.collection.clone(), header.document_id.clone());
        let replaced = self.with(|state| {
            state.replaced += 1;
            state.documents.insert(key, (header, chunks)).is_some()
        });
        Ok(Response::new(ReplaceDocumentResponse { generation: self.rise(), replaced }))
    }

    async fn delete_document(
        &self,
        request: Request<DeleteDocumentRequest>,
    ) -> Result<Response<DeleteDocumentResponse>, Status> {
        let request = request.into_inner();
        let key = (request.collection, request.document_id);
        let deleted = self.with(|state| state.documents.remove(&key).is_some());
        Ok(Response::new(DeleteDocumentResponse { generation: self.rise(), deleted }))
    }

    async fn find_vectors(
        &self,
        _: Request<proto::v1::FindVectorsRequest>,
    ) -> Result<Response<proto::v1::FindVectorsResponse>, Status> {
        Ok(Response::new(proto::v1::FindVectorsResponse::default()))
    }

    async fn list_changes(
        &self,
        _: Request<proto::v1::ListChangesRequest>,
    ) -> Result<Response<proto::v1::ListChangesResponse>, Status> {
        Ok(Response::new(proto::v1::ListChangesResponse::default()))
    }

    async fn rollback(
        &self,
        _: Request<proto::v1::RollbackRequest>,
    ) -> Result<Response<proto::v1::RollbackResponse>, Status> {
        Ok(Response::new(proto::v1::RollbackResponse::default()))
    }

    async fn list_withheld(
        &self,
        _: Request<proto::v1::ListWithheldRequest>,
    ) -> Result<Response<proto::v1::ListWithheldResponse>, Status> {
        Ok(Response::new(proto::v1::ListWithheldResponse::default()))
    }

    async fn purge(
        &self,
        _: Request<proto::v1::PurgeRequest>,
    ) -> Result<Response<proto::v1::PurgeResponse>, Status> {
        Ok(Response::new(proto::v1::PurgeResponse::default()))
    }

    async fn list_collections(
        &self,
        _request: Request<ListCollectionsRequest>,
    ) -> Result<Response<ListCollectionsResponse>, Status> {
        let generation = *self.generation.borrow();
        self.with(|state| {
            let mut collections: Vec<String> = state.documents.keys().map(|(name, _)| name.clone()).collect();
            collections.dedup();
            Ok(Response::new(ListCollectionsResponse { collections, generation }))
        })
    }

    async fn list_documents(
        &self,
        request: Request<ListDocumentsRequest>,
    ) -> Result<Response<ListDocumentsResponse>, Status> {
        let request = request.into_inner();
        let generation = *self.generation.borrow();
        self.with(|state| {
            let after: usize = request.page_token.parse().unwrap_or(0);
            let asked = state.documents.iter().filter(|((name, _), _)| request.collections.contains(name));
            let summary = |(header, chunks): &(DocumentHeader, Vec<Chunk>)| DocumentSummary {
                header: Some(header.clone()),
                chunk_count: u32::try_from(chunks.len()).expect("few"),
                indexed_ms: 1,
                generation,
            };
            let all: Vec<DocumentSummary> = asked.map(|(_, found)| summary(found)).collect();
            let end = all.len().min(after + state.page_limit);
            let next_page_token = if end < all.len() { end.to_string() } else { String::new() };
            let documents = all[after..end].to_vec();
            Ok(Response::new(ListDocumentsResponse { documents, next_page_token, generation }))
        })
    }

    async fn search(&self, _: Request<SearchRequest>) -> Result<Response<SearchResponse>, Status> {
        not_here()
    }

    async fn explain(&self, _: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        not_here()
    }

    async fn get_document(
        &self,
        _: Request<GetDocumentRequest>,
    ) -> Result<Response<GetDocumentResponse>, Status> {
        not_here()
    }

    async fn watch_generation(
        &self,
        _: Request<WatchGenerationRequest>,
    ) -> Result<Response<Self::WatchGenerationStream>, Status> {
        not_here()
    }

    async fn record_feedback(
        &self,
        _: Request<RecordFeedbackRequest>,
    ) -> Result<Response<RecordFeedbackResponse>, Status> {
        not_here()
    }
}
