//! Changes to the embedded store: one transaction each, with its picture of the vectors.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::snapshot::{Edit, Snapshots};
use super::{log, read, rows, versions, words};
use crate::error::Error;
use crate::model::{Change, ChangeKind, Chunk, Document, Generation};
use crate::store::Changed;

/// A change under way: nothing of it is seen before it is committed, and nothing remains of it if it is dropped.
pub(super) struct Writing<'a> {
    pub(super) transaction: Transaction<'a>,
    pub(super) snapshots: &'a Snapshots,
    /// How long earlier generations are kept.
    history: Duration,
}

impl<'a> Writing<'a> {
    pub(super) fn begin(
        connection: &'a mut Connection,
        snapshots: &'a Snapshots,
        history: Duration,
    ) -> Result<Self, Error> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        Ok(Self { transaction, snapshots, history })
    }

    pub(super) fn next_generation(&self) -> Result<Generation, Error> {
        let before = read::generation(&self.transaction)?;
        // A clock that was set back must not make time run backwards for the watchers.
        let next = Generation { number: before.number + 1, committed_ms: now_ms().max(before.committed_ms) };
        let sql = "UPDATE state SET generation = ?1, committed_ms = ?2";
        self.transaction.prepare_cached(sql)?.execute((read::signed(next.number)?, next.committed_ms))?;
        Ok(next)
    }

    /// Logs the change, lets go of what is too old and commits everything.
    pub(super) fn commit(self, change: &Change, edits: Vec<Edit>) -> Result<(), Error> {
        let Self { transaction, snapshots, history } = self;
        log::write(&transaction, change)?;
        log::expire(&transaction, change.generation.committed_ms, history)?;
        // First the picture, then the commit: a reader that sees the new rows finds the new vectors already there, and no
        // reader can see this generation before it is committed.
        snapshots.publish(snapshots.newest().with(change.generation, edits));
        transaction.commit().map_err(|error| {
            snapshots.withdraw(change.generation.number);
            Error::from(error)
        })
    }
}

/// A document with everything that can be computed before the transaction begins.
#[derive(Debug)]
pub(super) struct Prepared {
    document: Document,
    chunks: Vec<Chunk>,
    terms: Vec<words::Terms>,
    keys: Vec<rows::Key>,
}

impl Prepared {
    pub(super) fn new(document: Document, chunks: Vec<Chunk>) -> Self {
        let terms = words::terms_of(&document, &chunks);
        let mut keys = rows::Keys::of(&document);
        let keys = chunks.iter().map(|chunk| keys.next(chunk)).collect();
        Self { document, chunks, terms, keys }
    }
}

pub(super) fn replace(writing: Writing<'_>, new: &Prepared) -> Result<Changed, Error> {
    let transaction = &writing.transaction;
    let Prepared { document, chunks, terms, keys } = new;
    let collection = match collection(transaction, &document.collection)? {
        Some(row) => row,
        None => add_collection(transaction, &document.collection)?,
    };
    let row = versions::document_or_new(transaction, collection, &document.id)?;
    let old = versions::current(transaction, row)?;
    let generation = writing.next_generation()?;
    let stored = rows::store(transaction, row, chunks, keys)?;
    if let Some(old) = old {
        versions::end(transaction, old, generation)?;
    }
    let version = versions::insert(transaction, row, (document, chunks), generation, &stored.ids)?;
    let before = chunk_rows(transaction, old)?;
    versions::reindex(transaction, collection, &before, &stored.ids, |place| terms.get(place))?;
    log::release(transaction, collection, &document.id)?;
    let change = Change {
        generation,
        kind: if old.is_some() { ChangeKind::Replaced } else { ChangeKind::Added },
        collection: document.collection.clone(),
        document_id: document.id.clone(),
        count: read::count(chunks.len())?,
    };
    let entry = versions::entry(version, document, stored.ids, stored.vectors);
    let edit = Edit::new((&document.collection, collection), &document.id, Some(entry));
    writing.commit(&change, vec![edit])?;
    Ok(Changed { generation, existed: old.is_some() })
}

pub(super) fn delete(writing: Writing<'_>, name: &str, document_id: &str) -> Result<Changed, Error> {
    let transaction = &writing.transaction;
    let unchanged = Changed { generation: writing.snapshots.newest().generation, existed: false };
    let Some(collection) = collection(transaction, name)? else { return Ok(unchanged) };
    let row = versions::document(transaction, collection, document_id)?;
    let old = row.map(|row| versions::current(transaction, row)).transpose()?.flatten();
    log::release(transaction, collection, document_id)?;
    let Some(old) = old else {
        writing.transaction.commit()?;
        return Ok(unchanged);
    };
    let generation = writing.next_generation()?;
    remove_words(transaction, collection, old)?;
    versions::end(transaction, old, generation)?;
    let change = Change {
        generation,
        kind: ChangeKind::Deleted,
        collection: name.to_owned(),
        document_id: document_id.to_owned(),
        count: 0,
    };
    writing.commit(&change, vec![Edit::new((name, collection), document_id, None)])?;
    Ok(Changed { generation, existed: true })
}

/// Returns the rows of a version's chunks in order; none where there is no version.
pub(super) fn chunk_rows(
    transaction: &Transaction<'_>,
    version: Option<versions::Version>,
) -> Result<Vec<i64>, Error> {
    version.map_or_else(|| Ok(Vec::new()), |version| read::chunk_rows(transaction, version.id))
}

/// Takes a version out of the word index.
pub(super) fn remove_words(
    transaction: &Transaction<'_>,
    collection: i64,
    version: versions::Version,
) -> Result<(), Error> {
    for row in read::chunk_rows(transaction, version.id)? {
        words::delete(transaction, collection, row)?;
    }
    Ok(())
}

/// Returns the time now in milliseconds since the Unix epoch; 0 for a clock before it.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the row of a collection.
pub(super) fn collection(transaction: &Transaction<'_>, name: &str) -> Result<Option<i64>, Error> {
    let sql = "SELECT id FROM collections WHERE name = ?1";
    Ok(transaction.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()?)
}

fn add_collection(transaction: &Transaction<'_>, name: &str) -> Result<i64, Error> {
    transaction.execute("INSERT INTO collections (name) VALUES (?1)", [name])?;
    let row = transaction.last_insert_rowid();
    words::create(transaction, row)?;
    words::secure(transaction, row)?;
    Ok(row)
}
