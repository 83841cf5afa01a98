//! Opens connections, and brings the tables to the newest version. Word tables are made per collection, see `words`.

mod steps;

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use super::versions;
use crate::error::Error;
use crate::store::Model;
use steps::STEPS;

/// How long a connection waits for another one's lock; readers never need it, the writer only after a crash and to
/// clean up after a purge.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements each connection keeps.
const CACHED_STATEMENTS: usize = 64;

pub(super) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    configure(&connection)?;
    // WAL lets readers go on while a change is written; FULL makes a commit durable before it is acknowledged.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // What is deleted is overwritten: a purge must leave nothing behind.
    connection.pragma_update_and_check(None, "secure_delete", "ON", |_| Ok(()))?;
    Ok(connection)
}

pub(super) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    configure(&connection)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> Result<(), Error> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(())
}

/// Applies the steps that the database has not seen, each in its own transaction together with its number.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), Error> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL) STRICT",
    )?;
    let applied: u32 =
        connection.query_row("SELECT coalesce(max(version), 0) FROM migrations", [], |row| row.get(0))?;
    let known = STEPS.len();
    if applied as usize > known {
        return Err(Error::Invalid(format!(
            "the store has schema {applied}, this program knows up to {known}: use a newer one"
        )));
    }
    for (step, version) in STEPS.iter().zip(1u32..).skip(applied as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step.sql)?;
        (step.convert)(&transaction)?;
        transaction.execute("INSERT INTO migrations VALUES (?1, ?2)", (version, super::write::now_ms()))?;
        transaction.commit()?;
    }
    Ok(())
}

/// Notes the model of an empty store, and refuses another one for a store that holds documents. Earlier versions alone do
/// not count: nobody could search them with another model, so they go.
pub(super) fn adopt_model(connection: &mut Connection, model: &Model) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stored = stored_model(&transaction)?;
    if &stored == model {
        return Ok(());
    }
    let current = "SELECT 1 FROM versions WHERE ended IS NULL LIMIT 1";
    if transaction.query_row(current, [], |_| Ok(())).optional()?.is_some() {
        return Err(Error::Incompatible { stored: stored.to_string(), offered: model.to_string() });
    }
    transaction.execute("UPDATE state SET oldest = generation", [])?;
    while versions::remove_expired(&transaction)? {}
    transaction.execute(
        "UPDATE state SET embedding_model = ?1, embedding_dimensions = ?2",
        (&model.id, model.dimensions),
    )?;
    transaction.commit()?;
    Ok(())
}

fn stored_model(transaction: &Transaction<'_>) -> Result<Model, Error> {
    let sql = "SELECT embedding_model, embedding_dimensions FROM state";
    Ok(transaction.query_row(sql, [], |row| Ok(Model { id: row.get(0)?, dimensions: row.get(1)? }))?)
}

/// Leaves nothing of what a purge removed in the files. The purge is committed whatever becomes of this: the next change,
/// or the next start, tries again.
pub(super) fn clean(connection: &Connection) {
    if let Err(error) = try_clean(connection) {
        tracing::warn!(cause = %error, "the files could not be cleaned up after a purge");
    }
}

fn try_clean(connection: &Connection) -> Result<(), Error> {
    let mut unclean = connection.prepare_cached("SELECT unclean FROM state")?;
    if !unclean.query_row([], |row| row.get::<_, bool>(0))? {
        return Ok(());
    }
    // Deleted rows are overwritten, but a page may keep a copy of a row that once moved on to another page. Only writing all
    // pages anew leaves none.
    connection.execute_batch("VACUUM")?;
    // The log file holds the pages as they were until it is emptied, which a reader of an earlier state may prevent.
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if is_busy {
        tracing::warn!("the log file could not be emptied after a purge, because it is being read");
        return Ok(());
    }
    connection.execute("UPDATE state SET unclean = 0", [])?;
    Ok(())
}
