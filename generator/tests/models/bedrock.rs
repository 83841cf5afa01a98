//! What Bedrock sends, in its own framing, and what is made of it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_bedrockruntime::config::{Credentials, SharedCredentialsProvider};
use futures_util::StreamExt;
use generator::Error;
use generator::bedrock::BedrockModel;
use generator::model::{ChatModel, FinishReason, ModelEvent};
use generator::prompt::Message;
use generator::settings::ModelChoice;
use serde_json::{Value, json};

use crate::answering::{ask, question, settings};
use crate::frames::{begin, exception, frame, metadata, stop, text};
use crate::scripted::{Scripted, Step, chunk, chunked_head, last_chunk, serve, whole};

const STREAM: &str = "application/vnd.amazon.eventstream";

fn model(server: &Scripted, more: &[(&str, &str)]) -> BedrockModel {
    model_at(&server.address.to_string(), more)
}

/// Returns a model whose service is at this address.
pub(crate) fn model_at(address: &str, more: &[(&str, &str)]) -> BedrockModel {
    let pairs: Vec<(&str, &str)> =
        [("GENERATOR_MODEL", "bedrock")].into_iter().chain(more.iter().copied()).collect();
    let settings = settings(&pairs);
    let ModelChoice::Bedrock(bedrock) = &settings.choice else { unreachable!("the choice") };
    let credentials = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(format!("http://{address}"))
        .build();
    BedrockModel::with_config(&config, bedrock, &settings).expect("a model")
}

/// Returns a stream of these frames.
fn stream(frames: &[Vec<u8>]) -> Vec<Step> {
    let frames = frames.iter().map(|frame| chunk(frame));
    std::iter::once(chunked_head(STREAM)).chain(frames).collect()
}

fn ended(frames: &[Vec<u8>]) -> Vec<Step> {
    [stream(frames), vec![last_chunk()]].concat()
}

fn body(server: &Scripted) -> Value {
    let request = server.requests.recv().expect("a request");
    assert!(
        request.starts_with("POST /model/amazon.nova-lite-v1%3A0/converse-stream HTTP/1.1\r\n"),
        "{request}"
    );
    serde_json::from_str(request.split_once("\r\n\r\n").expect("a body").1).expect("JSON")
}

#[tokio::test]
async fn an_answer_streams_with_citations_usage_and_price() {
    let server =
        serve(ended(&[begin(), text("From 11:00 "), text("[1"), text("]."), stop("end_turn"), metadata()]));
    let answered = ask(&model(&server, &[]), question()).await;
    assert_eq!(answered.text, "From 11:00{0}.");
    let finish = answered.finish.expect("an end");
    assert_eq!(finish.reason, FinishReason::Complete);
    assert_eq!((finish.input_tokens, finish.cached_tokens, finish.output_tokens), (2_136, 1_536, 20));
    // Topics 1, content 3, personal data 2; words are free.
    assert_eq!(finish.guardrail_units, 6);
    // 600 x 0.06 + 1,536 x 0.015 + 20 x 0.24 = 63.84; 4 x 150 + 2 x 100 for the guardrail.
    assert_eq!(finish.cost_microdollars, 864);
}

#[tokio::test]
async fn a_request_says_its_limits_and_shows_the_guardrail_the_question_only() {
    let server = serve(ended(&[begin(), text("Yes."), stop("end_turn"), metadata()]));
    ask(&model(&server, &[]), question()).await;
    let plain = body(&server);
    assert_eq!(plain["inferenceConfig"]["maxTokens"], 64);
    assert!(plain.get("guardrailConfig").is_none() && !plain.to_string().contains("cachePoint"), "{plain}");
    let roles: Vec<&Value> =
        plain["messages"].as_array().expect("messages").iter().map(|m| &m["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);

    let own = [
        ("GENERATOR_GUARDRAIL_ID", "abc"),
        ("GENERATOR_GUARDRAIL_VERSION", "3"),
        ("GENERATOR_GUARDRAIL_STREAM", "async"),
    ];
    ask(&model(&server, &own), question()).await;
    let guarded = body(&server);
    let expected = json!({
        "guardrailIdentifier": "abc", "guardrailVersion": "3", "trace": "enabled", "streamProcessingMode": "async",
    });
    assert_eq!(guarded["guardrailConfig"], expected);
    let blocks = guarded["messages"][2]["content"].as_array().expect("blocks").clone();
    let question = json!({ "guardContent": { "text": { "text": "When are you open on Sundays?" } } });
    assert_eq!(blocks.last(), Some(&question));
    assert_eq!(guarded.to_string().matches("guardContent").count(), 1);

    ask(
        &model(&server, &[&own[..], &[("GENERATOR_GUARDRAIL_PASSAGES", "grounding")]].concat()),
        question_alone(),
    )
    .await;
    let grounded = body(&server);
    assert_eq!(grounded.to_string().matches("\"grounding_source\"").count(), 2);
    assert_eq!(grounded.to_string().matches("\"query\"").count(), 1);
}

fn question_alone() -> generator::prompt::Prompt {
    generator::prompt::Prompt { history: Vec::new(), ..question() }
}

#[tokio::test]
async fn the_cache_is_used_where_the_beginning_is_long_enough() {
    let server = serve(ended(&[begin(), text("Yes."), stop("end_turn"), metadata()]));
    let mut prompt = question();
    prompt.history.insert(0, Message { is_visitor: true, text: "boots ".repeat(600) });
    let room = ("GENERATOR_INPUT_TOKENS", "20000");
    ask(&model(&server, &[room, ("GENERATOR_CACHE_FROM_TOKENS", "800")]), prompt.clone()).await;
    let marked = body(&server);
    let content = marked["messages"][0]["content"].as_array().expect("blocks").clone();
    assert_eq!(content.last(), Some(&json!({ "cachePoint": { "type": "default" } })), "{marked}");
    assert_eq!(marked.to_string().matches("cachePoint").count(), 1);
    ask(&model(&server, &[room, ("GENERATOR_CACHE_FROM_TOKENS", "0")]), prompt).await;
    assert!(!body(&server).to_string().contains("cachePoint"));
    ask(&model(&server, &[("GENERATOR_CACHE_FROM_TOKENS", "100")]), question_alone()).await;
    assert!(body(&server)["system"].to_string().contains("cachePoint"));
}

#[tokio::test]
async fn refusals_are_sorted_by_what_helps_and_nothing_is_tried_twice() {
    type Kind = fn(&Error) -> bool;
    let throttled: Kind = |error| matches!(error, Error::ModelThrottled(_));
    let refused: Kind = |error| matches!(error, Error::ModelRefused(_));
    let unavailable: Kind = |error| matches!(error, Error::ModelUnavailable(_));
    let cases: [(&str, &str, Kind); 10] = [
        ("429 Too Many Requests", "ThrottlingException", throttled),
        ("429 Too Many Requests", "ModelNotReadyException", throttled),
        ("429 Too Many Requests", "", throttled),
        ("500 Internal Server Error", "InternalServerException", unavailable),
        ("503 Service Unavailable", "ServiceUnavailableException", unavailable),
        ("408 Request Timeout", "ModelTimeoutException", unavailable),
        ("424 Failed Dependency", "ModelErrorException", unavailable),
        ("400 Bad Request", "ValidationException", refused),
        ("403 Forbidden", "AccessDeniedException", refused),
        ("404 Not Found", "ResourceNotFoundException", refused),
    ];
    for (status, name, is_right) in cases {
        let headers = if name.is_empty() { String::new() } else { format!("x-amzn-errortype: {name}\r\n") };
        let server = serve(whole(status, &headers, r#"{"message":"of account 123"}"#));
        let error = ask(&model(&server, &[]), question()).await.error.expect("an error");
        assert!(is_right(&error), "{status} {name}: {error:?}");
        assert!(!error.to_string().contains("123"), "causes are for the log: {error}");
        assert_eq!(server.requests.try_iter().count(), 1, "{status} {name}");
    }
}

#[tokio::test]
async fn an_exception_within_the_stream_is_sorted_too() {
    type Kind = fn(&Error) -> bool;
    let cases: [(&str, Kind); 6] = [
        ("throttlingException", |error| matches!(error, Error::ModelThrottled(_))),
        ("validationException", |error| matches!(error, Error::ModelRefused(_))),
        ("internalServerException", |error| matches!(error, Error::ModelUnavailable(_))),
        ("modelStreamErrorException", |error| matches!(error, Error::ModelUnavailable(_))),
        ("serviceUnavailableException", |error| matches!(error, Error::ModelUnavailable(_))),
        ("somethingNewException", |error| matches!(error, Error::ModelCut(_))),
    ];
    for (name, is_right) in cases {
        let server = serve(ended(&[begin(), text("From"), exception(name, "no")]));
        let answered = ask(&model(&server, &[]), question()).await;
        assert!(answered.error.as_ref().is_some_and(is_right), "{name}: {answered:?}");
        assert_eq!(answered.text, "From");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_is_never_a_whole_answer() {
    let whole_frame = text(" to 16:00");
    let half = whole_frame.get(..30).expect("a part").to_vec();
    let mut wrong_sum = whole_frame.clone();
    *wrong_sum.last_mut().expect("bytes") ^= 1;
    let odd = frame(&[(":message-type", "error"), (":error-code", "x")], &json!({}));
    let cases = [
        ("ends on a frame", ended(&[begin(), text("From")])),
        ("breaks on a frame", [stream(&[begin(), text("From")]), vec![Step::Reset]].concat()),
        ("ends inside a frame", ended(&[begin(), text("From"), half.clone()])),
        ("breaks inside a frame", [stream(&[begin(), text("From"), half]), vec![Step::Reset]].concat()),
        ("wrong sum", ended(&[begin(), text("From"), wrong_sum, stop("end_turn")])),
        ("unknown kind of message", ended(&[begin(), text("From"), odd, stop("end_turn")])),
        ("unknown reason", ended(&[begin(), text("From"), stop("something_new")])),
        ("tools that nobody offered", ended(&[begin(), text("From"), stop("tool_use")])),
    ];
    for (name, steps) in cases {
        let server = serve(steps);
        let answered = ask(&model(&server, &[]), question()).await;
        assert!(matches!(answered.error, Some(Error::ModelCut(_))), "{name}: {answered:?}");
        assert_eq!(answered.text, "From", "{name}");
    }
}

#[tokio::test]
async fn frames_may_be_cut_and_joined_anywhere() {
    let all = [begin(), text("From 11:00 [2]"), stop("max_tokens"), metadata()].concat();
    for size in [1, 7, 64, all.len()] {
        let pieces: Vec<Vec<u8>> = all.chunks(size).map(<[u8]>::to_vec).collect();
        let server = serve(ended(&pieces));
        let answered = ask(&model(&server, &[]), question()).await;
        assert_eq!(answered.text, "From 11:00{1}", "pieces of {size}");
        assert_eq!(answered.finish.expect("an end").reason, FinishReason::Length);
    }
}

#[tokio::test]
async fn a_guardrail_withdraws_what_was_shown_whenever_it_steps_in() {
    let early = [begin(), text("I can't help with that."), stop("guardrail_intervened"), metadata()];
    let late = [
        begin(),
        text("We sell"),
        text(" all [1]"),
        text("I can't."),
        stop("guardrail_intervened"),
        metadata(),
    ];
    for frames in [&early[..], &late[..]] {
        let server = serve(ended(frames));
        let answered = ask(&model(&server, &[]), question()).await;
        assert_eq!((answered.text.as_str(), answered.retracts), ("", 1));
        let finish = answered.finish.expect("an end");
        assert_eq!((finish.reason, finish.guardrail_units), (FinishReason::Blocked, 6));
    }
}

#[tokio::test]
async fn silence_ends_the_answer_and_the_connection() {
    let waits = [("GENERATOR_FIRST_TOKEN_SECONDS", "0.2"), ("GENERATOR_TOKEN_GAP_SECONDS", "0.3")];
    for (steps, expected) in [
        (vec![Step::Stall], "its first words"),
        ([stream(&[begin()]), vec![Step::Stall]].concat(), "its first words"),
        ([stream(&[begin(), text("From")]), vec![Step::Stall]].concat(), "more words"),
    ] {
        let server = serve(steps);
        let answered = ask(&model(&server, &waits), question()).await;
        let Some(Error::ModelTimedOut { waiting_for, .. }) = answered.error else { panic!("{answered:?}") };
        assert_eq!(waiting_for, expected);
        assert!(server.ends_without_client().await, "the connection is closed");
    }
}

#[tokio::test]
async fn usage_that_never_comes_is_estimated() {
    let steps = [stream(&[begin(), text("From 11:00."), stop("end_turn")]), vec![Step::Stall]].concat();
    let server = serve(steps);
    let answered = ask(&model(&server, &[("GENERATOR_USAGE_SECONDS", "0.2")]), question()).await;
    let finish = answered.finish.expect("an end");
    assert_eq!((finish.reason, finish.output_tokens), (FinishReason::Complete, 11));
    assert!(finish.input_tokens > 300 && finish.cost_microdollars > 20, "{finish:?}");
}

#[tokio::test]
async fn whoever_stops_listening_ends_the_connection_at_once() {
    let server = serve([stream(&[begin(), text("From")]), vec![Step::Stall]].concat());
    let model = model(&server, &[]);
    let mut events = model.answer(question());
    assert!(matches!(events.next().await, Some(Ok(ModelEvent::Text(_)))));
    drop(events);
    assert!(server.ends_without_client().await, "the connection is closed");
}
