//! Where sentences begin and end, by the Unicode rules less their breaks after abbreviations.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

#[rustfmt::skip]
const ABBREVIATIONS: [&str; 48] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "nos", "vs", "etc", "approx", "dept", "est", "fig", "inc", "ltd", "co", "jr", "sr",
    "bzw", "ca", "evtl", "ggf", "inkl", "exkl", "max", "min", "mind", "str", "tel", "usw", "vgl", "zzgl", "abs", "art", "bspw",
    "sra", "srta", "num", "núm", "pág", "ud", "uds", "av", "aprox", "m", "mme",
];

/// Returns the sentences of a range of the text, without the white space around them.
pub(super) fn of(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    // A line break ends a sentence by the Unicode rules; here it only wraps the line. The length stays the same.
    let flat = text[range.clone()].replace(['\n', '\r'], " ");
    let mut sentences: Vec<Range<usize>> = Vec::new();
    let mut begin = 0;
    for (start, piece) in flat.split_sentence_bound_indices() {
        let end = start + piece.len();
        let is_last = end == flat.len();
        if !is_last && goes_on(&flat[begin..end], &flat[end..]) {
            continue;
        }
        let whole = &flat[begin..end];
        let from = range.start + begin + (whole.len() - whole.trim_start().len());
        let length = whole.trim().len();
        if length > 0 {
            sentences.push(from..from + length);
        }
        begin = end;
    }
    sentences
}

/// Whether the end of `before` is an abbreviation, an initial or an ordinal rather than the end of a sentence.
fn goes_on(before: &str, after: &str) -> bool {
    // A mark without white space after it belongs to an address or to markup.
    if before.trim_end_matches(['[', ']', '(', ')', '"', '\'']).ends_with(['!', '?']) {
        return true;
    }
    let Some(body) = before.trim_end().strip_suffix('.') else { return false };
    let last = body.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let is_initial = last
        .rsplit('.')
        .next()
        .is_some_and(|part| part.chars().count() == 1 && part.chars().all(char::is_alphabetic));
    let is_ordinal = (1..=2).contains(&last.len())
        && last.bytes().all(|b| b.is_ascii_digit())
        && body.split_whitespace().count() > 1
        && after.split_whitespace().next().is_some_and(is_month);
    is_initial || is_ordinal || ABBREVIATIONS.contains(&last.to_lowercase().as_str())
}

fn is_month(word: &str) -> bool {
    const STARTS: [&str; 14] = [
        "Jan", "Jän", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez", "Quartal",
    ];
    STARTS.iter().any(|start| word.starts_with(start))
}
