//! Reads rows of values divided by comma, semicolon, tab or bar.

use csv::{ReaderBuilder, StringRecord};

use super::builder::Builder;
use super::curated::{self, Entry, Role};

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The delimiter shows within these many rows.
const SAMPLE_ROWS: usize = 30;
const SAMPLE_BYTES: usize = 64 * 1024;

/// Reads a table whose first row names the columns. Rows may be shorter or longer than the first.
pub(super) fn read(text: &str, builder: &mut Builder) {
    // Excel writes the delimiter into a first line of its own.
    let (told, text) = match text.strip_prefix("sep=").and_then(|rest| rest.split_once('\n')) {
        Some((delimiter, rest)) => (delimiter.bytes().next(), rest),
        None => (None, text),
    };
    let delimiter = told.unwrap_or_else(|| delimiter(text));
    let mut rows: Vec<Vec<String>> = records(text, delimiter).map(|record| cells(&record)).collect();
    rows.retain(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    match rows.len() {
        0 => {}
        1 => builder.table(&[], &rows),
        _ => {
            let header = rows.remove(0);
            match curated::roles(&header) {
                Some(roles) => add_curated(&header, &roles, &rows, builder),
                None => builder.table(&header, &rows),
            }
        }
    }
}

/// Adds rows of questions and answers; those that lack either are rows like any other.
fn add_curated(header: &[String], roles: &[Role], rows: &[Vec<String>], builder: &mut Builder) {
    let mut others: Vec<Vec<String>> = Vec::new();
    for row in rows {
        let mut entry = Entry::default();
        for (place, cell) in row.iter().enumerate() {
            let role = roles.get(place).copied().unwrap_or(Role::Other);
            entry.put(role, header.get(place).map_or("", String::as_str), cell);
        }
        if !entry.is_complete() {
            others.push(row.clone());
            continue;
        }
        if !others.is_empty() {
            builder.table(header, &std::mem::take(&mut others));
        }
        entry.add_to(builder);
    }
    if !others.is_empty() {
        builder.table(header, &others);
    }
}

fn records(text: &str, delimiter: u8) -> impl Iterator<Item = StringRecord> {
    let reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    // With flexible rows and UTF-8 input nothing is left that could fail.
    reader.into_records().map_while(Result::ok)
}

fn cells(record: &StringRecord) -> Vec<String> {
    record.iter().map(str::to_owned).collect()
}

/// Returns the delimiter that divides most rows into the same number of cells, and more than one.
fn delimiter(text: &str) -> u8 {
    let sample = &text[..text.floor_char_boundary(SAMPLE_BYTES)];
    let mut best = (0, b',');
    for delimiter in DELIMITERS {
        let widths: Vec<usize> = records(sample, delimiter).take(SAMPLE_ROWS).map(|row| row.len()).collect();
        let first = widths.first().copied().unwrap_or(0);
        let agreeing = widths.iter().filter(|width| **width == first && first > 1).count();
        // Agreement first, then more columns; on a tie the earlier delimiter stays.
        let score = agreeing * 1000 + if agreeing > 0 { first.min(999) } else { 0 };
        if score > best.0 {
            best = (score, delimiter);
        }
    }
    best.1
}

#[cfg(test)]
mod tests {
    use super::{Builder, read};
    use crate::extract::Kind;

    fn text(csv: &str) -> String {
        let mut builder = Builder::default();
        read(csv, &mut builder);
        builder.finish(Kind::Csv, "a.csv").expect("has text").text
    }

    #[test]
    fn each_row_names_its_columns_whatever_divides_them() {
        for csv in [
            "Name,Price\nTea,3\nCoffee,4",
            "Name;Price\nTea;3\nCoffee;4\n",
            "Name\tPrice\r\nTea\t3\r\nCoffee\t4",
            "Name|Price\nTea|3\n\nCoffee|4",
            "sep=;\nName;Price\nTea;3\nCoffee;4",
        ] {
            assert_eq!(text(csv), "Name: Tea; Price: 3\nName: Coffee; Price: 4", "{csv:?}");
        }
    }

    #[test]
    fn rows_of_questions_and_answers_are_curated_answers() {
        for (csv, expected) in [
            (
                "Question,Answer\nDo you\n deliver?,Yes.\nOpening hours,\"Nine to five.\n\nNot on Sundays.\"",
                "Do you deliver?\nYes.\n\nOpening hours?\nNine to five.\n\nNot on Sundays.",
            ),
            (
                "Antwort;Thema;Frage;Alternativen\nJa.;Lieferung;Liefern Sie?;Bringen Sie es | liefern sie?",
                "Liefern Sie?\nJa.\nThema: Lieferung\n\nBringen Sie es?\nJa.\nThema: Lieferung",
            ),
            ("q,a\nOpen?,\nOpen?,Yes.\n,No.", "q: Open?\n\nOpen?\nYes.\n\na: No."),
            ("q,a\n1,2\n3,4", "q: 1; a: 2\nq: 3; a: 4"),
        ] {
            // A line break inside a cell needs quotes.
            let csv = csv.replace("Do you\n deliver?", "\"Do you\n deliver?\"");
            assert_eq!(text(&csv), expected, "{csv:?}");
        }
    }

    #[test]
    fn quotes_uneven_rows_and_one_column_are_taken_as_they_are() {
        for (csv, expected) in [
            ("a,b\n\"1,5\",\"two\nlines\"", "a: 1,5; b: two lines"),
            ("a,b\n1\n1,2,3", "a: 1\na: 1; b: 2; 3"),
            (
                "Industry\nSales\nOther, mixed\nHealth",
                "Industry: Sales\nIndustry: Other; mixed\nIndustry: Health",
            ),
            ("only,one,row", "only; one; row"),
            ("a,b\n\"never closed,2", "a: never closed,2"),
        ] {
            assert_eq!(text(csv), expected, "{csv:?}");
        }
    }
}
