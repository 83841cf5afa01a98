//! Whoever must not come in, tried over every transport.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proto::ErrorCode;
use proto::v1::send_feedback_request::Verdict;
use proto::v1::{ResumeRequest, SendFeedbackRequest, StopRequest};
use ring::hmac;
use serde_json::json;
use tonic::Request;

use crate::client::{open, request};
use crate::stack::{Stack, stack};
use crate::tries::{BANK, From, KeyFile, SHOP, Way, ask, session};

const SECRET: &str = "a secret of thirty-two bytes, or more";

async fn guarded(file: &KeyFile) -> Stack {
    stack(&[
        ("GATEWAY_KEYS_FILE", file.path()),
        ("GATEWAY_TOKEN_SECRET", SECRET),
        ("GATEWAY_TRUSTED_HOPS", "1"),
        ("GATEWAY_KEYS_RELOAD_SECONDS", "0.05"),
    ])
    .await
}

/// A token that this gateway would have made, had it wanted to.
fn forged(secret: &str, expires_s: u64) -> String {
    let visitor = json!({ "holder": 0x0a00_0001, "id": "v", "is_signed_in": false });
    let claims = json!({ "visitor": visitor, "issued_s": 1, "expires_s": expires_s, "bound": "" });
    let body = format!("sbc_visit_{}", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body.as_bytes());
    format!("{body}.{}", BASE64_URL_SAFE_NO_PAD.encode(tag))
}

const HOME: From<'static> = From { credential: "shop", origin: SHOP, forwarded: "192.0.2.7" };

#[tokio::test]
async fn whoever_must_not_come_in_is_refused_over_every_transport() {
    let file = KeyFile::new();
    let stack = guarded(&file).await;
    let token = session(&stack, HOME, &json!({})).await.expect("a session");
    let stolen = From { credential: &token, ..HOME };
    let cut = &token[..token.len() - 1];
    let (expired, foreign) = (forged(SECRET, 2), forged("another secret of enough bytes ....", u64::MAX));
    let by = |credential| From { credential, ..HOME };
    for (what, from, expected) in [
        ("a site key from its page", HOME, "ok"),
        ("a token from its page", stolen, "ok"),
        ("a token from its network", From { forwarded: "192.0.2.99", ..stolen }, "ok"),
        ("a secret key from a server", From { credential: "back", origin: "", ..HOME }, "ok"),
        ("no key", by(""), "UNAUTHENTICATED"),
        ("a wrong key", by("shops"), "UNAUTHENTICATED"),
        ("a cut key", by("sho"), "UNAUTHENTICATED"),
        ("a revoked key", From { origin: "", ..by("old") }, "UNAUTHENTICATED"),
        ("an expired key", From { origin: "", ..by("late") }, "UNAUTHENTICATED"),
        ("an expired token", by(&expired), "UNAUTHENTICATED"),
        ("a token that was cut", by(cut), "UNAUTHENTICATED"),
        ("a token of another secret", by(&foreign), "UNAUTHENTICATED"),
        ("a token from another page", From { origin: BANK, ..stolen }, "UNAUTHENTICATED"),
        ("a token from another network", From { forwarded: "192.0.3.7", ..stolen }, "UNAUTHENTICATED"),
        ("a token without a page", From { origin: "", ..stolen }, "UNAUTHENTICATED"),
        ("the key of another site", by("bank"), "PERMISSION_DENIED"),
        (
            "a site key from a page of nobody",
            From { origin: "https://evil.example", ..HOME },
            "PERMISSION_DENIED",
        ),
        ("a site key without a page", From { origin: "", ..HOME }, "PERMISSION_DENIED"),
        ("a secret key in a page", by("back"), "PERMISSION_DENIED"),
    ] {
        for way in Way::ALL {
            // There the first frame comes without a key, and has a refusal of its own.
            if way == Way::FirstFrame && from.credential.is_empty() {
                continue;
            }
            assert_eq!(ask(&stack, way, from).await, expected, "{what}, {way:?}");
        }
    }
}

#[tokio::test]
async fn another_visitors_answer_is_nobodys_business() {
    let file = KeyFile::new();
    let stack = guarded(&file).await;
    let [owner, thief] = [session(&stack, HOME, &json!({})).await, session(&stack, HOME, &json!({})).await];
    let (owner, thief) = (owner.expect("a session"), thief.expect("a session"));
    let page = [("origin", SHOP), ("x-forwarded-for", "192.0.2.7")];
    let mut asked = open(stack.http, &page).await.expect("a page of a site");
    asked.send(json!({ "action": "authenticate", "token": owner })).await;
    assert_eq!(asked.frame().await["type"], "authenticated");
    asked.ask("open?").await;
    let end = asked.answer().await.pop().expect("an end");
    let id = end["answer_id"].as_str().expect("an id");

    let mut other = open(stack.http, &page).await.expect("a page of a site");
    other.send(json!({ "action": "authenticate", "token": thief })).await;
    assert_eq!(other.frame().await["type"], "authenticated");
    for action in [
        json!({ "action": "resume", "answer_id": id, "epoch": end["epoch"], "after_seq": 0 }),
        json!({ "action": "stop", "answer_id": id }),
        json!({ "action": "feedback", "answer_id": id, "verdict": "positive" }),
    ] {
        other.send(action.clone()).await;
        assert_eq!(other.frame().await["code"], "NOT_FOUND", "{action}");
    }
    let opinion = json!({ "answer_id": id, "verdict": "positive" }).to_string();
    for (token, status) in [(&thief, 404), (&owner, 200)] {
        let bearer = format!("Bearer {token}");
        let named = [page[0], page[1], ("authorization", &*bearer), ("content-type", "application/json")];
        let events = request(stack.http, &format!("GET /chat/{id}/events"), &named, "").await;
        assert_eq!(events.status, status);
        let given = request(stack.http, "POST /feedback", &named, &opinion).await.status;
        assert_eq!(given, if status == 200 { 204 } else { 404 });
    }
    let answer_id = id.to_owned();
    let epoch = end["epoch"].as_u64().expect("a number");
    let resume = ResumeRequest { answer_id: answer_id.clone(), epoch, ..ResumeRequest::default() };
    let stop = StopRequest { answer_id: answer_id.clone(), ..StopRequest::default() };
    let opinion = SendFeedbackRequest {
        answer_id,
        verdict: Verdict::Positive.into(),
        ..SendFeedbackRequest::default()
    };
    let mut chat = stack.chat.clone();
    let refused = [
        chat.resume(by_token(resume.clone(), &thief)).await.map(|_| ()).expect_err("another's"),
        chat.stop(by_token(stop, &thief)).await.map(|_| ()).expect_err("another's"),
        chat.send_feedback(by_token(opinion, &thief)).await.map(|_| ()).expect_err("another's"),
    ];
    assert!(refused.iter().all(|status| ErrorCode::of(status).0 == ErrorCode::NotFound), "{refused:?}");
    chat.resume(by_token(resume, &owner)).await.expect("one's own");
}

fn by_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}");
    for (name, value) in [("authorization", &*bearer), ("origin", SHOP), ("x-forwarded-for", "192.0.2.7")] {
        request.metadata_mut().insert(name, value.parse().expect("ASCII"));
    }
    request
}

#[tokio::test]
async fn a_page_must_be_exactly_one_of_its_keys() {
    let file = KeyFile::new();
    let stack = guarded(&file).await;
    for (origin, allowed) in [
        (SHOP, true),
        ("https://evil.example", false),
        ("null", false),
        ("https://shop.example.evil.example", false),
        ("https://evil-shop.example", false),
        ("https://www.shop.example", false),
        ("https://shop.example:8443", false),
        ("http://shop.example", false),
        ("https://Shop.example", false),
        ("https://shop.example.", false),
        ("https://shöp.example", false),
        ("https://xn--shp-fka.example", false),
        ("*", false),
    ] {
        for way in Way::ALL {
            // Metadata of gRPC is ASCII.
            if way == Way::Grpc && !origin.is_ascii() {
                continue;
            }
            let outcome = ask(&stack, way, From { origin, ..HOME }).await;
            assert_eq!(outcome, if allowed { "ok" } else { "PERMISSION_DENIED" }, "{origin} {way:?}");
        }
        for path in ["/chat", "/v1/session", "/ws"] {
            let asked = [("origin", origin), ("access-control-request-method", "POST")];
            let preflight = request(stack.http, &format!("OPTIONS {path}"), &asked, "").await;
            assert_eq!(preflight.status, if allowed { 204 } else { 403 }, "{origin} {path}");
            let told = preflight.header("access-control-allow-origin");
            assert_eq!(told, if allowed { origin } else { "" }, "{path}");
            assert_eq!(
                (preflight.header("vary"), preflight.header("access-control-allow-credentials")),
                ("origin", "")
            );
        }
    }
}

#[tokio::test]
async fn a_site_key_only_chats() {
    let file = KeyFile::new();
    let stack = guarded(&file).await;
    let token = session(&stack, HOME, &json!({})).await.expect("a session");
    for (credential, origin, status) in
        [("shop", SHOP, 403), (token.as_str(), SHOP, 403), ("back", "", 200), ("old", "", 401)]
    {
        let headers = From { credential, origin, ..HOME }.headers();
        let mut headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, &**value)).collect();
        headers.push(("content-type", "application/json"));
        let reply = request(stack.http, "POST /v1/search", &headers, r#"{"query":"open"}"#).await;
        assert_eq!(reply.status, status, "{credential}");
    }
    let explain = |credential: &'static str, origin: &'static str| {
        let search = Some(proto::v1::SearchRequest { question: "x".to_owned(), ..Default::default() });
        let mut request = Request::new(proto::v1::ExplainRequest { search, ..Default::default() });
        request.metadata_mut().insert("x-api-key", credential.parse().expect("ASCII"));
        if !origin.is_empty() {
            request.metadata_mut().insert("origin", origin.parse().expect("ASCII"));
        }
        let mut chat = stack.chat.clone();
        async move { ErrorCode::of(&chat.explain(request).await.expect_err("no scope for it")).0 }
    };
    assert_eq!(explain("shop", SHOP).await, ErrorCode::PermissionDenied);
    assert_eq!(explain("back", "").await, ErrorCode::PermissionDenied);
}
