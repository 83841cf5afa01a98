//! Amazon Textract: text and structure of documents, at once or as a job. What a document holds is in the scenario.

mod blocks;
mod job;
mod layout;
mod request;
mod scenario;
mod structure;

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::reply::ServiceError;
use job::Jobs;
use request::{Features, Input};
pub use scenario::{
    Answer, Document, Field, Merged, Page, Part, PartKind, Status, TextractScenario, Warning,
};

const MODEL_VERSION: &str = "1.0";

/// The service.
#[derive(Debug)]
pub(super) struct Textract {
    scenario: TextractScenario,
    jobs: Jobs,
    /// Documents analysed so far: ids of blocks do not repeat.
    analysed: AtomicU64,
}

/// Which of the two families of operations is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    TextDetection,
    Analysis,
}

impl Textract {
    pub(super) fn new(scenario: TextractScenario) -> anyhow::Result<Self> {
        scenario.check()?;
        let jobs = Jobs::new(scenario.max_results, scenario.max_jobs);
        Ok(Self { scenario, jobs, analysed: AtomicU64::new(0) })
    }

    /// Answers one call.
    pub(super) fn answer(&self, operation: &str, body: &Value) -> Result<Value, ServiceError> {
        match operation {
            "DetectDocumentText" => self.at_once(Family::TextDetection, body),
            "AnalyzeDocument" => self.at_once(Family::Analysis, body),
            "StartDocumentTextDetection" => self.start(Family::TextDetection, body),
            "StartDocumentAnalysis" => self.start(Family::Analysis, body),
            "GetDocumentTextDetection" => self.jobs.result(Family::TextDetection, body),
            "GetDocumentAnalysis" => self.jobs.result(Family::Analysis, body),
            _ => Err(ServiceError::unknown("Textract", operation)),
        }
    }

    fn at_once(&self, family: Family, body: &Value) -> Result<Value, ServiceError> {
        let input = Input::of_document(body)?;
        let features = Features::read(family, body)?;
        let document = self.find(&input)?;
        if document.page.len() > 1 || input.pages() > 1 {
            let text = "Request has unsupported document format";
            return Err(ServiceError::new("UnsupportedDocumentException", text));
        }
        Ok(json!({
            "DocumentMetadata": { "Pages": 1 },
            "Blocks": self.analyse(&document, &features),
            family.version(): MODEL_VERSION,
        }))
    }

    fn start(&self, family: Family, body: &Value) -> Result<Value, ServiceError> {
        let input = Input::of_location(body)?;
        let features = Features::read(family, body)?;
        let token = request::token(body, "ClientRequestToken")?;
        request::token(body, "JobTag")?;
        if let Some(known) = self.jobs.started(token, family, body)? {
            return Ok(json!({ "JobId": known }));
        }
        let document = self.find(&input)?;
        let blocks = self.analyse(&document, &features);
        let in_progress = document.in_progress.unwrap_or(self.scenario.in_progress);
        let id = self.jobs.start(job::Job::new(family, &document, blocks, in_progress), token, body)?;
        Ok(json!({ "JobId": id }))
    }

    fn analyse(&self, document: &Document, features: &Features) -> Vec<Value> {
        let number = self.analysed.fetch_add(1, Ordering::Relaxed);
        layout::analyse(document, features, number)
    }

    /// Returns what the scenario says of a document, or its default, or an empty page.
    fn find(&self, input: &Input) -> Result<Document, ServiceError> {
        let is_meant = |document: &&Document| match input {
            Input::Bytes { sha256, .. } => document.sha256.as_ref() == Some(sha256),
            Input::Object { name, .. } => document.has_key(name),
        };
        let documents = &self.scenario.document;
        if let Some(found) =
            documents.iter().find(is_meant).or_else(|| documents.iter().find(|any| any.is_default()))
        {
            return Ok(found.clone());
        }
        match input {
            _ if documents.is_empty() => Ok(Document::plain()),
            Input::Bytes { .. } => Ok(Document { page: vec![Page::default()], ..Document::default() }),
            Input::Object { .. } => {
                let text = "Unable to get object metadata from S3. Check object key, region and/or access permissions.";
                Err(ServiceError::new("InvalidS3ObjectException", text))
            }
        }
    }
}

impl Family {
    /// Name of the member that holds the model's version.
    fn version(self) -> &'static str {
        match self {
            Self::TextDetection => "DetectDocumentTextModelVersion",
            Self::Analysis => "AnalyzeDocumentModelVersion",
        }
    }
}
