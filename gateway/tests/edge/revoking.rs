//! Answers in the making when the key that they were asked with is taken away, over every transport.

use std::sync::Arc;

use proto::v1::AskRequest;
use proto::v1::chat_event::Event;
use serde_json::{Value, json};
use tokio::sync::Notify;
use tonic::Request;

use crate::client::{get, open, request, text_of};
use crate::fakes::{Step, delta, finished};
use crate::stack::{PATIENCE, Stack, stack_at};
use crate::tries::{BANK, KeyFile, SHOP};

const CODE: &str = "UNAUTHENTICATED";
/// How many ways an answer is read in below.
const WAYS: usize = 6;

async fn guarded(file: &KeyFile) -> Stack {
    let pairs = [("GATEWAY_KEYS_FILE", file.path()), ("GATEWAY_KEYS_RELOAD_SECONDS", "0.05")];
    stack_at(Some(1), &pairs).await
}

async fn post(stack: &Stack, path: &str, more: (&str, &str), body: Value) -> String {
    let kind = ("content-type", "application/json");
    let headers = [("x-api-key", "shop"), ("origin", SHOP), kind, more];
    let reply = request(stack.http, &format!("POST {path}"), &headers, &body.to_string()).await;
    format!("{} {}", reply.status, reply.body)
}

/// Returns the code of the last event.
async fn over_grpc(stack: &Stack) -> String {
    let mut asked = Request::new(AskRequest { question: "gRPC?".to_owned(), ..AskRequest::default() });
    asked.metadata_mut().insert("x-api-key", "shop".parse().expect("ASCII"));
    asked.metadata_mut().insert("origin", SHOP.parse().expect("ASCII"));
    let mut events = stack.chat.clone().ask(asked).await.expect("admitted").into_inner();
    let mut last = None;
    while let Some(event) = events.message().await.expect("an event") {
        last = event.event;
    }
    let Some(Event::Failed(failed)) = last else { panic!("{last:?}") };
    assert!(!failed.retryable, "{failed:?}");
    failed.code
}

async fn revoked_once_all_run(stack: &Stack, file: &mut KeyFile, running: usize) {
    stack.generator.open_streams(running).await;
    file.change("shop", "revoked_s", json!(2));
}

#[tokio::test]
async fn an_answer_ends_when_its_key_is_revoked_however_it_is_read() {
    let mut file = KeyFile::new();
    let stack = guarded(&file).await;
    let gate = Arc::new(Notify::new());
    stack.generator.plan(vec![delta("Of the bank"), Step::Gate(Arc::clone(&gate)), finished()]);
    let mut other = open(stack.http, &[("origin", BANK), ("x-api-key", "bank")]).await.expect("let in");
    other.ask("Another site's?").await;
    stack.generator.open_streams(1).await;
    for _ in 0..WAYS {
        stack.generator.plan(vec![delta("At ten"), Step::Hang]);
    }
    let mut socket = open(stack.http, &[("origin", SHOP), ("x-api-key", "shop")]).await.expect("let in");
    socket.ask("WebSocket?").await;
    let (none, events) = (("accept", "*/*"), ("accept", "text/event-stream"));
    let messages = |text: &str| json!([{ "role": "user", "content": text }]);
    let completions = "/v1/chat/completions";
    let all = async {
        tokio::join!(
            post(&stack, "/chat", events, json!({ "message": "SSE?", "streaming": true })),
            post(&stack, "/chat", none, json!({ "message": "REST?" })),
            post(&stack, completions, none, json!({ "messages": messages("a stream?"), "stream": true })),
            post(&stack, completions, none, json!({ "messages": messages("whole?") })),
            over_grpc(&stack),
            revoked_once_all_run(&stack, &mut file, 1 + WAYS),
        )
    };
    let (sse, rest, stream, whole, grpc, ()) = tokio::time::timeout(PATIENCE, all).await.expect("they end");
    assert!(sse.starts_with("200 ") && sse.contains("event: error") && sse.contains(CODE), "{sse}");
    assert!(rest.starts_with("401 ") && rest.contains(CODE) && !rest.contains("At ten"), "{rest}");
    assert!(stream.starts_with("200 ") && stream.contains(CODE) && stream.contains("[DONE]"), "{stream}");
    assert!(whole.starts_with("401 ") && whole.contains(CODE) && !whole.contains("At ten"), "{whole}");
    assert_eq!(grpc, CODE);
    assert_eq!(socket.close_code().await, 1008);
    // Nobody writes for them any more, and everybody else is served.
    stack.generator.open_streams(1).await;
    gate.notify_one();
    let frames = other.answer().await;
    assert_eq!((text_of(&frames).as_str(), &frames.last().unwrap()["type"]), ("Of the bank", &json!("end")));
}

#[tokio::test]
async fn who_followed_an_answer_of_a_revoked_key_gets_one_of_their_own() {
    let mut file = KeyFile::new();
    let stack = guarded(&file).await;
    // The gateway follows the knowledge once a question was looked up.
    let mut other = open(stack.http, &[("origin", BANK), ("x-api-key", "bank")]).await.expect("let in");
    for number in 0.. {
        other.ask(&format!("Warm-up {number}?")).await;
        other.answer().await;
        if get(stack.internal, "/metrics").await.body.contains("lookups_total{result=\"miss\"}") {
            break;
        }
    }
    stack.generator.plan(vec![delta("At ten"), Step::Hang]);
    let mut first = open(stack.http, &[("origin", SHOP), ("x-api-key", "shop")]).await.expect("let in");
    first.ask("When do you open?").await;
    assert_eq!(
        (first.frame().await["seq"].as_u64(), &first.frame().await["text"]),
        (Some(1), &json!("At ten"))
    );
    other.ask("When do you open?").await;
    assert_eq!(
        (other.frame().await["seq"].as_u64(), &other.frame().await["text"]),
        (Some(1), &json!("At ten"))
    );
    stack.generator.plan(vec![delta("At nine"), finished()]);
    file.change("shop", "revoked_s", json!(2));
    assert_eq!(first.close_code().await, 1008);
    let frames = other.answer().await;
    assert_eq!((&frames[0]["type"], text_of(&frames).as_str()), (&json!("retract"), "At nine"));
    assert_eq!(frames.last().unwrap()["text"], "At nine");
}
