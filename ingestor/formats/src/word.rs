//! Reads Word documents: headings by their styles, numbered lists as they are numbered on paper, tables, text boxes and
//! notes. Page headers, page footers, comments, deleted text and tables of contents are left out.

mod blocks;
mod look;
mod math;
mod numbering;
mod paragraphs;
mod styles;
mod tables;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use blocks::{Block, Paragraph, Reader, Span};

use crate::collector::{Collector, one_line};
use crate::package::Package;
use crate::xml::Xml;
use crate::{Contents, Failure, properties};

pub(crate) fn read(package: &Package<'_>) -> Result<Contents, Failure> {
    let main = package.main_part("word/document.xml")?;
    let text = package.required(&main)?;
    let mut contents = properties::read(package)?;
    let budget = package.budget();
    let mut reader = Reader::new(
        budget,
        styles::read(package, &part(package, &main, "styles")?)?,
        numbering::read(package, &part(package, &main, "numbering")?)?,
    );
    for kind in ["footnotes", "endnotes"] {
        if let Some(notes) = package.text(&part(package, &main, kind)?)? {
            read_notes(&mut reader, kind, &notes)?;
        }
    }
    let mut xml = Xml::new(&text, budget);
    let mut outline =
        Outline { collector: Collector::new(budget), shift: 0, title: None, has_heading: false, list: None };
    if xml.root()?.is_some() {
        while let Some(element) = xml.child()? {
            if element.name() == "body" {
                read_body(&mut reader, &mut xml, &mut outline)?;
            } else {
                xml.skip()?;
            }
        }
    }
    contents.title = contents.title.or(outline.title);
    contents.pieces = outline.collector.finish();
    Ok(contents)
}

fn part(package: &Package<'_>, main: &str, kind: &str) -> Result<String, Failure> {
    let named = package.related(main, kind)?;
    Ok(named.unwrap_or_else(|| crate::package::resolve("word", &format!("{kind}.xml"))))
}

/// Hands each block on before the next is read, so that a long document is not held twice.
fn read_body(reader: &mut Reader<'_>, xml: &mut Xml<'_>, outline: &mut Outline<'_>) -> Result<(), Failure> {
    let mut blocks = Vec::new();
    while let Some(element) = xml.child()? {
        reader.block(xml, &element, &mut blocks)?;
        for block in blocks.drain(..) {
            outline.add(block)?;
        }
    }
    Ok(())
}

fn read_notes(reader: &mut Reader<'_>, kind: &str, text: &str) -> Result<(), Failure> {
    let mut xml = Xml::new(text, reader.budget);
    let mut found = HashMap::new();
    if xml.root()?.is_none() {
        return Ok(());
    }
    while let Some(note) = xml.child()? {
        // The lines that divide notes from the text are notes of their own types.
        let is_text = note.attribute("type").is_none_or(|kind| kind == "normal");
        let mut blocks = Vec::new();
        reader.blocks(&mut xml, &mut blocks)?;
        if let Some(id) = note.attribute("id").filter(|_| is_text) {
            found.insert(format!("{kind}/{id}"), one_line(&blocks::flatten(&blocks, &mut Vec::new())));
        }
    }
    reader.notes.extend(found);
    Ok(())
}

/// Brings blocks into the order of pieces.
#[derive(Debug)]
struct Outline<'a> {
    collector: Collector<'a>,
    /// Headings stand below the title, where there is one.
    shift: u8,
    title: Option<String>,
    has_heading: bool,
    /// The list that the last item belongs to.
    list: Option<String>,
}

impl Outline<'_> {
    fn add(&mut self, block: Block) -> Result<(), Failure> {
        match block {
            Block::Paragraph(paragraph) => self.paragraph(*paragraph),
            Block::Table(table) => {
                self.list = None;
                self.collector.table(table.rows, table.first_is_header);
                self.hidden(&table.hidden)
            }
        }
    }

    fn paragraph(&mut self, paragraph: Paragraph) -> Result<(), Failure> {
        let text = paragraph.visible();
        let mark = paragraph.mark.as_ref().filter(|mark| !mark.text.is_empty());
        if paragraph.is_left_out || text.trim().is_empty() {
            // An empty line ends nothing: lists go on behind it.
        } else if let Some(level) = paragraph.heading {
            self.list = None;
            self.has_heading = true;
            let number = mark.filter(|mark| !mark.is_bullet).map(|mark| format!("{} ", mark.text));
            self.collector.heading(
                level.saturating_add(self.shift),
                &format!("{}{text}", number.unwrap_or_default()),
            )?;
        } else if paragraph.is_title {
            self.collector.heading(1, &text)?;
            if !self.has_heading && self.shift == 0 {
                self.shift = 1;
                self.title = properties::property(&text);
            }
        } else if let Some(mark) = mark {
            if mark.level == 0 && self.list.as_ref() != Some(&mark.list) {
                self.collector.end_list();
            }
            self.list = Some(mark.list.clone());
            self.collector.item(mark.level, &mark.text, &text)?;
        } else {
            self.collector.paragraph(&text)?;
        }
        self.hidden(&paragraph.spans)?;
        for note in &paragraph.notes {
            self.collector.paragraph(note)?;
        }
        for block in paragraph.boxes {
            self.add(block)?;
        }
        Ok(())
    }

    /// Adds what is hidden, all that is hidden for one reason together.
    fn hidden(&mut self, spans: &[Span]) -> Result<(), Failure> {
        let mut reasons = Vec::new();
        for reason in spans.iter().filter_map(|span| span.hidden) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        for reason in reasons {
            let texts =
                spans.iter().filter(|span| span.hidden == Some(reason)).map(|span| span.text.as_str());
            self.collector.paragraph_hidden(&texts.collect::<String>(), Some(reason))?;
        }
        Ok(())
    }
}
