//! What the store keeps and what a search asks: plain structs that are already checked. They know no wire format.

use std::collections::BTreeMap;
use std::ops::Range;

/// What is known of a document apart from its text. Unique by collection and id.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Path inside the document store, with `/` between folders.
    pub id: String,
    /// Collection it belongs to.
    pub collection: String,
    /// Title for people; may be empty, then the id stands in, see [`Document::shown_title`].
    pub title: String,
    /// Kind, such as `md`.
    pub kind: String,
    /// ISO 639-1 code; empty when unknown.
    pub language: String,
    /// SHA-256 of the original's bytes.
    pub content_sha256: Vec<u8>,
    /// Length of the original in bytes.
    pub content_bytes: u64,
    /// When the original was last modified; milliseconds since the Unix epoch.
    pub modified_ms: i64,
    /// Where a reader finds the original; may be empty.
    pub source_url: String,
    /// Custom attributes.
    pub attributes: BTreeMap<String, String>,
    /// Model that made the chunks' vectors.
    pub embedding_model: String,
    /// Numbers in each vector.
    pub embedding_dimensions: u32,
    /// Version of the chunking rules.
    pub chunking_version: u32,
}

impl Document {
    /// Returns the title, or the id where there is none.
    pub fn shown_title(&self) -> &str {
        if self.title.is_empty() { &self.id } else { &self.title }
    }
}

/// The unit of search.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// Position in the document, counted from 0.
    pub ordinal: u32,
    /// Headings above the chunk, outermost first.
    pub heading_path: Vec<String>,
    /// The text, without its headings.
    pub text: String,
    /// Where the text stands in the document's extracted text, in bytes; nothing when the sender did not say.
    pub byte_range: Option<Range<u64>>,
    /// First page, counted from 1.
    pub page: Option<u32>,
    /// Weight beside other chunks: 1.0 to 2.0.
    pub importance: f32,
    /// Embedding of headings and text, of unit length. Empty where a chunk is read back, and on the way in where the
    /// store holds the vector of the same headings and text already.
    pub vector: Vec<f32>,
    /// Estimated tokens of headings and text.
    pub tokens: u32,
    /// What it mostly is: a number of the contract's enum, kept as sent.
    pub content_type: i32,
}

/// A stored document.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The document as it was stored.
    pub document: Document,
    /// Chunks it has.
    pub chunk_count: u32,
    /// When it was indexed; milliseconds since the Unix epoch.
    pub indexed_ms: i64,
    /// Generation that stored it.
    pub generation: u64,
}

/// State of the knowledge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generation {
    /// Rises with each committed change; 0 before the first one.
    pub number: u64,
    /// When it was committed; milliseconds since the Unix epoch.
    pub committed_ms: i64,
}

/// A committed change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The generation that it made.
    pub generation: Generation,
    /// What was done.
    pub kind: ChangeKind,
    /// The collection; empty where the change is about more than one.
    pub collection: String,
    /// The document; empty where the change is about more than one.
    pub document_id: String,
    /// Chunks of the document after the change; of a rollback or purge the number of documents that it changed.
    pub count: u32,
}

/// What a change did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A document that was not there before.
    Added,
    /// Another version of a document.
    Replaced,
    /// A document was deleted.
    Deleted,
    /// Everything became what it was at this earlier generation.
    RolledBack(u64),
    /// Documents or earlier versions were removed for good.
    Purged,
}

/// A content that a rollback undid: whoever keeps the index equal to a document store leaves it alone until the document
/// changes again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// Collection of the document.
    pub collection: String,
    /// The document.
    pub document_id: String,
    /// SHA-256 of the original's bytes; empty when the document's absence was undone.
    pub content_sha256: Vec<u8>,
}

/// Narrows a search: fields joined by AND, values inside a field by OR; an empty field narrows nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Document ids, exact.
    pub document_ids: Vec<String>,
    /// Kinds of document.
    pub kinds: Vec<String>,
    /// Languages as ISO 639-1 codes.
    pub languages: Vec<String>,
    /// Only documents modified at or after this time; milliseconds since the Unix epoch.
    pub modified_from_ms: Option<i64>,
    /// Only documents modified before this time; milliseconds since the Unix epoch.
    pub modified_before_ms: Option<i64>,
    /// Attributes that must be equal, all of them.
    pub attributes: BTreeMap<String, String>,
}

impl Filter {
    /// Returns whether it narrows nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether a document passes.
    pub fn passes(&self, document: &Document) -> bool {
        let among =
            |values: &[String], value: &str| values.is_empty() || values.iter().any(|one| one == value);
        among(&self.document_ids, &document.id)
            && among(&self.kinds, &document.kind)
            && among(&self.languages, &document.language)
            && self.modified_from_ms.is_none_or(|from| document.modified_ms >= from)
            && self.modified_before_ms.is_none_or(|before| document.modified_ms < before)
            && self.attributes.iter().all(|(key, value)| document.attributes.get(key) == Some(value))
    }
}

/// An opinion about an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The answer it is about.
    pub answer_id: String,
    /// Whether the answer helped.
    pub positive: bool,
    /// Free text; may be empty.
    pub comment: String,
    /// When it was given; milliseconds since the Unix epoch.
    pub given_ms: i64,
    /// What was not right, where the reader said so.
    pub reason: Option<Reason>,
}

/// What was not right with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What it says is not so.
    Wrong,
    /// Something is missing.
    Incomplete,
    /// It was so once.
    Outdated,
    /// It answers another question.
    Irrelevant,
    /// It cannot be understood.
    Unclear,
    /// Its tone or content does not belong there.
    Inappropriate,
    /// Something else.
    Other,
}

impl Reason {
    /// Every reason with the name under which it is stored, which never changes.
    pub const NAMES: [(Self, &str); 7] = [
        (Self::Wrong, "wrong"),
        (Self::Incomplete, "incomplete"),
        (Self::Outdated, "outdated"),
        (Self::Irrelevant, "irrelevant"),
        (Self::Unclear, "unclear"),
        (Self::Inappropriate, "inappropriate"),
        (Self::Other, "other"),
    ];

    /// Returns the name under which the reason is stored.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(reason, _)| *reason == self).map_or("other", |(_, name)| name)
    }

    /// Returns the reason of a stored name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, known)| *known == name).map(|(reason, _)| *reason)
    }
}

/// An earlier message of the conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Whether the visitor wrote it; else the assistant did.
    pub by_visitor: bool,
    /// What was written.
    pub text: String,
}
