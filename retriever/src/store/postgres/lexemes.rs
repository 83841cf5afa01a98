//! Terms as the word index of PostgreSQL holds them: a lexeme is the collection's number, a colon and the term.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use embedding::analysis::{self, Stems};

/// Bytes of a term, at most; PostgreSQL takes lexemes up to 2,046 bytes and the rest of a longer word tells nothing.
const MOST_BYTES: usize = 512;
/// Occurrences of a term that count, as many as a `tsvector` can hold positions.
const MOST_OCCURRENCES: u32 = 255;

/// How often a chunk holds each of its terms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bag {
    occurrences: BTreeMap<String, u32>,
    /// Occurrences of all terms: the length that BM25 sees.
    pub(super) length: u32,
}

impl Bag {
    /// Returns the terms of texts in one language.
    pub(super) fn of(texts: [&str; 3], stems: &mut Stems) -> Self {
        let mut bag = Self::default();
        for term in texts.into_iter().flat_map(|text| analysis::analyse_with(text, stems)) {
            *bag.occurrences.entry(cut(term.text)).or_default() += 1;
            bag.length = bag.length.saturating_add(1);
        }
        bag
    }

    /// Returns the text of the `tsvector` for a collection: each lexeme with as many positions as it occurs.
    pub(super) fn tsvector(&self, collection: i32) -> String {
        let mut text = String::new();
        for (term, occurrences) in &self.occurrences {
            text.push_str(&lexeme(collection, term));
            for position in 1..=(*occurrences).min(MOST_OCCURRENCES) {
                // Writing to a string cannot fail.
                _ = write!(text, "{}{position}", if position == 1 { ':' } else { ',' });
            }
            text.push(' ');
        }
        text
    }
}

/// Returns the lexeme of a term, quoted for `tsvector` and `tsquery`.
pub(super) fn lexeme(collection: i32, term: &str) -> String {
    let term = cut(term.to_owned()).replace('\\', "\\\\").replace('\'', "''");
    format!("'{collection}:{term}'")
}

fn cut(mut term: String) -> String {
    if term.len() > MOST_BYTES {
        let end = (0..=MOST_BYTES).rev().find(|end| term.is_char_boundary(*end)).unwrap_or(0);
        term.truncate(end);
    }
    term
}

/// Returns how often a chunk holds a form, from what `ts_rank` with all weights 1 gives for a query of `operands`
/// lexemes of which at most one occurs: the sum of 1/n² over the occurrences by the limit of that sum, shared among
/// the operands (`calc_rank_or` in PostgreSQL's `tsrank.c`).
pub(super) fn occurrences(rank: f32, operands: usize) -> f32 {
    const LIMIT: f64 = 1.644_934_066_85;
    let shares = u32::try_from(operands.max(1)).unwrap_or(u32::MAX);
    let wanted = f64::from(rank) * LIMIT * f64::from(shares);
    if wanted < 0.5 {
        return 0.0;
    }
    let (mut sum, mut count) = (0.0, 0u16);
    while u32::from(count) < MOST_OCCURRENCES {
        let next = f64::from(count + 1);
        // Half-way between two counts decides.
        if sum + 0.5 / (next * next) > wanted {
            break;
        }
        sum += 1.0 / (next * next);
        count += 1;
    }
    f32::from(count)
}

#[cfg(test)]
mod tests {
    use super::{Bag, Stems, lexeme, occurrences};

    #[test]
    fn every_count_is_read_back_from_its_rank() {
        for (operands, shares) in [(1usize, 1.0f32), (2, 2.0), (7, 7.0)] {
            assert!(occurrences(0.0, operands) < 0.5);
            let mut sum = 0.0f32;
            for count in 1u8..=40 {
                sum += 1.0 / f32::from(count).powi(2);
                let rank = sum / 1.644_934 / shares;
                assert!(
                    (occurrences(rank, operands) - f32::from(count)).abs() < 0.5,
                    "{count} of {operands}"
                );
            }
        }
    }

    #[test]
    fn lexemes_are_quoted_and_bounded() {
        assert_eq!(lexeme(3, r"o'neil\"), r"'3:o''neil\\'");
        assert!(lexeme(1, &"ä".repeat(2_000)).len() < 520);
        let bag = Bag::of(["red bike", "", "red"], &mut Stems::new("en"));
        assert_eq!(bag.tsvector(1), "'1:bike':1 '1:red':1,2 ");
        assert_eq!(bag.length, 3);
    }
}
