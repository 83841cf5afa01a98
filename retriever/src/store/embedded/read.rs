//! Documents and chunks as they are read back, each answer within one transaction.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, Transaction};

use crate::error::Error;
use crate::model::{Chunk, Document, Generation, Summary};
use crate::store::{Listing, Stored};

/// Columns of `documents d` and `collections c` that make a [`Summary`].
const SUMMARY: &str = "c.name, d.document_id, d.title, d.kind, d.language, d.content_sha256, d.content_bytes, d.modified_ms, \
    d.source_url, d.attributes, d.embedding_model, d.embedding_dimensions, d.chunking_version, d.chunk_count, d.indexed_ms, \
    d.generation";

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
    let sql = "SELECT c.name FROM collections c WHERE EXISTS (SELECT 1 FROM documents d WHERE d.collection = c.id) \
               ORDER BY c.name";
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
        "SELECT {SUMMARY} FROM documents d JOIN collections c ON c.id = d.collection \
         WHERE c.name IN (SELECT value FROM json_each(?1)) AND (c.name, d.document_id) > (?2, ?3) \
         ORDER BY c.name, d.document_id LIMIT ?4"
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
            "SELECT {SUMMARY}, d.id FROM documents d JOIN collections c ON c.id = d.collection \
             WHERE c.name = ?1 AND d.document_id = ?2"
        );
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut rows = statement.query((name, document_id))?;
        let Some(row) = rows.next()? else { continue };
        let (summary, id): (Summary, i64) = (summary(row)?, row.get(16)?);
        let rows = chunks(&transaction, "k.document = ?1 ORDER BY k.id", id)?;
        let chunks = rows.into_iter().map(|row| row.chunk).collect();
        return Ok(Some(Stored { summary, chunks }));
    }
    Ok(None)
}

/// Reads the document of a row.
pub(super) fn document(transaction: &Transaction<'_>, row: i64) -> Result<Document, Error> {
    let sql = format!(
        "SELECT {SUMMARY} FROM documents d JOIN collections c ON c.id = d.collection WHERE d.id = ?1"
    );
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([row])?;
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

/// A chunk with its row and that of its document.
pub(super) struct ChunkRow {
    pub(super) id: i64,
    pub(super) document: i64,
    pub(super) chunk: Chunk,
}

/// Reads the chunks for which the condition on `chunks k` holds.
pub(super) fn chunks(
    transaction: &Transaction<'_>,
    condition: &str,
    parameter: impl rusqlite::ToSql,
) -> Result<Vec<ChunkRow>, Error> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT k.id, k.document, k.id - d.first_chunk, k.heading_path, k.text, k.first_byte, k.end_byte, k.page, \
         k.importance, k.tokens, k.content_type FROM chunks k JOIN documents d ON d.id = k.document WHERE {condition}"
    ))?;
    let mut rows = statement.query([parameter])?;
    let mut chunks = Vec::new();
    while let Some(row) = rows.next()? {
        let range = row.get::<_, Option<i64>>(5)?.zip(row.get::<_, Option<i64>>(6)?);
        let chunk = Chunk {
            ordinal: row.get(2)?,
            heading_path: from_json(row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?)?,
            text: row.get(4)?,
            byte_range: range.map(|(start, end)| unsigned(start)..unsigned(end)),
            page: row.get(7)?,
            importance: row.get(8)?,
            vector: Vec::new(),
            tokens: row.get(9)?,
            content_type: row.get(10)?,
        };
        chunks.push(ChunkRow { id: row.get(0)?, document: row.get(1)?, chunk });
    }
    Ok(chunks)
}

/// `SQLite` counts in signed numbers; only those that it was given unsigned come back through here.
fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn signed(number: u64) -> Result<i64, Error> {
    i64::try_from(number)
        .map_err(|_| Error::Invalid(format!("{number} is too large; expected less than 2^63")))
}

pub(super) fn to_json(value: &(impl serde::Serialize + ?Sized)) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Internal(anyhow::Error::new(error)))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::Internal(anyhow::Error::new(error)))
}
