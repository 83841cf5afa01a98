//! Changes: one transaction each. What can be done beside other writers comes first; the row of the state is locked last
//! and until the commit, so that generations are committed in the order of their numbers.

use std::time::{SystemTime, UNIX_EPOCH};

use deadpool_postgres::{ClientWrapper, Transaction};

use super::chunks::{self, Moved};
use super::places;
use super::prepared::Prepared;
use super::read::{name_collections, signed, unsigned};
use crate::error::Error;
use crate::model::{Document, Generation};
use crate::store::Changed;

/// Channel on which a committed generation is announced to other retrievers.
pub(super) const CHANNEL: &str = "chatbot_generation";

/// A document's rows, locked for the rest of the transaction.
pub(super) struct Target {
    pub(super) collection: i32,
    pub(super) document: i64,
    /// The live version.
    pub(super) current: Option<i64>,
}

pub(super) async fn replace(client: &mut ClientWrapper, new: &Prepared) -> Result<Changed, Error> {
    let transaction = client.transaction().await?;
    let Document { collection, id, .. } = &new.document;
    let target = target(&transaction, collection, id).await?;
    let (moved, rows) = chunks::place(&transaction, &target, new).await?;
    let generation = next_generation(&transaction).await?;
    end_version(&transaction, &target, generation).await?;
    let version = add_version(&transaction, &target, new, generation).await?;
    places::add(&transaction, target.collection, version, new, &rows).await?;
    chunks::count(&transaction, target.collection, &moved, generation).await?;
    let kind = if target.current.is_some() { "replaced" } else { "added" };
    let count = i32::try_from(new.chunks.len()).unwrap_or(i32::MAX);
    note(&transaction, generation, (kind, collection, id), (count, None)).await?;
    forget_withheld(&transaction, target.collection, id).await?;
    commit(transaction, generation).await?;
    Ok(Changed { generation, existed: target.current.is_some() })
}

pub(super) async fn delete(
    client: &mut ClientWrapper,
    collection: &str,
    document_id: &str,
) -> Result<Option<Changed>, Error> {
    let transaction = client.transaction().await?;
    let Some(target) = existing(&transaction, collection, document_id).await? else { return Ok(None) };
    if target.current.is_none() {
        return Ok(None);
    }
    let retired = chunks::of_version(&transaction, target.current).await?;
    let moved = Moved { retired, ..Moved::default() };
    chunks::retire(&transaction, &moved.retired).await?;
    let generation = next_generation(&transaction).await?;
    end_version(&transaction, &target, generation).await?;
    chunks::count(&transaction, target.collection, &moved, generation).await?;
    note(&transaction, generation, ("deleted", collection, document_id), (0, None)).await?;
    forget_withheld(&transaction, target.collection, document_id).await?;
    commit(transaction, generation).await?;
    Ok(Some(Changed { generation, existed: true }))
}

/// Returns the time now in milliseconds since the Unix epoch; 0 for a clock before it.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Returns the rows of a document, made where they are missing, and opens its collection to the transaction.
async fn target(transaction: &Transaction<'_>, collection: &str, document_id: &str) -> Result<Target, Error> {
    if let Some(target) = existing(transaction, collection, document_id).await? {
        return Ok(target);
    }
    let sql = "INSERT INTO chatbot.collections (name) VALUES ($1) ON CONFLICT (name) DO NOTHING";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&collection]).await?;
    name_collections(transaction, &[collection.to_owned()]).await?;
    let sql = "INSERT INTO chatbot.documents (collection, name) SELECT id, $2 FROM chatbot.collections WHERE name = $1 \
               ON CONFLICT (collection, name) DO NOTHING";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&collection, &document_id]).await?;
    let target = existing(transaction, collection, document_id).await?;
    target.ok_or_else(|| Error::Internal(anyhow::anyhow!("a document that was just made is missing")))
}

/// Returns the rows of a document if it ever existed.
async fn existing(
    transaction: &Transaction<'_>,
    collection: &str,
    document_id: &str,
) -> Result<Option<Target>, Error> {
    name_collections(transaction, &[collection.to_owned()]).await?;
    let sql = "SELECT d.collection, d.id, d.current FROM chatbot.documents d \
               JOIN chatbot.collections c ON c.id = d.collection WHERE c.name = $1 AND d.name = $2 FOR UPDATE OF d";
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction.query_opt(&statement, &[&collection, &document_id]).await?;
    row.map(|row| {
        Ok(Target { collection: row.try_get(0)?, document: row.try_get(1)?, current: row.try_get(2)? })
    })
    .transpose()
}

/// Takes the next number. Every other change waits for this one's commit from here on.
pub(super) async fn next_generation(transaction: &Transaction<'_>) -> Result<Generation, Error> {
    // A clock that was set back must not make time run backwards for the watchers.
    let sql = "UPDATE chatbot.state SET generation = generation + 1, committed_ms = greatest(committed_ms, $1) \
               RETURNING generation, committed_ms";
    let row = transaction.query_one(&transaction.prepare_cached(sql).await?, &[&now_ms()]).await?;
    Ok(Generation { number: unsigned(row.try_get(0)?), committed_ms: row.try_get(1)? })
}

/// Ends the live version of a document, if it has one.
pub(super) async fn end_version(
    transaction: &Transaction<'_>,
    target: &Target,
    generation: Generation,
) -> Result<(), Error> {
    let number = signed(generation.number)?;
    let sql = "UPDATE chatbot.versions SET ended = $2, ended_ms = $3 WHERE id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&target.current, &number, &generation.committed_ms]).await?;
    set_current(transaction, target.document, None).await
}

pub(super) async fn set_current(
    transaction: &Transaction<'_>,
    document: i64,
    version: Option<i64>,
) -> Result<(), Error> {
    let sql = "UPDATE chatbot.documents SET current = $2 WHERE id = $1";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&document, &version]).await?;
    Ok(())
}

async fn add_version(
    transaction: &Transaction<'_>,
    target: &Target,
    new: &Prepared,
    generation: Generation,
) -> Result<i64, Error> {
    let document = &new.document;
    let sql = "INSERT INTO chatbot.versions (collection, document, generation, kind, language, content_sha256, \
               modified_ms, attributes, header, chunk_count, indexed_ms) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11) RETURNING id";
    let attributes =
        serde_json::to_string(&document.attributes).map_err(|error| Error::Internal(error.into()))?;
    let count = i32::try_from(new.chunks.len()).unwrap_or(i32::MAX);
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction
        .query_one(
            &statement,
            &[
                &target.collection,
                &target.document,
                &signed(generation.number)?,
                &document.kind,
                &document.language,
                &document.content_sha256,
                &document.modified_ms,
                &attributes,
                &new.header,
                &count,
                &generation.committed_ms,
            ],
        )
        .await?;
    let version = row.try_get(0)?;
    set_current(transaction, target.document, Some(version)).await?;
    Ok(version)
}

/// Writes a change into the log: kind, collection and document; count and the generation it went back to.
pub(super) async fn note(
    transaction: &Transaction<'_>,
    generation: Generation,
    (kind, collection, document_id): (&str, &str, &str),
    (count, target): (i32, Option<i64>),
) -> Result<(), Error> {
    let sql = "INSERT INTO chatbot.changes VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let number = signed(generation.number)?;
    let statement = transaction.prepare_cached(sql).await?;
    transaction
        .execute(
            &statement,
            &[&number, &generation.committed_ms, &kind, &collection, &document_id, &count, &target],
        )
        .await?;
    Ok(())
}

async fn forget_withheld(
    transaction: &Transaction<'_>,
    collection: i32,
    document_id: &str,
) -> Result<(), Error> {
    let sql = "DELETE FROM chatbot.withheld WHERE collection = $1 AND document = $2";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&collection, &document_id]).await?;
    Ok(())
}

/// Commits, and with that announces the generation.
pub(super) async fn commit(transaction: Transaction<'_>, generation: Generation) -> Result<(), Error> {
    let payload = format!("{} {}", generation.number, generation.committed_ms);
    let statement = transaction.prepare_cached("SELECT pg_notify($1, $2)").await?;
    transaction.execute(&statement, &[&CHANNEL, &payload]).await?;
    transaction.commit().await?;
    Ok(())
}
