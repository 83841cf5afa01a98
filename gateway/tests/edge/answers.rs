//! What becomes of an answer: resumed, stopped, abandoned, cut, repeated, bounded.

use std::sync::Arc;

use proto::ErrorCode;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::client::{Socket, get, socket, text_of};
use crate::fakes::{Step, delta, finished, full_answer};
use crate::stack::{Stack, stack};

const NEVER: &str = "3600";
const AT_ONCE: &str = "0";

fn gated(gate: &Arc<Notify>) -> Vec<Step> {
    vec![
        delta("one "),
        delta("zwei "),
        Step::Gate(Arc::clone(gate)),
        delta("drei "),
        delta("four"),
        finished(),
    ]
}

/// Reads up to the second chunk, behind which the answer waits.
async fn read_half(socket: &mut Socket) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.len() < 3 {
        frames.push(socket.frame().await);
    }
    frames
}

fn resume(frame: &Value) -> Value {
    json!({"action": "resume", "answer_id": frame["answer_id"], "epoch": frame["epoch"], "after_seq": frame["seq"]})
}

async fn next_answer_is_whole(stack: &Stack) {
    let mut socket = socket(stack.http).await;
    socket.ask("and now?").await;
    let frames = socket.answer().await;
    assert_eq!(frames.last().unwrap()["text"], "Grüße, open [1]");
}

#[tokio::test]
async fn a_cut_connection_resumes_without_losing_or_doubling_a_byte() {
    let stack = stack(&[("GATEWAY_RESUME_WINDOW_SECONDS", NEVER)]).await;
    for cut_after in 0..=5_usize {
        let gate = Arc::new(Notify::new());
        stack.generator.plan(gated(&gate));
        let mut first = socket(stack.http).await;
        first.ask("open?").await;
        let mut seen = Vec::new();
        if cut_after >= 3 {
            gate.notify_one();
        }
        while seen.len() < cut_after.max(1) {
            seen.push(first.frame().await);
        }
        let mut from = resume(seen.last().unwrap());
        if cut_after == 0 {
            from["after_seq"] = json!(0);
            seen.clear();
        }
        drop(first);
        gate.notify_one();
        let mut second = socket(stack.http).await;
        second.send(from).await;
        seen.extend(second.answer().await);
        let seqs: Vec<u64> = seen.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
        assert_eq!(seqs, [1, 2, 3, 4, 5, 6], "cut after {cut_after}");
        assert_eq!(
            (text_of(&seen).as_str(), &seen[5]["text"]),
            ("one zwei drei four", &json!("one zwei drei four"))
        );
    }
    assert_eq!(stack.generator.call_count(), 6, "a resume asks nobody again");
}

#[tokio::test]
async fn retracted_text_is_absent_from_the_end() {
    let stack = stack(&[]).await;
    stack.generator.plan(full_answer());
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let frames = socket.answer().await;
    let end = frames.last().unwrap();
    assert_eq!((text_of(&frames).as_str(), &end["text"]), ("Grüße, open [1]", &json!("Grüße, open [1]")));
    assert_eq!(end["citations"][0]["url"], "/documents/main/hours%20%26%20more.md#passage-3");
    assert_eq!(end["stage_times"]["search_ms"], 1.5);
}

#[tokio::test]
async fn a_resume_that_cannot_be_is_a_resync_or_not_found() {
    let stack = stack(&[("GATEWAY_RESUME_WINDOW_SECONDS", NEVER)]).await;
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let end = socket.answer().await.pop().unwrap();
    let mut gap = resume(&end);
    gap["after_seq"] = json!(99);
    let mut other_epoch = resume(&end);
    other_epoch["epoch"] = json!(7);
    for lost in [gap, other_epoch] {
        socket.send(lost).await;
        let reply = socket.frame().await;
        assert_eq!((&reply["type"], &reply["answer_id"]), (&json!("resync"), &end["answer_id"]));
    }
    let mut unknown = resume(&end);
    unknown["answer_id"] = json!("01J9ZQ4T8M6W3K5X7V2R1N0PBC");
    socket.send(unknown).await;
    assert_eq!(socket.frame().await["code"], "NOT_FOUND");
    let mut nonsense = resume(&end);
    nonsense["answer_id"] = json!("'; drop table");
    socket.send(nonsense).await;
    assert_eq!(socket.frame().await["code"], "INVALID_ARGUMENT");
}

#[tokio::test]
async fn stop_ends_the_answer_and_the_generators_stream() {
    let stack = stack(&[("GATEWAY_RESUME_WINDOW_SECONDS", NEVER)]).await;
    stack.generator.plan(vec![delta("one "), delta("two"), Step::Hang]);
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let frames = read_half(&mut socket).await;
    socket.send(json!({"action": "stop", "answer_id": frames[0]["answer_id"]})).await;
    let end = socket.frame().await;
    assert_eq!(
        (&end["type"], &end["finish_reason"], &end["text"]),
        (&json!("end"), &json!("stopped"), &json!("one two"))
    );
    stack.generator.open_streams(0).await;
    socket.send(json!({"action": "stop", "answer_id": end["answer_id"]})).await;
    socket.ask("again").await;
    assert_eq!(socket.answer().await.last().unwrap()["type"], "end", "stopping twice harms nothing");
}

#[tokio::test]
async fn an_answer_that_nobody_reads_is_given_up_after_the_window() {
    let stack = stack(&[("GATEWAY_RESUME_WINDOW_SECONDS", AT_ONCE)]).await;
    stack.generator.plan(vec![delta("one "), delta("two"), Step::Hang]);
    let mut first = socket(stack.http).await;
    first.ask("open?").await;
    let frames = read_half(&mut first).await;
    stack.generator.open_streams(1).await;
    drop(first);
    stack.generator.open_streams(0).await;
    let mut second = socket(stack.http).await;
    second.send(resume(&frames[2])).await;
    let reply = second.frame().await;
    assert!(reply["type"] == "resync" || reply["code"] == "CANCELLED", "{reply}");
}

#[tokio::test]
async fn a_generator_that_dies_fails_the_answer_and_the_next_one_is_whole() {
    let stack = stack(&[]).await;
    for (death, code) in [
        (Step::Fail(ErrorCode::Internal.status("/etc/secret 10.0.0.7", None)), "INTERNAL"),
        (Step::Fail(tonic::Status::unavailable("10.0.0.7 refused")), "UNAVAILABLE"),
        (Step::Fail(ErrorCode::RateLimited.status("model throttled", None)), "RATE_LIMITED"),
    ] {
        stack.generator.plan(vec![delta("one "), delta("two"), death]);
        let mut socket = socket(stack.http).await;
        socket.ask("open?").await;
        let frames = socket.answer().await;
        let last = frames.last().unwrap();
        assert_eq!((&last["type"], &last["code"]), (&json!("error"), &json!(code)));
        assert!(!last.to_string().contains("10.0.0.7") && !last.to_string().contains("/etc"), "{last}");
        assert_eq!(text_of(&frames), "one two", "what was shown is shown once");
        next_answer_is_whole(&stack).await;
    }
    // A stream that just ends was cut.
    stack.generator.plan(vec![delta("one")]);
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let last = socket.answer().await.pop().unwrap();
    assert_eq!((&last["code"], &last["retryable"]), (&json!("UNAVAILABLE"), &json!(true)));
}

#[tokio::test]
async fn a_failure_before_the_first_word_is_tried_once_more() {
    let stack = stack(&[]).await;
    let unreachable = || tonic::Status::unavailable("connection refused");
    stack.retriever.fail(unreachable());
    stack.generator.plan(vec![Step::Fail(unreachable())]);
    next_answer_is_whole(&stack).await;
    assert_eq!((stack.retriever.searches.lock().unwrap().len(), stack.generator.call_count()), (2, 2));
    for _ in 0..2 {
        stack.generator.plan(vec![Step::Fail(unreachable())]);
    }
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    assert_eq!(socket.answer().await.pop().unwrap()["code"], "UNAVAILABLE", "but not twice");
}

#[tokio::test]
async fn without_a_search_there_is_no_answer_and_without_passages_a_refusal_is_written() {
    let stack = stack(&[]).await;
    stack.retriever.fail(ErrorCode::Internal.status("sql", None));
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    assert_eq!(socket.answer().await.pop().unwrap()["code"], "INTERNAL");
    assert_eq!(stack.generator.call_count(), 0, "the model is never asked without a search");
    *stack.retriever.no_passages.lock().unwrap() = true;
    socket.ask("open?").await;
    socket.answer().await;
    assert!(stack.generator.calls.lock().unwrap()[0].passages.is_empty());
}

#[tokio::test]
async fn every_wait_for_the_generator_has_a_deadline() {
    for (setting, steps) in [
        ("GATEWAY_FIRST_TOKEN_SECONDS", vec![Step::Hang]),
        ("GATEWAY_TOKEN_GAP_SECONDS", vec![delta("one"), Step::Hang]),
        ("GATEWAY_ANSWER_SECONDS", vec![delta("one"), Step::Hang]),
    ] {
        let stack = stack(&[(setting, "0.05")]).await;
        stack.generator.plan(steps);
        let mut socket = socket(stack.http).await;
        socket.ask("open?").await;
        assert_eq!(socket.answer().await.pop().unwrap()["code"], "DEADLINE_EXCEEDED", "{setting}");
        stack.generator.open_streams(0).await;
    }
}

#[tokio::test]
async fn a_repeated_message_returns_the_same_answer() {
    let stack = stack(&[("RATE_PER_MINUTE", "1")]).await;
    let ask = json!({"action": "sendMessage", "message": "open?", "client_message_id": "m1"});
    let mut first = socket(stack.http).await;
    first.send(ask.clone()).await;
    let frames = first.answer().await;
    drop(first);
    let mut second = socket(stack.http).await;
    second.send(ask.clone()).await;
    assert_eq!(second.answer().await, frames);
    let mut other = ask;
    other["message"] = json!("closed?");
    second.send(other).await;
    assert_eq!(second.frame().await["code"], "CONFLICT");
    assert_eq!(stack.generator.call_count(), 1);
}

#[tokio::test]
async fn a_repeated_message_asks_anew_when_its_answer_failed() {
    let stack = stack(&[]).await;
    stack.generator.plan(vec![delta("one"), Step::Fail(tonic::Status::unavailable("gone"))]);
    let ask = json!({"action": "sendMessage", "message": "open?", "client_message_id": "m1"});
    let mut socket = socket(stack.http).await;
    for kind in ["error", "end", "end"] {
        socket.send(ask.clone()).await;
        assert_eq!(socket.answer().await.pop().unwrap()["type"], kind);
    }
    assert_eq!(stack.generator.call_count(), 2);
}

#[tokio::test]
async fn one_answer_at_a_time_on_a_socket_and_a_bound_in_all() {
    let stack = stack(&[("GATEWAY_MAX_ANSWERS", "1")]).await;
    let gate = Arc::new(Notify::new());
    stack.generator.plan(gated(&gate));
    let mut first = socket(stack.http).await;
    first.ask("open?").await;
    read_half(&mut first).await;
    first.ask("and now?").await;
    assert_eq!(first.frame().await["code"], "CONFLICT");
    let mut second = socket(stack.http).await;
    second.ask("me too").await;
    let refusal = second.frame().await;
    assert_eq!((&refusal["code"], &refusal["retryable"]), (&json!("OVERLOADED"), &json!(true)));
    assert!(refusal["retry_after_ms"].is_u64());
    gate.notify_one();
    assert_eq!(first.answer().await.pop().unwrap()["type"], "end");
    let metrics = get(stack.internal, "/metrics").await.body;
    assert!(metrics.contains(r#"gateway_refused_total{code="OVERLOADED"} 1"#), "{metrics}");
    assert!(
        metrics.contains(r#"gateway_answers_total{result="complete"} 1"#)
            && metrics.contains("gateway_open_sockets 2"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_model_that_never_ends_fills_the_log_and_is_stopped() {
    let stack = stack(&[("GATEWAY_ANSWER_LOG_BYTES", "65536")]).await;
    stack.generator.plan(vec![delta(&"word ".repeat(200)); 10_000]);
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let frames = socket.answer().await;
    assert_eq!(frames.last().unwrap()["code"], "TOO_LARGE");
    assert!((60_000..66_000).contains(&text_of(&frames).len()), "what fitted is shown");
    stack.generator.open_streams(0).await;
}

#[tokio::test]
async fn a_reader_that_takes_nothing_is_let_go_and_holds_up_nobody() {
    let stack = stack(&[
        ("GATEWAY_ANSWER_LOG_BYTES", "67108864"),
        ("GATEWAY_SLOW_WRITE_SECONDS", "0.3"),
        ("GATEWAY_RESUME_WINDOW_SECONDS", AT_ONCE),
    ])
    .await;
    // Far more than every socket buffer between here and there holds.
    let mut steps = vec![delta(&"word ".repeat(4000)); 1500];
    steps.push(Step::Hang);
    stack.generator.plan(steps);
    let mut slow = socket(stack.http).await;
    slow.ask("open?").await;
    slow.frame().await;
    slow.frame().await;
    next_answer_is_whole(&stack).await;
    // Its stream ends only because the reader was let go.
    stack.generator.open_streams(0).await;
    while !get(stack.internal, "/metrics").await.body.contains("gateway_open_sockets 0") {
        next_answer_is_whole(&stack).await;
    }
}
