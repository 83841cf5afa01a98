//! Divides a sheet into its tables, where rows or columns are empty, and hands them on.

use super::sheet::{Cell, Range, Sheet};
use crate::Failure;
use crate::budget::Budget;
use crate::collector::Collector;
use crate::table::Rows;

/// Tables beside tables below tables: deeper arrangements are one table.
const MAX_CUTS: usize = 16;
/// A region with more places for each cell that holds something is no table.
const MAX_PLACES_A_CELL: usize = 8;
/// A region of so few places may be as empty as it likes.
const FREE_PLACES: usize = 10_000;
/// More rows of one text each are not the titles of what follows.
const MAX_TITLES: usize = 3;

pub(super) fn collect(sheet: Sheet, budget: &Budget, collector: &mut Collector<'_>) -> Result<(), Failure> {
    let (hidden, mut cells): (Vec<Cell>, Vec<Cell>) =
        sheet.cells.into_iter().partition(|cell| cell.hidden.is_some());
    fill_merged(&mut cells, &sheet.merged, budget)?;
    let mut open = vec![(cells, 0_usize)];
    while let Some((cells, cuts)) = open.pop() {
        match cut(cells, cuts) {
            Ok(parts) => open.extend(parts.into_iter().rev().map(|part| (part, cuts.saturating_add(1)))),
            Err(whole) => region(whole, budget, collector)?,
        }
    }
    collect_hidden(&hidden, collector)
}

/// Writes a merged cell's text into each place that it covers, as far as the sheet is used.
fn fill_merged(cells: &mut Vec<Cell>, merged: &[Range], budget: &Budget) -> Result<(), Failure> {
    let last_row = cells.iter().map(|cell| cell.row).max().unwrap_or(0);
    let last_column = cells.iter().map(|cell| cell.column).max().unwrap_or(0);
    let mut copies = Vec::new();
    for range in merged {
        let first = (range.rows.0, range.columns.0);
        let Ok(place) = cells.binary_search_by_key(&first, |cell| (cell.row, cell.column)) else { continue };
        let Some(cell) = cells.get(place) else { continue };
        let (rows, columns) =
            (range.rows.0..=range.rows.1.min(last_row), range.columns.0..=range.columns.1.min(last_column));
        for row in rows {
            let width = columns.clone().count();
            budget.cells(width)?;
            budget.text(width.saturating_mul(cell.text.len()))?;
            copies.extend(columns.clone().map(|column| Cell { row, column, is_copy: true, ..cell.clone() }));
        }
    }
    cells.extend(copies);
    cells.sort_by_key(|cell| (cell.row, cell.column));
    cells.dedup_by_key(|cell| (cell.row, cell.column));
    Ok(())
}

/// Divides cells at empty rows, or else at empty columns; returns them whole when there are none.
fn cut(mut cells: Vec<Cell>, cuts: usize) -> Result<Vec<Vec<Cell>>, Vec<Cell>> {
    if cuts >= MAX_CUTS {
        cells.sort_by_key(|cell| (cell.row, cell.column));
        return Err(cells);
    }
    cells.sort_by_key(|cell| (cell.row, cell.column));
    let mut parts = divided(cells, |cell| cell.row);
    if parts.len() > 1 {
        return Ok(parts);
    }
    let mut cells = parts.pop().unwrap_or_default();
    cells.sort_by_key(|cell| (cell.column, cell.row));
    let mut parts = divided(cells, |cell| cell.column);
    if parts.len() > 1 {
        return Ok(parts);
    }
    let mut cells = parts.pop().unwrap_or_default();
    cells.sort_by_key(|cell| (cell.row, cell.column));
    Err(cells)
}

fn divided(cells: Vec<Cell>, line: impl Fn(&Cell) -> u32) -> Vec<Vec<Cell>> {
    let mut parts: Vec<Vec<Cell>> = Vec::new();
    let mut last = None;
    for cell in cells {
        let place = line(&cell);
        let goes_on = last.is_some_and(|last: u32| place <= last.saturating_add(1));
        last = Some(place);
        match parts.last_mut() {
            Some(part) if goes_on => part.push(cell),
            _ => parts.push(vec![cell]),
        }
    }
    parts
}

/// Hands on one region, its cells in the order of rows.
fn region(cells: Vec<Cell>, budget: &Budget, collector: &mut Collector<'_>) -> Result<(), Failure> {
    let bounds = |line: fn(&Cell) -> u32| {
        let lines = || cells.iter().map(line);
        Some((lines().min()?, lines().max()?))
    };
    let (Some((top, bottom)), Some((left, right))) = (bounds(|cell| cell.row), bounds(|cell| cell.column))
    else {
        return Ok(());
    };
    let (height, width) = (extent(top, bottom), extent(left, right));
    if width == 1 {
        let lines: Vec<String> = cells.into_iter().map(|cell| cell.text).collect();
        return collector.paragraph(&lines.join("\n"));
    }
    let places = height.saturating_mul(width);
    if places > cells.len().saturating_mul(MAX_PLACES_A_CELL).saturating_add(FREE_PLACES) {
        return collector.paragraph(&lines(&cells.iter().collect::<Vec<_>>()));
    }
    budget.cells(places)?;
    let grid = Grid::new(cells, left, width);
    grid.collect(collector)
}

/// Rows of one region, and which of them are bold.
struct Grid {
    rows: Rows,
    bold: Vec<bool>,
    /// How many cells of each row are its own.
    own: Vec<usize>,
}

impl Grid {
    fn new(cells: Vec<Cell>, left: u32, width: usize) -> Self {
        let mut grid = Self { rows: Vec::new(), bold: Vec::new(), own: Vec::new() };
        let mut last = None;
        for cell in cells {
            if last != Some(cell.row) {
                grid.rows.push(vec![String::new(); width]);
                grid.bold.push(true);
                grid.own.push(0);
                last = Some(cell.row);
            }
            if let (Some(bold), Some(own)) = (grid.bold.last_mut(), grid.own.last_mut()) {
                *bold &= cell.is_bold;
                *own = own.saturating_add(usize::from(!cell.is_copy));
            }
            let column = usize::try_from(cell.column.saturating_sub(left)).ok();
            if let Some(place) = grid.rows.last_mut().and_then(|row| row.get_mut(column?)) {
                *place = cell.text;
            }
        }
        grid
    }

    fn collect(mut self, collector: &mut Collector<'_>) -> Result<(), Failure> {
        let most = self.rows.len().saturating_sub(1).min(MAX_TITLES);
        let rows = self.rows.iter().zip(&self.own).take(most);
        let titles = rows.take_while(|(row, own)| **own == 1 && title(row).is_some()).count();
        for row in self.rows.drain(..titles) {
            collector.paragraph(title(&row).unwrap_or_default())?;
        }
        let is_bold = |place: usize| self.bold.get(place).copied();
        let stands_out = is_bold(titles) == Some(true) && is_bold(titles.saturating_add(1)) == Some(false);
        collector.table(self.rows, stands_out.then_some(true));
        Ok(())
    }
}

/// Writes cells row by row.
fn lines(cells: &[&Cell]) -> String {
    let (mut text, mut last) = (String::new(), None);
    for cell in cells {
        if !text.is_empty() {
            text.push_str(if last == Some(cell.row) { " | " } else { "\n" });
        }
        text.push_str(&cell.text);
        last = Some(cell.row);
    }
    text
}

fn extent(first: u32, last: u32) -> usize {
    usize::try_from(last.saturating_sub(first)).unwrap_or(usize::MAX).saturating_add(1)
}

/// Returns the text of a row that says one thing only, alone or merged over all columns: a title over a table.
fn title(row: &[String]) -> Option<&str> {
    let mut said = row.iter().filter(|text| !text.is_empty());
    let first = said.next()?;
    let is_merged = row.iter().all(|text| text == first);
    (is_merged || said.next().is_none() && row.first() == Some(first)).then_some(first)
}

/// Hands on what a person does not see, row by row for each reason.
fn collect_hidden(cells: &[Cell], collector: &mut Collector<'_>) -> Result<(), Failure> {
    let mut reasons = Vec::new();
    for cell in cells {
        if !reasons.contains(&cell.hidden) {
            reasons.push(cell.hidden);
        }
    }
    for reason in reasons {
        let hidden: Vec<&Cell> = cells.iter().filter(|cell| cell.hidden == reason).collect();
        let text = lines(&hidden);
        collector.paragraph_hidden(&text, reason)?;
    }
    Ok(())
}
