//! Going back to an earlier generation, and removing what nobody may go back to.

use deadpool_postgres::{ClientWrapper, Transaction};

use super::chunks::{self, Moved};
use super::places;
use super::read::{NAMED, name_collections, signed, unsigned};
use super::write::{self, Target};
use crate::error::Error;
use crate::model::Generation;
use crate::store::{Purged, RolledBack};

/// Versions that one sweep of expired ones removes, so that no lock is held for long.
const MOST_EXPIRED: i64 = 200;
/// Tables that hold texts, whose space is freed after a purge.
const CLEANED: &str = "VACUUM chatbot.chunks, chatbot.words, chatbot.live, chatbot.retired, chatbot.versions, \
                       chatbot.placements, chatbot.documents, chatbot.terms, chatbot.changes";

/// A document that a rollback changes.
struct Difference {
    target: Target,
    name: String,
    /// Hash of the live content; empty where there is none.
    undone: Vec<u8>,
    /// The version that comes back, nothing where the document did not exist.
    wanted: Option<i64>,
}

/// Makes the collections what they were at a generation.
pub(super) async fn rollback(
    client: &mut ClientWrapper,
    collections: &[String],
    number: u64,
) -> Result<RolledBack, Error> {
    let transaction = client.transaction().await?;
    let before = lock(&transaction).await?;
    check_kept(&transaction, number, before).await?;
    name_collections(&transaction, collections).await?;
    let differences = differences(&transaction, signed(number)?).await?;
    if differences.is_empty() {
        return Ok(RolledBack { generation: before, documents: 0 });
    }
    let generation = write::next_generation(&transaction).await?;
    for difference in &differences {
        go_back(&transaction, difference, generation).await?;
    }
    let documents = u32::try_from(differences.len()).unwrap_or(u32::MAX);
    let count = i32::try_from(documents).unwrap_or(i32::MAX);
    let name = only(collections);
    write::note(&transaction, generation, ("rolled_back", name, ""), (count, Some(signed(number)?))).await?;
    write::commit(transaction, generation).await?;
    Ok(RolledBack { generation, documents })
}

/// Returns the collection where it is the only one, else nothing.
fn only(collections: &[String]) -> &str {
    match collections {
        [first, others @ ..] if others.iter().all(|other| other == first) => first,
        _ => "",
    }
}

/// Keeps every other change out until the end of the transaction, and returns the generation that it changes.
async fn lock(transaction: &Transaction<'_>) -> Result<Generation, Error> {
    let sql = "SELECT generation, committed_ms FROM chatbot.state FOR UPDATE";
    let row = transaction.query_one(&transaction.prepare_cached(sql).await?, &[]).await?;
    Ok(Generation { number: unsigned(row.try_get(0)?), committed_ms: row.try_get(1)? })
}

/// Refuses a generation that is not kept.
pub(super) async fn check_kept(
    transaction: &Transaction<'_>,
    asked: u64,
    newest: Generation,
) -> Result<(), Error> {
    let sql = "SELECT oldest FROM chatbot.state";
    let row = transaction.query_one(&transaction.prepare_cached(sql).await?, &[]).await?;
    let oldest = unsigned(row.try_get(0)?);
    if (oldest..=newest.number).contains(&asked) {
        return Ok(());
    }
    Err(Error::UnknownGeneration { asked, oldest, newest: newest.number })
}

async fn differences(transaction: &Transaction<'_>, number: i64) -> Result<Vec<Difference>, Error> {
    let sql = format!(
        "SELECT d.collection, d.id, d.current, d.name, coalesce(live.content_sha256, ''), earlier.id \
               FROM chatbot.documents d \
               LEFT JOIN chatbot.versions live ON live.id = d.current \
               LEFT JOIN chatbot.versions earlier ON earlier.document = d.id AND earlier.generation <= $1 \
                    AND (earlier.ended IS NULL OR earlier.ended > $1) \
               WHERE {NAMED} AND coalesce(live.origin, live.id) IS DISTINCT FROM coalesce(earlier.origin, earlier.id) \
               ORDER BY d.id FOR UPDATE OF d"
    );
    let rows = transaction.query(&transaction.prepare_cached(&sql).await?, &[&number]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Difference {
            target: Target {
                collection: row.try_get(0)?,
                document: row.try_get(1)?,
                current: row.try_get(2)?,
            },
            name: row.try_get(3)?,
            undone: row.try_get(4)?,
            wanted: row.try_get(5)?,
        })
    };
    rows.iter().map(read).collect()
}

async fn go_back(
    transaction: &Transaction<'_>,
    difference: &Difference,
    generation: Generation,
) -> Result<(), Error> {
    let Difference { target, name, undone, wanted } = difference;
    let live = chunks::of_version(transaction, target.current).await?;
    let earlier = chunks::of_version(transaction, *wanted).await?;
    let without = |chunks: &[i64], others: &[i64]| -> Vec<i64> {
        chunks.iter().filter(|chunk| others.binary_search(chunk).is_err()).copied().collect()
    };
    let moved = Moved { revived: without(&earlier, &live), retired: without(&live, &earlier) };
    chunks::retire(transaction, &moved.retired).await?;
    chunks::revive(transaction, &moved.revived).await?;
    write::end_version(transaction, target, generation).await?;
    if let Some(wanted) = wanted {
        let version = copy_version(transaction, *wanted, generation).await?;
        write::set_current(transaction, target.document, Some(version)).await?;
    }
    chunks::count(transaction, target.collection, &moved, generation).await?;
    let sql = "INSERT INTO chatbot.withheld VALUES ($1, $2, $3) \
               ON CONFLICT (collection, document) DO UPDATE SET content_sha256 = excluded.content_sha256";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&target.collection, name, undone]).await?;
    Ok(())
}

async fn copy_version(
    transaction: &Transaction<'_>,
    version: i64,
    generation: Generation,
) -> Result<i64, Error> {
    let number = signed(generation.number)?;
    let sql = "INSERT INTO chatbot.versions (collection, document, origin, generation, kind, language, content_sha256, \
               modified_ms, attributes, header, chunk_count, indexed_ms) \
               SELECT collection, document, coalesce(origin, id), $2, kind, language, content_sha256, modified_ms, \
               attributes, header, chunk_count, $3 FROM chatbot.versions WHERE id = $1 RETURNING id";
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction.query_one(&statement, &[&version, &number, &generation.committed_ms]).await?;
    let copy: i64 = row.try_get(0)?;
    places::copy(transaction, version, copy).await?;
    Ok(copy)
}

/// Removes documents, or their earlier versions, from all generations.
pub(super) async fn purge(
    client: &mut ClientWrapper,
    collections: &[String],
    document_id: Option<&str>,
    keep_current: bool,
) -> Result<Purged, Error> {
    let transaction = client.transaction().await?;
    let before = lock(&transaction).await?;
    name_collections(&transaction, collections).await?;
    let sql = format!(
        "SELECT v.id FROM chatbot.versions v JOIN chatbot.documents d ON d.id = v.document \
         WHERE {NAMED} AND ($1::text IS NULL OR d.name = $1) AND NOT ($2 AND v.id IS NOT DISTINCT FROM d.current) \
         ORDER BY v.id"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    let rows = transaction.query(&statement, &[&document_id, &keep_current]).await?;
    let versions: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if versions.is_empty() {
        return Ok(Purged { generation: before, versions: 0 });
    }
    let generation = write::next_generation(&transaction).await?;
    let documents = remove(&transaction, &versions, generation).await?;
    if !keep_current {
        forget_names(&transaction, collections, document_id).await?;
    }
    let sql = "DELETE FROM chatbot.terms WHERE chunks = 0";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[]).await?;
    let name = only(collections);
    write::note(&transaction, generation, ("purged", name, ""), (documents, None)).await?;
    write::commit(transaction, generation).await?;
    // The rows are gone; this frees their space. It may fail on a busy server and is tried again by the server itself.
    if let Err(error) = client.batch_execute(CLEANED).await {
        tracing::warn!(%error, "space was not freed after a purge");
    }
    Ok(Purged { generation, versions: u32::try_from(versions.len()).unwrap_or(u32::MAX) })
}

/// Removes names from the log and from what is withheld, which would tell that the documents existed.
async fn forget_names(
    transaction: &Transaction<'_>,
    collections: &[String],
    document_id: Option<&str>,
) -> Result<(), Error> {
    let sql = "UPDATE chatbot.changes SET document = '' WHERE collection = ANY ($1) AND ($2::text IS NULL OR document = $2)";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&collections, &document_id]).await?;
    let sql =
        format!("DELETE FROM chatbot.withheld d WHERE {NAMED} AND ($1::text IS NULL OR d.document = $1)");
    transaction.execute(&transaction.prepare_cached(&sql).await?, &[&document_id]).await?;
    let sql = format!(
        "DELETE FROM chatbot.documents d WHERE {NAMED} AND d.current IS NULL AND ($1::text IS NULL OR d.name = $1)"
    );
    transaction.execute(&transaction.prepare_cached(&sql).await?, &[&document_id]).await?;
    Ok(())
}

/// Removes versions and the chunks that no other version has. Returns how many documents they were of.
async fn remove(
    transaction: &Transaction<'_>,
    versions: &[i64],
    generation: Generation,
) -> Result<i32, Error> {
    let sql = "UPDATE chatbot.documents SET current = NULL WHERE current = ANY ($1)";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&versions]).await?;
    let sql = "DELETE FROM chatbot.versions WHERE id = ANY ($1) RETURNING document";
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&versions]).await?;
    let mut documents = rows.iter().map(|row| row.try_get(0)).collect::<Result<Vec<i64>, _>>()?;
    documents.sort_unstable();
    documents.dedup();
    let sql = "SELECT k.collection, k.id, w.live FROM chatbot.chunks k JOIN chatbot.words w ON w.chunk = k.id \
               WHERE k.document = ANY ($1) AND NOT EXISTS (SELECT 1 FROM chatbot.placements p WHERE p.chunk = k.id) \
               ORDER BY k.collection";
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&documents]).await?;
    let orphans: Vec<(i32, i64, bool)> = rows
        .iter()
        .map(|row| Ok::<_, Error>((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?)))
        .collect::<Result<_, _>>()?;
    for of_collection in orphans.chunk_by(|left, right| left.0 == right.0) {
        let live = of_collection.iter().filter(|(_, _, is_live)| *is_live);
        let moved = Moved { retired: live.map(|(_, chunk, _)| *chunk).collect(), ..Moved::default() };
        if let Some((collection, _, _)) = of_collection.first().filter(|_| !moved.retired.is_empty()) {
            chunks::count(transaction, *collection, &moved, generation).await?;
        }
    }
    let ids: Vec<i64> = orphans.iter().map(|(_, chunk, _)| *chunk).collect();
    let sql = "DELETE FROM chatbot.chunks WHERE id = ANY ($1)";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&ids]).await?;
    Ok(i32::try_from(documents.len()).unwrap_or(i32::MAX))
}

/// Removes versions that ended before a time, a bounded number at once. Returns whether more may be left.
pub(super) async fn expire(client: &mut ClientWrapper, ended_before_ms: i64) -> Result<bool, Error> {
    let transaction = client.transaction().await?;
    let sql = "SELECT set_config('chatbot.collections', coalesce(array_agg(id), '{}')::text, true) FROM chatbot.collections";
    transaction.query_one(&transaction.prepare_cached(sql).await?, &[]).await?;
    let sql = "SELECT id, ended FROM chatbot.versions WHERE ended IS NOT NULL AND ended_ms < $1 ORDER BY ended LIMIT $2";
    let statement = transaction.prepare_cached(sql).await?;
    let rows = transaction.query(&statement, &[&ended_before_ms, &MOST_EXPIRED]).await?;
    let Some(last) = rows.last() else { return Ok(false) };
    let newest = lock(&transaction).await?;
    // Without these versions the generations before their end are incomplete.
    let oldest: i64 = last.try_get(1)?;
    let sql = "UPDATE chatbot.state SET oldest = greatest(oldest, $1)";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&oldest]).await?;
    let versions: Vec<i64> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    remove(&transaction, &versions, newest).await?;
    let sql = "DELETE FROM chatbot.documents d WHERE d.current IS NULL \
               AND NOT EXISTS (SELECT 1 FROM chatbot.versions v WHERE v.document = d.id)";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[]).await?;
    transaction.commit().await?;
    Ok(i64::try_from(versions.len()).is_ok_and(|count| count == MOST_EXPIRED))
}
