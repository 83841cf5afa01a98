//! From candidates to passages: fused scores, evidence, curated answers, near-duplicates, and the limits on what is
//! returned.

use super::duplicates::{Seen, Words};
use super::evidence::{self, TermWeights};
use super::{curated, fusion, joining};
use crate::model::{Chunk, Filter};
use crate::store::{Candidate, Found, Sides};

/// How the ways of searching are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// How far the meaning counts beside 1 for the words, where it knows the question: 0 to 10.
    pub meaning: f32,
    /// How far the share of the question that a passage holds counts beside 1 for its BM25 score: 0 to 10.
    pub evidence: f32,
    /// Share of the cosine in the evidence; the rest is the share of the question's words that the passage holds: 0 to 1.
    pub meaning_in_evidence: f32,
    /// How far an importance of 2.0 lifts the fused score over that of 1.0: 0 to 1.
    pub importance: f32,
}

impl Weights {
    /// Weights that suit every embedder: how well it knows a question is judged question by question.
    pub const DEFAULT: Self = Self { meaning: 1.0, evidence: 1.0, meaning_in_evidence: 0.5, importance: 0.1 };
}

/// What may be returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Most passages: 1 to 100.
    pub top_k: usize,
    /// Least evidence: 0 to 1.
    pub evidence_threshold: f32,
    /// Most tokens of all passages together. The best passage is returned even where it alone is longer.
    pub budget_tokens: u32,
    /// Chunks before and after a hit that are joined to its passage: 0 to 10.
    pub neighbours: u32,
    /// Most tokens of a passage of several chunks: 0 to 100,000; 0 joins nothing.
    pub passage_tokens: u32,
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Returned.
    Kept,
    /// Its evidence is under the threshold.
    BelowThreshold,
    /// It repeats a better passage.
    Duplicate,
    /// Better passages filled the token budget.
    OverBudget,
    /// Better passages filled `top_k`.
    OverTopK,
    /// The filter excludes its document.
    Filtered,
    /// It is part of a better passage of the same document.
    Joined,
}

/// A candidate with its verdict.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The chunk and how it was found.
    pub candidate: Candidate,
    /// Other chunks of the passage, in no particular order, see [`Judged::passage`].
    pub joined: Vec<Chunk>,
    /// Fused score; comparable within one search.
    pub score: f32,
    /// Evidence: 0 to 1.
    pub evidence: f32,
    /// Whether it is returned, or why not.
    pub outcome: Outcome,
}

/// Returns all candidates, best first, as if each were returned.
pub(super) fn rank(question: &str, sides: Sides, found: Found, weights: &Weights) -> Vec<Judged> {
    let term_weights = TermWeights::new(&found.terms, found.chunks);
    let scores = fusion::scores(&found.candidates, &term_weights, sides, weights);
    let judge = |(candidate, score): (Candidate, f32)| {
        let lift = 1.0 + weights.importance * (candidate.chunk.importance - 1.0);
        let evidence = match sides {
            Sides::Meaning => candidate.cosine.clamp(0.0, 1.0),
            Sides::Words | Sides::Both => term_weights.coverage(&candidate),
        };
        Judged { candidate, joined: Vec::new(), score: score * lift, evidence, outcome: Outcome::Kept }
    };
    let mut judged: Vec<Judged> = found.candidates.into_iter().zip(scores).map(judge).collect();
    judged.sort_by(best_first);
    if sides == Sides::Both {
        evidence::weigh(question, &found.terms, &term_weights, weights.meaning_in_evidence, &mut judged);
    }
    if sides != Sides::Meaning {
        curated::promote(question, &found.terms, &term_weights, &mut judged);
    }
    judged
}

/// Equal scores are ordered by place, so that equal searches give equal answers.
pub(super) fn best_first(left: &Judged, right: &Judged) -> std::cmp::Ordering {
    right.score.total_cmp(&left.score).then_with(|| place(left).cmp(&place(right)))
}

fn place(judged: &Judged) -> (&str, &str, u32) {
    let Candidate { document, chunk, .. } = &judged.candidate;
    (&document.collection, &document.id, chunk.ordinal)
}

/// Decides, best first, which candidates are returned.
pub(super) fn decide(judged: &mut [Judged], limits: &Limits) {
    let (mut seen, mut kept, mut tokens) = (Seen::default(), 0usize, 0u32);
    for place in 0..judged.len() {
        let (better, rest) = judged.split_at_mut(place);
        let Some(this) = rest.first_mut() else { return };
        let chunk = &this.candidate.chunk;
        let with_this = tokens.saturating_add(chunk.tokens);
        let is_wanted = this.evidence >= limits.evidence_threshold && kept < limits.top_k;
        this.outcome = match is_wanted.then(|| Words::of(&chunk.text)) {
            None if this.evidence < limits.evidence_threshold => Outcome::BelowThreshold,
            None => Outcome::OverTopK,
            Some(words) if seen.repeats(&words) => Outcome::Duplicate,
            Some(_) if kept > 0 && with_this > limits.budget_tokens => Outcome::OverBudget,
            Some(words) => {
                tokens = with_this;
                seen.add(words);
                if let Some(passage) = joining::continued(better, this, limits) {
                    passage.joined.push(chunk.clone());
                    Outcome::Joined
                } else {
                    kept += 1;
                    Outcome::Kept
                }
            }
        };
    }
    joining::close_gaps(judged, limits);
}

/// Adds those of all candidates that the filter excludes, at the places that they would have.
pub(super) fn add_filtered(judged: &mut Vec<Judged>, all: Vec<Judged>, filter: &Filter) {
    let excluded = all.into_iter().filter(|judged| !filter.passes(&judged.candidate.document));
    judged.extend(excluded.map(|judged| Judged { outcome: Outcome::Filtered, ..judged }));
    judged.sort_by(best_first);
}
