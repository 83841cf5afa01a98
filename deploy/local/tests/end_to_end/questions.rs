//! Asking: the same answer with its sources on every transport, or an honest refusal.

use proto::v1::chat_event::Event;
use proto::v1::{AskRequest, ChatEvent};
use serde_json::{Value, json};

use crate::client::{self, Socket, chat, get, grpc, joined, post};
use crate::stack::Stack;

pub(crate) const SUNDAYS: &str = "When are you open on Sundays?";

pub(crate) async fn an_answer_is_streamed_with_its_source(stack: &Stack) {
    let mut socket = Socket::open(stack.http).await;
    let frames = socket.ask(SUNDAYS).await;
    assert_eq!(frames[0]["type"], "start", "{frames:#?}");
    let end = frames.last().expect("frames");
    assert_eq!((&end["type"], &end["complete"]), (&json!("end"), &json!(true)), "{end:#}");
    assert!(frames.iter().filter(|frame| frame["type"] == "chunk").count() > 1, "it is a stream");
    for (place, frame) in frames.iter().enumerate() {
        assert_eq!(frame["seq"], place + 1, "numbered without gaps");
        assert_eq!(frame["answer_id"], end["answer_id"]);
    }
    let text = joined(&frames);
    assert_eq!(end["text"], text);
    assert!(text.contains("11:00") && text.contains("[1]"), "{text}");
    assert_eq!(end["citations"][0]["number"], 1, "{end:#}");
    assert!(end["stage_times"]["total_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{end:#}");
}

pub(crate) async fn every_transport_gives_the_same_answer(stack: &Stack) {
    let mut socket = Socket::open(stack.http).await;
    let over_websocket = joined(&socket.ask(SUNDAYS).await);
    assert_eq!(chat(stack.http, SUNDAYS).await["response"], over_websocket);

    let body = json!({"message": SUNDAYS, "streaming": true});
    let (status, events) = post(stack.http, "/chat", &body, "text/event-stream").await;
    assert_eq!(status, 200);
    let events = String::from_utf8(events).expect("UTF-8");
    let data = events.lines().filter_map(|line| line.strip_prefix("data:"));
    let frames: Vec<Value> = data.map(|line| serde_json::from_str(line.trim()).expect("JSON")).collect();
    assert_eq!(joined(&frames), over_websocket);

    let request = AskRequest { question: SUNDAYS.to_owned(), ..AskRequest::default() };
    let mut stream = grpc(stack.grpc).ask(request).await.expect("admitted").into_inner();
    let mut events: Vec<ChatEvent> = Vec::new();
    while let Some(event) = stream.message().await.expect("a whole stream") {
        assert_eq!(event.seq, events.len() as u64 + 1);
        events.push(event);
    }
    let Some(Event::Ended(ended)) = events.pop().and_then(|event| event.event) else { panic!("no end") };
    assert_eq!(ended.text, over_websocket);
    assert!(!ended.citations.is_empty());
}

pub(crate) async fn every_starter_question_is_answered(stack: &Stack) {
    for question in include_str!("../../suggestions.txt").lines() {
        let reply = chat(stack.http, question).await;
        assert_eq!(reply["finish_reason"], "complete", "{question}: {reply:#}");
        assert!(
            reply["citations"].as_array().is_some_and(|cited| !cited.is_empty()),
            "{question}: {reply:#}"
        );
    }
}

pub(crate) async fn a_citation_leads_to_its_passage(stack: &Stack) {
    let reply = chat(stack.http, SUNDAYS).await;
    let citation = &reply["citations"][0];
    let url = citation["url"].as_str().expect("a link");
    let (path, anchor) = url.split_once('#').expect("a link to a place in the document");
    let (status, page) = get(stack.http, path).await;
    assert_eq!(status, 200, "{url}");
    assert!(page.contains(&format!("id=\"{anchor}\"")), "{url} has no such place");
    let heading = citation["heading_path"][0].as_str().expect("a heading");
    assert!(page.contains(heading), "{page}");
}

pub(crate) async fn what_the_documents_do_not_hold_is_refused(stack: &Stack) {
    for question in [
        "What is the capital of Mongolia?",
        "Who won the football world cup in 1998?",
        "How do I file my income tax return?",
        "Do you sell helicopters?",
        "asdf qwer zxcv",
        "?!",
    ] {
        let reply = chat(stack.http, question).await;
        assert_eq!(reply["finish_reason"], "no_evidence", "{question}: {reply:#}");
        assert_eq!(reply["citations"], json!([]), "{question}");
        assert!(reply["response"].as_str().is_some_and(|text| !text.is_empty()), "{question}: never a blank");
    }
}

pub(crate) async fn search_alone_returns_passages(stack: &Stack) {
    let body = json!({"query": "opening hours Sunday", "top_k": 3});
    let (status, reply) = post(stack.http, "/v1/search", &body, "application/json").await;
    let reply: Value = serde_json::from_slice(&reply).expect("JSON");
    assert_eq!(status, 200, "{reply}");
    let passages = reply["passages"].as_array().expect("passages");
    assert_eq!(passages.len(), 3);
    for passage in passages {
        for field in ["document", "heading_path", "text", "score"] {
            assert!(!passage[field].is_null(), "{field} in {passage}");
        }
    }
}

pub(crate) async fn a_lost_connection_resumes_without_a_lost_or_doubled_word(stack: &Stack) {
    let whole = joined(&Socket::open(stack.http).await.ask(SUNDAYS).await);
    for cut_after in 1..4 {
        let mut socket = Socket::open(stack.http).await;
        socket.send(&json!({"action": "sendMessage", "message": SUNDAYS})).await;
        let mut frames = Vec::new();
        for _ in 0..cut_after {
            frames.push(socket.next().await.expect("open"));
        }
        drop(socket);
        let last = frames.last().expect("a frame").clone();
        let mut socket = Socket::open(stack.http).await;
        let place = json!({
            "action": "resume", "answer_id": last["answer_id"], "epoch": last["epoch"], "after_seq": last["seq"],
        });
        socket.send(&place).await;
        frames.extend(socket.rest_of_answer().await);
        assert_eq!(joined(&frames), whole, "cut after {cut_after}: {frames:#?}");
    }
    let mut socket = Socket::open(stack.http).await;
    let epoch = socket.ask(SUNDAYS).await[0]["epoch"].clone();
    let unknown = json!({
        "action": "resume", "answer_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "epoch": epoch, "after_seq": 0,
    });
    socket.send(&unknown).await;
    assert_eq!(socket.next().await.expect("open")["code"], "NOT_FOUND");
    let before_a_restart = json!({
        "action": "resume", "answer_id": "01ARZ3NDEKTSV4RRFFQ69G5FAV", "epoch": 1, "after_seq": 0,
    });
    socket.send(&before_a_restart).await;
    assert_eq!(socket.next().await.expect("open")["type"], "resync", "a gap is announced");
}

pub(crate) async fn the_eleventh_question_is_refused(stack: &Stack) {
    for _ in 0..10 {
        chat(stack.http, SUNDAYS).await;
    }
    let request = hyper::Request::post("/chat")
        .header("content-type", "application/json")
        .body(http_body_util::Full::from(json!({"message": SUNDAYS}).to_string()))
        .expect("a request");
    let (response, body) = client::http(stack.http, request).await;
    let problem: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(response.status(), 429, "{problem}");
    assert_eq!(response.headers()["content-type"], "application/problem+json");
    let wait: u64 = response.headers()["retry-after"].to_str().expect("ASCII").parse().expect("seconds");
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(
        (&problem["code"], &problem["retryable"]),
        (&json!("RATE_LIMITED"), &json!(true)),
        "{problem}"
    );

    let frames = Socket::open(stack.http).await.ask(SUNDAYS).await;
    assert_eq!(frames[0]["code"], "RATE_LIMITED", "one visitor, whatever the transport: {frames:#?}");
    let request = AskRequest { question: SUNDAYS.to_owned(), ..AskRequest::default() };
    let status = grpc(stack.grpc).ask(request).await.expect_err("refused");
    let (code, wait) = proto::ErrorCode::of(&status);
    assert_eq!(code, proto::ErrorCode::RateLimited);
    assert!(wait.is_some());
}
