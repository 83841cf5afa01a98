//! Curated answers: whether what a visitor asks is what an editor answered. Such a match wins; a loose one gets no favour.

use std::collections::HashSet;

use embedding::analysis;

use super::evidence::TermWeights;
use super::presence::Wanted;
use super::ranking::{Judged, best_first};
use crate::model::Chunk;
use crate::store::{Candidate, QuestionTerm};

/// Least share of the visitor's question, by weight, that the curated question holds.
const LEAST_ASKED: f32 = 0.75;
/// Least share of the curated question that the visitor asks about; editors write whole sentences, visitors a few words.
const LEAST_CURATED: f32 = 0.5;
/// Least of both together, with the cosine's help.
const LEAST_CLOSENESS: f32 = 0.75;
/// Share of the cosine in the closeness.
const COSINE: f32 = 0.1;

/// Puts the curated answers to the question before all others, the closest one first, with its closeness as evidence.
pub(super) fn promote(question: &str, terms: &[QuestionTerm], weights: &TermWeights, judged: &mut [Judged]) {
    let best = judged.iter().map(|judged| judged.score).fold(0.0, f32::max);
    let mut is_any_close = false;
    for judged in judged.iter_mut() {
        if let Some(closeness) = closeness(question, terms, weights, &judged.candidate) {
            is_any_close = true;
            judged.score += best + closeness;
            judged.evidence = judged.evidence.max(closeness);
        }
    }
    if is_any_close {
        judged.sort_by(best_first);
    }
}

/// Returns how close a question is to the curated question of a candidate: 0 to 1; nothing for other content and for
/// questions that are not nearly the same.
fn closeness(
    question: &str,
    terms: &[QuestionTerm],
    weights: &TermWeights,
    candidate: &Candidate,
) -> Option<f32> {
    let curated = question_of(&candidate.chunk)?;
    let language = &candidate.document.language;
    // "When are you open?" and "Where are you open?" differ in a stop word only.
    if !Wanted::of(question).agrees_with(Wanted::of(curated)) {
        return None;
    }
    let asked_forms = forms(question, language);
    let curated_forms = forms(curated, language);
    let holds = |term: &QuestionTerm| {
        curated_forms.contains(&term.text)
            || forms(&term.text, language).iter().any(|form| curated_forms.contains(form))
    };
    let held: Vec<bool> = terms.iter().map(holds).collect();
    let asked = weights.share(&held);
    // What tells this question from others must be in both: the product, the place, the number.
    if !weights.holds_heaviest(&held) {
        return None;
    }
    let is_asked =
        |form: &&String| asked_forms.contains(*form) || terms.iter().any(|term| term.text == **form);
    let both = curated_forms.iter().filter(is_asked).count();
    let curated = ratio(both, curated_forms.len());
    let overlap = if asked + curated > 0.0 { 2.0 * asked * curated / (asked + curated) } else { 0.0 };
    let closeness = (overlap + COSINE * candidate.cosine.clamp(0.0, 1.0)).min(1.0);
    let is_close = asked >= LEAST_ASKED && curated >= LEAST_CURATED && closeness >= LEAST_CLOSENESS;
    is_close.then_some(closeness)
}

fn question_of(chunk: &Chunk) -> Option<&str> {
    let is_curated = chunk.content_type == proto::v1::ContentType::QuestionAnswer as i32;
    chunk.text.lines().next().map(str::trim).filter(|line| is_curated && !line.is_empty())
}

fn forms(text: &str, language: &str) -> HashSet<String> {
    analysis::analyse(text, language).into_iter().map(|term| term.text).collect()
}

fn ratio(part: usize, all: usize) -> f32 {
    let count = |number: usize| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
    if all == 0 { 0.0 } else { count(part) / count(all) }
}
