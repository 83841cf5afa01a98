//! The public gRPC service: the same answers, limits and codes.

use std::time::Duration;

use proto::ErrorCode;
use proto::v1::chat_event::Event;
use proto::v1::send_feedback_request::Verdict;
use proto::v1::{
    AskRequest, ChatEvent, ExplainRequest, FeedbackReason, HistoryTurn, ResumeRequest, SearchRequest,
    SendFeedbackRequest, StopRequest,
};
use tonic::{Request, Status, Streaming};

use crate::fakes::{Step, delta};
use crate::stack::{KEYS, PATIENCE, stack};

fn ask(question: &str) -> AskRequest {
    AskRequest { question: question.to_owned(), ..AskRequest::default() }
}

async fn read(mut events: Streaming<ChatEvent>) -> Vec<ChatEvent> {
    let mut all = Vec::new();
    while let Some(event) =
        tokio::time::timeout(PATIENCE, events.message()).await.expect("in time").expect("no error")
    {
        all.push(event);
    }
    all
}

fn code(status: &Status) -> ErrorCode {
    ErrorCode::of(status).0
}

#[tokio::test]
async fn an_answer_streams_and_resumes_with_equal_events() {
    let stack = stack(&[]).await;
    let mut chat = stack.chat.clone();
    let all = read(chat.ask(ask("open?")).await.expect("admitted").into_inner()).await;
    let Some(Event::Ended(ended)) = &all.last().unwrap().event else { panic!("no end: {all:?}") };
    assert_eq!(
        (ended.text.as_str(), ended.generation, ended.usage.unwrap().input_tokens),
        ("Grüße, open [1]", 42, 7)
    );
    for after in 0..all.len() {
        let place = ResumeRequest {
            answer_id: all[0].answer_id.clone(),
            epoch: all[0].epoch,
            after_seq: after as u64,
            visitor_id: String::new(),
        };
        let rest = read(chat.resume(place).await.expect("known").into_inner()).await;
        assert_eq!(rest, all[after..]);
    }
    for (epoch, seq, visitor) in [(7, 0, ""), (all[0].epoch, 99, ""), (all[0].epoch, 0, "somebody else")] {
        let answer_id = all[0].answer_id.clone();
        let place = ResumeRequest { answer_id, epoch, after_seq: seq, visitor_id: visitor.to_owned() };
        assert_eq!(code(&chat.resume(place).await.expect_err("refused")), ErrorCode::NotFound);
    }
}

#[tokio::test]
async fn bad_requests_are_refused_with_what_is_right() {
    let stack = stack(&[]).await;
    let mut chat = stack.chat.clone();
    for (request, told) in [
        (ask(""), "1 to 4,000"),
        (ask(&"x".repeat(4001)), "4,000"),
        (AskRequest { top_k: Some(21), ..ask("x") }, "1 to 20"),
        (AskRequest { history: vec![HistoryTurn::default()], ..ask("x") }, "history"),
        (AskRequest { visitor_id: "v".repeat(65), ..ask("x") }, "at most 64"),
        (AskRequest { client_message_id: "m".repeat(65), ..ask("x") }, "at most 64"),
    ] {
        let status = chat.ask(request).await.expect_err(told);
        assert_eq!(code(&status), ErrorCode::InvalidArgument);
        assert!(status.message().contains(told), "{status}");
    }
    let foreign = AskRequest { collections: vec!["shop".to_owned()], ..ask("x") };
    assert_eq!(code(&chat.ask(foreign).await.expect_err("foreign")), ErrorCode::PermissionDenied);
    let huge = chat.ask(ask(&"x".repeat(600_000))).await.expect_err("too large");
    assert_eq!(huge.code(), tonic::Code::OutOfRange);
    assert_eq!(read(chat.ask(ask("still there?")).await.expect("admitted").into_inner()).await.len(), 9);
}

#[tokio::test]
async fn keys_and_limits_are_those_of_every_transport() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS), ("RATE_PER_MINUTE", "1")]).await;
    let mut chat = stack.chat.clone();
    assert_eq!(code(&chat.ask(ask("x")).await.expect_err("no key")), ErrorCode::Unauthenticated);
    let with_key = |visitor: &str| {
        let mut request = Request::new(AskRequest { visitor_id: visitor.to_owned(), ..ask("x") });
        request.metadata_mut().insert("x-api-key", "secret".parse().expect("ASCII"));
        let mut chat = chat.clone();
        async move { chat.ask(request).await }
    };
    assert!(with_key("a").await.is_ok() && with_key("b").await.is_ok(), "each named visitor has a limit");
    let (code, wait) = ErrorCode::of(&with_key("a").await.expect_err("used up"));
    assert!(code == ErrorCode::RateLimited && wait.is_some_and(|wait| wait <= Duration::from_secs(60)));
}

#[tokio::test]
async fn a_callers_deadline_ends_the_answer_and_the_generators_stream() {
    let stack = stack(&[]).await;
    stack.generator.plan(vec![delta("one"), Step::Hang]);
    let mut request = Request::new(ask("open?"));
    request.metadata_mut().insert("grpc-timeout", "300m".parse().expect("ASCII"));
    let mut chat = stack.chat.clone();
    let (mut stream, mut last) = (chat.ask(request).await.expect("admitted").into_inner(), None);
    let status = loop {
        match stream.message().await {
            Ok(event) => last = Some(event.expect("a status, and no plain end")),
            Err(status) => break status,
        }
    };
    let Some(Event::Failed(failed)) = last.and_then(|last| last.event) else { panic!("{status:?}") };
    assert_eq!(
        (failed.code.as_str(), ErrorCode::of(&status).0),
        ("DEADLINE_EXCEEDED", ErrorCode::DeadlineExceeded)
    );
    stack.generator.open_streams(0).await;
}

#[tokio::test]
async fn stop_feedback_and_explain_work() {
    let stack = stack(&[]).await;
    stack.generator.plan(vec![delta("one"), Step::Hang]);
    let mut chat = stack.chat.clone();
    let mut events = chat.ask(ask("open?")).await.expect("admitted").into_inner();
    let answer_id = events.message().await.expect("right").expect("an event").answer_id;
    let stop = StopRequest { answer_id: answer_id.clone(), visitor_id: String::new() };
    assert!(chat.stop(stop.clone()).await.expect("known").into_inner().was_running);
    let rest = read(events).await;
    assert!(
        matches!(&rest.last().unwrap().event, Some(Event::Ended(ended)) if ended.finish_reason == 5),
        "{rest:?}"
    );
    assert!(!chat.stop(stop).await.expect("known").into_inner().was_running);
    let opinion = SendFeedbackRequest {
        answer_id,
        verdict: Verdict::Negative.into(),
        reason: FeedbackReason::Irrelevant.into(),
        ..SendFeedbackRequest::default()
    };
    chat.send_feedback(opinion.clone()).await.expect("stored");
    assert_eq!(stack.retriever.opinions.lock().unwrap()[0].reason(), FeedbackReason::Irrelevant);
    let unknown = SendFeedbackRequest { reason: 99, ..opinion.clone() };
    assert_eq!(code(&chat.send_feedback(unknown).await.expect_err("no reason")), ErrorCode::InvalidArgument);
    let silent = SendFeedbackRequest { verdict: 0, ..opinion };
    assert_eq!(code(&chat.send_feedback(silent).await.expect_err("no verdict")), ErrorCode::InvalidArgument);
    let search = Some(SearchRequest { question: "open".to_owned(), ..SearchRequest::default() });
    assert_eq!(
        chat.explain(ExplainRequest { search, ..ExplainRequest::default() })
            .await
            .expect("explained")
            .into_inner()
            .terms,
        ["open"]
    );
}
