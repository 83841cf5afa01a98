//! Whether a passage holds an answer, and not merely the question's words: how much of the question one sentence holds,
//! whether that sentence holds what the question wants, and whether it contradicts the question. It knows words only; every
//! coefficient was set by hand and checked on questions that it was not set on.

mod contrast;
mod sentences;
mod wanted;

pub(super) use wanted::Wanted;

use super::evidence::TermWeights;
use crate::store::{Candidate, QuestionTerm};
use contrast::{is_negated, opposes};
use sentences::{Sentence, sentences};

/// Share of the evidence that goes when question and sentence differ in a negation.
const NEGATED: f32 = 0.35;
/// … when the sentence holds the opposite of a word of the question.
const OPPOSED: f32 = 0.25;
/// … when all that the best sentence lacks of the question stands elsewhere in the passage: about something else there.
const ELSEWHERE: f32 = 0.3;
/// … when the sentence lacks a number of the question.
const NUMBER_MISSING: f32 = 0.15;
/// … when nothing in the sentence is of the kind that the question wants.
const NOTHING_WANTED: f32 = 0.12;
/// … when no sentence has anything in common with the question, as prose mostly has little.
const UNLIKE: f32 = 0.05;

/// What was found out about the best sentence of a passage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Presence {
    /// Share of the question's weight that the best sentence holds: 0 to 1.
    pub(super) coverage: f32,
    /// What remains of the evidence: 0 to 1.
    pub(super) remains: f32,
    /// How much the question and the sentence that is most like it have in common: 0 to 1, where 1 is the same words in both.
    /// Documents that list how customers ask hold the question itself, and holding its words among many others is less.
    pub(super) likeness: f32,
}

impl Presence {
    /// What a passage without words tells.
    const NONE: Self = Self { coverage: 0.0, remains: 1.0, likeness: 0.0 };
}

/// A question as it is compared with sentences, once for each language of the passages.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    terms: &'a [QuestionTerm],
    weights: &'a TermWeights,
    wanted: Wanted,
    sentence: Sentence,
    language: String,
}

impl<'a> Asked<'a> {
    pub(super) fn new(
        question: &str,
        terms: &'a [QuestionTerm],
        weights: &'a TermWeights,
        language: &str,
    ) -> Self {
        let sentence = Sentence::new(question, language);
        Self { terms, weights, wanted: Wanted::of(question), sentence, language: language.to_owned() }
    }

    /// Returns whether it was made for passages of this language.
    pub(super) fn is_for(&self, language: &str) -> bool {
        self.language == language
    }

    /// Looks into a passage of the language that it was made for.
    pub(super) fn look_into(&self, candidate: &Candidate) -> Presence {
        let sentences = sentences(&candidate.chunk.text, &self.language);
        let in_text: Vec<bool> = self
            .terms
            .iter()
            .map(|term| sentences.iter().any(|sentence| sentence.holds(&term.text)))
            .collect();
        // What only title or headings hold, or another language's form, counts for every sentence.
        let held_by = |sentence: &Sentence| -> Vec<bool> {
            let places = self.terms.iter().zip(&in_text).zip(&candidate.holds);
            places
                .map(|((term, in_text), held)| if *in_text { sentence.holds(&term.text) } else { *held })
                .collect()
        };
        let covered = sentences.iter().map(|sentence| {
            let held = held_by(sentence);
            (self.weights.share(&held), held, sentence)
        });
        // The first of equals: later sentences add to what the first one says.
        let best = covered.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((coverage, held, best)) = best else { return Presence::NONE };
        let elsewhere: Vec<bool> =
            in_text.iter().zip(&held).map(|(in_text, held)| *in_text && !held).collect();
        let likeness = sentences.iter().map(|sentence| self.likeness(sentence)).fold(0.0, f32::max);
        let mut remains = 1.0 - ELSEWHERE * self.weights.share(&elsewhere);
        remains *= 1.0 - UNLIKE * (1.0 - likeness);
        let doubts = [
            (is_negated(&self.sentence, &self.language) && !is_negated(best, &self.language), NEGATED),
            (opposes(&self.sentence, best, &self.language), OPPOSED),
            (!self.sentence.numbers().all(|number| best.holds(number)), NUMBER_MISSING),
            (self.wants_in_vain(best), NOTHING_WANTED),
        ];
        for (_, share) in doubts.iter().filter(|(applies, _)| *applies) {
            remains *= 1.0 - share;
        }
        Presence { coverage, remains, likeness }
    }

    /// Harmonic mean of the share of the question that the sentence holds and of the share of the sentence that the question holds.
    fn likeness(&self, sentence: &Sentence) -> f32 {
        let held: Vec<bool> = self.terms.iter().map(|term| sentence.holds(&term.text)).collect();
        let of_question = self.weights.share(&held);
        let of_sentence = sentence.share(held.iter().filter(|held| **held).count());
        let both = of_question + of_sentence;
        if both > 0.0 { 2.0 * of_question * of_sentence / both } else { 0.0 }
    }

    /// Whether the sentence holds nothing new of the kind that the question wants.
    fn wants_in_vain(&self, sentence: &Sentence) -> bool {
        let mut new = sentence.words().filter(|word| !self.sentence.has_word(&word.folded));
        match self.wanted {
            Wanted::Who | Wanted::Where => !new.any(|word| word.is_name),
            Wanted::When => !new.any(|word| word.is_numeric() || wanted::is_calendar_word(&word.folded)),
            Wanted::Number => !new.any(|word| word.is_numeric() || wanted::is_number_word(&word.folded)),
            Wanted::Why | Wanted::Open => false,
        }
    }
}
