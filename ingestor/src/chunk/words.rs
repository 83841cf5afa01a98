//! Finds the words of a text at the bounds of UAX 29 (<https://www.unicode.org/reports/tr29/#Word_Boundaries>): what
//! `unicode-segmentation` calls words, which it also divides where text is not common.

use embedding::marks::{BLOCK_BYTES, block_at, marks, places};
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

/// Returns how many words a text has. Calls `found` with those whose first two bytes pass the two tests.
pub(super) fn count_words<'a>(
    text: &'a str,
    begin: &(impl Fn(u8) -> bool, impl Fn(u8) -> bool),
    mut found: impl FnMut(&'a str),
) -> usize {
    let mut count = 0;
    stretches(text, |stretch, is_common| {
        let mut rest = stretch;
        while is_common && !rest.is_empty() {
            let (ascii, after) = ascii_words(rest);
            count += count_ascii_words(ascii, begin, &mut found);
            let (other, after) =
                after.split_at(after.bytes().position(|byte| byte == b' ').unwrap_or(after.len()));
            count += count_each(other, begin, &mut found);
            rest = after;
        }
        if !is_common {
            count += count_each(stretch, begin, &mut found);
        }
    });
    count
}

/// Divides common text at a space, which no word holds, before the first word that is not all ASCII or has a joiner: only
/// joiners make a run of word bytes that is no word.
fn ascii_words(text: &str) -> (&str, &str) {
    let is_other = |byte: u8| !byte.is_ascii() | (byte == b'_');
    let bytes = text.as_bytes();
    let others = (0..bytes.len()).step_by(BLOCK_BYTES).find_map(|start| {
        // Without an early end this loop compares many bytes at once.
        let block = block_at(bytes, start);
        let has_others = block.iter().fold(false, |any, byte| any | is_other(*byte));
        has_others.then(|| start + marks(&block, is_other).trailing_zeros() as usize)
    });
    let end = others.map_or(text.len(), |place| {
        text.as_bytes()[..place].iter().rposition(|byte| *byte == b' ').map_or(0, |space| space + 1)
    });
    text.split_at(end)
}

fn count_each<'a>(
    text: &'a str,
    begin: &(impl Fn(u8) -> bool, impl Fn(u8) -> bool),
    found: &mut impl FnMut(&'a str),
) -> usize {
    let mut count = 0;
    words(text, |word| {
        count += 1;
        if begins_with(word.as_bytes(), begin) {
            found(word);
        }
    });
    count
}

fn begins_with(word: &[u8], (first, second): &(impl Fn(u8) -> bool, impl Fn(u8) -> bool)) -> bool {
    matches!(word, [one, two, ..] if first(*one) && second(*two))
}

/// Does so for ASCII without joiners: words are runs of letters and digits, and those that a mark holds together.
fn count_ascii_words<'a>(
    text: &'a str,
    begin: &(impl Fn(u8) -> bool, impl Fn(u8) -> bool),
    found: &mut impl FnMut(&'a str),
) -> usize {
    let bytes = text.as_bytes();
    let (mut count, mut is_in_run) = (0, false);
    for start in (0..bytes.len()).step_by(BLOCK_BYTES) {
        let block = block_at(bytes, start);
        let runs = marks(&block, |byte| byte.is_ascii_alphanumeric());
        let spaces = marks(&block, |byte| byte == b' ');
        let goes_on = bytes.get(start + BLOCK_BYTES).is_some_and(u8::is_ascii_alphanumeric);
        let after_run = runs << 1 | u64::from(is_in_run);
        let before_run = runs >> 1 | u64::from(goes_on) << (BLOCK_BYTES - 1);
        let begun = runs & !after_run;
        count += begun.count_ones() as usize;
        count -= places(!runs & !spaces & after_run & before_run)
            .filter(|place| holds_together(text, start + place))
            .count();
        // What follows the block may be such a byte too.
        let seconds = marks(&block, &begin.1) >> 1 | 1 << (BLOCK_BYTES - 1);
        for place in places(begun & seconds & marks(&block, &begin.0)).map(|place| start + place) {
            let is_within = place.checked_sub(1).is_some_and(|mark| holds_together(text, mark));
            let word = &text[place..end_of_word(text, place).0];
            if !is_within && begins_with(word.as_bytes(), begin) {
                found(word);
            }
        }
        is_in_run = runs >> (BLOCK_BYTES - 1) == 1;
    }
    count
}

/// Whether the mark at a byte of ASCII text stands inside a word.
fn holds_together(text: &str, mark: usize) -> bool {
    let class = |place| in_word_at(text, place).map(|(class, _)| class);
    match (mark.checked_sub(1).and_then(class), class(mark), class(mark + 1)) {
        (Some(before), Some(mark @ (InWord::MidLetter | InWord::MidDigit | InWord::Mid)), Some(after)) => {
            stands_inside(before, mark, after)
        }
        _ => false,
    }
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
