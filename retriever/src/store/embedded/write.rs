//! Changes to the embedded store: one transaction each, with its picture of the vectors.

use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::snapshot::{self, Entry, Snapshots};
use super::{read, words};
use crate::error::Error;
use crate::model::{Chunk, Document, Feedback, Generation};
use crate::store::Changed;

/// A document with everything that can be computed before the transaction begins.
#[derive(Debug)]
pub(super) struct Prepared {
    document: Document,
    chunks: Vec<Chunk>,
    terms: Vec<words::Terms>,
    vectors: Vec<f32>,
}

impl Prepared {
    pub(super) fn new(document: Document, chunks: Vec<Chunk>) -> Self {
        let title = words::title_terms(&document);
        let terms =
            chunks.iter().map(|chunk| words::chunk_terms(&title, chunk, &document.language)).collect();
        let vectors = chunks.iter().flat_map(|chunk| chunk.vector.iter().copied()).collect();
        Self { document, chunks, terms, vectors }
    }
}

struct Old {
    row: i64,
    first_chunk: i64,
    chunk_count: u32,
}

pub(super) fn replace(
    connection: &mut Connection,
    snapshots: &Snapshots,
    new: &Prepared,
) -> Result<Changed, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let collection = match collection(&transaction, &new.document.collection)? {
        Some(row) => row,
        None => add_collection(&transaction, &new.document.collection)?,
    };
    let old = old(&transaction, collection, &new.document.id)?;
    if let Some(old) = &old {
        remove(&transaction, collection, old)?;
    }
    let generation = next_generation(&transaction)?;
    let entry = insert(&transaction, collection, new, generation)?;
    let place = (new.document.collection.as_str(), collection, new.document.id.as_str());
    let next = snapshots.newest().with(generation, place, Some(entry));
    commit(transaction, snapshots, next)?;
    Ok(Changed { generation, existed: old.is_some() })
}

pub(super) fn delete(
    connection: &mut Connection,
    snapshots: &Snapshots,
    name: &str,
    document_id: &str,
) -> Result<Changed, Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let unchanged = Changed { generation: snapshots.newest().generation, existed: false };
    let Some(collection) = collection(&transaction, name)? else { return Ok(unchanged) };
    let Some(old) = old(&transaction, collection, document_id)? else { return Ok(unchanged) };
    remove(&transaction, collection, &old)?;
    let generation = next_generation(&transaction)?;
    let next = snapshots.newest().with(generation, (name, collection, document_id), None);
    commit(transaction, snapshots, next)?;
    Ok(Changed { generation, existed: true })
}

pub(super) fn record(connection: &Connection, feedback: &Feedback) -> Result<(), Error> {
    let sql = "INSERT INTO feedback (answer_id, positive, comment, given_ms, stored_ms) VALUES (?1, ?2, ?3, ?4, ?5)";
    let Feedback { answer_id, positive, comment, given_ms } = feedback;
    connection.prepare_cached(sql)?.execute((answer_id, positive, comment, given_ms, now_ms()))?;
    Ok(())
}

/// Returns the time now in milliseconds since the Unix epoch; 0 for a clock before it.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

fn commit(
    transaction: Transaction<'_>,
    snapshots: &Snapshots,
    next: snapshot::Snapshot,
) -> Result<(), Error> {
    let generation = next.generation.number;
    // First the picture, then the commit: a reader that sees the new rows finds the new vectors already there, and no
    // reader can see this generation before it is committed.
    snapshots.publish(next);
    transaction.commit().map_err(|error| {
        snapshots.withdraw(generation);
        Error::from(error)
    })
}

fn collection(transaction: &Transaction<'_>, name: &str) -> Result<Option<i64>, Error> {
    let sql = "SELECT id FROM collections WHERE name = ?1";
    Ok(transaction.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?)
}

fn add_collection(transaction: &Transaction<'_>, name: &str) -> Result<i64, Error> {
    transaction.execute("INSERT INTO collections (name) VALUES (?1)", [name])?;
    let row = transaction.last_insert_rowid();
    words::create(transaction, row)?;
    Ok(row)
}

fn old(transaction: &Transaction<'_>, collection: i64, document_id: &str) -> Result<Option<Old>, Error> {
    let sql = "SELECT id, first_chunk, chunk_count FROM documents WHERE collection = ?1 AND document_id = ?2";
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Old { row: row.get(0)?, first_chunk: row.get(1)?, chunk_count: row.get(2)? })
    };
    Ok(transaction.prepare_cached(sql)?.query_row((collection, document_id), read).optional()?)
}

fn remove(transaction: &Transaction<'_>, collection: i64, old: &Old) -> Result<(), Error> {
    let chunks = old.first_chunk..old.first_chunk + i64::from(old.chunk_count);
    words::delete(transaction, collection, chunks.clone())?;
    let sql = "DELETE FROM chunks WHERE id >= ?1 AND id < ?2";
    transaction.prepare_cached(sql)?.execute((chunks.start, chunks.end))?;
    transaction.prepare_cached("DELETE FROM vectors WHERE document = ?1")?.execute([old.row])?;
    transaction.prepare_cached("DELETE FROM documents WHERE id = ?1")?.execute([old.row])?;
    Ok(())
}

fn next_generation(transaction: &Transaction<'_>) -> Result<Generation, Error> {
    let before = read::generation(transaction)?;
    // A clock that was set back must not make time run backwards for the watchers.
    let next = Generation { number: before.number + 1, committed_ms: now_ms().max(before.committed_ms) };
    let number = i64::try_from(next.number).map_err(|error| Error::Internal(anyhow::Error::new(error)))?;
    let sql = "UPDATE state SET generation = ?1, committed_ms = ?2";
    transaction.prepare_cached(sql)?.execute((number, next.committed_ms))?;
    Ok(next)
}

fn insert(
    transaction: &Transaction<'_>,
    collection: i64,
    new: &Prepared,
    generation: Generation,
) -> Result<Entry, Error> {
    let count =
        u32::try_from(new.chunks.len()).map_err(|error| Error::Internal(anyhow::Error::new(error)))?;
    let sql = "UPDATE state SET next_chunk = next_chunk + ?1 RETURNING next_chunk - ?1";
    let first_chunk: i64 = transaction.prepare_cached(sql)?.query_row([count], |row| row.get(0))?;
    let document = &new.document;
    let sql = "INSERT INTO documents (collection, document_id, title, kind, language, content_sha256, content_bytes, modified_ms, \
               source_url, attributes, embedding_model, embedding_dimensions, chunking_version, first_chunk, chunk_count, \
               indexed_ms, generation) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    transaction.prepare_cached(sql)?.execute(rusqlite::params![
        collection,
        document.id,
        document.title,
        document.kind,
        document.language,
        document.content_sha256,
        read::signed(document.content_bytes)?,
        document.modified_ms,
        document.source_url,
        read::to_json(&document.attributes)?,
        document.embedding_model,
        document.embedding_dimensions,
        document.chunking_version,
        first_chunk,
        count,
        generation.committed_ms,
        read::signed(generation.number)?,
    ])?;
    let row = transaction.last_insert_rowid();
    transaction
        .prepare_cached("INSERT INTO vectors VALUES (?1, ?2)")?
        .execute((row, snapshot::bytes(&new.vectors)))?;
    for (chunk, id) in new.chunks.iter().zip(first_chunk..) {
        insert_chunk(transaction, (id, row), chunk)?;
    }
    for (terms, id) in new.terms.iter().zip(first_chunk..) {
        words::insert(transaction, collection, id, terms)?;
    }
    Ok(Entry {
        row,
        kind: document.kind.clone(),
        language: document.language.clone(),
        modified_ms: document.modified_ms,
        attributes: document.attributes.clone(),
        first_chunk,
        chunk_count: count,
        vectors: new.vectors.clone(),
    })
}

fn insert_chunk(
    transaction: &Transaction<'_>,
    (id, document): (i64, i64),
    chunk: &Chunk,
) -> Result<(), Error> {
    let range = chunk.byte_range.as_ref();
    let sql = "INSERT INTO chunks VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    transaction.prepare_cached(sql)?.execute((
        id,
        document,
        read::to_json(&chunk.heading_path)?,
        &chunk.text,
        range.map(|range| read::signed(range.start)).transpose()?,
        range.map(|range| read::signed(range.end)).transpose()?,
        chunk.page,
        chunk.importance,
        chunk.tokens,
        chunk.content_type,
    ))?;
    Ok(())
}
