//! Chunk rows that versions of a document share: what makes two chunks the same row, finding rows again, storing new ones.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction};
use sha2::{Digest, Sha256};

use super::{read, snapshot, words};
use crate::error::Error;
use crate::model::{Chunk, Document};

/// The names of a chunk's row.
#[derive(Debug)]
pub(super) struct Key {
    /// Of headings and text: rows with equal ones may lend each other their vectors.
    pub(super) content: [u8; 32],
    /// Of everything that the row holds except the vector.
    pub(super) row: [u8; 32],
}

/// Names the chunks of one document in order.
#[derive(Debug)]
pub(super) struct Keys<'a> {
    document: &'a Document,
    title: String,
    seen: HashMap<[u8; 32], u32>,
}

impl<'a> Keys<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        Self { document, title: words::title_terms(document), seen: HashMap::new() }
    }

    /// Returns the key of the next chunk. Equal chunks of one version are rows of their own, told apart by their number.
    pub(super) fn next(&mut self, chunk: &Chunk) -> Key {
        let Document { embedding_model, embedding_dimensions, language, .. } = self.document;
        let content =
            embedding::content_key(embedding_model, *embedding_dimensions, &chunk.heading_path, &chunk.text);
        let mut hash = Sha256::new();
        // The parts of fixed length stand first and the only two of variable length are parted by a byte that neither holds.
        hash.update(content);
        hash.update(chunk.importance.to_le_bytes());
        hash.update(chunk.tokens.to_le_bytes());
        hash.update(chunk.content_type.to_le_bytes());
        hash.update(language.as_bytes());
        hash.update([0]);
        hash.update(self.title.as_bytes());
        let alike = self.seen.entry(hash.clone().finalize().into()).or_default();
        hash.update([0]);
        hash.update(alike.to_le_bytes());
        *alike += 1;
        Key { content, row: hash.finalize().into() }
    }
}

/// The rows that a version's chunks have in the store, in order.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) ids: Vec<i64>,
    /// The vectors one after the other.
    pub(super) vectors: Vec<f32>,
}

/// Stores the chunks of a document, using the rows again that it has already. [`Error::MissingVector`] for a chunk that came
/// without a vector and has none there.
pub(super) fn store(
    transaction: &Transaction<'_>,
    document: i64,
    chunks: &[Chunk],
    keys: &[Key],
) -> Result<Stored, Error> {
    let known = Known::read(transaction, document)?;
    let mut stored = Stored { ids: Vec::with_capacity(chunks.len()), vectors: Vec::new() };
    for (chunk, key) in chunks.iter().zip(keys) {
        let (row, vector) = match known.shared(transaction, key, &chunk.vector)? {
            Some((row, vector)) => (row, vector),
            None => {
                let vector = known.or_lent(transaction, key, chunk)?;
                let sql = "UPDATE state SET next_chunk = next_chunk + 1 RETURNING next_chunk - 1";
                let row: i64 = transaction.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
                insert(transaction, (row, document), key, chunk, &vector)?;
                (row, vector)
            }
        };
        stored.ids.push(row);
        stored.vectors.extend(vector);
    }
    Ok(stored)
}

/// The rows that a document has, newest first under each key.
#[derive(Default)]
struct Known {
    by_row: HashMap<[u8; 32], Vec<i64>>,
    by_content: HashMap<[u8; 32], i64>,
}

impl Known {
    fn read(transaction: &Transaction<'_>, document: i64) -> Result<Self, Error> {
        let sql = "SELECT id, content_key, row_key FROM chunks WHERE document = ?1 ORDER BY id DESC";
        let mut statement = transaction.prepare_cached(sql)?;
        let mut rows = statement.query([document])?;
        let mut known = Self::default();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            known.by_content.entry(row.get(1)?).or_insert(id);
            known.by_row.entry(row.get(2)?).or_default().push(id);
        }
        Ok(known)
    }

    /// Returns the row of an equal chunk with its vector: any, or the one given.
    fn shared(
        &self,
        transaction: &Transaction<'_>,
        key: &Key,
        given: &[f32],
    ) -> Result<Option<(i64, Vec<f32>)>, Error> {
        for row in self.by_row.get(&key.row).into_iter().flatten() {
            let vector = vector(transaction, *row)?;
            if given.is_empty() || vector == given {
                return Ok(Some((*row, vector)));
            }
        }
        Ok(None)
    }

    /// Returns the vector that a chunk came with, or that of a row with the same content.
    fn or_lent(&self, transaction: &Transaction<'_>, key: &Key, chunk: &Chunk) -> Result<Vec<f32>, Error> {
        if !chunk.vector.is_empty() {
            return Ok(chunk.vector.clone());
        }
        match self.by_content.get(&key.content) {
            Some(row) => vector(transaction, *row),
            None => Err(Error::MissingVector(chunk.ordinal)),
        }
    }
}

fn vector(transaction: &Transaction<'_>, row: i64) -> Result<Vec<f32>, Error> {
    let mut statement = transaction.prepare_cached("SELECT numbers FROM vectors WHERE chunk = ?1")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(snapshot::numbers(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?))
    };
    Ok(statement.query_row([row], read)?)
}

/// Adds a row with its vector; `row` and `document` are their numbers.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    (row, document): (i64, i64),
    key: &Key,
    chunk: &Chunk,
    vector: &[f32],
) -> Result<(), Error> {
    let sql = "INSERT INTO chunks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    transaction.prepare_cached(sql)?.execute((
        row,
        document,
        &key.content,
        &key.row,
        read::to_json(&chunk.heading_path)?,
        &chunk.text,
        chunk.importance,
        chunk.tokens,
        chunk.content_type,
    ))?;
    let sql = "INSERT INTO vectors VALUES (?1, ?2)";
    transaction.prepare_cached(sql)?.execute((row, snapshot::bytes(vector)))?;
    Ok(())
}

/// Notes where a version holds a row.
pub(super) fn place(
    transaction: &Transaction<'_>,
    (version, row): (i64, i64),
    chunk: &Chunk,
) -> Result<(), Error> {
    let range = chunk.byte_range.as_ref();
    let sql = "INSERT INTO places VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    transaction.prepare_cached(sql)?.execute((
        version,
        chunk.ordinal,
        row,
        range.map(|range| read::signed(range.start)).transpose()?,
        range.map(|range| read::signed(range.end)).transpose()?,
        chunk.page,
    ))?;
    Ok(())
}

/// Returns, for each content key in order, whether the document has a row with it.
pub(super) fn find(
    transaction: &Transaction<'_>,
    document: i64,
    keys: &[[u8; 32]],
) -> Result<Vec<bool>, Error> {
    let sql = "SELECT 1 FROM chunks WHERE document = ?1 AND content_key = ?2 LIMIT 1";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        found.push(statement.query_row((document, key), |_| Ok(())).optional()?.is_some());
    }
    Ok(found)
}
