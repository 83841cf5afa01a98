//! Reads tables as rows of cells; tables that only arrange a page become its blocks.

use scraper::ElementRef;

use super::{HEADINGS, Walker, is_hidden, lines_of};
use crate::extract::builder::one_line;

/// A cell may claim to span any number of columns; no table for readers has more than this.
const MAX_COLUMNS: usize = 200;

/// Reads `table`.
pub(super) fn read(walker: &mut Walker<'_>, element: ElementRef<'_>, depth: usize) {
    walker.flush();
    let mut rows = rows(element);
    if arranges_page(element, &rows) {
        walker.children(element, depth);
        return walker.flush();
    }
    if let Some(caption) = element.child_elements().find(|child| child.value().name() == "caption") {
        walker.builder.paragraph(&lines_of(caption, walker.list_depth));
    }
    // A heading across a wider table names the table, not a column.
    let is_wider = |rows: &[ElementRef<'_>]| rows.iter().skip(1).any(|row| cells(*row).count() > 1);
    while rows.first().is_some_and(|row| cells(*row).count() == 1 && cells(*row).all(is_header))
        && is_wider(&rows)
    {
        walker.builder.paragraph(&lines_of(rows.remove(0), walker.list_depth));
    }
    let mut grid = Grid::default();
    for row in &rows {
        grid.add(*row, walker.list_depth);
    }
    let header = if grid.first_is_header { grid.rows.remove(0) } else { Vec::new() };
    walker.builder.table(&header, &grid.rows);
}

/// Returns the rows of this table alone, the head's first.
fn rows(table: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let mut rows = Vec::new();
    for child in table.child_elements().filter(|child| !is_hidden(*child)) {
        match child.value().name() {
            "tr" => rows.push(child),
            "thead" | "tbody" | "tfoot" => {
                rows.extend(
                    child.child_elements().filter(|row| row.value().name() == "tr" && !is_hidden(*row)),
                );
            }
            _ => {}
        }
    }
    rows
}

fn cells(row: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th"))
}

fn is_header(cell: ElementRef<'_>) -> bool {
    cell.value().name() == "th"
}

fn arranges_page(table: ElementRef<'_>, rows: &[ElementRef<'_>]) -> bool {
    if matches!(table.attr("role"), Some("presentation" | "none")) {
        return true;
    }
    let is_block = |name: &str| name == "table" || HEADINGS.contains(&name);
    let mut below = table.descendants().skip(1).filter_map(ElementRef::wrap);
    rows.iter().all(|row| cells(*row).count() <= 1) || below.any(|element| is_block(element.value().name()))
}

/// Cells by row and column, spans resolved.
#[derive(Debug, Default)]
struct Grid {
    rows: Vec<Vec<String>>,
    first_is_header: bool,
    /// For each column: how many more rows the cell above reaches down, and its text.
    reaching: Vec<(usize, String)>,
}

impl Grid {
    fn add(&mut self, row: ElementRef<'_>, list_depth: usize) {
        let is_first = self.rows.is_empty();
        let mut texts: Vec<String> = Vec::new();
        let (mut headers, mut values) = (0_usize, 0_usize);
        for cell in cells(row) {
            self.fill_from_above(&mut texts);
            let text = if is_hidden(cell) { String::new() } else { one_line(&lines_of(cell, list_depth)) };
            if is_header(cell) {
                headers += 1;
            } else {
                values += 1;
            }
            let columns = span(cell, "colspan").min(MAX_COLUMNS.saturating_sub(texts.len()));
            let down = span(cell, "rowspan") - 1;
            for column in 0..columns {
                // A heading names every column it spans; a value is said once.
                let shown = if column == 0 || is_first { text.clone() } else { String::new() };
                self.reach(texts.len(), down, &shown);
                texts.push(shown);
            }
        }
        self.fill_from_above(&mut texts);
        if is_first {
            self.first_is_header = headers > 0 && values == 0;
        }
        self.rows.push(texts);
    }

    /// A value that spans rows holds for each of them.
    fn fill_from_above(&mut self, texts: &mut Vec<String>) {
        while let Some((rows, text)) = self.reaching.get_mut(texts.len())
            && *rows > 0
        {
            *rows -= 1;
            texts.push(text.clone());
        }
    }

    fn reach(&mut self, column: usize, rows: usize, text: &str) {
        if self.reaching.len() <= column {
            self.reaching.resize(column + 1, (0, String::new()));
        }
        if rows > 0 {
            self.reaching[column] = (rows, text.to_owned());
        }
    }
}

fn span(cell: ElementRef<'_>, attribute: &str) -> usize {
    cell.attr(attribute).and_then(|span| span.trim().parse().ok()).unwrap_or(1).clamp(1, 1_000)
}
