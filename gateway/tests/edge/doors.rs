//! Sessions, signed-in visitors, keys that are revoked while they are used, and hops that are not trusted.

use ring::hmac;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::{open, request};
use crate::stack::{Stack, stack};
use crate::tries::{BANK, From, KeyFile, SHOP, Way, ask, session};

const HOME: From<'static> = From { credential: "shop", origin: SHOP, forwarded: "" };

async fn guarded(file: &KeyFile, more: &[(&str, &str)]) -> Stack {
    let own = [("GATEWAY_KEYS_FILE", file.path()), ("GATEWAY_KEYS_RELOAD_SECONDS", "0.05")];
    stack(&[&own, more].concat()).await
}

#[tokio::test]
async fn a_revoked_keys_open_sockets_are_closed_and_no_others() {
    let mut file = KeyFile::new();
    let stack = guarded(&file, &[]).await;
    let token = session(&stack, HOME, &json!({})).await.expect("a session");
    let mut by_key = open(stack.http, &[("origin", SHOP), ("x-api-key", "shop")]).await.expect("let in");
    let mut by_token = open(stack.http, &[("origin", SHOP)]).await.expect("let in");
    by_token.send(json!({ "action": "authenticate", "token": token })).await;
    assert_eq!(by_token.frame().await["type"], "authenticated");
    let mut other = open(stack.http, &[("origin", BANK), ("x-api-key", "bank")]).await.expect("let in");
    file.change("shop", "revoked_s", json!(2));
    assert_eq!((by_key.close_code().await, by_token.close_code().await), (1008, 1008));
    for way in Way::ALL {
        let outcome = ask(&stack, way, From { credential: &token, ..HOME }).await;
        // Pages of no site are turned away before their key is looked at, but for gRPC.
        let expected = if way == Way::Grpc { "UNAUTHENTICATED" } else { "PERMISSION_DENIED" };
        assert_eq!(outcome, expected, "{way:?}");
    }
    other.ask("open?").await;
    assert_eq!(other.answer().await.pop().expect("an end")["type"], "end");
    file.change("bank", "expires_s", json!(1));
    assert_eq!(other.close_code().await, 1008, "an expired one too");
}

#[tokio::test]
async fn a_key_that_is_made_while_the_gateway_runs_opens() {
    let mut file = KeyFile::new();
    let stack = guarded(&file, &[]).await;
    let new = From { credential: "new", origin: "", forwarded: "" };
    assert_eq!(ask(&stack, Way::Rest, new).await, "UNAUTHENTICATED");
    let hash = "11507a0e2f5e69d5dfa40a62a1bd7b6ee57e6bcd85c67c9b8431b36fff21c437";
    file.change("back", "sha256", json!(hash));
    while ask(&stack, Way::Rest, new).await != "ok" {}
}

fn user_hash(user_id: &str) -> String {
    let secret = hmac::Key::new(hmac::HMAC_SHA256, "ab".repeat(32).as_bytes());
    hex::encode(hmac::sign(&secret, user_id.as_bytes()))
}

#[tokio::test]
async fn a_signed_in_visitor_is_the_same_at_every_address_and_nobody_else_is() {
    let file = KeyFile::new();
    let stack = guarded(&file, &[("GATEWAY_TRUSTED_HOPS", "1")]).await;
    let (here, there) = (From { forwarded: "192.0.2.7", ..HOME }, From { forwarded: "198.51.100.7", ..HOME });
    let ada = json!({ "user_id": "ada", "user_hash": user_hash("ada") });
    let token = session(&stack, here, &ada).await.expect("a session");
    let mut first =
        open(stack.http, &[("origin", SHOP), ("x-forwarded-for", "192.0.2.7")]).await.expect("let in");
    first.send(json!({ "action": "authenticate", "token": token })).await;
    assert_eq!(first.frame().await["type"], "authenticated");
    first.ask("open?").await;
    let end = first.answer().await.pop().expect("an end");
    let bob = json!({ "user_id": "bob", "user_hash": user_hash("bob") });
    for (who, expected) in [(&ada, "start"), (&bob, "error"), (&json!({}), "error")] {
        let token = session(&stack, there, who).await.expect("a session");
        let page = [("origin", SHOP), ("x-forwarded-for", "198.51.100.7")];
        let mut second = open(stack.http, &page).await.expect("let in");
        second.send(json!({ "action": "authenticate", "token": token })).await;
        assert_eq!(second.frame().await["type"], "authenticated");
        let resume = json!({
            "action": "resume", "answer_id": end["answer_id"], "epoch": end["epoch"], "after_seq": 0
        });
        second.send(resume).await;
        assert_eq!(second.frame().await["type"], expected, "{who}");
    }
    for (body, expected) in [
        (json!({ "user_id": "ada", "user_hash": user_hash("bob") }), "UNAUTHENTICATED"),
        (json!({ "user_id": "ada" }), "UNAUTHENTICATED"),
        (json!({ "user_id": "ada", "user_hash": "x" }), "UNAUTHENTICATED"),
        (json!({ "user_hash": user_hash("ada") }), "INVALID_ARGUMENT"),
        (json!({ "user_id": "a".repeat(129), "user_hash": user_hash("ada") }), "INVALID_ARGUMENT"),
        (json!({ "user": "ada" }), "INVALID_ARGUMENT"),
    ] {
        assert_eq!(session(&stack, here, &body).await, Err(expected.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_session_is_renewed_for_the_same_visitor_and_opened_by_site_keys_only() {
    let file = KeyFile::new();
    let stack = guarded(&file, &[]).await;
    let token = session(&stack, HOME, &json!({})).await.expect("a session");
    let renewed = session(&stack, HOME, &json!({ "token": token })).await.expect("renewed");
    let mut socket = open(stack.http, &[("origin", SHOP)]).await.expect("let in");
    socket.send(json!({ "action": "authenticate", "token": token })).await;
    assert_eq!(socket.frame().await["type"], "authenticated");
    socket.ask("open?").await;
    let end = socket.answer().await.pop().expect("an end");
    // The same socket goes on under the new token, as the same visitor.
    socket.send(json!({ "action": "authenticate", "token": renewed })).await;
    assert_eq!(socket.frame().await["type"], "authenticated");
    socket
        .send(json!({ "action": "resume", "answer_id": end["answer_id"], "epoch": end["epoch"], "after_seq": 1 }))
        .await;
    assert_ne!(socket.frame().await["type"], "error");
    let bank = From { credential: "bank", origin: BANK, forwarded: "" };
    for (from, body, expected) in [
        (From { credential: &token, ..HOME }, json!({}), "PERMISSION_DENIED"),
        (From { credential: "back", origin: "", forwarded: "" }, json!({}), "PERMISSION_DENIED"),
        (From { origin: BANK, ..HOME }, json!({}), "PERMISSION_DENIED"),
        (From { credential: "", ..HOME }, json!({}), "UNAUTHENTICATED"),
        (bank, json!({ "token": token }), "UNAUTHENTICATED"),
        (HOME, json!({ "token": "sbc_visit_x.y" }), "UNAUTHENTICATED"),
    ] {
        assert_eq!(session(&stack, from, &body).await, Err(expected.to_owned()), "{from:?} {body}");
    }
}

#[tokio::test]
async fn the_header_of_an_untrusted_hop_is_believed_on_no_transport() {
    let keys = crate::stack::KEYS;
    for way in Way::ALL {
        let stack = stack(&[("GATEWAY_API_KEYS", keys), ("RATE_PER_MINUTE", "2")]).await;
        let from = |forwarded| From { credential: "secret", origin: "", forwarded };
        let outcomes = [
            ask(&stack, way, from("192.0.2.1")).await,
            ask(&stack, way, from("192.0.2.2")).await,
            ask(&stack, way, from("192.0.2.3")).await,
        ];
        assert_eq!(outcomes, ["ok", "ok", "RATE_LIMITED"], "{way:?}");
    }
    for way in Way::ALL {
        let trusted = [("GATEWAY_API_KEYS", keys), ("RATE_PER_MINUTE", "1"), ("GATEWAY_TRUSTED_HOPS", "2")];
        let stack = stack(&trusted).await;
        let from = |forwarded| From { credential: "secret", origin: "", forwarded };
        // The second entry from the right was written by the outer one of two proxies, the first is the client's own.
        let outcomes = [
            ask(&stack, way, from("192.0.2.1, 10.0.0.1")).await,
            ask(&stack, way, from("192.0.2.2, 10.0.0.1")).await,
            ask(&stack, way, from("198.51.100.9, 192.0.2.1, 10.0.0.1")).await,
        ];
        assert_eq!(outcomes, ["ok", "ok", "RATE_LIMITED"], "{way:?}");
    }
}

#[tokio::test]
async fn a_key_has_its_own_quota_and_new_tokens_are_no_way_around_the_address() {
    let mut file = KeyFile::new();
    file.change("shop", "quota", json!({ "per_minute": 3 }));
    let rates =
        [("RATE_PER_MINUTE", "2"), ("GATEWAY_ADDRESS_RATE_PER_MINUTE", "5"), ("GATEWAY_TRUSTED_HOPS", "1")];
    let stack = guarded(&file, &rates).await;
    let shop = |forwarded| From { forwarded, ..HOME };
    let mut outcomes = Vec::new();
    for address in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3"] {
        outcomes.push(ask(&stack, Way::Rest, shop(address)).await);
    }
    assert_eq!(outcomes, ["ok", "ok", "RATE_LIMITED", "ok", "RATE_LIMITED"], "two a visitor, three a key");
    let bank = From { credential: "bank", origin: BANK, forwarded: "198.51.100.1" };
    let (mut opened, mut asked) = (0, 0);
    for _ in 0..8 {
        let Ok(token) = session(&stack, bank, &json!({})).await else { continue };
        opened += 1;
        asked += usize::from(ask(&stack, Way::Rest, From { credential: &token, ..bank }).await == "ok");
    }
    assert_eq!((opened, asked), (5, 5), "a token each, but one address");
    assert_eq!(ask(&stack, Way::Rest, bank).await, "RATE_LIMITED");
}

#[tokio::test]
async fn a_walk_through_one_network_of_ipv6_is_one_visitor() {
    let stack = stack(&[("RATE_PER_MINUTE", "10"), ("GATEWAY_TRUSTED_HOPS", "1")]).await;
    let mut passed = 0;
    for number in 0..40 {
        let forwarded = format!("2001:db8:1:2:{number:x}::{number:x}");
        let from = From { credential: "", origin: "", forwarded: &forwarded };
        passed += usize::from(ask(&stack, Way::Rest, from).await == "ok");
    }
    assert_eq!(passed, 10);
}

async fn session_reply(stack: &Stack, body: &Value) -> Value {
    let headers = [("origin", SHOP), ("x-api-key", "shop"), ("content-type", "application/json")];
    request(stack.http, "POST /v1/session", &headers, &body.to_string()).await.json()
}

/// Does the work that a challenge asks for.
fn solve(challenge: &Value) -> String {
    let (text, bits) =
        (challenge["challenge"].as_str().expect("a text"), challenge["bits"].as_u64().expect("a number"));
    let zeros = |hash: &[u8]| {
        u64::from(u32::from_be_bytes(hash[..4].try_into().expect("four bytes")).leading_zeros())
    };
    let right = |solution: &String| zeros(&Sha256::digest(format!("{text}:{solution}"))) >= bits;
    (0u64..).map(|number| number.to_string()).find(right).expect("some number solves it")
}

#[tokio::test]
async fn work_is_asked_for_only_while_the_days_money_burns() {
    let file = KeyFile::new();
    let money = [
        ("GATEWAY_PROOF_OF_WORK", "budget"),
        ("GATEWAY_SPEND_DAY_MICRODOLLARS", "1000"),
        ("GATEWAY_SPEND_ANSWER_MICRODOLLARS", "510"),
    ];
    let stack = guarded(&file, &money).await;
    assert!(session(&stack, HOME, &json!({})).await.is_ok(), "nothing is spent yet");
    stack.generator.costs(510);
    assert_eq!(ask(&stack, Way::Rest, HOME).await, "ok");
    for way in Way::ALL {
        assert_eq!(ask(&stack, way, HOME).await, "PERMISSION_DENIED", "a page needs a token now, {way:?}");
    }
    let secret = From { credential: "back", origin: "", forwarded: "" };
    assert_eq!(ask(&stack, Way::Rest, secret).await, "ok", "one's own servers do not");
    let challenge = session_reply(&stack, &json!({})).await;
    assert!(challenge["bits"].as_u64().is_some_and(|bits| bits >= 16), "{challenge}");
    let solved = json!({ "challenge": challenge["challenge"], "solution": solve(&challenge) });
    let token = session(&stack, HOME, &solved).await.expect("solved");
    assert_eq!(ask(&stack, Way::Sse, From { credential: &token, ..HOME }).await, "ok");
    let wrong = json!({ "challenge": challenge["challenge"], "solution": "0" });
    for refused in [solved, wrong] {
        assert_eq!(session_reply(&stack, &refused).await["code"], "UNAUTHENTICATED", "used, or not solved");
    }
    let ada = json!({ "user_id": "ada", "user_hash": user_hash("ada") });
    assert!(session(&stack, HOME, &ada).await.is_ok(), "the site vouches for its own");
}
