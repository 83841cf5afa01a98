//! What the services were asked, for tests to read.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::reply::{self, ServiceError};

/// Requests that are kept, the latest; all are counted.
const MOST_KEPT: usize = 10_000;
/// Longer texts in a request are kept as their length and hash, where a service does not say otherwise.
pub(super) const MOST_TEXT_BYTES: usize = 4_096;

/// What was asked so far.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Requests {
    /// Calls of each operation.
    pub counts: BTreeMap<String, u64>,
    /// The latest requests in the order in which they came.
    pub requests: Vec<Request>,
}

/// One request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Request {
    /// Counted from 1.
    pub number: u64,
    /// `Textract`, `Bedrock`, ...
    pub service: String,
    /// `AnalyzeDocument`, ...
    pub operation: String,
    /// What its path names: the model or guardrail, decoded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Id of the access key that it is signed with, or `bearer`.
    pub access_key: Option<String>,
    /// The body; long texts in it are `{"bytes": n, "sha256": "..."}`, of the bytes that the base64 in them stands for.
    pub body: Value,
    /// `under way`, `answered`, `broken`, `abandoned` by the caller, or the name of the error.
    pub outcome: String,
    /// Tokens of an answer of a model that were handed to the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_sent: Option<usize>,
    /// When the first of them were, in microseconds of Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_token_at_us: Option<u64>,
    /// When the caller was seen to have gone before the end of the answer, in milliseconds since the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_after_ms: Option<u64>,
    /// The same in microseconds of Unix time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at_us: Option<u64>,
}

/// What became of a request, errors apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    UnderWay,
    Answered,
    Broken,
    Abandoned,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnderWay => "under way",
            Self::Answered => "answered",
            Self::Broken => "broken",
            Self::Abandoned => "abandoned",
        })
    }
}

/// Keeps the requests.
#[derive(Debug, Default)]
pub(super) struct Journal(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    last: u64,
    counts: BTreeMap<String, u64>,
    requests: VecDeque<Request>,
}

/// A request that is under way. Dropped without an outcome it was abandoned: its caller went away.
#[derive(Debug)]
pub(super) struct Entry {
    journal: Arc<Journal>,
    number: u64,
    since: Instant,
    tokens: Option<usize>,
    first_token_at_us: Option<u64>,
    is_open: bool,
}

impl Journal {
    /// Keeps a request; its number is given here.
    pub(super) fn open(self: &Arc<Self>, request: Request) -> Entry {
        let mut kept = self.kept();
        kept.last += 1;
        let number = kept.last;
        *kept.counts.entry(request.operation.clone()).or_default() += 1;
        if kept.requests.len() >= MOST_KEPT {
            kept.requests.pop_front();
        }
        kept.requests.push_back(Request { number, ..request });
        let journal = Arc::clone(self);
        Entry { journal, number, since: Instant::now(), tokens: None, first_token_at_us: None, is_open: true }
    }

    pub(super) fn requests(&self) -> Requests {
        let kept = self.kept();
        Requests { counts: kept.counts.clone(), requests: kept.requests.iter().cloned().collect() }
    }

    pub(super) fn forget(&self) {
        let mut kept = self.kept();
        kept.counts.clear();
        kept.requests.clear();
    }

    fn close(&self, entry: &Entry, outcome: &str, left_after_ms: Option<u64>) {
        let mut kept = self.kept();
        if let Some(request) = kept.requests.iter_mut().rev().find(|request| request.number == entry.number) {
            outcome.clone_into(&mut request.outcome);
            request.tokens_sent = entry.tokens;
            request.first_token_at_us = entry.first_token_at_us;
            request.left_after_ms = left_after_ms;
            request.left_at_us = left_after_ms.and_then(|_| now_us());
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    pub(super) fn answered(&mut self, value: &Value) -> Response {
        self.close(&Outcome::Answered.to_string());
        reply::well(value)
    }

    pub(super) fn refused(&mut self, error: ServiceError) -> Response {
        self.close(&error.name);
        error.into_response()
    }

    pub(super) fn broken(&mut self) -> Response {
        self.close(&Outcome::Broken.to_string());
        reply::broken()
    }

    /// Counts tokens of an answer that were handed to the connection.
    pub(super) fn sent(&mut self, tokens: usize) {
        *self.tokens.get_or_insert_default() += tokens;
        if tokens > 0 && self.first_token_at_us.is_none() {
            self.first_token_at_us = now_us();
        }
    }

    /// Says what became of the request.
    pub(super) fn close(&mut self, outcome: &str) {
        self.is_open = false;
        self.journal.close(self, outcome, None);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if self.is_open {
            let left_after_ms = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.journal.close(self, &Outcome::Abandoned.to_string(), Some(left_after_ms));
        }
    }
}

/// Returns the microseconds of Unix time, which callers in other processes share.
fn now_us() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    u64::try_from(since.as_micros()).ok()
}

/// Returns a body in which long texts, which are documents, are described instead.
pub(super) fn without_bytes(body: &Value, most_text_bytes: usize) -> Value {
    match body {
        Value::String(text) if text.len() > most_text_bytes => described(text.as_bytes()),
        Value::Object(members) => {
            let described = |name: &String, value: &Value| match value {
                Value::String(text) if name == "Bytes" => {
                    described(decoded(text).as_deref().unwrap_or(text.as_bytes()))
                }
                _ => without_bytes(value, most_text_bytes),
            };
            Value::Object(
                members.iter().map(|(name, value)| (name.clone(), described(name, value))).collect(),
            )
        }
        Value::Array(values) => {
            Value::Array(values.iter().map(|value| without_bytes(value, most_text_bytes)).collect())
        }
        other => other.clone(),
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

fn described(bytes: &[u8]) -> Value {
    json!({ "bytes": bytes.len(), "sha256": hex(bytes) })
}

/// Returns the SHA-256 of bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    hex_of(&Sha256::digest(bytes))
}

/// Returns bytes in hexadecimal digits.
pub(super) fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
