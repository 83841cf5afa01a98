//! Reads the tables of slides.

use super::text;
use crate::Failure;
use crate::budget::Budget;
use crate::table::Rows;
use crate::xml::Xml;

/// Reads `tbl`; returns its rows and whether it says that the first one is a header.
pub(super) fn read(xml: &mut Xml<'_>, budget: &Budget) -> Result<(Rows, Option<bool>), Failure> {
    let (mut rows, mut first_is_header): (Rows, Option<bool>) = (Vec::new(), None);
    while let Some(element) = xml.child()? {
        match element.name() {
            "tblPr" => {
                first_is_header = element.flag("firstRow").then_some(true);
                xml.skip()?;
            }
            "tr" => {
                let row = row(xml, rows.last().map(Vec::as_slice), budget)?;
                rows.push(row);
            }
            _ => xml.skip()?,
        }
    }
    Ok((rows, first_is_header))
}

/// A cell that is merged into the one before or above it stands there without text of its own.
fn row(xml: &mut Xml<'_>, above: Option<&[String]>, budget: &Budget) -> Result<Vec<String>, Failure> {
    let mut row: Vec<String> = Vec::new();
    while let Some(element) = xml.child()? {
        if element.name() != "tc" {
            xml.skip()?;
            continue;
        }
        let mut own = String::new();
        while let Some(part) = xml.child()? {
            match part.name() {
                "txBody" => own = text::body(xml)?.text(),
                _ => xml.skip()?,
            }
        }
        let merged = if element.flag("vMerge") {
            above.and_then(|above| above.get(row.len()))
        } else if element.flag("hMerge") {
            row.last()
        } else {
            None
        };
        let text = merged.cloned().unwrap_or(own);
        budget.cells(1)?;
        budget.text(text.len())?;
        row.push(text);
    }
    Ok(row)
}
