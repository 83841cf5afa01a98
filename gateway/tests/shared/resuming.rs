//! An answer goes on at whichever gateway its reader comes back to.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::client::{Socket, get, open, post, request, socket, text_of};
use crate::fakes::{Step, delta, finished};
use crate::redis::RedisServer;
use crate::stack::Stack;

pub(crate) const WHOLE: &str = "one zwei drei four";

pub(crate) fn gated(gate: &Arc<Notify>) -> Vec<Step> {
    let gate = Step::Gate(Arc::clone(gate));
    vec![delta("one "), delta("zwei "), gate, delta("drei "), delta("four"), finished()]
}

pub(crate) async fn read(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut frames = Vec::new();
    while frames.len() < count {
        frames.push(socket.frame().await);
    }
    frames
}

pub(crate) fn resume(frame: &Value) -> Value {
    json!({"action": "resume", "answer_id": frame["answer_id"], "epoch": frame["epoch"], "after_seq": frame["seq"]})
}

/// Asks a question whose answer waits in its middle.
pub(crate) async fn half(stack: &Stack) -> (Socket, Vec<Value>, Arc<Notify>) {
    let gate = Arc::new(Notify::new());
    stack.generator.plan(gated(&gate));
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let seen = read(&mut socket, 3).await;
    (socket, seen, gate)
}

fn assert_whole(frames: &[Value]) {
    let seqs: Vec<u64> = frames.iter().filter_map(|frame| frame["seq"].as_u64()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6], "{frames:?}");
    assert_eq!((text_of(frames).as_str(), frames[5]["text"].as_str()), (WHOLE, Some(WHOLE)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_continues_on_another_gateway_without_losing_or_doubling_a_byte() {
    let redis = RedisServer::start().await;
    let (a, b) = (redis.gateway(&[]).await, redis.gateway(&[]).await);
    for cut_after in 1..=3 {
        let (first, mut seen, gate) = half(&a).await;
        drop(first);
        seen.truncate(cut_after);
        let mut second = socket(b.http).await;
        second.send(resume(seen.last().unwrap())).await;
        gate.notify_one();
        seen.extend(second.answer().await);
        assert_whole(&seen);
        let id = seen[0]["answer_id"].as_str().unwrap();
        let events = get(b.http, &format!("/chat/{id}/events")).await;
        assert_eq!(events.body.matches("\nevent: ").count(), 6, "{events:?}");
    }
    assert_eq!((a.generator.call_count(), b.generator.call_count()), (3, 0), "a resume asks nobody again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_elsewhere_keeps_an_answer_alive_and_its_stop_reaches_the_writer() {
    let redis = RedisServer::start().await;
    let window = [("GATEWAY_RESUME_WINDOW_SECONDS", "1")];
    let (a, b) = (redis.gateway(&window).await, redis.gateway(&window).await);
    a.generator.plan(vec![delta("one "), delta("two"), Step::Hang]);
    let mut first = socket(a.http).await;
    first.ask("open?").await;
    let seen = read(&mut first, 3).await;
    let mut second = socket(b.http).await;
    second.send(resume(&seen[1])).await;
    assert_eq!(second.frame().await["text"], "two");
    drop(first);
    // Longer than the window in which an answer without a reader is given up.
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    a.generator.open_streams(1).await;
    second.send(json!({"action": "stop", "answer_id": seen[0]["answer_id"]})).await;
    let end = second.frame().await;
    assert_eq!((&end["type"], &end["finish_reason"]), (&json!("end"), &json!("stopped")), "{end}");
    a.generator.open_streams(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_anywhere_is_given_up() {
    let redis = RedisServer::start().await;
    let window = [("GATEWAY_RESUME_WINDOW_SECONDS", "1")];
    let (a, b) = (redis.gateway(&window).await, redis.gateway(&window).await);
    a.generator.plan(vec![delta("one "), delta("two"), Step::Hang]);
    let mut first = socket(a.http).await;
    first.ask("open?").await;
    let seen = read(&mut first, 3).await;
    let mut second = socket(b.http).await;
    second.send(resume(&seen[2])).await;
    drop((first, second));
    a.generator.open_streams(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_visitors_answer_is_refused_on_every_gateway() {
    let redis = RedisServer::start().await;
    let hops = [("GATEWAY_TRUSTED_HOPS", "1")];
    let (a, b) = (redis.gateway(&hops).await, redis.gateway(&hops).await);
    let mut first = open(a.http, &[("x-forwarded-for", "192.0.2.1")]).await.unwrap();
    first.ask("open?").await;
    let seen = first.answer().await;
    let id = seen[0]["answer_id"].as_str().unwrap();
    let opinion = json!({"action": "feedback", "answer_id": id, "verdict": "positive"});
    let mut foreign = open(b.http, &[("x-forwarded-for", "192.0.2.2")]).await.unwrap();
    for action in [resume(&seen[0]), json!({"action": "stop", "answer_id": id}), opinion] {
        foreign.send(action.clone()).await;
        let frame = foreign.frame().await;
        assert_eq!(frame["code"], "NOT_FOUND", "{action}");
    }
    let events = format!("GET /chat/{id}/events");
    let refused = request(b.http, &events, &[("x-forwarded-for", "192.0.2.2")], "").await;
    assert_eq!(refused.status, 404, "{refused:?}");
    let own = request(b.http, &events, &[("x-forwarded-for", "192.0.2.1")], "").await;
    assert_eq!(own.status, 200, "{own:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_message_returns_the_same_answer_on_every_gateway() {
    let redis = RedisServer::start().await;
    let limit = [("RATE_PER_MINUTE", "1")];
    let (a, b) = (redis.gateway(&limit).await, redis.gateway(&limit).await);
    let ask = json!({"action": "sendMessage", "message": "open?", "client_message_id": "m1"});
    let mut sockets =
        [socket(a.http).await, socket(b.http).await, socket(a.http).await, socket(b.http).await];
    futures_util::future::join_all(sockets.iter_mut().map(|socket| socket.send(ask.clone()))).await;
    let answers = futures_util::future::join_all(sockets.iter_mut().map(Socket::answer)).await;
    assert!(answers.iter().all(|frames| *frames == answers[0]), "{answers:?}");
    assert_eq!(a.generator.call_count() + b.generator.call_count(), 1);
    let mut other = ask;
    other["message"] = json!("closed?");
    sockets[1].send(other).await;
    assert_eq!(sockets[1].frame().await["code"], "CONFLICT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_answer_failed_is_asked_anew_elsewhere() {
    let redis = RedisServer::start().await;
    let (a, b) = (redis.gateway(&[]).await, redis.gateway(&[]).await);
    a.generator.plan(vec![delta("one"), Step::Fail(tonic::Status::unavailable("gone"))]);
    let ask = json!({"action": "sendMessage", "message": "open?", "client_message_id": "m1"});
    let (mut first, mut second) = (socket(a.http).await, socket(b.http).await);
    first.send(ask.clone()).await;
    assert_eq!(first.answer().await.pop().unwrap()["type"], "error");
    // The failure may be on its way still; then the reader is told of it and asks once more.
    loop {
        second.send(ask.clone()).await;
        if second.answer().await.pop().unwrap()["type"] == "end" {
            break;
        }
    }
    assert_eq!(b.generator.call_count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_on_a_leaving_gateway_is_finished_while_its_reader_moves_on() {
    let redis = RedisServer::start().await;
    let pairs = [("GATEWAY_CLOSE_SPREAD_SECONDS", "0")];
    let (a, b) = (redis.gateway(&pairs).await, redis.gateway(&pairs).await);
    let (mut first, mut seen, gate) = half(&a).await;
    a.shutdown.begin();
    assert_eq!(first.close_code().await, 1012);
    let mut second = socket(b.http).await;
    second.send(resume(seen.last().unwrap())).await;
    gate.notify_one();
    seen.extend(second.answer().await);
    assert_whole(&seen);
    assert!(a.shutdown.drained(crate::stack::PATIENCE).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_old_is_a_resync() {
    let redis = RedisServer::start().await;
    let window = [("GATEWAY_RESUME_WINDOW_SECONDS", "1")];
    let (a, b) = (redis.gateway(&window).await, redis.gateway(&window).await);
    let reply = post(a.http, "/chat", r#"{"message":"open?","streaming":true}"#).await;
    let id = reply.json()["answer_id"].as_str().unwrap().to_owned();
    let events = format!("/chat/{id}/events");
    assert!(get(a.http, &events).await.body.contains("event: end"));
    let gone = async {
        while !get(b.http, &events).await.body.contains("event: resync") {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(crate::stack::PATIENCE, gone).await.expect("it is forgotten after its window");
}
