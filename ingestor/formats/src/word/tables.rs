//! Reads tables: cells by row and column, a merged cell's text in each place that it covers.

use super::blocks::{Block, Reader, Table, flatten};
use super::look;
use crate::Failure;
use crate::xml::{Element, Xml};

/// More columns than Word allows; a cell may claim to span any number.
const MAX_COLUMNS: usize = 128;

/// A table under way.
#[derive(Debug, Default)]
struct Grid {
    table: Table,
    /// The text above each column, for cells that go on downwards.
    above: Vec<String>,
    cells: usize,
    /// The blocks of the only cell so far: a table of one cell is a frame around them.
    only: Vec<Block>,
    /// Whether all text of the first row and of some later row is bold.
    bold: [Option<bool>; 2],
    says_header: bool,
}

/// Cell properties.
#[derive(Debug, Default)]
struct Cell {
    columns: usize,
    goes_on: bool,
    is_shaded: bool,
}

impl Reader<'_> {
    /// Reads `tbl`.
    pub(super) fn table(&mut self, xml: &mut Xml<'_>, blocks: &mut Vec<Block>) -> Result<(), Failure> {
        let mut grid = Grid::default();
        let around = self.is_shaded;
        self.rows(xml, &mut grid)?;
        self.is_shaded = around;
        if grid.cells == 1 {
            blocks.append(&mut grid.only);
            return Ok(());
        }
        let [first, later] = grid.bold;
        let stands_out = first == Some(true) && later == Some(false);
        grid.table.first_is_header = (grid.says_header || stands_out).then_some(true);
        blocks.push(Block::Table(grid.table));
        Ok(())
    }

    fn rows(&mut self, xml: &mut Xml<'_>, grid: &mut Grid) -> Result<(), Failure> {
        while let Some(element) = xml.child()? {
            match element.name() {
                "tblPr" => grid.says_header |= self.table_properties(xml)?,
                "tr" => self.row(xml, grid)?,
                "sdt" | "sdtContent" | "customXml" | "ins" => self.rows(xml, grid)?,
                _ => xml.skip()?,
            }
        }
        Ok(())
    }

    /// Takes over what the table's style sets; returns whether it sets the first row apart, and the table wants it to.
    fn table_properties(&mut self, xml: &mut Xml<'_>) -> Result<bool, Failure> {
        let (mut has_first_row, mut wants_first_row) = (false, false);
        while let Some(property) = xml.child()? {
            match property.name() {
                "tblStyle" => {
                    let style = property.attribute("val").unwrap_or_default();
                    let table = self.styles.table(&style);
                    self.is_shaded |= table.shades_cells;
                    has_first_row = table.has_first_row;
                }
                "shd" => self.is_shaded |= look::is_shading(&property),
                "tblLook" => wants_first_row = wants_first(&property),
                _ => {}
            }
            xml.skip()?;
        }
        Ok(has_first_row && wants_first_row)
    }

    fn row(&mut self, xml: &mut Xml<'_>, grid: &mut Grid) -> Result<(), Failure> {
        let mut row = Row::default();
        self.cells(xml, grid, &mut row)?;
        if row.is_deleted || row.texts.is_empty() {
            return Ok(());
        }
        let is_first = grid.table.rows.is_empty();
        grid.says_header |= is_first && row.says_header;
        if is_first {
            grid.bold[0] = row.is_bold;
        } else if row.is_bold.is_some() && grid.bold[1] != Some(false) {
            grid.bold[1] = row.is_bold;
        }
        grid.above.clone_from(&row.texts);
        grid.table.rows.push(row.texts);
        Ok(())
    }

    fn cells(&mut self, xml: &mut Xml<'_>, grid: &mut Grid, row: &mut Row) -> Result<(), Failure> {
        while let Some(element) = xml.child()? {
            match element.name() {
                "trPr" => {
                    let mut before = 0;
                    while let Some(property) = xml.child()? {
                        match property.name() {
                            "gridBefore" => before = property.number("val").unwrap_or(0),
                            "tblHeader" => row.says_header = property.switches_on(),
                            "del" => row.is_deleted = true,
                            _ => {}
                        }
                        xml.skip()?;
                    }
                    row.texts.resize(before.min(MAX_COLUMNS), String::new());
                }
                "tc" => self.cell(xml, grid, row)?,
                "sdt" | "sdtContent" | "customXml" | "ins" => self.cells(xml, grid, row)?,
                _ => xml.skip()?,
            }
        }
        Ok(())
    }

    fn cell(&mut self, xml: &mut Xml<'_>, grid: &mut Grid, row: &mut Row) -> Result<(), Failure> {
        let (mut cell, mut blocks) = (Cell { columns: 1, ..Cell::default() }, Vec::new());
        let around = self.is_shaded;
        while let Some(element) = xml.child()? {
            if element.name() == "tcPr" {
                cell = cell_properties(xml)?;
                self.is_shaded |= cell.is_shaded;
            } else {
                self.block(xml, &element, &mut blocks)?;
            }
        }
        self.is_shaded = around;
        let column = row.texts.len();
        let mut text = flatten(&blocks, &mut grid.table.hidden);
        if cell.goes_on && text.trim().is_empty() {
            text = grid.above.get(column).cloned().unwrap_or_default();
        }
        if !text.trim().is_empty() {
            row.is_bold = Some(row.is_bold.unwrap_or(true) && is_bold(&blocks));
        }
        let columns = cell.columns.clamp(1, MAX_COLUMNS).min(MAX_COLUMNS.saturating_sub(column));
        self.budget.cells(columns)?;
        self.budget.text(text.len().saturating_mul(columns))?;
        row.texts.extend(std::iter::repeat_n(text, columns));
        grid.cells = grid.cells.saturating_add(1);
        grid.only = if grid.cells == 1 { blocks } else { Vec::new() };
        Ok(())
    }
}

/// A row under way.
#[derive(Debug, Default)]
struct Row {
    texts: Vec<String>,
    says_header: bool,
    is_deleted: bool,
    is_bold: Option<bool>,
}

/// Newer programs write a word for each part, older ones a number with a bit for each.
fn wants_first(look: &Element<'_>) -> bool {
    let bits = look.attribute("val").and_then(|value| u32::from_str_radix(&value, 16).ok()).unwrap_or(0);
    look.attribute("firstRow").map_or(bits & 0x20 != 0, |_| look.flag("firstRow"))
}

fn cell_properties(xml: &mut Xml<'_>) -> Result<Cell, Failure> {
    let mut cell = Cell { columns: 1, ..Cell::default() };
    while let Some(property) = xml.child()? {
        match property.name() {
            "gridSpan" => cell.columns = property.number("val").unwrap_or(1),
            "vMerge" => cell.goes_on = property.attribute("val").is_none_or(|value| value == "continue"),
            "shd" => cell.is_shaded = look::is_shading(&property),
            _ => {}
        }
        xml.skip()?;
    }
    Ok(cell)
}

fn is_bold(blocks: &[Block]) -> bool {
    blocks.iter().all(|block| match block {
        Block::Paragraph(paragraph) => paragraph.is_bold.unwrap_or(true),
        Block::Table(_) => false,
    })
}
