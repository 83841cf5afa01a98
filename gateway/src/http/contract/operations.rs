//! Every operation over HTTP: what it takes, gives and refuses. A test holds this list beside the router's.

use std::collections::BTreeMap;

use proto::ErrorCode;
use serde_json::{Map, Value, json};

use super::schemas::Schemas;
use crate::frame::{
    ANSWER_ID, ChatBody, ChatResponse, FeedbackBody, HandoffBody, ReceiptBody, SearchBody, SearchResponse,
    SessionBody, SuggestionsBody,
};
use crate::http::chat::{IDEMPOTENCY_KEY_CHARACTERS, StreamAddress};
use crate::http::openai::{Completed, Completion, ErrorBody, Model, Models};
use crate::http::problem::Problem;
use crate::http::session::SessionReply;

/// Whoever calls is not known, or may not.
const ADMISSION: [ErrorCode; 2] = [ErrorCode::Unauthenticated, ErrorCode::PermissionDenied];
/// The body is not right.
const BODY: [ErrorCode; 5] = [
    ErrorCode::InvalidArgument,
    ErrorCode::InvalidUtf8,
    ErrorCode::UnsupportedMedia,
    ErrorCode::TooLarge,
    ErrorCode::DeadlineExceeded,
];
/// Work is refused or fails.
const WORK: [ErrorCode; 5] = [
    ErrorCode::RateLimited,
    ErrorCode::Overloaded,
    ErrorCode::Unavailable,
    ErrorCode::ShuttingDown,
    ErrorCode::Internal,
];

/// One operation.
#[derive(Debug)]
pub(super) struct Operation {
    /// In small letters.
    pub(super) method: &'static str,
    /// With `{names}` of parameters.
    pub(super) path: &'static str,
    id: &'static str,
    summary: &'static str,
    description: &'static str,
    is_open: bool,
    is_limited: bool,
    parameters: Vec<Value>,
    body: Option<Value>,
    responses: Map<String, Value>,
}

impl Operation {
    fn new(method: &'static str, path: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            method,
            path,
            id,
            summary,
            description: "",
            is_open: false,
            is_limited: false,
            parameters: Vec::new(),
            body: None,
            responses: Map::new(),
        }
    }

    fn describes(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Nobody has to say who they are.
    fn open(mut self) -> Self {
        self.is_open = true;
        self
    }

    /// Replies tell what is left of the tightest limit. Goes after every response.
    fn limited(mut self) -> Self {
        self.is_limited = true;
        self
    }

    fn parameter(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    fn takes(mut self, schema: &Value, example: &Value) -> Self {
        self.body = Some(json!({
            "required": true,
            "content": { "application/json": { "schema": schema, "example": example } },
        }));
        self
    }

    fn gives(mut self, status: u16, description: &str, contents: &[(&str, Value)]) -> Self {
        let mut response = json!({ "description": description });
        if !contents.is_empty() {
            let content: Map<String, Value> = contents
                .iter()
                .map(|(kind, schema)| ((*kind).to_owned(), json!({ "schema": schema })))
                .collect();
            response["content"] = content.into();
        }
        self.responses.insert(status.to_string(), response);
        self
    }

    /// Refusals have the same body everywhere; their statuses are those of the table of errors.
    fn refuses(mut self, (kind, schema): (&str, &Value), codes: &[&[ErrorCode]]) -> Self {
        let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
        for code in codes.iter().copied().flatten() {
            by_status.entry(code.http()).or_default().push(code.name());
        }
        for (status, names) in by_status {
            let names = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let mut response = json!({
                "description": format!("{} Codes: {names}.", meaning(status)),
                "content": { kind: { "schema": schema } },
            });
            if matches!(status, 429 | 503) {
                let seconds = json!({ "type": "integer", "minimum": 1 });
                response["headers"] =
                    json!({ "Retry-After": { "description": "Seconds to wait.", "schema": seconds } });
            }
            self.responses.insert(status.to_string(), response);
        }
        self
    }

    /// Returns the operation as `OpenAPI` describes it.
    pub(super) fn document(mut self) -> Value {
        if self.is_limited {
            for (status, response) in &mut self.responses {
                if matches!(status.as_str(), "200" | "202" | "204" | "429") {
                    add_limits(response);
                }
            }
        }
        let mut document =
            json!({ "operationId": self.id, "summary": self.summary, "responses": self.responses });
        if !self.description.is_empty() {
            document["description"] = self.description.into();
        }
        if self.is_open {
            document["security"] = json!([{}]);
        }
        if !self.parameters.is_empty() {
            document["parameters"] = self.parameters.into();
        }
        if let Some(body) = self.body {
            document["requestBody"] = body;
        }
        document
    }
}

fn add_limits(response: &mut Value) {
    let whole = || json!({ "type": "integer", "minimum": 0 });
    let headers =
        response.as_object_mut().map(|response| response.entry("headers").or_insert_with(|| json!({})));
    let Some(headers) = headers.and_then(Value::as_object_mut) else { return };
    for (name, description) in [
        ("RateLimit-Limit", "The tightest limit: requests in its time."),
        ("RateLimit-Remaining", "What is left of it."),
        ("RateLimit-Reset", "Seconds until it is whole again."),
    ] {
        headers.insert(name.to_owned(), json!({ "description": description, "schema": whole() }));
    }
}

fn meaning(status: u16) -> &'static str {
    match status {
        400 => "The request is malformed; the text says what would be right.",
        401 => "No key or token, or one that is not known or not valid any more.",
        403 => "The key or the page's origin may not do this.",
        404 => "There is no such thing, or it is somebody else's.",
        409 => "The idempotency key was used with another request.",
        413 => "The body is too large.",
        415 => "The body is not `application/json`.",
        422 => "A guardrail refused the text.",
        429 => "Too many requests, or too much spent, in a time.",
        503 => "Overloaded, unavailable, or about to stop.",
        504 => "The answer or the body took too long.",
        _ => "The fault is ours.",
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header",
        "description": "A repeat with the same body leads to the same result while that is kept.",
        "schema": { "type": "string", "minLength": 1, "maxLength": IDEMPOTENCY_KEY_CHARACTERS, "pattern": "^[\\x21-\\x7e]+$" },
    })
}

fn in_path(name: &str, description: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": description, "schema": schema })
}

/// Returns the shape of each event of a stream.
fn server_sent(description: &str) -> Value {
    json!({
        "type": "object", "description": description, "required": ["data"],
        "properties": { "event": { "type": "string" }, "id": { "type": "string" }, "data": { "type": "string" } },
    })
}

/// Returns every operation, in the order in which a reader wants them.
pub(super) fn operations(schemas: &mut Schemas) -> Vec<Operation> {
    let mut all = asking(schemas);
    all.extend(beside(schemas));
    all.extend(openai(schemas));
    all.extend(open(schemas));
    all
}

fn asking(schemas: &mut Schemas) -> Vec<Operation> {
    let problem = schemas.sent::<Problem<'_>>();
    let refusal = ("application/problem+json", &problem);
    let events = server_sent(
        "`event` names the kind, `data` is the WebSocket's frame, `id` goes into `Last-Event-ID`.",
    );
    let ask = Operation::new("post", "/chat", "ask", "Asks a question")
        .describes("With `streaming` and `Accept: text/event-stream` the events come as they are written; with `streaming` alone the reply says where to read them.")
        .parameter(idempotency_key())
        .takes(&schemas.taken::<ChatBody>(), &json!({ "message": "When are you open on Sundays?" }))
        .gives(200, "The whole answer, or its events.", &[("application/json", schemas.sent::<ChatResponse<'_>>()), ("text/event-stream", events.clone())])
        .gives(202, "Where to read the events.", &[("application/json", schemas.sent::<StreamAddress<'_>>())])
        .refuses(refusal, &[&ADMISSION, &BODY, &WORK, &[ErrorCode::Conflict, ErrorCode::Blocked]])
        .limited();
    let continued = Operation::new(
        "get",
        "/chat/{answer_id}/events",
        "events",
        "Reads or continues an answer as server-sent events",
    )
    .parameter(in_path("answer_id", "A ULID.", &json!({ "type": "string", "pattern": ANSWER_ID })))
    .parameter(json!({
        "name": "Last-Event-ID", "in": "header", "example": "01JZ4VQK3M8W5T2X9Y7R6P0ABC:1763900000000:7",
            "schema": { "type": "string", "pattern": "^[0-7][0-9A-HJKMNP-TV-Z]{25}:[0-9]{1,19}:[0-9]{1,19}$" },
        "description": "`answer_id:epoch:seq` of the last event that was read; none for all.",
    }))
    .gives(200, "The events that follow; `resync` when that place is gone.", &[("text/event-stream", events)])
    .refuses(refusal, &[&ADMISSION, &WORK, &[ErrorCode::InvalidArgument, ErrorCode::NotFound]]);
    let search = Operation::new("post", "/v1/search", "search", "Finds the best passages")
        .takes(&schemas.taken::<SearchBody>(), &json!({ "query": "opening hours", "top_k": 3 }))
        .gives(
            200,
            "Passages, the best first.",
            &[("application/json", schemas.sent::<SearchResponse<'_>>())],
        )
        .refuses(refusal, &[&ADMISSION, &BODY, &WORK])
        .limited();
    vec![ask, continued, search]
}

fn beside(schemas: &mut Schemas) -> Vec<Operation> {
    let problem = schemas.sent::<Problem<'_>>();
    let refusal = ("application/problem+json", &problem);
    let receipt = schemas.sent::<ReceiptBody<'_>>();
    let session = Operation::new(
        "post",
        "/v1/session",
        "openSession",
        "Exchanges a site key for a visitor's token of minutes",
    )
    .takes(&schemas.taken::<SessionBody>(), &json!({}))
    .gives(
        200,
        "The token, or the work that is asked for first.",
        &[("application/json", schemas.sent::<SessionReply>())],
    )
    .refuses(refusal, &[&ADMISSION, &BODY, &WORK])
    .limited();
    let suggestions = Operation::new(
        "get",
        "/v1/suggestions",
        "suggestions",
        "Returns the questions that a chat offers first",
    )
    .gives(200, "At most 8; may be none.", &[("application/json", schemas.sent::<SuggestionsBody<'_>>())])
    .refuses(refusal, &[&ADMISSION, &[ErrorCode::Internal]]);
    let feedback = Operation::new("post", "/feedback", "feedback", "Says whether an answer helped")
        .takes(
            &schemas.taken::<FeedbackBody>(),
            &json!({ "answer_id": "01JZ4VQK3M8W5T2X9Y7R6P0ABC", "verdict": "negative", "reason": "outdated" }),
        )
        .gives(204, "Stored.", &[])
        .refuses(refusal, &[&ADMISSION, &BODY, &WORK, &[ErrorCode::NotFound]])
        .limited();
    let handoff = Operation::new("post", "/handoff", "handoff", "Passes the conversation on to a person")
        .parameter(idempotency_key())
        .takes(
            &schemas.taken::<HandoffBody>(),
            &json!({ "contact": { "email": "me@mail.example" }, "message": "Please call me back." }),
        )
        .gives(200, "The receipt: delivered, or failed for good.", &[("application/json", receipt.clone())])
        .gives(202, "Not delivered yet; it is tried again.", &[("application/json", receipt)])
        .refuses(refusal, &[&ADMISSION, &BODY, &WORK, &[ErrorCode::NotFound, ErrorCode::Conflict]])
        .limited();
    vec![session, suggestions, feedback, handoff]
}

fn openai(schemas: &mut Schemas) -> Vec<Operation> {
    let error = schemas.sent::<ErrorBody<'_, ChatResponse<'_>>>();
    let refusal = ("application/json", &error);
    let chunks = server_sent("Chunks as OpenAI's clients read them, and `[DONE]`.");
    let complete = Operation::new("post", "/v1/chat/completions", "complete", "Asks a question as the OpenAI SDKs do")
        .describes(
            "`smallbiz` holds what such clients do not know: the answer as `POST /chat` returns it, in a stream with its last chunk. A \
             stream cannot take text back: where words that were sent are withdrawn it ends with `content_filter`, or with an error.",
        )
        .parameter(idempotency_key())
        .takes(
            &schemas.taken::<Completion>(),
            &json!({ "model": "smallbiz-chatbot", "messages": [{ "role": "user", "content": "When are you open?" }] }),
        )
        .gives(200, "The completion; or, with `stream`, its chunks.", &[("application/json", schemas.sent::<Completed<'_, ChatResponse<'_>>>()), ("text/event-stream", chunks)])
        .refuses(refusal, &[&ADMISSION, &BODY, &WORK, &[ErrorCode::Conflict, ErrorCode::Blocked]])
        .limited();
    let models = Operation::new("get", "/v1/models", "models", "Lists the one model")
        .gives(200, "The list.", &[("application/json", schemas.sent::<Models>())])
        .refuses(refusal, &[&ADMISSION]);
    let model = Operation::new("get", "/v1/models/{model}", "model", "Describes the one model")
        .parameter(in_path("model", "Its name.", &json!({ "type": "string" })))
        .gives(200, "The model.", &[("application/json", schemas.sent::<Model>())])
        .refuses(refusal, &[&ADMISSION, &[ErrorCode::NotFound, ErrorCode::InvalidArgument]]);
    vec![complete, models, model]
}

fn open(schemas: &mut Schemas) -> Vec<Operation> {
    let problem = schemas.sent::<Problem<'_>>();
    let refusal = ("application/problem+json", &problem);
    let text = || json!({ "type": "string" });
    let document = Operation::new(
        "get",
        "/documents/{collection}/{document_id}",
        "document",
        "Shows a document as a page",
    )
    .open()
    .parameter(in_path("collection", "One whose pages are public.", &text()))
    .parameter(in_path("document_id", "May hold `/`.", &text()))
    .gives(200, "The page.", &[("text/html", text())])
    .refuses(
        refusal,
        &[&WORK, &[ErrorCode::InvalidArgument, ErrorCode::NotFound, ErrorCode::DeadlineExceeded]],
    );
    let alive = Operation::new("get", "/healthz", "alive", "Says that the process lives").open().gives(
        200,
        "It does.",
        &[("text/plain", text())],
    );
    let ready = Operation::new("get", "/readyz", "ready", "Says whether the process can serve")
        .open()
        .gives(200, "It can.", &[("text/plain", text())])
        .refuses(refusal, &[&[ErrorCode::Unavailable, ErrorCode::ShuttingDown]]);
    vec![document, alive, ready]
}
