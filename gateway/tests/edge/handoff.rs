//! Conversations that a person goes on with: what is delivered, and what the visitor is told.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::join_all;
use hmac::{Hmac, KeyInit, Mac};
use proto::v1::{Contact, HandoffRequest, handoff_response};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::sync::Notify;

use crate::client::{Reply, get, post, request, socket};
use crate::receivers::{Act, Received, Receiver};
use crate::stack::{PATIENCE, Stack, stack};

const SECRET: &str = "a secret of enough bytes";
const JSON: (&str, &str) = ("content-type", "application/json");
const CONTACT: &str = "Call us at +1 555 0142.";

pub(crate) fn wish() -> Value {
    json!({
        "contact": {"email": "visitor@mail.example"},
        "message": "Please call me.",
        "transcript": [{"role": "visitor", "text": "Do you repair?"}, {"role": "assistant", "text": "I don't know."}],
    })
}

async fn before(receiver: &Receiver, more: &[(&str, &str)]) -> Stack {
    let address = format!("http://{}/desk?token=x", receiver.address);
    let pairs = [
        ("GATEWAY_HANDOFF_WEBHOOK", address.as_str()),
        ("GATEWAY_HANDOFF_SECRET", SECRET),
        ("GATEWAY_HANDOFF_RETRY_SECONDS", "0.01"),
        ("GATEWAY_CONTACT", CONTACT),
    ];
    stack(&pairs.into_iter().chain(more.iter().copied()).collect::<Vec<_>>()).await
}

async fn hand_over(stack: &Stack) -> Reply {
    post(stack.http, "/handoff", &wish().to_string()).await
}

async fn hand_over_as(stack: &Stack, key: &str) -> Reply {
    request(stack.http, "POST /handoff", &[JSON, ("idempotency-key", key)], &wish().to_string()).await
}

fn check_signature(received: &Received) {
    let header = |name: &str| received.headers[name].as_str();
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(
        format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), received.body).as_bytes(),
    );
    let signature = STANDARD.decode(header("webhook-signature").strip_prefix("v1,").unwrap()).unwrap();
    mac.verify_slice(&signature).expect("the receiver can verify it");
}

async fn state_over_time(stack: &Stack, key: &str, wanted: &str) -> Reply {
    let asking = async {
        loop {
            let reply = hand_over_as(stack, key).await;
            if reply.json()["state"] == wanted {
                return reply;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("the state is reached")
}

#[tokio::test]
async fn a_conversation_reaches_the_webhook_signed_from_every_transport() {
    let receiver = Receiver::http([Act::Endless]).await;
    let stack = before(&receiver, &[]).await;
    let reply = hand_over(&stack).await;
    assert_eq!((reply.status, &reply.json()["state"]), (200, &json!("delivered")), "{reply:?}");
    let mut socket = socket(stack.http).await;
    let mut frame = wish();
    frame["action"] = json!("handoff");
    socket.send(frame).await;
    let over_socket = socket.frame().await;
    assert_eq!((&over_socket["type"], &over_socket["state"]), (&json!("handoff"), &json!("delivered")));
    let contact = Contact { phone: "+1 555 0142".to_owned(), ..Contact::default() };
    let asked = HandoffRequest { contact: Some(contact), ..HandoffRequest::default() };
    let over_grpc = stack.chat.clone().handoff(asked).await.expect("taken").into_inner();
    assert_eq!(over_grpc.state(), handoff_response::State::Delivered);
    let deliveries = receiver.deliveries(3).await;
    let ids =
        [reply.json()["handoff_id"].clone(), over_socket["handoff_id"].clone(), over_grpc.handoff_id.into()];
    for (delivery, id) in deliveries.iter().zip(ids) {
        check_signature(delivery);
        let body: Value = serde_json::from_str(&delivery.body).expect("JSON");
        assert_eq!((&body["handoff_id"], &body["type"]), (&id, &json!("handoff")));
        assert_eq!(delivery.headers["webhook-id"], id.as_str().unwrap());
        assert_eq!(delivery.headers["line"], "POST /desk?token=x HTTP/1.1");
    }
    let body: Value = serde_json::from_str(&deliveries[0].body).expect("JSON");
    for name in ["message", "transcript"] {
        assert_eq!(body[name], wish()[name]);
    }
    assert_eq!(body["contact"]["email"], "visitor@mail.example");
    let metrics = get(stack.internal, "/metrics").await.body;
    for line in [
        r#"gateway_handoffs_total{result="delivered"} 3"#,
        r#"gateway_handoff_attempts_total{channel="webhook",result="ok"} 3"#,
    ] {
        assert!(metrics.contains(line), "{line} is missing: {metrics}");
    }
}

#[tokio::test]
async fn a_failing_receiver_is_tried_again_and_the_socket_hears_how_it_ends() {
    let wait = Act::Answer(429, "retry-after: 0\r\n".to_owned());
    let receiver = Receiver::http([Act::Answer(503, String::new()), Act::HangUp, wait]).await;
    let stack = before(&receiver, &[]).await;
    let mut socket = socket(stack.http).await;
    let mut frame = wish();
    frame["action"] = json!("handoff");
    socket.send(frame).await;
    let (first, last) = (socket.frame().await, socket.frame().await);
    assert_eq!((&first["state"], &last["state"]), (&json!("queued"), &json!("delivered")));
    assert_eq!(first["handoff_id"], last["handoff_id"]);
    let deliveries = receiver.deliveries(4).await;
    deliveries.iter().for_each(check_signature);
    for again in &deliveries[1..] {
        assert_eq!(
            (&again.body, &again.headers["webhook-id"]),
            (&deliveries[0].body, &deliveries[0].headers["webhook-id"])
        );
    }
}

#[tokio::test]
async fn a_slow_receiver_is_queued_until_it_has_answered() {
    let gate = Arc::new(Notify::new());
    let receiver = Receiver::http([Act::Gate(Arc::clone(&gate))]).await;
    let stack = before(&receiver, &[("GATEWAY_HANDOFF_PATIENCE_SECONDS", "0.1")]).await;
    let reply = hand_over_as(&stack, "k").await;
    assert_eq!((reply.status, &reply.json()["state"]), (202, &json!("queued")));
    receiver.deliveries(1).await;
    gate.notify_one();
    let later = state_over_time(&stack, "k", "delivered").await;
    assert_eq!(later.json()["handoff_id"], reply.json()["handoff_id"]);
    assert_eq!(receiver.count(), 1);
}

#[tokio::test]
async fn a_receiver_that_comes_back_gets_what_it_missed() {
    let gone = Receiver::http([]).await;
    let address = gone.address;
    let stack = before(&gone, &[]).await;
    drop_receiver(gone).await;
    assert_eq!(hand_over_as(&stack, "k").await.json()["state"], "queued");
    let back = Receiver::http_at(address).await;
    state_over_time(&stack, "k", "delivered").await;
    assert_eq!(back.deliveries(1).await.len(), 1);
}

async fn drop_receiver(receiver: Receiver) {
    let address = receiver.address;
    receiver.stop().await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err(), "nobody listens");
}

#[tokio::test]
async fn what_was_not_passed_on_says_so_and_names_the_contact() {
    let elsewhere = Receiver::http([]).await;
    let redirect = Act::Answer(302, format!("location: http://{}/\r\n", elsewhere.address));
    let receiver = Receiver::http([redirect, Act::Answer(404, String::new())]).await;
    let refused = before(&receiver, &[]).await;
    for _ in 0..2 {
        let reply = hand_over(&refused).await;
        assert_eq!((reply.status, &reply.json()["state"]), (200, &json!("failed")));
        assert!(reply.json()["message"].as_str().unwrap().ends_with(CONTACT), "{reply:?}");
    }
    assert_eq!((receiver.count(), elsewhere.count()), (2, 0), "neither tried again nor followed");
    let unconfigured = stack(&[("GATEWAY_CONTACT", CONTACT)]).await;
    let reply = hand_over(&unconfigured).await.json();
    assert!(reply["state"] == "failed" && reply["message"].as_str().unwrap().ends_with(CONTACT), "{reply}");
    let bare = stack(&[]).await;
    assert!(hand_over(&bare).await.json()["message"].as_str().unwrap().ends_with("try again later."));
}

#[tokio::test]
async fn a_full_queue_takes_no_more() {
    let gate = Arc::new(Notify::new());
    let receiver = Receiver::http([Act::Gate(Arc::clone(&gate))]).await;
    let more = [("GATEWAY_HANDOFF_PATIENCE_SECONDS", "0.1"), ("GATEWAY_HANDOFF_QUEUE", "1")];
    let stack = before(&receiver, &more).await;
    assert_eq!(hand_over_as(&stack, "first").await.json()["state"], "queued");
    let failed = hand_over_as(&stack, "second").await.json();
    assert_eq!(failed["state"], "failed");
    receiver.deliveries(1).await;
    gate.notify_one();
    state_over_time(&stack, "first", "delivered").await;
    let again = state_over_time(&stack, "second", "delivered").await.json();
    assert_eq!(again["handoff_id"], failed["handoff_id"], "one that failed is tried again under its id");
}

#[tokio::test]
async fn a_repeat_leads_to_the_same_handoff() {
    let receiver = Receiver::http([]).await;
    let stack = before(&receiver, &[("RATE_PER_MINUTE", "1")]).await;
    let replies = join_all((0..10).map(|_| hand_over_as(&stack, "k"))).await;
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == replies[0].body), "{replies:?}");
    assert_eq!(receiver.count(), 1);
    let mut other = wish();
    other["message"] = json!("Something else.");
    let headers = [JSON, ("idempotency-key", "k")];
    assert_eq!(request(stack.http, "POST /handoff", &headers, &other.to_string()).await.status, 409);
    assert_eq!(hand_over(&stack).await.status, 429, "a new one counts");
    let reply = post(stack.http, "/chat", r#"{"message":"open?"}"#).await;
    assert_eq!(reply.status, 200, "questions are counted apart");
}

#[tokio::test]
async fn another_visitors_answer_is_not_passed_on() {
    let receiver = Receiver::http([]).await;
    let stack = before(&receiver, &[("GATEWAY_TRUSTED_HOPS", "1")]).await;
    let from = |address: &'static str| [JSON, ("x-forwarded-for", address)];
    let answer = request(stack.http, "POST /chat", &from("1.1.1.1"), r#"{"message":"open?"}"#).await;
    let id = answer.json()["answer_id"].as_str().unwrap().to_owned();
    let mut about = wish();
    about["answer_ids"] = json!([id]);
    let body = about.to_string();
    assert_eq!(request(stack.http, "POST /handoff", &from("2.2.2.2"), &body).await.status, 404);
    let mut socket = socket(stack.http).await;
    about["action"] = json!("handoff");
    socket.send(about).await;
    assert_eq!(socket.frame().await["code"], "NOT_FOUND");
    let contact = Some(Contact { text: "Table 5".to_owned(), ..Contact::default() });
    let asked = HandoffRequest { contact, answer_ids: vec![id], ..HandoffRequest::default() };
    let status = stack.chat.clone().handoff(asked).await.expect_err("foreign");
    assert_eq!(status.code(), tonic::Code::NotFound);
    assert_eq!(receiver.count(), 0);
    assert_eq!(request(stack.http, "POST /handoff", &from("1.1.1.1"), &body).await.status, 200);
}

#[tokio::test]
async fn shutdown_has_what_is_queued_delivered_first() {
    let receiver = Receiver::http([Act::Answer(503, "retry-after: 60\r\n".to_owned())]).await;
    let stack = before(&receiver, &[("GATEWAY_HANDOFF_RETRY_SECONDS", "60")]).await;
    assert_eq!(hand_over(&stack).await.json()["state"], "queued");
    stack.shutdown.begin();
    assert_eq!(receiver.deliveries(2).await.len(), 2, "without the pause of a minute");
    assert!(stack.shutdown.drained(PATIENCE).await);
}

#[tokio::test]
async fn nobody_waits_for_ever_for_a_receiver_that_never_takes_it() {
    let never = || std::iter::repeat_n(Act::Answer(500, String::new()), 100_000);
    let receiver = Receiver::http(never()).await;
    let short = before(&receiver, &[("GATEWAY_HANDOFF_SECONDS", "0.2")]).await;
    let mut socket = socket(short.http).await;
    let mut frame = wish();
    frame["action"] = json!("handoff");
    socket.send(frame).await;
    assert_eq!(socket.frame().await["state"], "queued");
    let last = socket.frame().await;
    assert!(last["state"] == "failed" && last["message"].as_str().unwrap().ends_with(CONTACT), "{last}");
    let leaving = before(&receiver, &[("DRAIN_SECONDS", "0.5")]).await;
    assert_eq!(hand_over(&leaving).await.json()["state"], "queued");
    leaving.shutdown.begin();
    assert!(leaving.shutdown.drained(PATIENCE).await, "shutdown does not wait for it either");
}

#[tokio::test]
async fn a_wrong_request_is_told_what_is_right() {
    let receiver = Receiver::http([]).await;
    let stack = before(&receiver, &[("GATEWAY_API_KEYS", crate::stack::KEYS)]).await;
    assert_eq!(hand_over(&stack).await.status, 401);
    let keyed = [JSON, ("x-api-key", "secret")];
    for (body, told) in [
        (json!({}), "contact"),
        (json!({"contact": {}}), "contact is missing"),
        (json!({"contact": {"email": "a@b\r\nBcc: c@d"}}), "contact.email"),
        (json!({"contact": {"text": "x"}, "answer_ids": ["x"]}), "answer_id"),
        (json!({"contact": {"text": "x"}, "transcript": [{"role": "visitor", "text": ""}]}), "transcript"),
    ] {
        let reply = request(stack.http, "POST /handoff", &keyed, &body.to_string()).await;
        assert_eq!(reply.status, 400, "{reply:?}");
        assert!(reply.json()["detail"].as_str().unwrap().contains(told), "{reply:?}");
    }
    assert_eq!(receiver.count(), 0);
}
