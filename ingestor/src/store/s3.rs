//! A bucket of S3 as document store: objects below a prefix are documents, named by the folder's rules. The only file
//! that knows the service's SDK; what changed comes from a queue, see `sqs.rs`.

mod notes;
mod refusal;
mod shelf;
mod sources;

use std::collections::BTreeMap;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, StalledStreamProtectionConfig};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use aws_sdk_s3::types::{EncodingType, Object};
use futures_util::future::BoxFuture;

use super::event::form_decoded;
use super::naming::{Named, Naming};
use super::sqs::Queue;
use super::{
    Changes, DocumentStore, Entry, Listing, Location, Original, StoreError, Version, Watch, aws, causes,
};
use crate::document::DocumentKey;
use refusal::Refusal;

/// Where the documents are, and what asking for them may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Options {
    /// The bucket.
    pub bucket: String,
    /// What the keys of all documents begin with; empty for the whole bucket.
    pub prefix: String,
    /// Whether the bucket stands in the path and not in the host's name, as servers other than AWS want it.
    pub path_style: bool,
    /// Objects in one page of a listing: 1 to 1,000.
    pub page_objects: u16,
    /// A bucket with more objects below the prefix is refused.
    pub max_objects: usize,
    /// Attempts for each request.
    pub attempts: u32,
    /// Time for one attempt, to the first byte of its answer.
    pub attempt_timeout: Duration,
    /// Time for one request with all attempts and all its bytes.
    pub timeout: Duration,
}

/// Documents in a bucket. Anybody may change objects at any time. Clones share connections.
#[derive(Clone, Debug)]
pub struct Bucket {
    client: Client,
    options: S3Options,
    naming: Naming,
    queue: Option<Queue>,
}

impl Bucket {
    /// Returns the store with the region, credentials and endpoint of this configuration. Nothing is called yet.
    pub fn new(found: &SdkConfig, options: S3Options, queue: Option<Queue>) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(options.attempt_timeout)
            .operation_attempt_timeout(options.attempt_timeout)
            .operation_timeout(options.timeout);
        let config = Builder::from(found)
            .force_path_style(options.path_style)
            .retry_config(RetryConfig::standard().with_max_attempts(options.attempts))
            .timeout_config(timeouts.build())
            // The whole of a request is timed here; a second clock would only cut slow ones earlier.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let client = Client::from_conf(config.build());
        Self { client, naming: Naming::new(&options.prefix), options, queue }
    }

    /// Returns the store that region, credentials and endpoint of this host lead to.
    ///
    /// # Errors
    /// When no region is set.
    pub async fn connect(options: S3Options, queue: Option<super::QueueOptions>) -> Result<Self, StoreError> {
        let found = aws::found().await?;
        let queue = queue.map(|queue| Queue::new(&found, queue));
        Ok(Self::new(&found, options, queue))
    }

    /// Waits for a request, no longer than it may take.
    async fn timed<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let late =
            |_| StoreError::Unusable(format!("`{name}`: S3 took more than {:?}", self.options.timeout));
        tokio::time::timeout(self.options.timeout, work).await.map_err(late)?
    }

    async fn page(
        &self,
        prefix: &str,
        objects: u16,
        token: Option<String>,
    ) -> Result<ListObjectsV2Output, StoreError> {
        let request = self
            .client
            .list_objects_v2()
            .bucket(&self.options.bucket)
            .prefix(prefix)
            .max_keys(objects.into())
            // A key may hold what XML cannot.
            .encoding_type(EncodingType::Url)
            .set_continuation_token(token);
        request.send().await.map_err(|error| refusal(&error).of_store(&self.options.bucket))
    }

    /// Hands every object below a prefix to `take`, with its key. Only a listing that was read to its end is a success.
    async fn each_object(
        &self,
        prefix: &str,
        mut take: impl FnMut(&str, &Object) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let (mut objects, mut token) = (0usize, None);
        loop {
            let page = self.page(prefix, self.options.page_objects, token.clone()).await?;
            let listed = page.contents();
            objects = objects.saturating_add(listed.len());
            if objects > self.options.max_objects {
                let (place, most) = (self.place(), self.options.max_objects);
                let problem =
                    format!("{place} holds more than {most} objects: raise INGESTOR_S3_MAX_OBJECTS");
                return Err(StoreError::Unusable(problem));
            }
            let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
            for object in listed {
                let key = object.key().and_then(|key| decoded(key, is_encoded));
                take(&key.ok_or_else(|| self.partial("an object without a readable key"))?, object)?;
            }
            // What is missing from a listing is deleted from the index, so nothing is taken for its end but its end.
            match (page.is_truncated(), page.next_continuation_token()) {
                (Some(false), _) => return Ok(()),
                (Some(true), Some(next)) if Some(next) != token.as_deref() && !next.is_empty() => {
                    token = Some(next.to_owned());
                }
                _ => {
                    return Err(
                        self.partial("a page that says neither that it is the last nor what comes next")
                    );
                }
            }
        }
    }

    async fn list_all(&self) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        self.each_object(self.naming.prefix(), |key, object| self.add(key, object, &mut listing)).await?;
        Ok(listing)
    }

    fn add(&self, key: &str, object: &Object, listing: &mut Listing) -> Result<(), StoreError> {
        match self.naming.document(key) {
            Named::Nothing => {}
            Named::Refused(reason) => _ = listing.refused.insert(reason),
            Named::Document(key) => {
                let (size, tag, at) = (object.size(), object.e_tag(), object.last_modified());
                let entry = entry(key, size, tag, at);
                let entry = entry.ok_or_else(|| self.partial("an object without a size, tag or time"))?;
                listing.entries.push(entry);
            }
        }
        Ok(())
    }

    fn partial(&self, problem: &str) -> StoreError {
        StoreError::Unusable(format!("the listing of {} holds {problem}", self.place()))
    }

    fn place(&self) -> String {
        format!("s3://{}/{}", self.options.bucket, self.naming.prefix())
    }

    /// Finds an object by listing it alone. That tells a missing object from a missing bucket and from one that may not
    /// be read, which a request for the object itself does not.
    async fn find_object(&self, object: &str) -> Result<Option<Object>, StoreError> {
        let page = self.page(object, 1, None).await?;
        let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
        // Keys are listed in order, and none that begins with this one comes before it.
        let first = page.contents.unwrap_or_default().into_iter().next();
        let is_it = |first: &Object| {
            first.key().and_then(|key| decoded(key, is_encoded)).is_some_and(|key| key == object)
        };
        Ok(first.filter(is_it))
    }

    async fn find_document(&self, key: &DocumentKey) -> Result<Option<Entry>, StoreError> {
        let Some(object) = self.naming.object(key) else { return Ok(None) };
        let Some(found) = self.find_object(&object).await? else { return Ok(None) };
        let entry = entry(key.clone(), found.size(), found.e_tag(), found.last_modified());
        entry.map(Some).ok_or_else(|| self.partial("an object without a size, tag or time"))
    }

    /// Begins to read an object; none when it is not there.
    async fn get(&self, object: &str, name: &str) -> Result<Option<GetObjectOutput>, StoreError> {
        let request = self.client.get_object().bucket(&self.options.bucket).key(object);
        let refusal = match request.send().await {
            Ok(output) => return Ok(Some(output)),
            Err(error) => refusal(&error),
        };
        match refusal {
            Refusal::Absent => Ok(None),
            // Without the right to list, S3 says of a missing object that it may not be read. Only a listing without it
            // makes it missing: what is missing is deleted from the index.
            Refusal::Denied(_) if self.find_object(object).await?.is_none() => Ok(None),
            _ => Err(refusal.of_object(name)),
        }
    }

    async fn read_document(
        &self,
        key: &DocumentKey,
        limit_bytes: u64,
    ) -> Result<Option<Original>, StoreError> {
        let Some(object) = self.naming.object(key) else { return Ok(None) };
        let name = key.to_string();
        let Some(output) = self.get(&object, &name).await? else { return Ok(None) };
        // All of this is of one answer, so it is of one version.
        let (size, tag, at) = (output.content_length(), output.e_tag(), output.last_modified());
        let entry = entry(key.clone(), size, tag, at);
        let entry = entry.ok_or_else(|| cut(&name, "S3 sent it without its length, tag or time"))?;
        let bytes = received(output.body, limit_bytes.saturating_add(1), &name).await?;
        let read = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if read != entry.bytes && read <= limit_bytes {
            return Err(cut(&name, "S3 sent another number of bytes than it announced"));
        }
        let location = Location {
            bucket: self.options.bucket.clone(),
            key: object,
            version: output.version_id.filter(|version| version != "null"),
        };
        let metadata: BTreeMap<String, String> = output.metadata.unwrap_or_default().into_iter().collect();
        let source_url = self.read_one_source(key).await?;
        Ok(Some(Original { entry, bytes, source_url, metadata, location: Some(location) }))
    }

    async fn put(&self, object: &str, name: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        // Bytes in memory are sent with their checksum in a header; S3 keeps all of them or none.
        let body = ByteStream::from(bytes);
        let request = self.client.put_object().bucket(&self.options.bucket).key(object).body(body);
        request.send().await.map_err(|error| refusal(&error).of_object(name))?;
        Ok(())
    }

    async fn remove(&self, object: &str, name: &str) -> Result<(), StoreError> {
        let request = self.client.delete_object().bucket(&self.options.bucket).key(object);
        request.send().await.map_err(|error| refusal(&error).of_object(name))?;
        Ok(())
    }

    async fn write_document(&self, key: &DocumentKey, bytes: Vec<u8>) -> Result<(), StoreError> {
        let name = key.to_string();
        match self.naming.object(key) {
            Some(object) => self.put(&object, &name, bytes).await,
            None => Err(cut(&name, "name and prefix are together longer than the 1,024 bytes that S3 takes")),
        }
    }

    async fn delete_document(&self, key: &DocumentKey) -> Result<bool, StoreError> {
        let Some(object) = self.naming.object(key) else { return Ok(false) };
        if self.find_object(&object).await?.is_none() {
            return Ok(false);
        }
        self.write_one_source(key, None).await?;
        self.remove(&object, &key.to_string()).await.map(|()| true)
    }
}

impl DocumentStore for Bucket {
    fn list(&self) -> BoxFuture<'_, Result<Listing, StoreError>> {
        Box::pin(self.list_all())
    }

    fn find<'a>(&'a self, key: &'a DocumentKey) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        Box::pin(async move { self.timed(key.id(), self.find_document(key)).await })
    }

    fn read<'a>(
        &'a self,
        key: &'a DocumentKey,
        limit_bytes: u64,
    ) -> BoxFuture<'a, Result<Option<Original>, StoreError>> {
        Box::pin(async move { self.timed(key.id(), Box::pin(self.read_document(key, limit_bytes))).await })
    }

    fn write<'a>(&'a self, key: &'a DocumentKey, bytes: Vec<u8>) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.timed(key.id(), Box::pin(self.write_document(key, bytes))).await })
    }

    fn write_source<'a>(
        &'a self,
        key: &'a DocumentKey,
        source_url: Option<String>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.timed(key.id(), Box::pin(self.write_one_source(key, source_url))).await })
    }

    fn delete<'a>(&'a self, key: &'a DocumentKey) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move { self.timed(key.id(), Box::pin(self.delete_document(key))).await })
    }

    fn list_notes(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.list_all_notes())
    }

    fn read_note<'a>(
        &'a self,
        name: &'a str,
        limit_bytes: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move { self.timed(name, self.read_one_note(name, limit_bytes)).await })
    }

    fn write_note<'a>(
        &'a self,
        name: &'a str,
        bytes: Option<Vec<u8>>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.timed(name, Box::pin(self.write_one_note(name, bytes))).await })
    }

    fn watch(&self, changes: Changes) -> Result<Watch, StoreError> {
        let Some(queue) = self.queue.clone() else { return Ok(Watch::none()) };
        let (bucket, naming) = (self.options.bucket.clone(), self.naming.clone());
        Ok(Watch::fed(Box::pin(async move { queue.follow(&bucket, &naming, &changes).await })))
    }
}

/// The version is the content's tag and the time, because another copy of the same content may have other metadata. A
/// listing gives the time more exactly than a header, so both are cut to seconds.
fn entry(
    key: DocumentKey,
    size: Option<i64>,
    tag: Option<&str>,
    modified: Option<&DateTime>,
) -> Option<Entry> {
    let (tag, modified) = (tag?.trim_matches('"'), modified?);
    let modified_ms = modified.to_millis().ok()?;
    let version = Version(format!("{tag}.{}", modified.secs()));
    Some(Entry { key, bytes: u64::try_from(size?).ok()?, modified_ms, version })
}

fn decoded(key: &str, is_encoded: bool) -> Option<String> {
    if is_encoded { form_decoded(key) } else { Some(key.to_owned()) }
}

/// Returns the bytes of an answer, or the first of them.
async fn received(mut body: ByteStream, most_bytes: u64, name: &str) -> Result<Vec<u8>, StoreError> {
    let most = usize::try_from(most_bytes).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while bytes.len() < most {
        let Some(part) = body.next().await else { break };
        bytes.extend_from_slice(&part.map_err(|error| cut(name, &causes(&error)))?);
    }
    bytes.truncate(most);
    Ok(bytes)
}

fn cut(name: &str, problem: &str) -> StoreError {
    StoreError::Document { name: name.to_owned(), problem: problem.to_owned() }
}

/// Sorts a failed request.
fn refusal<E: ProvideErrorMetadata + std::error::Error + 'static>(error: &SdkError<E>) -> Refusal {
    let status = error.raw_response().map(|response| response.status().as_u16());
    match error.as_service_error() {
        Some(said) => Refusal::of(said.code(), said.message(), status),
        None => Refusal::Away(causes(error)),
    }
}
