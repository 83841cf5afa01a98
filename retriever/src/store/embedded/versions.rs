//! Versions of documents: finding, adding, ending and removing them. What a version no longer shares goes with it.

use rusqlite::{OptionalExtension, Row, Transaction};

use super::{read, rows, snapshot::Entry, words};
use crate::error::Error;
use crate::model::{Chunk, Document, Generation};

/// Most versions that one call removes, so that no change waits long for it; more than a replacement ends.
const MOST_REMOVED: u32 = 8;

/// The version of a document that holds now, or held at some generation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Version {
    pub(super) id: i64,
    /// Row of the document.
    pub(super) document: i64,
}

impl Version {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self { id: row.get(0)?, document: row.get(1)? })
    }
}

/// Returns the row of a document, if any of its versions is kept.
pub(super) fn document(
    transaction: &Transaction<'_>,
    collection: i64,
    document_id: &str,
) -> Result<Option<i64>, Error> {
    let sql = "SELECT id FROM documents WHERE collection = ?1 AND document_id = ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.query_row((collection, document_id), |row| row.get(0)).optional()?)
}

/// Returns the row of a document, added where it is missing.
pub(super) fn document_or_new(
    transaction: &Transaction<'_>,
    collection: i64,
    document_id: &str,
) -> Result<i64, Error> {
    if let Some(row) = document(transaction, collection, document_id)? {
        return Ok(row);
    }
    let sql = "INSERT INTO documents (collection, document_id) VALUES (?1, ?2)";
    transaction.prepare_cached(sql)?.execute((collection, document_id))?;
    Ok(transaction.last_insert_rowid())
}

/// Returns the current version of a document.
pub(super) fn current(transaction: &Transaction<'_>, document: i64) -> Result<Option<Version>, Error> {
    let sql = "SELECT id, document FROM versions WHERE document = ?1 AND ended IS NULL";
    Ok(transaction.prepare_cached(sql)?.query_row([document], Version::read).optional()?)
}

/// Returns the versions of a document that are no longer current.
pub(super) fn ended(transaction: &Transaction<'_>, document: i64) -> Result<Vec<Version>, Error> {
    let sql = "SELECT id, document FROM versions WHERE document = ?1 AND ended IS NOT NULL";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.query_map([document], Version::read)?.collect::<Result<_, _>>()?)
}

/// Returns the version of a document that held at a generation.
pub(super) fn at(
    transaction: &Transaction<'_>,
    document: i64,
    generation: u64,
) -> Result<Option<Version>, Error> {
    let sql = "SELECT id, document FROM versions WHERE document = ?1 AND generation <= ?2 AND (ended IS NULL OR ended > ?2)";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.query_row((document, read::signed(generation)?), Version::read).optional()?)
}

/// Adds the current version of a document whose chunks have the rows given.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    row: i64,
    (document, chunks): (&Document, &[Chunk]),
    generation: Generation,
    ids: &[i64],
) -> Result<Version, Error> {
    let sql = "INSERT INTO versions (document, generation, title, kind, language, content_sha256, content_bytes, modified_ms, \
               source_url, attributes, embedding_model, embedding_dimensions, chunking_version, chunk_count, indexed_ms) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
    transaction.prepare_cached(sql)?.execute((
        row,
        read::signed(generation.number)?,
        &document.title,
        &document.kind,
        &document.language,
        &document.content_sha256,
        read::signed(document.content_bytes)?,
        document.modified_ms,
        &document.source_url,
        read::to_json(&document.attributes)?,
        &document.embedding_model,
        document.embedding_dimensions,
        document.chunking_version,
        read::count(chunks.len())?,
        generation.committed_ms,
    ))?;
    let version = Version { id: transaction.last_insert_rowid(), document: row };
    for (chunk, id) in chunks.iter().zip(ids) {
        rows::place(transaction, (version.id, *id), chunk)?;
    }
    Ok(version)
}

/// Adds a copy of an earlier version as the current one.
pub(super) fn restore(
    transaction: &Transaction<'_>,
    earlier: Version,
    generation: Generation,
) -> Result<Version, Error> {
    let sql = "INSERT INTO versions (document, generation, title, kind, language, content_sha256, content_bytes, modified_ms, \
               source_url, attributes, embedding_model, embedding_dimensions, chunking_version, chunk_count, indexed_ms) \
               SELECT document, ?2, title, kind, language, content_sha256, content_bytes, modified_ms, source_url, attributes, \
               embedding_model, embedding_dimensions, chunking_version, chunk_count, indexed_ms FROM versions WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute((earlier.id, read::signed(generation.number)?))?;
    let id = transaction.last_insert_rowid();
    let sql = "INSERT INTO places SELECT ?2, ordinal, chunk, first_byte, end_byte, page FROM places WHERE version = ?1";
    transaction.prepare_cached(sql)?.execute((earlier.id, id))?;
    Ok(Version { id, document: earlier.document })
}

/// Ends a version with the generation that no longer holds it.
pub(super) fn end(
    transaction: &Transaction<'_>,
    version: Version,
    generation: Generation,
) -> Result<(), Error> {
    let sql = "UPDATE versions SET ended = ?2 WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute((version.id, read::signed(generation.number)?))?;
    Ok(())
}

/// Returns whether two versions of a document hold the same.
pub(super) fn are_equal(transaction: &Transaction<'_>, left: Version, right: Version) -> Result<bool, Error> {
    let sql = "SELECT count(*) FROM (SELECT title, kind, language, content_sha256, content_bytes, modified_ms, source_url, \
               attributes, embedding_model, embedding_dimensions, chunking_version, chunk_count FROM versions \
               WHERE id IN (?1, ?2) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)";
    let kinds: i64 = transaction.prepare_cached(sql)?.query_row((left.id, right.id), |row| row.get(0))?;
    let sql = "SELECT 1 FROM (SELECT ordinal, chunk, first_byte, end_byte, page FROM places WHERE version = ?1 \
               EXCEPT SELECT ordinal, chunk, first_byte, end_byte, page FROM places WHERE version = ?2) LIMIT 1";
    let differs =
        transaction.prepare_cached(sql)?.query_row((left.id, right.id), |_| Ok(())).optional()?.is_some();
    Ok(kinds == 1 && !differs)
}

/// Returns what the picture in memory holds of a version.
pub(super) fn entry(version: Version, document: &Document, chunks: Vec<i64>, vectors: Vec<f32>) -> Entry {
    Entry {
        row: version.id,
        kind: document.kind.clone(),
        language: document.language.clone(),
        modified_ms: document.modified_ms,
        attributes: document.attributes.clone(),
        chunks,
        vectors,
    }
}

/// Removes versions of one document, and the chunks that only they held. Those of a current version must leave the word
/// index first.
pub(super) fn remove(transaction: &Transaction<'_>, document: i64, versions: &[i64]) -> Result<(), Error> {
    for version in versions {
        transaction.prepare_cached("DELETE FROM places WHERE version = ?1")?.execute([version])?;
        transaction.prepare_cached("DELETE FROM versions WHERE id = ?1")?.execute([version])?;
    }
    let unused = "SELECT id FROM chunks WHERE document = ?1 AND NOT EXISTS (SELECT 1 FROM places WHERE chunk = chunks.id)";
    let rows: Vec<i64> = transaction
        .prepare_cached(unused)?
        .query_map([document], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for row in rows {
        transaction.prepare_cached("DELETE FROM vectors WHERE chunk = ?1")?.execute([row])?;
        transaction.prepare_cached("DELETE FROM chunks WHERE id = ?1")?.execute([row])?;
    }
    let sql = "DELETE FROM documents WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM versions WHERE document = documents.id)";
    transaction.prepare_cached(sql)?.execute([document])?;
    Ok(())
}

/// Removes some of the versions that ended before the oldest generation that is kept, and returns whether there were any.
pub(super) fn remove_expired(transaction: &Transaction<'_>) -> Result<bool, Error> {
    let sql =
        "SELECT id, document FROM versions WHERE ended <= (SELECT oldest FROM state) ORDER BY ended LIMIT ?1";
    let expired: Vec<Version> = transaction
        .prepare_cached(sql)?
        .query_map([MOST_REMOVED], Version::read)?
        .collect::<Result<_, _>>()?;
    for version in &expired {
        remove(transaction, version.document, &[version.id])?;
    }
    Ok(!expired.is_empty())
}

/// Brings the word index of a collection from the chunks of one version to those of another.
pub(super) fn reindex<'a>(
    transaction: &Transaction<'_>,
    collection: i64,
    before: &[i64],
    after: &[i64],
    terms: impl Fn(usize) -> Option<&'a words::Terms>,
) -> Result<(), Error> {
    let (old, new) = (sorted(before), sorted(after));
    for row in before.iter().filter(|row| new.binary_search(row).is_err()) {
        words::delete(transaction, collection, *row)?;
    }
    for (place, row) in after.iter().enumerate().filter(|(_, row)| old.binary_search(row).is_err()) {
        if let Some(terms) = terms(place) {
            words::insert(transaction, collection, *row, terms)?;
        }
    }
    Ok(())
}

fn sorted(rows: &[i64]) -> Vec<i64> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}
