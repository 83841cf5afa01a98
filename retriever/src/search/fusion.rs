//! One score from words and meaning: each side counts as far as it knows this question.

use super::evidence::TermWeights;
use super::ranking::Weights;
use crate::store::{Candidate, Sides};

/// Share of the question that a passage holds, beside 1 for the best BM25 score.
const COVERAGE: f32 = 0.5;
/// Where a cosine stands among those of the candidates, beside 1 for the best BM25 score, when the best cosine is 1.
const MEANING: f32 = 0.3;

/// Returns the fused score of each candidate, in their order: higher is better, comparable within one search.
///
/// Scores are fused and not ranks: a rank says the same of a passage that stands out and of one that is merely the first
/// of many equals, so that a side that knows nothing of a question outvotes the one that does. Here BM25 scores count
/// beside the best one, and cosines by how far they stand out from the usual one of the candidates; the best cosine says
/// how well the embedder knows the question at all.
pub(super) fn scores(
    candidates: &[Candidate],
    terms: &TermWeights,
    sides: Sides,
    weights: &Weights,
) -> Vec<f32> {
    let by_words = candidates.iter().filter_map(|candidate| candidate.words);
    let best_words = by_words.map(|(_, score)| score).fold(f32::MIN_POSITIVE, f32::max);
    let spread = Spread::of(candidates);
    let words = |candidate: &Candidate| {
        let score = candidate.words.map_or(0.0, |(_, score)| score / best_words);
        score + weights.evidence * COVERAGE * terms.coverage(candidate)
    };
    let meaning = |candidate: &Candidate| weights.meaning * MEANING * spread.standing(candidate.cosine);
    let score = |candidate: &Candidate| match sides {
        Sides::Meaning => candidate.cosine,
        Sides::Words => words(candidate),
        Sides::Both => words(candidate) + meaning(candidate),
    };
    candidates.iter().map(score).collect()
}

/// How the cosines of the candidates are spread.
#[derive(Clone, Copy, Debug)]
struct Spread {
    middle: f32,
    best: f32,
}

impl Spread {
    fn of(candidates: &[Candidate]) -> Self {
        let mut cosines: Vec<f32> = candidates.iter().map(|candidate| candidate.cosine).collect();
        cosines.sort_by(f32::total_cmp);
        let at = |place: usize| cosines.get(place).copied().unwrap_or(0.0);
        Self { middle: at(cosines.len() / 2), best: at(cosines.len().saturating_sub(1)) }
    }

    /// Returns where a cosine stands between the middle (0) and the best (the best cosine itself).
    fn standing(self, cosine: f32) -> f32 {
        let above = (cosine - self.middle) / (self.best - self.middle).max(f32::EPSILON);
        above.clamp(0.0, 1.0) * self.best.clamp(0.0, 1.0)
    }
}
