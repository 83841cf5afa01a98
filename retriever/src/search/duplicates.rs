//! Which passages say the same as a better one in almost the same words.

use std::collections::BTreeSet;

/// Least share of common words, of all words of both passages, that makes one a repetition of the other.
const LEAST_COMMON: f32 = 0.9;

/// The passages that are returned so far.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<Words>);

/// Different words of a passage; those with digits apart, because two rows of a price list differ in nothing else.
#[derive(Debug, PartialEq)]
struct Words {
    plain: BTreeSet<String>,
    with_digits: BTreeSet<String>,
}

impl Seen {
    pub(super) fn add(&mut self, text: &str) {
        self.0.push(Words::of(text));
    }

    /// Returns whether a passage repeats one that was added.
    pub(super) fn repeats(&self, text: &str) -> bool {
        let words = Words::of(text);
        self.0.iter().any(|seen| seen.with_digits == words.with_digits && seen.common(&words) >= LEAST_COMMON)
    }
}

impl Words {
    fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let words =
            lower.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        let (with_digits, plain) = words
            .map(str::to_owned)
            .partition(|word: &String| word.contains(|character: char| character.is_numeric()));
        Self { plain, with_digits }
    }

    fn common(&self, other: &Self) -> f32 {
        let all = self.plain.union(&other.plain).count();
        let common = self.plain.intersection(&other.plain).count();
        if all == 0 { 1.0 } else { ratio(common, all) }
    }
}

fn ratio(part: usize, all: usize) -> f32 {
    let count = |number: usize| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
    count(part) / count(all)
}
