//! From a document's bytes to its text and structure. It knows no store, no index and no sizes of chunks.

mod builder;
mod curated;
mod delimited;
mod encoding;
mod html;
mod json;
mod language;
mod markdown;
mod markup;
mod plain;
mod sniff;
mod unreadable;

use std::ops::Range;

pub use unreadable::{SUPPORTED, Unreadable};

use builder::Builder;
use sniff::Content as Sniffed;

/// A document's text with its structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// Title for people, never empty: the document's own, else its first heading, else its file name.
    pub title: String,
    /// Who wrote it, where the document says so.
    pub author: Option<String>,
    /// Language as an ISO 639-1 code; empty when unknown.
    pub language: String,
    /// What the document was read as, told by its content.
    pub kind: Kind,
    /// Web address of the original (`http` or `https`), where the document names one.
    pub source_url: Option<String>,
    /// All text, blocks divided by an empty line. No control characters but line feed and tab.
    pub text: String,
    /// The blocks in order; they do not overlap and cover all of the text but what divides them.
    pub blocks: Vec<Block>,
}

/// A piece of the document that belongs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it stands in the extracted text: bytes, never empty.
    pub range: Range<usize>,
    /// What it is.
    pub shape: Shape,
}

/// What a block is. Ranges are bytes of the extracted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A heading of level 1 (outermost) to 6, at most 200 characters.
    Heading {
        /// 1 to 6.
        level: u8,
    },
    /// Running text.
    Paragraph,
    /// A list; nested lists belong to their item.
    List {
        /// The items in order, at least one.
        items: Vec<Range<usize>>,
    },
    /// A table; each row is one line `column: value; column: value`.
    Table {
        /// Column names in order; empty when the table has none.
        header: Vec<String>,
        /// The rows in order, at least one.
        rows: Vec<Range<usize>>,
    },
    /// Text whose lines matter.
    Code,
    /// A curated answer: the question on the first line, which ends with a question mark, and below it the answer.
    QuestionAnswer {
        /// The answer, to the end of the block.
        answer: Range<usize>,
    },
}

/// What a document was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Plain text.
    Text,
    /// Markdown (CommonMark with tables and front matter).
    Markdown,
    /// HTML.
    Html,
    /// Rows of values, divided by comma, semicolon, tab or bar.
    Csv,
    /// JSON.
    Json,
}

impl Kind {
    /// Returns the name used in the index: `txt`, `md`, `html`, `csv` or `json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// Reads a document. The content decides what it is; `name` (a path or file name) only tells apart kinds of text that
/// look alike, and stands in for a missing title. Time and memory are linear in the length of `bytes`.
///
/// # Errors
/// Why the document cannot be read, in an editor's words.
pub fn extract(name: &str, bytes: &[u8]) -> Result<Extracted, Unreadable> {
    let Sniffed { kind, text } = sniff::sniff(name, bytes)?;
    let mut builder = Builder::default();
    match kind {
        Kind::Text => plain::read(&text, &mut builder),
        Kind::Markdown => markdown::read(&text, &mut builder)?,
        Kind::Html => html::read(&text, &mut builder)?,
        Kind::Csv => delimited::read(&text, &mut builder),
        Kind::Json => json::read(&text, &mut builder)?,
    }
    builder.finish(kind, name)
}
