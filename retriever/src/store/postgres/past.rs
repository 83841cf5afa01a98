//! A search of an earlier generation: exact, over the versions that were valid then. Rarer and slower than a search of the
//! newest, for which alone there are indexes.

use std::collections::HashMap;

use deadpool_postgres::{ClientWrapper, Transaction};
use pgvector::HalfVector;

use super::bm25::Statistics;
use super::probes;
use super::read::{self, signed, unsigned};
use super::search::{self, Scoring};
use super::{PostgresStore, history};
use crate::error::Error;
use crate::model::Generation;
use crate::store::question::{self, Asked, Lexicon};
use crate::store::rescue::{Correction, Vocabulary};
use crate::store::{Found, Query, Sides};

/// The chunks of the generation, with all that a search reads of them.
const THEN: &str = "chatbot.versions v \
    JOIN chatbot.documents d ON d.id = v.document JOIN chatbot.collections c ON c.id = v.collection \
    JOIN chatbot.placements p ON p.version = v.id JOIN chatbot.chunks k ON k.id = p.chunk \
    JOIN chatbot.words w ON w.chunk = k.id \
    WHERE v.generation <= $1 AND (v.ended IS NULL OR v.ended > $1)";

/// The words of the generation.
#[derive(Debug, Default)]
struct Words {
    collections: Vec<(i32, String, Statistics)>,
    languages: Vec<String>,
    /// By collection and term.
    chunks: HashMap<(i32, String), u64>,
    vocabulary: Vocabulary,
}

impl Lexicon for Words {
    fn frequency(&self, term: &str) -> Result<u64, Error> {
        let held = |(id, _, _): &(i32, String, Statistics)| self.chunks.get(&(*id, term.to_owned())).copied();
        Ok(self.collections.iter().filter_map(held).sum())
    }

    fn corrections(&self, stem: &str, written: &str) -> Result<Vec<Correction>, Error> {
        Ok(self.vocabulary.corrections(stem, written))
    }
}

/// Searches a generation that is kept.
pub(super) async fn search(store: &PostgresStore, query: &Query, number: u64) -> Result<Found, Error> {
    let work = async |client: &mut ClientWrapper| {
        let transaction = read::begin(client, &query.collections).await?;
        let newest = read::generation(&transaction).await?;
        history::check_kept(&transaction, number, newest).await?;
        let words = words(&transaction, query, signed(number)?).await?;
        let languages: Vec<&str> = words.languages.iter().map(String::as_str).collect();
        let asked = match query.sides {
            Sides::Meaning => Vec::new(),
            Sides::Both | Sides::Words => question::resolve(&query.question, &languages, &words)?,
        };
        let generation =
            Generation { number, committed_ms: committed_ms(&transaction, number, newest).await? };
        candidates(&transaction, query, generation, &words, asked).await
    };
    store.database.lend().await?.run(work).await
}

async fn committed_ms(transaction: &Transaction<'_>, number: u64, newest: Generation) -> Result<i64, Error> {
    if number == newest.number {
        return Ok(newest.committed_ms);
    }
    let sql = "SELECT committed_ms FROM chatbot.changes WHERE generation = $1";
    let statement = transaction.prepare_cached(sql).await?;
    let row = transaction.query_opt(&statement, &[&signed(number)?]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(0))
}

async fn words(transaction: &Transaction<'_>, query: &Query, number: i64) -> Result<Words, Error> {
    let mut words = Words::default();
    let sql = format!(
        "SELECT c.id, c.name, count(*), coalesce(sum(w.terms), 0), array_agg(DISTINCT v.language) FROM {THEN} \
         AND c.name = ANY ($2) GROUP BY c.id, c.name ORDER BY c.name"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    for row in transaction.query(&statement, &[&number, &query.collections]).await? {
        let (chunks, terms): (i64, i64) = (row.try_get(2)?, row.try_get(3)?);
        let statistics = Statistics { chunks: unsigned(chunks), terms: unsigned(terms) };
        words.collections.push((row.try_get(0)?, row.try_get(1)?, statistics));
        words.languages.extend(row.try_get::<_, Vec<String>>(4)?);
    }
    words.languages.sort_unstable();
    words.languages.dedup();
    if query.sides == Sides::Meaning {
        return Ok(words);
    }
    let sql = format!(
        "SELECT t.collection, substr(t.lexeme, length(t.collection::text) + 2), count(*) FROM \
         (SELECT v.collection, unnest(tsvector_to_array(w.words)) AS lexeme FROM {THEN} AND c.name = ANY ($2)) t \
         GROUP BY 1, 2"
    );
    let statement = transaction.prepare_cached(&sql).await?;
    for row in transaction.query(&statement, &[&number, &query.collections]).await? {
        let (collection, term, chunks): (i32, String, i64) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        words.vocabulary.add(&term, unsigned(chunks));
        words.chunks.insert((collection, term), unsigned(chunks));
    }
    Ok(words)
}

/// Returns the statement that reads the candidates, with the columns of the search of the newest generation.
fn candidates_sql() -> String {
    // By meaning the best are cut here; all that hold a term are scored, since nothing tells which are the best.
    format!(
        "WITH held AS (SELECT v.id AS version, k.id AS chunk, coalesce(l.embedding, r.embedding) <#> $2 AS distance \
             FROM {THEN_JOINED} AND c.name = ANY ($3) AND ($4::text IS NULL OR chatbot.passes(v, d.name, $4::text::jsonb))), \
         near AS (SELECT chunk, version, row_number() OVER (ORDER BY distance, chunk) AS place FROM held) \
         SELECT NULL::bigint, NULL::bigint, NULL::bigint[], NULL::bigint[], NULL::text[], \
             CASE WHEN n.place <= $5 AND $6 THEN n.place::integer END, (-t.distance)::real, \
             (SELECT array_agg(ts_rank('{{1,1,1,1}}', w.words, f)) FROM unnest($7::text[]::tsquery[]) f), w.terms, \
             c.name, p.ordinal, k.heading_path, k.text, p.first_byte, p.end_byte, p.page, k.importance, k.tokens, \
             k.content_type, v.header \
         FROM {THEN} AND (n.place <= $5 AND $6 OR w.words @@ ANY ($7::text[]::tsquery[]))",
        THEN_JOINED = THEN.replace(
            "JOIN chatbot.words w",
            "LEFT JOIN chatbot.live l ON l.chunk = k.id LEFT JOIN chatbot.retired r ON r.chunk = k.id JOIN chatbot.words w"
        ),
        THEN = THEN.replace(
            "JOIN chatbot.words w",
            "JOIN near n ON n.chunk = k.id AND n.version = v.id JOIN held t ON t.chunk = k.id AND t.version = v.id \
             JOIN chatbot.words w"
        ),
    )
}

async fn candidates(
    transaction: &Transaction<'_>,
    query: &Query,
    generation: Generation,
    words: &Words,
    asked: Vec<Asked>,
) -> Result<Found, Error> {
    let ids: Vec<i32> = words.collections.iter().map(|(id, _, _)| *id).collect();
    let forms: Vec<String> =
        search::forms(&asked).map(|form| probes::query(std::slice::from_ref(form), &ids)).collect();
    let vector = (!query.vector.is_empty()).then(|| HalfVector::from_f32_slice(&query.vector));
    let filter = search::filter(&query.filter)?;
    let sql = candidates_sql();
    let statement = transaction.prepare_cached(&sql).await?;
    let most = i64::try_from(query.candidates).unwrap_or(i64::MAX);
    let is_by_meaning = query.sides != Sides::Words && vector.is_some();
    let rows = transaction
        .query(
            &statement,
            &[
                &signed(generation.number)?,
                &vector,
                &query.collections,
                &filter,
                &most,
                &is_by_meaning,
                &forms,
            ],
        )
        .await?;
    let statistics: Vec<(String, Statistics)> =
        words.collections.iter().map(|(_, name, statistics)| (name.clone(), *statistics)).collect();
    let holding = |collection: &str, form: &str| {
        let id = words.collections.iter().find(|(_, name, _)| name == collection).map(|(id, _, _)| *id);
        id.and_then(|id| words.chunks.get(&(id, form.to_owned())).copied()).unwrap_or(0)
    };
    let scoring = Scoring { asked: &asked, statistics: &statistics, operands: ids.len(), holding: &holding };
    let mut candidates = rows.iter().map(|row| scoring.candidate(row)).collect::<Result<Vec<_>, Error>>()?;
    search::rank_by_words(&mut candidates, query.candidates);
    candidates.retain(|candidate| candidate.words.is_some() || candidate.meaning_rank.is_some());
    Ok(Found {
        generation,
        chunks: statistics.iter().map(|(_, statistics)| statistics.chunks).sum(),
        terms: asked.into_iter().map(|term| term.shown).collect(),
        candidates,
    })
}
