//! Calls to the retriever and the generator: deadlines, one retry, and what their failures mean to a reader.

use std::error::Error as _;
use std::time::Duration;

use lifecycle::TraceContext;
use proto::v1::generator_client::GeneratorClient;
use proto::v1::retriever_client::RetrieverClient;
use proto::v1::{
    ExplainRequest, ExplainResponse, GenerateEvent, GenerateRequest, Generation as KnowledgeGeneration,
    GetDocumentRequest, GetDocumentResponse, RecordFeedbackRequest, RewriteRequest, RewriteResponse,
    SearchRequest, SearchResponse, WatchGenerationRequest,
};
use proto::{ErrorCode, ServiceChannel};
use tokio::time::Instant;
use tonic::{Response, Status, Streaming};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::refusal::Refusal;
use crate::settings::{Deadlines, Rewriting, Upstreams};

/// A document with many chunks is larger than tonic's 4 MiB.
const MAX_RESPONSE_BYTES: usize = 32 * 1024 * 1024;
const RETRY_PAUSE: Duration = Duration::from_millis(100);
const EXPIRED: &str = "Timeout expired";
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Clients of both services; clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    retriever: RetrieverClient<ServiceChannel>,
    generator: GeneratorClient<ServiceChannel>,
    health: [HealthClient<ServiceChannel>; 2],
    deadlines: Deadlines,
    rewriting: Rewriting,
}

/// The stream of one answer in the making. Dropping it tells the generator to stop.
#[derive(Debug)]
pub(crate) struct Generation {
    events: Streaming<GenerateEvent>,
    wait: Duration,
    gap: Duration,
}

impl Services {
    /// Returns clients that connect on first use.
    pub(crate) fn new(upstreams: &Upstreams, deadlines: Deadlines, rewriting: Rewriting) -> Self {
        let (retriever, generator) =
            (upstreams.retriever.service_channel(), upstreams.generator.service_channel());
        let health = [HealthClient::new(retriever.clone()), HealthClient::new(generator.clone())];
        let retriever = RetrieverClient::new(retriever).max_decoding_message_size(MAX_RESPONSE_BYTES);
        Self { retriever, generator: GeneratorClient::new(generator), health, deadlines, rewriting }
    }

    /// Returns how long each wait of an answer may last.
    pub(crate) fn deadlines(&self) -> Deadlines {
        self.deadlines
    }

    /// Returns how questions are made to stand alone.
    pub(crate) fn rewriting(&self) -> Rewriting {
        self.rewriting
    }

    /// Has a question written so that it stands alone.
    ///
    /// # Errors
    /// What a reader may know of the failure.
    pub(crate) async fn rewrite(
        &self,
        request: RewriteRequest,
        trace: &TraceContext,
    ) -> Result<RewriteResponse, Refusal> {
        let limit = self.rewriting.patience;
        let request = lifecycle::request(request, limit, trace);
        settle("rewrite", lifecycle::within(limit, self.generator.clone().rewrite(request)).await)
    }

    /// Searches, once more when the retriever cannot be reached. Both calls share the deadline of a search.
    ///
    /// # Errors
    /// The retriever's refusal, or what a reader may know of its failure.
    pub(crate) async fn search(
        &self,
        request: SearchRequest,
        trace: &TraceContext,
    ) -> Result<SearchResponse, Refusal> {
        let until = Instant::now() + self.deadlines.search;
        let first = self.search_once(request.clone(), until, trace).await;
        match first {
            Err(refusal) if is_worth_a_retry(&refusal) => {
                retry_pause().await;
                self.search_once(request, until, trace).await
            }
            done => done,
        }
    }

    async fn search_once(
        &self,
        request: SearchRequest,
        until: Instant,
        trace: &TraceContext,
    ) -> Result<SearchResponse, Refusal> {
        let limit = until.saturating_duration_since(Instant::now());
        let request = lifecycle::request(request, limit, trace);
        settle("search", lifecycle::within(limit, self.retriever.clone().search(request)).await)
    }

    /// Explains a search.
    ///
    /// # Errors
    /// As [`Services::search`].
    pub(crate) async fn explain(
        &self,
        request: ExplainRequest,
        trace: &TraceContext,
    ) -> Result<ExplainResponse, Refusal> {
        let limit = self.deadlines.search;
        let request = lifecycle::request(request, limit, trace);
        settle("explain", lifecycle::within(limit, self.retriever.clone().explain(request)).await)
    }

    /// Returns a document with its chunks.
    ///
    /// # Errors
    /// `NOT_FOUND`, or what a reader may know of the failure.
    pub(crate) async fn document(&self, id: &str, collection: &str) -> Result<GetDocumentResponse, Refusal> {
        let limit = self.deadlines.search;
        let message =
            GetDocumentRequest { document_id: id.to_owned(), collections: vec![collection.to_owned()] };
        let request = lifecycle::request(message, limit, &TraceContext::new());
        settle("document", lifecycle::within(limit, self.retriever.clone().get_document(request)).await)
    }

    /// Follows the newest generation: now, and after each change, for as long as the connection lasts.
    ///
    /// # Errors
    /// What is to be known of the failure.
    pub(crate) async fn watch_generation(&self) -> Result<Streaming<KnowledgeGeneration>, Refusal> {
        let request = tonic::Request::new(WatchGenerationRequest {});
        let mut retriever = self.retriever.clone();
        let watching = retriever.watch_generation(request);
        settle("generation", lifecycle::within(self.deadlines.search, watching).await)
    }

    /// Returns the newest generation at this moment.
    ///
    /// # Errors
    /// What is to be known of the failure.
    pub(crate) async fn newest_generation(&self) -> Result<u64, Refusal> {
        let first = async {
            let told = self.watch_generation().await?.message().await;
            told.map_err(|status| meaning("generation", &status))
        };
        let late = |late: lifecycle::TimedOut| Refusal::hidden(ErrorCode::DeadlineExceeded, late.to_string());
        let generation = lifecycle::within(self.deadlines.search, first).await.map_err(late)??;
        let silent = || Refusal::hidden(ErrorCode::Unavailable, "the retriever names no generation");
        generation.map(|generation| generation.number).ok_or_else(silent)
    }

    /// Stores an opinion about an answer.
    ///
    /// # Errors
    /// What a reader may know of the failure.
    pub(crate) async fn feedback(
        &self,
        opinion: RecordFeedbackRequest,
        trace: &TraceContext,
    ) -> Result<(), Refusal> {
        let limit = self.deadlines.search;
        let request = lifecycle::request(opinion, limit, trace);
        settle("feedback", lifecycle::within(limit, self.retriever.clone().record_feedback(request)).await)
            .map(|_| ())
    }

    /// Starts an answer. Its first event has to come within the first token's deadline, counted from when it was `asked` for: an
    /// answer that is begun once more has what is left.
    ///
    /// # Errors
    /// The generator's refusal, or what a reader may know of its failure.
    pub(crate) async fn generate(
        &self,
        request: GenerateRequest,
        asked: Instant,
        trace: &TraceContext,
    ) -> Result<Generation, Refusal> {
        let Deadlines { first_token, token_gap, answer, .. } = self.deadlines;
        let request = lifecycle::request(request, answer, trace);
        let patience = first_token.saturating_sub(asked.elapsed());
        let events = lifecycle::within(patience, self.generator.clone().generate(request)).await;
        let wait = first_token.saturating_sub(asked.elapsed());
        Ok(Generation { events: settle("generate", events)?, wait, gap: token_gap })
    }

    /// Returns whether both services say that they serve.
    pub(crate) async fn are_ready(&self) -> bool {
        for client in &self.health {
            let mut client = client.clone();
            let asking = client.check(HealthCheckRequest { service: String::new() });
            match lifecycle::within(HEALTH_TIMEOUT, asking).await {
                Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => {}
                _ => return false,
            }
        }
        true
    }
}

impl Generation {
    /// Returns the next event, or nothing at the end of the stream.
    ///
    /// # Errors
    /// `DEADLINE_EXCEEDED` when the next event takes too long, or what a reader may know of the failure.
    pub(crate) async fn next(&mut self) -> Result<Option<GenerateEvent>, Refusal> {
        let received = lifecycle::within(self.wait, self.events.message()).await;
        self.wait = self.gap;
        match received {
            Ok(Ok(event)) => Ok(event),
            Ok(Err(status)) => Err(meaning("generate", &status)),
            Err(late) => Err(Refusal::hidden(ErrorCode::DeadlineExceeded, format!("generate: {late}"))),
        }
    }
}

/// Waits about 100 ms, so that callers who failed together do not return together.
pub(crate) async fn retry_pause() {
    let spread = u64::try_from(ulid::Ulid::new().random() % 100).unwrap_or(0);
    tokio::time::sleep(RETRY_PAUSE / 2 + Duration::from_millis(spread)).await;
}

/// Returns whether the same call may succeed a moment later: nobody answered it. An overloaded service did answer.
pub(crate) fn is_worth_a_retry(refusal: &Refusal) -> bool {
    refusal.code() == ErrorCode::Unavailable && refusal.retry_after().is_none()
}

fn settle<T>(
    call: &'static str,
    called: Result<Result<Response<T>, Status>, lifecycle::TimedOut>,
) -> Result<T, Refusal> {
    match called {
        Ok(Ok(response)) => Ok(response.into_inner()),
        Ok(Err(status)) => Err(meaning(call, &status)),
        Err(late) => Err(Refusal::hidden(ErrorCode::DeadlineExceeded, format!("{call}: {late}"))),
    }
}

/// Returns what a failure inside means to the reader outside. Only sentences that were written for callers pass.
fn meaning(call: &'static str, status: &Status) -> Refusal {
    let (code, retry_after) = ErrorCode::of(status);
    let cause = format!("{call}: {:?}: {}", status.code(), status.message());
    let code = match code {
        // How tonic puts it when the time that the call carries is over.
        ErrorCode::Cancelled if status.message() == EXPIRED => ErrorCode::DeadlineExceeded,
        // A status with a source was made on this side from a broken connection, whatever code it got.
        _ if status.source().is_some() => ErrorCode::Unavailable,
        code => code,
    };
    match code {
        ErrorCode::InvalidArgument | ErrorCode::Blocked | ErrorCode::NotFound => {
            Refusal::new(code, status.message().to_owned())
        }
        ErrorCode::RateLimited
        | ErrorCode::Overloaded
        | ErrorCode::Unavailable
        | ErrorCode::DeadlineExceeded => {
            let refusal = Refusal::hidden(code, cause);
            retry_after.map_or_else(|| refusal.clone(), |wait| refusal.clone().after(wait))
        }
        // The other service leaves or gave up; this one stays.
        ErrorCode::ShuttingDown | ErrorCode::Cancelled | ErrorCode::StorageFull => {
            Refusal::hidden(ErrorCode::Unavailable, cause)
        }
        _ => Refusal::hidden(ErrorCode::Internal, cause),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::mpsc;
    use tonic::{Code, Status};

    use super::{
        Deadlines, ErrorCode, GenerateRequest, Instant, Rewriting, SearchRequest, Services, TraceContext,
        Upstreams, meaning,
    };

    #[tokio::test(start_paused = true)]
    async fn a_call_that_is_made_once_more_has_what_is_left_of_its_time() {
        let second = Duration::from_secs(1);
        let (sender, mut listener) = mpsc::channel(1);
        // The first connection breaks after 7 s, the others stay and are silent.
        let peer = async {
            let first = listener.recv().await;
            tokio::time::sleep(7 * second).await;
            drop(first);
            let mut silent = Vec::new();
            loop {
                silent.push(listener.recv().await);
            }
        };
        let target = proto::Target::Memory(sender);
        let upstreams = Upstreams { retriever: target.clone(), generator: target };
        let deadlines = Deadlines {
            search: 10 * second,
            first_token: 20 * second,
            token_gap: second,
            answer: 120 * second,
        };
        let rewriting = Rewriting { is_by_model: false, patience: second, microdollars: 1 };
        let services = Services::new(&upstreams, deadlines, rewriting);
        let (begun, trace) = (Instant::now(), TraceContext::new());
        let calls = async {
            let refusal =
                services.search(SearchRequest::default(), &trace).await.expect_err("nobody answers");
            assert_eq!((refusal.code(), begun.elapsed()), (ErrorCode::DeadlineExceeded, 10 * second));
            let late = services.generate(GenerateRequest::default(), begun, &trace).await;
            let refusal = late.expect_err("nobody answers");
            assert_eq!((refusal.code(), begun.elapsed()), (ErrorCode::DeadlineExceeded, 20 * second));
        };
        tokio::select! {
            () = calls => {}
            () = peer => unreachable!("it is there for ever"),
        }
    }

    #[test]
    fn a_reader_learns_no_internals() {
        for (status, expected) in [
            (Status::new(Code::Internal, "/var/lib/index.db: 10.0.0.7"), ErrorCode::Internal),
            (Status::new(Code::Unknown, "/var/lib 10.0.0.7"), ErrorCode::Internal),
            (Status::new(Code::Unavailable, "10.0.0.7 refused"), ErrorCode::Unavailable),
            (Status::new(Code::Unauthenticated, "10.0.0.7"), ErrorCode::Internal),
            (ErrorCode::ShuttingDown.status("10.0.0.7", None), ErrorCode::Unavailable),
            (ErrorCode::StorageFull.status("/var/lib", None), ErrorCode::Unavailable),
            (Status::from_error(tonic::TimeoutExpired(()).into()), ErrorCode::DeadlineExceeded),
            (Status::new(Code::Cancelled, "10.0.0.7"), ErrorCode::Unavailable),
            (Status::from_error(std::io::Error::other("10.0.0.7").into()), ErrorCode::Unavailable),
        ] {
            let refusal = meaning("search", &status);
            assert_eq!(refusal.code(), expected, "{status:?}");
            assert!(!refusal.message().contains("10.0") && !refusal.message().contains("/var"), "{refusal}");
            assert!(refusal.cause().is_some());
        }
    }

    #[test]
    fn a_sentence_for_callers_passes_with_its_waiting_time() {
        let refusal = meaning("search", &ErrorCode::InvalidArgument.status("top_k is 0", None));
        assert_eq!((refusal.code(), refusal.message()), (ErrorCode::InvalidArgument, "top_k is 0"));
        let busy = ErrorCode::Overloaded.status("busy", Some(Duration::from_secs(3)));
        assert_eq!(meaning("generate", &busy).retry_after(), Some(Duration::from_secs(3)));
    }
}
