//! Fakes of the services behind the gateway: real gRPC servers that do what the test says.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::{Stream, StreamExt, stream};
use proto::v1::generate_event::Event;
use proto::v1::generator_server::Generator;
use proto::v1::retriever_server::Retriever;
use proto::v1::{self, Citation, Delta, Finished, GenerateEvent, GenerateRequest, Passage};
use tokio::sync::{Notify, watch};
use tonic::{Request, Response, Status, Streaming};

/// One step of an answer in the making.
#[expect(clippy::large_enum_variant, reason = "a test's plan is short")]
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Event(Event),
    /// Goes on when the test says so.
    Gate(Arc<Notify>),
    Fail(Status),
    /// Nothing more ever comes.
    Hang,
}

pub(crate) fn delta(text: &str) -> Step {
    Step::Event(Event::Delta(Delta { text: text.to_owned() }))
}

pub(crate) fn finished() -> Step {
    finished_for(0)
}

fn finished_for(cost_microdollars: u64) -> Step {
    Step::Event(Event::Finished(Finished {
        finish_reason: v1::FinishReason::Complete.into(),
        usage: Some(v1::Usage {
            input_tokens: 7,
            output_tokens: 3,
            cost_microdollars,
            ..v1::Usage::default()
        }),
        source: v1::AnswerSource::Extractive.into(),
        model: "extractive".to_owned(),
        follow_ups: vec!["Are you open on public holidays?".to_owned()],
    }))
}

pub(crate) fn passage() -> Passage {
    Passage {
        document_id: "hours & more.md".to_owned(),
        collection: "main".to_owned(),
        title: "Opening hours".to_owned(),
        heading_path: vec!["Opening hours".to_owned()],
        text: "On Sundays we are open.".to_owned(),
        ordinal: 3,
        score: 0.5,
        evidence: 1.0,
        ..Passage::default()
    }
}

/// A whole answer with every kind of event.
pub(crate) fn full_answer() -> Vec<Step> {
    let notice = v1::Notice { kind: "extractive".to_owned(), text: "Quoted.".to_owned() };
    let citation =
        Citation { number: 1, passage: Some(passage()), quote: "open".to_owned(), url: String::new() };
    let unsupported = v1::Unsupported {
        byte_range: Some(v1::ByteRange { start: 0, end: 22 }),
        claims: vec![v1::Claim { kind: "price".to_owned(), text: "$49".to_owned() }],
        is_uncited: false,
    };
    let retract = v1::Retract { from_byte: 13, reason: "Withdrawn.".to_owned() };
    vec![
        Step::Event(Event::Notice(notice)),
        delta("Grüße, open [1]"),
        delta(" tail"),
        Step::Event(Event::Citation(citation)),
        Step::Event(Event::Unsupported(unsupported)),
        Step::Event(Event::Retract(retract)),
        delta(" [1]"),
        finished(),
    ]
}

#[derive(Clone, Debug)]
pub(crate) struct FakeGenerator {
    plans: Arc<Mutex<VecDeque<Vec<Step>>>>,
    pub(crate) calls: Arc<Mutex<Vec<GenerateRequest>>>,
    open: Arc<watch::Sender<usize>>,
    /// What an answer costs, and what all of them cost.
    money: Arc<Mutex<(u64, u64)>>,
    pub(crate) rewrites: Arc<Mutex<Vec<v1::RewriteRequest>>>,
    /// What a question is rewritten to.
    pub(crate) rewritten: Arc<Mutex<Result<v1::RewriteResponse, Status>>>,
}

impl FakeGenerator {
    pub(crate) fn new() -> Self {
        let open = Arc::new(watch::Sender::new(0));
        let rewritten = Arc::new(Mutex::new(Ok(v1::RewriteResponse::default())));
        let (plans, calls, money, rewrites) = Default::default();
        Self { plans, calls, open, money, rewrites, rewritten }
    }

    /// Without a plan an answer costs so much, or nothing where its budget is too small.
    pub(crate) fn costs(&self, microdollars: u64) {
        self.money.lock().unwrap().0 = microdollars;
    }

    /// Returns what all answers without a plan cost.
    pub(crate) fn spent(&self) -> u64 {
        self.money.lock().unwrap().1
    }

    fn without_a_plan(&self, budget: Option<u64>) -> Vec<Step> {
        let mut money = self.money.lock().unwrap();
        let (price, spent) = *money;
        if price == 0 || budget.is_some_and(|budget| budget < price) {
            return full_answer();
        }
        money.1 = spent + price;
        let committed = Event::Committed(v1::Committed { cost_microdollars: price });
        vec![Step::Event(committed), delta("Paid."), finished_for(price)]
    }

    /// The next call does this; without a plan a call answers fully.
    pub(crate) fn plan(&self, steps: Vec<Step>) {
        self.plans.lock().unwrap().push_back(steps);
    }

    /// Waits until this many streams are open.
    pub(crate) async fn open_streams(&self, number: usize) {
        self.open.subscribe().wait_for(|open| *open == number).await.unwrap();
    }

    pub(crate) fn call_count(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

struct OpenStream(Arc<watch::Sender<usize>>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

#[tonic::async_trait]
impl Generator for FakeGenerator {
    type GenerateStream = Pin<Box<dyn Stream<Item = Result<GenerateEvent, Status>> + Send>>;

    async fn generate(
        &self,
        request: Request<GenerateRequest>,
    ) -> Result<Response<Self::GenerateStream>, Status> {
        let request = request.into_inner();
        let budget = request.budget_microdollars;
        self.calls.lock().unwrap().push(request);
        let planned = self.plans.lock().unwrap().pop_front();
        let steps = planned.unwrap_or_else(|| self.without_a_plan(budget));
        if let [Step::Fail(status)] = steps.as_slice() {
            return Err(status.clone());
        }
        self.open.send_modify(|open| *open += 1);
        let open = OpenStream(Arc::clone(&self.open));
        let events = stream::iter(steps).then(move |step| {
            let _open = &open;
            async move {
                match step {
                    Step::Event(event) => Some(Ok(GenerateEvent { event: Some(event) })),
                    Step::Fail(status) => Some(Err(status)),
                    Step::Gate(gate) => {
                        gate.notified().await;
                        None
                    }
                    Step::Hang => std::future::pending().await,
                }
            }
        });
        Ok(Response::new(Box::pin(events.filter_map(|event| async { event }))))
    }

    async fn rewrite(
        &self,
        request: Request<v1::RewriteRequest>,
    ) -> Result<Response<v1::RewriteResponse>, Status> {
        self.rewrites.lock().unwrap().push(request.into_inner());
        self.rewritten.lock().unwrap().clone().map(Response::new)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct FakeRetriever {
    /// The generation of the knowledge; none where nobody may follow it.
    pub(crate) generation: Arc<watch::Sender<Option<u64>>>,
    /// What searches get that want the question's vector.
    pub(crate) vector: Arc<Mutex<Vec<f32>>>,
    pub(crate) searches: Arc<Mutex<Vec<v1::SearchRequest>>>,
    pub(crate) failures: Arc<Mutex<VecDeque<Status>>>,
    pub(crate) opinions: Arc<Mutex<Vec<v1::RecordFeedbackRequest>>>,
    pub(crate) no_passages: Arc<Mutex<bool>>,
    held: Arc<Mutex<Option<Arc<Notify>>>>,
}

impl FakeRetriever {
    pub(crate) fn new() -> Self {
        let generation = Arc::new(watch::Sender::new(None));
        let (vector, searches, failures, opinions, no_passages, held) = Default::default();
        Self { generation, vector, searches, failures, opinions, no_passages, held }
    }

    pub(crate) fn fail(&self, status: Status) {
        self.failures.lock().unwrap().push_back(status);
    }

    /// The next search waits for the gate.
    pub(crate) fn hold(&self, gate: &Arc<Notify>) {
        *self.held.lock().unwrap() = Some(Arc::clone(gate));
    }

    fn next_failure(&self) -> Result<(), Status> {
        self.failures.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }
}

/// A question that begins with "And" leans on the first message.
fn leaning(request: &v1::SearchRequest) -> String {
    match request.history.first() {
        Some(first) if request.question.starts_with("And") => format!("{} {}", first.text, request.question),
        _ => String::new(),
    }
}

fn unused<T>() -> Result<Response<T>, Status> {
    Err(Status::unimplemented("the gateway does not call this"))
}

#[tonic::async_trait]
impl Retriever for FakeRetriever {
    async fn search(
        &self,
        request: Request<v1::SearchRequest>,
    ) -> Result<Response<v1::SearchResponse>, Status> {
        let request = request.into_inner();
        self.searches.lock().unwrap().push(request.clone());
        let held = self.held.lock().unwrap().take();
        if let Some(gate) = held {
            gate.notified().await;
        }
        self.next_failure()?;
        let none = *self.no_passages.lock().unwrap();
        let stage_times =
            v1::StageTimes { embed_ms: Some(0.5), search_ms: Some(1.5), ..v1::StageTimes::default() };
        Ok(Response::new(v1::SearchResponse {
            passages: if none {
                Vec::new()
            } else {
                vec![Passage { collection: request.collections[0].clone(), ..passage() }]
            },
            generation: self.generation.borrow().unwrap_or(42),
            stage_times: Some(stage_times),
            rewritten_question: leaning(&request),
            question_vector: if request.wants_question_vector {
                self.vector.lock().unwrap().clone()
            } else {
                Vec::new()
            },
        }))
    }

    async fn explain(&self, _: Request<v1::ExplainRequest>) -> Result<Response<v1::ExplainResponse>, Status> {
        self.next_failure()?;
        Ok(Response::new(v1::ExplainResponse {
            terms: vec!["open".to_owned()],
            ..v1::ExplainResponse::default()
        }))
    }

    async fn replace_document(
        &self,
        _: Request<Streaming<v1::ReplaceDocumentRequest>>,
    ) -> Result<Response<v1::ReplaceDocumentResponse>, Status> {
        unused()
    }

    async fn delete_document(
        &self,
        _: Request<v1::DeleteDocumentRequest>,
    ) -> Result<Response<v1::DeleteDocumentResponse>, Status> {
        unused()
    }

    async fn find_vectors(
        &self,
        _: Request<v1::FindVectorsRequest>,
    ) -> Result<Response<v1::FindVectorsResponse>, Status> {
        unused()
    }

    async fn list_changes(
        &self,
        _: Request<v1::ListChangesRequest>,
    ) -> Result<Response<v1::ListChangesResponse>, Status> {
        unused()
    }

    async fn rollback(
        &self,
        _: Request<v1::RollbackRequest>,
    ) -> Result<Response<v1::RollbackResponse>, Status> {
        unused()
    }

    async fn list_withheld(
        &self,
        _: Request<v1::ListWithheldRequest>,
    ) -> Result<Response<v1::ListWithheldResponse>, Status> {
        unused()
    }

    async fn purge(&self, _: Request<v1::PurgeRequest>) -> Result<Response<v1::PurgeResponse>, Status> {
        unused()
    }

    async fn list_collections(
        &self,
        _: Request<v1::ListCollectionsRequest>,
    ) -> Result<Response<v1::ListCollectionsResponse>, Status> {
        unused()
    }

    async fn list_documents(
        &self,
        _: Request<v1::ListDocumentsRequest>,
    ) -> Result<Response<v1::ListDocumentsResponse>, Status> {
        unused()
    }

    async fn get_document(
        &self,
        request: Request<v1::GetDocumentRequest>,
    ) -> Result<Response<v1::GetDocumentResponse>, Status> {
        let request = request.into_inner();
        if request.document_id != "docs/hours & more.md" {
            return Err(Status::not_found("/var/lib/index.db holds no such document"));
        }
        let header = v1::DocumentHeader {
            document_id: request.document_id,
            title: "Opening <hours>".to_owned(),
            ..v1::DocumentHeader::default()
        };
        let document = v1::DocumentSummary { header: Some(header), ..v1::DocumentSummary::default() };
        let chunk = v1::Chunk {
            ordinal: 3,
            text: "On Sundays <b>we</b> are open.".to_owned(),
            ..v1::Chunk::default()
        };
        Ok(Response::new(v1::GetDocumentResponse { document: Some(document), chunks: vec![chunk] }))
    }

    type WatchGenerationStream = Pin<Box<dyn Stream<Item = Result<v1::Generation, Status>> + Send>>;

    async fn watch_generation(
        &self,
        _: Request<v1::WatchGenerationRequest>,
    ) -> Result<Response<Self::WatchGenerationStream>, Status> {
        if self.generation.borrow().is_none() {
            return unused();
        }
        let changes = tokio_stream::wrappers::WatchStream::new(self.generation.subscribe());
        let told = |generation: Option<u64>| async move {
            let told = generation.ok_or_else(|| Status::unavailable("the retriever is gone"));
            Some(told.map(|number| v1::Generation { number, committed_ms: 0 }))
        };
        Ok(Response::new(Box::pin(changes.filter_map(told))))
    }

    async fn record_feedback(
        &self,
        request: Request<v1::RecordFeedbackRequest>,
    ) -> Result<Response<v1::RecordFeedbackResponse>, Status> {
        self.next_failure()?;
        self.opinions.lock().unwrap().push(request.into_inner());
        Ok(Response::new(v1::RecordFeedbackResponse {}))
    }
}
