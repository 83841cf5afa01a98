//! Calls to the retriever and the generator: deadlines, one retry, and what their failures mean to a reader.

use std::error::Error as _;
use std::time::Duration;

use lifecycle::TraceContext;
use proto::ErrorCode;
use proto::v1::generator_client::GeneratorClient;
use proto::v1::retriever_client::RetrieverClient;
use proto::v1::{
    ExplainRequest, ExplainResponse, GenerateEvent, GenerateRequest, GetDocumentRequest, GetDocumentResponse,
    RecordFeedbackRequest, RewriteRequest, RewriteResponse, SearchRequest, SearchResponse,
};
use tonic::transport::Channel;
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
    retriever: RetrieverClient<Channel>,
    generator: GeneratorClient<Channel>,
    health: [HealthClient<Channel>; 2],
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
        let (retriever, generator) = (upstreams.retriever.channel(), upstreams.generator.channel());
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

    /// Searches, once more when the retriever cannot be reached.
    ///
    /// # Errors
    /// The retriever's refusal, or what a reader may know of its failure.
    pub(crate) async fn search(
        &self,
        request: SearchRequest,
        trace: &TraceContext,
    ) -> Result<SearchResponse, Refusal> {
        let first = self.search_once(request.clone(), trace).await;
        match first {
            Err(refusal) if is_worth_a_retry(&refusal) => {
                retry_pause().await;
                self.search_once(request, trace).await
            }
            done => done,
        }
    }

    async fn search_once(
        &self,
        request: SearchRequest,
        trace: &TraceContext,
    ) -> Result<SearchResponse, Refusal> {
        let limit = self.deadlines.search;
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

    /// Starts an answer. Its first event has to come within the first token's deadline, counted from here.
    ///
    /// # Errors
    /// The generator's refusal, or what a reader may know of its failure.
    pub(crate) async fn generate(
        &self,
        request: GenerateRequest,
        trace: &TraceContext,
    ) -> Result<Generation, Refusal> {
        let asked = tokio::time::Instant::now();
        let Deadlines { first_token, token_gap, answer, .. } = self.deadlines;
        let request = lifecycle::request(request, answer, trace);
        let events = lifecycle::within(first_token, self.generator.clone().generate(request)).await;
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

    use tonic::{Code, Status};

    use super::{ErrorCode, meaning};

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
