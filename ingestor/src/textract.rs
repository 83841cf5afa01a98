//! Amazon Textract as the reader of scanned documents. The only file that knows the service's SDK: it makes the calls and waits
//! for jobs; what the blocks mean is in `textract/contents.rs`.

mod blocks;
mod budget;
mod contents;
mod date;
mod form;
mod job;
mod lines;
mod options;
mod pages;
mod refusal;
mod table;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_textract::Client;
use aws_sdk_textract::config::retry::RetryConfig;
use aws_sdk_textract::config::timeout::TimeoutConfig;
use aws_sdk_textract::config::{self, SharedHttpClient, StalledStreamProtectionConfig};
use aws_sdk_textract::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_textract::primitives::Blob;
use aws_sdk_textract::types::{self, Document, DocumentLocation, FeatureType, QueriesConfig, S3Object};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use futures_util::future::BoxFuture;
use tokio::time::{Instant, timeout, timeout_at};

use crate::text_extractor::{
    Bill, Location, Media, Recognised, RecognitionError, Scan, Shelf, TextExtractor,
};
use blocks::{Block, Kind, Relation, Role};
use budget::Budget;
use job::{Analysis, Part, Status};
pub use options::{Feature, TextractOptions};

/// Time for a connection to stand; the SDK's own default.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(3_100);
/// Time to take a lent document away once it was read.
const REMOVE_TIMEOUT: Duration = Duration::from_secs(30);
/// The service's own limit of what is sent with a call.
const AT_ONCE_BYTES: usize = 10 * 1024 * 1024;
/// What is asked about each document, where queries are on.
const QUERIES: [(&str, &str); 3] = [
    (contents::TITLE, "What is the title of the document?"),
    (contents::AUTHOR, "Who is the author of the document?"),
    (contents::DATE, "What is the date of the document?"),
];

/// Reads scanned documents at Amazon. Clones share connections.
#[derive(Clone, Debug)]
pub struct Textract {
    client: Client,
    options: TextractOptions,
    shelf: Option<Arc<dyn Shelf>>,
}

impl Textract {
    /// Returns a reader that finds region, credentials and endpoint as AWS's tools do: in the environment (`AWS_REGION`,
    /// `AWS_ENDPOINT_URL_TEXTRACT`, ...), the profile, or the host. Nothing is called yet.
    ///
    /// # Errors
    /// [`RecognitionError::Settings`] when no region is set.
    pub async fn connect(options: TextractOptions) -> Result<Self, RecognitionError> {
        let found =
            aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http_client()).load().await;
        Self::with_config(&found, options)
    }

    /// Returns a reader with this region, these credentials and this endpoint.
    ///
    /// # Errors
    /// [`RecognitionError::Settings`] when no region is set.
    pub fn with_config(found: &SdkConfig, options: TextractOptions) -> Result<Self, RecognitionError> {
        if found.region().is_none() {
            return Err(RecognitionError::Settings("no AWS region is set: expected AWS_REGION".to_owned()));
        }
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(options.attempt_timeout))
            .operation_attempt_timeout(options.attempt_timeout)
            .operation_timeout(options.time);
        let retries =
            RetryConfig::standard().with_max_attempts(options.attempts).with_initial_backoff(options.backoff);
        let config = config::Builder::from(found)
            .http_client(found.http_client().unwrap_or_else(http_client))
            .retry_config(retries)
            .timeout_config(timeouts.build())
            // An attempt is timed to its last byte; a second clock would only cut slow calls at 5 s.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Ok(Self { client: Client::from_conf(config.build()), options, shelf: None })
    }

    /// Sets where documents are put that the service reads only in S3: those of several pages or over 10 MiB. Without it they
    /// have to lie in S3 already.
    #[must_use]
    pub fn with_shelf(self, shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf: Some(shelf), ..self }
    }

    async fn extract(&self, scan: Scan<'_>) -> Result<Recognised, RecognitionError> {
        let most = self.options.max_pages;
        let pages = scan.pages.or_else(|| pages::count(scan.media, scan.bytes, most.saturating_add(1)));
        let pages = pages.unwrap_or(1);
        pages::check(&scan, pages, most)?;
        let deadline = Instant::now() + self.options.time;
        let analysis = if pages <= 1 && scan.bytes.len() <= AT_ONCE_BYTES {
            self.in_time(deadline, self.at_once(scan)).await?
        } else {
            self.by_job(scan, deadline).await?
        };
        let read = analysis.pages_read(pages);
        let bill = Bill { pages: read, microdollars: read.saturating_mul(self.options.page_microdollars()) };
        let budget = Budget::new(self.options.max_text_bytes, self.options.max_cells);
        let work = move || contents::contents(analysis.blocks, Some(pages), &analysis.unread, budget);
        let contents = tokio::task::spawn_blocking(work).await.map_err(|_| refusal::fault())?;
        Ok(Recognised { contents: contents.map_err(|over| refusal::unreadable(over.into()))?, bill })
    }

    async fn in_time<T>(
        &self,
        deadline: Instant,
        work: impl Future<Output = Result<T, RecognitionError>>,
    ) -> Result<T, RecognitionError> {
        let late = |_| RecognitionError::Unavailable(format!("no answer within {:?}", self.options.time));
        timeout_at(deadline, work).await.map_err(late)?
    }

    /// Reads a document of one page that is sent with the call.
    async fn at_once(&self, scan: Scan<'_>) -> Result<Analysis, RecognitionError> {
        let document = Document::builder().bytes(Blob::new(scan.bytes.to_vec())).build();
        let blocks = if self.options.is_analysis() {
            let call = self.client.analyze_document().document(document);
            let call = call.set_feature_types(Some(self.features())).set_queries_config(self.queries());
            call.send().await.map_err(|error| failure(&error))?.blocks
        } else {
            let call = self.client.detect_document_text().document(document);
            call.send().await.map_err(|error| failure(&error))?.blocks
        };
        let mut analysis = Analysis::new(self.options.max_blocks);
        analysis.add(blocks.unwrap_or_default().into_iter().map(block))?;
        Ok(analysis)
    }

    /// Reads a document in S3; one that is not there is put there for as long as it takes.
    async fn by_job(&self, scan: Scan<'_>, deadline: Instant) -> Result<Analysis, RecognitionError> {
        if let Some(place) = scan.place {
            return self.in_time(deadline, self.job(scan, place)).await;
        }
        let shelf = self.shelf.as_ref().ok_or_else(refusal::needs_a_shelf)?;
        let lend =
            async { shelf.put(scan.name, scan.bytes).await.map_err(|problem| refusal::not_lent(&problem)) };
        let place = self.in_time(deadline, lend).await?;
        let read = self.in_time(deadline, self.job(scan, &place)).await;
        match timeout(REMOVE_TIMEOUT, shelf.remove(&place)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(bucket = place.bucket, key = place.key, error, "lent document not removed");
            }
            Err(_) => {
                tracing::warn!(bucket = place.bucket, key = place.key, "lent document not removed in time");
            }
        }
        read
    }

    /// Starts a job, or finds the one that was started for the same document before, and waits for it.
    async fn job(&self, scan: Scan<'_>, place: &Location) -> Result<Analysis, RecognitionError> {
        let job = self.start(scan, place).await?;
        let mut pause = self.options.poll;
        let mut part = loop {
            tokio::time::sleep(pause).await;
            let part = self.part(&job, None).await?;
            if part.status != Status::InProgress {
                break part;
            }
            pause = (pause + pause / 2).min(self.options.max_poll);
        };
        let mut analysis = Analysis::new(self.options.max_blocks);
        // Blocks name each other across parts, so all of them come before any is looked at.
        while let Some(token) = analysis.take(part)? {
            part = self.part(&job, Some(token)).await?;
        }
        analysis.check()?;
        Ok(analysis)
    }

    async fn start(&self, scan: Scan<'_>, place: &Location) -> Result<String, RecognitionError> {
        let tag = job::tag(scan.name);
        let token = job::token(place, scan.bytes, &[&self.options.fingerprint(), &tag]).await;
        let object = S3Object::builder().bucket(&place.bucket).name(&place.key);
        let object = object.set_version(place.version.clone()).build();
        let location = DocumentLocation::builder().s3_object(object).build();
        let tag = Some(tag).filter(|tag| !tag.is_empty());
        let id = if self.options.is_analysis() {
            let call = self.client.start_document_analysis().document_location(location);
            let call = call.set_feature_types(Some(self.features())).set_queries_config(self.queries());
            let call = call.client_request_token(token).set_job_tag(tag);
            call.send().await.map_err(|error| failure(&error))?.job_id
        } else {
            let call = self.client.start_document_text_detection().document_location(location);
            let call = call.client_request_token(token).set_job_tag(tag);
            call.send().await.map_err(|error| failure(&error))?.job_id
        };
        id.ok_or_else(|| refusal::broken("a job without a name"))
    }

    /// Asks how far a job is, and for the next of its blocks.
    async fn part(&self, job: &str, token: Option<String>) -> Result<Part, RecognitionError> {
        let (status, message, pages, blocks, warnings, next) = if self.options.is_analysis() {
            let call = self.client.get_document_analysis().job_id(job).set_next_token(token);
            let part = call.send().await.map_err(|error| failure(&error))?;
            let pages = part.document_metadata.and_then(|metadata| metadata.pages);
            (part.job_status, part.status_message, pages, part.blocks, part.warnings, part.next_token)
        } else {
            let call = self.client.get_document_text_detection().job_id(job).set_next_token(token);
            let part = call.send().await.map_err(|error| failure(&error))?;
            let pages = part.document_metadata.and_then(|metadata| metadata.pages);
            (part.job_status, part.status_message, pages, part.blocks, part.warnings, part.next_token)
        };
        let warning = |warning: types::Warning| {
            let pages =
                warning.pages.unwrap_or_default().into_iter().filter_map(|page| u32::try_from(page).ok());
            (warning.error_code.unwrap_or_default(), pages.collect())
        };
        Ok(Part {
            status: Status::named(status.as_ref().map_or("", |status| status.as_str())),
            message: message.unwrap_or_default(),
            pages: pages.and_then(|pages| u32::try_from(pages).ok()),
            blocks: blocks.unwrap_or_default().into_iter().map(block).collect(),
            warnings: warnings.unwrap_or_default().into_iter().map(warning).collect(),
            next,
        })
    }

    fn features(&self) -> Vec<FeatureType> {
        let named = self.options.features.iter().map(|feature| FeatureType::from(feature.name()));
        named.chain(self.options.queries.then_some(FeatureType::Queries)).collect()
    }

    fn queries(&self) -> Option<QueriesConfig> {
        if !self.options.queries {
            return None;
        }
        let query = |(alias, text)| types::Query::builder().alias(alias).text(text).build().ok();
        QueriesConfig::builder()
            .set_queries(Some(QUERIES.into_iter().filter_map(query).collect()))
            .build()
            .ok()
    }
}

impl TextExtractor for Textract {
    fn reads(&self, scan: &Scan<'_>) -> bool {
        let pages = scan.pages.unwrap_or(1);
        let is_in_s3 = scan.place.is_some() || self.shelf.is_some();
        let fits = pages <= 1 && scan.bytes.len() <= AT_ONCE_BYTES;
        scan.media != Media::Pdf || pages <= self.options.max_pages && (fits || is_in_s3)
    }

    fn read<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Recognised, RecognitionError>> {
        Box::pin(self.extract(scan))
    }
}

/// rustls with ring, as in every other connection of the product.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

/// Takes over a block.
fn block(block: types::Block) -> Block {
    let number =
        |number: Option<i32>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    let edge = block.geometry.and_then(|geometry| geometry.bounding_box);
    let relationship = |relationship: types::Relationship| {
        let relation = Relation::named(relationship.r#type.as_ref()?.as_str())?;
        Some((relation, relationship.ids.unwrap_or_default()))
    };
    let roles = block.entity_types.unwrap_or_default();
    Block {
        id: block.id.unwrap_or_default(),
        kind: block.block_type.as_ref().map_or(Kind::Other, |kind| Kind::named(kind.as_str())),
        // What has one page does not say which.
        page: number(block.page).max(1),
        text: block.text.unwrap_or_default(),
        confidence: block.confidence.unwrap_or_default(),
        related: block.relationships.unwrap_or_default().into_iter().filter_map(relationship).collect(),
        roles: roles.iter().filter_map(|role| Role::named(role.as_str())).collect(),
        row: number(block.row_index),
        column: number(block.column_index),
        is_selected: block.selection_status == Some(types::SelectionStatus::Selected),
        alias: block.query.and_then(|query| query.alias).unwrap_or_default(),
        top: edge.as_ref().map_or(0.0, |edge| edge.top),
        height: edge.as_ref().map_or(0.0, |edge| edge.height),
    }
}

/// Sorts a failed call.
fn failure<E>(error: &SdkError<E>) -> RecognitionError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    match error.as_service_error() {
        Some(refused) => refusal::sort(refused.code(), refused.message(), status),
        None => refusal::unanswered(error, status),
    }
}
