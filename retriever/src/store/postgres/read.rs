//! Documents, chunks and history as they are read back, each answer from one snapshot.

use deadpool_postgres::{ClientWrapper, Transaction};
use tokio_postgres::{IsolationLevel, Row};

use super::header;
use crate::error::Error;
use crate::model::{Change, ChangeKind, Chunk, Document, Generation, Summary, Withheld};
use crate::store::{History, Listing, Place, Stored};

/// Columns of `versions v` and `collections c` that make a [`Summary`].
const SUMMARY: &str = "c.name, v.header, v.chunk_count, v.indexed_ms, v.generation";
const CURRENT: &str = "chatbot.documents d JOIN chatbot.versions v ON v.id = d.current \
    JOIN chatbot.collections c ON c.id = d.collection";
/// Columns of `placements p` and `chunks k` that make a [`Chunk`].
const CHUNK: &str = "p.ordinal, k.heading_path, k.text, p.first_byte, p.end_byte, p.page, k.importance, k.tokens, k.content_type";

/// The condition on `documents d` that its collection was named. Row-level security asks for the same of everybody but
/// superusers.
pub(super) const NAMED: &str = "d.collection = ANY (current_setting('chatbot.collections')::integer[])";

/// Begins a reading transaction that sees one snapshot, and the rows of these collections only.
pub(super) async fn begin<'a>(
    client: &'a mut ClientWrapper,
    collections: &[String],
) -> Result<Transaction<'a>, Error> {
    let building = client.build_transaction().read_only(true).isolation_level(IsolationLevel::RepeatableRead);
    let transaction = building.start().await?;
    name_collections(&transaction, collections).await?;
    // A superuser is above row-level security, so it reads as the role that is not.
    let sql = "SELECT set_config('role', 'chatbot_search', true) FROM pg_roles \
               WHERE rolname = current_user AND (rolsuper OR rolbypassrls)";
    transaction.query_opt(&transaction.prepare_cached(sql).await?, &[]).await?;
    Ok(transaction)
}

/// Opens the rows of these collections, and of no other, to the rest of the transaction.
pub(super) async fn name_collections(
    transaction: &Transaction<'_>,
    collections: &[String],
) -> Result<(), Error> {
    let sql = "SELECT set_config('chatbot.collections', coalesce(\
               (SELECT array_agg(id)::text FROM chatbot.collections WHERE name = ANY ($1)), '{}'), true)";
    transaction.query_one(&transaction.prepare_cached(sql).await?, &[&collections]).await?;
    Ok(())
}

/// Returns the committed generation as the transaction sees it.
pub(super) async fn generation(transaction: &Transaction<'_>) -> Result<Generation, Error> {
    let sql = "SELECT generation, committed_ms FROM chatbot.state";
    let row = transaction.query_one(&transaction.prepare_cached(sql).await?, &[]).await?;
    Ok(Generation { number: unsigned(row.try_get(0)?), committed_ms: row.try_get(1)? })
}

/// Returns the names of the collections that hold a document, sorted.
pub(super) async fn collections(client: &mut ClientWrapper) -> Result<(Vec<String>, Generation), Error> {
    let transaction = begin(client, &[]).await?;
    let generation = generation(&transaction).await?;
    // Which of all collections hold a document is the one question that is asked across them.
    let sql = "SELECT set_config('chatbot.collections', coalesce(array_agg(id), '{}')::text, true) FROM chatbot.collections";
    transaction.query_one(&transaction.prepare_cached(sql).await?, &[]).await?;
    let sql = "SELECT c.name FROM chatbot.collections c WHERE EXISTS \
               (SELECT 1 FROM chatbot.documents d WHERE d.collection = c.id AND d.current IS NOT NULL) ORDER BY c.name";
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[]).await?;
    let names = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    Ok((names, generation))
}

pub(super) async fn list(
    client: &mut ClientWrapper,
    collections: &[String],
    after: Option<(String, String)>,
    limit: u32,
) -> Result<Listing, Error> {
    let transaction = begin(client, collections).await?;
    let generation = generation(&transaction).await?;
    let (after_name, after_id) = after.unwrap_or_default();
    let sql = format!(
        "SELECT {SUMMARY} FROM {CURRENT} WHERE c.name = ANY ($1) AND (c.name, d.name) > ($2, $3) \
         ORDER BY c.name, d.name LIMIT $4"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let most = i64::from(limit) + 1;
    let rows = transaction.query(&statement, &[&collections, &after_name, &after_id, &most]).await?;
    let mut documents = rows.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
    let has_more = documents.len() > limit as usize;
    documents.truncate(limit as usize);
    Ok(Listing { documents, has_more, generation })
}

pub(super) async fn get(
    client: &mut ClientWrapper,
    collections: &[String],
    document_id: &str,
) -> Result<Option<Stored>, Error> {
    let transaction = begin(client, collections).await?;
    let sql = format!(
        "SELECT {SUMMARY}, v.id FROM {CURRENT} WHERE c.name = ANY ($1) AND d.name = $2 \
         ORDER BY array_position($1, c.name) LIMIT 1"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let Some(row) = transaction.query_opt(&statement, &[&collections, &document_id]).await? else {
        return Ok(None);
    };
    let version: i64 = row.try_get(5)?;
    let sql = format!(
        "SELECT {CHUNK} FROM chatbot.placements p JOIN chatbot.chunks k ON k.id = p.chunk WHERE p.version = $1 \
         ORDER BY p.ordinal"
    );
    let rows = transaction.query(&transaction.prepare_cached(&sql).await?, &[&version]).await?;
    let chunks = rows.iter().map(|row| chunk(row, 0)).collect::<Result<_, _>>()?;
    Ok(Some(Stored { summary: summary(&row)?, chunks }))
}

pub(super) async fn chunks(
    client: &mut ClientWrapper,
    place: &Place,
    ordinals: std::ops::Range<u32>,
) -> Result<Vec<Chunk>, Error> {
    let transaction = begin(client, std::slice::from_ref(&place.collection)).await?;
    if let Some(asked) = place.generation {
        let newest = generation(&transaction).await?;
        super::history::check_kept(&transaction, asked, newest).await?;
    }
    let number = place.generation.map(signed).transpose()?;
    let sql = format!(
        "SELECT {CHUNK} FROM chatbot.documents d \
         JOIN chatbot.versions v ON v.document = d.id \
         JOIN chatbot.placements p ON p.version = v.id JOIN chatbot.chunks k ON k.id = p.chunk \
         WHERE {NAMED} AND d.name = $1 AND p.ordinal >= $2 AND p.ordinal < $3 \
         AND CASE WHEN $4::bigint IS NULL THEN v.id = d.current \
             ELSE v.generation <= $4 AND (v.ended IS NULL OR v.ended > $4) END \
         ORDER BY p.ordinal"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let (first, end) = (bounded(ordinals.start), bounded(ordinals.end));
    let rows = transaction.query(&statement, &[&place.document_id, &first, &end, &number]).await?;
    rows.iter().map(|row| chunk(row, 0)).collect()
}

pub(super) async fn find_vectors(
    client: &mut ClientWrapper,
    collection: String,
    document_id: &str,
    keys: &[[u8; 32]],
) -> Result<Vec<bool>, Error> {
    let transaction = begin(client, &[collection]).await?;
    let sql = format!(
        "SELECT k.content_key FROM chatbot.documents d JOIN chatbot.chunks k ON k.document = d.id \
         WHERE {NAMED} AND d.name = $1"
    );
    let rows = transaction.query(&transaction.prepare_cached(&sql).await?, &[&document_id]).await?;
    let stored =
        rows.iter().map(|row| row.try_get(0)).collect::<Result<std::collections::HashSet<&[u8]>, _>>()?;
    Ok(keys.iter().map(|key| stored.contains(key.as_slice())).collect())
}

pub(super) async fn history(
    client: &mut ClientWrapper,
    before: Option<u64>,
    limit: u32,
) -> Result<History, Error> {
    let transaction = begin(client, &[]).await?;
    let sql = "SELECT oldest FROM chatbot.state";
    let oldest = transaction.query_one(&transaction.prepare_cached(sql).await?, &[]).await?.try_get(0)?;
    let sql = "SELECT generation, committed_ms, kind, collection, document, count, target FROM chatbot.changes \
               WHERE generation < $1 ORDER BY generation DESC LIMIT $2";
    let before = before.map_or(Ok(i64::MAX), signed).unwrap_or(i64::MAX);
    let most = i64::from(limit) + 1;
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&before, &most]).await?;
    let mut changes = rows.iter().map(change).collect::<Result<Vec<_>, _>>()?;
    let has_more = changes.len() > limit as usize;
    changes.truncate(limit as usize);
    Ok(History { changes, has_more, oldest: unsigned(oldest) })
}

pub(super) async fn withheld(
    client: &mut ClientWrapper,
    collections: &[String],
) -> Result<Vec<Withheld>, Error> {
    let transaction = begin(client, collections).await?;
    let sql = "SELECT c.name, w.document, w.content_sha256 FROM chatbot.withheld w \
               JOIN chatbot.collections c ON c.id = w.collection WHERE c.name = ANY ($1) ORDER BY c.name, w.document";
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&collections]).await?;
    let read = |row: &Row| {
        Ok(Withheld {
            collection: row.try_get(0)?,
            document_id: row.try_get(1)?,
            content_sha256: row.try_get(2)?,
        })
    };
    rows.iter().map(read).collect()
}

fn change(row: &Row) -> Result<Change, Error> {
    let kind = match row.try_get(2)? {
        "added" => ChangeKind::Added,
        "replaced" => ChangeKind::Replaced,
        "deleted" => ChangeKind::Deleted,
        "rolled_back" => ChangeKind::RolledBack(unsigned(row.try_get::<_, Option<i64>>(6)?.unwrap_or(0))),
        "purged" => ChangeKind::Purged,
        other => return Err(Error::Internal(anyhow::anyhow!("a change of the unknown kind {other}"))),
    };
    Ok(Change {
        generation: Generation { number: unsigned(row.try_get(0)?), committed_ms: row.try_get(1)? },
        kind,
        collection: row.try_get(3)?,
        document_id: row.try_get(4)?,
        count: unsigned_32(row.try_get(5)?),
    })
}

fn summary(row: &Row) -> Result<Summary, Error> {
    Ok(Summary {
        document: document(row, row.try_get(0)?, 1)?,
        chunk_count: unsigned_32(row.try_get(2)?),
        indexed_ms: row.try_get(3)?,
        generation: unsigned(row.try_get(4)?),
    })
}

/// Reads a document from its header in column `at`.
pub(super) fn document(row: &Row, collection: String, at: usize) -> Result<Document, Error> {
    header::document(row.try_get(at)?, collection)
}

/// Reads a chunk from nine columns, the first of which is `at`: ordinal, headings, text, first byte, end byte, page,
/// importance, tokens, content type.
pub(super) fn chunk(row: &Row, at: usize) -> Result<Chunk, Error> {
    let headings: String = row.try_get(at + 1)?;
    let range = row.try_get::<_, Option<i64>>(at + 3)?.zip(row.try_get::<_, Option<i64>>(at + 4)?);
    Ok(Chunk {
        ordinal: unsigned_32(row.try_get(at)?),
        heading_path: serde_json::from_str(&headings).map_err(|error| Error::Internal(error.into()))?,
        text: row.try_get(at + 2)?,
        byte_range: range.map(|(start, end)| unsigned(start)..unsigned(end)),
        page: row.try_get::<_, Option<i32>>(at + 5)?.map(unsigned_32),
        importance: row.try_get(at + 6)?,
        vector: Vec::new(),
        tokens: unsigned_32(row.try_get(at + 7)?),
        content_type: row.try_get(at + 8)?,
    })
}

/// PostgreSQL counts in signed numbers; only those that it was given unsigned come back through here.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn unsigned_32(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

pub(super) fn signed(number: u64) -> Result<i64, Error> {
    i64::try_from(number)
        .map_err(|_| Error::Invalid(format!("{number} is too large; expected less than 2^63")))
}

/// Numbers beyond the largest that a column holds mean as much as that one.
pub(super) fn bounded(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
