//! Conversations that go out by mail.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::client::{Socket, post, request, socket};
use crate::handoff::wish;
use crate::receivers::{Act, Receiver};
use crate::stack::{Stack, stack};

async fn before(mail: &Receiver, more: &[(&str, &str)]) -> Stack {
    let server = format!("smtp://{}", mail.address);
    let pairs = [
        ("GATEWAY_HANDOFF_SMTP", server.as_str()),
        ("GATEWAY_HANDOFF_FROM", "Shop <chat@shop.example>"),
        ("GATEWAY_HANDOFF_TO", "a@shop.example, b@shop.example"),
        ("GATEWAY_HANDOFF_RETRY_SECONDS", "0.01"),
    ];
    stack(&pairs.into_iter().chain(more.iter().copied()).collect::<Vec<_>>()).await
}

async fn ask(stack: &Stack) -> Socket {
    let mut socket = socket(stack.http).await;
    let mut frame = wish();
    frame["action"] = json!("handoff");
    socket.send(frame).await;
    socket
}

async fn receipts(stack: &Stack) -> Vec<Value> {
    let mut socket = ask(stack).await;
    let mut receipts = vec![socket.frame().await];
    while receipts.last().is_some_and(|receipt| receipt["state"] == "queued") {
        receipts.push(socket.frame().await);
    }
    receipts
}

#[tokio::test]
async fn a_letter_arrives_after_a_server_that_was_busy() {
    let mail = Receiver::mail([Act::HangUp, Act::Refuse(450)]).await;
    let stack = before(&mail, &[]).await;
    let receipts = receipts(&stack).await;
    assert_eq!((&receipts[0]["state"], &receipts[1]["state"]), (&json!("queued"), &json!("delivered")));
    let letter = mail.deliveries(3).await.pop().unwrap();
    assert_eq!(letter.headers["rcpt"], "RCPT TO:<a@shop.example>RCPT TO:<b@shop.example>");
    let id = receipts[0]["handoff_id"].as_str().unwrap();
    for part in [
        "Reply-To: visitor@mail.example\r\n",
        &format!("Message-ID: <{id}@shop.example>\r\n"),
        "From: Shop <chat@shop.example>\r\n",
        "\r\n    Please call me.\r\n",
        "\r\n    I don't know.\r\n",
    ] {
        assert!(letter.body.contains(part), "{part:?} is missing: {}", letter.body);
    }
}

#[tokio::test]
async fn a_slow_mail_server_is_queued_and_its_answer_decides() {
    let gate = Arc::new(Notify::new());
    let mail = Receiver::mail([Act::Gate(Arc::clone(&gate))]).await;
    let stack = before(&mail, &[("GATEWAY_HANDOFF_PATIENCE_SECONDS", "0.1")]).await;
    let mut socket = ask(&stack).await;
    assert_eq!(socket.frame().await["state"], "queued");
    gate.notify_one();
    assert_eq!(socket.frame().await["state"], "delivered");
    assert_eq!(mail.count(), 1);
}

#[tokio::test]
async fn a_server_that_will_never_take_it_is_asked_once() {
    let mail = Receiver::mail([Act::Refuse(550)]).await;
    let stack = before(&mail, &[]).await;
    let receipts = receipts(&stack).await;
    assert_eq!((receipts.len(), &receipts[0]["state"]), (1, &json!("failed")));
    assert_eq!(mail.count(), 1);
}

#[tokio::test]
async fn one_of_two_ways_is_enough() {
    let (mail, desk) = (Receiver::mail([]).await, Receiver::http([Act::Answer(404, String::new())]).await);
    let address = format!("http://{}/", desk.address);
    let webhook = [
        ("GATEWAY_HANDOFF_WEBHOOK", address.as_str()),
        ("GATEWAY_HANDOFF_SECRET", "a secret of enough bytes"),
    ];
    let stack = before(&mail, &webhook).await;
    let reply = post(stack.http, "/handoff", &wish().to_string()).await;
    assert_eq!(reply.json()["state"], "delivered");
    assert_eq!((mail.deliveries(1).await.len(), desk.deliveries(1).await.len()), (1, 1));
}

#[tokio::test]
async fn nothing_that_a_visitor_writes_becomes_a_header_or_a_command() {
    let mail = Receiver::mail([]).await;
    let stack = before(&mail, &[]).await;
    let evil = "Hi\r\n.\r\nMAIL FROM:<x@evil.example>\r\nBcc: y@evil.example\r\n.\nQUIT\r\n";
    let mut asked = wish();
    asked["message"] = json!(evil);
    asked["contact"]["text"] = json!(evil);
    asked["page"] = json!({"url": evil, "title": evil});
    asked["transcript"] = json!([{"role": "visitor", "text": evil}]);
    let json = [("content-type", "application/json")];
    let reply = request(stack.http, "POST /handoff", &json, &asked.to_string()).await;
    assert_eq!(reply.json()["state"], "delivered", "{reply:?}");
    let letters = mail.deliveries(1).await;
    let (head, body) = letters[0].body.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("evil") && !head.contains("Bcc"), "{head}");
    assert!(body.ends_with("\r\n.\r\n") && body.matches("\r\n.\r\n").count() == 1, "{body}");
    assert_eq!(body.matches("    Bcc: y@evil.example").count(), 5, "{body}");
    assert_eq!(mail.count(), 1);
}
