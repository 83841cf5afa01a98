//! Documents, chunks and vectors for the tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use embedding::OfflineEmbedder;
use retriever::model::{Chunk, Document, Filter};
use retriever::store::embedded::{EmbeddedStore, Options};
use retriever::store::{Candidate, Effort, Model, Query, Sides};

/// Collection of documents that do not say another.
pub(crate) const PUBLIC: &str = "public";
/// Numbers in each vector of the tests.
pub(crate) const DIMENSIONS: u32 = 128;

pub(crate) fn model() -> Model {
    Model { id: embedding::MODEL_ID.to_owned(), dimensions: DIMENSIONS }
}

/// How the embedded stores of the tests are opened.
pub(crate) const OPTIONS: Options = Options { readers: 3, history: Duration::from_secs(24 * 60 * 60) };

/// Opens the embedded store in a directory.
pub(crate) fn open(directory: &Path) -> EmbeddedStore {
    EmbeddedStore::open(directory, model(), OPTIONS).unwrap()
}

pub(crate) fn vector(text: &str) -> Vec<f32> {
    OfflineEmbedder::new(DIMENSIONS as usize).unwrap().vector(text)
}

pub(crate) fn document(id: &str) -> Document {
    Document {
        id: id.to_owned(),
        collection: PUBLIC.to_owned(),
        title: String::new(),
        kind: "md".to_owned(),
        language: "en".to_owned(),
        content_sha256: vec![7; 32],
        content_bytes: 42,
        modified_ms: 1_000,
        source_url: String::new(),
        attributes: BTreeMap::new(),
        embedding_model: model().id,
        embedding_dimensions: DIMENSIONS,
        chunking_version: 1,
    }
}

pub(crate) fn chunks(texts: &[&str]) -> Vec<Chunk> {
    texts.iter().zip(0..).map(|(text, ordinal)| chunk(ordinal, text)).collect()
}

pub(crate) fn chunk(ordinal: u32, text: &str) -> Chunk {
    Chunk {
        ordinal,
        heading_path: Vec::new(),
        text: text.to_owned(),
        byte_range: Some(0..u64::try_from(text.len()).unwrap()),
        page: None,
        importance: 1.0,
        vector: vector(text),
        tokens: embedding::estimate_tokens(text),
        content_type: 1,
    }
}

pub(crate) fn query(question: &str) -> Query {
    Query {
        question: question.to_owned(),
        vector: vector(question),
        collections: vec![PUBLIC.to_owned()],
        filter: Filter::default(),
        candidates: 50,
        generation: None,
        sides: Sides::Both,
        effort: Effort::Normal,
    }
}

/// Returns the ids of documents that words found, sorted.
pub(crate) fn by_words(candidates: &[Candidate]) -> Vec<&str> {
    let found = candidates.iter().filter(|candidate| candidate.words.is_some());
    sorted(found)
}

/// Returns the ids of all documents found, sorted.
pub(crate) fn found(candidates: &[Candidate]) -> Vec<&str> {
    sorted(candidates.iter())
}

fn sorted<'a>(candidates: impl Iterator<Item = &'a Candidate>) -> Vec<&'a str> {
    let mut ids: Vec<&str> = candidates.map(|candidate| candidate.document.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}
