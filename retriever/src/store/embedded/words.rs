//! Search by words: one FTS5 table per collection, over terms that are already analysed. A collection's table holds
//! nothing of another collection, so neither do its statistics.

use embedding::analysis::{self, Stems};
use rusqlite::{Connection, OptionalExtension};

use crate::error::Error;
use crate::model::{Chunk, Document};
use crate::store::rescue::Vocabulary;

/// BM25 weights of title, headings and text.
const TITLE_WEIGHT: f32 = 1.0;
const HEADINGS_WEIGHT: f32 = 1.0;
const TEXT_WEIGHT: f32 = 1.0;

/// The terms of a chunk as they are indexed, each field separated by spaces.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) title: String,
    pub(super) headings: String,
    pub(super) text: String,
}

/// Returns the terms of the chunks of a document, in their order.
pub(super) fn terms_of(document: &Document, chunks: &[Chunk]) -> Vec<Terms> {
    let mut stems = Stems::new(&document.language);
    let title = terms(document.shown_title(), &mut stems);
    let of_chunk = |chunk: &Chunk| Terms {
        title: title.clone(),
        headings: terms(&chunk.heading_path.join("\n"), &mut stems),
        text: terms(&chunk.text, &mut stems),
    };
    chunks.iter().map(of_chunk).collect()
}

/// Returns the terms of a document's title as they are indexed.
pub(super) fn title_terms(document: &Document) -> String {
    terms(document.shown_title(), &mut Stems::new(&document.language))
}

fn terms(text: &str, stems: &mut Stems) -> String {
    let mut line = String::with_capacity(text.len());
    for term in analysis::analyse_with(text, stems) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&term.text);
    }
    line
}

/// Makes the tables of a collection. Terms come in lower case and without spaces: the `ascii` tokenizer splits at ASCII
/// marks only, and those that numbers and times keep are named.
pub(super) fn create(connection: &Connection, collection: i64) -> Result<(), Error> {
    connection.execute_batch(&format!(
        "CREATE VIRTUAL TABLE words_{collection} USING fts5(title, headings, text, tokenize = \"ascii tokenchars '.:,'\");
         CREATE VIRTUAL TABLE vocabulary_{collection} USING fts5vocab('words_{collection}', 'row');"
    ))?;
    Ok(())
}

pub(super) fn insert(
    connection: &Connection,
    collection: i64,
    chunk: i64,
    terms: &Terms,
) -> Result<(), Error> {
    let sql =
        format!("INSERT INTO words_{collection} (rowid, title, headings, text) VALUES (?1, ?2, ?3, ?4)");
    connection.prepare_cached(&sql)?.execute((chunk, &terms.title, &terms.headings, &terms.text))?;
    Ok(())
}

/// Takes a chunk out.
pub(super) fn delete(connection: &Connection, collection: i64, chunk: i64) -> Result<(), Error> {
    let sql = format!("DELETE FROM words_{collection} WHERE rowid = ?1");
    connection.prepare_cached(&sql)?.execute([chunk])?;
    Ok(())
}

/// Makes the index overwrite what is deleted from it from now on; else it would only note that it is gone.
pub(super) fn secure(connection: &Connection, collection: i64) -> Result<(), Error> {
    let sql =
        format!("INSERT INTO words_{collection} (words_{collection}, rank) VALUES ('secure-delete', 1)");
    connection.execute_batch(&sql)?;
    Ok(())
}

/// Builds the index anew from the terms of its chunks.
pub(super) fn rebuild(connection: &Connection, collection: i64) -> Result<(), Error> {
    let sql = format!("INSERT INTO words_{collection} (words_{collection}) VALUES ('rebuild')");
    connection.execute_batch(&sql)?;
    Ok(())
}

/// Returns how many chunks of the collection hold a term.
pub(super) fn frequency(connection: &Connection, collection: i64, term: &str) -> Result<u64, Error> {
    let sql = format!("SELECT doc FROM vocabulary_{collection} WHERE term = ?1");
    let chunks: Option<i64> =
        connection.prepare_cached(&sql)?.query_row([term], |row| row.get(0)).optional()?;
    Ok(chunks.and_then(|chunks| u64::try_from(chunks).ok()).unwrap_or(0))
}

/// Reads all words of a collection.
pub(super) fn vocabulary(connection: &Connection, collection: i64) -> Result<Vocabulary, Error> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT term, doc FROM vocabulary_{collection}"))?;
    let mut rows = statement.query([])?;
    let mut words = Vocabulary::default();
    while let Some(row) = rows.next()? {
        words.add(row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?, u64::from(row.get::<_, u32>(1)?));
    }
    Ok(words)
}

/// Returns the best chunks of a collection with their BM25 scores (higher is better), best first. `versions` are the
/// rows of those that may be read, as a JSON list; nothing means all.
pub(super) fn search(
    connection: &Connection,
    collection: i64,
    terms: &[String],
    versions: Option<&str>,
    limit: usize,
) -> Result<Vec<(i64, f32)>, Error> {
    if terms.is_empty() {
        return Ok(Vec::new());
    }
    // The plus keeps the planner from running the match anew for each row of the list.
    let narrowed = match versions {
        Some(_) => {
            "AND +rowid IN (SELECT chunk FROM places WHERE version IN (SELECT value FROM json_each(?3)))"
        }
        None => "",
    };
    let sql = format!(
        "SELECT rowid, bm25(words_{collection}, {TITLE_WEIGHT:.1}, {HEADINGS_WEIGHT:.1}, {TEXT_WEIGHT:.1}) AS score \
         FROM words_{collection} WHERE words_{collection} MATCH ?1 {narrowed} ORDER BY score, rowid LIMIT ?2"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, f32)> {
        Ok((row.get(0)?, -row.get::<_, f32>(1)?))
    };
    let expression = expression(terms);
    let found = match versions {
        Some(rows) => statement.query_map((expression, limit, rows), read)?.collect::<Result<_, _>>()?,
        None => statement.query_map((expression, limit), read)?.collect::<Result<_, _>>()?,
    };
    Ok(found)
}

/// Each term is a quoted string: nothing in it is syntax.
fn expression(terms: &[String]) -> String {
    let quoted: Vec<String> = terms.iter().map(|term| format!("\"{}\"", term.replace('"', "\"\""))).collect();
    quoted.join(" OR ")
}

/// Calls `found` with each chunk of the collection that holds one of the forms.
pub(super) fn holding(
    connection: &Connection,
    collection: i64,
    forms: &[String],
    mut found: impl FnMut(i64),
) -> Result<(), Error> {
    let sql = format!("SELECT rowid FROM words_{collection} WHERE words_{collection} MATCH ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([expression(forms)])?;
    while let Some(row) = rows.next()? {
        found(row.get(0)?);
    }
    Ok(())
}
