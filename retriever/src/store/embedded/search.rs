//! A search of the embedded store: one read transaction, a word index and the picture of the vectors, all of one
//! generation.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use rusqlite::{Connection, Transaction};

use super::snapshot::{Collection, Snapshot, Snapshots};
use super::{read, vectors, words};
use crate::error::Error;
use crate::model::Document;
use crate::store::question::{self, Asked, Lexicon};
use crate::store::rescue::Correction;
use crate::store::{Candidate, Found, Query, Sides};

/// How often a search begins again when its generation left memory before it was looked up.
const ATTEMPTS: usize = 16;

/// Searches the newest generation; nothing when the query names another one.
pub(super) fn search(
    connection: &mut Connection,
    snapshots: &Snapshots,
    query: &Query,
) -> Result<Option<Found>, Error> {
    for _ in 0..ATTEMPTS {
        let transaction = connection.transaction()?;
        let generation = read::generation(&transaction)?;
        if query.generation.is_some_and(|asked| asked != generation.number) {
            return Ok(None);
        }
        if let Some(snapshot) = snapshots.of(generation.number) {
            return Search::new(&transaction, &transaction, &snapshot, query).run().map(Some);
        }
    }
    Err(Error::Internal(anyhow::anyhow!("generations change faster than a search can begin")))
}

/// What one search reads from.
pub(super) struct Search<'a> {
    transaction: &'a Transaction<'a>,
    /// Holds the word index.
    words: &'a Connection,
    snapshot: &'a Snapshot,
    query: &'a Query,
    /// The collections asked for that exist, each once.
    collections: Vec<&'a Arc<Collection>>,
}

/// A chunk that was found, before it is read.
#[derive(Default)]
struct Hit {
    words: Option<(u32, f32)>,
    meaning_rank: Option<u32>,
    cosine: f32,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        transaction: &'a Transaction<'a>,
        words: &'a Connection,
        snapshot: &'a Snapshot,
        query: &'a Query,
    ) -> Self {
        let names = read::distinct(&query.collections).into_iter();
        let collections = names.filter_map(|name| snapshot.collections.get(name)).collect();
        Self { transaction, words, snapshot, query, collections }
    }

    pub(super) fn run(&self) -> Result<Found, Error> {
        let asked = match self.query.sides {
            Sides::Meaning => Vec::new(),
            Sides::Both | Sides::Words => self.resolve()?,
        };
        let mut hits = self.by_words(&asked)?;
        self.by_meaning(&mut hits);
        let candidates = self.read(&hits, &asked)?;
        Ok(Found {
            generation: self.snapshot.generation,
            chunks: self.collections.iter().map(|collection| collection.chunks()).sum(),
            terms: asked.into_iter().map(|term| term.shown).collect(),
            candidates,
        })
    }

    fn resolve(&self) -> Result<Vec<Asked>, Error> {
        let entries = self.collections.iter().flat_map(|collection| collection.documents.values());
        let languages: BTreeSet<&str> = entries.map(|entry| entry.language.as_str()).collect();
        let languages: Vec<&str> = languages.into_iter().collect();
        question::resolve(&self.query.question, &languages, self)
    }

    /// Rows of the versions of a collection that pass the filter; nothing when all do.
    fn narrowed(&self, collection: &Collection) -> Result<Option<String>, Error> {
        let passing = collection.documents.iter().filter(|(id, entry)| entry.passes(id, &self.query.filter));
        let rows: Vec<i64> = passing.map(|(_, entry)| entry.row).collect();
        if rows.len() == collection.documents.len() { Ok(None) } else { read::to_json(&rows).map(Some) }
    }

    fn by_words(&self, asked: &[Asked]) -> Result<HashMap<i64, Hit>, Error> {
        let known = asked.iter().filter(|term| term.shown.chunks > 0);
        let forms: Vec<String> = known.flat_map(|term| term.forms.clone()).collect();
        let most = self.query.candidates;
        let mut best = Vec::new();
        for collection in &self.collections {
            let narrowed = self.narrowed(collection)?;
            best.extend(words::search(self.words, collection.row, &forms, narrowed.as_deref(), most)?);
        }
        best.sort_by(best_first);
        best.truncate(most);
        let hit = |((chunk, score), rank)| (chunk, Hit { words: Some((rank, score)), ..Hit::default() });
        Ok(best.into_iter().zip(1..).map(hit).collect())
    }

    fn by_meaning(&self, hits: &mut HashMap<i64, Hit>) {
        let mut cosines: Vec<(i64, f32)> = Vec::new();
        for collection in &self.collections {
            let passing =
                collection.documents.iter().filter(|(id, entry)| entry.passes(id, &self.query.filter));
            for (_, entry) in passing {
                vectors::scan(entry, &self.query.vector, |chunk, cosine| cosines.push((chunk, cosine)));
            }
        }
        for (chunk, cosine) in &cosines {
            if let Some(hit) = hits.get_mut(chunk) {
                hit.cosine = *cosine;
            }
        }
        if self.query.sides == Sides::Words {
            return;
        }
        let most = self.query.candidates;
        if cosines.len() > most {
            cosines.select_nth_unstable_by(most, best_first);
            cosines.truncate(most);
        }
        cosines.sort_by(best_first);
        for ((chunk, cosine), rank) in cosines.into_iter().zip(1..) {
            let hit = hits.entry(chunk).or_insert_with(|| Hit { cosine, ..Hit::default() });
            hit.meaning_rank = Some(rank);
        }
    }

    fn read(&self, hits: &HashMap<i64, Hit>, asked: &[Asked]) -> Result<Vec<Candidate>, Error> {
        let ids: Vec<i64> = hits.keys().copied().collect();
        let chunks = read::chunks_among(self.transaction, &ids, self.snapshot.generation.number)?;
        if chunks.len() != hits.len() {
            return Err(Error::Internal(anyhow::anyhow!(
                "chunks are missing that the picture of the vectors holds"
            )));
        }
        let mut held = self.held(hits, asked)?;
        let mut documents: HashMap<i64, Document> = HashMap::new();
        let mut candidates = Vec::with_capacity(chunks.len());
        for row in chunks {
            let Some(hit) = hits.get(&row.id) else { continue };
            let document = match documents.entry(row.version) {
                Entry::Occupied(read) => read.into_mut(),
                Entry::Vacant(place) => place.insert(read::document(self.transaction, row.version)?),
            };
            candidates.push(Candidate {
                document: document.clone(),
                chunk: row.chunk,
                holds: held.remove(&row.id).unwrap_or_default(),
                words: hit.words,
                meaning_rank: hit.meaning_rank,
                cosine: hit.cosine,
            });
        }
        Ok(candidates)
    }

    /// For each chunk found, which terms it holds: asked of the index term by term, which is less work than reading
    /// all words of all chunks found.
    fn held(&self, hits: &HashMap<i64, Hit>, asked: &[Asked]) -> Result<HashMap<i64, Vec<bool>>, Error> {
        let mut held: HashMap<i64, Vec<bool>> =
            hits.keys().map(|id| (*id, vec![false; asked.len()])).collect();
        for (place, term) in asked.iter().enumerate().filter(|(_, term)| term.shown.chunks > 0) {
            for collection in &self.collections {
                words::holding(self.words, collection.row, &term.forms, |chunk| {
                    if let Some(holds) = held.get_mut(&chunk).and_then(|terms| terms.get_mut(place)) {
                        *holds = true;
                    }
                })?;
            }
        }
        Ok(held)
    }
}

/// Orders by score; equal scores by row, so that equal searches give equal answers.
fn best_first(left: &(i64, f32), right: &(i64, f32)) -> Ordering {
    right.1.total_cmp(&left.1).then(left.0.cmp(&right.0))
}

impl Lexicon for Search<'_> {
    fn frequency(&self, term: &str) -> Result<u64, Error> {
        let mut chunks = 0;
        for collection in &self.collections {
            chunks += words::frequency(self.words, collection.row, term)?;
        }
        Ok(chunks)
    }

    fn corrections(&self, stem: &str, written: &str) -> Result<Vec<Correction>, Error> {
        for collection in &self.collections {
            let vocabulary = match collection.vocabulary.get() {
                Some(vocabulary) => vocabulary,
                None => {
                    let read = words::vocabulary(self.words, collection.row)?;
                    collection.vocabulary.get_or_init(|| read)
                }
            };
            let corrections = vocabulary.corrections(stem, written);
            if !corrections.is_empty() {
                return Ok(corrections);
            }
        }
        Ok(Vec::new())
    }
}
