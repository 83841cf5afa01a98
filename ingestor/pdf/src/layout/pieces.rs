//! Says what blocks are: headings, paragraphs, lists, code, tables. Sizes are judged against the whole document's.

use std::collections::BTreeMap;

use formats::Content;

use super::Sheet;
use super::blocks::{Block, Text, is_bullet};

/// A heading is this much larger than running text.
const LARGER: f32 = 1.12;
/// Characters and lines that a heading has at most.
const HEADING_CHARACTERS: usize = 200;
const BOLD_HEADING_CHARACTERS: usize = 110;
const HEADING_LINES: usize = 3;
const LOWEST: usize = 6;
/// How much further right a nested item starts, in font sizes.
const NESTED: f32 = 0.8;

/// How a document's running text looks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Body {
    size: f32,
    bold: bool,
    mono: bool,
    /// Sizes of headings in half points, largest first.
    larger: Vec<u16>,
}

impl Body {
    pub(crate) fn of(sheets: &[Sheet]) -> Self {
        let (mut sizes, mut bold, mut mono, mut all) = (BTreeMap::<u16, usize>::new(), 0, 0, 0);
        let segments = sheets.iter().flat_map(|sheet| &sheet.segments);
        for segment in segments.filter(|segment| segment.hidden.is_none()) {
            let letters = segment.text.len();
            *sizes.entry(half_points(segment.size)).or_default() += letters;
            all += letters;
            bold += if segment.bold { letters } else { 0 };
            mono += if segment.mono { letters } else { 0 };
        }
        let usual = sizes.iter().max_by_key(|(_, letters)| **letters).map_or(0, |(size, _)| *size);
        let size = f32::from(usual) / 2.0;
        let mut larger: Vec<u16> = Vec::new();
        for other in sizes.into_keys().rev().filter(|other| f32::from(*other) / 2.0 >= size * LARGER) {
            match larger.last_mut() {
                // Sizes that hardly differ are one level, down to the smallest of them.
                Some(last) if f32::from(*last) < f32::from(other) * LARGER => *last = other,
                _ => larger.push(other),
            }
        }
        Self { size, bold: bold * 2 > all, mono: mono * 2 > all, larger }
    }

    /// The level at which a text is a heading, from 1.
    fn level(&self, text: &Text) -> Option<u8> {
        let characters = text.text.chars().count();
        let short = characters <= HEADING_CHARACTERS && text.lines <= HEADING_LINES;
        if !short || text.mono || !text.text.chars().any(char::is_alphabetic) {
            return None;
        }
        let rank = if half_points(text.size) >= half_points(self.size * LARGER) {
            self.larger.iter().position(|size| *size <= half_points(text.size)).unwrap_or(self.larger.len())
        } else {
            let ends =
                text.text.ends_with(['.', ',', ';', '!', '?']) || text.text.starts_with(char::is_lowercase);
            let stands_out = text.bold && !self.bold && !ends && characters <= BOLD_HEADING_CHARACTERS;
            if !stands_out || text.size < self.size * 0.85 {
                return None;
            }
            self.larger.len()
        };
        u8::try_from((rank + 1).min(LOWEST)).ok()
    }
}

fn half_points(size: f32) -> u16 {
    let doubled = (size * 2.0).round().clamp(0.0, 2000.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to a small positive range"
    )]
    let rounded = doubled as u16;
    rounded
}

/// The contents that blocks are.
pub(crate) fn describe(blocks: Vec<Block>, body: &Body) -> impl Iterator<Item = Content> {
    let mut contents: Vec<Content> = Vec::new();
    let mut starts: Vec<f32> = Vec::new();
    for block in blocks {
        let text = match block {
            Block::Table(table) => {
                contents.push(Content::Table { header: table.header, rows: table.rows });
                continue;
            }
            Block::Text(text) => text,
        };
        if let Some(level) = body.level(&text) {
            contents.push(Content::Heading { level, text: text.text.replace('\n', " ") });
        } else if text.mono && !body.mono {
            add_code(&mut contents, text.text);
        } else if text.listed {
            add_item(&mut contents, &mut starts, &text);
        } else {
            contents.push(Content::Paragraph { text: text.text });
        }
    }
    contents.into_iter()
}

fn add_code(contents: &mut Vec<Content>, code: String) {
    match contents.last_mut() {
        Some(Content::Code { text }) => {
            text.push('\n');
            text.push_str(&code);
        }
        _ => contents.push(Content::Code { text: code }),
    }
}

/// Adds an item to the list that is open; `starts` holds where the items of each level start.
fn add_item(contents: &mut Vec<Content>, starts: &mut Vec<f32>, text: &Text) {
    if !matches!(contents.last(), Some(Content::List { .. })) {
        starts.clear();
        contents.push(Content::List { items: Vec::new() });
    }
    let step = NESTED * text.size;
    while starts.last().is_some_and(|start| text.x0 < start - step) {
        starts.pop();
    }
    if starts.last().is_none_or(|start| text.x0 > start + step) {
        starts.push(text.x0);
    }
    let indent = "  ".repeat(starts.len().saturating_sub(1).min(LOWEST));
    let item = match text.text.split_once(' ') {
        Some((mark, rest)) if is_bullet(mark) => rest.trim_start(),
        _ => text.text.as_str(),
    };
    if let Some(Content::List { items }) = contents.last_mut() {
        items.push(format!("{indent}{item}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str, size: f32, x0: f32) -> Text {
        let listed = super::super::blocks::is_listed(text);
        Text { text: text.to_owned(), lines: 1, size, bold: false, mono: false, x0, listed }
    }

    fn body() -> Body {
        Body { size: 10.0, bold: false, mono: false, larger: vec![36, 28] }
    }

    fn described(texts: Vec<Text>) -> Vec<Content> {
        describe(texts.into_iter().map(Block::Text).collect(), &body()).collect()
    }

    #[test]
    fn larger_and_bold_lines_are_headings_by_rank() {
        let bold = Text { bold: true, ..text("Opening hours", 10.0, 50.0) };
        let contents = described(vec![text("Title", 18.0, 50.0), text("Part", 14.0, 50.0), bold]);
        let heading = |level, text: &str| Content::Heading { level, text: text.to_owned() };
        assert_eq!(contents, [heading(1, "Title"), heading(2, "Part"), heading(3, "Opening hours")]);
    }

    #[test]
    fn items_are_one_list_with_nested_ones_indented() {
        let items =
            vec![text("• Nuts", 10.0, 50.0), text("– of steel", 10.0, 65.0), text("• Bolts", 10.0, 50.0)];
        let items_read = ["Nuts", "  of steel", "Bolts"].map(str::to_owned).to_vec();
        assert_eq!(described(items), [Content::List { items: items_read }]);
    }

    #[test]
    fn lines_of_code_are_kept_together() {
        let code = |line| Text { mono: true, ..text(line, 9.0, 50.0) };
        let contents = described(vec![code("let a = 1;"), code("  a + 1")]);
        assert_eq!(contents, [Content::Code { text: "let a = 1;\n  a + 1".to_owned() }]);
    }
}
