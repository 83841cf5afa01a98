//! What nobody should send, and what they get for it.

use futures_util::SinkExt;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Socket, chat, http, joined};
use crate::questions::SUNDAYS;
use crate::stack::Stack;

pub(crate) async fn each_bad_frame_gets_a_typed_error_and_the_next_question_works(stack: &Stack) {
    let long = "x".repeat(4001);
    for (frame, hint) in [
        (json!({"action": "sendMessage", "message": ""}), "empty"),
        (json!({"action": "sendMessage", "message": "  \n "}), "empty"),
        (json!({"action": "sendMessage", "message": long}), "4,000"),
        (json!({"action": "sendMessage", "message": 7}), "string"),
        (json!({"action": "sendMessage"}), "message"),
        (json!({"action": "fly", "message": "x"}), "sendMessage"),
        (json!({"action": "sendMessage", "message": "x", "colour": "red"}), "unknown field"),
        (json!(["sendMessage"]), "object"),
    ] {
        let mut socket = Socket::open(stack.http).await;
        socket.send(&frame).await;
        let error = socket.next().await.expect("an error frame");
        assert_eq!(
            (&error["type"], &error["code"]),
            (&json!("error"), &json!("INVALID_ARGUMENT")),
            "{error}"
        );
        assert!(error["text"].as_str().is_some_and(|text| text.contains(hint)), "{hint} in {error}");
        assert!(!joined(&socket.ask(SUNDAYS).await).is_empty(), "the same connection goes on");
    }
    let big = Message::text(json!({"action": "sendMessage", "message": "x".repeat(1_000_000)}).to_string());
    for (message, close) in [(Message::binary(vec![1, 2, 3]), 1003), (big, 1009)] {
        let mut socket = Socket::open(stack.http).await;
        // The server may close while a large frame is still being sent.
        _ = socket.0.send(message).await;
        assert_eq!(close_code(&mut socket).await, Some(close));
    }
    assert_eq!(close_after_invalid_utf8(stack).await, Some(1007));
    assert!(!joined(&Socket::open(stack.http).await.ask(SUNDAYS).await).is_empty(), "others never notice");
}

async fn close_code(socket: &mut Socket) -> Option<u16> {
    loop {
        match socket.next().await {
            Ok(_) => {}
            Err(frame) => return frame.map(|frame| frame.code.into()),
        }
    }
}

/// Sends a text frame that is not UTF-8 by hand: client libraries refuse to.
async fn close_after_invalid_utf8(stack: &Stack) -> Option<u16> {
    let mut stream = TcpStream::connect(stack.http).await.expect("connects");
    let head = format!(
        "GET /ws HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        stack.http
    );
    stream.write_all(head.as_bytes()).await.expect("writes");
    // A masked text frame of two bytes under a mask of zeros.
    stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28]).await.expect("writes");
    let mut reply = Vec::new();
    _ = stream.read_to_end(&mut reply).await;
    let body = reply.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let close = reply[body..].windows(2).position(|two| two[0] == 0x88)? + body;
    Some(u16::from_be_bytes([*reply.get(close + 2)?, *reply.get(close + 3)?]))
}

pub(crate) async fn each_bad_request_gets_a_typed_problem(stack: &Stack) {
    let kind = "application/json";
    for (method, path, kind, body, status, code) in [
        ("POST", "/chat", kind, r#"{"message":""}"#.to_owned(), 400, "INVALID_ARGUMENT"),
        ("POST", "/chat", kind, json!({"message": "x".repeat(4001)}).to_string(), 400, "INVALID_ARGUMENT"),
        ("POST", "/chat", kind, r#"{"message":7}"#.to_owned(), 400, "INVALID_ARGUMENT"),
        ("POST", "/chat", kind, r#"{"message":"x","colour":1}"#.to_owned(), 400, "INVALID_ARGUMENT"),
        ("POST", "/chat", kind, r#"{"message":"#.to_owned(), 400, "INVALID_ARGUMENT"),
        ("POST", "/chat", kind, "[".repeat(10_000), 400, "INVALID_ARGUMENT"),
        ("POST", "/chat", "text/plain", r#"{"message":"x"}"#.to_owned(), 415, "UNSUPPORTED_MEDIA"),
        ("POST", "/chat", kind, "x".repeat(1_000_000), 413, "TOO_LARGE"),
        ("POST", "/v1/search", kind, r#"{"query":"x","top_k":0}"#.to_owned(), 400, "INVALID_ARGUMENT"),
        ("GET", "/chat", kind, String::new(), 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/no/such/page", kind, String::new(), 404, "NOT_FOUND"),
        ("GET", "/documents/main/..%2f..%2fetc%2fpasswd", kind, String::new(), 400, "INVALID_ARGUMENT"),
        ("GET", "/documents/private/hours.md", kind, String::new(), 404, "NOT_FOUND"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", stack.http.to_string())
            .header("content-type", kind)
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let (response, body) = http(stack.http, request).await;
        let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
        assert_eq!(response.status(), status, "{method} {path}: {problem}");
        assert_eq!(problem["code"], code, "{method} {path}: {problem}");
        assert_eq!(response.headers()["content-type"], "application/problem+json", "{method} {path}");
    }
    chat(stack.http, SUNDAYS).await;
}

pub(crate) async fn a_client_that_leaves_in_mid_answer_harms_nobody(stack: &Stack) {
    for _ in 0..20 {
        let mut socket = Socket::open(stack.http).await;
        socket.send(&json!({"action": "sendMessage", "message": SUNDAYS})).await;
        assert_eq!(socket.next().await.expect("a start")["type"], "start");
    }
    assert!(!joined(&Socket::open(stack.http).await.ask(SUNDAYS).await).is_empty());
}
