//! Jobs: started once for a token, in progress for a while, their blocks handed out in parts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::request::invalid;
use super::{Document, Family, MODEL_VERSION, Status};
use crate::simulate::journal::hex;
use crate::simulate::reply::ServiceError;

/// Most blocks that a caller may ask for at once.
const MOST_RESULTS: u64 = 1_000;

/// All jobs.
#[derive(Debug)]
pub(super) struct Jobs {
    max_results: usize,
    max_jobs: usize,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    jobs: HashMap<String, Job>,
    /// By token: what was asked with it, and the job.
    tokens: HashMap<String, (String, String)>,
}

/// One job; all of it is known at its start.
#[derive(Clone, Debug)]
pub(super) struct Job {
    family: Family,
    status: Status,
    message: Option<String>,
    warnings: Vec<Value>,
    pages: usize,
    blocks: Vec<Value>,
    /// Answers that it is in progress, still to be given.
    in_progress: u32,
}

impl Jobs {
    pub(super) fn new(max_results: usize, max_jobs: usize) -> Self {
        Self { max_results, max_jobs, known: Mutex::default() }
    }

    /// Returns the job that this token has started, if any.
    pub(super) fn started(
        &self,
        token: Option<&str>,
        family: Family,
        body: &Value,
    ) -> Result<Option<String>, ServiceError> {
        let known = self.known();
        let Some((asked, id)) = token.and_then(|token| known.tokens.get(token)) else { return Ok(None) };
        if *asked == fingerprint(family, body) {
            return Ok(Some(id.clone()));
        }
        let text = "A ClientRequestToken was reused with other parameters";
        Err(ServiceError::new("IdempotentParameterMismatchException", text))
    }

    pub(super) fn start(&self, job: Job, token: Option<&str>, body: &Value) -> Result<String, ServiceError> {
        let mut known = self.known();
        if known.jobs.values().filter(|job| job.in_progress > 0).count() >= self.max_jobs {
            return Err(ServiceError::new("LimitExceededException", "too many concurrent jobs"));
        }
        let id = hex(format!("job {}", known.jobs.len()).as_bytes());
        if let Some(token) = token {
            known.tokens.insert(token.to_owned(), (fingerprint(job.family, body), id.clone()));
        }
        known.jobs.insert(id.clone(), job);
        Ok(id)
    }

    /// Answers how far a job is and, once it is done, hands out the next blocks.
    pub(super) fn result(&self, family: Family, body: &Value) -> Result<Value, ServiceError> {
        let id = body.get("JobId").and_then(Value::as_str).ok_or_else(invalid)?;
        let asked = body.get("MaxResults").filter(|value| !value.is_null());
        let asked =
            asked.map_or(Some(MOST_RESULTS), Value::as_u64).filter(|asked| *asked > 0).ok_or_else(invalid)?;
        let size = usize::try_from(asked).unwrap_or(usize::MAX).min(self.max_results);
        let mut known = self.known();
        let job = known.jobs.get_mut(id).filter(|job| job.family == family);
        let job =
            job.ok_or_else(|| ServiceError::new("InvalidJobIdException", "Request has an invalid job id"))?;
        if let Some(in_progress) = job.in_progress.checked_sub(1) {
            job.in_progress = in_progress;
            return Ok(json!({ "JobStatus": "IN_PROGRESS", family.version(): MODEL_VERSION }));
        }
        let start = match body.get("NextToken").filter(|value| !value.is_null()) {
            None => 0,
            Some(token) => token.as_str().and_then(|token| place(id, token)).ok_or_else(invalid)?,
        };
        Ok(job.part(id, start, size))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Job {
    pub(super) fn new(family: Family, document: &Document, blocks: Vec<Value>, in_progress: u32) -> Self {
        let warning = |warning: &super::Warning| json!({ "ErrorCode": warning.code, "Pages": warning.pages });
        Self {
            family,
            status: document.status,
            message: document.status_message.clone(),
            warnings: document.warning.iter().map(warning).collect(),
            pages: document.page.len(),
            blocks,
            in_progress,
        }
    }

    fn part(&self, id: &str, start: usize, size: usize) -> Value {
        let status = match self.status {
            Status::Succeeded => "SUCCEEDED",
            Status::PartialSuccess => "PARTIAL_SUCCESS",
            Status::Failed => "FAILED",
        };
        let mut answer = json!({ "JobStatus": status, self.family.version(): MODEL_VERSION });
        if let Some(message) = &self.message {
            answer["StatusMessage"] = json!(message);
        }
        if self.status == Status::Failed {
            return answer;
        }
        let blocks: Vec<&Value> = self.blocks.iter().skip(start).take(size).collect();
        let end = start.saturating_add(blocks.len());
        answer["DocumentMetadata"] = json!({ "Pages": self.pages });
        answer["Blocks"] = json!(blocks);
        if end < self.blocks.len() {
            answer["NextToken"] = json!(STANDARD.encode(format!("{id} {end}")));
        }
        if !self.warnings.is_empty() {
            answer["Warnings"] = json!(self.warnings);
        }
        answer
    }
}

/// Returns where a token goes on, when it belongs to this job.
fn place(id: &str, token: &str) -> Option<usize> {
    let text = String::from_utf8(STANDARD.decode(token).ok()?).ok()?;
    let (job, place) = text.split_once(' ')?;
    place.parse().ok().filter(|_| job == id)
}

/// Tells whether two requests ask for the same.
fn fingerprint(family: Family, body: &Value) -> String {
    hex(format!("{family:?} {body}").as_bytes())
}
