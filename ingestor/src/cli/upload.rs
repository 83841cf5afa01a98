//! The command `upload`: several documents at once, each with its own result.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use lifecycle::{TraceContext, within};
use proto::ErrorCode;
use proto::v1::upload_event::Event;
use proto::v1::upload_request::Part;
use proto::v1::{DocumentFailure, Indexed, Stage, UploadHeader, UploadRequest};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tonic::Status;

use super::client::{Client, SILENCE};
use super::files::{self, Candidate, trouble};
use super::report::{Report, counted};
use super::{Ending, Trouble};
use crate::DocumentKey;

const PARALLEL_UPLOADS: usize = 4;
const MESSAGE_BYTES: usize = 256 * 1024;
/// One document, from its first byte to the index.
const DEADLINE: Duration = Duration::from_secs(600);
const WITHHELD: &str =
    "a rollback undid this very content; it is stored, and `ingestor reconcile --force` indexes it";
/// Tries of an upload that the service refuses for the moment.
const TRIES: u32 = 5;

/// How one upload ended.
#[derive(Debug, Serialize)]
struct Outcome {
    file: String,
    document_id: String,
    collection: String,
    /// `indexed`, `unchanged`, `withheld` or `failed`.
    result: &'static str,
    chunk_count: u32,
    embedded_count: u32,
    reused_count: u32,
    generation: u64,
    code: Option<String>,
    reason: Option<String>,
}

/// Uploads files and folders.
pub(super) async fn upload(
    client: &Client,
    paths: &[PathBuf],
    collection: Option<&str>,
    report: &Report,
) -> Result<Ending, Trouble> {
    let candidates = files::find(paths, collection)?;
    report.begin(candidates.len());
    let uploads = candidates.into_iter().map(|candidate| upload_candidate(client, candidate, report));
    let mut outcomes = futures_util::stream::iter(uploads).buffer_unordered(PARALLEL_UPLOADS);
    let mut ending = Ending::AllWell;
    while let Some(outcome) = outcomes.next().await {
        // Without a connection the other documents would fail in the same way.
        let outcome = outcome.inspect_err(|_| report.end())?;
        if matches!(outcome.result, "failed" | "withheld") {
            ending = Ending::SomeFailed;
        }
        report.result(&outcome, &line(&outcome));
        report.advance();
    }
    report.end();
    Ok(ending)
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
    report: &Report,
) -> Result<Outcome, Trouble> {
    let Candidate { path, key } = candidate;
    let key = match key {
        Ok(key) => key,
        Err(error) => {
            let code = ErrorCode::InvalidArgument.name().to_owned();
            return Ok(failed(&path, None, code, error.to_string()));
        }
    };
    report.now(key.to_string());
    let bytes = Bytes::from(tokio::fs::read(&path).await.map_err(|error| trouble(&path, error))?);
    let mut tries = 0;
    loop {
        tries += 1;
        let status = match send(client, &path, &key, &bytes, report).await {
            Ok(outcome) => return Ok(outcome),
            Err(status) => status,
        };
        let (code, retry_after) = ErrorCode::of(&status);
        if code == ErrorCode::Overloaded && tries < TRIES {
            tokio::time::sleep(retry_after.unwrap_or(Duration::from_secs(1))).await;
        } else if code == ErrorCode::Unavailable && status.details().is_empty() {
            return Err(client.trouble(&status));
        } else {
            return Ok(failed(&path, Some(&key), code.name().to_owned(), status.message().to_owned()));
        }
    }
}

async fn send(
    client: &Client,
    path: &Path,
    key: &DocumentKey,
    bytes: &Bytes,
    report: &Report,
) -> Result<Outcome, Status> {
    let header = UploadHeader {
        document_id: key.id().to_owned(),
        collection: key.collection().to_owned(),
        content_bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        content_sha256: Sha256::digest(bytes).to_vec(),
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
            Some(Event::Stored(_)) => report.now(format!("{key}: stored")),
            Some(Event::Progress(progress)) => {
                let (done, total) = (progress.done, progress.total);
                let count = if total > 0 { format!(" {done}/{total}") } else { String::new() };
                report.now(format!("{key}: {}{count}", stage_name(progress.stage())));
            }
            Some(Event::Indexed(indexed)) => {
                return Ok(indexed_as(&indexed, Outcome::of(path, Some(key))));
            }
            Some(Event::Failed(DocumentFailure { code, reason, .. })) => {
                return Ok(failed(path, Some(key), code, reason));
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

fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Unspecified | Stage::Queued => "waiting",
        Stage::Extracting => "reading",
        Stage::Chunking => "cutting",
        Stage::Embedding => "embedding",
        Stage::Committing => "committing",
        Stage::Indexed => "indexed",
        Stage::Failed => "failed",
        Stage::Withheld => "withheld",
    }
}

fn failed(path: &Path, key: Option<&DocumentKey>, code: String, reason: String) -> Outcome {
    Outcome { code: Some(code), reason: Some(reason), ..Outcome::of(path, key) }
}

impl Outcome {
    fn of(path: &Path, key: Option<&DocumentKey>) -> Self {
        Self {
            file: path.display().to_string(),
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
