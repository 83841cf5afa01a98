//! The gRPC face: requests in, replies out. Statuses are made here only.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{self, BoxStream, StreamExt};
use lifecycle::TraceContext;
use prost::Message as _;
use proto::v1;
use proto::v1::retriever_server::Retriever;
use proto::{ErrorCode, v1::StageTimes};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_stream::wrappers::WatchStream;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};
use tracing::{Instrument as _, Span};

use crate::error::Error;
use crate::metrics::Metrics;
use crate::model::{Chunk, Document, Generation};
use crate::search::{Answered, Limits, Outcome, Searcher};
use crate::settings::Capacity;
use crate::store::{Model, Store};
use crate::upload::Upload;
use crate::wire;

/// Bytes of one message, at most: a batch of some hundred chunks with vectors.
pub(crate) const MAX_MESSAGE_BYTES: usize = 8 * 1024 * 1024;
/// Bytes of documents in one page, at most: clients refuse messages over 4 MiB unless told otherwise.
const MAX_PAGE_BYTES: usize = 3 * 1024 * 1024;
/// What a refused caller is told to wait.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Serves `Retriever`.
#[derive(Debug)]
pub(crate) struct RetrieverService {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) searcher: Searcher,
    pub(crate) model: Model,
    pub(crate) limits: Limits,
    pub(crate) capacity: Capacity,
    /// One permit for each call that reads, running or waiting.
    pub(crate) admission: Semaphore,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) shutdown: lifecycle::Shutdown,
}

#[tonic::async_trait]
impl Retriever for RetrieverService {
    type WatchGenerationStream = BoxStream<'static, Result<v1::Generation, Status>>;

    async fn search(
        &self,
        request: Request<v1::SearchRequest>,
    ) -> Result<Response<v1::SearchResponse>, Status> {
        let mut work = TraceContext::from_metadata(request.metadata()).begin("retriever.search");
        let span = span("search", request.metadata());
        let request = request.into_inner();
        let wants_vector = request.wants_question_vector;
        let answering = async { self.answer(request).await.map_err(|error| status(&error)) };
        let answered = answering.instrument(span).await?;
        if let Some(embed) = answered.embed_time {
            work.note("embed_ms", wire::millis(embed));
        }
        work.note("search_ms", wire::millis(answered.search_time));
        let kept = answered.candidates.iter().filter(|judged| judged.outcome == Outcome::Kept);
        Ok(Response::new(v1::SearchResponse {
            passages: kept.map(wire::passage).collect(),
            generation: answered.generation.number,
            stage_times: Some(stage_times(&answered)),
            rewritten_question: if answered.is_rewritten { answered.searched } else { String::new() },
            question_vector: if wants_vector { answered.vector } else { Vec::new() },
        }))
    }

    async fn explain(
        &self,
        request: Request<v1::ExplainRequest>,
    ) -> Result<Response<v1::ExplainResponse>, Status> {
        let span = span("explain", request.metadata());
        let explaining = async { self.explained(request.into_inner()).await.map_err(|error| status(&error)) };
        explaining.instrument(span).await.map(Response::new)
    }

    async fn replace_document(
        &self,
        request: Request<Streaming<v1::ReplaceDocumentRequest>>,
    ) -> Result<Response<v1::ReplaceDocumentResponse>, Status> {
        let span = span("replace_document", request.metadata());
        let replacing = async {
            let received = self.receive(request.into_inner()).await;
            let (document, chunks) = received.inspect_err(|_| self.metrics.changed("refused"))?;
            self.store.replace(document, chunks).await.map_err(|error| status(&error))
        };
        let changed = replacing.instrument(span).await?;
        self.metrics.changed("replaced");
        self.metrics.at(changed.generation);
        Ok(Response::new(v1::ReplaceDocumentResponse {
            generation: changed.generation.number,
            replaced: changed.existed,
        }))
    }

    async fn delete_document(
        &self,
        request: Request<v1::DeleteDocumentRequest>,
    ) -> Result<Response<v1::DeleteDocumentResponse>, Status> {
        let v1::DeleteDocumentRequest { document_id, collection } = request.into_inner();
        let (collection, document_id) =
            wire::document_key(collection, document_id).map_err(|error| status(&error))?;
        let changed = self.store.delete(collection, document_id).await.map_err(|error| status(&error))?;
        self.metrics.changed("deleted");
        self.metrics.at(changed.generation);
        Ok(Response::new(v1::DeleteDocumentResponse {
            generation: changed.generation.number,
            deleted: changed.existed,
        }))
    }

    async fn find_vectors(
        &self,
        request: Request<v1::FindVectorsRequest>,
    ) -> Result<Response<v1::FindVectorsResponse>, Status> {
        let v1::FindVectorsRequest { document_id, collection, content_keys } = request.into_inner();
        let finding = async {
            let (collection, document_id) = wire::document_key(collection, document_id)?;
            let keys = wire::content_keys(&content_keys)?;
            let _permit = self.admit()?;
            self.store.find_vectors(collection, document_id, keys).await
        };
        let stored = finding.await.map_err(|error| status(&error))?;
        Ok(Response::new(v1::FindVectorsResponse { stored }))
    }

    async fn list_changes(
        &self,
        request: Request<v1::ListChangesRequest>,
    ) -> Result<Response<v1::ListChangesResponse>, Status> {
        let v1::ListChangesRequest { before, page_size } = request.into_inner();
        let listing = async {
            let limit = wire::history_size(page_size)?;
            let _permit = self.admit()?;
            self.store.history(before, limit).await
        };
        let history = listing.await.map_err(|error| status(&error))?;
        Ok(Response::new(v1::ListChangesResponse {
            changes: history.changes.into_iter().map(wire::change).collect(),
            has_more: history.has_more,
            oldest_generation: history.oldest,
        }))
    }

    async fn rollback(
        &self,
        request: Request<v1::RollbackRequest>,
    ) -> Result<Response<v1::RollbackResponse>, Status> {
        let v1::RollbackRequest { generation, collections } = request.into_inner();
        let going_back = async { self.store.rollback(wire::collections(collections)?, generation).await };
        let done = going_back.await.map_err(|error| status(&error))?;
        self.metrics.changed("rolled_back");
        self.metrics.at(done.generation);
        Ok(Response::new(v1::RollbackResponse {
            generation: done.generation.number,
            documents: done.documents,
        }))
    }

    async fn list_withheld(
        &self,
        request: Request<v1::ListWithheldRequest>,
    ) -> Result<Response<v1::ListWithheldResponse>, Status> {
        let listing = async {
            let collections = wire::collections(request.into_inner().collections)?;
            let _permit = self.admit()?;
            self.store.withheld(collections).await
        };
        let withheld = listing.await.map_err(|error| status(&error))?;
        Ok(Response::new(v1::ListWithheldResponse {
            withheld: withheld.into_iter().map(wire::withheld).collect(),
        }))
    }

    async fn purge(&self, request: Request<v1::PurgeRequest>) -> Result<Response<v1::PurgeResponse>, Status> {
        let v1::PurgeRequest { collections, document_id, keep_current } = request.into_inner();
        let purging = async {
            let collections = wire::collections(collections)?;
            let document_id = wire::optional_document_id(document_id)?;
            self.store.purge(collections, document_id, keep_current).await
        };
        let purged = purging.await.map_err(|error| status(&error))?;
        self.metrics.changed("purged");
        self.metrics.at(purged.generation);
        Ok(Response::new(v1::PurgeResponse {
            generation: purged.generation.number,
            versions: purged.versions,
        }))
    }

    async fn list_collections(
        &self,
        _request: Request<v1::ListCollectionsRequest>,
    ) -> Result<Response<v1::ListCollectionsResponse>, Status> {
        let (collections, generation) = self.store.collections().await.map_err(|error| status(&error))?;
        Ok(Response::new(v1::ListCollectionsResponse { collections, generation: generation.number }))
    }

    async fn list_documents(
        &self,
        request: Request<v1::ListDocumentsRequest>,
    ) -> Result<Response<v1::ListDocumentsResponse>, Status> {
        let listed = self.list(request.into_inner()).await.map_err(|error| status(&error))?;
        Ok(Response::new(listed))
    }

    async fn get_document(
        &self,
        request: Request<v1::GetDocumentRequest>,
    ) -> Result<Response<v1::GetDocumentResponse>, Status> {
        let found = self.get(request.into_inner()).await.map_err(|error| status(&error))?;
        Ok(Response::new(found))
    }

    async fn watch_generation(
        &self,
        _request: Request<v1::WatchGenerationRequest>,
    ) -> Result<Response<Self::WatchGenerationStream>, Status> {
        let generations = WatchStream::new(self.store.generation()).map(|generation| {
            let Generation { number, committed_ms } = generation;
            Ok(v1::Generation { number, committed_ms })
        });
        // A stream without end would hold up every shutdown; its end tells the client to look elsewhere.
        let stopping = self.shutdown.token().clone().cancelled_owned();
        let farewell =
            stream::once(async { Err(ErrorCode::ShuttingDown.status("the retriever is stopping", None)) });
        Ok(Response::new(generations.take_until(stopping).chain(farewell).boxed()))
    }

    async fn record_feedback(
        &self,
        request: Request<v1::RecordFeedbackRequest>,
    ) -> Result<Response<v1::RecordFeedbackResponse>, Status> {
        let feedback = wire::feedback(request.into_inner()).map_err(|error| status(&error))?;
        self.store.record(feedback).await.map_err(|error| status(&error))?;
        Ok(Response::new(v1::RecordFeedbackResponse {}))
    }
}

impl RetrieverService {
    async fn answer(&self, search: v1::SearchRequest) -> Result<Answered, Error> {
        let limits = wire::limits(&search, self.limits)?;
        let question = wire::question(search, self.model.dimensions)?;
        let _permit = self.admit()?;
        let begun = Instant::now();
        let answered = self.searcher.search(question, limits).await;
        self.count(&answered, begun.elapsed());
        answered
    }

    async fn explained(&self, request: v1::ExplainRequest) -> Result<v1::ExplainResponse, Error> {
        let search = request.search.unwrap_or_default();
        let limits = wire::limits(&search, self.limits)?;
        let question = wire::question(search, self.model.dimensions)?;
        let weights = wire::weights(request.ranking.unwrap_or_default(), self.searcher.weights())?;
        let _permit = self.admit()?;
        let begun = Instant::now();
        let answered = self.searcher.explain(question, limits, weights).await;
        self.count(&answered, begun.elapsed());
        let answered = answered?;
        Ok(v1::ExplainResponse {
            candidates: answered.candidates.iter().map(wire::candidate).collect(),
            generation: answered.generation.number,
            stage_times: Some(stage_times(&answered)),
            stages: answered.stages.iter().map(wire::stage).collect(),
            ranking: Some(wire::ranking(&answered.weights)),
            terms: answered.terms.into_iter().map(|term| term.text).collect(),
            searched_question: answered.searched,
            evidence_threshold: limits.evidence_threshold,
            top_k: u32::try_from(limits.top_k).unwrap_or(u32::MAX),
            budget_tokens: limits.budget_tokens,
        })
    }

    fn count(&self, answered: &Result<Answered, Error>, time: Duration) {
        let ending = match answered {
            Ok(answered) if answered.candidates.iter().any(|judged| judged.outcome == Outcome::Kept) => {
                "found"
            }
            Ok(_) => "nothing",
            Err(_) => "failed",
        };
        self.metrics.searched(ending, time);
    }

    async fn receive(
        &self,
        mut messages: Streaming<v1::ReplaceDocumentRequest>,
    ) -> Result<(Document, Vec<Chunk>), Status> {
        let mut upload = Upload::new(&self.model, self.capacity.document_chunks);
        let idle = self.capacity.upload_idle;
        loop {
            let message =
                lifecycle::within(idle, messages.message()).await.map_err(|_| status(&Error::Idle(idle)))?;
            let Some(message) = message? else {
                return Err(status(&Error::Invalid(
                    "commit: expected before the end of the stream".to_owned(),
                )));
            };
            if let Some(whole) = upload.take(message).map_err(|error| status(&error))? {
                return Ok(whole);
            }
        }
    }

    async fn list(&self, request: v1::ListDocumentsRequest) -> Result<v1::ListDocumentsResponse, Error> {
        let collections = wire::collections(request.collections)?;
        let (size, after) = (wire::page_size(request.page_size)?, wire::page_start(&request.page_token)?);
        let _permit = self.admit()?;
        let listing = self.store.list(collections, after, size).await?;
        let (mut documents, mut bytes, mut next_page_token) = (Vec::new(), 0, String::new());
        let count = listing.documents.len();
        for (document, place) in listing.documents.into_iter().zip(1..) {
            let token = wire::page_end(&document);
            let document = wire::summary(document);
            bytes += document.encoded_len();
            documents.push(document);
            if bytes > MAX_PAGE_BYTES && place < count || listing.has_more && place == count {
                next_page_token = token;
                break;
            }
        }
        Ok(v1::ListDocumentsResponse { documents, next_page_token, generation: listing.generation.number })
    }

    async fn get(&self, request: v1::GetDocumentRequest) -> Result<v1::GetDocumentResponse, Error> {
        let collections = wire::collections(request.collections)?;
        let first = collections.first().cloned().unwrap_or_default();
        let (_, document_id) = wire::document_key(first, request.document_id)?;
        let _permit = self.admit()?;
        let found = self.store.get(collections, document_id).await?.ok_or(Error::NotFound)?;
        Ok(v1::GetDocumentResponse {
            document: Some(wire::summary(found.summary)),
            chunks: found.chunks.into_iter().map(wire::chunk_reply).collect(),
        })
    }

    fn admit(&self) -> Result<SemaphorePermit<'_>, Error> {
        self.admission.try_acquire().map_err(|_| Error::Overloaded)
    }
}

fn stage_times(answered: &Answered) -> StageTimes {
    StageTimes {
        embed_ms: answered.embed_time.map(wire::millis),
        search_ms: Some(wire::millis(answered.search_time)),
        ..StageTimes::default()
    }
}

/// Logs what only an operator can mend, and tells the caller the rest.
/// What is logged during a call names the trace that the caller began.
fn span(call: &'static str, metadata: &MetadataMap) -> Span {
    tracing::info_span!("call", call, trace_id = TraceContext::from_metadata(metadata).trace_id())
}

fn status(error: &Error) -> Status {
    let code = error.code();
    if matches!(code, ErrorCode::Internal | ErrorCode::StorageFull) {
        tracing::error!(code = code.name(), ?error, "call failed");
    } else if code.retryable() {
        tracing::warn!(code = code.name(), ?error, "call refused for now");
    } else {
        tracing::debug!(code = code.name(), %error, "call refused");
    }
    code.status(error.to_string(), code.retryable().then_some(RETRY_AFTER))
}
