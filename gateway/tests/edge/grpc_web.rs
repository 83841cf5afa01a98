//! gRPC-Web and what else HTTP/1 must not let through.

use prost::Message;
use proto::v1::chat_event::Event;
use proto::v1::{AskRequest, ChatEvent};

use crate::client::{Reply, raw, request};
use crate::stack::{KEYS, Stack, stack};

pub(crate) const ASK: &str = "POST /smallbiz.chatbot.v1.Chat/Ask";
pub(crate) const KIND: &str = "application/grpc-web-text+proto";

pub(crate) fn framed(message: &impl Message) -> String {
    let bytes = message.encode_to_vec();
    let length = u32::try_from(bytes.len()).expect("short").to_be_bytes();
    base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        [&[0_u8][..], &length, &bytes].concat(),
    )
}

/// Returns the events and the trailers of a reply.
fn read(reply: &Reply) -> (Vec<ChatEvent>, String) {
    // Each chunk of the stream is padded text of its own.
    let mut bytes = Vec::new();
    for piece in reply.body.split_inclusive("=").flat_map(|piece| piece.split("\n")) {
        let mut rest = piece;
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rest.len().min(4));
            let part = base64::Engine::decode(
                &base64::engine::general_purpose::STANDARD_NO_PAD,
                head.trim_end_matches('='),
            );
            bytes.extend(part.expect("Base64"));
            rest = tail;
        }
    }
    let (mut events, mut trailers, mut rest) = (Vec::new(), String::new(), bytes.as_slice());
    while let [flag, a, b, c, d, tail @ ..] = rest {
        let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
        let (message, tail) = tail.split_at(length);
        if *flag & 0x80 == 0 {
            events.push(ChatEvent::decode(message).expect("an event"));
        } else {
            trailers.push_str(std::str::from_utf8(message).expect("text"));
        }
        rest = tail;
    }
    (events, trailers)
}

async fn ask(stack: &Stack, headers: &[(&str, &str)]) -> Reply {
    let message = AskRequest { question: "Open?".to_owned(), ..AskRequest::default() };
    let mut all = vec![("content-type", KIND), ("accept", KIND), ("x-grpc-web", "1")];
    all.extend_from_slice(headers);
    request(stack.http, ASK, &all, &framed(&message)).await
}

#[tokio::test]
async fn a_page_asks_over_grpc_web_and_reads_every_event() {
    let stack = stack(&[]).await;
    let origin = format!("http://{}", stack.http);
    let reply = ask(&stack, &[("origin", &origin)]).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, KIND), "{reply:?}");
    assert_eq!(reply.header("access-control-allow-origin"), origin);
    assert!(reply.header("access-control-expose-headers").contains("grpc-status"), "{reply:?}");
    let (events, trailers) = read(&reply);
    assert!(trailers.contains("grpc-status:0"), "{trailers}");
    let Some(Event::Ended(ended)) = events.last().and_then(|event| event.event.clone()) else {
        panic!("{events:?}")
    };
    assert_eq!(ended.text, "Grüße, open [1]");
    assert!(events.iter().zip(1..).all(|(event, seq)| event.seq == seq));
}

#[tokio::test]
async fn keys_origins_and_limits_hold_over_grpc_web() {
    let stack = stack(&[("GATEWAY_API_KEYS", KEYS)]).await;
    let refused = ask(&stack, &[]).await;
    assert_eq!((refused.status, refused.header("grpc-status")), (200, "16"), "{refused:?}");
    let evil = ask(&stack, &[("x-api-key", "secret"), ("origin", "https://evil.example")]).await;
    assert_eq!(evil.status, 403);
    let (events, _) = read(&ask(&stack, &[("x-api-key", "secret")]).await);
    assert!(events.len() > 1);
    let large = "A".repeat(100_000);
    let headers = [("content-type", KIND), ("x-api-key", "secret")];
    assert_eq!(request(stack.http, ASK, &headers, &large).await.status, 413);
    let other = [("content-type", "application/grpc"), ("x-api-key", "secret")];
    assert_eq!(request(stack.http, ASK, &other, "AAAAAAA=").await.status, 415);
}

#[tokio::test]
async fn a_preflight_of_grpc_web_and_of_a_handoff_is_answered() {
    let stack = stack(&[]).await;
    let origin = format!("http://{}", stack.http);
    for path in ["/smallbiz.chatbot.v1.Chat/Ask", "/handoff"] {
        let headers = [("origin", origin.as_str()), ("access-control-request-method", "POST")];
        let reply = request(stack.http, &format!("OPTIONS {path}"), &headers, "").await;
        assert_eq!(
            (reply.status, reply.header("access-control-allow-origin")),
            (204, origin.as_str()),
            "{path}"
        );
        assert!(reply.header("access-control-allow-headers").contains("x-grpc-web"));
        let evil = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
        assert_eq!(request(stack.http, &format!("OPTIONS {path}"), &evil, "").await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn the_public_port_does_not_speak_http_2_in_clear_text() {
    let stack = stack(&[]).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let reply = raw(stack.http, preface).await;
    assert!(reply.is_empty() || reply.starts_with(b"HTTP/1.1 4"), "{reply:?}");
    let upgrade = format!(
        "GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close, upgrade, http2-settings\r\nupgrade: h2c\r\n\
         http2-settings: AAMAAABkAAQAAP__\r\n\r\n",
        stack.http
    );
    assert!(raw(stack.http, upgrade.as_bytes()).await.starts_with(b"HTTP/1.1 200"));
}
