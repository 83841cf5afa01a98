//! Opens connections, and brings the tables to the newest version. Word tables are made per collection, see `words`.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior};

use crate::error::Error;
use crate::store::Model;

/// How long a connection waits for another one's lock; readers never need it, the writer only after a crash.
const BUSY: Duration = Duration::from_secs(5);
/// Prepared statements each connection keeps.
const CACHED_STATEMENTS: usize = 64;

/// One step each; a step is never changed once released.
const MIGRATIONS: [&str; 1] = ["
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        generation INTEGER NOT NULL,
        committed_ms INTEGER NOT NULL,
        next_chunk INTEGER NOT NULL,
        embedding_model TEXT NOT NULL,
        embedding_dimensions INTEGER NOT NULL
    ) STRICT;
    INSERT INTO state VALUES (1, 0, 0, 1, '', 0);
    CREATE TABLE collections (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY,
        collection INTEGER NOT NULL REFERENCES collections (id),
        document_id TEXT NOT NULL,
        title TEXT NOT NULL,
        kind TEXT NOT NULL,
        language TEXT NOT NULL,
        content_sha256 BLOB NOT NULL,
        content_bytes INTEGER NOT NULL,
        modified_ms INTEGER NOT NULL,
        source_url TEXT NOT NULL,
        attributes TEXT NOT NULL,
        embedding_model TEXT NOT NULL,
        embedding_dimensions INTEGER NOT NULL,
        chunking_version INTEGER NOT NULL,
        first_chunk INTEGER NOT NULL,
        chunk_count INTEGER NOT NULL,
        indexed_ms INTEGER NOT NULL,
        generation INTEGER NOT NULL,
        UNIQUE (collection, document_id)
    ) STRICT;
    CREATE TABLE vectors (
        document INTEGER PRIMARY KEY REFERENCES documents (id),
        numbers BLOB NOT NULL
    ) STRICT;
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY,
        document INTEGER NOT NULL REFERENCES documents (id),
        heading_path TEXT NOT NULL,
        text TEXT NOT NULL,
        first_byte INTEGER,
        end_byte INTEGER,
        page INTEGER,
        importance REAL NOT NULL,
        tokens INTEGER NOT NULL,
        content_type INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE feedback (
        id INTEGER PRIMARY KEY,
        answer_id TEXT NOT NULL,
        positive INTEGER NOT NULL,
        comment TEXT NOT NULL,
        given_ms INTEGER NOT NULL,
        stored_ms INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX feedback_by_answer ON feedback (answer_id);
"];

pub(super) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let connection = Connection::open(path)?;
    configure(&connection)?;
    // WAL lets readers go on while a change is written; FULL makes a commit durable before it is acknowledged.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
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
    let known = MIGRATIONS.len();
    if applied as usize > known {
        return Err(Error::Invalid(format!(
            "the store has schema {applied}, this program knows up to {known}: use a newer one"
        )));
    }
    for (step, version) in MIGRATIONS.iter().zip(1u32..).skip(applied as usize) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(step)?;
        transaction.execute("INSERT INTO migrations VALUES (?1, ?2)", (version, super::write::now_ms()))?;
        transaction.commit()?;
    }
    Ok(())
}

/// Notes the model of an empty store, and refuses another one for a store that holds documents.
pub(super) fn adopt_model(connection: &mut Connection, model: &Model) -> Result<(), Error> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stored = stored_model(&transaction)?;
    let holds_documents =
        transaction.query_row("SELECT 1 FROM documents LIMIT 1", [], |_| Ok(())).optional()?.is_some();
    if &stored == model {
        return Ok(());
    }
    if holds_documents {
        return Err(Error::Incompatible { stored: stored.to_string(), offered: model.to_string() });
    }
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
