//! What a caller can do, whatever the transport: ask, resume, stop, search, explain, give an opinion, read a document.

mod asking;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lifecycle::{Shutdown, TraceContext};
use proto::ErrorCode;
use proto::v1::{
    ExplainRequest, ExplainResponse, FeedbackReason, GetDocumentResponse, HistoryTurn, RankingSettings,
    RecordFeedbackRequest, SearchEffort, SearchFilter, SearchMode, SearchRequest, SearchResponse,
};
use tokio::sync::Semaphore;

use crate::admission::{Admission, Caller, Kind};
use crate::answer::Answer;
use crate::cache::Cache;
use crate::keys::Scope;
use crate::metrics::Metrics;
use crate::overload::Limits;
use crate::question::{Question, check_answer_id, check_comment, check_search_passages, check_text};
use crate::refusal::Refusal;
use crate::registry::{Registry, Resumed};
use crate::settings::{AnswerBounds, Settings};
use crate::sharing::Sharing;
use crate::state::Redis;
use crate::upstream::Services;

/// Document pages fetched at once; each may hold a whole document in memory.
const PAGES_AT_ONCE: usize = 8;
const SHUTDOWN_WAIT: Duration = Duration::from_secs(1);

/// The one core behind every transport.
#[derive(Debug)]
pub(crate) struct Chat {
    admission: Admission,
    registry: Arc<Registry>,
    sharing: Option<Arc<Sharing>>,
    services: Services,
    cache: Cache,
    bounds: AnswerBounds,
    limits: Limits,
    is_logged: bool,
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
    /// Whether it came under an `Idempotency-Key`.
    pub(crate) is_keyed: bool,
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
    /// What was not right.
    pub(crate) reason: FeedbackReason,
}

impl Chat {
    /// Returns the core. Answers that are still being written when shutdown has lasted for `grace` fail with
    /// `SHUTTING_DOWN`.
    pub(crate) fn new(
        admission: Admission,
        (services, cache): (Services, Cache),
        settings: &Settings,
        metrics: Arc<Metrics>,
        (shutdown, grace): (Shutdown, Duration),
    ) -> Self {
        let bounds = settings.answers;
        let registry = Arc::new(Registry::new(bounds));
        let limits = Limits::new(settings, &metrics);
        Self {
            admission,
            registry,
            sharing: None,
            services,
            cache,
            bounds,
            limits,
            is_logged: settings.access_log,
            metrics,
            shutdown,
            grace,
            pages: Semaphore::new(PAGES_AT_ONCE),
        }
    }

    /// Returns the core with answers that other gateways can go on reading.
    pub(crate) fn sharing(mut self, redis: Option<&Arc<Redis>>) -> Self {
        let share = |redis| {
            Arc::new(Sharing::new(Arc::clone(redis), self.bounds, (self.shutdown.clone(), self.grace)))
        };
        self.sharing = redis.map(share);
        self
    }

    /// Returns whether another gateway can go on with this one's answers.
    pub(crate) fn is_shared(&self) -> bool {
        self.sharing.is_some()
    }

    /// Returns the door.
    pub(crate) fn admission(&self) -> &Admission {
        &self.admission
    }

    /// Returns what is counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Says whether another question would be let in, before anything is prepared for it.
    ///
    /// # Errors
    /// `OVERLOADED` with the time after which to try again.
    pub(crate) fn has_room(&self) -> Result<(), Refusal> {
        self.limits.answers.check()
    }

    /// Returns whether questions have been refused for so long that a balancer should look elsewhere.
    pub(crate) fn is_overloaded(&self) -> bool {
        self.limits.answers.is_overloaded()
    }

    /// Returns whether this answer is the one that the same message led to before.
    pub(crate) fn is_answer_to(&self, caller: &Caller, answer: &Answer, question: &Question) -> bool {
        let asked_by = self.registry.asked_by(answer.id());
        let message_id = &question.asked().message_id;
        asked_by.is_some_and(|(owner, known)| owner == *caller.owner() && known == *message_id)
    }

    /// Continues an answer after the event `after_seq` of `epoch`.
    ///
    /// # Errors
    /// `NOT_FOUND` for an unknown or foreign answer.
    pub(crate) async fn resume(
        &self,
        caller: &Caller,
        answer_id: &str,
        place: (u64, u64),
    ) -> Result<Resumed, Refusal> {
        caller.check(Scope::Chat)?;
        check_answer_id(answer_id)?;
        if let Some(sharing) = self.sharing.as_ref().filter(|_| !self.registry.knows(answer_id))
            && let Some(resumed) = sharing.resume(caller.owner(), answer_id, place).await?
        {
            return Ok(resumed);
        }
        self.registry.resume(caller.owner(), answer_id, place)
    }

    /// Stops an answer; returns whether it was still being written.
    ///
    /// # Errors
    /// `NOT_FOUND` for an unknown or foreign answer.
    pub(crate) async fn stop(&self, caller: &Caller, answer_id: &str) -> Result<bool, Refusal> {
        caller.check(Scope::Chat)?;
        check_answer_id(answer_id)?;
        if let Some(sharing) = self.sharing.as_ref().filter(|_| !self.registry.knows(answer_id))
            && let Some(answer) = sharing.find(caller.owner(), answer_id).await?
        {
            let was_running = !answer.has_ended();
            sharing.stop(&answer).await;
            return Ok(was_running);
        }
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
        caller.check(Scope::Search)?;
        let request = self.lookup(caller, lookup).await?;
        let room = self.limits.searches.enter()?;
        let found = self.services.search(request, trace).await;
        match &found {
            Ok(_) => room.responded(),
            Err(refusal) => room.failed(refusal.code()),
        }
        found.inspect_err(log_failure)
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
        caller.check(Scope::Explain)?;
        let request = ExplainRequest { search: Some(self.lookup(caller, lookup).await?), ranking };
        let _room = self.limits.searches.enter()?;
        self.services.explain(request, trace).await.inspect_err(log_failure)
    }

    async fn lookup(&self, caller: &Caller, lookup: Lookup) -> Result<SearchRequest, Refusal> {
        check_text(&lookup.text, "query")?;
        check_search_passages(lookup.top_k)?;
        if lookup.evidence_threshold.is_some_and(|threshold| !(0.0..=1.0).contains(&threshold)) {
            return Err(Refusal::invalid("evidence_threshold is out of range; expected 0 to 1"));
        }
        let collections = caller.collections(&lookup.collections)?;
        self.admission.count(caller, Kind::Search).await?;
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
            wants_question_vector: false,
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
        caller.check(Scope::Chat)?;
        check_answer_id(&opinion.answer_id)?;
        check_comment(&opinion.comment)?;
        if self.is_foreign(caller, &opinion.answer_id).await {
            return Err(Refusal::new(ErrorCode::NotFound, "there is no such answer"));
        }
        self.admission.count(caller, Kind::Feedback).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let record = RecordFeedbackRequest {
            answer_id: opinion.answer_id,
            positive: opinion.positive,
            comment: opinion.comment,
            given_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            reason: opinion.reason.into(),
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

    /// Returns whether the answer is known, here or at another gateway, and belongs to somebody else.
    pub(crate) async fn is_foreign(&self, caller: &Caller, answer_id: &str) -> bool {
        match self.sharing.as_ref().filter(|_| !self.registry.knows(answer_id)) {
            Some(sharing) => sharing.is_foreign(caller.owner(), answer_id).await,
            None => self.registry.is_foreign(caller.owner(), answer_id),
        }
    }

    /// Returns the epoch of every answer's numbering.
    pub(crate) fn epoch(&self) -> u64 {
        self.registry.epoch()
    }
}

fn log_failure(refusal: &Refusal) {
    if let Some(cause) = refusal.cause() {
        tracing::warn!(code = refusal.code().name(), cause, "call failed");
    }
}
