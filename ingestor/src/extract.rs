//! From a document's bytes to its text and structure. It knows no store, no index and no sizes of chunks.

mod assembled;
mod builder;
mod curated;
mod delimited;
mod encoding;
mod holds;
mod html;
mod instructions;
mod json;
mod language;
mod markdown;
mod markup;
mod plain;
mod sniff;
mod unreadable;

use std::collections::BTreeMap;
use std::ops::Range;

pub use assembled::assemble;
pub use holds::Hold;
pub(crate) use instructions::first as first_instruction;
pub(crate) use language::declared as declared_language;
pub use unreadable::{SUPPORTED, Unreadable};

use formats::Format;

use crate::confined::Task;
use crate::text_extractor::Bill;
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
    /// What else it says of itself.
    pub own: Own,
    /// All text, blocks divided by an empty line. No control characters but line feed and tab.
    pub text: String,
    /// The blocks in order; they do not overlap and cover all of the text but what divides them.
    pub blocks: Vec<Block>,
    /// Where each page begins, in order: byte of the text, page from 1. Empty where there are no pages.
    pub page_starts: Vec<(usize, u32)>,
    /// Pages that show pictures of text, which nothing could read.
    pub unread_pages: Vec<u32>,
    /// What it cost to read the text in its pictures.
    pub ocr: Bill,
}

/// What a document says of itself, beside its title and author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// When it was written, RFC 3339.
    pub created: Option<String>,
    /// When it was last changed; milliseconds since the Unix epoch.
    pub modified_ms: Option<i64>,
    /// Pages, slides or sheets.
    pub pages: Option<u32>,
    /// Everything else, by name: front matter, and what the head of a page says.
    pub attributes: BTreeMap<String, String>,
}

impl Extracted {
    /// Returns the page that a byte of the text stands on, from 1.
    pub fn page_at(&self, byte: usize) -> Option<u32> {
        let after = self.page_starts.partition_point(|(start, _)| *start <= byte);
        self.page_starts.get(after.checked_sub(1)?).map(|(_, page)| *page)
    }
}

/// A piece of the document that belongs together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Where it stands in the extracted text: bytes, never empty.
    pub range: Range<usize>,
    /// What it is.
    pub shape: Shape,
    /// Why an editor has to release it first, where one has to.
    pub hold: Option<Hold>,
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
    /// PDF.
    Pdf,
    /// An office document, an e-book or a mail.
    Packed(Format),
    /// A picture of this name: `png`, `jpg` or `tiff`.
    Picture(&'static str),
}

impl Kind {
    /// Returns the name used in the index: `txt`, `md`, `html`, `csv`, `json`, `pdf`, `docx`, `xlsx`, `pptx`, `epub`,
    /// `eml`, `png`, `jpg` or `tiff`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Pdf => "pdf",
            Self::Packed(format) => format.name(),
            Self::Picture(name) => name,
        }
    }
}

/// What a document is, told by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Text, which [`extract`] reads.
    Text,
    /// A format whose reader is kept apart; what it finds is for [`assemble`].
    Apart(Task, Kind),
    /// A picture, whose text has to be recognised.
    Picture(Kind),
}

/// Returns how a document is read.
pub fn source(name: &str, bytes: &[u8]) -> Source {
    match sniff::apart(name, bytes) {
        Some(task @ Task::Pdf) => Source::Apart(task, Kind::Pdf),
        Some(task @ Task::Packed(format)) => Source::Apart(task, Kind::Packed(format)),
        None => sniff::picture(bytes).map_or(Source::Text, |name| Source::Picture(Kind::Picture(name))),
    }
}

/// Reads a document of text. The content decides what it is; `name` (a path or file name) only tells apart kinds of text
/// that look alike, and stands in for a missing title. Time and memory are linear in the length of `bytes`.
///
/// # Errors
/// Why the document cannot be read, in an editor's words; formats other than text are not read here.
pub fn extract(name: &str, bytes: &[u8]) -> Result<Extracted, Unreadable> {
    let Sniffed { kind, text, smuggled } = sniff::sniff(name, bytes)?;
    let mut builder = Builder::default();
    match kind {
        Kind::Text | Kind::Pdf | Kind::Packed(_) | Kind::Picture(_) => plain::read(&text, &mut builder),
        Kind::Markdown => markdown::read(&text, &mut builder)?,
        Kind::Html => html::read(&text, &mut builder)?,
        Kind::Csv => delimited::read(&text, &mut builder),
        Kind::Json => json::read(&text, &mut builder)?,
    }
    if let Some(smuggled) = smuggled {
        builder.hidden(|builder| builder.paragraph(&encoding::clean(&smuggled)));
    }
    builder.finish(kind, name)
}
