//! The document store: what every implementation promises. It is the truth that the index is derived from.

mod aws;
mod described;
mod event;
mod folder;
mod naming;
mod s3;
mod sqs;
mod watch;

use futures_util::future::BoxFuture;
use proto::ErrorCode;
use std::collections::{BTreeMap, BTreeSet};

use crate::document::DocumentKey;
pub use crate::text_extractor::Location;
use aws::causes;
pub(crate) use described::{Described, Documents, ReadLimits, subject};
pub use folder::Folder;
pub use s3::{Bucket, S3Options};
pub use sqs::{Queue, QueueOptions};
pub use watch::{Changes, Notice, Watch};

/// Keeps the documents' originals.
pub trait DocumentStore: Send + Sync + std::fmt::Debug {
    /// Returns every document, in no particular order. A partial listing is an error: what is missing from a listing
    /// is deleted from the index.
    fn list(&self) -> BoxFuture<'_, Result<Listing, StoreError>>;

    /// Returns what is known of one document without reading it; none when it is not there.
    fn find<'a>(&'a self, key: &'a DocumentKey) -> BoxFuture<'a, Result<Option<Entry>, StoreError>>;

    /// Returns a document's bytes, cut after `limit_bytes` + 1; none when it is not there.
    fn read<'a>(
        &'a self,
        key: &'a DocumentKey,
        limit_bytes: u64,
    ) -> BoxFuture<'a, Result<Option<Original>, StoreError>>;

    /// Puts a document in the place of the one with its key, at once and for good: when this returns, the bytes
    /// survive a loss of power, and no reader ever sees a part of them.
    fn write<'a>(&'a self, key: &'a DocumentKey, bytes: Vec<u8>) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Keeps the web address of a document's original beside it, or forgets it; as durable as `write`. Deleting the
    /// document forgets it as well. Meant for before a `write`: it is no change of the document by itself.
    fn write_source<'a>(
        &'a self,
        key: &'a DocumentKey,
        source_url: Option<String>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Deletes a document for good; returns whether it was there.
    fn delete<'a>(&'a self, key: &'a DocumentKey) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Returns the names of all notes: small files that are kept beside the documents and are none of them.
    fn list_notes(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// Returns a note's bytes, cut after `limit_bytes`; none when it is not there.
    fn read_note<'a>(
        &'a self,
        name: &'a str,
        limit_bytes: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>>;

    /// Puts a note in the place of the one with its name, at once and for good; without bytes it is removed. `name` is of
    /// letters, digits, `-` and `.`, and does not begin with a `.`.
    fn write_note<'a>(
        &'a self,
        name: &'a str,
        bytes: Option<Vec<u8>>,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Tells of each change while the watch runs; a notice may come late, doubled or without a change.
    ///
    /// # Errors
    /// When changes cannot be watched here; the caller then looks by itself.
    fn watch(&self, changes: Changes) -> Result<Watch, StoreError>;
}

/// What a store holds.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// The documents.
    pub entries: Vec<Entry>,
    /// What lies in the store and cannot be a document, each with the reason.
    pub refused: BTreeSet<String>,
}

/// A document in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub key: DocumentKey,
    /// Its length.
    pub bytes: u64,
    /// When it was last modified; milliseconds since the Unix epoch.
    pub modified_ms: i64,
    /// Differs after each change.
    pub version: Version,
}

/// A document with its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// What the store knows of it; the version is that of the bytes.
    pub entry: Entry,
    /// Its bytes, or the first of them when there are more than was asked for.
    pub bytes: Vec<u8>,
    /// Web address that the document was uploaded with.
    pub source_url: Option<String>,
    /// What the store keeps about it beside the bytes, as somebody wrote it: names and values.
    pub metadata: BTreeMap<String, String>,
    /// Where it lies, when that is in S3.
    pub location: Option<Location>,
}

/// Tells one state of a document from another; means nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// Why the store failed. Texts name the document or folder; the log keeps the cause.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No room left.
    #[error("the document store is full")]
    Full,
    /// Something else has the document's name.
    #[error(
        "`{0}` cannot be stored: a folder, a link or another kind of file has its name or that of a folder above it"
    )]
    Occupied(String),
    /// The store itself cannot be used.
    #[error("the document store cannot be used: {0}")]
    Unusable(String),
    /// One document cannot be used.
    #[error("`{name}` in the document store cannot be used: {problem}")]
    Document {
        /// The document.
        name: String,
        /// The operating system's or the service's words.
        problem: String,
    },
    /// One document is there and cannot be used until somebody changes it or the rights to it.
    #[error("`{name}` in the document store cannot be read or changed as it is: {problem}")]
    Closed {
        /// The document.
        name: String,
        /// The service's words.
        problem: String,
    },
}

impl StoreError {
    /// Returns the code in the error table.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Full => ErrorCode::StorageFull,
            Self::Occupied(_) => ErrorCode::Conflict,
            Self::Closed { .. } => ErrorCode::PermissionDenied,
            Self::Unusable(_) | Self::Document { .. } => ErrorCode::Unavailable,
        }
    }
}
