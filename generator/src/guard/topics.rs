//! Denied topics, told by the words that a sentence shares with a topic's name, definition and examples. It understands
//! nothing: a question about the topic in other words passes, so a service's guardrail stands behind it where that matters.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use rust_stemmers::{Algorithm, Stemmer};

use super::Direction;
use super::config::{Action, GuardrailConfig, TopicRule};
use super::words::{Folder, Word};

/// Distinct words of a sentence that are compared; more make no sentence.
const MOST_WORDS: usize = 60;
/// Cosine of a sentence and an example from which they ask the same.
const LIKE_AN_EXAMPLE: f64 = 0.6;
/// Words shared with the whole topic, and their share of the sentence, from which it is about the topic.
const SHARED_WORDS: usize = 3;
const SHARED_PART: f64 = 0.6;

/// Words that say nothing about a subject.
const EMPTY_WORDS: &str = "a about advice advise all also am an and any are as ask asked asking at be been business but by can \
    cannot company could customer customers did do does doing for from get give giving got guidance had has have help how i \
    if in info information into is it its like made make many may me might more most much must my need no not of on one or \
    other our please product products provide provides question questions recommend recommendation recommendations related \
    request requests requesting s service services should situation so some specific such tell than that the their them \
    there these they this those to too topic topics up us use user users want was we were what when where which who why \
    will with would you your after again always available before best better between big buy case cheap \
    cost costs day days different difference end fast find first full good great happen happened happens important kind know \
    last later least less let live long main mean means name new next now number old open order pay people place price prices \
    still ever thing things think time times today type way ways week well work works year years discussion discussions discussing including includes";

/// A stem's hash: words of a sentence are compared and never shown, so that nothing is kept of them.
type Stem = u64;

/// The denied topics of one direction.
#[derive(Debug)]
pub(super) struct Topics {
    topics: Vec<Topic>,
    /// Stems of words that say nothing.
    empty: HashSet<Stem>,
    stemmer: StemmerOf,
}

struct StemmerOf(Stemmer);

impl std::fmt::Debug for StemmerOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stemmer")
    }
}

#[derive(Debug)]
struct Topic {
    /// Stems of the name, words such as `advice` among them.
    name: HashSet<Stem>,
    /// Of everything that was written about it.
    all: HashSet<Stem>,
    examples: Vec<HashSet<Stem>>,
    blocks: bool,
}

/// The sentence that is being read.
#[derive(Debug, Default)]
pub(super) struct Sentence {
    stems: HashSet<Stem>,
}

impl Topics {
    /// Returns the topics of a direction; none where there are none.
    pub(super) fn new(config: &GuardrailConfig, direction: Direction) -> Option<Self> {
        let stemmer = Stemmer::create(Algorithm::English);
        let empty = EMPTY_WORDS.split_whitespace().map(|word| hashed(&stemmer.stem(word))).collect();
        let mut topics = Self { topics: Vec::new(), empty, stemmer: StemmerOf(stemmer) };
        for rule in &config.topics {
            if let Some(action) = rule.sides.of(direction) {
                let topic = topics.topic(rule, action == Action::Block);
                topics.topics.push(topic);
            }
        }
        (!topics.topics.is_empty()).then_some(topics)
    }

    fn topic(&self, rule: &TopicRule, blocks: bool) -> Topic {
        let stems = |text: &str, with_empty: bool| {
            let (mut folder, mut stems) = (Folder::default(), HashSet::new());
            let mut add = |word: Word<'_>| {
                let stem = self.stem(word.text);
                if !word.is_spelled && (with_empty || !self.empty.contains(&stem)) {
                    stems.insert(stem);
                }
            };
            text.chars().for_each(|character| folder.push(character, &mut add));
            folder.finish(&mut add);
            stems
        };
        let examples: Vec<_> = rule.examples.iter().map(|example| stems(example, false)).collect();
        let written = format!("{} {}", rule.name, rule.definition);
        let all = stems(&written, false).into_iter().chain(examples.iter().flatten().copied()).collect();
        Topic { name: stems(&rule.name, true), all, examples, blocks }
    }

    fn stem(&self, word: &str) -> Stem {
        hashed(&self.stemmer.0.stem(word))
    }

    pub(super) fn read(&self, sentence: &mut Sentence, word: Word<'_>) {
        if !word.is_spelled && sentence.stems.len() < MOST_WORDS {
            sentence.stems.insert(self.stem(word.text));
        }
    }

    /// Decides about a sentence that ended, and begins another: whether it is blocked, and how many topics are only noted.
    pub(super) fn decide(&self, sentence: &mut Sentence) -> (bool, u32) {
        let (mut is_blocked, mut noted) = (false, 0);
        let content = sentence.stems.iter().filter(|stem| !self.empty.contains(*stem)).count();
        for topic in self.topics.iter().filter(|topic| topic.is_meant(&sentence.stems, content)) {
            if topic.blocks {
                is_blocked = true;
            } else {
                noted += 1;
            }
        }
        sentence.stems.clear();
        (is_blocked, noted)
    }
}

impl Topic {
    fn is_meant(&self, stems: &HashSet<Stem>, content: usize) -> bool {
        let shared = |with: &HashSet<Stem>| with.iter().filter(|stem| stems.contains(*stem)).count();
        let in_all = shared(&self.all);
        let is_named = !self.name.is_empty() && shared(&self.name) == self.name.len();
        // One word alone may be a passing remark: another one of the topic must stand beside it, or little else at all.
        if is_named && (self.name.len() > 1 || in_all > 1 || content <= 2) {
            return true;
        }
        let is_like_an_example = self.examples.iter().any(|example| {
            let common = shared(example);
            let lengths = as_number(example.len()) * as_number(content);
            common > 1 && as_number(common) >= LIKE_AN_EXAMPLE * lengths.sqrt()
        });
        let is_nothing_else = in_all > 1 && in_all == content;
        is_like_an_example
            || is_nothing_else
            || (in_all >= SHARED_WORDS && as_number(in_all) >= SHARED_PART * as_number(content))
    }
}

fn hashed(stem: &str) -> Stem {
    let mut hasher = DefaultHasher::new();
    stem.hash(&mut hasher);
    hasher.finish()
}

/// Counts of words in a sentence are small.
fn as_number(count: usize) -> f64 {
    u32::try_from(count).map_or_else(|_| f64::from(u32::MAX), f64::from)
}

#[cfg(test)]
mod tests;
