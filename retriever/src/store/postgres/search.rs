//! A search on PostgreSQL: one statement, whose candidates are scored by words here.

use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use pgvector::HalfVector;
use tokio_postgres::Row;

use super::bm25::Statistics;
use super::lexicon::{Searched, Words};
use super::probes::{self, Probes};
use super::{PostgresStore, lexemes, read};
use crate::error::Error;
use crate::model::{Filter, Generation};
use crate::store::question::{self, Asked};
use crate::store::{Candidate, Effort, Found, Query, Sides};

/// How often a search begins again because the words changed while it ran, before it takes what it has.
const ATTEMPTS: usize = 3;
const WITH_WORDS: &str = "SELECT * FROM chatbot.search_2($1, $2, $3::text[], $4, $5::text[], $6, $7, $8, $9, $10::text::jsonb, $11)";
const BY_MEANING: &str = "SELECT * FROM chatbot.nearest_2($1, $2, $3::text[], $4, $5::text[], $6, $7, $8, $9, $10::text::jsonb, $11)";

/// What one run of the statement gave.
pub(super) struct Answer {
    pub(super) generation: Generation,
    pub(super) collections: Vec<(String, Statistics)>,
    pub(super) rows: Vec<Row>,
}

/// Searches the newest generation.
pub(super) async fn search(store: &PostgresStore, query: &Query) -> Result<Found, Error> {
    let mut names = query.collections.clone();
    names.sort_unstable();
    names.dedup();
    let mut newest = store.generation.borrow().number;
    let mut last: Option<(Vec<Asked>, Answer)> = None;
    for attempt in 1..=ATTEMPTS {
        let words = store.lexicons.of(&store.database, &names, newest).await?;
        let asked = asked(query, &words)?;
        // The words changed meanwhile, but not those that are asked about.
        if let Some((before, answer)) = last.take_if(|(before, _)| same_forms(before, &asked)) {
            drop(before);
            return found(query, asked, &words, &names, &answer);
        }
        let answer = run(store, query, &names, &asked, &words).await?;
        let seen = words.iter().filter_map(|words| words.generation).min().unwrap_or(newest);
        if query.sides == Sides::Meaning || answer.generation.number <= seen || attempt == ATTEMPTS {
            return found(query, asked, &words, &names, &answer);
        }
        newest = answer.generation.number;
        last = Some((asked, answer));
    }
    Err(Error::Internal(anyhow::anyhow!("a search ended without an answer")))
}

fn asked(query: &Query, words: &[Arc<Words>]) -> Result<Vec<Asked>, Error> {
    if query.sides == Sides::Meaning {
        return Ok(Vec::new());
    }
    let mut languages: Vec<&str> = words.iter().flat_map(|words| words.languages()).collect();
    languages.sort_unstable();
    languages.dedup();
    question::resolve(&query.question, &languages, &Searched(words))
}

/// Whether two resolutions of a question ask the database for the same.
fn same_forms(before: &[Asked], after: &[Asked]) -> bool {
    let forms = |asked: &[Asked]| -> Vec<(Vec<String>, bool)> {
        asked.iter().map(|term| (term.forms.clone(), term.shown.chunks > 0)).collect()
    };
    forms(before) == forms(after)
}

async fn run(
    store: &PostgresStore,
    query: &Query,
    names: &[String],
    asked: &[Asked],
    words: &[Arc<Words>],
) -> Result<Answer, Error> {
    let ids: Vec<i32> = words.iter().filter_map(|words| words.id).collect();
    let forms = forms(asked).map(|form| probes::query(std::slice::from_ref(form), &ids)).collect::<Vec<_>>();
    let probes = Probes::new(asked, &ids, words.iter().map(|words| words.size).sum());
    let vector = (!query.vector.is_empty()).then(|| HalfVector::from_f32_slice(&query.vector));
    let is_by_meaning = query.sides != Sides::Words;
    let (wanted, effort) = (wanted(query), store.vectors.effort(query.effort));
    let filter = filter(&query.filter)?;
    let exact = i64::try_from(store.vectors.exact_chunks).unwrap_or(i64::MAX);
    let has_words = !forms.is_empty() || !is_by_meaning;
    let work = async |client: &mut ClientWrapper| {
        let sql = if has_words { WITH_WORDS } else { BY_MEANING };
        let statement = client.prepare_cached(sql).await?;
        let rows = client
            .query(
                &statement,
                &[
                    &names,
                    &vector,
                    &probes.queries,
                    &probes.weights,
                    &forms,
                    &wanted,
                    &effort,
                    &exact,
                    &probes::MOST_ROWS,
                    &filter,
                    &is_by_meaning,
                ],
            )
            .await?;
        Ok(rows)
    };
    let mut rows = store.database.lend().await?.run(work).await?.into_iter();
    let head =
        rows.next().ok_or_else(|| Error::Internal(anyhow::anyhow!("a search without its first row")))?;
    let answer =
        Answer { generation: generation(&head)?, collections: statistics(&head)?, rows: rows.collect() };
    Ok(answer)
}

fn wanted(query: &Query) -> i32 {
    i32::try_from(query.candidates).unwrap_or(i32::MAX)
}

/// Forms that some chunk holds, in the order in which the database counts them.
pub(super) fn forms(asked: &[Asked]) -> impl Iterator<Item = &String> {
    asked.iter().filter(|term| term.shown.chunks > 0).flat_map(|term| &term.forms)
}

fn generation(head: &Row) -> Result<Generation, Error> {
    Ok(Generation { number: read::unsigned(head.try_get(0)?), committed_ms: head.try_get(1)? })
}

fn statistics(head: &Row) -> Result<Vec<(String, Statistics)>, Error> {
    let chunks: Option<Vec<i64>> = head.try_get(2)?;
    let terms: Option<Vec<i64>> = head.try_get(3)?;
    let names: Option<Vec<String>> = head.try_get(4)?;
    let counts = chunks.unwrap_or_default().into_iter().zip(terms.unwrap_or_default());
    let statistics = counts
        .map(|(chunks, terms)| Statistics { chunks: read::unsigned(chunks), terms: read::unsigned(terms) });
    Ok(names.unwrap_or_default().into_iter().zip(statistics).collect())
}

/// Returns the filter as JSON with the fields of the contract, nothing where it narrows nothing.
pub(super) fn filter(filter: &Filter) -> Result<Option<String>, Error> {
    if filter.is_empty() {
        return Ok(None);
    }
    let mut fields = serde_json::Map::new();
    for (key, values) in
        [("document_ids", &filter.document_ids), ("kinds", &filter.kinds), ("languages", &filter.languages)]
    {
        if !values.is_empty() {
            fields.insert(key.to_owned(), serde_json::json!(values));
        }
    }
    for (key, time) in
        [("modified_from_ms", filter.modified_from_ms), ("modified_before_ms", filter.modified_before_ms)]
    {
        if let Some(time) = time {
            fields.insert(key.to_owned(), serde_json::json!(time));
        }
    }
    if !filter.attributes.is_empty() {
        fields.insert("attributes".to_owned(), serde_json::json!(filter.attributes));
    }
    Ok(Some(serde_json::Value::Object(fields).to_string()))
}

/// Scores the candidates by words, and ranks both sides.
pub(super) fn found(
    query: &Query,
    asked: Vec<Asked>,
    words: &[Arc<Words>],
    names: &[String],
    answer: &Answer,
) -> Result<Found, Error> {
    let operands = words.iter().filter(|words| words.id.is_some()).count();
    let holding = |collection: &str, form: &str| {
        let place = names.iter().position(|name| name == collection);
        place.and_then(|place| words.get(place)).map_or(0, |words| words.chunks(form))
    };
    let scoring = Scoring { asked: &asked, statistics: &answer.collections, operands, holding: &holding };
    let mut candidates =
        answer.rows.iter().map(|row| scoring.candidate(row)).collect::<Result<Vec<Candidate>, Error>>()?;
    rank_by_words(&mut candidates, query.candidates);
    candidates.retain(|candidate| candidate.words.is_some() || candidate.meaning_rank.is_some());
    Ok(Found {
        generation: answer.generation,
        chunks: answer.collections.iter().map(|(_, statistics)| statistics.chunks).sum(),
        terms: asked.into_iter().map(|term| term.shown).collect(),
        candidates,
    })
}

/// Turns rows into candidates.
pub(super) struct Scoring<'a> {
    pub(super) asked: &'a [Asked],
    pub(super) statistics: &'a [(String, Statistics)],
    /// Lexemes of one form, of which a chunk can hold one.
    pub(super) operands: usize,
    /// Chunks of a collection that hold a form.
    pub(super) holding: &'a dyn Fn(&str, &str) -> u64,
}

impl Scoring<'_> {
    /// Reads a candidate. Its word score stands without a rank until all are known.
    pub(super) fn candidate(&self, row: &Row) -> Result<Candidate, Error> {
        let ranks: Option<Vec<f32>> = row.try_get(7)?;
        let length = read::unsigned_32(row.try_get(8)?);
        let collection: String = row.try_get(9)?;
        let chunk = read::chunk(row, 10)?;
        let document = read::document(row, collection, 19)?;
        let mut ranks = ranks.unwrap_or_default().into_iter();
        let statistics = self.statistics.iter().find(|(name, _)| *name == document.collection);
        let statistics = statistics.map(|(_, statistics)| *statistics).unwrap_or_default();
        let mut score = 0.0;
        let mut holds = Vec::with_capacity(self.asked.len());
        for term in self.asked {
            let mut is_held = false;
            for form in term.forms.iter().filter(|_| term.shown.chunks > 0) {
                let occurrences = lexemes::occurrences(ranks.next().unwrap_or(0.0), self.operands);
                is_held |= occurrences > 0.0;
                score += statistics.score(occurrences, (self.holding)(&document.collection, form), length);
            }
            holds.push(is_held);
        }
        Ok(Candidate {
            words: holds.contains(&true).then_some((0, score)),
            holds,
            meaning_rank: row.try_get::<_, Option<i32>>(5)?.map(read::unsigned_32),
            cosine: row.try_get::<_, Option<f32>>(6)?.unwrap_or(0.0),
            document,
            chunk,
        })
    }
}

/// Gives the best by words their ranks, and takes the score from the others.
pub(super) fn rank_by_words(candidates: &mut [Candidate], most: usize) {
    let place = |candidate: &Candidate| {
        let document = &candidate.document;
        (document.collection.clone(), document.id.clone(), candidate.chunk.ordinal)
    };
    let mut order: Vec<usize> = (0..candidates.len()).filter(|&at| candidates[at].words.is_some()).collect();
    let score = |at: usize| candidates[at].words.map_or(0.0, |(_, score)| score);
    order.sort_by(|&left, &right| {
        score(right)
            .total_cmp(&score(left))
            .then_with(|| place(&candidates[left]).cmp(&place(&candidates[right])))
    });
    for (at, rank) in order.into_iter().zip(1u32..) {
        let candidate = &mut candidates[at];
        candidate.words = candidate.words.filter(|_| rank as usize <= most).map(|(_, score)| (rank, score));
    }
}

impl super::settings::Vectors {
    /// Returns how many neighbours an index scan keeps in view.
    fn effort(&self, effort: Effort) -> i32 {
        let chosen = match effort {
            Effort::Fast => self.fast,
            Effort::Normal => self.normal,
            Effort::Thorough => self.thorough,
        };
        i32::try_from(chosen).unwrap_or(i32::MAX)
    }
}
