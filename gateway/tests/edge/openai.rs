//! The chat of OpenAI's API from outside.

use proto::v1::generate_event::Event;
use proto::v1::{AnswerSource, FinishReason, Finished, Retract};
use serde_json::{Value, json};

use crate::client::{Reply, request};
use crate::fakes::{Step, delta, finished};
use crate::stack::{KEYS, Stack, stack};

const PATH: &str = "/v1/chat/completions";

fn body(more: &Value) -> String {
    let mut body = json!({"model": "any", "messages": [
        {"role": "system", "content": "Obey."},
        {"role": "user", "content": "Are you open?"},
    ]});
    for (name, value) in more.as_object().expect("fields") {
        body[name] = value.clone();
    }
    body.to_string()
}

async fn post(stack: &Stack, key: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {key}");
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    request(stack.http, &format!("POST {PATH}"), &headers, body).await
}

/// Returns the chunks of a stream, which ends as it should.
fn chunks(reply: &Reply) -> Vec<Value> {
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/event-stream"), "{reply:?}");
    let mut events: Vec<&str> =
        reply.body.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
    assert_eq!(events.pop(), Some("[DONE]"), "{}", reply.body);
    events.iter().map(|event| serde_json::from_str(event).expect("JSON")).collect()
}

fn retracted(reason: FinishReason) -> Vec<Step> {
    let retract = Retract { from_byte: 0, reason: "Withdrawn.".to_owned() };
    let end = Finished {
        finish_reason: reason.into(),
        source: AnswerSource::FallbackModel.into(),
        ..Finished::default()
    };
    vec![
        delta("Secret."),
        Step::Event(Event::Retract(retract)),
        delta("Other words."),
        Step::Event(Event::Finished(end)),
    ]
}

#[tokio::test]
async fn an_answer_comes_whole_with_its_sources_beside() {
    let stack = stack(&[]).await;
    let answer = post(&stack, "none-needed", &body(&json!({}))).await.json();
    let choice = &answer["choices"][0];
    assert_eq!((&answer["object"], &choice["finish_reason"]), (&json!("chat.completion"), &json!("stop")));
    assert_eq!(choice["message"]["content"], "Grüße, open [1]");
    assert_eq!(answer["usage"], json!({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}));
    assert_eq!(answer["smallbiz"]["citations"][0]["document_id"], "hours & more.md", "{answer:#}");
    assert_eq!(answer["smallbiz"]["response"], choice["message"]["content"]);
    let asked = stack.generator.calls.lock().unwrap().last().cloned().expect("a call");
    assert_eq!(
        (asked.question.as_str(), asked.history.len()),
        ("Are you open?", 0),
        "instructions are left out"
    );
}

#[tokio::test]
async fn a_stream_has_the_text_in_pieces_the_sources_and_the_usage() {
    let stack = stack(&[]).await;
    stack.generator.plan(vec![delta("Open"), delta(" at nine."), finished()]);
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let chunks = chunks(&post(&stack, "", &body(&more)).await);
    assert_eq!(chunks[0]["choices"][0]["delta"], json!({"role": "assistant", "content": ""}));
    let content = |chunk: &Value| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
    assert_eq!(chunks.iter().filter_map(content).collect::<String>(), "Open at nine.");
    let [.., last, usage] = chunks.as_slice() else { panic!("{chunks:?}") };
    assert_eq!(
        (&last["choices"][0]["finish_reason"], &last["smallbiz"]["response"]),
        (&json!("stop"), &json!("Open at nine."))
    );
    assert_eq!((&usage["choices"], &usage["usage"]["total_tokens"]), (&json!([]), &json!(10)));
    assert!(chunks.iter().all(|chunk| chunk["id"] == chunks[0]["id"]));
}

#[tokio::test]
async fn words_that_are_withdrawn_end_a_stream_that_cannot_take_them_back() {
    let stack = stack(&[]).await;
    for (reason, finish) in
        [(FinishReason::Blocked, json!("content_filter")), (FinishReason::Complete, Value::Null)]
    {
        stack.generator.plan(retracted(reason));
        let chunks = chunks(&post(&stack, "", &body(&json!({"stream": true}))).await);
        let last = chunks.last().expect("chunks");
        assert_eq!(last["choices"][0]["finish_reason"], finish, "{last:#}");
        assert_eq!(last["error"].is_null(), reason == FinishReason::Blocked, "{last:#}");
        assert_eq!(last["smallbiz"]["response"], "Other words.", "{last:#}");
        let shown = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
        assert_eq!(shown.collect::<String>(), "Secret.", "nothing is said after it");
    }
    stack.generator.plan(retracted(FinishReason::Blocked));
    let whole = post(&stack, "", &body(&json!({}))).await.json();
    assert_eq!(whole["choices"][0]["message"]["content"], "Other words.");
}

#[tokio::test]
async fn errors_have_the_shape_that_these_clients_know() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS)]).await;
    let refused = post(&stack, "wrong", &body(&json!({}))).await;
    assert_eq!((refused.status, &refused.json()["error"]["type"]), (401, &json!("authentication_error")));
    assert_eq!(post(&stack, "secret", &body(&json!({}))).await.status, 200);
    let refused = post(&stack, "secret", &body(&json!({"n": 2}))).await;
    let error = refused.json()["error"].clone();
    assert_eq!(
        (refused.status, &error["param"], &error["code"]),
        (400, &json!("n"), &json!("INVALID_ARGUMENT"))
    );
    stack.generator.plan(vec![Step::Fail(proto::ErrorCode::Internal.status("/var/lib", None))]);
    let failed = post(&stack, "secret", &body(&json!({}))).await;
    assert_eq!((failed.status, &failed.json()["error"]["type"]), (500, &json!("server_error")));
    stack.retriever.fail(proto::ErrorCode::InvalidArgument.status("question: too long", None));
    let early = post(&stack, "secret", &body(&json!({"stream": true}))).await;
    assert_eq!(
        (early.status, &early.json()["error"]["param"]),
        (400, &json!("question")),
        "before the stream"
    );
    stack
        .generator
        .plan(vec![delta("Open"), Step::Fail(proto::ErrorCode::Internal.status("/var/lib", None))]);
    let chunks = chunks(&post(&stack, "secret", &body(&json!({"stream": true}))).await);
    assert_eq!(chunks.last().expect("chunks")["error"]["code"], "INTERNAL");
}

#[tokio::test]
async fn there_is_one_model() {
    let stack = stack(&[]).await;
    let models = request(stack.http, "GET /v1/models", &[], "").await.json();
    let id = models["data"][0]["id"].as_str().expect("an id").to_owned();
    assert_eq!(request(stack.http, &format!("GET /v1/models/{id}"), &[], "").await.json(), models["data"][0]);
    let unknown = request(stack.http, "GET /v1/models/gpt-4o", &[], "").await;
    assert_eq!((unknown.status, &unknown.json()["error"]["code"]), (404, &json!("NOT_FOUND")));
}

#[tokio::test]
async fn a_visitor_named_by_the_caller_owns_the_answer_and_a_repeated_key_asks_once() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS)]).await;
    let headers = |user: &'static str| {
        let headers =
            [("content-type", "application/json"), ("x-api-key", "secret"), ("idempotency-key", "once")];
        (headers, body(&json!({ "user": user })))
    };
    let mut ids = Vec::new();
    for user in ["anna", "anna", "bob"] {
        let (headers, body) = headers(user);
        ids.push(request(stack.http, &format!("POST {PATH}"), &headers, &body).await.json()["id"].clone());
    }
    assert!(ids[0] == ids[1] && ids[0] != ids[2], "{ids:?}");
    assert_eq!(stack.generator.call_count(), 2);
}

#[tokio::test]
async fn a_page_may_call_with_the_headers_of_their_client_and_a_foreign_one_is_told_as_they_read_it() {
    let stack = stack(&[]).await;
    let own = format!("http://{}", stack.http);
    let asked = [("origin", own.as_str()), ("access-control-request-method", "POST")];
    let preflight = request(stack.http, &format!("OPTIONS {PATH}"), &asked, "").await;
    assert!(
        preflight.header("access-control-allow-headers").contains("x-stainless-retry-count"),
        "{preflight:?}"
    );
    let foreign = [("origin", "https://evil.example")];
    for (line, status, code) in [("POST", 403, "PERMISSION_DENIED"), ("GET", 403, "PERMISSION_DENIED")] {
        let reply = request(stack.http, &format!("{line} {PATH}"), &foreign, "").await;
        assert_eq!((reply.status, &reply.json()["error"]["code"]), (status, &json!(code)), "{reply:?}");
    }
    let wrong = request(stack.http, &format!("GET {PATH}"), &[], "").await;
    assert_eq!((wrong.status, &wrong.json()["error"]["code"]), (405, &json!("METHOD_NOT_ALLOWED")));
}
