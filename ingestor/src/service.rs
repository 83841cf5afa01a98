//! The gRPC face: unpacks requests, calls the keeper, packs what it says. Nothing is decided here.

mod past;
mod quarantine;
mod upload;

use std::sync::Arc;
use std::time::Duration;

use lifecycle::Shutdown;
use proto::ErrorCode;
use proto::v1::ingestor_server::Ingestor;
use proto::v1::reconciled_document::Action as WireAction;
use proto::v1::{
    DecideHeldRequest, DecideHeldResponse, DeleteRequest, DeleteResponse, DocumentFailure, DocumentState,
    ExplainRequest, ExplainResponse, GetDocumentRequest, GetDocumentResponse, ListChangesRequest,
    ListChangesResponse, ListHeldRequest, ListHeldResponse, ListRequest, ListResponse, PurgeRequest,
    PurgeResponse, ReconcileEvent, ReconcileRequest, ReconcileSummary, ReconciledDocument, RollbackRequest,
    RollbackResponse, Stage, StatusRequest, StatusResponse, UploadEvent, UploadRequest, reconcile_event,
};
use tokio::sync::{Semaphore, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::document::{DocumentKey, InvalidName, MAIN_COLLECTION, is_collection};
use crate::error::Error;
use crate::keeper::{Action, DocumentView, Failure, Handled, Keeper, Scope, Summary};
use crate::store::subject;

/// A message holds at most 1 MiB of a document.
pub(crate) const MAX_MESSAGE_BYTES: usize = 1024 * 1024 + 64 * 1024;
const MAX_PAGE_DOCUMENTS: u32 = 1_000;
const WAITING_EVENTS: usize = 64;
/// Why a document is withheld, in an editor's words.
const WITHHELD: &str =
    "a rollback undid what the store holds; it stays out until the document changes or `reconcile --force`";
/// Advice to callers that were refused for the moment.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The service.
#[derive(Debug)]
pub(crate) struct Service {
    keeper: Arc<Keeper>,
    uploads: Arc<Semaphore>,
    shutdown: Shutdown,
}

impl Service {
    pub(crate) fn new(keeper: Arc<Keeper>, max_uploads: usize, shutdown: Shutdown) -> Self {
        Self { keeper, uploads: Arc::new(Semaphore::new(max_uploads)), shutdown }
    }

    async fn delete_document(&self, request: &DeleteRequest) -> Result<DeleteResponse, Error> {
        let key = DocumentKey::new(&request.collection, &request.document_id)?;
        let was_stored = self.keeper.delete(&key).await?;
        // From here on the document is gone for good: if the index is away, the next reconciliation removes it there.
        // Forced, because an editor's word counts more than a rollback that brought the document back.
        let described = subject(&key).unwrap_or(key);
        let settled = self.keeper.sync(&described, true, None).await.map_err(failed)?;
        let deleted = was_stored || settled.action == Action::Removed;
        Ok(DeleteResponse { deleted, generation: settled.generation })
    }

    fn status_of(&self, request: &StatusRequest) -> Result<StatusResponse, Error> {
        let document = if request.document_id.is_empty() {
            None
        } else {
            let key = DocumentKey::new(&request.collection, &request.document_id)?;
            let view = self.keeper.document(&key);
            Some(document_state(view.ok_or_else(|| Error::NotFound(key.to_string()))?))
        };
        let totals = self.keeper.totals();
        Ok(StatusResponse {
            indexed: totals.indexed,
            in_progress: totals.in_progress,
            failed: totals.failed,
            chunk_count: totals.chunk_count,
            generation: totals.generation,
            last_reconciled_ms: totals.last_reconciled_ms,
            document,
            withheld: totals.withheld,
            held: totals.held,
            cost_nano_dollars: totals.nano_dollars,
            embedded_count: totals.spent.embedded,
            reused_count: totals.spent.reused,
            embedded_tokens: totals.spent.embedded_tokens,
            embedding_model: self.keeper.embedding_model().to_owned(),
        })
    }

    fn page(&self, request: &ListRequest) -> Result<ListResponse, Error> {
        let limit = request.page_size.unwrap_or(MAX_PAGE_DOCUMENTS);
        if !(1..=MAX_PAGE_DOCUMENTS).contains(&limit) {
            return Err(Error::Request(format!("page_size: expected 1 to 1,000, got {limit}")));
        }
        check_collections(&request.collections)?;
        let after = match request.page_token.split_once('/') {
            None if request.page_token.is_empty() => None,
            Some((collection, id)) => Some(DocumentKey::new(collection, id)?),
            None => return Err(Error::Request("page_token: expected one from an earlier page".to_owned())),
        };
        let is_asked = |view: &DocumentView| {
            request.collections.is_empty()
                || request.collections.iter().any(|name| name == view.key.collection())
        };
        let mut rest = self.keeper.documents();
        rest.retain(|view| is_asked(view) && after.as_ref().is_none_or(|after| view.key > *after));
        let page_size = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rest.len() > page_size;
        rest.truncate(page_size);
        let last = rest.last().filter(|_| has_more);
        let next_page_token =
            last.map(|view| format!("{}/{}", view.key.collection(), view.key.id())).unwrap_or_default();
        Ok(ListResponse { documents: rest.into_iter().map(document_state).collect(), next_page_token })
    }
}

/// Refuses what is no collection's name; that there is no name at all is fine.
fn check_collections(names: &[String]) -> Result<(), Error> {
    match names.iter().find(|name| !is_collection(name)) {
        Some(wrong) => Err(InvalidName::Collection(wrong.escape_debug().to_string()).into()),
        None => Ok(()),
    }
}

#[tonic::async_trait]
impl Ingestor for Service {
    type UploadStream = ReceiverStream<Result<UploadEvent, Status>>;
    type ReconcileStream = ReceiverStream<Result<ReconcileEvent, Status>>;

    async fn upload(
        &self,
        request: Request<Streaming<UploadRequest>>,
    ) -> Result<Response<Self::UploadStream>, Status> {
        let events = self.take_in(request.into_inner()).await.map_err(|error| status(&error))?;
        Ok(Response::new(ReceiverStream::new(events)))
    }

    async fn reconcile(
        &self,
        request: Request<ReconcileRequest>,
    ) -> Result<Response<Self::ReconcileStream>, Status> {
        let force = request.into_inner().force;
        let (events, receiver) = mpsc::channel(WAITING_EVENTS);
        let (keeper, stop) = (Arc::clone(&self.keeper), self.shutdown.token().clone());
        self.shutdown.spawn("reconcile", async move {
            let last = tokio::select! {
                summary = reconcile(&keeper, force, &events) => summary,
                () = stop.cancelled() => Err(Error::ShuttingDown),
            };
            // A caller that went away misses the summary; the work is done all the same.
            _ = events.send(last.map(summary_event).map_err(|error| status(&error))).await;
        });
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn status(&self, request: Request<StatusRequest>) -> Result<Response<StatusResponse>, Status> {
        self.status_of(request.get_ref()).map(Response::new).map_err(|error| status(&error))
    }

    async fn list(&self, request: Request<ListRequest>) -> Result<Response<ListResponse>, Status> {
        self.page(request.get_ref()).map(Response::new).map_err(|error| status(&error))
    }

    async fn get_document(
        &self,
        request: Request<GetDocumentRequest>,
    ) -> Result<Response<GetDocumentResponse>, Status> {
        let mut request = request.into_inner();
        if request.collections.is_empty() {
            request.collections.push(MAIN_COLLECTION.to_owned());
        }
        let found = self.keeper.whole_document(request).await;
        found.map(Response::new).map_err(|error| status(&error))
    }

    async fn delete(&self, request: Request<DeleteRequest>) -> Result<Response<DeleteResponse>, Status> {
        self.delete_document(request.get_ref()).await.map(Response::new).map_err(|error| status(&error))
    }

    async fn explain(&self, request: Request<ExplainRequest>) -> Result<Response<ExplainResponse>, Status> {
        let explained = self.keeper.explain(request.into_inner()).await;
        explained.map(Response::new).map_err(|error| status(&error))
    }

    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Result<Response<ListChangesResponse>, Status> {
        let changes = self.keeper.changes(request.into_inner()).await;
        changes.map(Response::new).map_err(|error| status(&error))
    }

    async fn rollback(
        &self,
        request: Request<RollbackRequest>,
    ) -> Result<Response<RollbackResponse>, Status> {
        self.roll_back(request.into_inner()).await.map(Response::new).map_err(|error| status(&error))
    }

    async fn purge(&self, request: Request<PurgeRequest>) -> Result<Response<PurgeResponse>, Status> {
        self.remove_for_good(request.into_inner()).await.map(Response::new).map_err(|error| status(&error))
    }

    async fn list_held(
        &self,
        request: Request<ListHeldRequest>,
    ) -> Result<Response<ListHeldResponse>, Status> {
        self.list_held_chunks(request.into_inner()).await.map(Response::new).map_err(|error| status(&error))
    }

    async fn decide_held(
        &self,
        request: Request<DecideHeldRequest>,
    ) -> Result<Response<DecideHeldResponse>, Status> {
        self.decide_held_chunks(request.into_inner()).await.map(Response::new).map_err(|error| status(&error))
    }
}

async fn reconcile(
    keeper: &Keeper,
    force: bool,
    events: &mpsc::Sender<Result<ReconcileEvent, Status>>,
) -> Result<Summary, Error> {
    let (sender, mut handled) = mpsc::channel(WAITING_EVENTS);
    let pass = async move { keeper.reconcile(Scope::Full, force, Some(&sender)).await };
    let relay = async {
        while let Some(document) = handled.recv().await {
            _ = events.send(Ok(document_event(document))).await;
        }
    };
    // The pass owns the sender, so the relay ends with it.
    tokio::join!(pass, relay).0
}

fn document_event(handled: Handled) -> ReconcileEvent {
    let action = match &handled.result {
        Ok(Action::Added) => WireAction::Added,
        Ok(Action::Changed) => WireAction::Changed,
        Ok(Action::Removed) => WireAction::Removed,
        Ok(Action::Unchanged) => WireAction::Unspecified,
        Ok(Action::Withheld) => WireAction::Withheld,
        Err(_) => WireAction::Failed,
    };
    let document = ReconciledDocument {
        document_id: handled.key.id().to_owned(),
        collection: handled.key.collection().to_owned(),
        action: action.into(),
        failure: handled.result.err().map(document_failure),
    };
    ReconcileEvent { event: Some(reconcile_event::Event::Document(document)) }
}

fn summary_event(summary: Summary) -> ReconcileEvent {
    let summary = ReconcileSummary {
        added: summary.added,
        changed: summary.changed,
        removed: summary.removed,
        unchanged: summary.unchanged,
        failed: summary.failed,
        generation: summary.generation,
        elapsed_ms: summary.elapsed.as_secs_f64() * 1_000.0,
        withheld: summary.withheld,
        embedded_count: summary.embedded,
        reused_count: summary.reused,
    };
    ReconcileEvent { event: Some(reconcile_event::Event::Summary(summary)) }
}

fn document_state(view: DocumentView) -> DocumentState {
    let replaced = view.replaced.unwrap_or_default();
    DocumentState {
        document_id: view.key.id().to_owned(),
        collection: view.key.collection().to_owned(),
        title: view.title,
        kind: view.kind,
        stage: view.stage.into(),
        content_bytes: view.content_bytes,
        chunk_count: view.chunk_count,
        indexed_ms: view.indexed_ms,
        failure: view.failure.map(document_failure),
        held_count: view.held,
        cost_nano_dollars: view.nano_dollars,
        note: if view.stage == Stage::Withheld { WITHHELD.to_owned() } else { String::new() },
        content_sha256: view.content_sha256,
        embedded_count: replaced.embedded,
        reused_count: replaced.reused,
        embedded_tokens: replaced.embedded_tokens,
        source_url: view.source_url,
    }
}

fn document_failure(failure: Failure) -> DocumentFailure {
    DocumentFailure {
        code: failure.code.name().to_owned(),
        reason: failure.reason,
        stage: failure.stage.into(),
    }
}

/// Brings a document's failure back into the form of an error of the call.
fn failed(failure: Failure) -> Error {
    Error::Document { code: failure.code, reason: failure.reason }
}

fn status(error: &Error) -> Status {
    let code: ErrorCode = error.code();
    code.status(error.to_string(), code.retryable().then_some(RETRY_AFTER))
}
