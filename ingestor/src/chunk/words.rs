//! Finds the words of a text at the bounds of UAX 29 (<https://www.unicode.org/reports/tr29/#Word_Boundaries>): what
//! `unicode-segmentation` calls words, which it also divides where text is not common.

use unicode_segmentation::UnicodeSegmentation;

use super::classes::{InWord, in_word_at};
use super::sentences::stretches;

/// Calls `found` with each word: what stands between two bounds and holds a letter or a digit.
pub(super) fn words<'a>(text: &'a str, mut found: impl FnMut(&'a str)) {
    stretches(text, |stretch, is_common| {
        if is_common {
            common_words(stretch, &mut found);
        } else {
            stretch.unicode_words().for_each(&mut found);
        }
    });
}

fn common_words<'a>(text: &'a str, found: &mut impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    let mut place = 0;
    while let Some(rest) = bytes.get(place..) {
        let start = place;
        // Most words are letters before a space.
        let letters = embedding::leading_letters(rest);
        if letters > 0 && rest.get(letters) == Some(&b' ') {
            place += letters + 1;
            found(&text[start..start + letters]);
            continue;
        }
        let Some((class, class_bytes)) = in_word_at(text, start) else { break };
        let is_word = match class {
            InWord::Letter | InWord::Digit | InWord::Joiner => {
                let is_word;
                (place, is_word) = end_of_word(text, start);
                is_word
            }
            _ => {
                place += class_bytes;
                class == InWord::Alone
            }
        };
        if is_word {
            found(&text[start..place]);
        }
    }
}

/// Returns where what begins with a letter, digit or joiner ends, and whether it holds more than joiners.
fn end_of_word(text: &str, start: usize) -> (usize, bool) {
    let (mut place, mut is_word, mut last) = (start, false, InWord::Joiner);
    while let Some((class, bytes)) = in_word_at(text, place) {
        match class {
            InWord::Letter if bytes == 1 => {
                is_word = true;
                last = class;
                place += embedding::leading_letters(&text.as_bytes()[place..]);
            }
            InWord::Letter | InWord::Digit | InWord::Joiner => {
                is_word |= class != InWord::Joiner;
                last = class;
                place += bytes;
            }
            InWord::MidLetter | InWord::MidDigit | InWord::Mid => match in_word_at(text, place + bytes) {
                Some((after, _)) if stands_inside(last, class, after) => place += bytes,
                _ => break,
            },
            InWord::Alone | InWord::Other => break,
        }
    }
    (place, is_word)
}

fn stands_inside(before: InWord, mark: InWord, after: InWord) -> bool {
    match mark {
        InWord::MidLetter => before == InWord::Letter && after == InWord::Letter,
        InWord::MidDigit => before == InWord::Digit && after == InWord::Digit,
        _ => before == after && matches!(before, InWord::Letter | InWord::Digit),
    }
}

#[cfg(test)]
mod tests;
