//! Puts the rows of one column together to paragraphs, list items, code and tables.

use super::rows::{Row, rows};
use super::segments::Segment;
use super::tables::{self, Table};

/// The usual distance of baselines, in font sizes, where a column has too few lines to tell.
const LEADING: f32 = 1.25;

/// What belongs together in a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Block {
    Text(Text),
    Table(Table),
}

/// Lines of one paragraph, joined.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) lines: usize,
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) mono: bool,
    /// Where it starts, in points.
    pub(crate) x0: f32,
    /// Whether it begins with a bullet or a number.
    pub(crate) listed: bool,
}

/// The blocks of one column from top to bottom.
pub(crate) fn build(segments: Vec<Segment>) -> Vec<Block> {
    let rows = rows(segments);
    let column = Column::of(&rows);
    let mut blocks = Vec::new();
    let mut paragraph: Vec<&Row> = Vec::new();
    let mut rest = rows.as_slice();
    while let [row, after @ ..] = rest {
        if let Some((table, taken)) = tables::leading(rest) {
            blocks.extend(column.text(&std::mem::take(&mut paragraph)));
            blocks.push(Block::Table(table));
            rest = rest.get(taken..).unwrap_or_default();
            continue;
        }
        if column.parts(&paragraph, row) {
            blocks.extend(column.text(&std::mem::take(&mut paragraph)));
        }
        paragraph.push(row);
        rest = after;
    }
    blocks.extend(column.text(&paragraph));
    blocks
}

/// A paragraph that a column's end interrupts goes on in the next one.
pub(crate) fn join_across_columns(blocks: Vec<Block>) -> Vec<Block> {
    let mut joined: Vec<Block> = Vec::new();
    for block in blocks {
        if let (Some(Block::Text(before)), Block::Text(text)) = (joined.last_mut(), &block)
            && goes_on(before, text)
        {
            append_line(&mut before.text, &text.text, false);
            before.lines += text.lines;
            continue;
        }
        joined.push(block);
    }
    joined
}

fn goes_on(before: &Text, text: &Text) -> bool {
    let open = before.text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ',' | '-' | '\u{ad}'));
    let same = (before.size - text.size).abs() < 0.5 && before.bold == text.bold && before.mono == text.mono;
    open && same && !text.mono && before.lines > 1 && text.text.starts_with(char::is_lowercase)
}

/// What is usual in a column.
struct Column {
    left: f32,
    right: f32,
    leading: f32,
}

impl Column {
    fn of(rows: &[Row]) -> Self {
        let left = rows.iter().map(Row::x0).fold(f32::MAX, f32::min);
        let right = rows.iter().map(Row::x1).fold(f32::MIN, f32::max);
        let mut pitches: Vec<f32> = rows
            .windows(2)
            .filter_map(|pair| Some((pair.get(1)?.y - pair.first()?.y) / pair.get(1)?.size))
            .filter(|pitch| (0.8..2.2).contains(pitch))
            .collect();
        pitches.sort_by(f32::total_cmp);
        let leading = pitches.get(pitches.len() / 2).copied().unwrap_or(LEADING);
        Self { left, right, leading }
    }

    /// Whether `row` begins a new paragraph after the rows of `paragraph`.
    fn parts(&self, paragraph: &[&Row], row: &Row) -> bool {
        let ([first, ..], [.., last]) = (paragraph, paragraph) else { return false };
        let size = row.size.max(last.size);
        let style = |row: &Row| (row.all(|segment| segment.bold), row.all(|segment| segment.mono));
        let pitch = (row.y - last.y) / row.size.min(last.size);
        if (row.size - last.size).abs() > 0.08 * size
            || style(row) != style(last)
            || pitch > self.leading.max(1.0) * 1.25
            || is_listed(&row.text())
        {
            return true;
        }
        if style(row).1 {
            return false;
        }
        let indented = row.x0() > last.x0() + 0.8 * size;
        let hangs = paragraph.len() == 1 && (is_listed(&first.text()) || self.is_full(last, row));
        if indented {
            return !hangs;
        }
        let outdented = row.x0() < last.x0() - 0.8 * size;
        // The second line of an indented paragraph goes back to the margin.
        if outdented && !(paragraph.len() == 1 && self.is_full(last, row)) {
            return true;
        }
        !self.is_full(last, row) && last.text().ends_with(['.', '!', '?', ':', ';', '؟', '。'])
    }

    /// Whether the first word of `next` would not have fitted on the line.
    fn is_full(&self, line: &Row, next: &Row) -> bool {
        let text = next.text();
        let letters = f32::from(u16::try_from(text.chars().count().max(1)).unwrap_or(u16::MAX));
        let word = text.split(' ').next().map_or(0, |word| word.chars().count());
        let needed =
            (next.x1() - next.x0()) / letters * f32::from(u16::try_from(word + 1).unwrap_or(u16::MAX));
        let free = (self.right - line.x1()).min(line.x0() - self.left).max(0.0);
        let free = if line.x0() - self.left > 0.25 * (self.right - self.left) {
            free
        } else {
            self.right - line.x1()
        };
        free < needed + 0.5 * line.size
    }

    fn text(&self, rows: &[&Row]) -> Option<Block> {
        let first = rows.first()?;
        let mono = rows.iter().all(|row| row.all(|segment| segment.mono));
        let left = rows.iter().map(|row| row.x0()).fold(f32::MAX, f32::min);
        let mut text = String::new();
        let mut previous: Option<&Row> = None;
        for row in rows {
            let line = if mono { spaced_out(row, left) } else { without_leader(&row.text()) };
            let breaks = mono
                || previous
                    .is_some_and(|previous| tables::is_leader(previous) || !self.is_full(previous, row));
            append_line(&mut text, &line, breaks);
            previous = Some(row);
        }
        let main = rows.iter().max_by_key(|row| row.text().len())?;
        Some(Block::Text(Text {
            listed: is_listed(&text),
            text,
            lines: rows.len(),
            size: main.size,
            bold: rows.iter().all(|row| row.all(|segment| segment.bold)),
            mono,
            x0: first.x0(),
        }))
    }
}

/// Adds a line to a text: a word that its end divides becomes whole again.
fn append_line(text: &mut String, line: &str, breaks: bool) {
    let divided =
        text.strip_suffix(['-', '\u{ad}', '‐']).is_some_and(|before| before.ends_with(char::is_alphabetic));
    if text.is_empty() {
    } else if breaks && !divided {
        text.push('\n');
    } else if divided && line.starts_with(char::is_lowercase) {
        text.pop();
    } else if !(divided || text.ends_with(is_unspaced) && line.starts_with(is_unspaced)) {
        text.push(' ');
    }
    text.push_str(line);
}

/// Chinese and Japanese, which have no spaces between words.
fn is_unspaced(character: char) -> bool {
    matches!(character, '\u{3001}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ff00}'..='\u{ff60}')
}

/// A line of code with the spaces that its gaps stand for; monospaced letters are 0.6 font sizes wide.
fn spaced_out(row: &Row, left: f32) -> String {
    let mut line = String::new();
    for segment in &row.segments {
        let letters = f32::from(u16::try_from(segment.text.chars().count()).unwrap_or(u16::MAX)).max(1.0);
        let width = (segment.width() / letters).max(0.3 * segment.size);
        let column = ((segment.x0 - left) / width).round();
        let mut there = f32::from(u16::try_from(line.chars().count()).unwrap_or(u16::MAX));
        if !line.is_empty() {
            line.push(' ');
            there += 1.0;
        }
        while there < column.min(400.0) {
            line.push(' ');
            there += 1.0;
        }
        line.push_str(&segment.text);
    }
    line
}

/// A line of a table of contents without the dots that lead to its page.
fn without_leader(line: &str) -> String {
    if !line.contains("...") && !line.contains(". . .") {
        return line.to_owned();
    }
    let is_dots = |word: &&str| word.len() > 1 && word.chars().all(|c| c == '.') || *word == ".";
    let words: Vec<&str> = line.split(' ').filter(|word| !is_dots(word)).collect();
    words
        .into_iter()
        .map(|word| word.trim_matches('.').trim())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Whether a text begins with a bullet, a letter or a number as list items do.
pub(crate) fn is_listed(text: &str) -> bool {
    let Some((mark, rest)) = text.split_once(' ') else { return false };
    !rest.trim().is_empty() && (is_bullet(mark) || is_number(mark))
}

pub(crate) fn is_bullet(mark: &str) -> bool {
    let mut characters = mark.chars();
    let only = characters.next().filter(|_| characters.next().is_none());
    only.is_some_and(|c| {
        matches!(
            c,
            '•' | '‣'
                | '◦'
                | '▪'
                | '▫'
                | '●'
                | '○'
                | '■'
                | '□'
                | '–'
                | '—'
                | '-'
                | '*'
                | '·'
                | '∙'
                | '➢'
                | '✓'
                | '➔'
                | '►'
        )
    })
}

/// `1.`, `12)`, `(3)`, `a)`, `(b)`, `iv.`
fn is_number(mark: &str) -> bool {
    let (inner, closed) = match (mark.strip_prefix('('), mark.strip_suffix(')'), mark.strip_suffix('.')) {
        (Some(open), Some(_), _) => (open.trim_end_matches(')'), true),
        (None, Some(inner), _) => (inner, true),
        (None, None, Some(inner)) => (inner, false),
        _ => return false,
    };
    let digits = !inner.is_empty() && inner.len() <= 3 && inner.chars().all(|c| c.is_ascii_digit());
    let letter = inner.len() == 1 && inner.chars().all(|c| c.is_ascii_alphabetic());
    digits || letter && (closed || inner.chars().all(char::is_lowercase))
}
