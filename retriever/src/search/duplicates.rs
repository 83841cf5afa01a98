//! Which passages say the same as a better one in almost the same words.

use std::hash::{DefaultHasher, Hash, Hasher};

/// Least share of common words, of all words of both passages, that makes one a repetition of the other.
const LEAST_COMMON: f32 = 0.9;

/// The passages that are returned so far.
#[derive(Debug, Default)]
pub(super) struct Seen(Vec<Words>);

/// Hashes of the different words of a passage, sorted; those with digits apart, because two rows of a price list differ in
/// nothing else.
#[derive(Debug)]
pub(super) struct Words {
    plain: Vec<u64>,
    with_digits: Vec<u64>,
}

impl Seen {
    pub(super) fn add(&mut self, words: Words) {
        self.0.push(words);
    }

    /// Returns whether a passage repeats one that was added.
    pub(super) fn repeats(&self, words: &Words) -> bool {
        self.0.iter().any(|seen| seen.resembles(words))
    }
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let words =
            lower.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
        let (mut plain, mut with_digits) = (Vec::new(), Vec::new());
        for word in words {
            let has_digits = word.contains(|character: char| character.is_numeric());
            if has_digits { &mut with_digits } else { &mut plain }.push(hash(word));
        }
        for hashes in [&mut plain, &mut with_digits] {
            hashes.sort_unstable();
            hashes.dedup();
        }
        Self { plain, with_digits }
    }

    fn resembles(&self, other: &Self) -> bool {
        let (shorter, longer) =
            (self.plain.len().min(other.plain.len()), self.plain.len().max(other.plain.len()));
        // No more can be common than the shorter one has.
        if self.with_digits != other.with_digits || ratio(shorter, longer) < LEAST_COMMON {
            return false;
        }
        let common = common(&self.plain, &other.plain);
        ratio(common, shorter + longer - common) >= LEAST_COMMON
    }
}

fn hash(word: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    word.hash(&mut hasher);
    hasher.finish()
}

/// Returns how many numbers two sorted lists share.
fn common(left: &[u64], right: &[u64]) -> usize {
    let mut right = right.iter().peekable();
    left.iter()
        .filter(|number| {
            while right.next_if(|next| next < number).is_some() {}
            right.next_if_eq(number).is_some()
        })
        .count()
}

/// Returns the share of a part; everything of nothing.
fn ratio(part: usize, all: usize) -> f32 {
    let count = |number: usize| f32::from(u16::try_from(number).unwrap_or(u16::MAX));
    if all == 0 { 1.0 } else { count(part) / count(all) }
}

#[cfg(test)]
mod tests {
    use super::{Seen, Words};

    fn repeats(text: &str, other: &str) -> bool {
        let mut seen = Seen::default();
        seen.add(Words::of(text));
        seen.repeats(&Words::of(other))
    }

    #[test]
    fn the_same_words_in_another_order_and_case_repeat() {
        assert!(repeats("We open at nine, every day.", "every day we OPEN at nine"));
        assert!(repeats("", "…"));
    }

    #[test]
    fn nine_of_ten_common_words_repeat_and_eight_do_not() {
        let text = "a b c d e f g h i";
        assert!(repeats(text, "a b c d e f g h i j"));
        assert!(!repeats(text, "a b c d e f g h i j k"));
        assert!(!repeats(text, "a b c d e f g h x"));
        assert!(!repeats(text, ""));
    }

    #[test]
    fn another_number_is_another_statement() {
        assert!(!repeats("the blue kite costs 20 dollars", "the blue kite costs 25 dollars"));
        assert!(repeats("the blue kite costs 20 dollars", "The blue kite costs: 20 dollars."));
    }
}
