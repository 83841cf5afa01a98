//! What documents hold and how jobs go, as a scenario says it.

use anyhow::ensure;
use serde::Deserialize;

/// The service as a scenario describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TextractScenario {
    /// Blocks in one answer of a job, at most; 1 to 1,000, which is the service's own number and the default.
    pub max_results: usize,
    /// Jobs under way at the same time, at most; default 600.
    pub max_jobs: usize,
    /// Answers of a job that it is still in progress, before it is done; default 1.
    pub in_progress: u32,
    /// The documents. One with neither `key` nor `sha256` stands for all others. Without any every document holds a title
    /// and a paragraph; with some, what is not among them is an empty page when sent as bytes, and missing from S3.
    pub document: Vec<Document>,
}

/// A document, told by its hash or its key in S3.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Document {
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: Option<String>,
    /// Its key in S3; with `*` at the end, how the key begins.
    pub key: Option<String>,
    /// Answers that the job is in progress, instead of the service's.
    pub in_progress: Option<u32>,
    /// How its job ends.
    pub status: Status,
    /// What a job that failed says.
    pub status_message: Option<String>,
    /// What a job that succeeded in part could not do; its pages are empty.
    pub warning: Vec<Warning>,
    /// The pages in order.
    pub page: Vec<Page>,
    /// What can be answered about it.
    pub answer: Vec<Answer>,
}

/// How a job ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// All pages were read.
    #[default]
    Succeeded,
    /// Some were.
    PartialSuccess,
    /// None was.
    Failed,
}

/// Pages that could not be read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// `PAGE_CHARACTER_LIMIT_EXCEEDED`, ...
    pub code: String,
    /// From 1.
    pub pages: Vec<usize>,
}

/// A page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Page {
    /// Its parts in reading order.
    pub part: Vec<Part>,
}

/// What a part is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    /// The document's title.
    Title,
    /// A heading.
    Section,
    /// Running text.
    #[default]
    Text,
    /// A list: each of `lines` is an item.
    List,
    /// What stands at the head of each page.
    Header,
    /// What stands at the foot of each page.
    Footer,
    /// A page's number.
    PageNumber,
    /// A picture; `lines` are what is written in it.
    Figure,
    /// A table: `rows`.
    Table,
    /// A form: `fields`.
    Form,
    /// Lines that belong to no part of the layout.
    Loose,
    /// A signature.
    Signature,
}

/// A part of a page. Which members count depends on its kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Lines of text.
    pub lines: Vec<String>,
    /// A table's cells, row by row; an empty text is an empty cell.
    pub rows: Vec<Vec<String>>,
    /// The first rows of a table that name its columns.
    pub header_rows: usize,
    /// Cells of a table that are merged.
    pub merged: Vec<Merged>,
    /// A table's title.
    pub title: Option<String>,
    /// A table's footer.
    pub footer: Option<String>,
    /// A form's fields.
    pub fields: Vec<Field>,
    /// 0 to 100.
    pub confidence: f64,
    /// Whether it was written by hand.
    pub handwriting: bool,
}

/// A rectangle of merged cells; its text stands in the first of them.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Merged {
    /// First row, from 1.
    pub row: usize,
    /// First column, from 1.
    pub column: usize,
    /// How many rows.
    pub rows: usize,
    /// How many columns.
    pub columns: usize,
}

/// A field of a form: a text, or a box that is ticked or not.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Field {
    /// What is asked.
    pub key: String,
    /// What stands there.
    pub value: String,
    /// Whether the box is ticked; absent where there is none.
    pub selected: Option<bool>,
}

/// What a query about the document finds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    /// The query's alias, or its whole text.
    pub query: String,
    /// The answer.
    pub text: String,
    /// 0 to 100.
    pub confidence: f64,
}

impl Default for TextractScenario {
    fn default() -> Self {
        Self { max_results: 1_000, max_jobs: 600, in_progress: 1, document: Vec::new() }
    }
}

impl Default for Part {
    fn default() -> Self {
        Self {
            kind: PartKind::default(),
            lines: Vec::new(),
            rows: Vec::new(),
            header_rows: 0,
            merged: Vec::new(),
            title: None,
            footer: None,
            fields: Vec::new(),
            confidence: 99.0,
            handwriting: false,
        }
    }
}

impl TextractScenario {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(
            (1..=1_000).contains(&self.max_results),
            "max_results: expected 1 to 1000, got {}",
            self.max_results
        );
        for document in &self.document {
            let name = document.key.as_deref().or(document.sha256.as_deref()).unwrap_or("the default");
            let is_failed = document.status == Status::Failed;
            ensure!(is_failed || !document.page.is_empty(), "document {name}: expected a page");
        }
        Ok(())
    }
}

impl Document {
    /// What a document holds of which nothing is said.
    pub(super) fn plain() -> Self {
        let part = |kind, line: &str| Part { kind, lines: vec![line.to_owned()], ..Part::default() };
        let part = vec![
            part(PartKind::Title, "A simulated document"),
            part(PartKind::Text, "No scenario says what this document holds."),
        ];
        Self { page: vec![Page { part }], ..Self::default() }
    }

    pub(super) fn is_default(&self) -> bool {
        self.key.is_none() && self.sha256.is_none()
    }

    pub(super) fn has_key(&self, name: &str) -> bool {
        self.key.as_deref().is_some_and(|key| match key.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => key == name,
        })
    }

    /// Whether a page, from 1, could not be read.
    pub(super) fn is_unread(&self, page: usize) -> bool {
        self.status == Status::PartialSuccess
            && self.warning.iter().any(|warning| warning.pages.contains(&page))
    }
}
