//! Reads the cells of a sheet.

use super::{Workbook, rich_text};
use crate::xml::{Element, Xml};
use crate::{Failure, Hidden, properties};

/// What a sheet can have.
const MAX_ROWS: u32 = 1_048_576;
const MAX_COLUMNS: u32 = 16_384;

/// A cell that holds something.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// From 1.
    pub(super) row: u32,
    /// From 1.
    pub(super) column: u32,
    pub(super) text: String,
    pub(super) is_bold: bool,
    /// Whether it only repeats the merged cell that covers its place.
    pub(super) is_copy: bool,
    pub(super) hidden: Option<Hidden>,
}

/// Cells from one corner to the other, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) rows: (u32, u32),
    pub(super) columns: (u32, u32),
}

/// A sheet's cells by row and column, and which of them are merged.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    pub(super) cells: Vec<Cell>,
    pub(super) merged: Vec<Range>,
    hidden_columns: Vec<(u32, u32)>,
}

impl Sheet {
    pub(super) fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// Where the reader stands.
#[derive(Debug, Default)]
struct Place {
    row: u32,
    column: u32,
    is_hidden: bool,
}

pub(super) fn read(text: &str, workbook: &Workbook<'_>) -> Result<Sheet, Failure> {
    let budget = workbook.budget;
    let mut sheet = Sheet::default();
    let mut xml = Xml::new(text, budget);
    let mut place = Place::default();
    if xml.root()?.is_none() {
        return Ok(sheet);
    }
    while let Some(element) = xml.child()? {
        match element.name() {
            "cols" => xml.each_inside(|column| {
                if let (true, Some(first), Some(last)) =
                    (column.flag("hidden"), column.number("min"), column.number("max"))
                {
                    sheet.hidden_columns.push((first, last));
                }
            })?,
            "sheetData" => {
                while let Some(row) = xml.child()? {
                    place.row = row.number("r").unwrap_or_else(|| place.row.saturating_add(1));
                    place.column = 0;
                    place.is_hidden = row.flag("hidden");
                    while let Some(cell) = xml.child()? {
                        read_cell(&mut xml, &cell, &mut place, &mut sheet, workbook)?;
                    }
                    let count = u64::try_from(sheet.cells.len()).unwrap_or(u64::MAX);
                    if count > budget.limits().cells {
                        return Err(
                            budget.over("has too many cells", format!("{} cells", budget.limits().cells))
                        );
                    }
                }
            }
            "mergeCells" => xml.each_inside(|merged| {
                sheet.merged.extend(merged.attribute("ref").as_deref().and_then(range));
            })?,
            _ => xml.skip()?,
        }
    }
    hide_columns(&mut sheet);
    sheet.cells.sort_by_key(|cell| (cell.row, cell.column));
    sheet.cells.dedup_by_key(|cell| (cell.row, cell.column));
    Ok(sheet)
}

/// A workbook may list a hidden column again and again; each cell is looked up once in what is left.
fn hide_columns(sheet: &mut Sheet) {
    sheet.hidden_columns.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for (first, last) in &sheet.hidden_columns {
        match ranges.last_mut() {
            Some((_, end)) if *first <= *end => *end = (*end).max(*last),
            _ => ranges.push((*first, *last)),
        }
    }
    for cell in &mut sheet.cells {
        let before = ranges.partition_point(|(first, _)| *first <= cell.column);
        let range = before.checked_sub(1).and_then(|place| ranges.get(place));
        if range.is_some_and(|(_, last)| cell.column <= *last) {
            cell.hidden = Some(Hidden::Marked);
        }
    }
}

fn read_cell(
    xml: &mut Xml<'_>,
    cell: &Element<'_>,
    place: &mut Place,
    sheet: &mut Sheet,
    workbook: &Workbook<'_>,
) -> Result<(), Failure> {
    let named = cell.attribute("r").as_deref().and_then(reference);
    let (row, column) = named.unwrap_or_else(|| (place.row, place.column.saturating_add(1)));
    place.column = column;
    let kind = cell.attribute("t").unwrap_or_default();
    let look = workbook.styles.look(cell.number("s").unwrap_or(0));
    let (mut value, mut inline) = (String::new(), None);
    while let Some(part) = xml.child()? {
        match part.name() {
            "v" => value = xml.text()?,
            "is" => inline = Some(rich_text(xml)?),
            _ => xml.skip()?,
        }
    }
    let mut is_shown = true;
    let text = match kind.as_str() {
        "inlineStr" => inline.unwrap_or_default(),
        "s" => {
            let place = value.trim().parse::<usize>().ok();
            place.and_then(|place| workbook.strings.get(place)).cloned().unwrap_or_default()
        }
        "b" => if value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
        "str" | "e" => value,
        "d" => properties::date(&value).map_or(value, |date| date.trim_end_matches("T00:00:00Z").to_owned()),
        _ => match value.trim().parse::<f64>() {
            Ok(number) => {
                let shown = workbook.styles.format(look).show(number, workbook.counts_from_1904);
                is_shown = !shown.trim().is_empty();
                if is_shown { shown } else { value }
            }
            Err(_) => value,
        },
    };
    if text.trim().is_empty() || row == 0 || row > MAX_ROWS || column == 0 || column > MAX_COLUMNS {
        return Ok(());
    }
    // A string stands once in the workbook and once in each cell that shows it; a format adds its own letters.
    workbook.budget.text(text.len())?;
    let hidden = if place.is_hidden {
        Some(Hidden::Marked)
    } else if look.is_white {
        Some(Hidden::PaperColoured)
    } else {
        (!is_shown).then_some(Hidden::Invisible)
    };
    sheet.cells.push(Cell { row, column, text, is_bold: look.is_bold, is_copy: false, hidden });
    Ok(())
}

/// Returns row and column of a reference such as `AB12`, both from 1.
fn reference(text: &str) -> Option<(u32, u32)> {
    let text = text.trim().replace('$', "");
    let letters = text.find(|character: char| !character.is_ascii_alphabetic())?;
    let (letters, digits) = text.split_at_checked(letters)?;
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let number = u32::from(letter.to_ascii_uppercase().checked_sub(b'A')?).checked_add(1)?;
        column = column.checked_mul(26)?.checked_add(number)?;
    }
    Some((digits.parse().ok()?, column))
}

fn range(text: &str) -> Option<Range> {
    let (from, to) = text.split_once(':')?;
    let ((row, column), (last_row, last_column)) = (reference(from)?, reference(to)?);
    Some(Range { rows: (row, last_row), columns: (column, last_column) })
}

#[cfg(test)]
mod tests {
    use super::reference;

    #[test]
    fn references_are_row_and_column() {
        assert_eq!(reference("A1"), Some((1, 1)));
        assert_eq!(reference("$XFD$1048576"), Some((1_048_576, 16_384)));
        assert_eq!(reference("ABCDEFGHIJ1"), None);
        assert_eq!(reference("12"), Some((12, 0)));
        assert_eq!(reference("A"), None);
        assert_eq!(reference("A1é"), None);
    }
}
