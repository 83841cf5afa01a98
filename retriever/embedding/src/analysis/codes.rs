//! Product codes, measures and phone numbers however they are typed: neighbouring pieces are also written together, so
//! that `HL-365V93`, `hl 365v93` and `hl365 v93` share one term.

use super::pieces::{Gap, Piece};
use super::{Kind, Term, is_stop_word, normalise::fold};

/// Most pieces that are written together.
const MOST_PIECES: usize = 5;
/// Longest joined term in bytes.
const LONGEST_BYTES: usize = 24;
/// Fewest digits that make neighbouring numbers one: a phone or article number, not a list of quantities.
const FEWEST_DIGITS: usize = 7;
/// Longest name before a number (`Galaxy 24`) and longest unit after one (`500 ml`), in letters.
const LONGEST_NAME: usize = 8;
const LONGEST_UNIT: usize = 3;
/// Longest letters of a hyphenated code (`HL-365`): longer ones make an ordinary compound (`covid-19`).
const LONGEST_PREFIX: usize = 3;

/// Returns the joined terms of a text.
pub(crate) fn join(pieces: &[Piece], language: &str) -> Vec<Term> {
    let mut terms = Vec::new();
    for first in 0..pieces.len() {
        for last in first + 1..pieces.len().min(first + MOST_PIECES) {
            if !are_joinable(&pieces[last - 1], &pieces[last], language) {
                break;
            }
            terms.extend(joined(&pieces[first..=last], first, last));
        }
    }
    terms
}

fn are_joinable(left: &Piece, right: &Piece, language: &str) -> bool {
    let letters = |piece: &Piece| piece.text.chars().count();
    match (left.kind, right.kind, right.gap) {
        (Kind::Dense, ..) | (_, Kind::Dense, _) | (_, _, Gap::Break) => false,
        (Kind::Word, Kind::Word, Gap::Hyphen) => letters(left).min(letters(right)) <= LONGEST_PREFIX,
        (Kind::Word, Kind::Word, _) => false,
        (Kind::Word, _, Gap::Hyphen) | (_, Kind::Word, Gap::Hyphen) => true,
        (Kind::Word, _, _) => letters(left) <= LONGEST_NAME && !is_stop_word(&left.text, language),
        (_, Kind::Word, _) => letters(right) <= LONGEST_UNIT && !is_stop_word(&right.text, language),
        _ => true,
    }
}

fn joined(run: &[Piece], first: usize, last: usize) -> Option<Term> {
    let text: String = run.iter().map(|piece| fold(&piece.text)).collect();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let only_digits = digits == text.len();
    let has_marks = run.iter().any(|piece| piece.text.contains(['.', ':', ',']));
    let is_long_enough = !only_digits || digits >= FEWEST_DIGITS;
    let is_measure = run.len() == 2 && run[0].kind == Kind::Number && run[1].kind == Kind::Word;
    if text.len() > LONGEST_BYTES || !is_long_enough || has_marks && !is_measure {
        return None;
    }
    let hyphenated = run[1..].iter().all(|piece| piece.gap == Gap::Hyphen);
    let short = |piece: &Piece| piece.kind != Kind::Word || piece.text.len() <= LONGEST_PREFIX;
    let holds_code = run.iter().any(|piece| is_code(&piece.text));
    let is_code = (hyphenated || holds_code) && digits > 0 && !only_digits && run.iter().all(short);
    Some(Term { text, kind: Kind::Joined, first, last, is_code })
}

/// Returns whether a digit follows a letter, as in `365v93` and `hl365`, but not in `1970s` or `500ml`.
pub fn is_code(word: &str) -> bool {
    let after_letter = word.find(char::is_alphabetic).and_then(|place| word.get(place..));
    after_letter.is_some_and(|rest| rest.contains(|character: char| character.is_ascii_digit()))
}
