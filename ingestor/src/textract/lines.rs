//! Lines put together to paragraphs.

use super::blocks::Block;

/// What may stand before a list's item.
const BULLETS: [char; 8] = ['•', '·', '◦', '▪', '‣', '–', '-', '*'];
/// Room between two lines of one paragraph, at most, of a line's height.
const LEADING: f32 = 0.8;

/// Returns an item without the sign before it.
pub(super) fn without_bullet(item: &str) -> &str {
    let rest =
        item.strip_prefix(BULLETS).filter(|rest| rest.starts_with(char::is_whitespace) || rest.is_empty());
    rest.unwrap_or(item).trim()
}

/// Groups lines: a wider gap begins a paragraph, and so does a line further up, which is in the next column.
pub(super) fn paragraphs<'a>(lines: &[&'a Block]) -> Vec<Vec<&'a Block>> {
    let mut paragraphs: Vec<Vec<&Block>> = Vec::new();
    for line in lines {
        let follows = |last: &&&Block| {
            let gap = line.top - (last.top + last.height);
            line.top >= last.top && gap <= last.height * LEADING
        };
        match paragraphs.last_mut().filter(|paragraph| paragraph.last().filter(follows).is_some()) {
            Some(paragraph) => paragraph.push(line),
            None => paragraphs.push(vec![line]),
        }
    }
    paragraphs
}
