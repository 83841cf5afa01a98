//! A server's events as pieces of an answer. Fields that are not known are skipped, and so are those that are missing;
//! what makes an answer whole is noticed by whoever reads the pieces.

use std::collections::VecDeque;
use std::fmt;

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use serde::Deserialize;
use sse_stream::SseByteStream;

use crate::error::Error;
use crate::language::{Piece, Pieces, Stop};
use crate::prices::Usage;

/// What the last event says.
const DONE: &str = "[DONE]";
/// Of a text of the server that goes to the log.
const LONGEST_TEXT: usize = 300;

/// Returns what the server sends, until it sends nothing more or fails. An event may have `max_event_bytes`.
pub(super) fn pieces(body: Incoming, max_event_bytes: usize) -> Pieces {
    let mut size = EventSize { bytes: 0, line_is_empty: true, limit: max_event_bytes };
    let chunks = BodyDataStream::new(body).map(move |chunk| size.check(chunk.map_err(Broken::Body)?));
    from_chunks(chunks.boxed())
}

fn from_chunks<S>(chunks: S) -> Pieces
where
    S: Stream<Item = Result<Bytes, Broken>> + Send + Unpin + 'static,
{
    let reading = Reading { events: SseByteStream::new(chunks), ready: VecDeque::new(), is_done: false };
    stream::try_unfold(reading, |mut reading| async move {
        Ok(reading.next().await?.map(|piece| (piece, reading)))
    })
    .boxed()
}

struct Reading<S: futures_util::TryStream> {
    events: SseByteStream<S>,
    ready: VecDeque<Piece>,
    is_done: bool,
}

impl<S> Reading<S>
where
    S: Stream<Item = Result<Bytes, Broken>> + Unpin,
{
    async fn next(&mut self) -> Result<Option<Piece>, Error> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            let Some(event) = self.events.next().await else { return Ok(None) };
            let event = event.map_err(|error| broken(&error))?;
            let text = event.data.as_deref().map(str::trim).filter(|text| !text.is_empty());
            match text {
                // The connection is read to its end, so that it can be used again.
                _ if self.is_done => {}
                None => {}
                Some(DONE) => self.is_done = true,
                Some(text) => self.read(text)?,
            }
        }
    }

    fn read(&mut self, text: &str) -> Result<(), Error> {
        let wrong = |error: serde_json::Error| Error::ModelCut(format!("an event is no JSON: {error}"));
        let chunk: Chunk = serde_json::from_str(text).map_err(wrong)?;
        if let Some(refusal) = chunk.error {
            let text = format!("within its answer: {refusal}");
            return Err(if refusal.is_filtered() {
                Error::Blocked(text)
            } else {
                Error::ModelUnavailable(text)
            });
        }
        // One answer is asked for, so there is one choice.
        let choice = chunk.choices.into_iter().flatten().next().unwrap_or_default();
        let content = choice.delta.and_then(|delta| delta.content);
        self.ready.extend(content.filter(|content| !content.is_empty()).map(Piece::Text));
        // Some servers send it with each event; the last one counts, and it may come with the end.
        self.ready.extend(chunk.usage.map(|usage| Piece::Used(usage.into())));
        let ending = choice.finish_reason.filter(|reason| !reason.is_empty());
        self.ready.extend(ending.map(|reason| stop(&reason)).transpose()?.map(Piece::Stopped));
        Ok(())
    }
}

fn stop(reason: &str) -> Result<Stop, Error> {
    match reason {
        "stop" | "eos" | "end_turn" => Ok(Stop::Complete),
        "length" => Ok(Stop::Length),
        "content_filter" => Ok(Stop::Blocked),
        // Tools are never offered, and a reason that is not known may mean that the text is not to be shown.
        other => Err(Error::ModelCut(format!("it stopped with `{}`", shortened(other)))),
    }
}

#[derive(Debug, Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    usage: Option<UsageFields>,
    error: Option<Refusal>,
}

#[derive(Debug, Default, Deserialize)]
struct Choice {
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Delta {
    content: Option<String>,
}

#[derive(Debug, Deserialize)]
struct UsageFields {
    #[serde(default)]
    prompt_tokens: u32,
    #[serde(default)]
    completion_tokens: u32,
    prompt_tokens_details: Option<PromptDetails>,
}

#[derive(Debug, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u32>,
}

impl From<UsageFields> for Usage {
    fn from(fields: UsageFields) -> Self {
        Self {
            input_tokens: fields.prompt_tokens,
            output_tokens: fields.completion_tokens,
            cached_tokens: fields
                .prompt_tokens_details
                .and_then(|details| details.cached_tokens)
                .unwrap_or(0),
            ..Self::default()
        }
    }
}

/// Why a server refuses, in its words: an object in most servers, a mere text in some.
#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
pub(super) enum Refusal {
    /// `{"message": ..., "code": ...}`
    Fields {
        /// For people.
        message: Option<String>,
        /// For programs: a name or a number.
        code: Option<serde_json::Value>,
    },
    /// A sentence.
    Text(String),
    /// Nothing that could be read.
    #[default]
    Unknown,
}

impl Refusal {
    /// Reads the body of a response.
    pub(super) fn read(body: &[u8]) -> Self {
        #[derive(Deserialize)]
        struct Body {
            error: Refusal,
        }
        serde_json::from_slice(body).map(|body: Body| body.error).unwrap_or_default()
    }

    /// Returns whether a filter of the provider refused what was asked.
    pub(super) fn is_filtered(&self) -> bool {
        matches!(self, Self::Fields { code: Some(code), .. } if code == "content_filter" || code == "content_policy_violation")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields { message, code } => {
                let code = code.as_ref().map(ToString::to_string).unwrap_or_default();
                f.write_str(&shortened(&format!("{} {code}", message.as_deref().unwrap_or("no message"))))
            }
            Self::Text(text) => f.write_str(&shortened(text)),
            Self::Unknown => f.write_str("no message"),
        }
    }
}

/// Why bytes could not be read.
#[derive(Debug, thiserror::Error)]
enum Broken {
    #[error("the connection broke")]
    Body(#[source] hyper::Error),
    #[error("an event has more than {0} bytes")]
    TooLarge(usize),
}

/// Measures events before they are put together, so that none is held that is too large.
#[derive(Debug)]
struct EventSize {
    bytes: usize,
    line_is_empty: bool,
    limit: usize,
}

impl EventSize {
    fn check(&mut self, chunk: Bytes) -> Result<Bytes, Broken> {
        for byte in &chunk {
            match byte {
                b'\n' if self.line_is_empty => self.bytes = 0,
                b'\n' => self.line_is_empty = true,
                b'\r' => {}
                _ => self.line_is_empty = false,
            }
            self.bytes = self.bytes.saturating_add(1);
            if self.bytes > self.limit {
                return Err(Broken::TooLarge(self.limit));
            }
        }
        Ok(chunk)
    }
}

fn broken(error: &sse_stream::Error) -> Error {
    let too_large = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    match too_large {
        Some(Broken::TooLarge(limit)) => Error::AnswerTooLarge { limit: *limit },
        _ => Error::ModelCut(causes(error)),
    }
}

/// Returns an error with what led to it.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause.filter(|_| text.len() < LONGEST_TEXT) {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    shortened(&text)
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests;
