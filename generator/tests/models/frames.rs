//! Frames of Amazon's event streams, made by the encoder of its own libraries.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value, json};

/// Returns an event, with the padding that the service adds.
pub(crate) fn event(kind: &str, mut payload: Value) -> Vec<u8> {
    payload["p"] = json!("abcdefghij");
    frame(
        &[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")],
        &payload,
    )
}

/// Returns an exception that ends a stream.
pub(crate) fn exception(kind: &str, message: &str) -> Vec<u8> {
    let headers =
        [(":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception")];
    frame(&headers, &json!({ "message": message }))
}

pub(crate) fn frame(headers: &[(&str, &str)], payload: &Value) -> Vec<u8> {
    let header = |(name, value): &(&str, &str)| {
        Header::new((*name).to_owned(), HeaderValue::String((*value).to_owned().into()))
    };
    let message = Message::new_from_parts(headers.iter().map(header).collect(), payload.to_string());
    let mut bytes = Vec::new();
    write_message_to(&message, &mut bytes).expect("a frame");
    bytes
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    event("contentBlockDelta", json!({ "contentBlockIndex": 0, "delta": { "text": text } }))
}

/// Returns the beginning of every stream, with an event of a newer service.
pub(crate) fn begin() -> Vec<u8> {
    [event("messageStart", json!({ "role": "assistant" })), event("somethingNew", json!({ "x": [1, 2] }))]
        .concat()
}

pub(crate) fn stop(reason: &str) -> Vec<u8> {
    let end = event("contentBlockStop", json!({ "contentBlockIndex": 0 }));
    [end, event("messageStop", json!({ "stopReason": reason }))].concat()
}

/// Returns the last event, with a guardrail's trace.
pub(crate) fn metadata() -> Vec<u8> {
    let usage = |topics: u32, content: u32| {
        json!({
            "topicPolicyUnits": topics,
            "contentPolicyUnits": content,
            "wordPolicyUnits": 1,
            "sensitiveInformationPolicyUnits": 1,
            "sensitiveInformationPolicyFreeUnits": 0,
            "contextualGroundingPolicyUnits": 0,
        })
    };
    let assessed = |units: Value| json!({ "invocationMetrics": { "usage": units } });
    event(
        "metadata",
        json!({
            "usage": {
                "inputTokens": 600,
                "outputTokens": 20,
                "totalTokens": 2_156,
                "cacheReadInputTokens": 1_536,
            },
            "metrics": { "latencyMs": 321 },
            "trace": { "guardrail": {
                "inputAssessment": { "abc": assessed(usage(1, 1)) },
                "outputAssessments": { "abc": [assessed(usage(0, 2))] },
            } },
        }),
    )
}
