//! Too many at once: refused at the door on every transport, while those inside go on and health is told.

use std::sync::Arc;

use proto::ErrorCode;
use proto::v1::AskRequest;
use serde_json::json;
use tokio::sync::Notify;
use tonic::Code;

use crate::client::{Socket, get, post, request, socket};
use crate::fakes::{Step, delta, finished};
use crate::stack::{PATIENCE, Stack, stack};

/// Returns a stack whose only place is taken by the socket's answer, which waits for the gate.
async fn full(pairs: &[(&str, &str)]) -> (Stack, Socket, Arc<Notify>) {
    let stack = stack(&[&[("GATEWAY_MAX_ANSWERS", "1")], pairs].concat()).await;
    let gate = Arc::new(Notify::new());
    stack.generator.plan(vec![delta("one "), Step::Gate(Arc::clone(&gate)), delta("two"), finished()]);
    let mut busy = socket(stack.http).await;
    busy.ask("open?").await;
    for kind in ["start", "chunk"] {
        assert_eq!(busy.frame().await["type"], kind);
    }
    (stack, busy, gate)
}

#[tokio::test]
async fn every_transport_refuses_with_a_time_to_come_back_and_the_answer_inside_is_finished() {
    let (mut stack, mut busy, gate) = full(&[]).await;
    let reply = post(stack.http, "/chat", r#"{"message":"me too"}"#).await;
    assert_eq!((reply.status, &reply.json()["code"]), (503, &json!("OVERLOADED")));
    assert!(
        reply.header("retry-after").parse::<u64>().is_ok_and(|wait| (1..=15).contains(&wait)),
        "{reply:?}"
    );
    assert!(reply.json()["retry_after_ms"].as_u64().is_some_and(|wait| wait >= 500), "{reply:?}");
    let mut second = socket(stack.http).await;
    second.ask("me too").await;
    let refusal = second.frame().await;
    assert_eq!((&refusal["code"], &refusal["retryable"]), (&json!("OVERLOADED"), &json!(true)));
    assert!(refusal["retry_after_ms"].is_u64(), "{refusal}");
    let ask = AskRequest { question: "me too".to_owned(), ..AskRequest::default() };
    let status = stack.chat.ask(ask).await.expect_err("full");
    let (code, wait) = ErrorCode::of(&status);
    assert_eq!((status.code(), code), (Code::Unavailable, ErrorCode::Overloaded));
    assert!(wait.is_some());
    for port in [stack.http, stack.internal] {
        assert_eq!((get(port, "/healthz").await.status, get(port, "/readyz").await.status), (200, 200));
    }
    let metrics = get(stack.internal, "/metrics").await.body;
    for line in [
        r#"gateway_running{what="answers"} 1"#,
        r#"gateway_running_limit{what="answers"} 1"#,
        r#"gateway_shed_total{what="answers"} 3"#,
        r#"gateway_running{what="searches"} 0"#,
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    gate.notify_one();
    let end = busy.answer().await.pop().unwrap();
    assert_eq!((&end["type"], &end["text"]), (&json!("end"), &json!("one two")));
    while post(stack.http, "/chat", r#"{"message":"and now"}"#).await.status != 200 {}
}

#[tokio::test]
async fn a_repeated_message_finds_its_answer_however_full_it_is() {
    let stack = stack(&[("GATEWAY_MAX_ANSWERS", "1")]).await;
    let ask = async || {
        let headers = [("content-type", "application/json"), ("idempotency-key", "k1")];
        request(stack.http, "POST /chat", &headers, r#"{"message":"open?","streaming":false}"#).await
    };
    let first = ask().await;
    assert_eq!(first.status, 200);
    let gate = Arc::new(Notify::new());
    stack.generator.plan(vec![delta("one "), Step::Gate(Arc::clone(&gate)), finished()]);
    let mut busy = socket(stack.http).await;
    busy.ask("and now?").await;
    assert_eq!(busy.frame().await["type"], "start");
    assert_eq!(post(stack.http, "/chat", r#"{"message":"open?"}"#).await.status, 503);
    assert_eq!(ask().await.json()["answer_id"], first.json()["answer_id"]);
    gate.notify_one();
}

#[tokio::test]
async fn overload_that_lasts_is_told_to_the_balancer_until_it_is_over() {
    let (stack, mut busy, gate) = full(&[("GATEWAY_SHED_UNREADY_SECONDS", "0.3")]).await;
    let told = async {
        loop {
            assert_eq!(post(stack.http, "/chat", r#"{"message":"me too"}"#).await.status, 503);
            let (public, private) = (get(stack.http, "/readyz").await, get(stack.internal, "/readyz").await);
            if (public.status, private.status) == (503, 503) {
                return public;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await.expect("it is told");
    assert_eq!(told.json()["code"], "OVERLOADED");
    assert_eq!(get(stack.http, "/healthz").await.status, 200);
    gate.notify_one();
    assert_eq!(busy.answer().await.pop().unwrap()["type"], "end");
    let over = async { while get(stack.internal, "/readyz").await.status != 200 {} };
    tokio::time::timeout(PATIENCE, over).await.expect("it is over");
}

#[tokio::test]
async fn searches_have_a_limit_of_their_own() {
    let stack = stack(&[("GATEWAY_MAX_SEARCHES", "1")]).await;
    let gate = Arc::new(Notify::new());
    stack.retriever.hold(&gate);
    let search = || post(stack.http, "/v1/search", r#"{"query":"open"}"#);
    let (first, others) = tokio::join!(search(), async {
        let mut refused = search().await;
        while refused.status == 200 {
            refused = search().await;
        }
        gate.notify_one();
        refused
    });
    assert_eq!((first.status, others.status), (200, 503));
    assert_eq!(others.json()["code"], "OVERLOADED");
    assert!(!others.header("retry-after").is_empty());
}
