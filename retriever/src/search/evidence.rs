//! How much of what a question asks about a passage holds: 0 (nothing) to 1 (everything).

use crate::store::{Candidate, QuestionTerm};

/// Share of the weight of a word that is nowhere, beside the rarest known one: it may be the heart of the question or
/// just another word for what the documents say.
const UNKNOWN: f32 = 0.8;

/// What each term of the question weighs: the rarer, the more.
#[derive(Clone, Debug)]
pub(super) struct TermWeights(Vec<f32>);

impl TermWeights {
    pub(super) fn new(terms: &[QuestionTerm], chunks: u64) -> Self {
        let weigh = |term: &QuestionTerm| term.weight * rarity(term.chunks, chunks);
        Self(terms.iter().map(weigh).collect())
    }

    /// Returns the share of the question's weight that the passage holds: 0 to 1; 0 for a question without terms.
    pub(super) fn coverage(&self, candidate: &Candidate) -> f32 {
        let all: f32 = self.0.iter().sum();
        let held: f32 =
            self.0.iter().zip(&candidate.holds).filter(|(_, holds)| **holds).map(|(weight, _)| weight).sum();
        if all > 0.0 { (held / all).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// Inverse document frequency as BM25 has it in Lucene: always positive.
fn rarity(chunks: u64, all: u64) -> f32 {
    let (holding, all) = (count(chunks), count(all.max(chunks)));
    let rarity = |holding: f32| (1.0 + (all - holding + 0.5) / (holding + 0.5)).ln();
    if chunks == 0 { UNKNOWN * rarity(1.0) } else { rarity(holding) }
}

/// Counts beyond four thousand million weigh the same.
fn count(chunks: u64) -> f32 {
    let capped = u32::try_from(chunks).unwrap_or(u32::MAX);
    #[expect(clippy::cast_precision_loss, reason = "a weight needs no more than the leading digits")]
    let count = capped as f32;
    count
}
