//! The steps from one schema to the next. A step is never changed once released.

use rusqlite::Transaction;

use crate::error::Error;
use crate::store::embedded::{read, rows, snapshot, words};

/// One step: its tables, then what needs more than SQL.
pub(super) struct Step {
    pub(super) sql: &'static str,
    pub(super) convert: fn(&Transaction<'_>) -> Result<(), Error>,
}

pub(super) const STEPS: [Step; 3] = [
    Step { sql: include_str!("step_1.sql"), convert: |_| Ok(()) },
    Step { sql: include_str!("step_2.sql"), convert: keep_versions },
    Step { sql: include_str!("step_3.sql"), convert: |_| Ok(()) },
];

/// Moves chunks and vectors from rows per document to rows that versions share.
fn keep_versions(transaction: &Transaction<'_>) -> Result<(), Error> {
    let mut documents = transaction.prepare("SELECT id FROM documents ORDER BY id")?;
    let mut rows = documents.query([])?;
    while let Some(row) = rows.next()? {
        convert_document(transaction, row.get(0)?)?;
    }
    // Terms that were deleted before are still in the index; building it anew leaves them out.
    let mut collections = transaction.prepare("SELECT id FROM collections")?;
    let mut rows = collections.query([])?;
    while let Some(row) = rows.next()? {
        words::secure(transaction, row.get(0)?)?;
        words::rebuild(transaction, row.get(0)?)?;
    }
    transaction
        .execute_batch("DROP TABLE vectors_1; DROP TABLE chunks_1; DROP TABLE documents_1;")
        .map_err(Error::from)
}

fn convert_document(transaction: &Transaction<'_>, id: i64) -> Result<(), Error> {
    let document = read::document(transaction, id)?;
    let sql = "SELECT numbers FROM vectors_1 WHERE document = ?1";
    let vectors: Vec<u8> = transaction.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
    let vectors = snapshot::numbers(&vectors);
    let mut keys = rows::Keys::of(&document);
    let sql = "SELECT id, heading_path, text, importance, tokens, content_type, first_byte, end_byte, page \
               FROM chunks_1 WHERE document = ?1 ORDER BY id";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut chunks = statement.query([id])?;
    let mut vectors = vectors.chunks_exact(document.embedding_dimensions.max(1) as usize);
    let mut ordinal = 0u32;
    while let Some(row) = chunks.next()? {
        let chunk = crate::model::Chunk {
            ordinal,
            heading_path: read::from_json(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)?,
            text: row.get(2)?,
            byte_range: read::byte_range(row.get(6)?, row.get(7)?),
            page: row.get(8)?,
            importance: row.get(3)?,
            vector: vectors.next().map(<[f32]>::to_vec).unwrap_or_default(),
            tokens: row.get(4)?,
            content_type: row.get(5)?,
        };
        let (row, key) = (row.get(0)?, keys.next(&chunk));
        rows::insert(transaction, (row, id), &key, &chunk, &chunk.vector)?;
        rows::place(transaction, (id, row), &chunk)?;
        ordinal += 1;
    }
    Ok(())
}
