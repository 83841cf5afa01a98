//! What every reader of pictures and scanned pages promises: Tesseract here, Textract at Amazon.

use std::sync::Arc;

use formats::Contents;
use futures_util::future::BoxFuture;
use proto::ErrorCode;

use crate::extract::Unreadable;

/// Reads text that is only there as a picture.
pub trait TextExtractor: std::fmt::Debug + Send + Sync {
    /// Returns whether it reads this as it is; a PDF that it does not read is offered picture by picture.
    fn reads(&self, scan: &Scan<'_>) -> bool;

    /// Reads a picture, or a whole scanned document. Dropping the future ends the work; what a service has begun by then is
    /// found again by the next call with the same document.
    ///
    /// The pages that it could not read are [`formats::Content::Scan`] among the contents' pieces.
    fn read<'a>(&'a self, scan: Scan<'a>) -> BoxFuture<'a, Result<Recognised, RecognitionError>>;
}

/// Formats that show pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Media {
    /// One picture.
    Jpeg,
    /// One picture.
    Png,
    /// One picture or several.
    Tiff,
    /// Pages.
    Pdf,
}

/// A picture or a scanned document.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    /// Its path or file name: a label at the service, nothing else.
    pub name: &'a str,
    /// What the bytes are.
    pub media: Media,
    /// All of it.
    pub bytes: &'a Arc<[u8]>,
    /// How many pages it has, where that is known.
    pub pages: Option<u32>,
    /// Where it lies in S3, if it does.
    pub place: Option<&'a Location>,
}

/// A document in S3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The bucket.
    pub bucket: String,
    /// The object's key.
    pub key: String,
    /// The object's version, in a bucket that keeps versions.
    pub version: Option<String>,
}

/// What was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Recognised {
    /// Text and structure.
    pub contents: Contents,
    /// What it cost.
    pub bill: Bill,
}

impl From<Contents> for Recognised {
    /// What was read here cost nothing.
    fn from(contents: Contents) -> Self {
        Self { contents, bill: Bill::default() }
    }
}

/// What reading cost; nothing where it is done here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Pages that a service read.
    pub pages: u64,
    /// Millionths of a dollar.
    pub microdollars: u64,
}

impl Bill {
    /// Returns billionths of a dollar.
    pub(crate) fn nano_dollars(self) -> u64 {
        self.microdollars.saturating_mul(1_000)
    }

    /// Adds what more reading cost.
    pub(crate) fn add(&mut self, more: Self) {
        self.pages = self.pages.saturating_add(more.pages);
        self.microdollars = self.microdollars.saturating_add(more.microdollars);
    }
}

/// Why nothing was read. Texts are fit for an editor's eyes and hold nothing of the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecognitionError {
    /// It is the document's fault: it fails again for sure.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Too much was asked of the service; later it may go well.
    #[error(
        "the service that reads scanned documents is busy: {0}; the document is read as soon as it can be"
    )]
    Throttled(String),
    /// The service failed, or did not answer in time; later it may go well.
    #[error(
        "the service that reads scanned documents is not there: {0}; the document is read as soon as it can be"
    )]
    Unavailable(String),
    /// The settings or the rights are wrong: only an operator can help.
    #[error("scanned documents cannot be read with these settings: {0}")]
    Settings(String),
}

impl RecognitionError {
    /// Returns the code in the error table.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unreadable(why) => why.code(),
            Self::Throttled(_) => ErrorCode::Overloaded,
            Self::Unavailable(_) => ErrorCode::Unavailable,
            Self::Settings(_) => ErrorCode::Internal,
        }
    }
}

/// Lends documents a place in S3, for a service that reads them only there.
pub trait Shelf: std::fmt::Debug + Send + Sync {
    /// Puts a document where the service can read it. The same name and bytes take the same place, so that nothing piles up
    /// when a process ends before it takes its document away.
    ///
    /// # Errors
    /// Why it cannot be put there, for an operator.
    fn put<'a>(&'a self, name: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Location, String>>;

    /// Takes a document away; one that is gone already is no error.
    ///
    /// # Errors
    /// Why it is still there, for an operator.
    fn remove<'a>(&'a self, place: &'a Location) -> BoxFuture<'a, Result<(), String>>;
}
