//! Reads plain text: front matter, paragraphs between empty lines, lists by their marks, headings by simple rules.

use super::builder::Builder;
use crate::metadata::{FrontMatter, split_front_matter};

const MAX_HEADING_CHARS: usize = 80;
/// A line at least this long that is followed by another was broken by an editor, not by its writer.
const WRAPPED_LINE_CHARS: usize = 50;

/// Reads a text.
pub(super) fn read(text: &str, builder: &mut Builder) {
    let (front_matter, text) = split_front_matter(text).unwrap_or_else(|| (FrontMatter::default(), text));
    builder.says(front_matter.said());
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let mut paragraphs =
        lines.split(|line| line.trim().is_empty()).filter(|lines| !lines.is_empty()).peekable();
    while let Some(lines) = paragraphs.next() {
        let is_followed = paragraphs.peek().is_some();
        paragraph(lines, is_followed, builder);
    }
}

fn paragraph(lines: &[&str], is_followed: bool, builder: &mut Builder) {
    let mut lines = lines;
    // Headings may stand right above their text.
    while let [first, rest @ ..] = lines {
        let Some((level, taken)) = heading(lines, is_followed || !rest.is_empty()) else { break };
        builder.heading(level, first.trim().trim_start_matches('#').trim_end_matches('#'));
        lines = &lines[taken..];
    }
    let Some(first) = lines.first() else { return };
    if is_item(first) && lines.len() > 1 {
        return builder.list(&items(lines));
    }
    // A lead-in right above a list belongs to it in meaning, but is a paragraph.
    match lines.iter().position(|line| is_item(line)) {
        Some(start) if lines.len() - start > 1 => {
            builder.paragraph(&unwrap(&lines[..start]));
            builder.list(&items(&lines[start..]));
        }
        _ => builder.paragraph(&unwrap(lines)),
    }
}

/// Returns the level of the heading that these lines begin with, and how many lines it takes.
fn heading(lines: &[&str], has_text_below: bool) -> Option<(u8, usize)> {
    let line = lines.first()?.trim();
    if line.chars().count() > MAX_HEADING_CHARS || !line.chars().any(char::is_alphabetic) {
        return None;
    }
    if let Some(level) = lines.get(1).and_then(|next| underline_level(next.trim())) {
        return Some((level, 2));
    }
    let marks = line.bytes().take_while(|byte| *byte == b'#').count();
    if (1..=6).contains(&marks) && line[marks..].starts_with(' ') {
        return Some((u8::try_from(marks).unwrap_or(6), 1));
    }
    let stands_alone = lines.len() == 1 && has_text_below;
    if has_text_below && is_capitals(line) {
        return Some((1, 1));
    }
    numbered_level(line).filter(|_| stands_alone && !ends_as_sentence(line)).map(|level| (level, 1))
}

fn underline_level(line: &str) -> Option<u8> {
    let is_all = |mark: char| line.len() >= 3 && line.chars().all(|c| c == mark);
    match (is_all('='), is_all('-') || is_all('~')) {
        (true, _) => Some(1),
        (_, true) => Some(2),
        (false, false) => None,
    }
}

/// Capitals only: at least four letters, none of them small. Scripts without capitals have no such headings.
fn is_capitals(line: &str) -> bool {
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 4
        && line.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase)
        && !ends_as_sentence(line)
}

/// `2. Returns` is of level 1, `2.1 Money back` of level 2, and so on.
fn numbered_level(line: &str) -> Option<u8> {
    let (number, rest) = line.split_once(' ')?;
    let parts: Vec<&str> = number.trim_end_matches(['.', ')']).split('.').collect();
    let is_number =
        |part: &&str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_title = rest.trim_start().chars().next().is_some_and(char::is_alphabetic);
    (parts.len() <= 6 && parts.iter().all(is_number) && is_title)
        .then(|| u8::try_from(parts.len()).unwrap_or(6))
}

fn ends_as_sentence(line: &str) -> bool {
    line.ends_with(['.', ',', ';', '。', '!'])
}

fn is_item(line: &str) -> bool {
    let line = line.trim_start();
    let rest = line.strip_prefix(['-', '*', '•', '–', '·', '▪', '◦', '+']);
    if let Some(rest) = rest {
        return rest.starts_with([' ', '\t']);
    }
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..=3).contains(&digits) && (line[digits..].starts_with(". ") || line[digits..].starts_with(") "))
}

/// Gathers items; a line without a mark continues the item above it.
fn items(lines: &[&str]) -> Vec<String> {
    let mut items: Vec<Vec<&str>> = Vec::new();
    for line in lines {
        match items.last_mut() {
            Some(item) if !is_item(line) => item.push(line),
            _ => items.push(vec![line]),
        }
    }
    items.iter().map(|lines| unwrap(lines)).collect()
}

/// Joins lines that an editor broke; short lines, as in an address, stay on their own.
fn unwrap(lines: &[&str]) -> String {
    let mut text = String::new();
    let mut was_wrapped = false;
    for line in lines {
        let line = line.trim();
        if !text.is_empty() {
            text.push(if was_wrapped { ' ' } else { '\n' });
        }
        text.push_str(line);
        was_wrapped = line.chars().count() >= WRAPPED_LINE_CHARS;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Builder, read};
    use crate::extract::{Kind, Shape};

    /// Shows blocks as `#title`, `¶text`, `-items`.
    fn shapes(text: &str) -> Vec<String> {
        let mut builder = Builder::default();
        read(text, &mut builder);
        let extracted = builder.finish(Kind::Text, "a.txt").expect("has text");
        let show = |block: &crate::extract::Block| {
            let text = &extracted.text[block.range.clone()];
            match &block.shape {
                Shape::Heading { level } => format!("{}{text}", "#".repeat(usize::from(*level))),
                Shape::List { items } => format!("-{}:{text}", items.len()),
                _ => format!("¶{text}"),
            }
        };
        extracted.blocks.iter().map(show).collect()
    }

    #[test]
    fn headings_are_told_by_underline_capitals_number_or_mark() {
        for (text, expected) in [
            ("Returns\n=======\nWithin 30 days.", &["#Returns", "¶Within 30 days."][..]),
            ("Returns\n-------\n\nWithin 30 days.", &["##Returns", "¶Within 30 days."]),
            ("OPENING HOURS\nNine to five.", &["#OPENING HOURS", "¶Nine to five."]),
            ("2.1 Money back\n\nAlways.", &["##2.1 Money back", "¶Always."]),
            ("## Marked\ntext", &["##Marked", "¶text"]),
            ("WE ARE CLOSED.", &["¶WE ARE CLOSED."]),
            ("LAST LINE IN CAPITALS", &["¶LAST LINE IN CAPITALS"]),
            ("营业时间\n\n周一", &["¶营业时间", "¶周一"]),
        ] {
            assert_eq!(shapes(text), expected, "{text}");
        }
    }

    #[test]
    fn front_matter_gives_facts_and_no_text() {
        let mut builder = Builder::default();
        read("---\ntitle: Hours\ncreated: 2026-05-01\naudience: staff\n---\nNine to five.", &mut builder);
        let extracted = builder.finish(Kind::Text, "a.txt").expect("has text");
        assert_eq!((extracted.title.as_str(), extracted.text.as_str()), ("Hours", "Nine to five."));
        assert_eq!(extracted.own.created.as_deref(), Some("2026-05-01T00:00:00Z"));
        assert_eq!(extracted.own.attributes.get("audience").map(String::as_str), Some("staff"));
    }

    #[test]
    fn lists_keep_their_items_and_paragraphs_lose_their_line_breaks() {
        let wrapped = "This line was broken by an editor at some fixed width\nand goes on here.";
        assert_eq!(
            shapes(wrapped),
            ["¶This line was broken by an editor at some fixed width and goes on here."]
        );
        assert_eq!(shapes("Main St 1\n12345 Town"), ["¶Main St 1\n12345 Town"]);
        assert_eq!(
            shapes("We take:\n- cash\n- cards\n  of any bank"),
            ["¶We take:", "-2:- cash\n- cards\nof any bank"]
        );
        assert_eq!(shapes("1. one\n2. two"), ["-2:1. one\n2. two"]);
    }
}
