//! The service over a real gRPC connection through a pipe in memory.

#![expect(clippy::expect_used, reason = "helpers of tests are not covered by the allowance for tests")]

use std::time::Duration;

use generator::{Listeners, Settings};
use lifecycle::{Reader, Shutdown};
use proto::v1::generate_event::Event;
use proto::v1::generator_client::GeneratorClient;
use proto::v1::{AnswerSource, Citation, FinishReason, Finished, GenerateRequest, Passage};
use proto::{ErrorCode, Target};
use tonic::transport::Channel;

struct Stack {
    client: GeneratorClient<Channel>,
    shutdown: Shutdown,
}

async fn stack(settings: &[(&str, &str)]) -> Stack {
    let settings = Settings::read(&mut Reader::from_pairs(settings.iter().copied())).expect("settings");
    let (clients, grpc) = lifecycle::memory_listener();
    let shutdown = Shutdown::new();
    let running =
        generator::start(&settings, Listeners { grpc, internal: None }, &shutdown).await.expect("started");
    assert!(running.readiness.is_ready());
    Stack { client: GeneratorClient::new(Target::Memory(clients).channel()), shutdown }
}

fn hours() -> Passage {
    Passage {
        document_id: "hours.md".to_owned(),
        title: "Opening hours".to_owned(),
        text: "On Saturdays we are open from 9:30 to 17:00. On Sundays we are open from 11:00 to 16:00."
            .to_owned(),
        ..Passage::default()
    }
}

fn request(question: &str, passages: Vec<Passage>) -> GenerateRequest {
    GenerateRequest { question: question.to_owned(), passages, ..GenerateRequest::default() }
}

async fn answer(stack: &mut Stack, request: GenerateRequest) -> (Vec<String>, Vec<Citation>, Finished) {
    let mut stream = stack.client.generate(request).await.expect("accepted").into_inner();
    let (mut deltas, mut citations, mut end) = (Vec::new(), Vec::new(), None);
    while let Some(event) = stream.message().await.expect("a good stream") {
        assert!(end.is_none(), "nothing follows the end");
        match event.event.expect("an event") {
            Event::Delta(delta) => {
                if let Some(place) = delta.text.find('[') {
                    let number: u32 =
                        delta.text[place + 1..].trim_end_matches(']').parse().expect("a number");
                    assert!(
                        citations.iter().any(|citation: &Citation| citation.number == number),
                        "marker before source"
                    );
                }
                deltas.push(delta.text);
            }
            Event::Citation(citation) => citations.push(citation),
            Event::Finished(finished) => end = Some(finished),
            Event::Notice(_) | Event::Retract(_) | Event::Committed(_) | Event::Unsupported(_) => {
                unreachable!("not sent by this model")
            }
        }
    }
    (deltas, citations, end.expect("an end"))
}

#[tokio::test]
async fn an_answer_streams_with_its_citation() {
    let mut stack = stack(&[]).await;
    let (deltas, citations, end) =
        answer(&mut stack, request("When are you open on Sundays?", vec![hours()])).await;
    assert!(deltas.len() > 2, "{deltas:?}");
    assert_eq!(deltas.concat(), "On Sundays we are open from 11:00 to 16:00. [1]");
    assert_eq!(citations.len(), 1);
    assert_eq!(citations[0].passage, Some(hours()));
    assert_eq!(citations[0].quote, "On Sundays we are open from 11:00 to 16:00.");
    assert_eq!((end.finish_reason(), end.source()), (FinishReason::Complete, AnswerSource::Extractive));
    assert_eq!((end.model.as_str(), end.usage), ("extractive", Some(proto::v1::Usage::default())));
}

#[tokio::test]
async fn a_question_without_evidence_gets_the_business_refusal() {
    let mut stack = stack(&[("GENERATOR_CONTACT", "info@shop.example")]).await;
    for passages in [vec![], vec![hours()]] {
        let (deltas, citations, end) =
            answer(&mut stack, request("Do you sell helicopters?", passages)).await;
        assert_eq!(
            deltas.concat(),
            "I could not find that in our documents. Please contact us: info@shop.example"
        );
        assert!(citations.is_empty());
        assert_eq!((end.finish_reason(), end.source()), (FinishReason::NoEvidence, AnswerSource::FixedText));
        assert_eq!(end.model, "");
    }
}

#[tokio::test]
async fn a_rewritten_question_is_the_one_that_is_answered() {
    let mut stack = stack(&[]).await;
    let mut request = request("And on Sundays?", vec![hours()]);
    request.rewritten_question = "When are you open on Sundays?".to_owned();
    let (deltas, ..) = answer(&mut stack, request).await;
    assert!(deltas.concat().starts_with("On Sundays"), "{deltas:?}");
}

#[tokio::test]
async fn requests_over_a_limit_are_refused_with_their_code() {
    let mut stack = stack(&[]).await;
    let long = Passage { text: "x".repeat(70_000), ..Passage::default() };
    let mut unlimited = request("Where?", vec![hours()]);
    unlimited.max_output_tokens = Some(0);
    let cases = [
        (request("  ", vec![hours()]), ErrorCode::InvalidArgument, "question"),
        (request(&"x".repeat(4_001), vec![hours()]), ErrorCode::TooLarge, "question"),
        (request("Where?", vec![hours(); 21]), ErrorCode::TooLarge, "passages"),
        (request("Where?", vec![hours(), long]), ErrorCode::TooLarge, "passages[1]"),
        (unlimited, ErrorCode::InvalidArgument, "max_output_tokens"),
    ];
    for (request, code, field) in cases {
        let status = stack.client.generate(request).await.expect_err(field);
        assert_eq!(ErrorCode::of(&status).0, code, "{status}");
        assert!(status.message().starts_with(field), "{status}");
    }
}

#[tokio::test]
async fn the_callers_deadline_ends_a_slow_answer() {
    let mut stack = stack(&[("GENERATOR_TOKENS_PER_SECOND", "1")]).await;
    let mut request = tonic::Request::new(request("When are you open on Sundays?", vec![hours()]));
    request.set_timeout(Duration::from_millis(300));
    let mut stream = stack.client.generate(request).await.expect("accepted").into_inner();
    let error = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => unreachable!("a cut answer has no good end"),
            Err(error) => break error,
        }
    };
    assert_eq!(ErrorCode::of(&error).0, ErrorCode::DeadlineExceeded);
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_work() {
    let mut stack = stack(&[("GENERATOR_TOKENS_PER_SECOND", "1")]).await;
    let mut stream = stack
        .client
        .generate(request("When are you open on Sundays?", vec![hours()]))
        .await
        .expect("accepted")
        .into_inner();
    assert!(stream.message().await.expect("a first event").is_some());
    drop(stream);
    drop(stack.client);
    // An answer of ten seconds is open unless the client's leaving ended it: the drain shows which.
    stack.shutdown.begin();
    assert!(stack.shutdown.drained(Duration::from_secs(5)).await);
}

#[tokio::test]
async fn two_generators_live_in_one_process() {
    let (mut one, mut other) =
        (stack(&[("GENERATOR_REFUSAL", "One.")]).await, stack(&[("GENERATOR_REFUSAL", "Other.")]).await);
    let (from_one, ..) = answer(&mut one, request("Where?", vec![])).await;
    let (from_other, ..) = answer(&mut other, request("Where?", vec![])).await;
    assert_eq!((from_one.concat().as_str(), from_other.concat().as_str()), ("One.", "Other."));
}
