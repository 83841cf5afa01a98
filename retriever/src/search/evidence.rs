//! How much of what a question asks about a passage holds: 0 (nothing) to 1 (everything).

use super::presence::Asked;
use super::ranking::Judged;
use crate::store::{Candidate, QuestionTerm};

/// Passages that are looked into, the best ones; the others are no better evidence than the best of these.
const LOOKED_INTO: usize = 5;
/// Shares of what the words tell: the part of the question that the passage holds, that its best sentence holds, and the
/// BM25 score, which alone knows how much was asked.
const PASSAGE: f32 = 0.2;
const SENTENCE: f32 = 0.2;
const SCORE: f32 = 0.6;
/// BM25 score at which its share is two thirds full: in a large collection, and in a small one beside the weight of a word
/// that one chunk holds, because no word is rare there and all scores are small.
const GOOD_SCORE: f32 = 6.7;
const GOOD_SCORE_IN_SMALL: f32 = 1.5;

/// Share of what the evidence lacks that a sentence adds which is the question itself.
const ALIKE: f32 = 0.2;

/// Share of the evidence that goes when all that a passage lacks of the question is a product code: a question that names
/// one is about nothing else, however much the passage resembles it.
const CODE_MISSING: f32 = 0.7;

/// Words that one chunk holds which make a question that asks for enough: what resembles a lesser one resembles much else.
const ENOUGH_ASKED: f32 = 1.2;
/// Share of the evidence that goes for a question that asks for next to nothing.
const LITTLE_ASKED: f32 = 0.2;

/// Share of the weight of a word that is nowhere, beside the rarest known one: it may be the heart of the question or
/// just another word for what the documents say.
const UNKNOWN: f32 = 0.8;

/// What each term of the question weighs: the rarer, the more.
#[derive(Clone, Debug)]
pub(super) struct TermWeights {
    terms: Vec<f32>,
    /// BM25 score that tells of a good passage in this collection.
    good_score: f32,
    /// How much the question asks for: 0 to 1, where 1 is enough to know the passage by.
    asked: f32,
}

impl TermWeights {
    pub(super) fn new(terms: &[QuestionTerm], chunks: u64) -> Self {
        let weigh = |term: &QuestionTerm| term.weight * rarity(term.chunks, chunks);
        let good_score = GOOD_SCORE.min(GOOD_SCORE_IN_SMALL * rarity(1, chunks));
        let terms: Vec<f32> = terms.iter().map(weigh).collect();
        let asked = (terms.iter().sum::<f32>() / (ENOUGH_ASKED * rarity(1, chunks))).clamp(0.0, 1.0);
        Self { terms, good_score, asked }
    }

    /// Returns the share of the question's weight that the passage holds: 0 to 1; 0 for a question without terms.
    pub(super) fn coverage(&self, candidate: &Candidate) -> f32 {
        self.share(&candidate.holds)
    }

    /// Returns the share of the question's weight that the held terms make: 0 to 1; 0 for a question without terms.
    pub(super) fn share(&self, held: &[bool]) -> f32 {
        let all: f32 = self.terms.iter().sum();
        let held: f32 =
            self.terms.iter().zip(held).filter(|(_, held)| **held).map(|(weight, _)| weight).sum();
        if all > 0.0 { (held / all).clamp(0.0, 1.0) } else { 0.0 }
    }

    /// Returns whether the term that weighs the most is held; true for a question without terms.
    pub(super) fn holds_heaviest(&self, held: &[bool]) -> bool {
        let heaviest = self.terms.iter().zip(held).max_by(|(left, _), (right, _)| left.total_cmp(right));
        heaviest.is_none_or(|(_, held)| *held)
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

/// Sets the evidence of each candidate, best first, from its words, its cosine and, for the best ones, from whether it
/// holds an answer. `meaning` is the share of the cosine.
pub(super) fn weigh(
    question: &str,
    terms: &[QuestionTerm],
    weights: &TermWeights,
    meaning: f32,
    judged: &mut [Judged],
) {
    let mut asked: Vec<Asked<'_>> = Vec::new();
    let much_asked = 1.0 - LITTLE_ASKED * (1.0 - weights.asked);
    let mut best = 0.0_f32;
    for (place, judged) in judged.iter_mut().enumerate() {
        let candidate = &judged.candidate;
        let passage = weights.coverage(candidate);
        let score = candidate.words.map_or(0.0, |(_, score)| 1.0 - (-score / weights.good_score).exp());
        // Only codes weigh more than their rarity.
        let lacks_code = terms.iter().zip(&candidate.holds).map(|(term, held)| term.weight > 1.0 && !held);
        let doubt = CODE_MISSING * weights.share(&lacks_code.collect::<Vec<bool>>());
        let evidence = |sentence: f32| {
            let words = PASSAGE * passage + SENTENCE * sentence + SCORE * score;
            much_asked
                * (1.0 - doubt)
                * ((1.0 - meaning) * words + meaning * candidate.cosine.clamp(0.0, 1.0))
        };
        if place >= LOOKED_INTO {
            judged.evidence = evidence(passage).min(best);
            continue;
        }
        let language = &candidate.document.language;
        if !asked.iter().any(|asked| asked.is_for(language)) {
            asked.push(Asked::new(question, terms, weights, language));
        }
        let Some(asked) = asked.iter().find(|asked| asked.is_for(language)) else { continue };
        let presence = asked.look_into(candidate);
        let evidence = evidence(presence.coverage) * presence.remains;
        judged.evidence = evidence + ALIKE * (1.0 - evidence) * presence.likeness;
        best = best.max(judged.evidence);
    }
}

#[cfg(test)]
mod tests {
    use super::TermWeights;
    use crate::store::QuestionTerm;

    fn asked(chunks: &[u64]) -> f32 {
        let term = |chunks: &u64| QuestionTerm { text: String::new(), chunks: *chunks, weight: 1.0 };
        TermWeights::new(&chunks.iter().map(term).collect::<Vec<_>>(), 100).asked
    }

    #[test]
    fn a_question_asks_for_more_the_rarer_its_words_are() {
        assert!(asked(&[]) < 0.01 && asked(&[100]) < 0.01, "nothing, and what every chunk holds");
        assert!(asked(&[20]) < asked(&[1]) && asked(&[1]) < 1.0);
        assert!(asked(&[1, 5]) > 0.999, "two rare words are enough");
    }
}
