//! What the gateway answers over REST, as JSON.

use bytes::Bytes;
use proto::v1::chat_event::Event;
use proto::v1::{AnswerSource, ByteRange, Ended, Notice, Passage, Unsupported};
use schemars::JsonSchema;
use serde::Serialize;

use super::response::{
    ANSWER_SOURCES, Consumed, FINISH_REASONS, Source, Times, UnsupportedFields, answer_source, consumed,
    finish_reason, json, source, times, unsupported_fields,
};

/// What is said about an answer while it is written.
#[derive(Debug, Default)]
pub(crate) struct Beside {
    /// In the order in which they came.
    pub(crate) notices: Vec<Notice>,
    /// Sentences that are not borne out, less those that were withdrawn.
    pub(crate) unsupported: Vec<Unsupported>,
}

impl Beside {
    /// Takes in what an event says beside the text, and drops what a retraction withdraws.
    pub(crate) fn see(&mut self, event: &Event) {
        match event {
            Event::Notice(notice) => self.notices.push(notice.clone()),
            Event::Unsupported(unsupported) => self.unsupported.push(unsupported.clone()),
            Event::Retract(retract) => {
                let stays =
                    |range: Option<ByteRange>| range.is_some_and(|range| range.end <= retract.from_byte);
                self.unsupported.retain(|unsupported| stays(unsupported.byte_range));
            }
            _ => {}
        }
    }
}

/// A whole answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Answer")]
pub(crate) struct ChatResponse<'a> {
    /// The text, with markers such as `[1]` behind what a source bears out.
    response: &'a str,
    /// A ULID.
    answer_id: &'a str,
    /// What the markers stand for.
    citations: Vec<Source<'a>>,
    /// How the answer ended; `no_evidence` where the documents do not tell.
    #[schemars(extend("enum" = FINISH_REASONS))]
    finish_reason: &'static str,
    /// What it took.
    usage: Consumed,
    /// Milliseconds of each stage that ran.
    stage_times: Times,
    /// Whether an earlier answer was given again.
    cached: bool,
    /// Who wrote it.
    #[schemars(extend("enum" = ANSWER_SOURCES))]
    source: &'static str,
    /// The model that wrote it; empty for none.
    model: &'a str,
    /// The state of the knowledge that answered.
    generation: u64,
    /// Questions that a reader may ask next, at most 3.
    follow_ups: &'a [String],
    /// What was said beside the text.
    notices: Vec<NoticeBody<'a>>,
    /// Sentences that the sources do not bear out.
    unsupported: Vec<UnsupportedFields<'a>>,
}

/// Something that a reader is told and that is no part of the answer.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Notice")]
struct NoticeBody<'a> {
    /// What it is about, such as `degraded`.
    kind: &'a str,
    text: &'a str,
}

/// Passages, the best first.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Passages")]
pub(crate) struct SearchResponse<'a> {
    passages: Vec<Found<'a>>,
    /// The state of the knowledge that was searched.
    generation: u64,
}

/// A passage that was found.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "FoundPassage")]
struct Found<'a> {
    /// The document's id.
    document: &'a str,
    collection: &'a str,
    title: &'a str,
    /// The headings above it, the outermost first.
    heading_path: &'a [String],
    text: &'a str,
    /// How well it matches beside the others; of no meaning across questions.
    score: f32,
    /// How sure it is that it answers, 0 to 1.
    evidence: f32,
    /// Its place in the document.
    ordinal: u32,
    /// The page that it begins on, where there are pages.
    #[schemars(range(min = 1))]
    page: Option<u32>,
    /// Where it can be read; empty for nowhere.
    url: String,
}

/// Returns the body of an answer over REST.
pub(crate) fn chat_response(answer_id: &str, ended: &Ended, beside: &Beside) -> Bytes {
    json(&chat_fields(answer_id, ended, beside))
}

/// Returns the fields of that body, for bodies that hold it.
pub(crate) fn chat_fields<'a>(answer_id: &'a str, ended: &'a Ended, beside: &'a Beside) -> ChatResponse<'a> {
    ChatResponse {
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
    }
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
