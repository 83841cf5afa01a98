//! What a caller can do, whatever the transport: ask, resume, stop, search, explain, give an opinion, read a document.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lifecycle::{Shutdown, TraceContext};
use proto::ErrorCode;
use proto::v1::{
    ExplainRequest, ExplainResponse, GetDocumentResponse, HistoryTurn, RankingSettings,
    RecordFeedbackRequest, SearchEffort, SearchFilter, SearchMode, SearchRequest, SearchResponse,
};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::admission::{Admission, Caller, Kind};
use crate::answer::{Answer, Reader};
use crate::metrics::Metrics;
use crate::question::{Question, check_answer_id, check_comment, check_search_passages, check_text};
use crate::refusal::Refusal;
use crate::registry::{Admitted, Entry, Registry, Resumed};
use crate::settings::AnswerBounds;
use crate::turn::Turn;
use crate::upstream::Services;

/// Document pages fetched at once; each may hold a whole document in memory.
const PAGES_AT_ONCE: usize = 8;
const SHUTDOWN_WAIT: Duration = Duration::from_secs(1);

/// The one core behind every transport.
#[derive(Debug)]
pub(crate) struct Chat {
    admission: Admission,
    registry: Arc<Registry>,
    services: Services,
    bounds: AnswerBounds,
    metrics: Arc<Metrics>,
    shutdown: Shutdown,
    grace: Duration,
    pages: Semaphore,
}

/// How a question came in.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The connection's id.
    pub(crate) connection_id: String,
    /// Its trace.
    pub(crate) trace: TraceContext,
    /// The deadline that the caller set.
    pub(crate) deadline: Option<Duration>,
    /// Whether the caller can come back for the rest after losing the connection.
    pub(crate) resumable: bool,
}

/// A search for its own sake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookup {
    /// What to look for.
    pub(crate) text: String,
    /// Earlier messages, oldest first.
    pub(crate) history: Vec<HistoryTurn>,
    /// Collections to search; empty means all that the caller may see.
    pub(crate) collections: Vec<String>,
    /// Narrows the search.
    pub(crate) filter: Option<SearchFilter>,
    /// Passages to return: 1 to 100.
    pub(crate) top_k: Option<u32>,
    /// Evidence that a passage needs, 0 to 1; none means the retriever's own.
    pub(crate) evidence_threshold: Option<f32>,
    /// Tokens that all passages together may hold; none means the retriever's own.
    pub(crate) budget_tokens: Option<u32>,
    /// The generation to search; none means the newest.
    pub(crate) generation: Option<u64>,
    /// Which sides search.
    pub(crate) mode: SearchMode,
    /// Chunks before and after a hit that are joined to it; none means the retriever's own.
    pub(crate) neighbours: Option<u32>,
    /// How thoroughly an approximate index is searched.
    pub(crate) effort: SearchEffort,
}

/// An opinion about an answer.
#[derive(Clone, Debug)]
pub(crate) struct Opinion {
    /// The answer's id.
    pub(crate) answer_id: String,
    /// Whether it helped.
    pub(crate) positive: bool,
    /// Free text.
    pub(crate) comment: String,
}

impl Chat {
    /// Returns the core. Answers that are still being written when shutdown has lasted for `grace` fail with
    /// `SHUTTING_DOWN`.
    pub(crate) fn new(
        admission: Admission,
        services: Services,
        bounds: AnswerBounds,
        metrics: Arc<Metrics>,
        (shutdown, grace): (Shutdown, Duration),
    ) -> Self {
        let registry = Arc::new(Registry::new(bounds));
        Self {
            admission,
            registry,
            services,
            bounds,
            metrics,
            shutdown,
            grace,
            pages: Semaphore::new(PAGES_AT_ONCE),
        }
    }

    /// Returns the door.
    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Returns what is counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Answers a question in a task of its own and returns a reader of the answer, from its beginning.
    ///
    /// # Errors
    /// Why the question is not admitted.
    pub(crate) fn ask(
        &self,
        caller: &Caller,
        question: Question,
        origin: &Origin,
    ) -> Result<Reader, Refusal> {
        if self.shutdown.is_shutting_down() {
            return Err(
                Refusal::hidden(ErrorCode::ShuttingDown, "asked during shutdown").after(SHUTDOWN_WAIT)
            );
        }
        let collections = caller.collections(&question.asked().collections)?;
        let entry = Entry {
            owner: caller.owner(),
            message_id: &question.asked().message_id,
            fingerprint: question.fingerprint(),
            connection_id: &origin.connection_id,
        };
        let admitted = self.registry.admit(&entry, || self.admission.count(caller, Kind::Question))?;
        let (answer, place) = match admitted {
            Admitted::New(answer, place) => (answer, place),
            Admitted::Known(answer) => return answer.read_after(0).ok_or_else(lost_beginning),
        };
        let reader = answer.read_after(0).ok_or_else(lost_beginning)?;
        let window = if origin.resumable { self.bounds.resume_window } else { Duration::ZERO };
        let turn = Turn {
            answer,
            question,
            collections,
            services: self.services.clone(),
            trace: origin.trace,
            admitted: Instant::now(),
            deadline: origin.deadline,
            window,
            leaving: self.shutdown.token().clone(),
            grace: self.grace,
            metrics: Arc::clone(&self.metrics),
            reservation: self.admission.reserve(caller),
        };
        self.spawn(turn, place);
        Ok(reader)
    }

    /// Returns whether this answer is the one that the same message led to before.
    pub(crate) fn is_answer_to(&self, caller: &Caller, answer: &Answer, question: &Question) -> bool {
        let asked_by = self.registry.asked_by(answer.id());
        let message_id = &question.asked().message_id;
        asked_by.is_some_and(|(owner, known)| owner == *caller.owner() && known == *message_id)
    }

    /// The answer is kept for the resume window after its end, unless the process ends first.
    fn spawn(&self, turn: Turn, place: tokio::sync::OwnedSemaphorePermit) {
        let (registry, window, leaving) =
            (Arc::clone(&self.registry), self.bounds.resume_window, self.shutdown.clone());
        self.shutdown.spawn("answer", async move {
            let id = turn.answer.id().to_owned();
            // Boxed, so that its memory is free while the finished answer waits for the end of its window.
            Box::pin(turn.run()).await;
            drop(place);
            registry.finished(&id);
            tokio::select! {
                () = tokio::time::sleep(window) => {}
                () = leaving.token().cancelled() => {}
            }
            registry.forget(&id);
        });
    }

    /// Continues an answer after the event `after_seq` of `epoch`.
    ///
    /// # Errors
    /// `NOT_FOUND` for an unknown or foreign answer.
    pub(crate) fn resume(
        &self,
        caller: &Caller,
        answer_id: &str,
        place: (u64, u64),
    ) -> Result<Resumed, Refusal> {
        check_answer_id(answer_id)?;
        self.registry.resume(caller.owner(), answer_id, place)
    }

    /// Stops an answer; returns whether it was still being written.
    ///
    /// # Errors
    /// `NOT_FOUND` for an unknown or foreign answer.
    pub(crate) fn stop(&self, caller: &Caller, answer_id: &str) -> Result<bool, Refusal> {
        check_answer_id(answer_id)?;
        let answer = self.registry.find(caller.owner(), answer_id)?;
        let was_running = !answer.has_ended();
        answer.stop();
        Ok(was_running)
    }

    /// Searches for passages.
    ///
    /// # Errors
    /// Why the search is refused or failed.
    pub(crate) async fn search(
        &self,
        caller: &Caller,
        lookup: Lookup,
        trace: &TraceContext,
    ) -> Result<SearchResponse, Refusal> {
        let request = self.lookup(caller, lookup)?;
        self.services.search(request, trace).await.inspect_err(log_failure)
    }

    /// Explains a search, with what-if settings of the ranking.
    ///
    /// # Errors
    /// As [`Chat::search`].
    pub(crate) async fn explain(
        &self,
        caller: &Caller,
        lookup: Lookup,
        ranking: Option<RankingSettings>,
        trace: &TraceContext,
    ) -> Result<ExplainResponse, Refusal> {
        let request = ExplainRequest { search: Some(self.lookup(caller, lookup)?), ranking };
        self.services.explain(request, trace).await.inspect_err(log_failure)
    }

    fn lookup(&self, caller: &Caller, lookup: Lookup) -> Result<SearchRequest, Refusal> {
        check_text(&lookup.text, "query")?;
        check_search_passages(lookup.top_k)?;
        if lookup.evidence_threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
            return Err(Refusal::invalid("evidence_threshold is out of range; expected 0 to 1"));
        }
        let collections = caller.collections(&lookup.collections)?;
        self.admission.count(caller, Kind::Search)?;
        Ok(SearchRequest {
            question: lookup.text,
            collections,
            history: lookup.history,
            filter: lookup.filter,
            top_k: lookup.top_k,
            evidence_threshold: lookup.evidence_threshold,
            budget_tokens: lookup.budget_tokens,
            generation: lookup.generation,
            mode: lookup.mode.into(),
            neighbours: lookup.neighbours,
            effort: lookup.effort.into(),
            // Whoever may ask the public cannot search by vectors: they would read what no question finds.
            query_vector: Vec::new(),
        })
    }

    /// Stores an opinion about an answer. Opinions come late, so an answer that is forgotten here may still get one.
    ///
    /// # Errors
    /// `NOT_FOUND` for a foreign answer; why it could not be stored.
    pub(crate) async fn feedback(
        &self,
        caller: &Caller,
        opinion: Opinion,
        trace: &TraceContext,
    ) -> Result<(), Refusal> {
        check_answer_id(&opinion.answer_id)?;
        check_comment(&opinion.comment)?;
        if self.registry.is_foreign(caller.owner(), &opinion.answer_id) {
            return Err(Refusal::new(ErrorCode::NotFound, "there is no such answer"));
        }
        self.admission.count(caller, Kind::Feedback)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = RecordFeedbackRequest {
            answer_id: opinion.answer_id,
            positive: opinion.positive,
            comment: opinion.comment,
            given_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        };
        self.services.feedback(record, trace).await.inspect_err(log_failure)
    }

    /// Returns a document for its page.
    ///
    /// # Errors
    /// `NOT_FOUND`; `OVERLOADED` while many pages are being made.
    pub(crate) async fn document(&self, id: &str, collection: &str) -> Result<GetDocumentResponse, Refusal> {
        let Ok(_place) = self.pages.try_acquire() else {
            let busy = Refusal::hidden(ErrorCode::Overloaded, "many pages are being made");
            return Err(busy.after(SHUTDOWN_WAIT));
        };
        let found = self.services.document(id, collection).await;
        found.inspect_err(|refusal| {
            if refusal.code() != ErrorCode::NotFound {
                log_failure(refusal);
            }
        })
    }

    /// Returns the epoch of every answer's numbering.
    pub(crate) fn epoch(&self) -> u64 {
        self.registry.epoch()
    }
}

fn lost_beginning() -> Refusal {
    Refusal::hidden(ErrorCode::Internal, "an answer has no beginning")
}

fn log_failure(refusal: &Refusal) {
    if let Some(cause) = refusal.cause() {
        tracing::warn!(code = refusal.code().name(), cause, "call failed");
    }
}
