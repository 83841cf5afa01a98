//! Titan's embedder against a server that speaks `InvokeModel` on a real socket and answers by script.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

mod bedrock;

use std::time::Duration;

use bedrock::{Bedrock, Script};
use embedding::{Embedder, Error, TitanEmbedder, TitanOptions};
use serde_json::json;

const V2: &str = "amazon.titan-embed-text-v2:0";

fn options() -> TitanOptions {
    TitanOptions {
        model: V2.to_owned(),
        dimensions: 256,
        concurrency: 4,
        attempts: 1,
        attempt_timeout: Duration::from_secs(20),
        timeout: Duration::from_secs(30),
    }
}

/// A reply with a vector of this many numbers, all alike and together of unit length.
fn reply(dimensions: u16) -> Script {
    let number = 1.0 / f32::from(dimensions).sqrt();
    Script::json(200, &json!({ "embedding": vec![number; dimensions.into()], "inputTextTokenCount": 3 }))
}

fn embedder(bedrock: &Bedrock, options: TitanOptions) -> TitanEmbedder {
    TitanEmbedder::with_config(&bedrock.config(), options).expect("options that make sense")
}

/// Embeds one text with this script and returns what the caller sees, with how many calls were made.
async fn outcome(scripts: Vec<Script>, options: TitanOptions) -> (Result<Vec<f32>, Error>, usize) {
    let bedrock = Bedrock::start(scripts).await;
    let embedded = embedder(&bedrock, options).embed(&["opening hours"]).await;
    (embedded.map(|mut embedded| embedded.vectors.remove(0)), bedrock.calls().len())
}

#[tokio::test]
async fn a_call_says_what_the_model_expects() {
    let bedrock = Bedrock::start(vec![reply(256)]).await;
    let vectors = embedder(&bedrock, options()).embed(&["Größe?"]).await.expect("a vector").vectors;
    assert_eq!((vectors.len(), vectors[0].len()), (1, 256));
    let call = &bedrock.calls()[0];
    assert_eq!(call.request, "POST /model/amazon.titan-embed-text-v2%3A0/invoke HTTP/1.1");
    assert_eq!(call.header("content-type"), Some("application/json"));
    assert!(call.header("authorization").expect("signed").contains("/us-east-1/bedrock/aws4_request"));
    assert_eq!(call.body, json!({ "inputText": "Größe?", "dimensions": 256, "normalize": true }));
}

#[tokio::test]
async fn vectors_of_titan_v1_are_made_of_unit_length_here() {
    let options =
        TitanOptions { model: "amazon.titan-embed-text-v1".to_owned(), dimensions: 1_536, ..options() };
    let long = Script::json(200, &json!({ "embedding": vec![0.5; 1_536] }));
    let bedrock = Bedrock::start(vec![long]).await;
    let vectors = embedder(&bedrock, options).embed(&["hours"]).await.expect("a vector").vectors;
    let length: f32 = vectors[0].iter().map(|number| number * number).sum();
    assert!((length - 1.0).abs() < 1e-4, "{length}");
    assert_eq!(bedrock.calls()[0].body, json!({ "inputText": "hours" }));
}

#[tokio::test]
async fn many_texts_keep_their_order_and_the_bound_on_calls() {
    let bedrock = Bedrock::start_echo().await;
    let embedder = embedder(&bedrock, TitanOptions { concurrency: 3, ..options() });
    let texts: Vec<String> = (0..40).map(|place| format!("{place}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (first, second) = tokio::join!(embedder.embed(&texts), embedder.embed(&texts));
    for vectors in [first.expect("vectors").vectors, second.expect("vectors").vectors] {
        let places = vectors.iter().map(|vector| vector.iter().position(|number| *number > 0.5));
        assert_eq!(places.collect::<Vec<_>>(), (0..40).map(Some).collect::<Vec<_>>());
    }
    assert!((1..=3).contains(&bedrock.most_at_once()), "{}", bedrock.most_at_once());
}

#[tokio::test]
async fn a_blank_text_has_a_fixed_vector_without_a_call() {
    let bedrock = Bedrock::start(Vec::new()).await;
    let vectors = embedder(&bedrock, options()).embed(&["", " \n"]).await.expect("vectors").vectors;
    assert_eq!(vectors[0], vectors[1]);
    assert_eq!((vectors[0][0], vectors[0].len()), (1.0, 256));
    assert!(bedrock.calls().is_empty());
}

#[tokio::test]
async fn a_text_over_the_models_limits_is_cut_before_it_is_sent() {
    let bedrock = Bedrock::start(vec![reply(256)]).await;
    let text = "退".repeat(60_000);
    embedder(&bedrock, options()).embed(&[&text]).await.expect("a vector");
    let sent = bedrock.calls()[0].body["inputText"].as_str().map(|text| text.chars().count());
    assert_eq!(sent, Some(8_192));
}

#[tokio::test]
async fn a_reply_without_a_usable_vector_is_never_believed() {
    let of = |body: &str| Script::raw(200, &[("content-type", "application/json")], body);
    let numbers =
        |number: &str, count: usize| of(&format!("{{\"embedding\":[{}]}}", vec![number; count].join(",")));
    for (script, why) in [
        (numbers("0.0625", 255), "got 255"),
        (numbers("0.0625", 512), "got 512"),
        (numbers("NaN", 256), "broken reply"),
        (numbers("1e39", 256), "broken reply"),
        (numbers("1e38", 256), "length inf"),
        (numbers("0", 256), "length 0"),
        (numbers("1", 256), "unit length"),
        (numbers("null", 256), "broken reply"),
        (of("{\"embedding\":[0.0625,"), "broken reply"),
        (of("{}"), "broken reply"),
        (of(""), "broken reply"),
    ] {
        let (result, _) = outcome(vec![script], options()).await;
        let error = result.expect_err(why);
        assert!(matches!(&error, Error::Unavailable(text) if text.contains(why)), "{why}: {error}");
    }
}

#[tokio::test]
async fn each_refusal_has_its_own_kind() {
    let named = |status, name: &str, message: &str| {
        let body = json!({ "message": message }).to_string();
        Script::raw(status, &[("x-amzn-errortype", name)], &body)
    };
    let too_long =
        "400 Bad Request: Too many input tokens. Max input tokens: 8192, request input token count: 9000";
    let is_unavailable: fn(&Error) -> bool = |error| matches!(error, Error::Unavailable(_));
    let is_throttled: fn(&Error) -> bool = |error| matches!(error, Error::Throttled(_));
    let is_refused: fn(&Error) -> bool = |error| matches!(error, Error::Refused(_));
    let is_about_settings: fn(&Error) -> bool = |error| matches!(error, Error::Settings(_));
    for (script, is_right) in [
        (named(429, "ThrottlingException", "slow down"), is_throttled),
        (named(400, "ServiceQuotaExceededException", "enough for today"), is_throttled),
        (Script::raw(429, &[], "too many"), is_throttled),
        (named(400, "ValidationException", too_long), is_refused),
        (named(400, "ValidationException", "The provided model identifier is invalid."), is_about_settings),
        (named(403, "AccessDeniedException", "no access to the model"), is_about_settings),
        (named(404, "ResourceNotFoundException", "no such model"), is_about_settings),
        (named(500, "InternalServerException", "oops"), is_unavailable),
        (named(503, "ServiceUnavailableException", "later"), is_unavailable),
        (named(408, "ModelTimeoutException", "too slow"), is_unavailable),
        (Script::raw(502, &[], "<html>bad gateway</html>"), is_unavailable),
        (Script::Cut, is_unavailable),
        (Script::Close, is_unavailable),
    ] {
        let name = format!("{script:?}");
        let (result, calls) = outcome(vec![script], options()).await;
        let error = result.expect_err(&name);
        assert!(is_right(&error), "{name}: {error}");
        assert_eq!(calls, 1, "{name}");
        assert!(!error.to_string().contains("opening hours"), "{error}");
    }
}

#[tokio::test]
async fn throttling_and_faults_are_tried_again_and_refusals_are_not() {
    let named = |status, name: &str| Script::raw(status, &[("x-amzn-errortype", name)], "{}");
    let twice = || TitanOptions { attempts: 2, ..options() };
    for first in [named(429, "ThrottlingException"), named(503, "ServiceUnavailableException"), Script::Close]
    {
        let name = format!("{first:?}");
        let (result, calls) = outcome(vec![first, reply(256)], twice()).await;
        assert_eq!(result.expect(&name).len(), 256);
        assert_eq!(calls, 2, "{name}");
    }
    let (result, calls) = outcome(vec![named(400, "ValidationException"), reply(256)], twice()).await;
    assert!(matches!(result, Err(Error::Refused(_))));
    assert_eq!(calls, 1);
}

#[tokio::test]
async fn an_attempt_that_hangs_is_given_up_and_tried_again() {
    let patient =
        |attempts| TitanOptions { attempts, attempt_timeout: Duration::from_millis(300), ..options() };
    for hangs in [Script::Silent, Script::Stalled] {
        let name = format!("{hangs:?}");
        let (result, calls) = outcome(vec![hangs.clone(), reply(256)], patient(2)).await;
        assert_eq!((result.expect(&name).len(), calls), (256, 2), "{name}");
        let (result, _) = outcome(vec![hangs], patient(1)).await;
        assert!(matches!(result, Err(Error::Unavailable(_))), "{name}");
    }
}

#[tokio::test]
async fn waiting_for_other_calls_counts_towards_the_deadline() {
    let bedrock = Bedrock::start(vec![Script::Silent, Script::Silent]).await;
    let short = Duration::from_millis(400);
    let embedder = embedder(
        &bedrock,
        TitanOptions { concurrency: 1, attempt_timeout: short, timeout: short, ..options() },
    );
    let (first, second) = tokio::join!(embedder.embed(&["one"]), embedder.embed(&["two"]));
    assert!(matches!(first, Err(Error::Unavailable(_))) && matches!(second, Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn the_tokens_that_the_model_counted_are_added_up_with_their_price() {
    let bedrock = Bedrock::start(vec![reply(256), reply(256)]).await;
    let embedder = embedder(&bedrock, options());
    assert_eq!(embedder.embed(&["hours", "", "prices"]).await.expect("vectors").tokens, 6);
    assert_eq!(embedder.nano_dollars_per_token(), 20);
}

#[tokio::test]
async fn nothing_listening_is_said_and_not_retried_for_ever() {
    let bedrock = Bedrock::nowhere().await;
    let error = embedder(&bedrock, options()).embed(&["hours"]).await.expect_err("no server");
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn a_region_is_needed() {
    let nowhere = aws_config::SdkConfig::builder().build();
    assert!(matches!(TitanEmbedder::with_config(&nowhere, options()), Err(Error::Settings(_))));
}
