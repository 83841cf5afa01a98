//! The chunks of a document: rows that versions share, and whether their vectors and words are live.

use std::collections::HashMap;

use deadpool_postgres::Transaction;
use pgvector::HalfVector;

use super::places::Places;
use super::prepared::{Prepared, PreparedChunk};
use super::read::{bounded, signed};
use super::write::Target;
use crate::error::Error;
use crate::model::Generation;

/// Chunks in one statement; with vectors of 4,000 numbers that is 4 MB.
const BATCH: usize = 500;

/// Which rows a change made live or took out.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Live from now on, the new ones included.
    pub(super) revived: Vec<i64>,
    /// No longer live.
    pub(super) retired: Vec<i64>,
}

/// A stored chunk of the document.
struct Row {
    id: i64,
    content_key: Vec<u8>,
    row_key: Vec<u8>,
    vector_key: i64,
    is_live: bool,
}

/// A chunk that has no row yet.
struct Fresh<'a> {
    id: i64,
    chunk: &'a PreparedChunk,
    /// The row whose vector it takes where it brought none.
    source: Option<i64>,
    vector_key: i64,
}

/// Finds or makes the row of each chunk, and moves rows in and out of the live tables. Returns what moved, and the row of
/// each chunk in order.
pub(super) async fn place(
    transaction: &Transaction<'_>,
    target: &Target,
    new: &Prepared,
) -> Result<(Moved, Vec<i64>), Error> {
    let stored = stored(transaction, target.document).await?;
    let mut unused: HashMap<(&[u8], i64), Vec<usize>> = HashMap::new();
    for (at, row) in stored.iter().enumerate().rev() {
        unused.entry((&row.row_key, row.vector_key)).or_default().push(at);
    }
    let contents: HashMap<&[u8], &Row> = stored.iter().map(|row| (row.content_key.as_slice(), row)).collect();
    let (mut rows, mut fresh, mut used) = (Vec::new(), Vec::new(), vec![false; stored.len()]);
    for chunk in &new.chunks {
        let source = contents.get(chunk.content_key.as_slice());
        let vector_key = match (chunk.vector_key, source) {
            (Some(key), _) => key,
            (None, Some(source)) => source.vector_key,
            (None, None) => return Err(Error::MissingVector(chunk.chunk.ordinal)),
        };
        let found = unused.get_mut(&(chunk.row_key.as_slice(), vector_key)).and_then(Vec::pop);
        if let Some(at) = found {
            used[at] = true;
            rows.push(Some(stored[at].id));
        } else {
            let source = source.filter(|_| chunk.vector_key.is_none()).map(|source| source.id);
            fresh.push(Fresh { id: 0, chunk, source, vector_key });
            rows.push(None);
        }
    }
    let ids = reserve(transaction, fresh.len()).await?;
    fresh.iter_mut().zip(&ids).for_each(|(fresh, id)| fresh.id = *id);
    for batch in fresh.chunks(BATCH) {
        insert(transaction, target, &new.header, batch).await?;
    }
    let select = |is_used: bool, is_live: bool| -> Vec<i64> {
        let rows = stored.iter().zip(&used);
        rows.filter(|(row, used)| **used == is_used && row.is_live == is_live)
            .map(|(row, _)| row.id)
            .collect()
    };
    let (mut revived, retired) = (select(true, false), select(false, true));
    revive(transaction, &revived).await?;
    retire(transaction, &retired).await?;
    let mut new_ids = ids.iter().copied();
    let rows = rows.into_iter().filter_map(|row| row.or_else(|| new_ids.next())).collect();
    revived.extend(ids);
    Ok((Moved { revived, retired }, rows))
}

async fn stored(transaction: &Transaction<'_>, document: i64) -> Result<Vec<Row>, Error> {
    let sql = "SELECT k.id, k.content_key, k.row_key, k.vector_key, w.live FROM chatbot.chunks k \
               JOIN chatbot.words w ON w.chunk = k.id WHERE k.document = $1 ORDER BY k.id";
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&document]).await?;
    let read = |row: &tokio_postgres::Row| {
        Ok(Row {
            id: row.try_get(0)?,
            content_key: row.try_get(1)?,
            row_key: row.try_get(2)?,
            vector_key: row.try_get(3)?,
            is_live: row.try_get(4)?,
        })
    };
    rows.iter().map(read).collect()
}

async fn reserve(transaction: &Transaction<'_>, count: usize) -> Result<Vec<i64>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let sql =
        "SELECT nextval(pg_get_serial_sequence('chatbot.chunks', 'id')) FROM generate_series(1, $1::bigint)";
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&count]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

async fn insert(
    transaction: &Transaction<'_>,
    target: &Target,
    header: &str,
    batch: &[Fresh<'_>],
) -> Result<(), Error> {
    insert_chunks(transaction, target, header, batch).await?;
    insert_words(transaction, target, batch).await?;
    let (brought, taken): (Vec<&Fresh<'_>>, Vec<&Fresh<'_>>) =
        batch.iter().partition(|fresh| fresh.source.is_none());
    let ids = |rows: &[&Fresh<'_>]| rows.iter().map(|fresh| fresh.id).collect::<Vec<i64>>();
    if !brought.is_empty() {
        let vectors: Vec<HalfVector> =
            brought.iter().map(|fresh| HalfVector::from_f32_slice(&fresh.chunk.chunk.vector)).collect();
        let sql = "INSERT INTO chatbot.live SELECT u.chunk, $1, $2, u.embedding \
                   FROM unnest($3::bigint[], $4::halfvec[]) u (chunk, embedding)";
        let statement = transaction.prepare_cached(sql).await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 4] =
            [&target.collection, &target.document, &ids(&brought), &vectors];
        transaction.execute(&statement, &parameters).await?;
    }
    if !taken.is_empty() {
        let sources: Vec<Option<i64>> = taken.iter().map(|fresh| fresh.source).collect();
        let sql = "INSERT INTO chatbot.live SELECT u.chunk, $1, $2, coalesce(l.embedding, r.embedding) \
                   FROM unnest($3::bigint[], $4::bigint[]) u (chunk, source) \
                   LEFT JOIN chatbot.live l ON l.chunk = u.source LEFT JOIN chatbot.retired r ON r.chunk = u.source";
        let statement = transaction.prepare_cached(sql).await?;
        transaction
            .execute(&statement, &[&target.collection, &target.document, &ids(&taken), &sources])
            .await?;
    }
    Ok(())
}

async fn insert_chunks(
    transaction: &Transaction<'_>,
    target: &Target,
    header: &str,
    batch: &[Fresh<'_>],
) -> Result<(), Error> {
    let sql = "INSERT INTO chatbot.chunks (id, collection, document, content_key, row_key, vector_key, heading_path, text, \
               importance, tokens, content_type, ordinal, first_byte, end_byte, page, header) \
               SELECT u.id, $1, $2, u.content_key, u.row_key, u.vector_key, u.heading_path, u.text, u.importance, u.tokens, \
               u.content_type, u.ordinal, u.first_byte, u.end_byte, u.page, $16 \
               FROM unnest($3::bigint[], $4::bytea[], $5::bytea[], $6::bigint[], $7::text[], $8::text[], $9::real[], \
               $10::integer[], $11::integer[], $12::integer[], $13::bigint[], $14::bigint[], $15::integer[]) \
               u (id, content_key, row_key, vector_key, heading_path, text, importance, tokens, content_type, ordinal, \
               first_byte, end_byte, page)";
    let statement = transaction.prepare_cached(sql).await?;
    let places = Places::of(batch.iter().map(|fresh| &fresh.chunk.chunk))?;
    transaction
        .execute(
            &statement,
            &[
                &target.collection,
                &target.document,
                &column(batch, |fresh| fresh.id),
                &column(batch, |fresh| fresh.chunk.content_key.as_slice()),
                &column(batch, |fresh| fresh.chunk.row_key.as_slice()),
                &column(batch, |fresh| fresh.vector_key),
                &column(batch, |fresh| fresh.chunk.headings.as_str()),
                &column(batch, |fresh| fresh.chunk.chunk.text.as_str()),
                &column(batch, |fresh| fresh.chunk.chunk.importance),
                &column(batch, |fresh| bounded(fresh.chunk.chunk.tokens)),
                &column(batch, |fresh| fresh.chunk.chunk.content_type),
                &places.ordinals,
                &places.first,
                &places.end,
                &places.pages,
                &header,
            ],
        )
        .await?;
    Ok(())
}

async fn insert_words(
    transaction: &Transaction<'_>,
    target: &Target,
    batch: &[Fresh<'_>],
) -> Result<(), Error> {
    let sql = "INSERT INTO chatbot.words SELECT u.chunk, true, u.terms, u.words::tsvector \
               FROM unnest($1::bigint[], $2::integer[], $3::text[]) u (chunk, terms, words)";
    let statement = transaction.prepare_cached(sql).await?;
    transaction
        .execute(
            &statement,
            &[
                &column(batch, |fresh| fresh.id),
                &column(batch, |fresh| bounded(fresh.chunk.bag.length)),
                &column(batch, |fresh| fresh.chunk.bag.tsvector(target.collection)),
            ],
        )
        .await?;
    Ok(())
}

fn column<'a, T>(batch: &'a [Fresh<'a>], value: impl Fn(&'a Fresh<'a>) -> T) -> Vec<T> {
    batch.iter().map(value).collect()
}

/// Takes the vectors and words of chunks out of what the newest generation searches.
pub(super) async fn retire(transaction: &Transaction<'_>, chunks: &[i64]) -> Result<(), Error> {
    move_vectors(transaction, chunks, ("live", "retired")).await
}

/// Puts them back.
pub(super) async fn revive(transaction: &Transaction<'_>, chunks: &[i64]) -> Result<(), Error> {
    move_vectors(transaction, chunks, ("retired", "live")).await
}

async fn move_vectors(
    transaction: &Transaction<'_>,
    chunks: &[i64],
    (from, to): (&str, &str),
) -> Result<(), Error> {
    if chunks.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "WITH taken AS (DELETE FROM chatbot.{from} WHERE chunk = ANY ($1) RETURNING *) \
         INSERT INTO chatbot.{to} SELECT * FROM taken"
    );
    transaction.execute(&transaction.prepare_cached(&sql).await?, &[&chunks]).await?;
    let sql = "UPDATE chatbot.words SET live = $2 WHERE chunk = ANY ($1)";
    let is_live = to == "live";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&chunks, &is_live]).await?;
    Ok(())
}

/// Returns the chunks of a version.
pub(super) async fn of_version(
    transaction: &Transaction<'_>,
    version: Option<i64>,
) -> Result<Vec<i64>, Error> {
    let sql = "SELECT chunk FROM chatbot.placements WHERE version = $1 ORDER BY chunk";
    let rows = transaction.query(&transaction.prepare_cached(sql).await?, &[&version]).await?;
    Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
}

/// Brings the statistics of a collection up to date. Only one change at a time may do so: the state is locked by now.
pub(super) async fn count(
    transaction: &Transaction<'_>,
    collection: i32,
    moved: &Moved,
    generation: Generation,
) -> Result<(), Error> {
    let number = signed(generation.number)?;
    let sql = "INSERT INTO chatbot.terms AS t (collection, term, chunks, changed) \
               SELECT $1::integer, substr(m.lexeme, length($1::integer::text) + 2), sum(m.step), $4 FROM ( \
                   SELECT unnest(tsvector_to_array(words)) AS lexeme, 1 AS step FROM chatbot.words WHERE chunk = ANY ($2) \
                   UNION ALL SELECT unnest(tsvector_to_array(words)), -1 FROM chatbot.words WHERE chunk = ANY ($3)) m \
               GROUP BY m.lexeme HAVING sum(m.step) <> 0 ON CONFLICT (collection, term) \
               DO UPDATE SET chunks = t.chunks + excluded.chunks, changed = excluded.changed";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&collection, &moved.revived, &moved.retired, &number]).await?;
    let sql = "UPDATE chatbot.collections c SET \
               chunks = c.chunks + cardinality($2::bigint[]) - cardinality($3::bigint[]), \
               terms = c.terms + coalesce((SELECT sum(terms) FROM chatbot.words WHERE chunk = ANY ($2)), 0) \
                               - coalesce((SELECT sum(terms) FROM chatbot.words WHERE chunk = ANY ($3)), 0) \
               WHERE c.id = $1";
    let statement = transaction.prepare_cached(sql).await?;
    transaction.execute(&statement, &[&collection, &moved.revived, &moved.retired]).await?;
    Ok(())
}
