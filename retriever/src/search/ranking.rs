//! From candidates to passages: reciprocal rank fusion, evidence, near-duplicates, and the limits on what is returned.

use super::duplicates::Seen;
use super::evidence::TermWeights;
use crate::store::{Candidate, Found};

/// Constant of reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): how little the first ranks stand out. The
/// usual 60 is for long lists of many systems; with 50 candidates the first ranks must count more.
const RANK_OFFSET: f32 = 20.0;
/// What a ranking gives to a passage that it did not find: as much as the place behind the last candidate. With nothing
/// at all, a weak ranking would decide by mere presence.
const ABSENT: f32 = 1.0 / (RANK_OFFSET + 51.0);

/// How the ways of searching are weighed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Weight of the ranking by meaning beside 1 for the ranking by words: 0 to 10.
    pub meaning: f32,
    /// Weight of the ranking by evidence beside 1 for the ranking by words: 0 to 10.
    pub evidence: f32,
    /// Share of the cosine in the evidence; the rest is the share of the question's words that the passage holds: 0 to 1.
    pub meaning_in_evidence: f32,
    /// How far an importance of 2.0 lifts the fused score over that of 1.0: 0 to 1.
    pub importance: f32,
}

impl Weights {
    /// Weights that suit the offline embedder: it sees the same words as the word search and adds typing mistakes and
    /// word families.
    pub const DEFAULT: Self = Self { meaning: 0.1, evidence: 1.0, meaning_in_evidence: 0.3, importance: 0.1 };
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
    /// The passage and how it was found.
    pub candidate: Candidate,
    /// Fused score; comparable within one search.
    pub score: f32,
    /// Evidence: 0 to 1.
    pub evidence: f32,
    /// Whether it is returned, or why not.
    pub outcome: Outcome,
}

/// Returns all candidates, best first, each with its verdict.
pub(super) fn rank(found: Found, weights: &Weights, limits: &Limits) -> Vec<Judged> {
    let term_weights = TermWeights::new(&found.terms, found.chunks);
    let judge = |candidate: Candidate| {
        let coverage = term_weights.coverage(&candidate);
        let share = weights.meaning_in_evidence;
        let evidence = (1.0 - share) * coverage + share * candidate.cosine.clamp(0.0, 1.0);
        Judged { candidate, score: 0.0, evidence, outcome: Outcome::Kept }
    };
    let mut judged: Vec<Judged> = found.candidates.into_iter().map(judge).collect();
    judged.sort_by(|left, right| {
        right.evidence.total_cmp(&left.evidence).then_with(|| place(left).cmp(&place(right)))
    });
    for (judged, evidence_rank) in judged.iter_mut().zip(1u16..) {
        judged.score = fused(&judged.candidate, f32::from(evidence_rank), weights);
    }
    judged.sort_by(|left, right| {
        right.score.total_cmp(&left.score).then_with(|| place(left).cmp(&place(right)))
    });
    decide(&mut judged, limits);
    judged
}

/// Equal scores are ordered by place, so that equal searches give equal answers.
fn place(judged: &Judged) -> (&str, &str, u32) {
    let Candidate { document, chunk, .. } = &judged.candidate;
    (&document.collection, &document.id, chunk.ordinal)
}

fn fused(candidate: &Candidate, evidence_rank: f32, weights: &Weights) -> f32 {
    let share = |rank: f32| 1.0 / (RANK_OFFSET + rank);
    let words = candidate.words.map_or(ABSENT, |(rank, _)| share(number(rank)));
    let meaning = candidate.meaning_rank.map_or(ABSENT, |rank| share(number(rank)));
    let fused = words + weights.meaning * meaning + weights.evidence * share(evidence_rank);
    fused * (1.0 + weights.importance * (candidate.chunk.importance - 1.0))
}

fn number(rank: u32) -> f32 {
    f32::from(u16::try_from(rank).unwrap_or(u16::MAX))
}

fn decide(judged: &mut [Judged], limits: &Limits) {
    let (mut seen, mut kept, mut tokens) = (Seen::default(), 0usize, 0u32);
    for judged in judged {
        let chunk = &judged.candidate.chunk;
        let with_this = tokens.saturating_add(chunk.tokens);
        judged.outcome = if judged.evidence < limits.evidence_threshold {
            Outcome::BelowThreshold
        } else if kept >= limits.top_k {
            Outcome::OverTopK
        } else if seen.repeats(&chunk.text) {
            Outcome::Duplicate
        } else if kept > 0 && with_this > limits.budget_tokens {
            Outcome::OverBudget
        } else {
            kept += 1;
            tokens = with_this;
            seen.add(&chunk.text);
            Outcome::Kept
        };
    }
}
