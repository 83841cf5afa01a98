//! Each way of failing, and what AWS's client makes of it.

use std::time::Duration;

use aws_sdk_bedrockruntime::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_bedrockruntime::types::StopReason;
use aws_sdk_bedrockruntime::types::error::ConverseStreamOutputError;

use crate::client::{Heard, MODEL, ask, client, hear, start, until, user};

/// Says six tokens, and fails as told.
fn scenario(fault: &str) -> String {
    format!(
        "[[bedrock.model]]\nbehaviour = \"fixed\"\ntext = \"one two three four five six\"\n[[bedrock.fault]]\n{fault}"
    )
}

async fn heard(fault: &str) -> Heard {
    let simulator = start(&scenario(fault)).await;
    hear(ask(&simulator, "Hi").await.expect("a stream")).await
}

#[tokio::test]
async fn a_named_throttle_is_tried_again_and_a_nameless_one_is_not() {
    let simulator = start(&scenario("kind = \"error\"\nerror = \"ThrottlingException\"\ntimes = 1")).await;
    let asked = client(&simulator, 2).converse_stream().model_id(MODEL).messages(user("Hi")).send().await;
    assert_eq!(hear(asked.expect("the second time")).await.text, "one two three four five six");
    let outcomes: Vec<String> =
        simulator.requests().requests.into_iter().map(|request| request.outcome).collect();
    assert_eq!(outcomes, ["ThrottlingException", "answered"]);

    let simulator =
        start(&scenario("kind = \"nameless\"\nstatus = 429\nmessage = \"slow down\"\ntimes = 1")).await;
    let asked = client(&simulator, 2).converse_stream().model_id(MODEL).messages(user("Hi")).send().await;
    let error = asked.expect_err("no second time");
    assert_eq!((error.code(), error.message()), (None, None), "the message is lost with the name");
    assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(429));
    assert_eq!(simulator.requests().requests.len(), 1);
}

#[tokio::test]
async fn each_error_before_a_stream_has_its_name_and_its_status() {
    for (name, status) in [
        ("ThrottlingException", 429),
        ("ModelNotReadyException", 429),
        ("InternalServerException", 500),
        ("ServiceUnavailableException", 503),
        ("ModelTimeoutException", 408),
        ("ModelErrorException", 424),
        ("ValidationException", 400),
        ("AccessDeniedException", 403),
        ("ResourceNotFoundException", 404),
    ] {
        let simulator =
            start(&scenario(&format!("kind = \"error\"\nerror = \"{name}\"\nmessage = \"why\""))).await;
        let error = ask(&simulator, "Hi").await.expect_err("an error");
        assert_eq!((error.code(), error.message()), (Some(name), Some("why")));
        assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(status), "{name}");
        assert!(
            !format!("{:?}", (*error).into_service_error()).starts_with("Unhandled"),
            "{name} is modelled"
        );
    }
}

#[tokio::test]
async fn an_early_end_between_frames_looks_like_the_end() {
    let Heard { text, events, stop, metadata, error } = heard("kind = \"cut\"\nafter_tokens = 2").await;
    assert_eq!((text.as_str(), events.as_str()), ("one two", "sdd"));
    assert!(stop.is_none() && metadata.is_none() && error.is_none(), "the client says nothing: {error:?}");
}

#[tokio::test]
async fn an_end_within_a_frame_a_wrong_checksum_and_an_error_frame_are_errors_of_the_response() {
    for (fault, text) in [("cut_inside", "one two"), ("bad_crc", "one two"), ("error_frame", "one two")] {
        let heard = heard(&format!("kind = \"{fault}\"\nafter_tokens = 2")).await;
        assert_eq!((heard.text.as_str(), heard.stop), (text, None), "{fault}");
        assert!(matches!(heard.error, Some(SdkError::ResponseError(_))), "{fault}: {:?}", heard.error);
    }
}

#[tokio::test]
async fn a_connection_that_ends_is_a_failure_of_the_connection() {
    let heard = heard("kind = \"reset\"\nafter_tokens = 2").await;
    assert_eq!((heard.text.as_str(), heard.stop), ("one two", None));
    assert!(matches!(heard.error, Some(SdkError::DispatchFailure(_))), "{:?}", heard.error);
}

#[tokio::test]
async fn an_exception_in_the_stream_has_its_kind_and_its_message() {
    let is_known = |name: &str, error: &ConverseStreamOutputError| match name {
        "internalServerException" => error.is_internal_server_exception(),
        "modelStreamErrorException" => error.is_model_stream_error_exception(),
        "validationException" => error.is_validation_exception(),
        "throttlingException" => error.is_throttling_exception(),
        "serviceUnavailableException" => error.is_service_unavailable_exception(),
        _ => false,
    };
    for name in [
        "internalServerException",
        "modelStreamErrorException",
        "validationException",
        "throttlingException",
        "serviceUnavailableException",
    ] {
        let fault = format!("kind = \"exception\"\nafter_tokens = 1\nerror = \"{name}\"\nmessage = \"why\"");
        let heard = heard(&fault).await;
        assert_eq!((heard.text.as_str(), heard.events.as_str()), ("one", "sd"));
        let error = heard.error.expect("an error").into_service_error();
        assert!(is_known(name, &error), "{name}: {error:?}");
        assert_eq!(error.meta().message(), Some("why"));
    }
}

#[tokio::test]
async fn what_is_new_or_missing_in_a_stream_is_no_error() {
    for (fault, events, has_stop, has_metadata) in [
        ("unknown_event", "sdduddddbem", true, true),
        ("no_message_stop", "sddddddbm", false, true),
        ("no_metadata", "sddddddbe", true, false),
    ] {
        let heard = heard(&format!("kind = \"{fault}\"\nafter_tokens = 2")).await;
        assert_eq!(
            (heard.text.as_str(), heard.events.as_str()),
            ("one two three four five six", events),
            "{fault}"
        );
        assert_eq!((heard.stop.is_some(), heard.metadata.is_some()), (has_stop, has_metadata), "{fault}");
        assert!(heard.error.is_none(), "{fault}");
    }
    let late = heard("kind = \"slow_start\"\ndelay_ms = 1").await;
    assert_eq!((late.events.as_str(), late.stop), ("sddddddbem", Some(StopReason::EndTurn)));
}

#[tokio::test]
async fn a_stall_lasts_until_the_caller_leaves_and_the_journal_says_when() {
    let simulator = start(&scenario("kind = \"stall\"\nafter_tokens = 3")).await;
    let mut output = ask(&simulator, "Hi").await.expect("a stream");
    let mut heard = Heard::default();
    // The client has no limit of its own here: whoever listens needs one.
    while let Ok(event) = tokio::time::timeout(Duration::from_millis(200), output.stream.recv()).await {
        heard.take(event.expect("no error").expect("no end"));
    }
    assert_eq!(heard.events, "sddd");
    assert_eq!(until(&simulator, |request| request.tokens_sent.is_none()).await.outcome, "under way");
    drop(output);
    let left = until(&simulator, |request| request.outcome == "abandoned").await;
    assert_eq!(left.tokens_sent, Some(3));
    assert!(left.left_after_ms.is_some());
}

#[tokio::test]
async fn a_caller_who_leaves_in_mid_answer_stops_the_model() {
    let simulator = start(
        "[bedrock.pace]\ngap = { constant_ms = 20 }\n[[bedrock.model]]\nbehaviour = \"endless\"\nmost_tokens = 5000",
    )
    .await;
    let mut output = ask(&simulator, "Hi").await.expect("a stream");
    let mut heard = Heard::default();
    while heard.events.len() < 4 {
        heard.take(output.stream.recv().await.expect("no error").expect("no end"));
    }
    drop(output);
    let left = until(&simulator, |request| request.outcome == "abandoned").await;
    let sent = left.tokens_sent.expect("a count");
    assert!((3..5_000).contains(&sent), "{sent}");
    assert!(left.left_after_ms.is_some());
}

#[tokio::test]
async fn a_caller_who_gives_up_waiting_is_seen_to_have_gone() {
    for fault in ["kind = \"silent\"", "kind = \"slow_start\"\ndelay_ms = 600000"] {
        let simulator = start(&scenario(fault)).await;
        let asked = ask(&simulator, "Hi");
        assert!(tokio::time::timeout(Duration::from_millis(200), asked).await.is_err(), "{fault}");
        let left = until(&simulator, |request| request.outcome == "abandoned").await;
        assert_eq!(left.tokens_sent, None);
        assert!(left.left_after_ms.is_some());
    }
}

#[tokio::test]
async fn faults_of_the_whole_scenario_happen_here_too() {
    let simulator =
        start("[[fault]]\noperation = \"ConverseStream\"\nerror = \"ThrottlingException\"\ntimes = 1").await;
    let error = ask(&simulator, "Hi").await.expect_err("an error");
    assert_eq!(error.raw_response().map(|response| response.status().as_u16()), Some(429));
    assert!(ask(&simulator, "Hi").await.is_ok());
}
