//! The knowledge store: what every implementation promises. One suite, `tests/store_contract.rs`, runs over each of them.

pub mod embedded;
pub mod postgres;
mod question;
mod rescue;

use futures_util::future::BoxFuture;
use tokio::sync::watch;

use crate::error::Error;
use crate::model::{Change, Chunk, Document, Feedback, Filter, Generation, Summary, Withheld};

/// Keeps documents with their chunks, and finds candidates for a question by words and by meaning.
///
/// Every change is one transaction: a concurrent search sees all of it or nothing. Whatever is read is read within the
/// collections named; there is no way to ask for all of them. Arguments are checked by the caller.
pub trait Store: Send + Sync + std::fmt::Debug {
    /// Returns the candidates for a question, all of one generation, in no particular order. [`Error::UnknownGeneration`]
    /// when the query names one that is not kept.
    fn search(&self, query: Query) -> BoxFuture<'_, Result<Found, Error>>;

    /// Puts a document in the place of the one with its collection and id, or adds it. [`Error::Incompatible`] when
    /// its vectors are of another model or dimension than the store's; [`Error::MissingVector`] when a chunk has none and
    /// neither does the store, see [`Store::find_vectors`]. Chunks that the version before had already are shared with it.
    fn replace(&self, document: Document, chunks: Vec<Chunk>) -> BoxFuture<'_, Result<Changed, Error>>;

    /// Deletes a document; a missing one changes nothing. Earlier generations keep it.
    fn delete(&self, collection: String, document_id: String) -> BoxFuture<'_, Result<Changed, Error>>;

    /// Returns, for each content key in order, whether any kept generation of the document holds a chunk with that key
    /// and so its vector. Keys are those of [`embedding::content_key`].
    fn find_vectors(
        &self,
        collection: String,
        document_id: String,
        keys: Vec<[u8; 32]>,
    ) -> BoxFuture<'_, Result<Vec<bool>, Error>>;

    /// Returns at most `limit` committed changes with a number below `before`, newest first.
    fn history(&self, before: Option<u64>, limit: u32) -> BoxFuture<'_, Result<History, Error>>;

    /// Makes the collections what they were at a generation, as one new generation, and withholds what it undid.
    /// [`Error::UnknownGeneration`] when that one is not kept. Where nothing differs, nothing changes.
    fn rollback(&self, collections: Vec<String>, generation: u64)
    -> BoxFuture<'_, Result<RolledBack, Error>>;

    /// Returns what rollbacks undid, ordered by collection and id. An entry ends with the next change of its document.
    fn withheld(&self, collections: Vec<String>) -> BoxFuture<'_, Result<Vec<Withheld>, Error>>;

    /// Removes one document or, where `document_id` is nothing, all documents of the collections from all generations, or
    /// with `keep_current` their earlier versions only. What is removed is no longer in the store's files once the store
    /// has cleaned up. The generation rises when any version was removed.
    fn purge(
        &self,
        collections: Vec<String>,
        document_id: Option<String>,
        keep_current: bool,
    ) -> BoxFuture<'_, Result<Purged, Error>>;

    /// Returns the chunks with these ordinals of a document as it is at a generation (nothing for the newest), in order
    /// and without vectors; those that do not exist are left out.
    fn chunks(
        &self,
        place: Place,
        ordinals: std::ops::Range<u32>,
    ) -> BoxFuture<'_, Result<Vec<Chunk>, Error>>;

    /// Returns the names of the collections that hold a document, sorted, and the generation that was read.
    fn collections(&self) -> BoxFuture<'_, Result<(Vec<String>, Generation), Error>>;

    /// Returns at most `limit` documents ordered by collection and id, beginning after the given collection and id.
    fn list(
        &self,
        collections: Vec<String>,
        after: Option<(String, String)>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Listing, Error>>;

    /// Returns the document of the first collection that holds the id, with its chunks in order and without vectors.
    fn get(
        &self,
        collections: Vec<String>,
        document_id: String,
    ) -> BoxFuture<'_, Result<Option<Stored>, Error>>;

    /// Stores an opinion. It does not change the generation.
    fn record(&self, feedback: Feedback) -> BoxFuture<'_, Result<(), Error>>;

    /// Returns the opinions about an answer, in the order in which they were stored: at most 1,000.
    fn opinions(&self, answer_id: String) -> BoxFuture<'_, Result<Vec<Feedback>, Error>>;

    /// Returns the generation now and, through the receiver, each later one. Never behind what [`Store::search`] sees
    /// by more than the moment between commit and notice.
    fn generation(&self) -> watch::Receiver<Generation>;
}

/// Opinions about one answer that are read back at once.
pub(crate) const MOST_OPINIONS: i64 = 1_000;

/// The model whose vectors a store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    /// Model id.
    pub id: String,
    /// Numbers in each vector.
    pub dimensions: u32,
}

impl std::fmt::Display for Model {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} with {} dimensions", self.id, self.dimensions)
    }
}

/// A question to the store.
#[derive(Clone, Debug)]
pub struct Query {
    /// The question as it is to be searched.
    pub question: String,
    /// Its embedding: as many finite numbers as the store's dimension.
    pub vector: Vec<f32>,
    /// Collections to search: at least one.
    pub collections: Vec<String>,
    /// Narrows further.
    pub filter: Filter,
    /// Most candidates by words, and most by meaning: at least 1.
    pub candidates: usize,
    /// The generation to search; nothing for the newest.
    pub generation: Option<u64>,
    /// Which sides search.
    pub sides: Sides,
    /// How thoroughly an approximate index is searched.
    pub effort: Effort,
}

/// Which sides of the search run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sides {
    /// By words and by meaning.
    #[default]
    Both,
    /// By words; the vector may be empty, then no candidate has a cosine and it is 0.
    Words,
    /// By meaning; [`Found::terms`] is empty and no candidate is found by words.
    Meaning,
}

/// How thoroughly an approximate index is searched; exact searches are the same in each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// The least work, for suggestions while typing.
    Fast,
    /// For a visitor who waits.
    #[default]
    Normal,
    /// The best recall, for evaluation and background work.
    Thorough,
}

/// A document at a generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Collection of the document.
    pub collection: String,
    /// The document.
    pub document_id: String,
    /// The generation; nothing for the newest.
    pub generation: Option<u64>,
}

/// Committed changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Newest first.
    pub changes: Vec<Change>,
    /// Whether older ones follow.
    pub has_more: bool,
    /// The oldest generation that can still be searched or rolled back to.
    pub oldest: u64,
}

/// A finished rollback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RolledBack {
    /// Generation after it.
    pub generation: Generation,
    /// Documents that changed.
    pub documents: u32,
}

/// A finished purge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purged {
    /// Generation after it.
    pub generation: Generation,
    /// Versions of documents that were removed.
    pub versions: u32,
}

/// What a search found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Generation that was searched.
    pub generation: Generation,
    /// Terms of the question as searched, in order.
    pub terms: Vec<QuestionTerm>,
    /// Chunks in the collections searched; what [`QuestionTerm::chunks`] is a part of.
    pub chunks: u64,
    /// Passages found by words, by meaning or by both.
    pub candidates: Vec<Candidate>,
}

/// A term of the question.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionTerm {
    /// The form that was searched, corrected where no chunk holds the original.
    pub text: String,
    /// Chunks that hold it, in the collections searched.
    pub chunks: u64,
    /// How much it counts beside its rarity: 1 for a word as typed, more for a product code, less when corrected.
    pub weight: f32,
}

/// A passage found.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The document's metadata.
    pub document: Document,
    /// The chunk, without its vector.
    pub chunk: Chunk,
    /// For each of [`Found::terms`], whether title, headings or text hold it.
    pub holds: Vec<bool>,
    /// Rank by words, counted from 1, and BM25 score (higher is better), where words found it.
    pub words: Option<(u32, f32)>,
    /// Rank by meaning, counted from 1, where meaning found it.
    pub meaning_rank: Option<u32>,
    /// Cosine of question and passage: -1 to 1.
    pub cosine: f32,
}

/// A committed change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changed {
    /// Generation after the change.
    pub generation: Generation,
    /// Whether the document existed before.
    pub existed: bool,
}

/// A stored document with its content.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The document.
    pub summary: Summary,
    /// Its chunks in order, without vectors.
    pub chunks: Vec<Chunk>,
}

/// A page of documents.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// Ordered by collection and id.
    pub documents: Vec<Summary>,
    /// Whether more follow.
    pub has_more: bool,
    /// Generation that was listed.
    pub generation: Generation,
}
