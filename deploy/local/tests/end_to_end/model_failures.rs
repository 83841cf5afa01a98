//! What a visitor sees when models fail, are stopped or are out of reach: always an answer or an honest word.

use crate::bedrock::{CONTACT, FIRST, Online, Read};
use crate::client::Socket;

/// Failures before the first word that may pass: each is asked for three times.
const BEFORE: [&str; 5] = [
    "kind = \"error\"\nerror = \"ThrottlingException\"",
    "kind = \"nameless\"\nstatus = 429",
    "kind = \"error\"\nerror = \"InternalServerException\"",
    "kind = \"error\"\nerror = \"ServiceUnavailableException\"",
    "kind = \"exception\"\nerror = \"throttlingException\"",
];

/// Failures before the first word that another call would not mend, or that took all the time there is.
const FOR_GOOD: [&str; 3] = [
    "kind = \"error\"\nerror = \"ValidationException\"",
    "kind = \"error\"\nerror = \"AccessDeniedException\"",
    "kind = \"silent\"",
];

/// Failures after the first words.
const BROKEN: [&str; 11] = [
    "kind = \"stall\"\nafter_tokens = 4",
    "kind = \"cut\"\nafter_tokens = 4",
    "kind = \"cut_inside\"\nafter_tokens = 4",
    "kind = \"reset\"\nafter_tokens = 4",
    "kind = \"bad_crc\"\nafter_tokens = 4",
    "kind = \"error_frame\"\nafter_tokens = 4",
    "kind = \"no_message_stop\"",
    "kind = \"exception\"\nerror = \"modelStreamErrorException\"\nafter_tokens = 4",
    "kind = \"exception\"\nerror = \"internalServerException\"\nafter_tokens = 4",
    "kind = \"exception\"\nerror = \"serviceUnavailableException\"\nafter_tokens = 4",
    "kind = \"exception\"\nerror = \"validationException\"\nafter_tokens = 4",
];

/// What is unusual and does no harm.
const HARMLESS: [&str; 3] =
    ["kind = \"slow_start\"\ndelay_ms = 100", "kind = \"unknown_event\"", "kind = \"no_metadata\""];

/// Never left alone, so that each failure meets the model.
const NO_BREAKER: (&str, &str) = ("GENERATOR_BREAKER_FAILURES", "1000");
const MANY_RETRIES: (&str, &str) = ("GENERATOR_RETRY_BURST", "1000");

/// Returns a scenario in which the first model fails in these ways, one after the other, each this often; so many calls go well
/// before each of them.
fn failing(faults: &[(&str, u32)], between: usize) -> String {
    let fault = |(place, (fault, times)): (usize, &(&str, u32))| {
        let after = place * between;
        format!("[[bedrock.fault]]\nmodel = \"{FIRST}\"\ntimes = {times}\nafter = {after}\n{fault}\n")
    };
    format!("[bedrock]\nseed = 1\n{}", faults.iter().enumerate().map(fault).collect::<String>())
}

pub(crate) async fn each_failure_of_the_first_model_ends_in_an_answer_of_the_second() {
    let failures = BEFORE.map(|fault| (fault, 3, 0)).into_iter().chain(FOR_GOOD.map(|fault| (fault, 1, 0)));
    let failures: Vec<(&str, u32, usize)> = failures.chain(BROKEN.map(|fault| (fault, 1, 1))).collect();
    let faults: Vec<(&str, u32)> = failures.iter().map(|(fault, times, _)| (*fault, *times)).collect();
    let online = Online::start(&failing(&faults, 0), &[NO_BREAKER, MANY_RETRIES]);
    for (fault, calls, retracts) in failures {
        let before = online.calls(FIRST);
        let read = online.ask().await;
        assert_eq!((read.source(), read.retracts), ("fallback_model", retracts), "{fault}: {:#}", read.last);
        assert!(read.text.contains("11:00") && read.text.contains("[1]"), "{fault}: {}", read.text);
        assert_eq!(read.text.matches("11:00").count(), 1, "{fault}: {}", read.text);
        assert!(read.is_labelled() && !read.last["citations"][0].is_null(), "{fault}: {:#}", read.last);
        assert_eq!(online.calls(FIRST) - before, calls as usize, "{fault}");
    }
    assert_eq!(online.ask().await.source(), "model", "nothing is left behind");
}

pub(crate) async fn what_is_unusual_and_what_passes_by_itself_is_not_noticed() {
    let harmless = Online::start(&failing(&HARMLESS.map(|fault| (fault, 1)), 0), &[]);
    let passing = failing(&BEFORE.map(|fault| (fault, 2)), 1);
    let passing = Online::start(&passing, &[NO_BREAKER, MANY_RETRIES]);
    let cases = HARMLESS.map(|fault| (fault, &harmless)).into_iter();
    for (fault, online) in cases.chain(BEFORE.map(|fault| (fault, &passing))) {
        let read = online.ask().await;
        assert_eq!((read.source(), read.retracts), ("model", 0), "{fault}: {:#}", read.last);
        assert!(read.notices.is_empty() && read.text.contains("11:00"), "{fault}: {:?}", read.notices);
        let usage = &read.last["usage"];
        assert!(usage["cost_microdollars"].as_u64() > Some(0), "{fault}: {:#}", read.last);
    }
    assert_eq!(passing.calls(FIRST), 3 * BEFORE.len());
}

pub(crate) async fn without_models_passages_are_quoted_and_models_left_alone() {
    let scenario = "[[bedrock.fault]]\nkind = \"error\"\nerror = \"ServiceUnavailableException\"\n";
    let online = Online::start(scenario, &[("GENERATOR_BREAKER_SECONDS", "3600")]);
    for _ in 0..20 {
        let read = online.ask().await;
        assert_eq!((read.source(), read.retracts), ("extractive", 0), "{:#}", read.last);
        assert!(read.is_labelled() && read.text.contains("[1]"), "{} {:?}", read.text, read.notices);
    }
    // Six failures each open the breakers of both models, after which no answer asks once more.
    let calls = online.simulator.asked().len();
    assert_eq!(calls, 12, "of 20 questions");
}

pub(crate) async fn without_models_an_earlier_answer_stands_in_before_quotations() {
    let scenario =
        "[[bedrock.fault]]\nafter = 1\nkind = \"error\"\nerror = \"ServiceUnavailableException\"\n";
    let online = Online::start(scenario, &[("GATEWAY_CACHE_BYTES", "1000000")]);
    let first = online.ask().await;
    let again = online.ask().await;
    assert_eq!((first.source(), again.source()), ("model", "cache"), "{:#}", again.last);
    assert!(again.notices.is_empty() && again.text == first.text, "nothing has failed yet: {}", again.text);
    assert_eq!(again.last["usage"]["cost_microdollars"], 0, "{:#}", again.last);
    assert_eq!(online.calls(FIRST), 1);

    let near = online.ask_for("Please tell me, when are you open on Sundays?").await;
    assert_eq!((near.source(), near.text.as_str()), ("cache", first.text.as_str()), "{:#}", near.last);
    assert!(near.is_labelled(), "{:?}", near.notices);
    assert_eq!(near.last["citations"][0]["url"], first.last["citations"][0]["url"]);
    assert!(online.calls(FIRST) > 1, "the model was asked first");

    let other = online.ask_for("When are you open on Mondays?").await;
    assert_eq!(other.source(), "extractive", "{:#}", other.last);
}

pub(crate) async fn with_nothing_to_quote_the_visitor_is_told_whom_to_ask() {
    let scenario = "[[bedrock.fault]]\nkind = \"error\"\nerror = \"ServiceUnavailableException\"\n";
    // Every passage counts as evidence, but no sentence of any answers this.
    let online = Online::start(scenario, &[("RETRIEVER_EVIDENCE_THRESHOLD", "0")]);
    let frames = Socket::open(online.stack.http).await.ask("Who won the football world cup in 1998?").await;
    let read = Read::of(&frames);
    assert_eq!((&read.last["type"], read.source()), (&"end".into(), "fixed_text"), "{:#}", read.last);
    assert!(read.text.contains("try again") && read.text.ends_with(CONTACT), "{}", read.text);
    assert_eq!(read.last["citations"], serde_json::json!([]));
}

pub(crate) async fn a_guardrail_stops_a_question_or_takes_back_what_was_shown() {
    let rules = |rule: &str| {
        format!("[[bedrock.guardrail]]\nid = \"gr1\"\nversion = \"1\"\nbuffer_tokens = 2\nrule = [{rule}]\n")
    };
    let early = r#"{ policy = "topic", name = "Sundays", phrases = ["sundays"], on = "input" }"#;
    let late = r#"{ policy = "content", name = "INSULTS", phrases = ["16:00"], on = "output" }"#;
    for (rule, stream) in [(early, "sync"), (late, "async"), (late, "sync")] {
        let settings = [
            ("GENERATOR_GUARDRAIL_ID", "gr1"),
            ("GENERATOR_GUARDRAIL_VERSION", "1"),
            ("GENERATOR_GUARDRAIL_STREAM", stream),
        ];
        let online = Online::start(&rules(rule), &settings);
        let read = online.ask().await;
        assert_eq!(read.last["finish_reason"], "blocked", "{rule}: {:#}", read.last);
        assert!(read.text.contains("cannot help") && !read.text.contains("11:00"), "{rule}: {}", read.text);
        // The service words a refusal of its own, which streams like an answer.
        assert!(read.retracts <= 1, "{rule}: {}", read.retracts);
        assert!(read.last["usage"]["guardrail_units"].as_u64() > Some(0), "{rule}: {:#}", read.last);
    }
}
