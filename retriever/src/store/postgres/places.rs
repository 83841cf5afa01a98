//! Where the chunks of a document stand: in each of its versions, and once more with the chunk for the live one, whose
//! header it has too.

use deadpool_postgres::Transaction;

use super::prepared::Prepared;
use super::read::{bounded, signed};
use crate::error::Error;
use crate::model::Chunk;

/// Places of chunks in their document, column by column.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) ordinals: Vec<i32>,
    pub(super) first: Vec<Option<i64>>,
    pub(super) end: Vec<Option<i64>>,
    pub(super) pages: Vec<Option<i32>>,
}

impl Places {
    /// Returns the places of chunks, in their order.
    pub(super) fn of<'a, C: Iterator<Item = &'a Chunk>>(chunks: C) -> Result<Self, Error> {
        let mut places = Self::default();
        for chunk in chunks {
            let range = chunk.byte_range.as_ref();
            places.ordinals.push(bounded(chunk.ordinal));
            places.first.push(range.map(|range| signed(range.start)).transpose()?);
            places.end.push(range.map(|range| signed(range.end)).transpose()?);
            places.pages.push(chunk.page.map(bounded));
        }
        Ok(places)
    }
}

/// Notes where the chunks of a new version stand; `rows` are theirs in order.
pub(super) async fn add(
    transaction: &Transaction<'_>,
    collection: i32,
    version: i64,
    new: &Prepared,
    rows: &[i64],
) -> Result<(), Error> {
    let sql = "INSERT INTO chatbot.placements (collection, version, ordinal, chunk, first_byte, end_byte, page) \
               SELECT $1, $2, u.ordinal, u.chunk, u.first_byte, u.end_byte, u.page \
               FROM unnest($3::integer[], $4::bigint[], $5::bigint[], $6::bigint[], $7::integer[]) \
               u (ordinal, chunk, first_byte, end_byte, page)";
    let statement = transaction.prepare_cached(sql).await?;
    let places = Places::of(new.chunks.iter().map(|prepared| &prepared.chunk))?;
    transaction
        .execute(
            &statement,
            &[&collection, &version, &places.ordinals, &rows, &places.first, &places.end, &places.pages],
        )
        .await?;
    stand_as_in(transaction, version).await
}

/// Notes for a version that stands as another one did.
pub(super) async fn copy(transaction: &Transaction<'_>, from: i64, to: i64) -> Result<(), Error> {
    let sql = "INSERT INTO chatbot.placements (collection, version, ordinal, chunk, first_byte, end_byte, page) \
               SELECT collection, $2, ordinal, chunk, first_byte, end_byte, page FROM chatbot.placements WHERE version = $1";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&from, &to]).await?;
    stand_as_in(transaction, to).await
}

/// Copies the header and the places of a version to the rows of its chunks: it is live from now on.
async fn stand_as_in(transaction: &Transaction<'_>, version: i64) -> Result<(), Error> {
    let sql = "UPDATE chatbot.chunks k SET ordinal = p.ordinal, first_byte = p.first_byte, end_byte = p.end_byte, \
               page = p.page, header = v.header FROM chatbot.placements p JOIN chatbot.versions v ON v.id = p.version \
               WHERE v.id = $1 AND p.chunk = k.id AND (k.ordinal, k.first_byte, k.end_byte, k.page, k.header) \
               IS DISTINCT FROM (p.ordinal, p.first_byte, p.end_byte, p.page, v.header)";
    transaction.execute(&transaction.prepare_cached(sql).await?, &[&version]).await?;
    Ok(())
}
