//! What OpenAI's clients are sent: one body, or chunks as server-sent events, and errors in the shape that they know.
//!
//! Their stream cannot take words back. Where words that were sent are withdrawn, the stream says no more: it ends with
//! `content_filter` when a guardrail stopped the answer, and else with an error; the whole text stands in `smallbiz.response`.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::response::Response;
use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderValue, header};
use proto::ErrorCode;
use proto::v1::chat_event::Event;
use proto::v1::{Ended, FinishReason};
use schemars::JsonSchema;
use serde::Serialize;

use crate::frame::{Beside, chat_fields};
use crate::http::problem;
use crate::refusal::Refusal;

/// The one model that there is: the chatbot.
pub(super) const MODEL: &str = "smallbiz-chatbot";

/// A whole answer as OpenAI's clients read it; `smallbiz` is the answer as `POST /chat` returns it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Completion")]
pub(in crate::http) struct Completed<'a, S> {
    id: String,
    object: &'static str,
    created: u64,
    model: &'static str,
    choices: [Choice<'a>; 1],
    usage: Tokens,
    smallbiz: S,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompletionChoice")]
struct Choice<'a> {
    index: u32,
    message: Message<'a>,
    logprobs: Option<()>,
    #[schemars(extend("enum" = ["stop", "length", "content_filter"]))]
    finish_reason: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CompletionMessage")]
struct Message<'a> {
    role: &'static str,
    content: &'a str,
    refusal: Option<()>,
}

#[derive(Clone, Copy, Default, Serialize, JsonSchema)]
struct Tokens {
    prompt_tokens: u32,
    completion_tokens: u32,
    total_tokens: u32,
}

#[derive(Serialize)]
struct Chunk<'a, S> {
    id: &'a str,
    object: &'static str,
    created: u64,
    model: &'static str,
    choices: &'a [ChunkChoice<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<Tokens>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smallbiz: Option<S>,
}

#[derive(Serialize)]
struct ChunkChoice<'a> {
    index: u32,
    delta: Delta<'a>,
    logprobs: Option<()>,
    finish_reason: Option<&'static str>,
}

#[derive(Default, Serialize)]
struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
}

/// An error as OpenAI's clients read it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OpenAIError")]
pub(in crate::http) struct ErrorBody<'a, S> {
    error: ErrorFields<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smallbiz: Option<S>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OpenAIErrorFields")]
struct ErrorFields<'a> {
    message: &'a str,
    r#type: &'static str,
    /// The field that it is about.
    param: Option<&'a str>,
    /// A name of the table of errors.
    code: &'a str,
}

/// Returns the body of a whole answer.
pub(super) fn completion(answer_id: &str, ended: &Ended, beside: &Beside) -> Bytes {
    let message = Message { role: "assistant", content: &ended.text, refusal: None };
    let choice = Choice { index: 0, message, logprobs: None, finish_reason: finish_reason(ended) };
    json(&Completed {
        id: completion_id(answer_id),
        object: "chat.completion",
        created: now(),
        model: MODEL,
        choices: [choice],
        usage: tokens(ended),
        smallbiz: chat_fields(answer_id, ended, beside),
    })
}

/// What answers, as OpenAI's clients read it.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Model {
    id: &'static str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

/// All that answers: one model.
#[derive(Serialize, JsonSchema)]
pub(in crate::http) struct Models {
    object: &'static str,
    data: [Model; 1],
}

const THE_MODEL: Model = Model { id: MODEL, object: "model", created: 0, owned_by: "smallbiz" };

/// Returns the list of models.
pub(super) fn models() -> Bytes {
    json(&Models { object: "list", data: [THE_MODEL] })
}

/// Returns the one model.
pub(super) fn model() -> Bytes {
    json(&THE_MODEL)
}

/// Returns a refusal as these clients know it; status and `retry-after` are those of all other paths.
pub(super) fn error(refusal: &Refusal) -> Response {
    let message = refusal.message();
    // A message that is about a field begins with its name.
    let param = message.split_once(": ").map(|(field, _)| field).filter(|field| !field.contains(' '));
    let error = ErrorFields { message, r#type: kind(refusal.code()), param, code: refusal.code().name() };
    let mut response = problem(refusal);
    *response.body_mut() = json(&ErrorBody::<()> { error, smallbiz: None }).into();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn kind(code: ErrorCode) -> &'static str {
    match code.http() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

/// Writes the events of one answer as chunks.
pub(super) struct Chunks {
    id: String,
    answer_id: String,
    created: u64,
    shows_usage: bool,
    beside: Beside,
    /// Whether text was sent.
    is_shown: bool,
    /// Whether text that was sent was withdrawn.
    is_withdrawn: bool,
}

impl Chunks {
    pub(super) fn new(answer_id: &str, shows_usage: bool) -> Self {
        Self {
            id: completion_id(answer_id),
            answer_id: answer_id.to_owned(),
            created: now(),
            shows_usage,
            beside: Beside::default(),
            is_shown: false,
            is_withdrawn: false,
        }
    }

    /// Returns what the client is sent for an event; empty for nothing.
    pub(super) fn write(&mut self, event: &Event) -> Bytes {
        self.beside.see(event);
        match event {
            Event::Started(_) => self.delta(Delta { role: Some("assistant"), content: Some("") }),
            Event::Delta(_) if self.is_withdrawn => Bytes::new(),
            Event::Delta(delta) => {
                self.is_shown = true;
                self.delta(Delta { role: None, content: Some(&delta.text) })
            }
            Event::Retract(_) => {
                self.is_withdrawn = self.is_shown;
                Bytes::new()
            }
            Event::Ended(ended) => self.ended(ended),
            Event::Failed(failed) => {
                let code = ErrorCode::from_name(&failed.code).unwrap_or(ErrorCode::Internal);
                let error = ErrorFields {
                    message: &failed.message,
                    r#type: kind(code),
                    param: None,
                    code: &failed.code,
                };
                done(&[&ErrorBody::<()> { error, smallbiz: None }])
            }
            Event::Citation(_) | Event::Notice(_) | Event::Unsupported(_) => Bytes::new(),
        }
    }

    fn delta(&self, delta: Delta<'_>) -> Bytes {
        let choices = [ChunkChoice { index: 0, delta, logprobs: None, finish_reason: None }];
        let mut text = BytesMut::with_capacity(256);
        put_event(&mut text, &self.chunk::<()>(&choices, None, None));
        text.freeze()
    }

    fn ended(&self, ended: &Ended) -> Bytes {
        let fields = chat_fields(&self.answer_id, ended, &self.beside);
        if self.is_withdrawn && ended.finish_reason() != FinishReason::Blocked {
            let error = ErrorFields {
                message: "words that were sent have been withdrawn; the whole answer stands in smallbiz.response",
                r#type: "server_error",
                param: None,
                code: "WITHDRAWN",
            };
            return done(&[&ErrorBody { error, smallbiz: Some(fields) }]);
        }
        let choices = [ChunkChoice {
            index: 0,
            delta: Delta::default(),
            logprobs: None,
            finish_reason: Some(finish_reason(ended)),
        }];
        let last = self.chunk(&choices, None, Some(fields));
        if !self.shows_usage {
            return done(&[&last]);
        }
        let mut text = BytesMut::new();
        put_event(&mut text, &last);
        put_event(&mut text, &self.chunk::<()>(&[], Some(tokens(ended)), None));
        text.put_slice(DONE);
        text.freeze()
    }

    fn chunk<'a, S>(
        &'a self,
        choices: &'a [ChunkChoice<'a>],
        usage: Option<Tokens>,
        smallbiz: Option<S>,
    ) -> Chunk<'a, S> {
        let object = "chat.completion.chunk";
        Chunk { id: &self.id, object, created: self.created, model: MODEL, choices, usage, smallbiz }
    }
}

const DONE: &[u8] = b"data: [DONE]\n\n";

fn done<S: Serialize>(last: &[&S]) -> Bytes {
    let mut text = BytesMut::new();
    for event in last {
        put_event(&mut text, event);
    }
    text.put_slice(DONE);
    text.freeze()
}

/// JSON writes line ends as escapes, so a chunk is one line.
fn put_event(text: &mut BytesMut, chunk: &impl Serialize) {
    text.put_slice(b"data: ");
    // Plain structs with string keys: writing them to memory cannot fail.
    _ = serde_json::to_writer((&mut *text).writer(), chunk);
    text.put_slice(b"\n\n");
}

fn finish_reason(ended: &Ended) -> &'static str {
    match ended.finish_reason() {
        FinishReason::Length => "length",
        FinishReason::Blocked => "content_filter",
        FinishReason::Complete
        | FinishReason::NoEvidence
        | FinishReason::Stopped
        | FinishReason::Unspecified => "stop",
    }
}

fn tokens(ended: &Ended) -> Tokens {
    let usage = ended.usage.unwrap_or_default();
    Tokens {
        prompt_tokens: usage.input_tokens,
        completion_tokens: usage.output_tokens,
        total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
    }
}

fn completion_id(answer_id: &str) -> String {
    format!("chatcmpl-{answer_id}")
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}
