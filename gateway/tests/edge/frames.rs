//! The JSON frames against the examples that the widget is tested against too.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::{post, socket};
use crate::fakes::full_answer;
use crate::stack::stack;

fn example(name: &str) -> Value {
    let path = format!("{}/../proto/frames/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("JSON")
}

/// Every path of names inside a value, with the kind of what stands there; a number may be whole or not.
fn shape(value: &Value, path: &str, shapes: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| shape(value, &format!("{path}.{name}"), shapes));
        }
        Value::Array(items) => items.iter().for_each(|item| shape(item, &format!("{path}[]"), shapes)),
        Value::Null => _ = shapes.insert(path.to_owned()),
        Value::Bool(_) => _ = shapes.insert(format!("{path}: bool")),
        Value::Number(_) => _ = shapes.insert(format!("{path}: number")),
        Value::String(_) => _ = shapes.insert(format!("{path}: string")),
    }
}

fn check(frame: &Value, name: &str) {
    let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
    shape(frame, "", &mut ours);
    shape(&example(name), "", &mut theirs);
    assert_eq!(ours, theirs, "{name}");
}

#[tokio::test]
async fn every_frame_of_an_answer_has_the_fields_of_its_example() {
    let stack = stack(&[]).await;
    stack.generator.plan(full_answer());
    let mut socket = socket(stack.http).await;
    socket.send(example("sendMessage")).await;
    let frames = socket.answer().await;
    let kinds: Vec<&str> = frames.iter().filter_map(|frame| frame["type"].as_str()).collect();
    assert_eq!(
        kinds,
        ["start", "notice", "chunk", "chunk", "citation", "unsupported", "retract", "chunk", "end"]
    );
    for frame in &frames {
        check(frame, frame["type"].as_str().unwrap());
    }
    let seqs: Vec<u64> = frames.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=9).collect::<Vec<u64>>());
    let asked = stack.generator.calls.lock().unwrap()[0].clone();
    assert_eq!((asked.question.as_str(), asked.history.len()), ("And when are you open on Sundays?", 2));
}

#[tokio::test]
async fn frames_beside_an_answer_have_the_fields_of_their_examples() {
    let stack = stack(&[("RATE_PER_MINUTE", "1"), ("GATEWAY_API_KEYS", crate::stack::KEYS)]).await;
    let mut socket = socket(stack.http).await;
    let mut key = example("authenticate");
    key["api_key"] = json!("secret");
    socket.send(key).await;
    check(&socket.frame().await, "authenticated");
    socket.send(example("heartbeat")).await;
    check(&socket.frame().await, "heartbeat_reply");
    socket.ask("first").await;
    socket.answer().await;
    socket.ask("second").await;
    check(&socket.frame().await, "error");
    socket.send(example("resume")).await;
    check(&socket.frame().await, "resync");
    socket.send(example("stop")).await;
    assert_eq!(socket.frame().await["code"], "NOT_FOUND");
    socket.send(example("feedback")).await;
    socket.send(example("heartbeat")).await;
    check(&socket.frame().await, "heartbeat_reply");
    stack.shutdown.begin();
    check(&socket.frame().await, "draining");
}

#[tokio::test]
async fn a_request_for_a_person_and_its_receipt_have_the_fields_of_their_examples() {
    let stack = stack(&[]).await;
    let mut socket = socket(stack.http).await;
    let mut asked = example("handoff");
    asked["answer_ids"] = json!([]);
    socket.send(asked).await;
    check(&socket.frame().await, "handoff_receipt");
}

#[tokio::test]
async fn the_answer_over_rest_holds_the_fields_of_the_end_frame() {
    let stack = stack(&[]).await;
    let reply = post(stack.http, "/chat", r#"{"message":"open?"}"#).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let (body, end) = (reply.json(), example("end"));
    for name in
        ["finish_reason", "citations", "usage", "stage_times", "source", "model", "generation", "follow_ups"]
    {
        let (mut ours, mut theirs) = (BTreeSet::new(), BTreeSet::new());
        shape(&body[name], name, &mut ours);
        shape(&end[name], name, &mut theirs);
        assert_eq!(ours, theirs);
    }
    assert_eq!(body["response"], "Grüße, open [1]");
    assert_eq!(body["notices"][0]["kind"], "extractive");
    assert_eq!(body["unsupported"].as_array().map(Vec::len), Some(0), "its text was withdrawn");
    assert_eq!(body["cached"], false);
}
