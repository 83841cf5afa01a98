//! Puts pieces in order: tidies their text, joins the items of lists and charges what they hold.

use crate::budget::Budget;
use crate::table::{self, Rows};
use crate::{Content, Failure, Hidden, Piece};

/// Deeper list items are indented no further.
const MAX_LIST_LEVEL: usize = 8;

/// The pieces so far.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    budget: &'a Budget,
    page: Option<u32>,
    /// Why everything that comes now is hidden.
    hidden: Option<Hidden>,
    items: Vec<String>,
    pieces: Vec<Piece>,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(budget: &'a Budget) -> Self {
        Self { budget, page: None, hidden: None, items: Vec::new(), pieces: Vec::new() }
    }

    /// Begins a page, slide, sheet or chapter.
    pub(crate) fn begin(&mut self, page: Option<u32>, hidden: Option<Hidden>) {
        self.end_list();
        self.page = page;
        self.hidden = hidden;
    }

    pub(crate) fn heading(&mut self, level: u8, text: &str) -> Result<(), Failure> {
        self.end_list();
        let text = one_line(text);
        self.budget.text(text.len())?;
        if !text.is_empty() {
            self.push(Content::Heading { level: level.clamp(1, 6), text }, None);
        }
        Ok(())
    }

    pub(crate) fn paragraph(&mut self, text: &str) -> Result<(), Failure> {
        self.paragraph_hidden(text, None)
    }

    /// Adds text that a person does not see when `hidden` says why.
    pub(crate) fn paragraph_hidden(&mut self, text: &str, hidden: Option<Hidden>) -> Result<(), Failure> {
        let text = tidy(text);
        self.budget.text(text.len())?;
        if !text.is_empty() {
            self.end_list();
            self.push(Content::Paragraph { text }, hidden);
        }
        Ok(())
    }

    /// Adds an item to the list under way, or begins one. Levels count from 0.
    pub(crate) fn item(&mut self, level: usize, mark: &str, text: &str) -> Result<(), Failure> {
        let text = tidy(text);
        if text.is_empty() {
            return Ok(());
        }
        let indent = "  ".repeat(level.min(MAX_LIST_LEVEL));
        let item = format!("{indent}{mark} {}", text.replace('\n', &format!("\n{indent}  ")));
        self.budget.text(item.len())?;
        self.items.push(item);
        Ok(())
    }

    /// Adds a table whose cells are charged already. A single column is a list of lines.
    pub(crate) fn table(&mut self, rows: Rows, first_is_header: Option<bool>) {
        self.end_list();
        if let Some(content) = table::content(rows, first_is_header) {
            self.push(content, None);
        }
    }

    pub(crate) fn html(&mut self, text: &str) -> Result<(), Failure> {
        self.end_list();
        self.budget.text(text.len())?;
        self.push(Content::Html { text: text.to_owned() }, None);
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Vec<Piece> {
        self.end_list();
        self.pieces
    }

    pub(crate) fn end_list(&mut self) {
        if !self.items.is_empty() {
            let items = std::mem::take(&mut self.items);
            self.push(Content::List { items }, None);
        }
    }

    fn push(&mut self, content: Content, hidden: Option<Hidden>) {
        self.pieces.push(Piece { page: self.page, content, hidden: hidden.or(self.hidden) });
    }
}

/// Returns the text with single spaces and without empty lines; line feeds stay.
pub(crate) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    for line in text.split(['\n', '\u{b}', '\u{c}', '\r', '\u{2028}']) {
        let start = tidied.len();
        for word in line.split(|character: char| character.is_whitespace() || character.is_control()) {
            if word.is_empty() {
                continue;
            }
            if tidied.len() > start {
                tidied.push(' ');
            } else if start > 0 {
                tidied.push('\n');
            }
            tidied.push_str(word);
        }
    }
    tidied
}

pub(crate) fn one_line(text: &str) -> String {
    tidy(text).replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::{one_line, tidy};

    #[test]
    fn text_is_tidied_line_by_line() {
        assert_eq!(tidy("  a \t b\n\n c\u{0}d "), "a b\nc d");
        assert_eq!(tidy(" \n "), "");
        assert_eq!(one_line("a\nb"), "a b");
    }
}
