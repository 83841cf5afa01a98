//! What each line of a passage is, by its look alone.

use std::ops::Range;

use super::Field;

/// A line and, where its look says so, what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Blank,
    /// `---`, `|---|---|` or a code fence.
    Rule,
    Heading(String),
    /// A short line that ends in a colon.
    Label(String),
    /// `| a | b |`.
    Row(Vec<String>),
    /// `key: value; key: value`.
    Record(Vec<Field>),
    /// `key: value`.
    Pair(Field),
    Item,
    Text,
}

const MAX_KEY_CHARACTERS: usize = 40;
const MAX_KEY_WORDS: usize = 5;
const MAX_PAIR_CHARACTERS: usize = 160;
const MAX_LABEL_CHARACTERS: usize = 80;
/// An editor that wraps lines does so at 60 columns or later; shorter lines end where their writer ended them.
const WRAP_CHARACTERS: usize = 50;

/// Returns the lines with the byte range of what they hold, list markers and white space left out.
pub(super) fn of(text: &str) -> Vec<(Range<usize>, Line)> {
    let mut lines = Vec::new();
    let mut start = 0;
    for whole in text.split('\n') {
        let content = whole.trim();
        let from = start + (whole.len() - whole.trim_start().len());
        let (marker, line) = look(content);
        lines.push((from + marker..from + content.len(), line));
        start += whole.len() + 1;
    }
    lines
}

/// Returns whether a text line goes on in the next one.
pub(super) fn is_wrapped(line: &str, next: &str) -> bool {
    let is_ended = line.ends_with(['.', '!', '?', ':', '。', '！', '？', '؟', '…']);
    let goes_on = next.starts_with(char::is_lowercase);
    !is_ended && (goes_on || line.chars().count() >= WRAP_CHARACTERS)
}

/// Returns the length of the list marker in bytes, and what the line is.
fn look(content: &str) -> (usize, Line) {
    if content.is_empty() {
        return (0, Line::Blank);
    }
    let is_rule =
        content.len() >= 3 && content.chars().all(|c| matches!(c, '-' | '|' | ':' | ' ' | '=' | '*' | '_'));
    if is_rule || content.starts_with("```") {
        return (0, Line::Rule);
    }
    let hashes = content.len() - content.trim_start_matches('#').len();
    if (1..=6).contains(&hashes) && content[hashes..].starts_with(' ') {
        return (hashes + 1, Line::Heading(content[hashes..].trim().to_owned()));
    }
    if content.starts_with('|') && content.len() > 1 {
        let inner = content.trim_start_matches('|').trim_end_matches('|');
        return (0, Line::Row(inner.split('|').map(|cell| cell.trim().to_owned()).collect()));
    }
    let marker = marker_bytes(content);
    let body = &content[marker..];
    if let Some(fields) = record(body) {
        return (marker, Line::Record(fields));
    }
    if body.ends_with([':', '：']) && body.chars().count() <= MAX_LABEL_CHARACTERS {
        return (marker, Line::Label(body.to_owned()));
    }
    if body.chars().count() <= MAX_PAIR_CHARACTERS
        && let Some(field) = pair(body)
    {
        return (marker, Line::Pair(field));
    }
    (marker, if marker > 0 { Line::Item } else { Line::Text })
}

fn marker_bytes(content: &str) -> usize {
    for bullet in ["- ", "* ", "+ ", "• ", "– ", "· ", "> "] {
        if content.starts_with(bullet) && content.len() > bullet.len() {
            return bullet.len();
        }
    }
    let digits = content.bytes().take_while(u8::is_ascii_digit).count();
    let after = &content[digits..];
    let is_number = (1..=2).contains(&digits) && (after.starts_with(". ") || after.starts_with(") "));
    if is_number && after.len() > 2 { digits + 2 } else { 0 }
}

fn record(body: &str) -> Option<Vec<Field>> {
    let mut fields: Vec<Field> = Vec::new();
    let mut loose = 0;
    for part in body.split("; ") {
        match (pair(part.trim_end_matches(';')), fields.last_mut()) {
            (Some(field), _) => fields.push(field),
            // A value may hold the separator itself.
            (None, Some(last)) => {
                loose += 1;
                last.value = format!("{}; {part}", last.value);
            }
            (None, None) => return None,
        }
    }
    (fields.len() >= 2 && loose <= fields.len() / 2).then_some(fields)
}

fn pair(part: &str) -> Option<Field> {
    let (key, value) = part.split_once(": ").or_else(|| part.split_once('：'))?;
    let (key, value) =
        (key.trim_matches(['*', '_', ' ', '"']), value.trim().trim_start_matches("** ").trim());
    let is_key = !key.is_empty()
        && key.chars().count() <= MAX_KEY_CHARACTERS
        && key.split_whitespace().count() <= MAX_KEY_WORDS
        && !key.contains(['.', '!', '?', ';', '。', '(', '[', '<']);
    (is_key && !value.is_empty()).then(|| Field { key: key.to_owned(), value: value.to_owned() })
}
