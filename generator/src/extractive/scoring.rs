//! How well each unit of the passages answers the question, and whether that is evidence enough.

use std::collections::{HashMap, HashSet};

use super::concepts::Concepts;
use super::expectation::Expectation;
use super::language::Language;
use super::matching;
use super::stopwords;
use super::terms::{Analyzer, Kind, Word, fold};
use super::units::{self, Form, Unit};
use crate::prompt::{Passage, Prompt};

/// What a match outside the unit itself is worth.
const IN_HEADINGS: f32 = 0.9;
const IN_SENTENCE_BEFORE: f32 = 0.5;
const IN_PASSAGE: f32 = 0.35;

/// Words that questions use loosely.
const WEAK_WEIGHT: f32 = 0.35;
const NAME_WEIGHT: f32 = 1.4;
const CODE_WEIGHT: f32 = 2.0;
/// Left of the coverage for each name or year of the question that the passage nowhere mentions.
const MISSING_NAME: f32 = 0.55;

/// Lost of the coverage when the passages mention none of the question's subjects.
const UNKNOWN_LOSS: f32 = 1.0;

const EXPECTED_KIND: f32 = 1.2;
const UNEXPECTED_KIND: f32 = 0.85;
/// Lost for each place further down in the search's own order.
const RANK_LOSS: f32 = 0.02;

/// A unit with its worth.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    /// Place of the passage in the prompt.
    pub(crate) passage: usize,
    pub(crate) unit: Unit,
    /// Words of the unit, for telling repeats.
    pub(crate) words: HashSet<String>,
    /// How much of what the question asks about the unit and its surroundings hold: 0 to 1.
    pub(crate) coverage: f32,
    /// Order among the candidates; higher is better.
    pub(crate) score: f32,
}

/// The question as it is compared.
pub(crate) struct Question {
    pub(crate) expectation: Expectation,
    analyzer: Analyzer,
    /// Every word, folded, for telling a question that the passages hold word for word.
    plain: String,
    terms: Vec<Term>,
}

struct Term {
    word: Word,
    concepts: Concepts,
    is_name: bool,
    weight: f32,
    /// Words of the passages that stand for it, and how well.
    equivalents: HashMap<String, f32>,
}

struct Scored<'p> {
    passage: usize,
    unit: Unit,
    text: &'p str,
    words: HashSet<String>,
    lead: HashSet<String>,
    /// Whether it stands right under the very question.
    is_answer: bool,
}

impl Question {
    /// Reads a question; the passages' languages decide where its own words do not.
    pub(crate) fn read(prompt: &Prompt) -> Self {
        let hint = prompt.passages.iter().find_map(|passage| Language::from_tag(&passage.language));
        let language = Language::of_question(&prompt.question, Language::from_tag(&prompt.language).or(hint));
        let analyzer = Analyzer::new(language);
        let expectation = Expectation::of(&prompt.question);
        let first = prompt.question.split_whitespace().next().unwrap_or_default();
        let is_first = |word: &Word| analyzer.words(first).iter().any(|other| other.key == word.key);
        // German writes every noun with a capital, and some visitors write every word so.
        let shows_names = language != Language::German && prompt.question.chars().any(char::is_lowercase);
        let words = analyzer.question_words(&prompt.question);
        let mut terms: Vec<Term> = words
            .into_iter()
            .map(|word| {
                let concepts = Concepts::of(&word.folded);
                let is_name = shows_names && word.kind == Kind::Word && word.is_capital && !is_first(&word);
                Term { word, concepts, is_name, weight: 0.0, equivalents: HashMap::new() }
            })
            .collect();
        let implied = expectation.implied();
        let says_little = terms.iter().all(|term| stopwords::is_weak(&term.word.folded));
        if says_little && !implied.is_empty() {
            let word =
                Word { key: String::new(), folded: String::new(), kind: Kind::Word, is_capital: false };
            terms.push(Term {
                word,
                concepts: implied,
                is_name: false,
                weight: 0.0,
                equivalents: HashMap::new(),
            });
        }
        Self { expectation, analyzer, plain: plain_words(&prompt.question), terms }
    }

    /// Returns the units that say something about the question, best first.
    pub(crate) fn candidates(&mut self, passages: &[Passage]) -> Vec<Candidate> {
        let headings: Vec<HashSet<String>> =
            passages.iter().map(|passage| self.heading_words(passage)).collect();
        let scored = self.units(passages);
        self.weigh(&scored, &headings);
        let mut whole: Vec<HashSet<&String>> = vec![HashSet::new(); passages.len()];
        for unit in &scored {
            whole[unit.passage].extend(&unit.words);
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for (place, unit) in scored.iter().enumerate() {
            let before =
                place.checked_sub(1).map(|p| &scored[p]).filter(|other| other.passage == unit.passage);
            let around = Around { headings: &headings[unit.passage], before, whole: &whole[unit.passage] };
            if let Some((coverage, score)) = self.score(unit, &around) {
                candidates.push(Candidate {
                    passage: unit.passage,
                    unit: unit.unit.clone(),
                    words: unit.words.clone(),
                    coverage,
                    score,
                });
            }
        }
        candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
        candidates
    }

    /// Returns the weights of the question's words that a text holds, or words that stand for them.
    pub(crate) fn overlap(&self, text: &str) -> f32 {
        self.overlap_of(text, |_, _| true)
    }

    /// Returns the weights of the question's words that a text holds itself, typing slips aside, and that name a thing
    /// rather than a matter such as price or opening.
    pub(crate) fn names_in(&self, text: &str) -> f32 {
        self.overlap_of(text, |term, credit| credit >= matching::TYPING_SLIP && term.concepts.is_empty())
    }

    fn overlap_of(&self, text: &str, counts: impl Fn(&Term, f32) -> bool) -> f32 {
        let words: HashSet<String> = self.analyzer.words(text).into_iter().map(|word| word.key).collect();
        let credits = self.terms.iter().map(|term| (term, term.credit(|key| words.contains(key))));
        credits
            .filter(|(term, credit)| counts(term, *credit))
            .map(|(term, credit)| term.weight * credit)
            .sum()
    }

    fn is_asked_in(&self, above: &str) -> bool {
        self.plain.len() > 1 && above.contains(['?', '？', '؟']) && plain_words(above).ends_with(&self.plain)
    }

    fn heading_words(&self, passage: &Passage) -> HashSet<String> {
        let headings = passage.heading_path.iter().chain([&passage.title]);
        headings.flat_map(|heading| self.analyzer.words(heading)).map(|word| word.key).collect()
    }

    fn units<'p>(&mut self, passages: &'p [Passage]) -> Vec<Scored<'p>> {
        let mut scored = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        for (passage, source) in passages.iter().enumerate() {
            for heading in source.heading_path.iter().chain([&source.title]) {
                self.learn(&self.analyzer.words(heading), &mut seen);
            }
            for unit in units::of(&source.text) {
                let text = &source.text[unit.range.clone()];
                let (words, lead) = (self.analyzer.words(text), self.analyzer.words(&unit.lead));
                self.learn(&words, &mut seen);
                self.learn(&lead, &mut seen);
                let keys = |words: Vec<Word>| words.into_iter().map(|word| word.key).collect();
                let above =
                    format!("{} {}", source.heading_path.last().map_or("", String::as_str), unit.lead);
                let is_answer = self.is_asked_in(&above);
                scored.push(Scored { passage, unit, text, words: keys(words), lead: keys(lead), is_answer });
            }
        }
        scored
    }

    /// Compares words that were not seen before with every word of the question.
    fn learn(&mut self, words: &[Word], seen: &mut HashSet<String>) {
        for word in words {
            if !seen.insert(word.key.clone()) {
                continue;
            }
            for term in &mut self.terms {
                let credit = matching::credit(&term.word, term.concepts, word);
                if credit > 0.0 {
                    term.equivalents.insert(word.key.clone(), credit);
                }
            }
        }
    }

    /// Rare words weigh more (inverse document frequency over the units at hand), from half to the whole.
    fn weigh(&mut self, scored: &[Scored<'_>], headings: &[HashSet<String>]) {
        let total = as_f32(scored.len() + 1);
        for term in &mut self.terms {
            let holds = |unit: &&Scored<'_>| {
                term.credit(|key| unit.words.contains(key) || headings[unit.passage].contains(key)) >= 0.7
            };
            let found = as_f32(scored.iter().filter(holds).count());
            let rarity = (total / (found + 0.5)).ln() / (total / 0.5).ln();
            let importance = match term.word.kind {
                Kind::Code => CODE_WEIGHT,
                Kind::Word if stopwords::is_weak(&term.word.folded) => WEAK_WEIGHT,
                // Japanese writes its subjects in other signs; these are endings and particles.
                Kind::Pair if term.word.folded.chars().any(is_hiragana) => WEAK_WEIGHT,
                Kind::Word if term.is_name => NAME_WEIGHT,
                Kind::Word | Kind::Number | Kind::Pair | Kind::Weekday => 1.0,
            };
            term.weight = importance * (0.5 + 0.5 * rarity.clamp(0.0, 1.0));
        }
    }

    /// Returns the share of the question's own subjects that the passages mention at all: what they nowhere name, they
    /// say nothing about, however well the rest fits.
    fn known_share(&self) -> f32 {
        let is_subject = |term: &&Term| {
            let is_word = term.word.kind == Kind::Word && !term.word.key.is_empty();
            let says_little =
                stopwords::is_weak(&term.word.folded) || Expectation::is_asking_word(&term.word.folded);
            is_word && term.concepts.is_empty() && !says_little
        };
        let subjects = self.terms.iter().filter(is_subject).count();
        let unknown = self.terms.iter().filter(is_subject).filter(|term| term.equivalents.is_empty()).count();
        1.0 - UNKNOWN_LOSS * as_f32(unknown) / as_f32(subjects.max(1))
    }

    /// Returns coverage and score, or nothing when the unit cannot be the answer.
    fn score(&self, unit: &Scored<'_>, around: &Around<'_, '_>) -> Option<(f32, f32)> {
        if unit.is_answer {
            return Some((1.0, EXPECTED_KIND * brevity(unit)));
        }
        let total: f32 = self.terms.iter().map(|term| term.weight).sum();
        let (mut own, mut near, mut loss) = (0.0, 0.0, 1.0);
        for term in &self.terms {
            let inside = term.credit(|key| unit.words.contains(key));
            let headings =
                term.credit(|key| around.headings.contains(key) || unit.lead.contains(key)) * IN_HEADINGS;
            let before = around.before.map_or(0.0, |other| term.credit(|key| other.words.contains(key)));
            let passage = term.credit(|key| around.whole.contains(&key.to_owned()));
            if term.word.kind == Kind::Code && inside.max(headings) == 0.0 {
                return None;
            }
            if (term.is_name || term.is_year()) && passage.max(headings) == 0.0 {
                loss *= MISSING_NAME;
            }
            own += term.weight * inside;
            let outside = headings.max(before * IN_SENTENCE_BEFORE).max(passage * IN_PASSAGE);
            near += term.weight * inside.max(outside);
        }
        let is_expected = self.expectation.is_met_by(unit.text);
        // Under a heading that names the matter, the bare answer is enough: "11:00 to 16:00" under "Sunday".
        let is_bare_answer = is_expected && self.expectation != Expectation::Anything && near > 0.0;
        if total == 0.0 || (own == 0.0 && !is_bare_answer) {
            return None;
        }
        let coverage = near / total * loss * self.known_share();
        let kind = if is_expected { EXPECTED_KIND } else { UNEXPECTED_KIND };
        let rank = 1.0 - RANK_LOSS * as_f32(unit.passage);
        let score = (0.7 * coverage + 0.3 * own / total) * kind * rank * brevity(unit);
        Some((coverage, score))
    }
}

/// What stands around a unit.
struct Around<'s, 'p> {
    headings: &'s HashSet<String>,
    before: Option<&'s Scored<'p>>,
    whole: &'s HashSet<&'s String>,
}

impl Term {
    fn credit(&self, holds: impl Fn(&str) -> bool) -> f32 {
        self.equivalents.iter().filter(|(key, _)| holds(key)).map(|(_, credit)| *credit).fold(0.0, f32::max)
    }

    fn is_year(&self) -> bool {
        let digits = self.word.folded.as_bytes();
        self.word.kind == Kind::Number && digits.len() == 4 && matches!(digits[0], b'1' | b'2')
    }
}

fn is_hiragana(character: char) -> bool {
    ('\u{3041}'..='\u{309f}').contains(&character)
}

fn plain_words(text: &str) -> String {
    let folded = fold(text);
    let words: Vec<&str> =
        folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    format!(" {}", words.join(" "))
}

/// Very long sentences hold more words of any question, very short ones say little.
fn brevity(unit: &Scored<'_>) -> f32 {
    let is_record = matches!(unit.unit.form, Form::Record(_));
    match unit.words.len() {
        0..=2 if !is_record => 0.85,
        61.. if !is_record => 0.85,
        _ => 1.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of units are far below 2^23")]
fn as_f32(count: usize) -> f32 {
    count as f32
}
