//! A search from question to passages: rewriting a follow-up, embedding, candidates from the store, ranking, joining. It
//! knows the store and the embedder by their traits only.

mod curated;
mod degraded;
mod duplicates;
mod evidence;
mod follow_up;
mod fusion;
mod joining;
mod presence;
mod ranking;
mod stages;

use std::sync::Arc;
use std::time::{Duration, Instant};

use embedding::Embedder;
use prometheus_client::metrics::counter::Counter;

use crate::error::Error;
use crate::model::{Filter, Generation, Turn};
use crate::store::{Effort, Found, Place, Query, QuestionTerm, Sides, Store};
use degraded::Degraded;
pub use ranking::{Judged, Limits, Outcome, Weights};
use stages::Clock;
pub use stages::{Stage, StageTime};

/// Candidates that each way of searching contributes at least; more when more passages are asked for.
const CANDIDATES: usize = 24;

/// What a visitor asks, already checked.
#[derive(Clone, Debug, Default)]
pub struct Question {
    /// The question.
    pub text: String,
    /// Collections to search: at least one.
    pub collections: Vec<String>,
    /// Earlier messages, oldest first.
    pub history: Vec<Turn>,
    /// Narrows the search.
    pub filter: Filter,
    /// The question's embedding where the caller has it; else empty.
    pub vector: Vec<f32>,
    /// The generation to search; nothing for the newest.
    pub generation: Option<u64>,
    /// Which sides search.
    pub sides: Sides,
    /// How thoroughly an approximate index is searched.
    pub effort: Effort,
}

/// A finished search.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Every candidate, best first, those that are not returned included.
    pub candidates: Vec<Judged>,
    /// Generation that was searched.
    pub generation: Generation,
    /// Terms of the question as searched, in order.
    pub terms: Vec<QuestionTerm>,
    /// The question as searched.
    pub searched: String,
    /// Whether history changed the question.
    pub is_rewritten: bool,
    /// The question's embedding, of length 1; empty when the search went on without it.
    pub vector: Vec<f32>,
    /// How the sides were weighed.
    pub weights: Weights,
    /// Time for embedding the question, whether it succeeded or not; nothing when there was no need to.
    pub embed_time: Option<Duration>,
    /// Time for everything after it.
    pub search_time: Duration,
    /// Time of each stage that ran, in order.
    pub stages: Vec<StageTime>,
}

/// Answers questions from a store.
#[derive(Clone, Debug)]
pub struct Searcher {
    store: Arc<dyn Store>,
    embedder: Arc<dyn Embedder>,
    weights: Weights,
    degraded: Degraded,
}

impl Searcher {
    /// Returns a searcher over a store whose vectors are the embedder's.
    pub fn new(store: Arc<dyn Store>, embedder: Arc<dyn Embedder>, weights: Weights) -> Self {
        Self { store, embedder, weights, degraded: Degraded::default() }
    }

    /// Returns how the ways of searching are weighed.
    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// Returns how many searches went on by words alone because the embedder failed.
    pub(crate) fn degraded_searches(&self) -> Counter {
        self.degraded.searches().clone()
    }

    /// Searches, and judges every candidate. A question that cannot be embedded is searched by words alone.
    ///
    /// # Errors
    /// [`Error::Embedder`] when a search by meaning alone cannot be embedded, and the store's errors.
    pub async fn search(&self, question: Question, limits: Limits) -> Result<Answered, Error> {
        self.run(question, limits, self.weights, false).await
    }

    /// Searches with other weights, and shows what the filter excludes among the candidates.
    ///
    /// # Errors
    /// As [`Searcher::search`].
    pub async fn explain(
        &self,
        question: Question,
        limits: Limits,
        weights: Weights,
    ) -> Result<Answered, Error> {
        self.run(question, limits, weights, true).await
    }

    async fn run(
        &self,
        mut question: Question,
        limits: Limits,
        weights: Weights,
        shows_filtered: bool,
    ) -> Result<Answered, Error> {
        let mut clock = Clock::start();
        let rewritten = follow_up::rewrite(&question.text, &question.history);
        clock.ended(Stage::Rewrite);
        let is_rewritten = rewritten.is_some();
        question.text = rewritten.unwrap_or(question.text);
        let is_embedded_here = question.vector.is_empty() && question.sides != Sides::Words;
        if is_embedded_here {
            (question.vector, question.sides) = self.embed_or_degrade(&question.text, question.sides).await?;
        }
        let embed_time = is_embedded_here.then(|| clock.ended(Stage::Embed));
        let begun = Instant::now();
        let query = query(question, limits.top_k);
        let found = self.store.search(query.clone()).await?;
        let unfiltered = if shows_filtered { self.unfiltered(&query, &found).await? } else { None };
        clock.ended(Stage::Store);
        let (generation, terms) = (found.generation, found.terms.clone());
        let mut candidates = ranking::rank(&query.question, query.sides, found, &weights);
        ranking::decide(&mut candidates, &limits);
        if let Some(unfiltered) = unfiltered {
            let all = ranking::rank(&query.question, query.sides, unfiltered, &weights);
            ranking::add_filtered(&mut candidates, all, &query.filter);
        }
        clock.ended(Stage::Rank);
        self.surround(&mut candidates, generation, &limits).await?;
        clock.ended(Stage::Join);
        Ok(Answered {
            candidates,
            generation,
            terms,
            searched: query.question,
            is_rewritten,
            vector: query.vector,
            weights,
            embed_time,
            search_time: begun.elapsed(),
            stages: clock.stages(),
        })
    }

    /// Returns the question's vector, or none and words alone where words are allowed and the embedder fails.
    async fn embed_or_degrade(&self, text: &str, sides: Sides) -> Result<(Vec<f32>, Sides), Error> {
        match self.embed(text).await {
            Ok(vector) => Ok((vector, sides)),
            Err(why) if sides == Sides::Both => {
                self.degraded.note(&why);
                Ok((Vec::new(), Sides::Words))
            }
            Err(why) => Err(why),
        }
    }

    /// Searches the same generation without the filter, where there is one.
    async fn unfiltered(&self, query: &Query, found: &Found) -> Result<Option<Found>, Error> {
        if query.filter.is_empty() {
            return Ok(None);
        }
        let query = Query { filter: Filter::default(), ..query.clone() };
        let all = self.store.search(query).await?;
        // A change in between would show documents as filtered that are just new.
        Ok((all.generation.number == found.generation.number).then_some(all))
    }

    /// Adds the chunks around each kept passage.
    async fn surround(
        &self,
        candidates: &mut [Judged],
        generation: Generation,
        limits: &Limits,
    ) -> Result<(), Error> {
        if limits.neighbours == 0 {
            return Ok(());
        }
        for place in 0..candidates.len() {
            let kept = candidates.get(place).filter(|judged| joining::has_surroundings(judged));
            let Some(judged) = kept else { continue };
            let (first, last) = judged.ends();
            let document = &judged.candidate.document;
            let at = Place {
                collection: document.collection.clone(),
                document_id: document.id.clone(),
                generation: Some(generation.number),
            };
            let ordinals = first.saturating_sub(limits.neighbours)
                ..last.saturating_add(limits.neighbours).saturating_add(1);
            let around = match self.store.chunks(at, ordinals).await {
                // Where no history is kept, the generation may have left between the two reads.
                Err(Error::UnknownGeneration { .. }) => Vec::new(),
                chunks => chunks?,
            };
            joining::surround(candidates, place, &around, limits);
        }
        Ok(())
    }

    async fn embed(&self, text: &str) -> Result<Vec<f32>, Error> {
        let embedded = self.embedder.embed(&[text]).await.map_err(Error::Embedder)?;
        let first =
            embedded.vectors.into_iter().next().filter(|vector| vector.len() == self.embedder.dimensions());
        first.ok_or_else(|| Error::Internal(anyhow::anyhow!("the embedder gave a vector of another size")))
    }
}

/// One side alone needs no more than what near-duplicates and joining may take away.
fn candidates(sides: Sides, top_k: usize) -> usize {
    match sides {
        Sides::Meaning => top_k.saturating_add(5),
        Sides::Words | Sides::Both => CANDIDATES.max(top_k.saturating_mul(2)),
    }
}

fn query(question: Question, top_k: usize) -> Query {
    Query {
        question: question.text,
        vector: question.vector,
        collections: question.collections,
        filter: question.filter,
        candidates: candidates(question.sides, top_k),
        generation: question.generation,
        sides: question.sides,
        effort: question.effort,
    }
}
