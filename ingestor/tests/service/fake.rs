//! An index in memory that can be told to fail. It keeps the contract of `ReplaceDocument`: only a commit counts; and
//! that of generations: see `past`.

mod past;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proto::ErrorCode;
use proto::v1::replace_document_request::Part;
use proto::v1::retriever_server::{Retriever, RetrieverServer};
use proto::v1::{
    Chunk, DeleteDocumentRequest, DeleteDocumentResponse, DocumentHeader, DocumentSummary, ExplainRequest,
    ExplainResponse, FindVectorsRequest, FindVectorsResponse, Generation, GetDocumentRequest,
    GetDocumentResponse, ListChangesRequest, ListChangesResponse, ListCollectionsRequest,
    ListCollectionsResponse, ListDocumentsRequest, ListDocumentsResponse, ListWithheldRequest,
    ListWithheldResponse, PurgeRequest, PurgeResponse, RecordFeedbackRequest, RecordFeedbackResponse,
    ReplaceDocumentRequest, ReplaceDocumentResponse, RollbackRequest, RollbackResponse, SearchRequest,
    SearchResponse, WatchGenerationRequest, Withheld,
};
use tokio::sync::watch;
use tonic::{Request, Response, Status, Streaming};

use past::State;

/// The index; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct FakeIndex {
    state: Arc<Mutex<State>>,
    generation: watch::Sender<u64>,
}

impl FakeIndex {
    pub(crate) fn new() -> Self {
        Self { state: Arc::new(Mutex::new(State::new(2))), generation: watch::Sender::new(0) }
    }

    pub(crate) fn server(&self) -> RetrieverServer<Self> {
        RetrieverServer::new(self.clone())
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().expect("no test panics while it holds this");
        let result = look(&mut state);
        let number = state.number();
        // A look that changed nothing wakes nobody.
        self.generation.send_if_modified(|known| std::mem::replace(known, number) != number);
        result
    }

    /// Makes the next replacement that counts on stored vectors find none, as if a purge came in between.
    pub(crate) fn lose_vectors_once(&self) {
        self.with(|state| state.loses_vectors = true);
    }

    pub(crate) fn number(&self) -> u64 {
        self.with(|state| state.number())
    }

    /// Goes back without telling the ingestor.
    pub(crate) fn roll_back(&self, generation: u64) {
        let collections = ["main".to_owned(), "internal".to_owned()];
        self.with(|state| state.rollback(generation, &collections)).expect("is kept");
    }

    /// How many contents are withheld.
    pub(crate) fn withheld(&self) -> usize {
        self.with(|state| state.withheld.len())
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

    /// Waits until so many replacements were committed.
    pub(crate) async fn until_replaced(&self, count: usize) {
        let mut generation = self.generation.subscribe();
        while self.replaced() < count {
            generation.changed().await.expect("the sender is ours");
        }
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
        let (generation, replaced) = self.with(|state| state.replace(header, chunks))?;
        Ok(Response::new(ReplaceDocumentResponse { generation, replaced }))
    }

    async fn delete_document(
        &self,
        request: Request<DeleteDocumentRequest>,
    ) -> Result<Response<DeleteDocumentResponse>, Status> {
        let request = request.into_inner();
        let key = (request.collection, request.document_id);
        let (generation, deleted) = self.with(|state| state.delete(&key));
        Ok(Response::new(DeleteDocumentResponse { generation, deleted }))
    }

    async fn find_vectors(
        &self,
        request: Request<FindVectorsRequest>,
    ) -> Result<Response<FindVectorsResponse>, Status> {
        let FindVectorsRequest { document_id, collection, content_keys } = request.into_inner();
        let known = self.with(|state| state.vectors(&(collection, document_id)));
        let stored = content_keys.iter().map(|key| known.contains_key(key)).collect();
        Ok(Response::new(FindVectorsResponse { stored }))
    }

    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Result<Response<ListChangesResponse>, Status> {
        Ok(Response::new(self.with(|state| state.changes(&request.into_inner()))))
    }

    async fn rollback(
        &self,
        request: Request<RollbackRequest>,
    ) -> Result<Response<RollbackResponse>, Status> {
        let RollbackRequest { generation, collections } = request.into_inner();
        self.with(|state| state.rollback(generation, &collections)).map(Response::new)
    }

    async fn list_withheld(
        &self,
        request: Request<ListWithheldRequest>,
    ) -> Result<Response<ListWithheldResponse>, Status> {
        let asked = request.into_inner().collections;
        let withheld = self.with(|state| state.withheld.clone()).into_iter();
        let withheld = withheld.filter(|((collection, _), _)| asked.contains(collection));
        let entry = |((collection, document_id), content_sha256)| Withheld {
            document_id,
            collection,
            content_sha256,
        };
        Ok(Response::new(ListWithheldResponse { withheld: withheld.map(entry).collect() }))
    }

    async fn purge(&self, request: Request<PurgeRequest>) -> Result<Response<PurgeResponse>, Status> {
        Ok(Response::new(self.with(|state| state.purge(&request.into_inner()))))
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

    /// Says which collections were asked for; the rest is the retriever's matter.
    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let search = request.into_inner().search.unwrap_or_default();
        Ok(Response::new(ExplainResponse {
            terms: search.collections,
            searched_question: search.question,
            generation: self.number(),
            ..ExplainResponse::default()
        }))
    }

    async fn get_document(
        &self,
        request: Request<GetDocumentRequest>,
    ) -> Result<Response<GetDocumentResponse>, Status> {
        let GetDocumentRequest { document_id, collections } = request.into_inner();
        let found = self.with(|state| {
            let keys = collections.iter().map(|collection| (collection.clone(), document_id.clone()));
            keys.filter_map(|key| state.documents.get(&key).cloned()).next()
        });
        let (header, chunks) = found.ok_or_else(|| ErrorCode::NotFound.status("no such document", None))?;
        let document = DocumentSummary {
            header: Some(header),
            chunk_count: u32::try_from(chunks.len()).expect("few"),
            indexed_ms: 1,
            generation: self.number(),
        };
        Ok(Response::new(GetDocumentResponse { document: Some(document), chunks }))
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
