//! Which units make the answer: the best ones, few, none saying what another has said.

use std::ops::Range;

use super::rendering;
use super::scoring::{Candidate, Question};
use super::units::Form;
use crate::prompt::Passage;

const MAX_UNITS: usize = 3;
const MAX_CHARACTERS: usize = 600;
/// Share of the best score that a further unit needs.
const SENTENCE_SHARE: f32 = 0.85;
/// Rows beside the best one are mostly other things, so they must be as good.
const RECORD_SHARE: f32 = 0.98;
/// Share of words in common from which two units say the same.
const REPEAT_SHARE: f32 = 0.75;

/// The units quoted from one passage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Quotation {
    /// Place of the passage in the prompt.
    pub(crate) passage: usize,
    /// What the answer says, safe as Markdown, one entry for each unit.
    pub(crate) texts: Vec<String>,
    /// Whether the texts are rows or items, which stand on lines of their own.
    pub(crate) is_list: bool,
    /// The passage's own words.
    pub(crate) quote: String,
}

/// Returns the quotations, best passage first; none when nothing reaches `threshold` (0 to 1).
pub(crate) fn select(question: &mut Question, passages: &[Passage], threshold: f32) -> Vec<Quotation> {
    let candidates = question.candidates(passages);
    let Some(best) = candidates.iter().find(|candidate| candidate.coverage >= threshold) else {
        return Vec::new();
    };
    let share = if matches!(best.unit.form, Form::Record(_)) { RECORD_SHARE } else { SENTENCE_SHARE };
    let mut chosen: Vec<(&Candidate, String)> = Vec::new();
    let mut characters = 0;
    for candidate in &candidates {
        if chosen.len() == MAX_UNITS || candidate.score < best.score * share {
            break;
        }
        let is_repeat = chosen.iter().any(|(other, _)| are_alike(other, candidate));
        if is_repeat || candidate.coverage < threshold {
            continue;
        }
        let text = rendering::unit(question, &candidate.unit, &passages[candidate.passage].text);
        let length = text.chars().count();
        let is_said = text.is_empty() || chosen.iter().any(|(_, said)| *said == text);
        if is_said || (!chosen.is_empty() && characters + length > MAX_CHARACTERS) {
            continue;
        }
        characters += length;
        chosen.push((candidate, rendering::shorten(&text, MAX_CHARACTERS)));
    }
    quotations(&chosen, passages)
}

fn are_alike(one: &Candidate, other: &Candidate) -> bool {
    let is_record = |candidate: &Candidate| matches!(candidate.unit.form, Form::Record(_));
    // Rows of one table share most of their words and still differ in what matters.
    if is_record(one) || is_record(other) {
        return one.words == other.words;
    }
    let shared = one.words.intersection(&other.words).count();
    let smaller = one.words.len().min(other.words.len()).max(1);
    shared as f32 / smaller as f32 >= REPEAT_SHARE
}

/// Groups by passage in order of the best unit; inside a passage the document's order rules.
fn quotations(chosen: &[(&Candidate, String)], passages: &[Passage]) -> Vec<Quotation> {
    let mut order: Vec<usize> = Vec::new();
    for (candidate, _) in chosen {
        if !order.contains(&candidate.passage) {
            order.push(candidate.passage);
        }
    }
    let of_passage = |passage: usize| {
        let mut units: Vec<&(&Candidate, String)> =
            chosen.iter().filter(|(unit, _)| unit.passage == passage).collect();
        units.sort_by_key(|(candidate, _)| candidate.unit.range.start);
        let ranges: Vec<Range<usize>> =
            units.iter().map(|(candidate, _)| candidate.unit.range.clone()).collect();
        Quotation {
            passage,
            texts: units.iter().map(|(_, text)| text.clone()).collect(),
            is_list: units.iter().all(|(candidate, _)| candidate.unit.form != Form::Sentence),
            quote: quote(&passages[passage].text, &ranges),
        }
    };
    order.into_iter().map(of_passage).collect()
}

/// Joins neighbouring units as they stand; an ellipsis marks what was left out between others.
fn quote(text: &str, ranges: &[Range<usize>]) -> String {
    let mut quote = String::new();
    let mut end = None;
    for range in ranges {
        match end {
            Some(end) if text[end..range.start].trim().is_empty() => quote.push_str(&text[end..range.start]),
            Some(_) => quote.push_str(" … "),
            None => {}
        }
        quote.push_str(&text[range.clone()]);
        end = Some(range.end);
    }
    quote
}
