//! The log of changes, what rollbacks withhold, and how far back the store can be searched.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior};

use super::{read, versions, write};
use crate::error::Error;
use crate::model::{Change, ChangeKind, Generation, Withheld};
use crate::store::History;

/// How the log names the kinds of change.
const ADDED: i64 = 1;
const REPLACED: i64 = 2;
const DELETED: i64 = 3;
const ROLLED_BACK: i64 = 4;
const PURGED: i64 = 5;

/// What a transaction reads of the store's state.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) newest: Generation,
    /// The oldest generation that can be searched.
    pub(super) oldest: u64,
    /// The generation of the last purge; 0 before the first one.
    pub(super) purged: u64,
    /// When the newest generation that the log does not hold was committed.
    unlogged_ms: i64,
}

impl State {
    pub(super) fn read(connection: &Connection) -> Result<Self, Error> {
        let newest = read::generation(connection)?;
        let sql = "SELECT oldest, purged, unlogged_ms FROM state";
        Ok(connection.prepare_cached(sql)?.query_row([], |row| {
            let (oldest, purged) = (read::unsigned(row.get(0)?), read::unsigned(row.get(1)?));
            Ok(Self { newest, oldest, purged, unlogged_ms: row.get(2)? })
        })?)
    }

    /// Refuses a generation that is not kept.
    pub(super) fn check(&self, asked: u64) -> Result<(), Error> {
        let (oldest, newest) = (self.oldest, self.newest.number);
        if (oldest..=newest).contains(&asked) {
            return Ok(());
        }
        Err(Error::UnknownGeneration { asked, oldest, newest })
    }

    /// Returns a generation that is kept, with its time.
    pub(super) fn generation(&self, connection: &Connection, number: u64) -> Result<Generation, Error> {
        if number == self.newest.number {
            return Ok(self.newest);
        }
        let sql = "SELECT committed_ms FROM changes WHERE generation = ?1";
        let logged: Option<i64> = connection
            .prepare_cached(sql)?
            .query_row([read::signed(number)?], |row| row.get(0))
            .optional()?;
        Ok(Generation { number, committed_ms: logged.unwrap_or(self.unlogged_ms) })
    }
}

/// Notes a committed change.
pub(super) fn write(transaction: &Transaction<'_>, change: &Change) -> Result<(), Error> {
    let (kind, target) = match change.kind {
        ChangeKind::Added => (ADDED, None),
        ChangeKind::Replaced => (REPLACED, None),
        ChangeKind::Deleted => (DELETED, None),
        ChangeKind::RolledBack(target) => (ROLLED_BACK, Some(read::signed(target)?)),
        ChangeKind::Purged => (PURGED, None),
    };
    let sql = "INSERT INTO changes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    transaction.prepare_cached(sql)?.execute((
        read::signed(change.generation.number)?,
        change.generation.committed_ms,
        kind,
        &change.collection,
        &change.document_id,
        change.count,
        target,
    ))?;
    Ok(())
}

/// Returns at most `limit` changes with a number below `before`, newest first.
pub(super) fn history(
    connection: &mut Connection,
    before: Option<u64>,
    limit: u32,
) -> Result<History, Error> {
    let transaction = connection.transaction()?;
    let oldest = State::read(&transaction)?.oldest;
    let before = before.and_then(|before| i64::try_from(before).ok()).unwrap_or(i64::MAX);
    let sql = "SELECT generation, committed_ms, kind, collection, document_id, count, target FROM changes \
               WHERE generation < ?1 ORDER BY generation DESC LIMIT ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query((before, i64::from(limit) + 1))?;
    let mut changes = Vec::new();
    while let Some(row) = rows.next()? {
        changes.push(change(row)?);
    }
    let has_more = changes.len() > limit as usize;
    changes.truncate(limit as usize);
    Ok(History { changes, has_more, oldest })
}

fn change(row: &Row<'_>) -> Result<Change, Error> {
    let target: Option<i64> = row.get(6)?;
    let kind = match row.get(2)? {
        ADDED => ChangeKind::Added,
        REPLACED => ChangeKind::Replaced,
        DELETED => ChangeKind::Deleted,
        ROLLED_BACK => ChangeKind::RolledBack(read::unsigned(target.unwrap_or(0))),
        PURGED => ChangeKind::Purged,
        other => return Err(Error::Internal(anyhow::anyhow!("the log holds a change of kind {other}"))),
    };
    let generation = Generation { number: read::unsigned(row.get(0)?), committed_ms: row.get(1)? };
    Ok(Change { generation, kind, collection: row.get(3)?, document_id: row.get(4)?, count: row.get(5)? })
}

/// Lets go of the generations that were superseded longer than `kept` ago, and removes some of what only they held. The
/// generation is the newest one, already in the log. Returns whether anything was removed.
pub(super) fn expire(transaction: &Transaction<'_>, now_ms: i64, kept: Duration) -> Result<bool, Error> {
    let kept_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    let sql = "UPDATE state SET oldest = max(oldest, coalesce((SELECT generation FROM changes WHERE committed_ms <= ?1 \
               ORDER BY committed_ms DESC, generation DESC LIMIT 1), 0))";
    transaction.prepare_cached(sql)?.execute([now_ms.saturating_sub(kept_ms)])?;
    versions::remove_expired(transaction)
}

/// Lets go of everything that is too old when a store is opened.
pub(super) fn expire_all(connection: &mut Connection, kept: Duration) -> Result<(), Error> {
    loop {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let newest = read::generation(&transaction)?;
        let has_removed = expire(&transaction, write::now_ms().max(newest.committed_ms), kept)?;
        transaction.commit()?;
        if !has_removed {
            return Ok(());
        }
    }
}

/// Notes the content that a rollback undid; empty where the document's absence was undone.
pub(super) fn withhold(
    transaction: &Transaction<'_>,
    collection: i64,
    document_id: &str,
    content_sha256: &[u8],
) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO withheld VALUES (?1, ?2, ?3)";
    transaction.prepare_cached(sql)?.execute((collection, document_id, content_sha256))?;
    Ok(())
}

/// Ends what a rollback withheld of a document.
pub(super) fn release(
    transaction: &Transaction<'_>,
    collection: i64,
    document_id: &str,
) -> Result<(), Error> {
    let sql = "DELETE FROM withheld WHERE collection = ?1 AND document_id = ?2";
    transaction.prepare_cached(sql)?.execute((collection, document_id))?;
    Ok(())
}

/// Returns what is withheld in the collections, ordered by collection and id.
pub(super) fn withheld(connection: &mut Connection, names: &[String]) -> Result<Vec<Withheld>, Error> {
    let sql = "SELECT c.name, w.document_id, w.content_sha256 FROM withheld w JOIN collections c ON c.id = w.collection \
               WHERE c.name IN (SELECT value FROM json_each(?1)) ORDER BY c.name, w.document_id";
    let mut statement = connection.prepare_cached(sql)?;
    let read = |row: &Row<'_>| {
        Ok(Withheld { collection: row.get(0)?, document_id: row.get(1)?, content_sha256: row.get(2)? })
    };
    Ok(statement.query_map([read::to_json(names)?], read)?.collect::<Result<_, _>>()?)
}
