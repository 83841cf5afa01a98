//! Textract's client with the real SDK on a real socket, against the service as `loadtest` simulates it.
#![expect(clippy::expect_used, reason = "helpers of tests stop at the first surprise")]

mod documents;
mod failures;
mod shelf;
mod simulator;

use std::sync::Arc;
use std::time::Duration;

use formats::{Content, Contents};
use ingestor::text_extractor::{Location, Media, Recognised, RecognitionError, Scan, TextExtractor};
use ingestor::textract::{Feature, Textract, TextractOptions};
use simulator::Simulator;

/// A PNG as far as anybody looks before it is read.
const PICTURE: &[u8] = b"\x89PNG\r\n\x1a\n";
const PDF: &[u8] = b"%PDF-1.7 scanned";

/// Short waits, so that a job of many answers takes no time.
fn options() -> TextractOptions {
    TextractOptions {
        features: vec![Feature::Layout, Feature::Tables, Feature::Forms],
        queries: false,
        page_microdollars: None,
        max_pages: 200,
        max_blocks: 100_000,
        max_cells: 100_000,
        max_text_bytes: 1_000_000,
        attempts: 3,
        backoff: Duration::from_millis(5),
        attempt_timeout: Duration::from_secs(30),
        time: Duration::from_secs(60),
        poll: Duration::from_millis(5),
        max_poll: Duration::from_millis(20),
    }
}

fn client(simulator: &Simulator, options: TextractOptions) -> Textract {
    Textract::with_config(&simulator.config(), options).expect("a client")
}

async fn read(
    extractor: &dyn TextExtractor,
    media: Media,
    bytes: &[u8],
    pages: Option<u32>,
    place: Option<&Location>,
) -> Result<Recognised, RecognitionError> {
    let bytes: Arc<[u8]> = bytes.into();
    extractor.read(Scan { name: "folder/Menu of today.pdf", media, bytes: &bytes, pages, place }).await
}

async fn picture(textract: &Textract) -> Result<Recognised, RecognitionError> {
    read(textract, Media::Png, PICTURE, None, None).await
}

fn place(key: &str) -> Location {
    Location { bucket: "docs".to_owned(), key: key.to_owned(), version: Some("v1".to_owned()) }
}

/// Reads a PDF of three pages that lies in S3.
async fn in_s3(textract: &Textract, key: &str) -> Result<Recognised, RecognitionError> {
    read(textract, Media::Pdf, PDF, Some(3), Some(&place(key))).await
}

/// Every piece with its page, as `1 Heading: text`.
fn found(contents: &Contents) -> Vec<String> {
    let text = |content: &Content| match content {
        Content::Heading { level, text } => format!("h{level} {text}"),
        Content::Paragraph { text } => format!("p {text}"),
        Content::List { items } => format!("l {}", items.join("; ")),
        Content::Table { header, rows } => format!("t {header:?} {rows:?}"),
        Content::Scan => "unread".to_owned(),
        other => format!("{other:?}"),
    };
    let pieces = contents.pieces.iter();
    pieces.map(|piece| format!("{} {}", piece.page.expect("a page"), text(&piece.content))).collect()
}
