//! Where the documents are, read from the settings: a folder, or a bucket of S3 with or without a queue of its events.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use lifecycle::Reader;

use crate::store::{Bucket, DocumentStore, Folder, QueueOptions, S3Options, StoreError};

/// Where the documents are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DocumentsChoice {
    /// A folder on a local disk.
    Folder(PathBuf),
    /// A bucket, and the queue that tells of its changes.
    S3(S3Options, Option<QueueOptions>),
}

impl DocumentsChoice {
    /// Opens it.
    ///
    /// # Errors
    /// When the folder cannot be used, or no AWS region is set. A bucket is asked for nothing yet.
    pub async fn open(self) -> Result<Arc<dyn DocumentStore>, StoreError> {
        match self {
            Self::Folder(path) => {
                let folder = tokio::task::spawn_blocking(move || Folder::open(&path)).await;
                let folder = folder.map_err(|error| StoreError::Unusable(error.to_string()))??;
                Ok(Arc::new(folder))
            }
            Self::S3(options, queue) => Ok(Arc::new(Bucket::connect(options, queue).await?)),
        }
    }
}

/// Reads the choice, and the bucket that lends documents a place where one is named; a mistake is noted in the reader. A bucket needs the rights to `s3:ListBucket`, `s3:GetObject`,
/// `s3:PutObject` and `s3:DeleteObject` (and `s3:GetObjectVersion` where it keeps versions), its queue those to
/// `sqs:ReceiveMessage`, `sqs:DeleteMessage` and `sqs:ChangeMessageVisibility`. In a bucket that keeps versions a deleted
/// document's bytes stay until the bucket's own rules remove them.
///
/// - `INGESTOR_STORE`: `folder` (the default) or `s3` (region, credentials and endpoints as AWS's tools find them:
///   `AWS_REGION`, `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_SQS`, ...).
/// - `INGESTOR_DOCUMENTS`: the folder, made where it is missing; default `documents`.
/// - `INGESTOR_S3_BUCKET`: the bucket; needed for `s3`.
/// - `INGESTOR_S3_PREFIX`: the folder in the bucket that holds the documents; default empty, all of it.
/// - `INGESTOR_S3_PATH_STYLE`: whether the bucket stands in the path of addresses, as other servers than AWS's want it;
///   default false.
/// - `INGESTOR_S3_PAGE_OBJECTS`: objects in a page of a listing, 1 to 1,000, default 1,000.
/// - `INGESTOR_S3_MAX_OBJECTS`: a bucket with more is refused, 1 to 100,000,000, default 1,000,000. About 500 bytes of
///   memory each.
/// - `INGESTOR_S3_ATTEMPTS`: attempts for each request, 1 to 10, default 4.
/// - `INGESTOR_S3_ATTEMPT_SECONDS`: time for one attempt, 0.05 to 60, default 10.
/// - `INGESTOR_S3_TIMEOUT_SECONDS`: time for one request with all attempts and all its bytes, 0.05 to 3,600, default 120.
/// - `INGESTOR_SQS_QUEUE_URL`: the queue that the bucket's events go to; without it changes are found at each
///   `INGESTOR_RECONCILE_SECONDS`. Give the queue a dead-letter queue: what is no event is left there.
/// - `INGESTOR_SQS_WAIT_SECONDS`: how long a request waits for events, 1 to 20, default 20.
/// - `INGESTOR_SQS_VISIBILITY_SECONDS`: after this time an event that nobody finished is tried again, 2 to 43,200,
///   default 60.
/// - `INGESTOR_TEXTRACT_BUCKET`: where scans of several pages are put for as long as Textract reads them, when the documents are
///   in a folder; in Textract's region. Needs the rights to `s3:PutObject` and `s3:DeleteObject`. Without it PDFs are read
///   picture by picture, and TIFFs of several pages are refused.
/// - `INGESTOR_TEXTRACT_PREFIX`: the folder in that bucket; default empty.
pub(super) fn read(reader: &mut Reader) -> (DocumentsChoice, Option<S3Options>) {
    let kind = reader.text("INGESTOR_STORE", "folder");
    let folder = DocumentsChoice::Folder(PathBuf::from(reader.text("INGESTOR_DOCUMENTS", "documents")));
    let (options, queue) = (read_bucket(reader), read_queue(reader));
    let lending = read_lending(reader, &options);
    let choice = match kind.as_str() {
        "folder" => folder,
        "s3" => {
            if options.bucket.is_empty() {
                reader.mistake("INGESTOR_S3_BUCKET", "expected a bucket, because INGESTOR_STORE is s3");
            }
            if options.timeout < options.attempt_timeout {
                reader
                    .mistake("INGESTOR_S3_TIMEOUT_SECONDS", "must not be below INGESTOR_S3_ATTEMPT_SECONDS");
            }
            if options.prefix.starts_with('/') {
                reader.mistake("INGESTOR_S3_PREFIX", "expected no / at its start, as in docs or shop/docs");
            }
            DocumentsChoice::S3(options, queue)
        }
        other => {
            reader.mistake("INGESTOR_STORE", format!("expected folder or s3, got `{other}`"));
            folder
        }
    };
    (choice, lending)
}

fn read_bucket(reader: &mut Reader) -> S3Options {
    let seconds = Duration::from_secs;
    S3Options {
        bucket: reader.text("INGESTOR_S3_BUCKET", ""),
        prefix: reader.text("INGESTOR_S3_PREFIX", ""),
        path_style: reader.flag("INGESTOR_S3_PATH_STYLE", false),
        page_objects: reader.number("INGESTOR_S3_PAGE_OBJECTS", 1_000, 1..=1_000),
        max_objects: reader.number("INGESTOR_S3_MAX_OBJECTS", 1_000_000, 1..=100_000_000),
        attempts: reader.number("INGESTOR_S3_ATTEMPTS", 4, 1..=10),
        attempt_timeout: reader.seconds("INGESTOR_S3_ATTEMPT_SECONDS", seconds(10), 0.05..=60.0),
        timeout: reader.seconds("INGESTOR_S3_TIMEOUT_SECONDS", seconds(120), 0.05..=3_600.0),
    }
}

/// Reads the bucket that lends places, with the attempts and times of the documents' own.
fn read_lending(reader: &mut Reader, own: &S3Options) -> Option<S3Options> {
    let bucket = reader.optional_text("INGESTOR_TEXTRACT_BUCKET");
    let prefix = reader.text("INGESTOR_TEXTRACT_PREFIX", "");
    if prefix.starts_with('/') {
        reader.mistake("INGESTOR_TEXTRACT_PREFIX", "expected no / at its start, as in scans");
    }
    bucket.map(|bucket| S3Options { bucket, prefix, ..own.clone() })
}

fn read_queue(reader: &mut Reader) -> Option<QueueOptions> {
    let url = reader.optional_text("INGESTOR_SQS_QUEUE_URL");
    let wait = Duration::from_secs(reader.number("INGESTOR_SQS_WAIT_SECONDS", 20, 1..=20));
    let visibility = Duration::from_secs(reader.number("INGESTOR_SQS_VISIBILITY_SECONDS", 60, 2..=43_200));
    url.map(|url| QueueOptions { url, wait, visibility })
}

#[cfg(test)]
mod tests {
    use super::{DocumentsChoice, Reader, read};

    /// Settings, and a part of the mistake that they make.
    type Case = (&'static [(&'static str, &'static str)], Option<&'static str>);

    #[test]
    fn the_store_is_chosen_and_checked_as_a_whole() {
        const S3: (&str, &str) = ("INGESTOR_STORE", "s3");
        const SHOP: (&str, &str) = ("INGESTOR_S3_BUCKET", "shop");
        const LENDING: (&str, &str) = ("INGESTOR_TEXTRACT_BUCKET", "desk");
        let cases: [Case; 10] = [
            (&[], None),
            (&[S3, SHOP], None),
            (&[S3, SHOP, ("INGESTOR_SQS_QUEUE_URL", "https://sqs.example/q")], None),
            (&[S3], Some("expected a bucket")),
            (&[S3, SHOP, ("INGESTOR_S3_PREFIX", "/docs")], Some("no / at its start")),
            (&[S3, SHOP, ("INGESTOR_S3_TIMEOUT_SECONDS", "1")], Some("must not be below")),
            (&[S3, SHOP, ("INGESTOR_S3_PAGE_OBJECTS", "1001")], Some("1 to 1000")),
            (&[LENDING, ("INGESTOR_TEXTRACT_PREFIX", "scans")], None),
            (&[LENDING, ("INGESTOR_TEXTRACT_PREFIX", "/scans")], Some("no / at its start")),
            (&[("INGESTOR_STORE", "ftp")], Some("folder or s3")),
        ];
        for (pairs, mistake) in cases {
            let mut reader = Reader::from_pairs(pairs.iter().copied());
            let (choice, lending) = read(&mut reader);
            let finished = reader.finish(&["INGESTOR_"]);
            let text = finished.as_ref().err().map(ToString::to_string);
            assert_eq!(text.is_some(), mistake.is_some(), "{pairs:?}: {text:?}");
            assert!(text.unwrap_or_default().contains(mistake.unwrap_or_default()), "{pairs:?}");
            assert_eq!(matches!(choice, DocumentsChoice::S3(..)), pairs.contains(&S3), "{pairs:?}");
            assert_eq!(lending.is_some(), pairs.contains(&LENDING), "{pairs:?}");
        }
    }
}
