//! The WebSocket beyond answers: closing, opinions, and the echo for conformance tests.

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::client::{Socket, socket};
use crate::stack::stack;

#[tokio::test]
async fn a_client_that_closes_is_answered_with_its_own_code() {
    let stack = stack(&[]).await;
    let mut socket = socket(stack.http).await;
    socket.stream.close(None).await.expect("sent");
    let last = socket.message().await;
    assert!(matches!(last, Some(Ok(Message::Close(_))) | None), "{last:?}");
}

#[tokio::test]
async fn an_opinion_goes_beside_a_running_answer() {
    let stack = stack(&[]).await;
    let mut socket = socket(stack.http).await;
    socket.ask("open?").await;
    let id = socket.answer().await[0]["answer_id"].clone();
    socket
        .send(json!({"action": "feedback", "answer_id": id, "verdict": "negative", "reason": "unclear"}))
        .await;
    while stack.retriever.opinions.lock().unwrap().is_empty() {
        socket.send(json!({"action": "heartbeat"})).await;
        assert_eq!(socket.frame().await["type"], "heartbeat");
    }
    let reason = stack.retriever.opinions.lock().unwrap()[0].reason();
    assert_eq!(reason, proto::v1::FeedbackReason::Unclear);
    stack.retriever.fail(tonic::Status::internal("/var/lib"));
    socket.send(json!({"action": "feedback", "answer_id": id, "verdict": "negative", "comment": ""})).await;
    assert_eq!(socket.frame().await["code"], "INTERNAL");
}

#[tokio::test]
async fn the_echo_sends_back_what_it_gets() {
    let stack = stack(&[("GATEWAY_ECHO", "true")]).await;
    let request = format!("ws://{}/ws/echo", stack.http).into_client_request().expect("right");
    let (stream, _) = tokio_tungstenite::connect_async(request).await.expect("open");
    let mut socket = Socket { stream };
    for message in [Message::text("ä"), Message::binary(vec![0, 255]), Message::text("x".repeat(65_536))] {
        socket.stream.send(message.clone()).await.expect("sent");
        assert_eq!(socket.message().await.expect("open").expect("right"), message);
    }
    socket.stream.send(Message::text("x".repeat(65_537))).await.expect("sent");
    assert_eq!(socket.close_code().await, 1009);
}
