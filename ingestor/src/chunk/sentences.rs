//! Divides text into sentences at the bounds of UAX 29 (<https://www.unicode.org/reports/tr29/#Sentence_Boundaries>).
//! Common text takes a short way to the very bounds that `unicode-segmentation` finds, which divides all other text.

use embedding::marks::leading_ascii;
use unicode_segmentation::UnicodeSegmentation;

use super::classes::{InSentence, in_sentence, is_common};

/// In text that is not common, this many characters in a row without a letter or digit end a sentence: the library looks
/// through such a run anew from each of its characters.
const MAX_RUN_CHARS: usize = 100;

/// Marks are looked for in so many bytes at once; a sentence is some times longer.
const BLOCK_BYTES: usize = 32;

/// Calls `found` with each sentence; together they are the text. A line break ends a sentence even without a full stop:
/// rows and addresses have none.
pub(super) fn sentences<'a>(text: &'a str, mut found: impl FnMut(&'a str)) {
    stretches(text, |stretch, is_common| {
        if is_common {
            common_sentences(stretch, &mut found);
        } else {
            other_sentences(stretch, &mut found);
        }
    });
}

/// Calls `found` with stretches of text, cut where sentences surely end, and whether all of the stretch is common text.
pub(super) fn stretches<'a>(text: &'a str, mut found: impl FnMut(&'a str, bool)) {
    if text.is_ascii() {
        return found(text, true);
    }
    for line in text.split_inclusive('\n') {
        if has_common_characters_only(line) {
            found(line, true);
            continue;
        }
        // One foreign name must not send the whole of a long paragraph the long way.
        let mut rest = line;
        while let Some((sentence, after)) = sure_end(rest).and_then(|end| rest.split_at_checked(end)) {
            found(sentence, has_common_characters_only(sentence));
            rest = after;
        }
        found(rest, has_common_characters_only(rest));
    }
}

/// Returns the end of a sentence that no rule can take back: a mark, a space, and then a capital.
fn sure_end(text: &str) -> Option<usize> {
    let is_end = |bytes: &[u8]| matches!(bytes, [b'.' | b'!' | b'?', b' ', b'A'..=b'Z']);
    text.as_bytes().windows(3).position(is_end).map(|mark| mark + 2)
}

fn has_common_characters_only(line: &str) -> bool {
    let mut rest = line;
    loop {
        let mut after = rest[leading_ascii(rest.as_bytes())..].chars();
        match after.next() {
            Some(c) if !is_common(c) => return false,
            Some(_) => rest = after.as_str(),
            None => return true,
        }
    }
}

fn other_sentences<'a>(text: &'a str, found: &mut impl FnMut(&'a str)) {
    let (mut start, mut run) = (0, 0);
    for (place, c) in text.char_indices() {
        run = if c.is_alphanumeric() { 0 } else { run + 1 };
        if run > MAX_RUN_CHARS {
            text[start..place].split_sentence_bounds().for_each(&mut *found);
            (start, run) = (place, 1);
        }
    }
    text[start..].split_sentence_bounds().for_each(found);
}

fn common_sentences<'a>(text: &'a str, found: &mut impl FnMut(&'a str)) {
    let bytes = text.as_bytes();
    let (mut start, mut place) = (0, 0);
    while let Some(mark) = next_mark(bytes, place) {
        let (after, is_bound) = match bytes[mark] {
            b'\n' => (mark + 1, true),
            b'\r' => (mark + 1, bytes.get(mark + 1) != Some(&b'\n')),
            _ => after_mark(text, mark),
        };
        place = after;
        if is_bound && after < bytes.len() {
            found(&text[start..after]);
            start = after;
        }
    }
    if start < bytes.len() {
        found(&text[start..]);
    }
}

/// Returns where the next byte stands that may end a sentence.
fn next_mark(bytes: &[u8], place: usize) -> Option<usize> {
    let is_mark = |byte: &u8| matches!(byte, b'.' | b'!' | b'?' | b'\n' | b'\r');
    let mut start = place;
    for block in bytes[place..].chunks(BLOCK_BYTES) {
        // Without an early end this loop compares many bytes at once.
        if block.iter().fold(false, |any, byte| any | is_mark(byte)) {
            return block.iter().position(is_mark).map(|offset| start + offset);
        }
        start += block.len();
    }
    None
}

/// Returns the next place that can hold a mark after the full stop, question or exclamation mark at `mark`, and whether
/// a sentence ends there. The names of rules are those of UAX 29.
fn after_mark(text: &str, mark: usize) -> (usize, bool) {
    let (before, rest) = (&text[..mark], &text[mark + 1..]);
    let is_full_stop = text.as_bytes()[mark] == b'.';
    if is_full_stop {
        let class_before = before.chars().next_back().map(in_sentence);
        let is_inside = match rest.chars().next().map(in_sentence) {
            // SB6: a number.
            Some(InSentence::Digit) => true,
            // SB7: letters with full stops between them.
            Some(InSentence::Upper) => {
                matches!(class_before, Some(InSentence::Upper | InSentence::Lower))
            }
            _ => false,
        };
        if is_inside {
            return (mark + 1, false);
        }
    }
    // SB9 and SB10: brackets, quotes and white space belong to the sentence that they follow.
    let rest = rest.trim_start_matches(|c| in_sentence(c) == InSentence::Close);
    let rest = rest.trim_start_matches(|c| in_sentence(c) == InSentence::Space);
    let goes_on = match rest.chars().next().map(in_sentence) {
        // SB8a.
        Some(InSentence::Continue | InSentence::FullStop | InSentence::Stop) => true,
        // A line end belongs to the sentence before it and is a mark of its own.
        Some(InSentence::LineEnd) => true,
        _ => is_full_stop && goes_on_small(rest),
    };
    (text.len() - rest.len(), !goes_on)
}

/// SB8: whether the next letter is a small one, with no end of a sentence before it.
fn goes_on_small(rest: &str) -> bool {
    for c in rest.chars() {
        match in_sentence(c) {
            InSentence::Lower => return true,
            InSentence::Upper | InSentence::Letter | InSentence::LineEnd => return false,
            InSentence::FullStop | InSentence::Stop => return false,
            InSentence::Digit | InSentence::Close | InSentence::Space => {}
            InSentence::Continue | InSentence::Other => {}
        }
    }
    false
}

#[cfg(test)]
mod tests;
