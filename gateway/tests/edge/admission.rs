//! Who is let in, how often, and from which pages.

use futures_util::future::join_all;
use serde_json::json;

use crate::client::{get, open, post, request, socket};
use crate::stack::{KEYS, stack};

#[tokio::test]
async fn exactly_ten_of_a_hundred_questions_at_once_pass() {
    let stack = stack(&[("RATE_PER_MINUTE", "10"), ("RATE_PER_HOUR", "100")]).await;
    let spoof = |n: usize| format!("10.1.2.{n}");
    let replies = join_all((0..100).map(|n| async move {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", &*spoof(n))];
        request(stack.http, "POST /chat", &headers, r#"{"message":"open?"}"#).await
    }));
    let replies = replies.await;
    let passed: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(passed.len(), 10);
    let mut left: Vec<u32> =
        passed.iter().filter_map(|reply| reply.header("ratelimit-remaining").parse().ok()).collect();
    left.sort_unstable();
    assert_eq!(left, (0..10).collect::<Vec<u32>>(), "each is told what is left");
    for refused in replies.iter().filter(|reply| reply.status != 200) {
        let body = refused.json();
        assert_eq!(
            (refused.status, &body["code"], &body["retryable"]),
            (429, &json!("RATE_LIMITED"), &json!(true))
        );
        let wait: u64 = refused.header("retry-after").parse().expect("seconds");
        assert_eq!((refused.header("ratelimit-limit"), refused.header("ratelimit-remaining")), ("10", "0"));
        let reset: u64 = refused.header("ratelimit-reset").parse().expect("seconds");
        assert!((wait..=60).contains(&reset), "{refused:?}");
        assert!((1..=60).contains(&wait) && body["retry_after_ms"].is_u64(), "{refused:?}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    assert_eq!(
        post(stack.http, "/v1/search", r#"{"query":"open"}"#).await.status,
        200,
        "searches are counted apart"
    );
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let refused = socket.frame().await;
    assert_eq!(refused["code"], "RATE_LIMITED", "one limit on every transport");
    assert_eq!(
        (&refused["rate_limit"]["limit"], &refused["rate_limit"]["remaining"]),
        (&json!(10), &json!(0))
    );
    assert!(refused["rate_limit"]["reset_ms"].as_u64().is_some_and(|reset| reset <= 60_000), "{refused}");
    let asked = proto::v1::AskRequest { question: "open?".to_owned(), ..Default::default() };
    let status = stack.chat.clone().ask(asked).await.expect_err("one limit on every transport");
    let told = |name| status.metadata().get(name).and_then(|value| value.to_str().ok());
    assert_eq!((told("ratelimit-limit"), told("ratelimit-remaining")), (Some("10"), Some("0")));
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_client_has_its_own_limit() {
    let stack = stack(&[("RATE_PER_MINUTE", "1"), ("GATEWAY_TRUSTED_HOPS", "1")]).await;
    for (forwarded, expected) in [("1.1.1.1", 200), ("2.2.2.2", 200), ("9.9.9.9, 1.1.1.1", 429)] {
        let headers = [("content-type", "application/json"), ("x-forwarded-for", forwarded)];
        let reply = request(stack.http, "POST /chat", &headers, r#"{"message":"open?"}"#).await;
        assert_eq!(reply.status, expected, "{forwarded}");
    }
}

#[tokio::test]
async fn a_key_opens_its_own_collections_only() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS)]).await;
    for (key, body, expected) in [
        ("secret", r#"{"message":"x"}"#, 200),
        ("secret", r#"{"message":"x","collections":["main"]}"#, 200),
        ("secret", r#"{"message":"x","collections":["shop"]}"#, 403),
        ("other", r#"{"message":"x","collections":["shop"]}"#, 200),
        ("", r#"{"message":"x"}"#, 401),
        ("secre", r#"{"message":"x"}"#, 401),
        ("secrets", r#"{"message":"x"}"#, 401),
    ] {
        let headers = [("content-type", "application/json"), ("x-api-key", key)];
        let reply = request(stack.http, "POST /chat", &headers, body).await;
        assert_eq!(reply.status, expected, "{key} {body} {reply:?}");
    }
    let searched = stack.retriever.searches.lock().unwrap().clone();
    let collections: Vec<_> = searched.iter().map(|search| search.collections.join("+")).collect();
    assert_eq!(collections, ["main", "main", "shop"]);
    for path in ["POST /v1/search", "POST /feedback", "GET /chat/01J9ZQ4T8M6W3K5X7V2R1N0PBC/events"] {
        assert_eq!(
            request(stack.http, path, &[("content-type", "application/json")], "").await.status,
            401,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_socket_without_a_key_is_closed_having_learned_nothing() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS), ("GATEWAY_SOCKET_AUTH_SECONDS", "0.2")]).await;
    assert_eq!(socket(stack.http).await.close_code().await, 1008);
    let mut wrong = socket(stack.http).await;
    wrong.send(json!({"action": "authenticate", "api_key": "canary"})).await;
    let refusal = wrong.frame().await;
    assert_eq!(refusal["code"], "UNAUTHENTICATED");
    assert!(!refusal.to_string().contains("canary"));
    assert_eq!(wrong.close_code().await, 1008);
    let mut hasty = socket(stack.http).await;
    hasty.ask("open?").await;
    assert_eq!(hasty.frame().await["code"], "UNAUTHENTICATED");
    assert!(open(stack.http, &[("x-api-key", "wrong")]).await.is_err());
    let mut header = open(stack.http, &[("x-api-key", "secret")]).await.expect("a known key");
    header.ask("open?").await;
    assert_eq!(header.answer().await.pop().unwrap()["type"], "end");
    assert_eq!(stack.generator.call_count(), 1);
}

#[tokio::test]
async fn an_answer_belongs_to_its_key() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS)]).await;
    let mut owner = open(stack.http, &[("x-api-key", "secret")]).await.expect("a known key");
    owner.ask("open?").await;
    let end = owner.answer().await.pop().unwrap();
    let id = end["answer_id"].as_str().unwrap();
    let mut thief = open(stack.http, &[("x-api-key", "other")]).await.expect("a known key");
    for action in [
        json!({"action": "resume", "answer_id": id, "epoch": end["epoch"], "after_seq": 0}),
        json!({"action": "resume", "answer_id": id, "epoch": 1, "after_seq": 0}),
        json!({"action": "stop", "answer_id": id}),
        json!({"action": "feedback", "answer_id": id, "verdict": "positive"}),
    ] {
        thief.send(action.clone()).await;
        assert_eq!(thief.frame().await["code"], "NOT_FOUND", "{action}");
    }
    let path = format!("GET /chat/{id}/events");
    assert_eq!(request(stack.http, &path, &[("x-api-key", "other")], "").await.status, 404);
    assert_eq!(request(stack.http, &path, &[("x-api-key", "secret")], "").await.status, 200);
}

#[tokio::test]
async fn only_pages_of_allowed_origins_call() {
    let stack = stack(&[("GATEWAY_ALLOWED_ORIGINS", "https://shop.example")]).await;
    for (origin, allowed) in [
        ("https://shop.example", true),
        ("http://shop.example", false),
        ("https://shop.example:8443", false),
        ("https://shop.example.evil.example", false),
        ("https://evil-shop.example", false),
        ("https://Shop.example", false),
        ("https://shop.example.", false),
        ("null", false),
        ("http://localhost", false),
    ] {
        let headers = [("content-type", "application/json"), ("origin", origin)];
        let reply = request(stack.http, "POST /chat", &headers, r#"{"message":"x"}"#).await;
        assert_eq!(reply.status, if allowed { 200 } else { 403 }, "{origin}");
        assert_eq!(reply.header("access-control-allow-origin"), if allowed { origin } else { "" });
        assert_eq!((reply.header("vary"), reply.header("access-control-allow-credentials")), ("origin", ""));
        let preflight = [("origin", origin), ("access-control-request-method", "POST")];
        let reply = request(stack.http, "OPTIONS /chat", &preflight, "").await;
        assert_eq!(reply.status, if allowed { 204 } else { 403 }, "{origin}");
        assert_eq!(open(stack.http, &[("origin", origin)]).await.is_ok(), allowed, "{origin}");
    }
    assert_eq!(post(stack.http, "/chat", r#"{"message":"x"}"#).await.status, 200, "no browser, no origin");
    let script = request(stack.http, "GET /widget.js", &[("origin", "https://anywhere.example")], "").await;
    assert_eq!(script.status, 200, "the script is for every page");
}

#[tokio::test]
async fn sockets_are_bounded_for_each_address() {
    let stack = stack(&[("GATEWAY_MAX_SOCKETS_PER_ADDRESS", "2")]).await;
    let (first, _second) = (socket(stack.http).await, socket(stack.http).await);
    let Err(tokio_tungstenite::tungstenite::Error::Http(refused)) = open(stack.http, &[]).await else {
        panic!("a third socket was let in");
    };
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    drop(first);
    while open(stack.http, &[]).await.is_err() {
        assert_eq!(get(stack.http, "/healthz").await.status, 200);
    }
}
