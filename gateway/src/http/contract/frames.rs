//! The WebSocket as `AsyncAPI` describes it: every frame of both directions, with the examples that all tests read.

use proto::ErrorCode;
use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::frame::{
    Action, CitationFields, EndFields, Envelope, ErrorFields, Nothing, NoticeFields, ReceiptFrame,
    RefusalFrame, Resync, RetractFields, Start, UnsupportedFields,
};

macro_rules! examples {
    ($($name:literal),*) => {
        [$(($name, include_str!(concat!("../../../../proto/frames/", $name, ".json")))),*]
    };
}

/// One example for each frame.
const EXAMPLES: [(&str, &str); 20] = examples![
    "authenticate",
    "authenticated",
    "chunk",
    "citation",
    "draining",
    "end",
    "error",
    "feedback",
    "handoff",
    "handoff_receipt",
    "heartbeat",
    "heartbeat_reply",
    "notice",
    "resume",
    "resync",
    "retract",
    "sendMessage",
    "start",
    "stop",
    "unsupported"
];

/// What the client sends.
const TAKEN: [(&str, &str); 7] = [
    (
        "authenticate",
        "Names the key or a visitor's token. The first frame, where keys are configured; sent again with a new token before the old one expires.",
    ),
    ("sendMessage", "Asks."),
    ("stop", "Stops the answer; it still ends with `end`, `finish_reason` `stopped`."),
    ("resume", "After a reconnect: continue with the first event after `after_seq`; 0 for all."),
    ("heartbeat", "Keeps the connection open."),
    ("feedback", "Says whether an answer helped."),
    ("handoff", "Passes the conversation on to a person."),
];

/// Returns the document.
pub(super) fn asyncapi() -> Value {
    let mut schemas = Schemas::new();
    let taken = taken(&mut schemas);
    let sent = sent(&mut schemas);
    let references = |from: &str, messages: &Map<String, Value>| -> Value {
        messages.keys().map(|name| json!({ "$ref": format!("{from}{name}") })).collect()
    };
    let channel = "#/channels/chat/messages/";
    let operation = |action: &str, summary: &str, messages: &Map<String, Value>| json!({ "action": action, "summary": summary, "channel": { "$ref": "#/channels/chat" }, "messages": references(channel, messages) });
    let operations = json!({
        "take": operation("receive", "Frames from the browser: one JSON object each, told apart by `action`.", &taken),
        "tell": operation("send", "Frames to the browser: one JSON object each, told apart by `type`.", &sent),
    });
    let mut messages = taken;
    messages.extend(sent);
    let of_channel: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") })))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "SmallBiz Chatbot over a WebSocket",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT" },
            "description": description(),
        },
        "channels": { "chat": {
            "address": "/ws",
            "description": "Pages of other origins than the allowed ones are refused with 403 before the upgrade.",
            "messages": of_channel,
        } },
        "operations": operations,
        "components": { "messages": messages, "schemas": schemas.finish() },
    })
}

fn description() -> String {
    let mut closes: Vec<(u16, Vec<&str>)> = Vec::new();
    for code in ErrorCode::all() {
        match closes.iter_mut().find(|(close, _)| *close == code.close()) {
            Some((_, names)) => names.push(code.name()),
            None => closes.push((code.close(), vec![code.name()])),
        }
    }
    closes.sort_unstable_by_key(|(close, _)| *close);
    let closes: Vec<String> =
        closes.iter().map(|(close, names)| format!("{close} ({})", names.join(", "))).collect();
    format!(
        "Frames are UTF-8 text. The events of an answer carry `answer_id`, `epoch`, `seq`, `text` and `complete`; `seq` counts from 1 \
         without gaps: a frame seen twice is dropped, a gap is repaired by `resume`. Readers ignore fields and types that they do not \
         know, but count the `seq` of every frame. Close codes, with the errors that end a connection so: {}.",
        closes.join(", ")
    )
}

/// Each variant of [`Action`] is a message of its own.
fn taken(schemas: &mut Schemas) -> Map<String, Value> {
    let variants = schemas.take_variants::<Action>();
    let mut messages = Map::new();
    for (name, summary) in TAKEN {
        let variant = variants
            .iter()
            .find(|variant| variant.pointer("/properties/action/const").is_some_and(|action| action == name));
        messages.insert(name.to_owned(), message(name, summary, variant.unwrap_or(&Value::Null)));
    }
    messages
}

/// Returns what the client is sent, each frame by its name.
fn sent(schemas: &mut Schemas) -> Map<String, Value> {
    let mut messages = Map::new();
    let frames = events(schemas).into_iter().chain(others(schemas));
    for (name, kind, summary, schema) in frames {
        let payload = json!({ "allOf": [schema], "properties": { "type": { "const": kind } } });
        messages.insert(name.to_owned(), message(name, summary, &payload));
    }
    messages
}

/// Name, `type`, meaning and schema.
type Frame = (&'static str, &'static str, &'static str, Value);

/// Returns the events of an answer.
fn events(schemas: &mut Schemas) -> Vec<Frame> {
    let error = json!({ "anyOf": [
        schemas.sent::<Envelope<'_, ErrorFields<'_>>>(),
        schemas.sent::<RefusalFrame<'_>>(),
    ] });
    let event = |name, summary, schema| (name, name, summary, schema);
    vec![
        event(
            "start",
            "The question was admitted; always `seq` 1.",
            schemas.sent::<Envelope<'_, Start<'_>>>(),
        ),
        event("chunk", "`text` is appended to the answer.", schemas.sent::<Envelope<'_, Nothing>>()),
        event(
            "citation",
            "The source of a marker `[number]`.",
            schemas.sent::<Envelope<'_, CitationFields<'_>>>(),
        ),
        event(
            "notice",
            "`text` is for the reader and no part of the answer.",
            schemas.sent::<Envelope<'_, NoticeFields<'_>>>(),
        ),
        event(
            "unsupported",
            "A sentence that the sources do not bear out.",
            schemas.sent::<Envelope<'_, UnsupportedFields<'_>>>(),
        ),
        event(
            "retract",
            "Text that was shown is withdrawn.",
            schemas.sent::<Envelope<'_, RetractFields<'_>>>(),
        ),
        event("end", "`text` is the whole answer.", schemas.sent::<Envelope<'_, EndFields<'_>>>()),
        event(
            "error",
            "`text` is for the reader. `answer_id`, `epoch` and `seq` are there when it is about an answer.",
            error,
        ),
    ]
}

/// Returns what stands outside the numbering.
fn others(schemas: &mut Schemas) -> Vec<Frame> {
    let plain = |kind: &str| json!({ "type": "object", "properties": { "type": { "const": kind } }, "required": ["type"] });
    let told = json!({
        "type": "object",
        "properties": { "type": { "const": "draining" }, "text": { "type": "string" }, "complete": { "const": false } },
        "required": ["type", "text", "complete"],
    });
    let again = "The place to resume from is gone: discard the answer and send its question again with the same `client_message_id`.";
    let receipt = "What became of a handoff; a second one follows `queued`.";
    vec![
        ("resync", "resync", again, schemas.sent::<Resync<'_>>()),
        ("draining", "draining", "The gateway stops after the running answers: reconnect.", told),
        ("heartbeat_reply", "heartbeat", "Answers a heartbeat.", plain("heartbeat")),
        ("authenticated", "authenticated", "Answers a right key.", plain("authenticated")),
        ("handoff_receipt", "handoff", receipt, schemas.sent::<ReceiptFrame<'_>>()),
    ]
}

fn message(name: &str, summary: &str, payload: &Value) -> Value {
    let example = EXAMPLES.iter().find(|(of, _)| *of == name);
    let example: Value = example.and_then(|(_, text)| serde_json::from_str(text).ok()).unwrap_or_default();
    json!({ "name": name, "summary": summary, "payload": payload, "examples": [{ "payload": example }] })
}
