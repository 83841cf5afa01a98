//! What stands under one heading, and how its blocks become pieces of the right size.

use std::ops::Range;

use super::pack::{pack, span};
use super::split::split_prose;
use super::{ContentType, Sizes};
use crate::extract::{Block, Hold, Shape};

/// Paragraphs from this length on say enough alone; joined ones would blur what each is about.
const STANDALONE_CHARS: usize = 500;
/// Pieces below this length are joined with their neighbours.
const SHORT_CHARS: usize = 300;
/// Rows of at least this length or these columns are records that are looked up one by one.
const RECORD_CHARS: usize = 60;
const RECORD_COLUMNS: usize = 3;

/// Blocks under one heading.
#[derive(Debug, Default)]
pub(super) struct Section<'a> {
    pub(super) heading_path: Vec<String>,
    /// Level of the heading, 1 to 6; none above the first heading.
    pub(super) level: Option<u8>,
    /// Why its blocks are held, all alike.
    pub(super) hold: Option<Hold>,
    pub(super) blocks: Vec<&'a Block>,
}

/// A range of the text that may become a chunk or a part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) chars: usize,
    pub(super) content: ContentType,
    /// The question that stands in front of it, where it is a later part of a long curated answer.
    pub(super) question: Option<Range<usize>>,
    /// Whether it is never joined with a neighbour.
    is_single: bool,
}

impl Section<'_> {
    /// Returns the pieces in order, none longer than the maximum.
    pub(super) fn pieces(&self, text: &str, sizes: &Sizes) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for block in &self.blocks {
            block_pieces(block, text, sizes, &mut pieces);
        }
        let is_question = self.heading_path.last().is_some_and(|heading| heading.ends_with(['?', '？', '؟']));
        join(pieces, is_question, text, sizes)
    }
}

/// Joins neighbours: an answer below its question stays whole where it fits; else short pieces find company.
fn join(pieces: Vec<Piece>, is_question: bool, text: &str, sizes: &Sizes) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        let Some(last) = joined.last_mut() else {
            joined.push(piece);
            continue;
        };
        // What divides two blocks belongs to the joined text.
        let together =
            last.chars + piece.chars + text[last.range.end..piece.range.start.max(last.range.end)].len();
        let is_tiny = last.chars < sizes.min_chars || piece.chars < sizes.min_chars;
        let is_short = last.chars < SHORT_CHARS || piece.chars < SHORT_CHARS;
        let stands_alone = last.chars >= STANDALONE_CHARS || piece.chars >= STANDALONE_CHARS;
        let fits = match (is_question || is_tiny, is_short && !stands_alone) {
            (true, _) => together <= sizes.max_chars,
            (false, true) => together <= sizes.target_chars,
            (false, false) => false,
        };
        if last.is_single || piece.is_single || !fits {
            joined.push(piece);
            continue;
        }
        if piece.chars > last.chars {
            last.content = piece.content;
        }
        last.range.end = piece.range.end;
        last.chars = together;
    }
    joined
}

fn block_pieces(block: &Block, text: &str, sizes: &Sizes, pieces: &mut Vec<Piece>) {
    let (content, parts) = match &block.shape {
        Shape::Heading { .. } | Shape::Paragraph => (ContentType::Prose, Vec::new()),
        Shape::List { items } => (ContentType::List, items.clone()),
        Shape::Table { header, rows } if are_records(header, rows, text) => {
            for row in rows {
                push_parts(std::slice::from_ref(row), ContentType::Table, text, sizes, pieces);
            }
            return;
        }
        Shape::Table { rows, .. } => (ContentType::Table, rows.clone()),
        Shape::Code => (ContentType::Code, lines(&block.range, text)),
        Shape::QuestionAnswer { answer } => return push_answer(&block.range, answer, text, sizes, pieces),
    };
    let range = trimmed(&block.range, text);
    let chars = text[range.clone()].chars().count();
    if chars == 0 {
        return;
    }
    if chars <= sizes.max_chars {
        pieces.push(Piece { range, chars, content, question: None, is_single: false });
    } else if parts.is_empty() {
        push_prose(range, content, text, sizes, pieces);
    } else {
        push_parts(&parts, content, text, sizes, pieces);
    }
}

/// Adds rows, items or lines, as many together as the target allows; one that is too long by itself is split.
fn push_parts(
    parts: &[Range<usize>],
    content: ContentType,
    text: &str,
    sizes: &Sizes,
    pieces: &mut Vec<Piece>,
) {
    let is_record = parts.len() == 1;
    for range in pack(parts, text, sizes) {
        let range = trimmed(&range, text);
        let chars = text[range.clone()].chars().count();
        if chars > sizes.max_chars {
            push_prose(range, content, text, sizes, pieces);
        } else if chars > 0 {
            let is_single = is_record || chars >= sizes.min_chars;
            pieces.push(Piece { range, chars, content, question: None, is_single });
        }
    }
}

fn push_prose(range: Range<usize>, content: ContentType, text: &str, sizes: &Sizes, pieces: &mut Vec<Piece>) {
    for range in split_prose(&range, text, sizes) {
        let range = trimmed(&range, text);
        let chars = text[range.clone()].chars().count();
        if chars > 0 {
            pieces.push(Piece { range, chars, content, question: None, is_single: true });
        }
    }
}

/// Adds a curated answer: whole where it fits, else in parts that each begin with the question.
fn push_answer(
    block: &Range<usize>,
    answer: &Range<usize>,
    text: &str,
    sizes: &Sizes,
    pieces: &mut Vec<Piece>,
) {
    let content = ContentType::QuestionAnswer;
    let question = trimmed(&(block.start..answer.start), text);
    let chars = text[block.clone()].chars().count();
    if chars <= sizes.max_chars {
        return pieces.push(Piece { range: block.clone(), chars, content, question: None, is_single: true });
    }
    let asked_chars = text[question.clone()].chars().count() + 1;
    if asked_chars * 2 > sizes.max_chars {
        // Such a question would leave no room for what is new in each part.
        return push_prose(block.clone(), ContentType::Prose, text, sizes, pieces);
    }
    let room = sizes.max_chars - asked_chars;
    let rest = Sizes {
        target_chars: sizes.target_chars.min(room),
        max_chars: room,
        min_chars: sizes.min_chars.min(room / 2),
        overlap_chars: sizes.overlap_chars.min(room / 2),
    };
    for (place, part) in split_prose(answer, text, &rest).into_iter().enumerate() {
        let part = trimmed(&part, text);
        if part.is_empty() {
            continue;
        }
        let range = if place == 0 { block.start..part.end } else { part };
        let chars = text[range.clone()].chars().count();
        let question = (place > 0).then(|| question.clone());
        pieces.push(Piece { range, chars, content, question, is_single: true });
    }
}

/// Whether rows are looked up one by one, as in a catalogue, and not read together, as opening hours are.
fn are_records(header: &[String], rows: &[Range<usize>], text: &str) -> bool {
    let columns = header.iter().filter(|name| !name.is_empty()).count();
    if header.is_empty() {
        // Without column names only the length tells; a field and its value are no record.
        return mean_chars(rows, text) >= RECORD_CHARS * 2;
    }
    columns >= RECORD_COLUMNS || mean_chars(rows, text) >= RECORD_CHARS
}

fn mean_chars(rows: &[Range<usize>], text: &str) -> usize {
    let chars: usize = rows.iter().map(|row| text[row.clone()].chars().count()).sum();
    chars / rows.len().max(1)
}

fn lines(range: &Range<usize>, text: &str) -> Vec<Range<usize>> {
    let mut start = range.start;
    let mut lines = Vec::new();
    for line in text[range.clone()].split_inclusive('\n') {
        lines.push(start..start + line.len());
        start += line.len();
    }
    lines
}

/// Returns the range without white space at its ends; code keeps the indentation of its first line.
fn trimmed(range: &Range<usize>, text: &str) -> Range<usize> {
    let slice = &text[range.clone()];
    let start = range.start + (slice.len() - slice.trim_start().len());
    start..span(start, slice.trim())
}
