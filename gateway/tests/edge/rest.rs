//! REST and server-sent events.

use futures_util::future::join_all;
use proto::v1::FeedbackReason;
use serde_json::{Value, json};

use crate::client::{get, post, request, text_of};
use crate::stack::{PATIENCE, Stack, stack};

const JSON: (&str, &str) = ("content-type", "application/json");

async fn stream(stack: &Stack, body: &str) -> crate::client::Reply {
    let reply = request(stack.http, "POST /chat", &[JSON, ("accept", "text/event-stream")], body).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply
}

fn events(body: &str) -> Vec<(String, String, Value)> {
    let field = |event: &str, name: &str| {
        let line = event.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_default().to_owned()
    };
    let events = body.split("\n\n").filter(|event| !event.is_empty() && !event.starts_with(':'));
    let parse = |event| {
        (
            field(event, "id"),
            field(event, "event"),
            serde_json::from_str(&field(event, "data")).expect("JSON"),
        )
    };
    events.map(parse).collect()
}

#[tokio::test]
async fn events_are_the_frames_of_the_websocket_and_resume_by_their_id() {
    let stack = stack(&[]).await;
    let reply = stream(&stack, r#"{"message":"open?","streaming":true}"#).await;
    for (name, value) in
        [("content-type", "text/event-stream"), ("cache-control", "no-store"), ("x-accel-buffering", "no")]
    {
        assert_eq!(reply.header(name), value);
    }
    let all = events(&reply.body);
    let names: Vec<&str> = all.iter().map(|(_, name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["start", "notice", "chunk", "chunk", "citation", "unsupported", "retract", "chunk", "end"]
    );
    let frames: Vec<Value> = all.iter().map(|(_, _, frame)| frame.clone()).collect();
    assert_eq!(text_of(&frames), "Grüße, open [1]");
    let answer_id = frames[0]["answer_id"].as_str().unwrap();
    for (place, (id, name, frame)) in all.iter().enumerate() {
        assert_eq!(
            (id.as_str(), &frame["type"]),
            (&*format!("{answer_id}:{}:{}", frame["epoch"], place + 1), &json!(name))
        );
        let path = format!("GET /chat/{answer_id}/events");
        let rest = request(stack.http, &path, &[("last-event-id", id)], "").await;
        assert_eq!(events(&rest.body), all[place + 1..]);
    }
    assert_eq!(events(&get(stack.http, &format!("/chat/{answer_id}/events")).await.body), all);
    let path = format!("GET /chat/{answer_id}/events");
    let lost = request(stack.http, &path, &[("last-event-id", &format!("{answer_id}:7:1"))], "").await;
    assert_eq!(events(&lost.body)[0].1, "resync");
    assert_eq!(request(stack.http, &path, &[("last-event-id", "nonsense")], "").await.status, 400);
}

#[tokio::test]
async fn streaming_without_accepting_events_returns_the_address_of_the_stream() {
    let stack = stack(&[]).await;
    let reply = post(stack.http, "/chat", r#"{"message":"open?","streaming":true}"#).await;
    assert_eq!(reply.status, 202);
    let path = reply.json()["stream_url"].as_str().unwrap().to_owned();
    assert_eq!(events(&get(stack.http, &path).await.body).len(), 9);
}

#[tokio::test]
async fn an_idempotency_key_runs_once_however_often_it_comes() {
    let stack = stack(&[]).await;
    let headers = [JSON, ("idempotency-key", "k1")];
    let ask = |body: &'static str| request(stack.http, "POST /chat", &headers, body);
    let replies = join_all((0..20).map(|_| ask(r#"{"message":"open?"}"#))).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body));
    assert_eq!(stack.generator.call_count(), 1);
    assert_eq!(ask(r#"{"message":"closed?"}"#).await.status, 409);
    let long = "k".repeat(256);
    let reply =
        request(stack.http, "POST /chat", &[JSON, ("idempotency-key", &long)], r#"{"message":"x"}"#).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn an_idempotency_key_outlives_the_window_in_which_an_answer_can_be_resumed() {
    for (seconds, calls) in [("3600", 2), ("0", 3)] {
        let settings = [
            ("GATEWAY_RESUME_WINDOW_SECONDS", "0"),
            ("GATEWAY_IDEMPOTENCY_SECONDS", seconds),
            ("GATEWAY_CACHE_BYTES", "0"),
        ];
        let stack = stack(&settings).await;
        let headers = [JSON, ("idempotency-key", "k1")];
        let ask = || request(stack.http, "POST /chat", &headers, r#"{"message":"open?"}"#);
        assert_eq!(ask().await.status, 200);
        let other = post(stack.http, "/chat", r#"{"message":"closed?"}"#).await.json();
        let path = format!("/chat/{}/events", other["answer_id"].as_str().expect("an id"));
        let forgotten = async {
            while !get(stack.http, &path).await.body.contains("event: resync") {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, forgotten).await.expect("one without a key is forgotten");
        assert_eq!(ask().await.status, 200);
        assert_eq!(stack.generator.call_count(), calls, "{seconds}");
    }
}

#[tokio::test]
async fn a_search_returns_the_best_passages_whatever_they_are_worth() {
    let stack = stack(&[]).await;
    let reply = post(stack.http, "/v1/search", r#"{"query":"open","top_k":7}"#).await;
    let found = reply.json()["passages"][0].clone();
    assert_eq!(
        (&found["document"], &found["text"]),
        (&json!("hours & more.md"), &json!("On Sundays we are open."))
    );
    assert_eq!((&found["score"], &found["heading_path"]), (&json!(0.5), &json!(["Opening hours"])));
    let search = stack.retriever.searches.lock().unwrap()[0].clone();
    assert_eq!(
        (search.top_k, search.evidence_threshold, search.collections),
        (Some(7), Some(0.0), vec!["main".to_owned()])
    );
}

#[tokio::test]
async fn an_opinion_is_stored() {
    let stack = stack(&[]).await;
    let id = post(stack.http, "/chat", r#"{"message":"open?"}"#).await.json()["answer_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut body = json!({"answer_id": id, "verdict": "negative", "reason": "outdated", "comment": "no"});
    assert_eq!(post(stack.http, "/feedback", &body.to_string()).await.status, 204);
    let opinion = stack.retriever.opinions.lock().unwrap()[0].clone();
    assert_eq!(opinion.reason(), FeedbackReason::Outdated);
    assert_eq!((opinion.answer_id, opinion.positive, opinion.comment.as_str()), (id, false, "no"));
    body["reason"] = json!(null);
    assert_eq!(post(stack.http, "/feedback", &body.to_string()).await.status, 204);
    assert_eq!(stack.retriever.opinions.lock().unwrap()[1].reason(), FeedbackReason::Unspecified);
    body["reason"] = json!("bad");
    let reply = post(stack.http, "/feedback", &body.to_string()).await;
    assert!(reply.status == 400 && reply.body.contains("`outdated`"), "{reply:?}");
}

#[tokio::test]
async fn a_failed_answer_is_a_problem_with_its_status() {
    let stack = stack(&[]).await;
    for _ in 0..2 {
        stack.retriever.fail(tonic::Status::unavailable("10.0.0.7 refused"));
    }
    let reply = post(stack.http, "/chat", r#"{"message":"open?"}"#).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (503, Some("UNAVAILABLE")));
    assert!(!reply.header("retry-after").is_empty() && !reply.body.contains("10.0.0.7"), "{reply:?}");
}
