//! Cuts normalised text into pieces: words, numbers, codes and pairs of dense scripts. It knows no language.

use unicode_normalization::char::is_combining_mark;

use super::Kind;
use super::dense::{is_dense, pairs};

/// What stands between a piece and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gap {
    /// One `-`, `/` or `_`.
    Hyphen,
    /// One space.
    Space,
    /// Anything else, or the beginning of the text.
    Break,
}

/// A word, number, code or pair of characters.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) kind: Kind,
    pub(crate) gap: Gap,
}

/// Longest piece that is kept, in bytes; longer ones are noise such as encoded binary and are cut here.
const LONGEST_BYTES: usize = 64;

pub(crate) fn cut(text: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(text.len() / 6);
    let mut rest = text;
    while let Some(start) = rest.find(is_word_character) {
        let gap_text = &rest[..start];
        rest = &rest[start..];
        let first_is_dense = rest.starts_with(is_dense);
        let stops = |character: char| {
            !is_word_character(character)
                || is_dense(character) != first_is_dense && !is_combining_mark(character)
        };
        let end = rest.find(stops).unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        rest = after;
        if first_is_dense {
            pairs(run, |pair| pieces.push(Piece { text: pair, kind: Kind::Dense, gap: Gap::Break }));
        } else {
            push(&mut pieces, gap_text, run);
        }
    }
    for piece in pieces.iter_mut().filter(|piece| piece.kind == Kind::Number) {
        piece.text = number(&piece.text);
    }
    pieces
}

fn is_word_character(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_alphanumeric();
    }
    character.is_alphanumeric() || is_combining_mark(character)
}

/// Adds a run of letters and digits, joining it with a number before it (`49.99`, `10:30`) or leaving it out where it
/// is the tail of a contraction (`what's`).
fn push(pieces: &mut Vec<Piece>, gap_text: &str, run: &str) {
    let run = shorten(run);
    if let Some(before) = pieces.last_mut() {
        if before.kind == Kind::Number && matches!(gap_text, "." | "," | ":") && is_digits(run) {
            before.text.push_str(gap_text);
            before.text.push_str(run);
            return;
        }
        if gap_text == "'" && before.kind == Kind::Word {
            if matches!(run, "s" | "t" | "d" | "m" | "ll" | "re" | "ve") {
                return;
            }
            // An elided article or preposition, as in `l'olio` and `d'accord`.
            if before.text.chars().count() <= 2 {
                pieces.pop();
            }
        } else if gap_text == "." && is_letter(run) && before.kind == Kind::Word && before.text.len() <= 4 {
            // An abbreviation such as `u.s.a` is one word.
            if before.gap_is_abbreviation() {
                before.text.push_str(run);
                return;
            }
        }
    }
    let gap = match gap_text {
        "-" | "/" | "_" => Gap::Hyphen,
        " " | "\u{a0}" | "\n" => Gap::Space,
        _ => Gap::Break,
    };
    let half_day = run.strip_suffix("am").or_else(|| run.strip_suffix("pm")).filter(|hours| is_digits(hours));
    if let Some(hours) = half_day {
        push(pieces, gap_text, hours);
        pieces.push(Piece { text: run[hours.len()..].to_owned(), kind: Kind::Word, gap: Gap::Break });
        return;
    }
    pieces.push(Piece { text: run.to_owned(), kind: kind_of(run), gap });
}

impl Piece {
    /// Whether the piece may be the beginning of an abbreviation: single letters, already joined or not.
    fn gap_is_abbreviation(&self) -> bool {
        self.text.chars().all(|character| character.is_ascii_lowercase())
            && (self.text.len() == 1 || self.gap == Gap::Break)
    }
}

fn kind_of(run: &str) -> Kind {
    let has_digit = run.chars().any(|character| character.is_ascii_digit());
    match (has_digit, is_digits(run)) {
        (_, true) => Kind::Number,
        (true, false) => Kind::Code,
        (false, false) => Kind::Word,
    }
}

fn is_digits(run: &str) -> bool {
    !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_letter(run: &str) -> bool {
    run.len() == 1 && run.bytes().all(|byte| byte.is_ascii_lowercase())
}

fn shorten(run: &str) -> &str {
    let mut end = run.len().min(LONGEST_BYTES);
    while !run.is_char_boundary(end) {
        end -= 1;
    }
    &run[..end]
}

/// Returns one spelling for a number: `1,299.00` and `1.299,00` become `1299.00`, `49,99` becomes `49.99`.
fn number(text: &str) -> String {
    let groups: Vec<&str> = text.split(['.', ',']).collect();
    let Some((last, head)) = groups.split_last().filter(|_| !text.contains(':')) else {
        return text.to_owned();
    };
    let Some((lead, middle)) = head.split_first() else { return text.to_owned() };
    let is_grouped = (1..=3).contains(&lead.len()) && middle.iter().all(|group| group.len() == 3);
    let marks: Vec<char> = text.chars().filter(|character| !character.is_ascii_digit()).collect();
    let same_marks = marks.windows(2).all(|pair| pair[0] == pair[1]);
    if is_grouped && last.len() == 3 && same_marks && !lead.starts_with('0') {
        groups.concat()
    } else if middle.is_empty() || is_grouped && !same_marks {
        format!("{}.{last}", head.concat())
    } else {
        text.to_owned()
    }
}
