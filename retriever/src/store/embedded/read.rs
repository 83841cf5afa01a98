//! Documents and chunks as they are read back, each answer within one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::log::State;
use super::{rows, snapshot};
use crate::error::Error;
use crate::model::{Chunk, Document, Generation, Summary};
use crate::store::{Listing, Place, Stored};

/// Columns that make a [`Summary`].
const SUMMARY: &str = "c.name, d.document_id, v.title, v.kind, v.language, v.content_sha256, v.content_bytes, v.modified_ms, \
    v.source_url, v.attributes, v.embedding_model, v.embedding_dimensions, v.chunking_version, v.chunk_count, v.indexed_ms, \
    v.generation";
/// Where they come from.
const VERSIONS: &str =
    "collections c JOIN documents d ON d.collection = c.id JOIN versions v ON v.document = d.id";
/// Columns of `chunks k` and `places p` that make a [`Chunk`].
const CHUNK: &str = "p.ordinal, k.heading_path, k.text, p.first_byte, p.end_byte, p.page, k.importance, k.tokens, \
    k.content_type";

/// Returns the committed generation as the connection sees it.
pub(super) fn generation(connection: &Connection) -> Result<Generation, Error> {
    let sql = "SELECT generation, committed_ms FROM state";
    let (number, committed_ms): (i64, i64) =
        connection.prepare_cached(sql)?.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Generation { number: unsigned(number), committed_ms })
}

/// Returns the names of the collections that hold a document, sorted.
pub(super) fn collections(connection: &mut Connection) -> Result<(Vec<String>, Generation), Error> {
    let transaction = connection.transaction()?;
    let generation = generation(&transaction)?;
    let sql = "SELECT c.name FROM collections c WHERE EXISTS (SELECT 1 FROM documents d JOIN versions v ON v.document = d.id \
               WHERE d.collection = c.id AND v.ended IS NULL) ORDER BY c.name";
    let mut statement = transaction.prepare_cached(sql)?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok((names, generation))
}

pub(super) fn list(
    connection: &mut Connection,
    names: &[String],
    after: Option<(String, String)>,
    limit: u32,
) -> Result<Listing, Error> {
    let transaction = connection.transaction()?;
    let generation = generation(&transaction)?;
    let (after_name, after_id) = after.unwrap_or_default();
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT {SUMMARY} FROM {VERSIONS} WHERE v.ended IS NULL AND c.name IN (SELECT value FROM json_each(?1)) \
         AND (c.name, d.document_id) > (?2, ?3) ORDER BY c.name, d.document_id LIMIT ?4"
    ))?;
    let mut rows = statement.query((to_json(names)?, after_name, after_id, i64::from(limit) + 1))?;
    let mut documents = Vec::new();
    while let Some(row) = rows.next()? {
        documents.push(summary(row)?);
    }
    let has_more = documents.len() > limit as usize;
    documents.truncate(limit as usize);
    Ok(Listing { documents, has_more, generation })
}

pub(super) fn get(
    connection: &mut Connection,
    names: &[String],
    document_id: &str,
) -> Result<Option<Stored>, Error> {
    let transaction = connection.transaction()?;
    for name in names {
        let sql = format!(
            "SELECT {SUMMARY}, v.id FROM {VERSIONS} WHERE c.name = ?1 AND d.document_id = ?2 AND v.ended IS NULL"
        );
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut rows = statement.query((name, document_id))?;
        let Some(row) = rows.next()? else { continue };
        let (summary, version): (Summary, i64) = (summary(row)?, row.get(16)?);
        let chunks = chunks_of(&transaction, version, 0..u32::MAX)?;
        return Ok(Some(Stored { summary, chunks }));
    }
    Ok(None)
}

/// Returns some chunks of a document as it is or was.
pub(super) fn chunks_at(
    connection: &mut Connection,
    place: &Place,
    ordinals: Range<u32>,
) -> Result<Vec<Chunk>, Error> {
    let transaction = connection.transaction()?;
    let state = State::read(&transaction)?;
    let generation = place.generation.unwrap_or(state.newest.number);
    state.check(generation)?;
    let sql = format!(
        "SELECT v.id FROM {VERSIONS} WHERE c.name = ?1 AND d.document_id = ?2 \
         AND v.generation <= ?3 AND (v.ended IS NULL OR v.ended > ?3)"
    );
    let asked = (&place.collection, &place.document_id, signed(generation)?);
    let version: Option<i64> =
        transaction.prepare_cached(&sql)?.query_row(asked, |row| row.get(0)).optional()?;
    version.map_or_else(|| Ok(Vec::new()), |version| chunks_of(&transaction, version, ordinals))
}

/// Returns which content keys have a vector among the versions of a document.
pub(super) fn find_vectors(
    connection: &mut Connection,
    (collection, document_id): (&str, &str),
    keys: &[[u8; 32]],
) -> Result<Vec<bool>, Error> {
    let transaction = connection.transaction()?;
    let sql = "SELECT d.id FROM documents d JOIN collections c ON c.id = d.collection WHERE c.name = ?1 AND d.document_id = ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let document = statement.query_row((collection, document_id), |row| row.get(0)).optional()?;
    document.map_or_else(|| Ok(vec![false; keys.len()]), |document| rows::find(&transaction, document, keys))
}

/// Reads the document of a version.
pub(super) fn document(transaction: &Transaction<'_>, version: i64) -> Result<Document, Error> {
    let sql = format!("SELECT {SUMMARY} FROM {VERSIONS} WHERE v.id = ?1");
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([version])?;
    let row = rows.next()?.ok_or_else(|| Error::Internal(anyhow::anyhow!("a chunk without its document")))?;
    Ok(summary(row)?.document)
}

fn summary(row: &Row<'_>) -> Result<Summary, Error> {
    let document = Document {
        collection: row.get(0)?,
        id: row.get(1)?,
        title: row.get(2)?,
        kind: row.get(3)?,
        language: row.get(4)?,
        content_sha256: row.get(5)?,
        content_bytes: unsigned(row.get(6)?),
        modified_ms: row.get(7)?,
        source_url: row.get(8)?,
        attributes: from_json::<BTreeMap<String, String>>(&row.get::<_, String>(9)?)?,
        embedding_model: row.get(10)?,
        embedding_dimensions: row.get(11)?,
        chunking_version: row.get(12)?,
    };
    Ok(Summary {
        document,
        chunk_count: row.get(13)?,
        indexed_ms: row.get(14)?,
        generation: unsigned(row.get(15)?),
    })
}

/// A chunk with its row and that of its version.
pub(super) struct ChunkRow {
    pub(super) id: i64,
    pub(super) version: i64,
    pub(super) chunk: Chunk,
}

/// Reads the chunks with these rows as they are in the versions that hold at a generation.
pub(super) fn chunks_among(
    transaction: &Transaction<'_>,
    rows: &[i64],
    generation: u64,
) -> Result<Vec<ChunkRow>, Error> {
    // The cross joins keep the order: there are few chunks and many versions.
    let sql = format!(
        "SELECT {CHUNK}, k.id, v.id FROM json_each(?1) j CROSS JOIN chunks k ON k.id = j.value \
         CROSS JOIN places p ON p.chunk = k.id CROSS JOIN versions v ON v.id = p.version \
         WHERE v.generation <= ?2 AND (v.ended IS NULL OR v.ended > ?2)"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query((to_json(rows)?, signed(generation)?))?;
    let mut chunks = Vec::new();
    while let Some(row) = rows.next()? {
        chunks.push(ChunkRow { chunk: chunk(row)?, id: row.get(9)?, version: row.get(10)? });
    }
    Ok(chunks)
}

/// Reads the chunks of a version with these ordinals, in order.
pub(super) fn chunks_of(
    transaction: &Transaction<'_>,
    version: i64,
    ordinals: Range<u32>,
) -> Result<Vec<Chunk>, Error> {
    let sql = format!(
        "SELECT {CHUNK} FROM places p JOIN chunks k ON k.id = p.chunk \
         WHERE p.version = ?1 AND p.ordinal >= ?2 AND p.ordinal < ?3 ORDER BY p.ordinal"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query((version, ordinals.start, ordinals.end))?;
    let mut chunks = Vec::new();
    while let Some(row) = rows.next()? {
        chunks.push(chunk(row)?);
    }
    Ok(chunks)
}

fn chunk(row: &Row<'_>) -> Result<Chunk, Error> {
    Ok(Chunk {
        ordinal: row.get(0)?,
        heading_path: from_json(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?,
        text: row.get(2)?,
        byte_range: byte_range(row.get(3)?, row.get(4)?),
        page: row.get(5)?,
        importance: row.get(6)?,
        vector: Vec::new(),
        tokens: row.get(7)?,
        content_type: row.get(8)?,
    })
}

/// Returns the rows of a version's chunks in order.
pub(super) fn chunk_rows(connection: &Connection, version: i64) -> Result<Vec<i64>, Error> {
    let sql = "SELECT chunk FROM places WHERE version = ?1 ORDER BY ordinal";
    let mut statement = connection.prepare_cached(sql)?;
    Ok(statement.query_map([version], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

/// Returns the vectors of a version's chunks in order, one after the other.
pub(super) fn vectors(connection: &Connection, version: i64) -> Result<Vec<f32>, Error> {
    let sql = "SELECT n.numbers FROM places p JOIN vectors n ON n.chunk = p.chunk WHERE p.version = ?1 ORDER BY p.ordinal";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([version])?;
    let mut vectors = Vec::new();
    while let Some(row) = rows.next()? {
        vectors.extend(snapshot::numbers(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?));
    }
    Ok(vectors)
}

/// Returns the range of bytes that two columns hold.
pub(super) fn byte_range(start: Option<i64>, end: Option<i64>) -> Option<Range<u64>> {
    start.zip(end).map(|(start, end)| unsigned(start)..unsigned(end))
}

/// Returns the names without repetitions, sorted.
pub(super) fn distinct(names: &[String]) -> BTreeSet<&str> {
    names.iter().map(String::as_str).collect()
}

/// `SQLite` counts in signed numbers; only those that it was given unsigned come back through here.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn signed(number: u64) -> Result<i64, Error> {
    i64::try_from(number)
        .map_err(|_| Error::Invalid(format!("{number} is too large; expected less than 2^63")))
}

pub(super) fn count(length: usize) -> Result<u32, Error> {
    u32::try_from(length).map_err(|error| Error::Internal(anyhow::Error::new(error)))
}

pub(super) fn to_json(value: &(impl serde::Serialize + ?Sized)) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Internal(anyhow::Error::new(error)))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Internal(anyhow::Error::new(error)))
}
