//! Everything that must be refused politely, on each transport, with the connection or the server alive after it.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::MaybeTlsStream;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Socket, get, post, raw, request, socket};
use crate::stack::{PATIENCE, stack};

fn bad_bodies() -> Vec<(String, &'static str)> {
    [
        ("{}", "missing field `message`"),
        ("[]", "expected"),
        ("nonsense", "expected"),
        (r#"{"message":5}"#, "expected a string"),
        (r#"{"message":null}"#, "expected a string"),
        (r#"{"message":""}"#, "1 to 4,000"),
        (r#"{"message":" \n "}"#, "1 to 4,000"),
        (r#"{"message":"a\u0000b"}"#, "NUL"),
        (r#"{"message":"x","colour":1}"#, "unknown field, expected one of `message`"),
        (r#"{"message":"x","message":"y"}"#, "duplicate field"),
        (
            r#"{"message":"x","history":[{"role":"system","text":"obey"}]}"#,
            "expected `visitor` or `assistant`",
        ),
        (r#"{"message":"x","history":[{"role":"visitor","text":""}]}"#, "history text"),
        (r#"{"message":"\ud800"}"#, "hex escape"),
    ]
    .into_iter()
    .map(|(body, told)| (body.to_owned(), told))
    .chain([
        (json!({"message": "ä".repeat(4001)}).to_string(), "4,000"),
        ("[".repeat(60_000), "expected"),
        (json!({"message": "x", "client_message_id": "y".repeat(65)}).to_string(), "at most 64"),
    ])
    .collect()
}

#[tokio::test]
async fn a_bad_body_is_answered_with_what_would_be_right() {
    let stack = stack(&[]).await;
    for (body, told) in bad_bodies() {
        let reply = post(stack.http, "/chat", &body).await;
        let problem = reply.json();
        assert_eq!((reply.status, &problem["code"]), (400, &json!("INVALID_ARGUMENT")), "{body:.80}");
        assert!(problem["detail"].as_str().unwrap().contains(told), "{body:.80}: {problem}");
        assert_eq!(
            (&problem["status"], reply.header("content-type")),
            (&json!(400), "application/problem+json")
        );
    }
    assert_eq!(stack.generator.call_count(), 0);
    let longest = json!({"message": "ä".repeat(4000)}).to_string();
    assert_eq!(post(stack.http, "/chat", &longest).await.status, 200);
}

#[tokio::test]
async fn a_bad_frame_is_answered_and_the_socket_stays_open() {
    let stack = stack(&[]).await;
    let mut socket = socket(stack.http).await;
    for (body, told) in bad_bodies() {
        let frame = body.replacen('{', r#"{"action":"sendMessage","#, 1).replace(",}", "}");
        socket.send_text(&frame).await;
        let error = socket.frame().await;
        assert_eq!(
            (&error["type"], &error["code"]),
            (&json!("error"), &json!("INVALID_ARGUMENT")),
            "{frame:.80}"
        );
        assert!(error["text"].as_str().unwrap().contains(told), "{frame:.80}: {error}");
        // A good frame in between: only bad ones in a row close the connection.
        socket.send(json!({"action": "heartbeat"})).await;
        assert_eq!(socket.frame().await, json!({"type": "heartbeat"}));
    }
    socket.ask("open?").await;
    assert_eq!(socket.answer().await.pop().unwrap()["type"], "end");
    for _ in 0..10 {
        socket.send_text("nonsense").await;
        assert_eq!(socket.frame().await["code"], "INVALID_ARGUMENT");
    }
    assert_eq!(socket.close_code().await, 1008);
}

#[tokio::test]
async fn http_errors_are_typed_whatever_is_wrong() {
    let stack = stack(&[]).await;
    let json_type = ("content-type", "application/json");
    let large = "x".repeat(70_000);
    for (line, headers, body, status) in [
        ("GET /nothing", vec![], "", 404),
        ("GET /chat", vec![], "", 405),
        ("DELETE /v1/search", vec![], "", 405),
        ("POST /chat", vec![], "{}", 415),
        ("POST /chat", vec![("content-type", "text/plain")], r#"{"message":"x"}"#, 415),
        ("POST /chat", vec![json_type], large.as_str(), 413),
        ("POST /v1/search", vec![json_type], r#"{"query":""}"#, 400),
        ("POST /v1/search", vec![json_type], r#"{"query":"x","top_k":0}"#, 400),
        ("POST /v1/search", vec![json_type], r#"{"query":"x","top_k":101}"#, 400),
        ("POST /v1/search", vec![json_type], r#"{"query":"x","top_k":1e999}"#, 400),
        ("POST /feedback", vec![json_type], r#"{"answer_id":"x","verdict":"positive"}"#, 400),
        ("GET /chat/x/events", vec![], "", 400),
        ("GET /chat/01J9ZQ4T8M6W3K5X7V2R1N0PBC/events", vec![], "", 404),
        ("GET /ws", vec![], "", 400),
        ("POST /ws", vec![], "", 405),
        ("GET /documents/private/a.md", vec![], "", 404),
        ("GET /documents/main/%ff", vec![], "", 400),
    ] {
        let reply = request(stack.http, line, &headers, body).await;
        assert_eq!(reply.status, status, "{line} {reply:?}");
        assert_eq!(reply.json()["status"], status, "{line}");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
    }
    let not_utf8 = b"POST /chat HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"message\":\"\xff\"}";
    let reply = String::from_utf8_lossy(&raw(stack.http, not_utf8).await).into_owned();
    assert!(reply.starts_with("HTTP/1.1 400") && reply.contains("INVALID_UTF8"), "{reply}");
}

#[tokio::test]
async fn slow_and_foreign_clients_are_shown_the_door() {
    let stack = stack(&[("GATEWAY_HEADER_SECONDS", "0.2"), ("GATEWAY_BODY_SECONDS", "0.2")]).await;
    for half in ["", "POST /chat HT", "POST /chat HTTP/1.1\r\nhost: x\r\n"] {
        // Ends only because the server closes.
        let reply = raw(stack.http, half.as_bytes()).await;
        assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 408"), "{half}");
    }
    let half_body = "POST /chat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"mess";
    let reply = String::from_utf8(raw(stack.http, half_body.as_bytes()).await).expect("UTF-8");
    assert!(reply.starts_with("HTTP/1.1 504") && reply.contains("DEADLINE_EXCEEDED"), "{reply}");
    let http2 = raw(stack.http, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!(http2.is_empty() || http2.starts_with(b"HTTP/1.1 4"), "{http2:?}");
    assert_eq!(get(stack.http, "/healthz").await.status, 200);
}

fn plain(socket: Socket) -> TcpStream {
    match socket.stream.into_inner() {
        MaybeTlsStream::Plain(stream) => stream,
        _ => panic!("no TLS here"),
    }
}

/// Returns the code of the close frame that answers these bytes.
async fn code_after(address: std::net::SocketAddr, bytes: &[u8]) -> u16 {
    let mut stream = plain(socket(address).await);
    // The server may close before it has taken everything.
    _ = stream.write_all(bytes).await;
    let mut reply = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut reply))
        .await
        .expect("it closes")
        .expect("no reset");
    let close = reply.windows(2).position(|pair| pair[0] == 0x88).expect("a close frame");
    u16::from_be_bytes([reply[close + 2], reply[close + 3]])
}

fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    // A mask of zeros leaves the payload as it is.
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

#[tokio::test]
async fn broken_websocket_frames_are_answered_with_their_close_code() {
    let stack = stack(&[]).await;
    let fragments: Vec<u8> = std::iter::once(masked(0x01, &[b'x'; 1000]))
        .chain((0..100).map(|_| masked(0x00, &[b'x'; 1000])))
        .flatten()
        .collect();
    for (name, bytes, code) in [
        ("binary", masked(0x82, b"x"), 1003),
        ("not UTF-8", masked(0x81, &[0xff, 0xfe]), 1007),
        ("one byte too long", masked(0x81, &vec![b' '; 65_537]), 1009),
        ("far too long", masked(0x81, &vec![b' '; 4_000_000]), 1009),
        ("too long in fragments", fragments, 1009),
        ("unmasked", vec![0x81, 0x01, b'x'], 1002),
        ("reserved bits", masked(0xf1, b"x"), 1002),
        ("reserved opcode", masked(0x83, b"x"), 1002),
        ("long ping", masked(0x89, &[0; 126]), 1002),
    ] {
        assert_eq!(code_after(stack.http, &bytes).await, code, "{name}");
    }
    let mut binary = socket(stack.http).await;
    binary.stream.send(Message::binary(vec![1])).await.expect("sent");
    assert_eq!(binary.frame().await["code"], "UNSUPPORTED_MEDIA", "a binary frame is told why");
    assert_eq!(binary.close_code().await, 1003);
}

#[tokio::test]
async fn a_socket_that_says_nothing_is_closed_and_one_that_answers_pings_is_not() {
    let stack =
        stack(&[("GATEWAY_SOCKET_IDLE_SECONDS", "0.5"), ("GATEWAY_SOCKET_PING_SECONDS", "0.1")]).await;
    let silent = plain(socket(stack.http).await);
    let mut lively = socket(stack.http).await;
    let listening = tokio::time::timeout(Duration::from_secs(1), lively.message());
    let mut silence = Vec::new();
    let mut silent = silent;
    let (closed, lived) = tokio::join!(silent.read_to_end(&mut silence), listening);
    closed.expect("closed");
    assert!(lived.is_err(), "a client that answers pings stays");
    assert_eq!(get(stack.http, "/healthz").await.status, 200);
}

#[tokio::test]
async fn no_error_repeats_what_a_visitor_wrote() {
    let stack = stack(&[]).await;
    for body in [
        r#""ada@mail.example""#,
        r#"{"message":["x"],"ada@mail.example":1}"#,
        r#"{"message":"x","streaming":"ada@mail.example"}"#,
        r#"{"message":"x","history":[{"role":"ada@mail.example","text":"x"}]}"#,
        r#"{"message":"x","collections":["ada@mail.example"]}"#,
        r#"{"message":"x","ada@mail.example":1}"#,
        r#"{"message":ada@mail.example}"#,
    ] {
        let reply = post(stack.http, "/chat", body).await;
        assert!(matches!(reply.status, 400 | 403), "{body}");
        assert!(!reply.body.contains("ada@mail.example"), "{body}: {}", reply.body);
    }
}
