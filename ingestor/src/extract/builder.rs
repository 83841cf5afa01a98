//! Puts extracted text together and records where each block stands.

use std::ops::Range;

use super::{Block, Extracted, Hold, Kind, Own, Shape, Unreadable, holds, instructions, language};
use crate::metadata::Metadata;
use crate::text_extractor::Bill;

/// A longer heading is running text that somebody marked as a heading.
const MAX_HEADING_CHARS: usize = 200;
const MAX_TITLE_CHARS: usize = 200;
const BLOCK_DIVIDER: &str = "\n\n";

/// The text so far. Texts given to it are trimmed; empty ones are dropped.
#[derive(Debug, Default)]
pub(super) struct Builder {
    /// The document's own title, when it has one.
    pub(super) title: Option<String>,
    /// The document's author, when it names one.
    pub(super) author: Option<String>,
    /// The language that the document claims, used when detection is not sure.
    pub(super) declared_language: Option<String>,
    /// Address of the original; only `http` and `https` are kept.
    pub(super) source_url: Option<String>,
    /// What else the document says of itself.
    pub(super) own: Own,
    text: String,
    blocks: Vec<Block>,
    /// Where each page begins; `page` comes into it with the page's first block.
    page_starts: Vec<(usize, u32)>,
    page: Option<u32>,
    hold: Option<Hold>,
}

impl Builder {
    /// Adds text that a person does not see, apart from all other text.
    pub(super) fn hidden(&mut self, add: impl FnOnce(&mut Self)) {
        self.hold = Some(Hold::Hidden);
        add(self);
        self.hold = None;
    }

    /// Takes over what the document says of itself; what it does not say now stays as it said before.
    pub(super) fn says(&mut self, said: Metadata) {
        let Metadata { title, author, language, source_url, created, modified_ms, attributes } = said;
        self.title = title.or_else(|| self.title.take());
        self.author = author.or_else(|| self.author.take());
        self.declared_language = language.or_else(|| self.declared_language.take());
        self.source_url = source_url.or_else(|| self.source_url.take());
        self.own.created = created.or_else(|| self.own.created.take());
        self.own.modified_ms = modified_ms.or(self.own.modified_ms);
        self.own.attributes.extend(attributes);
    }

    /// Says that what is added next stands on this page.
    pub(super) fn page(&mut self, page: u32) {
        self.page = Some(page);
    }

    pub(super) fn heading(&mut self, level: u8, text: &str) {
        let text = one_line(text);
        let level = level.clamp(1, 6);
        let fits = self.hold.is_none() && text.chars().nth(MAX_HEADING_CHARS).is_none();
        self.block(&text, if fits { Shape::Heading { level } } else { Shape::Paragraph });
    }

    pub(super) fn paragraph(&mut self, text: &str) {
        self.block(text, Shape::Paragraph);
    }

    pub(super) fn code(&mut self, text: &str) {
        // The first line keeps its indentation: it is part of the code.
        self.block(text.trim_start_matches('\n').trim_end(), Shape::Code);
    }

    pub(super) fn list(&mut self, items: &[String]) {
        self.lines(items, |items| Shape::List { items });
    }

    /// Adds a table; rows without a value are dropped. A table without rows keeps its header as the only row.
    pub(super) fn table(&mut self, header: &[String], rows: &[Vec<String>]) {
        let header: Vec<String> = header.iter().map(|name| one_line(name)).collect();
        let mut lines: Vec<String> = rows.iter().map(|cells| row_line(&header, cells)).collect();
        lines.retain(|line| !line.is_empty());
        if lines.is_empty() {
            lines.push(row_line(&[], &header));
        }
        self.lines(&lines, |rows| Shape::Table { header, rows });
    }

    /// Adds a curated answer; neither the question, which is one line, nor the answer may be empty.
    pub(super) fn question_answer(&mut self, question: &str, answer: &str) {
        let base = self.text.len() + if self.text.is_empty() { 0 } else { BLOCK_DIVIDER.len() };
        let start = base + question.len() + 1;
        self.block(
            &format!("{question}\n{answer}"),
            Shape::QuestionAnswer { answer: start..start + answer.len() },
        );
    }

    fn lines(&mut self, lines: &[String], shape: impl FnOnce(Vec<Range<usize>>) -> Shape) {
        let mut ranges = Vec::with_capacity(lines.len());
        let mut text = String::new();
        let base = self.text.len() + if self.text.is_empty() { 0 } else { BLOCK_DIVIDER.len() };
        for line in lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()) {
            if !text.is_empty() {
                text.push('\n');
            }
            let start = base + text.len();
            text.push_str(line);
            ranges.push(start..base + text.len());
        }
        if !ranges.is_empty() {
            self.block(&text, shape(ranges));
        }
    }

    fn block(&mut self, text: &str, shape: Shape) {
        let text = if shape == Shape::Code { text } else { text.trim() };
        if text.trim().is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push_str(BLOCK_DIVIDER);
        }
        let start = self.text.len();
        let last = self.page_starts.last().map(|(_, page)| *page);
        self.page_starts.extend(self.page.filter(|page| Some(*page) != last).map(|page| (start, page)));
        self.text.push_str(text);
        self.blocks.push(Block { range: start..self.text.len(), shape, hold: self.hold });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Returns the text alone, blocks divided by one line feed: for text inside a list item or a cell.
    pub(super) fn into_lines(self) -> String {
        self.text.replace(BLOCK_DIVIDER, "\n")
    }

    pub(super) fn finish(mut self, kind: Kind, name: &str) -> Result<Extracted, Unreadable> {
        if self.blocks.is_empty() {
            return Err(Unreadable::NoText);
        }
        self.blocks = holds::set_apart(&self.text, std::mem::take(&mut self.blocks));
        let own = self.title.as_deref().map(one_line);
        let own = own.filter(|title| !title.is_empty() && instructions::first(title).is_none());
        // The first key of a JSON file is no title.
        let title =
            own.or_else(|| self.first_heading().filter(|_| kind != Kind::Json)).unwrap_or_else(|| stem(name));
        let detected = language::detect(&self.text);
        let declared = || language::declared(self.declared_language.as_deref().unwrap_or_default());
        let is_web = |url: &String| {
            let lower = url.to_ascii_lowercase();
            lower.starts_with("https://") || lower.starts_with("http://")
        };
        Ok(Extracted {
            title: title.chars().take(MAX_TITLE_CHARS).collect(),
            author: self.author.as_deref().map(one_line).filter(|author| !author.is_empty()),
            language: detected.unwrap_or_else(declared).to_owned(),
            kind,
            source_url: self.source_url.filter(is_web),
            own: self.own,
            text: self.text,
            blocks: self.blocks,
            page_starts: self.page_starts,
            unread_pages: Vec::new(),
            ocr: Bill::default(),
        })
    }

    fn first_heading(&self) -> Option<String> {
        let first = self.blocks.iter().find(|block| matches!(block.shape, Shape::Heading { .. }))?;
        Some(self.text[first.range.clone()].to_owned())
    }
}

/// Returns the file name without folders and ending.
fn stem(name: &str) -> String {
    let file = name.rsplit('/').next().unwrap_or(name);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    if stem.is_empty() { file.to_owned() } else { stem.to_owned() }
}

/// Returns the text on one line, runs of white space made one space.
pub(super) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

/// Returns `column: value; column: value`; a cell without a column name stands alone. Without any names two cells are
/// read as name and value.
pub(super) fn row_line(header: &[String], cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| one_line(cell)).collect();
    if let ([], [name, value]) = (header, cells.as_slice())
        && !name.is_empty()
        && !value.is_empty()
    {
        return format!("{}: {value}", name.trim_end_matches(':'));
    }
    let mut line = String::new();
    for (place, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
        if !line.is_empty() {
            line.push_str("; ");
        }
        if let Some(name) = header.get(place).filter(|name| !name.is_empty()) {
            line.push_str(name.trim_end_matches(':'));
            line.push_str(": ");
        }
        line.push_str(cell);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::{Builder, Kind, row_line, stem};

    fn strings(cells: &[&str]) -> Vec<String> {
        cells.iter().map(|cell| (*cell).to_owned()).collect()
    }

    #[test]
    fn a_row_names_its_columns_and_leaves_out_empty_cells() {
        for (header, cells, line) in [
            (&["Name", "Price"][..], &["Tea", "3 €"][..], "Name: Tea; Price: 3 €"),
            (&["Name", "Price"], &["", "3 €", "extra"], "Price: 3 €; extra"),
            (&[], &["Monday:", "9 to 5"], "Monday: 9 to 5"),
            (&[], &["a", "b\nb", "c"], "a; b b; c"),
            (&["Name"], &[""], ""),
        ] {
            assert_eq!(row_line(&strings(header), &strings(cells)), line);
        }
    }

    #[test]
    fn every_range_points_at_its_own_text() {
        let mut builder = Builder::default();
        builder.heading(1, "Prices");
        builder.list(&strings(&["one", "two"]));
        builder.table(&strings(&["Item", "Price"]), &[strings(&["Tea", "3"]), strings(&["", ""])]);
        let extracted = builder.finish(Kind::Text, "x.txt").expect("has text");
        let texts: Vec<&str> =
            extracted.blocks.iter().map(|block| &extracted.text[block.range.clone()]).collect();
        assert_eq!(texts, ["Prices", "one\ntwo", "Item: Tea; Price: 3"]);
        assert_eq!(extracted.title, "Prices");
    }

    #[test]
    fn a_file_name_stands_in_for_a_title() {
        assert_eq!(stem("folder/opening hours.txt"), "opening hours");
        assert_eq!(stem("README"), "README");
    }
}
