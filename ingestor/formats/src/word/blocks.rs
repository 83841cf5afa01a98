//! The blocks of a document's body: paragraphs and tables, wherever they are wrapped.

use std::collections::HashMap;

use super::numbering::{Mark, Numbering};
use super::styles::Styles;
use crate::budget::Budget;
use crate::table::Rows;
use crate::xml::{Element, Xml};
use crate::{Failure, Hidden};

/// Text, and why a person does not see it.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) text: String,
    pub(super) hidden: Option<Hidden>,
}

/// A paragraph.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    pub(super) spans: Vec<Span>,
    /// From 1.
    pub(super) heading: Option<u8>,
    pub(super) is_title: bool,
    /// A line of a table of contents says nothing that its heading does not.
    pub(super) is_left_out: bool,
    pub(super) mark: Option<Mark>,
    /// Text boxes that are anchored here.
    pub(super) boxes: Vec<Block>,
    pub(super) notes: Vec<String>,
    /// Whether all visible text is bold; nothing is not.
    pub(super) is_bold: Option<bool>,
}

impl Paragraph {
    pub(super) fn visible(&self) -> String {
        self.spans.iter().filter(|span| span.hidden.is_none()).map(|span| span.text.as_str()).collect()
    }
}

/// A table with merged cells filled in.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: Rows,
    pub(super) first_is_header: Option<bool>,
    pub(super) hidden: Vec<Span>,
}

/// What a body, a cell or a text box is made of.
#[derive(Debug)]
pub(super) enum Block {
    Paragraph(Box<Paragraph>),
    Table(Table),
}

/// Reads blocks. What it remembers goes on from block to block: how far lists have counted, which fields are open.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) budget: &'a Budget,
    pub(super) styles: Styles,
    pub(super) numbering: Numbering,
    /// Texts of notes by `footnotes/ID` and `endnotes/ID`.
    pub(super) notes: HashMap<String, String>,
    /// Whether something coloured lies between the paper and the text.
    pub(super) is_shaded: bool,
    /// For each open field, whether its result has begun; what stands before is its instruction.
    pub(super) fields: Vec<bool>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(budget: &'a Budget, styles: Styles, numbering: Numbering) -> Self {
        Self { budget, styles, numbering, notes: HashMap::new(), is_shaded: false, fields: Vec::new() }
    }

    /// Reads all blocks inside the current element.
    pub(super) fn blocks(&mut self, xml: &mut Xml<'_>, blocks: &mut Vec<Block>) -> Result<(), Failure> {
        while let Some(element) = xml.child()? {
            self.block(xml, &element, blocks)?;
        }
        Ok(())
    }

    /// Reads what begins with this element.
    pub(super) fn block(
        &mut self,
        xml: &mut Xml<'_>,
        element: &Element<'_>,
        blocks: &mut Vec<Block>,
    ) -> Result<(), Failure> {
        match element.name() {
            "p" => {
                let paragraph = self.paragraph(xml)?;
                blocks.push(Block::Paragraph(Box::new(paragraph)));
                Ok(())
            }
            "tbl" => self.table(xml, blocks),
            "sdt" | "sdtContent" | "customXml" | "ins" | "moveTo" | "smartTag" => self.blocks(xml, blocks),
            "oMathPara" | "oMath" => {
                let text = super::math::read(xml)?;
                let spans = vec![Span { text, hidden: None }];
                blocks.push(Block::Paragraph(Box::new(Paragraph { spans, ..Paragraph::default() })));
                Ok(())
            }
            _ => xml.skip(),
        }
    }
}

/// Returns the visible text of blocks, one line for each, and hands out what is hidden in them.
pub(super) fn flatten(blocks: &[Block], hidden: &mut Vec<Span>) -> String {
    let mut lines: Vec<String> = Vec::new();
    for block in blocks {
        match block {
            Block::Paragraph(paragraph) => {
                let mark =
                    paragraph.mark.as_ref().map(|mark| mark.text.as_str()).filter(|mark| !mark.is_empty());
                let text = paragraph.visible();
                if !text.trim().is_empty() {
                    lines.push(mark.map_or_else(|| text.clone(), |mark| format!("{mark} {text}")));
                }
                hidden.extend(paragraph.spans.iter().filter(|span| span.hidden.is_some()).cloned());
                lines.extend(paragraph.notes.iter().cloned());
                if !paragraph.boxes.is_empty() {
                    lines.push(flatten(&paragraph.boxes, hidden));
                }
            }
            Block::Table(table) => {
                lines.extend(table.rows.iter().map(|row| row.join(" | ")));
                hidden.extend(table.hidden.iter().cloned());
            }
        }
    }
    lines.join("\n")
}
