//! The vectors in memory, and what a filter needs to know of each document: one immutable picture per generation.
//!
//! A writer publishes the next picture just before it commits, so that whichever generation a reader's transaction
//! sees, the picture of the same generation is at hand. Pictures share all documents that did not change.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rusqlite::Connection;

use super::read;
use crate::error::Error;
use crate::model::{Filter, Generation};
use crate::store::rescue::Vocabulary;

/// Pictures kept. A reader that finds its generation gone, because as many changes were committed between two of its
/// statements, begins again.
const KEPT: usize = 8;

/// All knowledge of one generation.
#[derive(Clone, Debug)]
pub(super) struct Snapshot {
    pub(super) generation: Generation,
    pub(super) collections: HashMap<String, Arc<Collection>>,
}

/// One collection of one generation.
#[derive(Debug, Default)]
pub(super) struct Collection {
    /// Row of the collection, part of the name of its word table.
    pub(super) row: i64,
    pub(super) documents: BTreeMap<String, Arc<Entry>>,
    /// Words of the collection, read when the first misspelt word needs them.
    pub(super) vocabulary: OnceLock<Vocabulary>,
}

/// One document: what filters look at, and its vectors one after the other.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Row of the version.
    pub(super) row: i64,
    pub(super) kind: String,
    pub(super) language: String,
    pub(super) modified_ms: i64,
    pub(super) attributes: BTreeMap<String, String>,
    /// Rows of the chunks in order.
    pub(super) chunks: Vec<i64>,
    pub(super) vectors: Vec<f32>,
}

/// One document to put in, or to take out where there is no entry.
#[derive(Debug)]
pub(super) struct Edit {
    collection: String,
    collection_row: i64,
    document_id: String,
    entry: Option<Entry>,
}

impl Edit {
    /// Names the document by the name and row of its collection and its id.
    pub(super) fn new(collection: (&str, i64), document_id: &str, entry: Option<Entry>) -> Self {
        let (name, collection_row) = collection;
        Self { collection: name.to_owned(), collection_row, document_id: document_id.to_owned(), entry }
    }
}

impl Snapshot {
    /// Returns this picture with the documents changed.
    pub(super) fn with(&self, generation: Generation, edits: Vec<Edit>) -> Self {
        let mut changed: HashMap<String, Collection> = HashMap::new();
        for Edit { collection, collection_row, document_id, entry } in edits {
            let collection = changed.entry(collection).or_insert_with_key(|name| {
                let before = self.collections.get(name);
                let documents = before.map(|before| before.documents.clone()).unwrap_or_default();
                Collection { row: collection_row, documents, vocabulary: OnceLock::new() }
            });
            match entry {
                Some(entry) => collection.documents.insert(document_id, Arc::new(entry)),
                None => collection.documents.remove(&document_id),
            };
        }
        let mut collections = self.collections.clone();
        collections.extend(changed.into_iter().map(|(name, collection)| (name, Arc::new(collection))));
        Self { generation, collections }
    }
}

impl Collection {
    pub(super) fn chunks(&self) -> u64 {
        self.documents.values().map(|entry| entry.chunks.len() as u64).sum()
    }
}

impl Entry {
    pub(super) fn passes(&self, document_id: &str, filter: &Filter) -> bool {
        let among =
            |values: &[String], value: &str| values.is_empty() || values.iter().any(|one| one == value);
        among(&filter.document_ids, document_id)
            && among(&filter.kinds, &self.kind)
            && among(&filter.languages, &self.language)
            && filter.modified_from_ms.is_none_or(|from| self.modified_ms >= from)
            && filter.modified_before_ms.is_none_or(|before| self.modified_ms < before)
            && filter.attributes.iter().all(|(key, value)| self.attributes.get(key) == Some(value))
    }
}

/// The newest pictures, oldest first.
#[derive(Debug)]
pub(super) struct Snapshots {
    recent: RwLock<VecDeque<Arc<Snapshot>>>,
}

impl Snapshots {
    pub(super) fn new(first: Snapshot) -> Self {
        Self { recent: RwLock::new(VecDeque::from([Arc::new(first)])) }
    }

    /// Returns the picture of a generation, if it is still kept.
    pub(super) fn of(&self, generation: u64) -> Option<Arc<Snapshot>> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        recent.iter().rev().find(|snapshot| snapshot.generation.number == generation).cloned()
    }

    /// Returns the newest picture. Only the writer may take it for the committed one.
    pub(super) fn newest(&self) -> Arc<Snapshot> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner);
        // There is always one: `new` puts it there and `publish` and `withdraw` leave at least one.
        recent.back().cloned().unwrap_or_else(|| {
            Arc::new(Snapshot { generation: Generation::default(), collections: HashMap::new() })
        })
    }

    pub(super) fn publish(&self, next: Snapshot) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        recent.push_back(Arc::new(next));
        if recent.len() > KEPT {
            recent.pop_front();
        }
    }

    /// Takes back a picture whose transaction did not commit.
    pub(super) fn withdraw(&self, generation: u64) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        if recent.len() > 1 {
            recent.retain(|snapshot| snapshot.generation.number != generation);
        }
    }
}

/// Reads the picture of a generation from the database.
pub(super) fn load(
    connection: &Connection,
    generation: Generation,
    dimensions: u32,
) -> Result<Snapshot, Error> {
    let mut collections: HashMap<String, Collection> = HashMap::new();
    let mut statement = connection.prepare_cached("SELECT id, name FROM collections")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        collections.insert(row.get(1)?, Collection { row: row.get(0)?, ..Collection::default() });
    }
    let mut statement = connection.prepare_cached(
        "SELECT c.name, d.document_id, v.id, v.kind, v.language, v.modified_ms, v.attributes FROM versions v \
         JOIN documents d ON d.id = v.document JOIN collections c ON c.id = d.collection \
         WHERE v.generation <= ?1 AND (v.ended IS NULL OR v.ended > ?1)",
    )?;
    let mut rows = statement.query([read::signed(generation.number)?])?;
    while let Some(row) = rows.next()? {
        let (name, document_id, version): (String, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let entry = Entry {
            row: version,
            kind: row.get(3)?,
            language: row.get(4)?,
            modified_ms: row.get(5)?,
            attributes: read::from_json(&row.get::<_, String>(6)?)?,
            chunks: read::chunk_rows(connection, version)?,
            vectors: read::vectors(connection, version)?,
        };
        if entry.vectors.len() != entry.chunks.len() * dimensions as usize {
            return Err(Error::Internal(anyhow::anyhow!(
                "document {document_id} of {name} has vectors of another size"
            )));
        }
        if let Some(collection) = collections.get_mut(&name) {
            collection.documents.insert(document_id, Arc::new(entry));
        }
    }
    let collections =
        collections.into_iter().map(|(name, collection)| (name, Arc::new(collection))).collect();
    Ok(Snapshot { generation, collections })
}

/// Vectors are stored as little-endian 32-bit floats.
pub(super) fn bytes(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

/// Returns the numbers of stored vectors.
pub(super) fn numbers(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}
