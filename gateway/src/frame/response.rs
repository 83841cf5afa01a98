//! What the gateway sends, as JSON.

use bytes::Bytes;
use proto::v1::chat_event::Event;
use proto::v1::{
    AnswerSource, ChatEvent, Citation, Ended, FinishReason, Notice, Passage, StageTimes, Unsupported, Usage,
};
use serde::Serialize;

use crate::refusal::Refusal;

/// What every event of an answer carries, with the fields of its kind beside it.
#[derive(Serialize)]
struct Envelope<'a, F> {
    r#type: &'static str,
    answer_id: &'a str,
    epoch: u64,
    seq: u64,
    text: &'a str,
    complete: bool,
    #[serde(flatten)]
    fields: F,
}

#[derive(Serialize)]
struct Start<'a> {
    generation: u64,
    connection_id: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct CitationFields<'a> {
    citation: Source<'a>,
}

#[derive(Serialize)]
struct NoticeFields<'a> {
    kind: &'a str,
}

/// A sentence that is not borne out.
#[derive(Serialize)]
struct UnsupportedFields<'a> {
    byte_range: [u64; 2],
    claims: Vec<ClaimBody<'a>>,
    is_uncited: bool,
}

#[derive(Serialize)]
struct ClaimBody<'a> {
    kind: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct RetractFields<'a> {
    from_byte: u64,
    reason: &'a str,
}

#[derive(Serialize)]
struct EndFields<'a> {
    finish_reason: &'static str,
    citations: Vec<Source<'a>>,
    usage: Consumed,
    stage_times: Times,
    source: &'static str,
    model: &'a str,
    generation: u64,
    follow_ups: &'a [String],
}

#[derive(Serialize)]
struct ErrorFields<'a> {
    code: &'a str,
    retryable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after_ms: Option<u64>,
}

/// What is said about an answer while it is written.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// In the order in which they came.
    pub(crate) notices: Vec<Notice>,
    /// Sentences that are not borne out, less those that were withdrawn.
    pub(crate) unsupported: Vec<Unsupported>,
}

/// A cited passage.
#[derive(Serialize)]
struct Source<'a> {
    number: u32,
    document_id: &'a str,
    collection: &'a str,
    title: &'a str,
    heading_path: &'a [String],
    text: &'a str,
    quote: &'a str,
    url: &'a str,
    page: Option<u32>,
}

#[derive(Serialize)]
struct Consumed {
    input_tokens: u32,
    output_tokens: u32,
    guardrail_units: u32,
    cost_microdollars: u64,
}

#[derive(Serialize)]
struct Times {
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

/// The body of an answer over REST.
#[derive(Serialize)]
struct ChatResponse<'a> {
    response: &'a str,
    answer_id: &'a str,
    citations: Vec<Source<'a>>,
    finish_reason: &'static str,
    usage: Consumed,
    stage_times: Times,
    cached: bool,
    source: &'static str,
    model: &'a str,
    generation: u64,
    follow_ups: &'a [String],
    notices: Vec<NoticeBody<'a>>,
    unsupported: Vec<UnsupportedFields<'a>>,
}

#[derive(Serialize)]
struct NoticeBody<'a> {
    kind: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
struct SearchResponse<'a> {
    passages: Vec<Found<'a>>,
    generation: u64,
}

#[derive(Serialize)]
struct Found<'a> {
    document: &'a str,
    collection: &'a str,
    title: &'a str,
    heading_path: &'a [String],
    text: &'a str,
    score: f32,
    evidence: f32,
    ordinal: u32,
    page: Option<u32>,
    url: String,
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

fn unsupported_fields(unsupported: &Unsupported) -> UnsupportedFields<'_> {
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

/// Returns the body of an answer over REST.
pub(crate) fn chat_response(answer_id: &str, ended: &Ended, beside: &Beside) -> Bytes {
    json(&ChatResponse {
        response: &ended.text,
        answer_id,
        citations: ended.citations.iter().map(source).collect(),
        finish_reason: finish_reason(ended.finish_reason()),
        usage: consumed(ended.usage.as_ref()),
        stage_times: times(ended.stage_times.as_ref()),
        cached: ended.source() == AnswerSource::Cache,
        source: answer_source(ended.source()),
        model: &ended.model,
        generation: ended.generation,
        follow_ups: &ended.follow_ups,
        notices: beside
            .notices
            .iter()
            .map(|notice| NoticeBody { kind: &notice.kind, text: &notice.text })
            .collect(),
        unsupported: beside.unsupported.iter().map(unsupported_fields).collect(),
    })
}

/// Returns the body of a search over REST.
pub(crate) fn search_response(found: &proto::v1::SearchResponse) -> Bytes {
    let passage = |passage: &Passage| crate::source::source_url(passage);
    let passages = found.passages.iter().map(|found| Found {
        document: &found.document_id,
        collection: &found.collection,
        title: &found.title,
        heading_path: &found.heading_path,
        text: &found.text,
        score: found.score,
        evidence: found.evidence,
        ordinal: found.ordinal,
        page: found.page,
        url: passage(found),
    });
    json(&SearchResponse { passages: passages.collect(), generation: found.generation })
}

/// Returns the `error` frame of a refusal that concerns no answer that is being read.
pub(crate) fn refusal_frame(refusal: &Refusal) -> Bytes {
    #[derive(Serialize)]
    struct ErrorFrame<'a> {
        r#type: &'static str,
        text: &'a str,
        complete: bool,
        #[serde(flatten)]
        fields: ErrorFields<'a>,
    }
    let fields = ErrorFields {
        code: refusal.code().name(),
        retryable: refusal.code().retryable(),
        retry_after_ms: refusal.retry_after_ms(),
    };
    json(&ErrorFrame { r#type: "error", text: refusal.message(), complete: true, fields })
}

/// Returns the frame that says that the place to resume from is gone.
pub(crate) fn resync(answer_id: &str) -> Bytes {
    #[derive(Serialize)]
    struct Resync<'a> {
        r#type: &'static str,
        answer_id: &'a str,
        text: &'static str,
        complete: bool,
    }
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

fn source(citation: &Citation) -> Source<'_> {
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

fn consumed(usage: Option<&Usage>) -> Consumed {
    let Usage { input_tokens, output_tokens, guardrail_units, cost_microdollars } =
        usage.copied().unwrap_or_default();
    Consumed { input_tokens, output_tokens, guardrail_units, cost_microdollars }
}

fn times(times: Option<&StageTimes>) -> Times {
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
fn answer_source(source: AnswerSource) -> &'static str {
    match source {
        AnswerSource::Model | AnswerSource::Unspecified => "model",
        AnswerSource::FallbackModel => "fallback_model",
        AnswerSource::Cache => "cache",
        AnswerSource::Extractive => "extractive",
        AnswerSource::FixedText => "fixed_text",
    }
}

/// Every type above is a plain struct with string keys, so this cannot fail.
fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).map(Bytes::from).unwrap_or_default()
}
