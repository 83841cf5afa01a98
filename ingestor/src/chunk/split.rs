//! Splits running text that is too long: at sentences, else at clauses, else at white space, else at word bounds, else
//! anywhere.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::Sizes;
use super::sentences;

/// A stretch of text that is not cut.
#[derive(Clone, Debug)]
struct Atom {
    range: Range<usize>,
    chars: usize,
    /// Whether it is white space alone.
    is_blank: bool,
}

/// Where text may be cut, the best places first.
const CUTS: [fn(&str) -> Vec<&str>; 5] = [sentences, clauses, spaced_words, words, letters];

fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    sentences::sentences(text, |sentence| sentences.push(sentence));
    sentences
}

/// Cuts after the marks that divide a sentence, where white space follows them; those of Chinese and Japanese need none.
fn clauses(text: &str) -> Vec<&str> {
    let mut after_mark = false;
    let ends_clause = |c: char| {
        let is_end = matches!(c, '，' | '；' | '：' | '、') || after_mark && c.is_whitespace();
        after_mark = matches!(c, ',' | ';' | ':' | '–' | '—' | '،' | '؛');
        is_end
    };
    text.split_inclusive(ends_clause).collect()
}

fn spaced_words(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

fn words(text: &str) -> Vec<&str> {
    text.split_word_bounds().collect()
}

fn letters(text: &str) -> Vec<&str> {
    text.char_indices().map(|(start, c)| &text[start..start + c.len_utf8()]).collect()
}

/// Splits a range into ranges of about the target length, none over the maximum, each after the first beginning with
/// the sentences that end the one before, up to the overlap.
pub(super) fn split_prose(range: &Range<usize>, text: &str, sizes: &Sizes) -> Vec<Range<usize>> {
    let mut atoms = Vec::new();
    cut(range, text, sizes, 0, &mut atoms);
    let mut groups = Vec::new();
    let mut start = 0;
    loop {
        // White space is trimmed off later; a group that began with it could then begin where the next one does.
        start += atoms[start..].iter().take_while(|atom| atom.is_blank).count();
        if start == atoms.len() {
            break;
        }
        let (end, chars) = fill(&atoms, start, sizes);
        groups.push((start..end, chars));
        if end == atoms.len() {
            break;
        }
        start = overlap_start(&atoms, start, end, sizes);
    }
    merge_short_end(&atoms, &mut groups, sizes);
    groups
        .into_iter()
        .map(|(group, _)| atoms[group.start].range.start..atoms[group.end - 1].range.end)
        .collect()
}

/// Adds atoms no longer than the target, cut at the best places that make them short enough.
fn cut(range: &Range<usize>, text: &str, sizes: &Sizes, level: usize, atoms: &mut Vec<Atom>) {
    let Some(pieces) = CUTS.get(level) else { return };
    let mut start = range.start;
    for piece in pieces(&text[range.clone()]) {
        let range = start..start + piece.len();
        start = range.end;
        let chars = piece.chars().count();
        if chars <= sizes.target_chars {
            atoms.push(Atom { range, chars, is_blank: piece.trim().is_empty() });
        } else {
            cut(&range, text, sizes, level + 1, atoms);
        }
    }
}

/// Returns the end of the group that begins at `start`, and its length.
fn fill(atoms: &[Atom], start: usize, sizes: &Sizes) -> (usize, usize) {
    let mut chars = 0;
    for (place, atom) in atoms.iter().enumerate().skip(start) {
        if chars > 0 && chars + atom.chars > sizes.target_chars {
            return (place, chars);
        }
        chars += atom.chars;
    }
    (atoms.len(), chars)
}

/// Returns where the next group begins: after the start of this one, and so that new text follows the overlap.
fn overlap_start(atoms: &[Atom], start: usize, end: usize, sizes: &Sizes) -> usize {
    let room = sizes.target_chars.saturating_sub(atoms[end].chars).min(sizes.overlap_chars);
    let mut chars = 0;
    let mut place = end;
    while place > start + 1 && chars + atoms[place - 1].chars <= room {
        place -= 1;
        chars += atoms[place].chars;
    }
    place
}

/// A short rest joins the group before it where the maximum allows.
fn merge_short_end(atoms: &[Atom], groups: &mut Vec<(Range<usize>, usize)>, sizes: &Sizes) {
    let [.., (before, before_chars), (last, _)] = groups.as_slice() else { return };
    let new: usize = atoms[before.end..last.end].iter().map(|atom| atom.chars).sum();
    let together = before_chars + new;
    if new < sizes.min_chars.max(sizes.overlap_chars) && together <= sizes.max_chars {
        let merged = (before.start..last.end, together);
        groups.truncate(groups.len() - 2);
        groups.push(merged);
    }
}
