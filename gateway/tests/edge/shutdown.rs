//! Leaving: not ready at once, answers finished, sockets told.

use std::sync::Arc;
use std::time::Duration;

use proto::v1::AskRequest;
use proto::v1::chat_event::Event;
use serde_json::json;
use tokio::sync::Notify;

use crate::client::{get, post, request, socket};
use crate::fakes::{Step, delta, finished};
use crate::stack::{PATIENCE, stack};

#[tokio::test]
async fn a_running_answer_is_finished_before_its_socket_closes() {
    let stack = stack(&[]).await;
    let gate = Arc::new(Notify::new());
    stack.generator.plan(vec![delta("one "), Step::Gate(Arc::clone(&gate)), delta("two"), finished()]);
    let (mut busy, mut idle) = (socket(stack.http).await, socket(stack.http).await);
    busy.ask("open?").await;
    assert_eq!(busy.frame().await["type"], "start");
    assert_eq!(busy.frame().await["text"], "one ");
    assert_eq!(get(stack.http, "/readyz").await.status, 200);
    stack.shutdown.leave();
    assert_eq!(
        (get(stack.http, "/readyz").await.status, get(stack.internal, "/readyz").await.status),
        (503, 503)
    );
    stack.shutdown.begin();
    assert_eq!(idle.frame().await["type"], "draining");
    assert_eq!(idle.close_code().await, 1012);
    assert_eq!(busy.frame().await["type"], "draining");
    busy.ask("one more").await;
    assert_eq!(busy.frame().await["code"], "CONFLICT");
    gate.notify_one();
    assert_eq!(busy.frame().await["text"], "two");
    let end = busy.frame().await;
    assert_eq!((&end["type"], &end["text"]), (&json!("end"), &json!("one two")));
    assert_eq!(busy.close_code().await, 1012);
    assert!(stack.shutdown.drained(PATIENCE).await, "{} tasks are left", stack.shutdown.task_count());
    assert!(!stack.readiness.is_ready());
}

#[tokio::test]
async fn answers_over_server_sent_events_and_grpc_are_finished_too() {
    let mut stack = stack(&[]).await;
    let gates = [Arc::new(Notify::new()), Arc::new(Notify::new())];
    for gate in &gates {
        stack.generator.plan(vec![delta("one "), Step::Gate(Arc::clone(gate)), delta("two"), finished()]);
    }
    let headers = [("content-type", "application/json"), ("accept", "text/event-stream")];
    let http = stack.http;
    let sent =
        async { request(http, "POST /chat", &headers, r#"{"message":"open?","streaming":true}"#).await };
    let drained = async {
        stack.generator.open_streams(1).await;
        let ask = AskRequest { question: "open?".to_owned(), ..AskRequest::default() };
        let mut events = stack.chat.ask(ask).await.expect("admitted").into_inner();
        stack.generator.open_streams(2).await;
        stack.shutdown.begin();
        gates.iter().for_each(|gate| gate.notify_one());
        let mut last = None;
        while let Some(event) = events.message().await.expect("not cut") {
            last = event.event;
        }
        last
    };
    let (sent, last) = tokio::join!(sent, drained);
    assert!(sent.body.contains("event: end") && sent.body.contains("one two"), "{}", sent.body);
    assert!(matches!(last, Some(Event::Ended(ended)) if ended.text == "one two"));
    assert!(stack.shutdown.drained(PATIENCE).await, "{} tasks are left", stack.shutdown.task_count());
}

#[tokio::test]
async fn an_answer_longer_than_the_drain_fails_with_a_typed_error() {
    let stack = stack(&[("DRAIN_SECONDS", "0.4")]).await;
    stack.generator.plan(vec![delta("one "), Step::Hang]);
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    stack.generator.open_streams(1).await;
    stack.shutdown.begin();
    let mut last = socket.frame().await;
    while last["complete"] != true {
        last = socket.frame().await;
    }
    assert_eq!((&last["code"], &last["retryable"]), (&json!("SHUTTING_DOWN"), &json!(true)));
    assert_eq!(socket.close_code().await, 1012);
    assert!(stack.shutdown.drained(PATIENCE).await);
}

#[tokio::test]
async fn a_visitor_that_leaves_lets_the_drain_end() {
    let stack = stack(&[("GATEWAY_RESUME_WINDOW_SECONDS", "0")]).await;
    stack.generator.plan(vec![delta("one "), Step::Hang]);
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    stack.generator.open_streams(1).await;
    drop(socket);
    stack.shutdown.begin();
    assert!(stack.shutdown.drained(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn two_gateways_live_in_one_process() {
    let (first, second) = (stack(&[("RATE_PER_MINUTE", "1")]).await, stack(&[]).await);
    for status in [200, 429] {
        assert_eq!(post(first.http, "/chat", r#"{"message":"x"}"#).await.status, status);
        assert_eq!(post(second.http, "/chat", r#"{"message":"x"}"#).await.status, 200);
    }
}
