//! The command `upload`: several documents at once, each with its own result.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use lifecycle::{TraceContext, within};
use proto::ErrorCode;
use proto::v1::upload_event::Event;
use proto::v1::upload_request::Part;
use proto::v1::{DocumentFailure, Indexed, UploadHeader, UploadRequest};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::client::{Client, SILENCE};
use super::files::{Candidate, trouble};
use super::report::{FileProgress, Report, counted};
use super::status::stage_name;
use super::stored::Stored;
use super::{Ending, Trouble};
use crate::DocumentKey;

/// The largest document that any service can be set to take.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
const MESSAGE_BYTES: usize = 256 * 1024;
/// One document, from its first byte to the index.
const DEADLINE: Duration = Duration::from_secs(600);
const WITHHELD: &str =
    "a rollback undid this very content; it is stored, and `ingestor reconcile --force` indexes it";
/// Tries of an upload that the service refuses for the moment.
const TRIES: u32 = 5;

/// How one upload ended.
#[derive(Debug, Serialize)]
pub(super) struct Outcome {
    file: String,
    document_id: String,
    collection: String,
    /// `indexed`, `unchanged`, `withheld` or `failed`.
    pub(super) result: &'static str,
    chunk_count: u32,
    embedded_count: u32,
    reused_count: u32,
    generation: u64,
    pub(super) code: Option<String>,
    pub(super) reason: Option<String>,
}

/// What an upload came to, for all documents together.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Totals {
    indexed: u32,
    /// Stored and indexed already; nothing was sent.
    unchanged: u32,
    withheld: u32,
    failed: u32,
    embedded_count: u32,
    reused_count: u32,
    sent_bytes: u64,
    elapsed_ms: u64,
}

/// Uploads files and folders, several at once, and leaves out what the service holds already.
pub(super) async fn upload(
    client: &Client,
    candidates: Vec<Candidate>,
    parallel: usize,
    report: &mut Report,
) -> Result<Ending, Trouble> {
    let started = Instant::now();
    let collections = candidates.iter().filter_map(|candidate| candidate.key.as_ref().ok());
    let stored = Stored::load(client, &collections.map(DocumentKey::collection).collect()).await?;
    report.begin(candidates.iter().map(|candidate| candidate.bytes).sum());
    let report = &*report;
    let uploads = candidates.into_iter().map(|candidate| {
        let (bytes, stored) = (candidate.bytes, &stored);
        async move { (bytes, upload_candidate(client, candidate, stored, report).await) }
    });
    let mut outcomes = futures_util::stream::iter(uploads).buffer_unordered(parallel);
    let mut totals = Totals::default();
    while let Some((bytes, outcome)) = outcomes.next().await {
        // Without a connection the other documents would fail in the same way.
        let outcome = outcome.inspect_err(|_| report.end())?;
        totals.count(&outcome, bytes);
        report.advance(bytes, totals.line());
        // A thousand lines about nothing would hide the others.
        if outcome.result == "unchanged" {
            report.detail(&outcome);
        } else {
            report.result(&outcome, &line(&outcome));
        }
    }
    report.end();
    totals.elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    report.result(&totals, &format!("{} in {:.1} s", totals.line(), started.elapsed().as_secs_f64()));
    Ok(if totals.failed + totals.withheld > 0 { Ending::SomeFailed } else { Ending::AllWell })
}

impl Totals {
    fn count(&mut self, outcome: &Outcome, bytes: u64) {
        match outcome.result {
            "indexed" => self.indexed += 1,
            "unchanged" => self.unchanged += 1,
            "withheld" => self.withheld += 1,
            _ => self.failed += 1,
        }
        if outcome.result != "unchanged" {
            self.sent_bytes = self.sent_bytes.saturating_add(bytes);
        }
        self.embedded_count = self.embedded_count.saturating_add(outcome.embedded_count);
        self.reused_count = self.reused_count.saturating_add(outcome.reused_count);
    }

    fn line(&self) -> String {
        let left_out =
            if self.withheld > 0 { format!(", {} withheld", self.withheld) } else { String::new() };
        format!(
            "{} indexed, {} unchanged and skipped, {} failed{left_out}; {} embedded, {} reused",
            self.indexed,
            self.unchanged,
            self.failed,
            counted(self.embedded_count, "passage"),
            self.reused_count
        )
    }
}

fn line(outcome: &Outcome) -> String {
    let key = DocumentKey::new(&outcome.collection, &outcome.document_id);
    let name = key.map_or_else(|_| outcome.file.escape_debug().to_string(), |key| key.to_string());
    match &outcome.reason {
        Some(reason) if outcome.result == "withheld" => format!("withheld  {name}  {reason}"),
        Some(reason) => format!("FAILED    {name}  {reason}"),
        None => {
            let embedded = match (outcome.embedded_count, outcome.reused_count) {
                (0, 0) => String::new(),
                (embedded, reused) => format!(" ({embedded} embedded, {reused} reused)"),
            };
            format!("{:9} {name}  {}{embedded}", outcome.result, counted(outcome.chunk_count, "passage"))
        }
    }
}

async fn upload_candidate(
    client: &Client,
    candidate: Candidate,
    stored: &Stored,
    report: &Report,
) -> Result<Outcome, Trouble> {
    let Candidate { path, key, bytes: length } = candidate;
    let file = path.display().to_string();
    let key = match key {
        Ok(key) => key,
        Err(error) => {
            let code = ErrorCode::InvalidArgument.name().to_owned();
            return Ok(Outcome::failed(&file, None, code, error.to_string()));
        }
    };
    if length > MOST_BYTES {
        let code = ErrorCode::TooLarge.name().to_owned();
        let reason = format!("it is longer than {MOST_BYTES} bytes, which no service takes");
        return Ok(Outcome::failed(&file, Some(&key), code, reason));
    }
    let progress = report.file(&key.to_string());
    let bytes = match tokio::fs::read(&path).await {
        Ok(bytes) => Bytes::from(bytes),
        // It was there a moment ago; the others still are.
        Err(error) => {
            let reason = trouble(&path, error).to_string();
            return Ok(Outcome::failed(&file, Some(&key), ErrorCode::NotFound.name().to_owned(), reason));
        }
    };
    if let Some(state) = stored.holds(&key, &bytes) {
        let chunk_count = state.chunk_count;
        return Ok(Outcome { result: "unchanged", chunk_count, ..Outcome::of(&file, Some(&key)) });
    }
    let document = Document { file: &file, key: &key, bytes, source_url: "" };
    send_patiently(client, &document, &progress).await
}

/// A document that is sent.
#[derive(Debug)]
pub(super) struct Document<'a> {
    /// Where it comes from, for people.
    pub(super) file: &'a str,
    pub(super) key: &'a DocumentKey,
    pub(super) bytes: Bytes,
    /// Web address of the original; empty when there is none.
    pub(super) source_url: &'a str,
}

/// Sends a document, again where the service is busy. Only a lost connection is an error.
pub(super) async fn send_patiently(
    client: &Client,
    document: &Document<'_>,
    progress: &FileProgress,
) -> Result<Outcome, Trouble> {
    let mut tries = 0;
    loop {
        tries += 1;
        let status = match send(client, document, progress).await {
            Ok(outcome) => return Ok(outcome),
            Err(status) => status,
        };
        let (code, retry_after) = ErrorCode::of(&status);
        if code == ErrorCode::Overloaded && tries < TRIES {
            tokio::time::sleep(retry_after.unwrap_or(Duration::from_secs(1))).await;
        } else if code == ErrorCode::Unavailable && status.details().is_empty() {
            return Err(client.trouble(&status));
        } else {
            let (code, reason) = (code.name().to_owned(), status.message().to_owned());
            return Ok(Outcome::failed(document.file, Some(document.key), code, reason));
        }
    }
}

async fn send(client: &Client, document: &Document<'_>, progress: &FileProgress) -> Result<Outcome, Status> {
    let Document { file, key, bytes, source_url } = document;
    let header = UploadHeader {
        document_id: key.id().to_owned(),
        collection: key.collection().to_owned(),
        content_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        content_sha256: Sha256::digest(bytes).to_vec(),
        source_url: (*source_url).to_owned(),
    };
    let mut parts = vec![UploadRequest { part: Some(Part::Header(header)) }];
    for start in (0..bytes.len()).step_by(MESSAGE_BYTES) {
        let data = bytes.slice(start..bytes.len().min(start + MESSAGE_BYTES));
        parts.push(UploadRequest { part: Some(Part::Data(data)) });
    }
    let request = lifecycle::request(futures_util::stream::iter(parts), DEADLINE, &TraceContext::new());
    let mut events = client.grpc.clone().upload(request).await?.into_inner();
    loop {
        let event = within(SILENCE, events.message()).await;
        let event = event.map_err(|late| ErrorCode::DeadlineExceeded.status(late.to_string(), None))??;
        match event.and_then(|event| event.event) {
            Some(Event::Stored(_)) => progress.now(&format!("{key}: stored"), 0, 0),
            Some(Event::Progress(step)) => {
                let stage = stage_name(step.stage());
                progress.now(&format!("{key}: {stage}"), step.done.into(), step.total.into());
            }
            Some(Event::Indexed(indexed)) => {
                return Ok(indexed_as(&indexed, Outcome::of(file, Some(key))));
            }
            Some(Event::Failed(DocumentFailure { code, reason, .. })) => {
                return Ok(Outcome::failed(file, Some(key), code, reason));
            }
            None => {
                let reason = "the service stopped before the document was indexed";
                return Err(ErrorCode::ShuttingDown.status(reason, None));
            }
        }
    }
}

fn indexed_as(indexed: &Indexed, outcome: Outcome) -> Outcome {
    let (result, reason) = match (indexed.withheld, indexed.unchanged) {
        (true, _) => ("withheld", Some(WITHHELD.to_owned())),
        (false, true) => ("unchanged", None),
        (false, false) => ("indexed", None),
    };
    Outcome {
        result,
        reason,
        chunk_count: indexed.chunk_count,
        embedded_count: indexed.embedded_count,
        reused_count: indexed.reused_count,
        generation: indexed.generation,
        ..outcome
    }
}

impl Outcome {
    fn failed(file: &str, key: Option<&DocumentKey>, code: String, reason: String) -> Self {
        Self { code: Some(code), reason: Some(reason), ..Self::of(file, key) }
    }

    fn of(file: &str, key: Option<&DocumentKey>) -> Self {
        Self {
            file: file.to_owned(),
            document_id: key.map(|key| key.id().to_owned()).unwrap_or_default(),
            collection: key.map(|key| key.collection().to_owned()).unwrap_or_default(),
            result: "failed",
            chunk_count: 0,
            embedded_count: 0,
            reused_count: 0,
            generation: 0,
            code: None,
            reason: None,
        }
    }
}
