//! Tables from their cells. Places are counted as they come, so a cell in row two thousand million costs what any other does.

use std::collections::BTreeSet;

use formats::{Content, Failure};

use super::blocks::{Block, Blocks, Kind, Relation, Role};
use super::budget::Budget;

/// A table's cells by row and column.
struct Grid {
    rows: Vec<u32>,
    columns: Vec<u32>,
    cells: Vec<Vec<String>>,
    /// What the cells of each row are besides.
    roles: Vec<BTreeSet<u8>>,
}

/// Returns a table with its title before it and its footer behind it.
///
/// # Errors
/// When it is larger than the budget allows.
pub(super) fn read(blocks: &Blocks, table: &Block, budget: &mut Budget) -> Result<Vec<Content>, Failure> {
    let mut grid = Grid::new(blocks, table, budget)?;
    grid.merge(blocks, table, budget)?;
    let mut contents = Vec::new();
    let beside = |kind, relation, budget: &mut Budget| {
        let found: Vec<&Block> = blocks.related(table, relation, kind).map(|(_, block)| block).collect();
        budget.words(found.into_iter().flat_map(|block| blocks.inside(block)).map(|(_, word)| word))
    };
    contents.push(beside(Kind::TableTitle, Relation::TableTitle, budget)?);
    contents.extend(grid.take(Role::TableTitle));
    let footer = grid.take(Role::TableFooter);
    let mut contents: Vec<Content> = paragraphs(contents);
    contents.extend(grid.finish());
    let beside = beside(Kind::TableFooter, Relation::TableFooter, budget)?;
    contents.extend(paragraphs(footer.into_iter().chain([beside])));
    Ok(contents)
}

/// Returns the places of all words of a table, its title and its footer included.
pub(super) fn words<'a>(blocks: &'a Blocks, table: &'a Block) -> impl Iterator<Item = usize> + 'a {
    let parts = [
        (Relation::Child, Kind::Cell),
        (Relation::TableTitle, Kind::TableTitle),
        (Relation::TableFooter, Kind::TableFooter),
    ];
    let inside = parts.into_iter().flat_map(|(relation, kind)| blocks.related(table, relation, kind));
    inside.flat_map(|(_, block)| blocks.inside(block)).map(|(place, _)| place)
}

impl Grid {
    fn new(blocks: &Blocks, table: &Block, budget: &mut Budget) -> Result<Self, Failure> {
        let cells = || blocks.related(table, Relation::Child, Kind::Cell).map(|(_, cell)| cell);
        let rows: BTreeSet<u32> = cells().map(|cell| cell.row).collect();
        let columns: BTreeSet<u32> = cells().map(|cell| cell.column).collect();
        budget.table(rows.len(), columns.len())?;
        let mut grid = Self {
            cells: vec![vec![String::new(); columns.len()]; rows.len()],
            roles: vec![BTreeSet::new(); rows.len()],
            rows: rows.into_iter().collect(),
            columns: columns.into_iter().collect(),
        };
        for cell in cells() {
            let text = budget.words(blocks.inside(cell).map(|(_, word)| word))?;
            if let Some(place) = grid.place(cell).filter(|_| !text.is_empty()) {
                *place = text;
            }
            grid.note(cell, cell);
        }
        Ok(grid)
    }

    /// Gives each cell that was merged with others the text of them all.
    fn merge(&mut self, blocks: &Blocks, table: &Block, budget: &mut Budget) -> Result<(), Failure> {
        for (_, merged) in blocks.related(table, Relation::MergedCell, Kind::MergedCell) {
            let inside = || blocks.related(merged, Relation::Child, Kind::Cell).map(|(_, cell)| cell);
            let words = inside().flat_map(|cell| blocks.inside(cell)).map(|(_, word)| word);
            let text = budget.words(words)?;
            for cell in inside() {
                let copy = budget.copy(&text)?;
                if let Some(place) = self.place(cell) {
                    *place = copy;
                }
                self.note(cell, merged);
            }
        }
        Ok(())
    }

    fn place(&mut self, cell: &Block) -> Option<&mut String> {
        let row = self.rows.binary_search(&cell.row).ok()?;
        let column = self.columns.binary_search(&cell.column).ok()?;
        self.cells.get_mut(row)?.get_mut(column)
    }

    /// Notes what a cell's row is, as the cell or what it was merged into says.
    fn note(&mut self, cell: &Block, says: &Block) {
        let row = self.rows.binary_search(&cell.row).ok();
        if let Some(roles) = row.and_then(|row| self.roles.get_mut(row)) {
            roles.extend(says.roles.iter().map(|role| number(*role)));
        }
    }

    /// Takes out the rows of a role, each as one text; a merged cell's is said once.
    fn take(&mut self, role: Role) -> Vec<String> {
        let mut taken = Vec::new();
        let (cells, roles) = (std::mem::take(&mut self.cells), std::mem::take(&mut self.roles));
        for (mut row, roles) in cells.into_iter().zip(roles) {
            if roles.contains(&number(role)) {
                row.dedup();
                taken.push(row.join(" ").trim().to_owned());
            } else {
                self.cells.push(row);
                self.roles.push(roles);
            }
        }
        taken
    }

    /// Returns what is left as a table, its first rows its header where they say so.
    fn finish(self) -> Option<Content> {
        let is_header = |roles: &BTreeSet<u8>| roles.contains(&number(Role::ColumnHeader));
        let headers = self.roles.iter().take_while(|roles| is_header(roles)).count();
        let mut rows = self.cells;
        let body = rows.split_off(headers.min(rows.len()));
        let mut header: Vec<Vec<String>> = Vec::new();
        for row in rows {
            header.resize_with(row.len(), Vec::new);
            for (names, name) in header.iter_mut().zip(row) {
                // A name that covers two rows of the header is said once.
                if !name.is_empty() && names.last() != Some(&name) {
                    names.push(name);
                }
            }
        }
        let header: Vec<String> = header.into_iter().map(|names| names.join(" ")).collect();
        let has_text = |row: &Vec<String>| row.iter().any(|cell| !cell.is_empty());
        let rows: Vec<Vec<String>> = body.into_iter().filter(has_text).collect();
        let header = if has_text(&header) { header } else { Vec::new() };
        (!rows.is_empty() || !header.is_empty()).then_some(Content::Table { header, rows })
    }
}

fn number(role: Role) -> u8 {
    role as u8
}

fn paragraphs(texts: impl IntoIterator<Item = String>) -> Vec<Content> {
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    texts.map(|text| Content::Paragraph { text }).collect()
}
