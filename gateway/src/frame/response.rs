//! What the gateway sends, as JSON.

use bytes::Bytes;
use proto::v1::chat_event::Event;
use proto::v1::{AnswerSource, ChatEvent, Citation, Ended, FinishReason, StageTimes, Unsupported, Usage};
use schemars::JsonSchema;
use serde::Serialize;

use super::left::RateLimit;
use crate::refusal::Refusal;

/// How an answer may end.
pub(crate) const FINISH_REASONS: [&str; 5] = ["complete", "no_evidence", "length", "blocked", "stopped"];
/// Who may have written an answer.
pub(crate) const ANSWER_SOURCES: [&str; 5] = ["model", "fallback_model", "cache", "extractive", "fixed_text"];

/// What every event of an answer carries, with the fields of its kind beside it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "{F}Frame")]
pub(crate) struct Envelope<'a, F> {
    r#type: &'static str,
    /// A ULID.
    answer_id: &'a str,
    /// Changes when the numbering begins anew.
    epoch: u64,
    /// Counts from 1 without gaps.
    #[schemars(range(min = 1))]
    seq: u64,
    /// For the reader; what it is depends on the kind.
    text: &'a str,
    /// Whether the answer ends with this event.
    complete: bool,
    #[serde(flatten)]
    fields: F,
}

/// The question was admitted; always number 1.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Start<'a> {
    /// The state of the knowledge that answers.
    generation: u64,
    /// The connection that asked.
    connection_id: &'a str,
}

/// `text` is appended to the answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Chunk")]
pub(crate) struct Nothing {}

/// The source of a marker.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Citation")]
pub(crate) struct CitationFields<'a> {
    citation: Source<'a>,
}

/// `text` is for the reader and no part of the answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "NoticeEvent")]
pub(crate) struct NoticeFields<'a> {
    /// What it is about, such as `degraded`.
    kind: &'a str,
}

/// A sentence that is not borne out.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unsupported")]
pub(crate) struct UnsupportedFields<'a> {
    /// The bytes of the answer from the first up to the second, in UTF-8.
    byte_range: [u64; 2],
    /// What is missing from the sources.
    claims: Vec<ClaimBody<'a>>,
    /// Whether it names no source.
    is_uncited: bool,
}

/// Something that no source says.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Claim")]
struct ClaimBody<'a> {
    /// Such as `price` or `date`.
    kind: &'a str,
    text: &'a str,
}

/// Text that was shown is withdrawn.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Retract")]
pub(crate) struct RetractFields<'a> {
    /// So many bytes of the answer stay, in UTF-8.
    from_byte: u64,
    /// For the reader.
    reason: &'a str,
}

/// `text` is the whole answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "End")]
pub(crate) struct EndFields<'a> {
    /// How the answer ended; `no_evidence` where the documents do not tell.
    #[schemars(extend("enum" = FINISH_REASONS))]
    finish_reason: &'static str,
    citations: Vec<Source<'a>>,
    usage: Consumed,
    stage_times: Times,
    /// Who wrote it.
    #[schemars(extend("enum" = ANSWER_SOURCES))]
    source: &'static str,
    /// The model that wrote it; empty for none.
    model: &'a str,
    generation: u64,
    /// Questions that a reader may ask next, at most 3.
    follow_ups: &'a [String],
}

/// Why there is no answer, or no more of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Error")]
pub(crate) struct ErrorFields<'a> {
    /// A name of the table of errors.
    code: &'a str,
    /// Whether the same may succeed later.
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<RateLimit>,
}

/// A cited passage.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Source<'a> {
    /// The number of its marker.
    #[schemars(range(min = 1))]
    number: u32,
    document_id: &'a str,
    collection: &'a str,
    title: &'a str,
    heading_path: &'a [String],
    text: &'a str,
    /// The part that bears the answer out.
    quote: &'a str,
    /// Where the document can be read, may be relative to the gateway; empty for nowhere.
    url: &'a str,
    /// The page, where there are pages.
    #[schemars(range(min = 1))]
    page: Option<u32>,
}

/// What an answer took.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Usage")]
pub(crate) struct Consumed {
    input_tokens: u32,
    output_tokens: u32,
    guardrail_units: u32,
    /// Millionths of a US dollar.
    cost_microdollars: u64,
}

/// Milliseconds of each stage that ran.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "StageTimes")]
pub(crate) struct Times {
    #[serde(skip_serializing_if = "Option::is_none")]
    embed_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_token_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    generate_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_ms: Option<f64>,
}

/// Returns the JSON frame of an event; `connection_id` names the connection that asked.
pub(crate) fn event_frame(event: &ChatEvent, connection_id: &str) -> Bytes {
    match &event.event {
        Some(Event::Started(started)) => {
            enveloped(event, "", Start { generation: started.generation, connection_id })
        }
        Some(Event::Delta(delta)) => enveloped(event, &delta.text, Nothing {}),
        Some(Event::Citation(citation)) => {
            enveloped(event, "", CitationFields { citation: source(citation) })
        }
        Some(Event::Notice(notice)) => enveloped(event, &notice.text, NoticeFields { kind: &notice.kind }),
        Some(Event::Unsupported(unsupported)) => enveloped(event, "", unsupported_fields(unsupported)),
        Some(Event::Retract(retract)) => {
            enveloped(event, "", RetractFields { from_byte: retract.from_byte, reason: &retract.reason })
        }
        Some(Event::Ended(ended)) => enveloped(event, &ended.text, end_fields(ended)),
        Some(Event::Failed(failed)) => {
            let fields = ErrorFields {
                code: &failed.code,
                retryable: failed.retryable,
                retry_after_ms: failed.retry_after_ms,
                rate_limit: None,
            };
            enveloped(event, &failed.message, fields)
        }
        None => Bytes::new(),
    }
}

/// Returns the `type` of an event's frame.
pub(crate) fn event_name(event: &ChatEvent) -> &'static str {
    match &event.event {
        Some(Event::Started(_)) => "start",
        Some(Event::Delta(_)) => "chunk",
        Some(Event::Citation(_)) => "citation",
        Some(Event::Notice(_)) => "notice",
        Some(Event::Retract(_)) => "retract",
        Some(Event::Unsupported(_)) => "unsupported",
        Some(Event::Ended(_)) => "end",
        Some(Event::Failed(_)) | None => "error",
    }
}

fn enveloped<F: Serialize>(event: &ChatEvent, text: &str, fields: F) -> Bytes {
    let complete = matches!(event.event, Some(Event::Ended(_) | Event::Failed(_)));
    let ChatEvent { answer_id, epoch, seq, .. } = event;
    let (epoch, seq) = (*epoch, *seq);
    json(&Envelope { r#type: event_name(event), answer_id, epoch, seq, text, complete, fields })
}

fn end_fields(ended: &Ended) -> EndFields<'_> {
    EndFields {
        finish_reason: finish_reason(ended.finish_reason()),
        citations: ended.citations.iter().map(source).collect(),
        usage: consumed(ended.usage.as_ref()),
        stage_times: times(ended.stage_times.as_ref()),
        source: answer_source(ended.source()),
        model: &ended.model,
        generation: ended.generation,
        follow_ups: &ended.follow_ups,
    }
}

pub(super) fn unsupported_fields(unsupported: &Unsupported) -> UnsupportedFields<'_> {
    let range = unsupported.byte_range.unwrap_or_default();
    UnsupportedFields {
        byte_range: [range.start, range.end],
        claims: unsupported
            .claims
            .iter()
            .map(|claim| ClaimBody { kind: &claim.kind, text: &claim.text })
            .collect(),
        is_uncited: unsupported.is_uncited,
    }
}

/// An error that is about no answer.
#[derive(Serialize, JsonSchema)]
pub(crate) struct RefusalFrame<'a> {
    r#type: &'static str,
    /// For the reader.
    text: &'a str,
    complete: bool,
    #[serde(flatten)]
    fields: ErrorFields<'a>,
}

/// The place to resume from is gone: discard the answer and ask again with the same `client_message_id`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResyncFrame")]
pub(crate) struct Resync<'a> {
    r#type: &'static str,
    answer_id: &'a str,
    /// For the reader.
    text: &'static str,
    complete: bool,
}

/// Returns the `error` frame of a refusal that concerns no answer that is being read.
pub(crate) fn refusal_frame(refusal: &Refusal) -> Bytes {
    let fields = ErrorFields {
        code: refusal.code().name(),
        retryable: refusal.code().retryable(),
        retry_after_ms: refusal.retry_after_ms(),
        rate_limit: refusal.allowance().map(RateLimit::from),
    };
    json(&RefusalFrame { r#type: "error", text: refusal.message(), complete: true, fields })
}

/// Returns the frame that says that the place to resume from is gone.
pub(crate) fn resync(answer_id: &str) -> Bytes {
    let text = "The connection was lost for too long; the answer starts again.";
    json(&Resync { r#type: "resync", answer_id, text, complete: false })
}

/// Returns the frame that says that the gateway is about to stop.
pub(crate) fn draining() -> Bytes {
    Bytes::from_static(
        br#"{"type":"draining","text":"The service is moving; the chat reconnects by itself.","complete":false}"#,
    )
}

/// Returns the answer to a heartbeat.
pub(crate) fn heartbeat() -> Bytes {
    Bytes::from_static(br#"{"type":"heartbeat"}"#)
}

/// Returns the answer to a right key.
pub(crate) fn authenticated() -> Bytes {
    Bytes::from_static(br#"{"type":"authenticated"}"#)
}

pub(super) fn source(citation: &Citation) -> Source<'_> {
    let passage = citation.passage.as_ref();
    Source {
        number: citation.number,
        document_id: passage.map_or("", |passage| &passage.document_id),
        collection: passage.map_or("", |passage| &passage.collection),
        title: passage.map_or("", |passage| &passage.title),
        heading_path: passage.map_or(&[], |passage| &passage.heading_path),
        text: passage.map_or("", |passage| &passage.text),
        quote: &citation.quote,
        url: &citation.url,
        page: passage.and_then(|passage| passage.page),
    }
}

pub(super) fn consumed(usage: Option<&Usage>) -> Consumed {
    let Usage { input_tokens, output_tokens, guardrail_units, cost_microdollars } =
        usage.copied().unwrap_or_default();
    Consumed { input_tokens, output_tokens, guardrail_units, cost_microdollars }
}

pub(super) fn times(times: Option<&StageTimes>) -> Times {
    let StageTimes { embed_ms, search_ms, first_token_ms, generate_ms, total_ms } =
        times.copied().unwrap_or_default();
    Times { embed_ms, search_ms, first_token_ms, generate_ms, total_ms }
}

/// Returns the name of a finish reason, as frames and metrics show it.
pub(crate) fn finish_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Complete | FinishReason::Unspecified => "complete",
        FinishReason::NoEvidence => "no_evidence",
        FinishReason::Length => "length",
        FinishReason::Blocked => "blocked",
        FinishReason::Stopped => "stopped",
    }
}

/// An answer that was stopped has no source yet: the generator names it with its last event.
pub(crate) fn answer_source(source: AnswerSource) -> &'static str {
    match source {
        AnswerSource::Model | AnswerSource::Unspecified => "model",
        AnswerSource::FallbackModel => "fallback_model",
        AnswerSource::Cache => "cache",
        AnswerSource::Extractive => "extractive",
        AnswerSource::FixedText => "fixed_text",
    }
}

/// Every type above is a plain struct with string keys, so this cannot fail.
pub(super) fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}
