//! Limits of what comes over a connection: each has a setting, and who exceeds it is told how.

use std::sync::Arc;

use futures_util::SinkExt;
use proto::ErrorCode;
use proto::v1::AskRequest;
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::Message;
use tonic::Code;

use crate::client::{get, post, raw, request, socket};
use crate::fakes::{Step, delta, finished};
use crate::stack::{PATIENCE, stack};

#[tokio::test]
async fn a_head_of_too_many_lines_or_bytes_is_refused() {
    let stack = stack(&[("GATEWAY_MAX_HEADERS", "20"), ("GATEWAY_HEADER_BYTES", "8192")]).await;
    let many: Vec<(String, &str)> = (0..30).map(|number| (format!("x-{number}"), "y")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), *value)).collect();
    assert_eq!(request(stack.http, "GET /healthz", &many, "").await.status, 431);
    let long = "y".repeat(9000);
    assert_eq!(request(stack.http, "GET /healthz", &[("x-long", &long)], "").await.status, 431);
    assert_eq!(request(stack.http, "GET /healthz", &many[..10], "").await.status, 200);
}

#[tokio::test]
async fn a_message_may_be_as_large_as_the_setting_says_on_every_transport() {
    let mut stack = stack(&[("GATEWAY_MESSAGE_BYTES", "2048"), ("GATEWAY_GRPC_MESSAGE_BYTES", "4096")]).await;
    let large = "x".repeat(3000);
    let reply = post(stack.http, "/chat", &format!(r#"{{"message":"{large}"}}"#)).await;
    assert_eq!((reply.status, reply.json()["code"].as_str()), (413, Some("TOO_LARGE")));
    assert!(reply.body.contains("at most 2048 bytes"), "{}", reply.body);
    let mut socket = socket(stack.http).await;
    socket.ask(&large).await;
    assert_eq!(socket.close_code().await, 1009);
    let asked = stack.chat.ask(AskRequest { question: large.clone(), ..AskRequest::default() }).await;
    let mut events = asked.expect("within its own limit").into_inner();
    while events.message().await.expect("no failure").is_some() {}
    let asked = stack.chat.ask(AskRequest { question: large.repeat(2), ..AskRequest::default() }).await;
    assert_eq!(asked.expect_err("too large").code(), Code::OutOfRange);
}

#[tokio::test]
async fn a_socket_flooded_with_frames_is_closed_and_its_neighbour_is_not() {
    let stack = stack(&[("GATEWAY_SOCKET_FRAMES_PER_MINUTE", "50")]).await;
    let (mut flooding, mut calm) = (socket(stack.http).await, socket(stack.http).await);
    for _ in 0..60 {
        if flooding.stream.send(Message::Ping("x".into())).await.is_err() {
            break;
        }
    }
    assert_eq!(flooding.close_code().await, ErrorCode::RateLimited.close());
    calm.ask("open?").await;
    assert_eq!(calm.answer().await.pop().unwrap()["type"], "end");
}

#[tokio::test]
async fn one_address_has_its_own_number_of_connections() {
    let stack = stack(&[("GATEWAY_MAX_CONNECTIONS_PER_ADDRESS", "2")]).await;
    let silent =
        [tokio::net::TcpStream::connect(stack.http).await, tokio::net::TcpStream::connect(stack.http).await];
    assert!(silent.iter().all(Result::is_ok));
    let refused = String::from_utf8(raw(stack.http, b"").await).expect("text");
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after"), "{refused}");
    drop(silent);
    while raw(stack.http, b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.len() < 200
    {
    }
}

#[tokio::test]
async fn behind_our_own_proxies_an_address_is_not_counted() {
    let pairs = [("GATEWAY_MAX_CONNECTIONS_PER_ADDRESS", "1"), ("GATEWAY_TRUSTED_HOPS", "1")];
    let stack = stack(&pairs).await;
    let _open = tokio::net::TcpStream::connect(stack.http).await.expect("connects");
    assert_eq!(get(stack.http, "/healthz").await.status, 200);
}

#[tokio::test]
async fn a_grpc_client_that_takes_nothing_is_let_go_and_told_when_it_comes_back() {
    let mut stack = stack(&[
        ("GATEWAY_SLOW_WRITE_SECONDS", "0.3"),
        ("GATEWAY_RESUME_WINDOW_SECONDS", "0"),
        ("GATEWAY_ANSWER_LOG_BYTES", "67108864"),
    ])
    .await;
    // Far more than the 2 MiB that the client's window lets through before it reads.
    let mut steps = vec![delta(&"word ".repeat(4000)); 400];
    let gate = Arc::new(Notify::new());
    steps.extend([Step::Gate(Arc::clone(&gate)), finished()]);
    stack.generator.plan(steps);
    let asked = stack.chat.ask(AskRequest { question: "open?".to_owned(), ..AskRequest::default() }).await;
    let mut events = asked.expect("admitted").into_inner();
    // The answer's stream behind the gateway ends only because its reader was let go.
    stack.generator.open_streams(1).await;
    tokio::time::timeout(PATIENCE, stack.generator.open_streams(0)).await.expect("the reader is let go");
    let status = loop {
        match events.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("a short answer that looks whole"),
            Err(status) => break status,
        }
    };
    assert_eq!(ErrorCode::of(&status).0, ErrorCode::DeadlineExceeded);
}
