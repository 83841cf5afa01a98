//! Many visitors while models fail at random, and visitors who leave.

use std::net::SocketAddr;

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::bedrock::{Online, Read};
use crate::client::Socket;
use crate::questions::SUNDAYS;

const VISITORS: usize = 40;
const QUESTIONS: usize = 2_000;

/// Ways to fail of the first model; each meets three calls in a hundred of those that the ones before left alone.
const FAILURES: [&str; 12] = [
    "kind = \"error\"\nerror = \"ThrottlingException\"",
    "kind = \"nameless\"\nstatus = 429",
    "kind = \"error\"\nerror = \"InternalServerException\"",
    "kind = \"silent\"",
    "kind = \"stall\"\nafter_tokens = 4",
    "kind = \"cut\"\nafter_tokens = 7",
    "kind = \"cut_inside\"\nafter_tokens = 2",
    "kind = \"reset\"\nafter_tokens = 9",
    "kind = \"bad_crc\"\nafter_tokens = 5",
    "kind = \"exception\"\nerror = \"modelStreamErrorException\"\nafter_tokens = 3",
    "kind = \"error_frame\"\nafter_tokens = 1",
    "kind = \"no_message_stop\"",
];

pub(crate) async fn thirty_calls_in_a_hundred_fail_and_every_question_is_answered() {
    let faults: String =
        FAILURES.iter().map(|fault| format!("[[bedrock.fault]]\nprobability = 0.03\n{fault}\n")).collect();
    // A machine with other work is no reason to refuse anybody here.
    let online = Online::start(&format!("[bedrock]\nseed = 11\n{faults}"), &[("GATEWAY_MIN_ANSWERS", "64")]);
    let visits = (0..VISITORS).map(|_| visit(online.stack.http));
    let reads: Vec<Read> = join_all(visits).await.into_iter().flatten().collect();
    assert_eq!(reads.len(), QUESTIONS);
    let calls = online.simulator.asked();
    let faulty = calls.iter().filter(|call| call["outcome"] != "answered").count();
    assert!(faulty * 4 > calls.len(), "only {faulty} of {} calls failed", calls.len());
    let from = |source: &str| reads.iter().filter(|read| read.source() == source).count();
    println!(
        "{} calls, {faulty} faulty; answers: {} of the model, {} of the smaller one, {} quoted, {} fixed",
        calls.len(),
        from("model"),
        from("fallback_model"),
        from("extractive"),
        from("fixed_text"),
    );
    for read in &reads {
        assert_eq!(read.last["type"], "end", "{:#}", read.last);
        assert_eq!(read.text.matches("11:00").count(), 1, "doubled or missing: {}", read.text);
        assert_eq!(read.is_labelled(), read.source() != "model", "{:#}", read.last);
        let spent = read.last["stage_times"]["total_ms"].as_f64().expect("a time");
        assert!(spent < 120_000.0, "past its deadline: {:#}", read.last);
    }
}

async fn visit(http: SocketAddr) -> Vec<Read> {
    let mut socket = Socket::open(http).await;
    let mut reads = Vec::new();
    for _ in 0..QUESTIONS / VISITORS {
        reads.push(Read::of(&socket.ask(SUNDAYS).await));
    }
    reads
}

/// Words come every 10 ms, so tokens that are still sent tell how long the model went on.
const TALKATIVE: &str =
    "[bedrock.pace]\ngap = { constant_ms = 10 }\n[[bedrock.model]]\nbehaviour = \"endless\"\n";
/// A tenth of a second, and twice as much for a machine that is busy with other tests.
const MOST_TOKENS_MORE: u64 = 30;

pub(crate) async fn a_visitor_who_stops_or_leaves_stops_the_model() {
    let online = Online::start(TALKATIVE, &[("GATEWAY_RESUME_WINDOW_SECONDS", "0")]);
    for leaves in [false, true] {
        let mut socket = Socket::open(online.stack.http).await;
        socket.send(&json!({"action": "sendMessage", "message": SUNDAYS})).await;
        let mut seen = 0;
        let answer = loop {
            let frame = socket.next().await.expect("open");
            seen += u64::from(frame["type"] == "chunk");
            if seen == 20 {
                break frame["answer_id"].clone();
            }
        };
        if leaves {
            socket.0.close(None).await.expect("closes");
        } else {
            socket.send(&json!({"action": "stop", "answer_id": answer})).await;
            let rest = socket.rest_of_answer().await;
            assert_eq!(rest.last().expect("an end")["finish_reason"], "stopped");
        }
        let call = abandoned(&online).await;
        let sent = call["tokens_sent"].as_u64().expect("a number");
        println!("leaves: {leaves}, {seen} seen, {sent} sent");
        assert!(sent < seen + MOST_TOKENS_MORE, "{call:#}");
    }
}

/// Returns the last call once the service has seen that its caller is gone; the test's runner ends a test that hangs.
async fn abandoned(online: &Online) -> Value {
    loop {
        let asked = online.simulator.asked();
        let last = asked.last().expect("a call");
        if last["outcome"] == "abandoned" {
            return last.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
