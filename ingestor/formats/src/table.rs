//! Tells a table's header from its rows, whatever format the table stood in.

use crate::Content;
use crate::collector::tidy;

/// Cells of each row, in the order of the columns.
pub(crate) type Rows = Vec<Vec<String>>;

/// A longer text is no name of a column.
const MAX_NAME_CHARS: usize = 100;

/// Returns the table, or `None` when no cell holds anything. `first_is_header` is what the document says of its first row;
/// without a word from it, the row must look like one.
pub(crate) fn content(mut rows: Rows, first_is_header: Option<bool>) -> Option<Content> {
    for cell in rows.iter_mut().flatten() {
        *cell = tidy(cell);
    }
    rows.retain(|row| row.iter().any(|cell| !cell.is_empty()));
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    if width == 0 {
        return None;
    }
    for row in &mut rows {
        row.resize(width, String::new());
    }
    let is_header = rows.len() > 1 && first_is_header.unwrap_or_else(|| looks_like_header(&rows));
    let header = if is_header { rows.remove(0) } else { Vec::new() };
    Some(Content::Table { header, rows })
}

/// A header names its columns shortly, once each, and without numbers. Where it names two columns only, numbers below must
/// show that it is no pair of a name and a value like those after it.
fn looks_like_header(rows: &Rows) -> bool {
    let Some((first, below)) = rows.split_first() else { return false };
    let named = first.iter().filter(|name| !name.is_empty()).count();
    let are_names = first.iter().all(|name| !is_value(name) && name.chars().nth(MAX_NAME_CHARS).is_none());
    // The corner of a table that also names its rows is empty.
    let are_whole =
        named == first.len() || named + 1 == first.len() && first.first().is_some_and(String::is_empty);
    if !are_names || !are_whole || named == 0 {
        return false;
    }
    let has_values = below.iter().any(|row| row.iter().any(|cell| is_value(cell)));
    first.len() > 2 || first.len() == 2 && has_values && below.len() > 1
}

/// Whether a cell holds a number, an amount or a date rather than a name.
pub(crate) fn is_value(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    digits > 0
        && letters <= 3
        && text
            .chars()
            .next()
            .is_some_and(|first| !first.is_alphabetic() || letters <= 3 && digits >= letters)
}

#[cfg(test)]
mod tests {
    use super::{content, is_value};
    use crate::Content;

    fn rows(table: &[&[&str]]) -> Vec<Vec<String>> {
        table.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    fn header(table: &[&[&str]], said: Option<bool>) -> Vec<String> {
        match content(rows(table), said) {
            Some(Content::Table { header, .. }) => header,
            other => panic!("no table: {other:?}"),
        }
    }

    #[test]
    fn a_first_row_of_names_is_the_header() {
        assert_eq!(header(&[&["Room", "Beds", "Price"], &["A", "2", "90"]], None), ["Room", "Beds", "Price"]);
        assert_eq!(
            header(&[&["Year", "Ducks"], &["2019", "120"], &["2020", "130"]], None),
            ["Year", "Ducks"]
        );
        assert_eq!(header(&[&["", "Mon", "Tue"], &["open", "9", "10"]], None), ["", "Mon", "Tue"]);
    }

    #[test]
    fn pairs_of_name_and_value_have_no_header() {
        assert!(header(&[&["Name", "Inn"], &["Town", "Graz"]], None).is_empty());
        assert!(header(&[&["Phone", "0316 123"], &["Town", "Graz"]], None).is_empty());
        assert!(header(&[&["1", "2", "3"], &["4", "5", "6"]], None).is_empty());
    }

    #[test]
    fn what_the_document_says_of_its_first_row_counts() {
        assert_eq!(header(&[&["Name", "Inn"], &["Town", "Graz"]], Some(true)), ["Name", "Inn"]);
        assert!(header(&[&["Room", "Beds", "Price"], &["A", "2", "90"]], Some(false)).is_empty());
    }

    #[test]
    fn rows_are_as_wide_as_the_widest_and_empty_ones_are_dropped() {
        let table = content(rows(&[&["1", "2"], &["", ""], &["3"]]), None);
        assert_eq!(
            table,
            Some(Content::Table { header: Vec::new(), rows: rows(&[&["1", "2"], &["3", ""]]) })
        );
        assert_eq!(content(rows(&[&["", " "]]), None), None);
    }

    #[test]
    fn amounts_and_dates_are_values() {
        for value in ["12", "€ 12.50", "12 kg", "2024-01-01", "10 %", "-3"] {
            assert!(is_value(value), "{value}");
        }
        for name in ["Price", "Header 0.0", "Price 2024", ""] {
            assert!(!is_value(name), "{name}");
        }
    }
}
