//! A search from question to passages: rewriting a follow-up, embedding, candidates from the store, ranking. It knows the
//! store and the embedder by their traits only.

mod duplicates;
mod evidence;
mod follow_up;
mod ranking;

use std::sync::Arc;
use std::time::{Duration, Instant};

use embedding::Embedder;

use crate::error::Error;
use crate::model::{Filter, Generation, Turn};
use crate::store::{Effort, Query, QuestionTerm, Sides, Store};
pub use ranking::{Judged, Limits, Outcome, Weights};

/// Candidates that each way of searching contributes at least; more when more passages are asked for.
const CANDIDATES: usize = 50;

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
    /// Time for embedding the question; nothing when the caller had embedded it.
    pub embed_time: Option<Duration>,
    /// Time for everything after it.
    pub search_time: Duration,
}

/// Answers questions from a store.
#[derive(Clone, Debug)]
pub struct Searcher {
    store: Arc<dyn Store>,
    embedder: Arc<dyn Embedder>,
    weights: Weights,
}

impl Searcher {
    /// Returns a searcher over a store whose vectors are the embedder's.
    pub fn new(store: Arc<dyn Store>, embedder: Arc<dyn Embedder>, weights: Weights) -> Self {
        Self { store, embedder, weights }
    }

    /// Searches, and judges every candidate.
    ///
    /// # Errors
    /// [`Error::Embedder`] when the question cannot be embedded, and the store's errors.
    pub async fn search(&self, question: Question, limits: Limits) -> Result<Answered, Error> {
        let rewritten = follow_up::rewrite(&question.text, &question.history);
        let is_rewritten = rewritten.is_some();
        let searched = rewritten.unwrap_or(question.text);
        let begun = Instant::now();
        let was_embedded = !question.vector.is_empty();
        let vector = if was_embedded { question.vector } else { self.embed(&searched).await? };
        let embed_time = (!was_embedded).then(|| begun.elapsed());
        let begun = Instant::now();
        let query = Query {
            question: searched.clone(),
            vector,
            collections: question.collections,
            filter: question.filter,
            candidates: CANDIDATES.max(limits.top_k.saturating_mul(2)),
            generation: question.generation,
            sides: question.sides,
            effort: question.effort,
        };
        let found = self.store.search(query).await?;
        let (generation, terms) = (found.generation, found.terms.clone());
        let candidates = ranking::rank(found, &self.weights, &limits);
        Ok(Answered {
            candidates,
            generation,
            terms,
            searched,
            is_rewritten,
            embed_time,
            search_time: begun.elapsed(),
        })
    }

    async fn embed(&self, text: &str) -> Result<Vec<f32>, Error> {
        let vectors = self.embedder.embed(&[text]).await.map_err(Error::Embedder)?;
        let first = vectors.into_iter().next().filter(|vector| vector.len() == self.embedder.dimensions());
        first.ok_or_else(|| Error::Internal(anyhow::anyhow!("the embedder gave a vector of another size")))
    }
}
