//! Reads paragraphs: runs as they read after all tracked changes are accepted, fields as their results, notes and text boxes
//! where they are anchored.

use super::blocks::{Block, Paragraph, Reader, Span};
use super::look::{self, Look};
use super::math;
use super::styles::{self, Place, Style};
use crate::Failure;
use crate::xml::{Element, Xml};

/// A style that is numbered beyond this is running text.
const RUNNING_TEXT: u8 = 9;

/// Fields in fields beyond this were never closed.
const MAX_FIELDS: usize = 64;

impl Reader<'_> {
    /// Reads `p`.
    pub(super) fn paragraph(&mut self, xml: &mut Xml<'_>) -> Result<Paragraph, Failure> {
        let mut paragraph = Paragraph::default();
        let mut look = self.styles.paragraph(None).look;
        let around = self.is_shaded;
        while let Some(element) = xml.child()? {
            if element.name() == "pPr" {
                look = self.paragraph_properties(xml, &mut paragraph)?;
            } else {
                self.inline(xml, &element, look, &mut paragraph)?;
            }
        }
        self.is_shaded = around;
        // An instruction that does not end with its paragraph was never closed.
        while self.fields.last() == Some(&false) {
            self.fields.pop();
        }
        Ok(paragraph)
    }

    fn paragraph_properties(
        &mut self,
        xml: &mut Xml<'_>,
        paragraph: &mut Paragraph,
    ) -> Result<Look, Failure> {
        let (mut id, mut outline, mut place) = (None, None, Place::default());
        while let Some(property) = xml.child()? {
            match property.name() {
                "pStyle" => id = property.attribute("val"),
                "outlineLvl" => outline = property.number("val"),
                "shd" => self.is_shaded |= look::is_shading(&property),
                "numPr" => {
                    place = styles::read_place(xml)?;
                    continue;
                }
                _ => {}
            }
            xml.skip()?;
        }
        let style = self.styles.paragraph(id.as_deref());
        let level = outline.or(style.outline).filter(|level: &u8| *level < RUNNING_TEXT);
        paragraph.heading = level.map(|level| level.saturating_add(1));
        paragraph.is_title = style.name == "title";
        paragraph.is_left_out =
            style.name.strip_prefix("toc ").is_some_and(|level| level.parse::<u8>().is_ok());
        self.number(&style, &place, paragraph);
        Ok(style.look)
    }

    /// Finds the list that the paragraph is in, by itself or by its style, and counts it there.
    fn number(&mut self, style: &Style, place: &Place, paragraph: &mut Paragraph) {
        let Some(list) = place.list.as_ref().or(style.place.list.as_ref()).filter(|list| *list != "0") else {
            return;
        };
        let by_style = || style.place_style.as_deref().and_then(|style| self.numbering.level_of(list, style));
        let level = place.level.or_else(|| if place.list.is_none() { by_style() } else { None });
        let level = level.or(style.place.level).unwrap_or(0);
        paragraph.mark = self.numbering.count(list, level);
    }

    /// Reads what stands inside a paragraph, wrapped or not.
    fn inline(
        &mut self,
        xml: &mut Xml<'_>,
        element: &Element<'_>,
        look: Look,
        paragraph: &mut Paragraph,
    ) -> Result<(), Failure> {
        match element.name() {
            "r" => self.run(xml, look, paragraph),
            "sdt" => self.control(xml, look, paragraph),
            "oMath" | "oMathPara" => {
                let text = math::read(xml)?;
                paragraph.spans.push(Span { text, hidden: None });
                Ok(())
            }
            "hyperlink" | "ins" | "moveTo" | "smartTag" | "customXml" | "fldSimple" | "sdtContent"
            | "dir" | "bdo" | "ruby" | "rubyBase" => {
                while let Some(child) = xml.child()? {
                    self.inline(xml, &child, look, paragraph)?;
                }
                Ok(())
            }
            _ => xml.skip(),
        }
    }

    /// Reads a content control: a box to tick by its state, any other by its content.
    fn control(&mut self, xml: &mut Xml<'_>, look: Look, paragraph: &mut Paragraph) -> Result<(), Failure> {
        let mut ticked = None;
        while let Some(element) = xml.child()? {
            match element.name() {
                "sdtPr" => {
                    xml.each_inside(|property| match property.name() {
                        "checkbox" => ticked = Some(false),
                        "checked" => ticked = Some(property.switches_on()),
                        _ => {}
                    })?;
                }
                "sdtContent" if ticked.is_some() => xml.skip()?,
                "sdtContent" => self.inline(xml, &element, look, paragraph)?,
                _ => xml.skip()?,
            }
        }
        if let Some(ticked) = ticked {
            paragraph.spans.push(Span { text: tick(ticked).to_owned(), hidden: None });
        }
        Ok(())
    }

    /// Reads `r`.
    fn run(&mut self, xml: &mut Xml<'_>, around: Look, paragraph: &mut Paragraph) -> Result<(), Failure> {
        let mut look = around;
        while let Some(element) = xml.child()? {
            let text = match element.name() {
                "rPr" => {
                    let (own, style) = look::read(xml)?;
                    look = own.over(self.styles.character(style.as_deref())).over(around);
                    continue;
                }
                "t" => {
                    let text = xml.text()?;
                    self.say(&text, look, paragraph);
                    continue;
                }
                "drawing" | "pict" | "object" => {
                    self.drawing(xml, false, &mut paragraph.boxes)?;
                    continue;
                }
                "fldChar" => {
                    self.field(xml, &element, paragraph)?;
                    continue;
                }
                "ruby" => {
                    self.inline(xml, &element, around, paragraph)?;
                    continue;
                }
                "tab" | "ptab" => "\t".to_owned(),
                "br" | "cr" => "\n".to_owned(),
                "noBreakHyphen" => "\u{2011}".to_owned(),
                "sym" => symbol(&element),
                "footnoteReference" => self.note("footnotes", &element, paragraph)?,
                "endnoteReference" => self.note("endnotes", &element, paragraph)?,
                _ => String::new(),
            };
            self.say(&text, look, paragraph);
            xml.skip()?;
        }
        Ok(())
    }

    /// Adds text unless it is a field's instruction.
    fn say(&self, text: &str, look: Look, paragraph: &mut Paragraph) {
        if text.is_empty() || self.fields.contains(&false) {
            return;
        }
        let hidden = look.hidden(self.is_shaded).filter(|_| !text.trim().is_empty());
        if hidden.is_none() && !text.trim().is_empty() {
            paragraph.is_bold = Some(paragraph.is_bold.unwrap_or(true) && look.is_bold());
        }
        match paragraph.spans.last_mut() {
            Some(last) if last.hidden == hidden => last.text.push_str(text),
            _ => paragraph.spans.push(Span { text: text.to_owned(), hidden }),
        }
    }

    /// Follows the begin, the divider and the end of a field; a box of an old form is one too.
    fn field(
        &mut self,
        xml: &mut Xml<'_>,
        element: &Element<'_>,
        paragraph: &mut Paragraph,
    ) -> Result<(), Failure> {
        let kind = element.attribute("fldCharType").unwrap_or_default();
        let (mut is_box, mut default, mut ticked) = (false, false, None);
        xml.each_inside(|part| match part.name() {
            "checkBox" => is_box = true,
            "default" => default = part.switches_on(),
            "checked" => ticked = Some(part.switches_on()),
            _ => {}
        })?;
        if is_box {
            paragraph.spans.push(Span { text: tick(ticked.unwrap_or(default)).to_owned(), hidden: None });
        }
        match kind.as_str() {
            "begin" if self.fields.len() < MAX_FIELDS => self.fields.push(false),
            "separate" => {
                if let Some(shows) = self.fields.last_mut() {
                    *shows = true;
                }
            }
            "end" => {
                self.fields.pop();
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the sign of a note and keeps its text for behind the paragraph.
    fn note(
        &mut self,
        kind: &str,
        element: &Element<'_>,
        paragraph: &mut Paragraph,
    ) -> Result<String, Failure> {
        let id = element.attribute("id").unwrap_or_default();
        let Some(text) = self.notes.get(&format!("{kind}/{id}")).filter(|text| !text.is_empty()) else {
            return Ok(String::new());
        };
        // A note may be referred to again and again.
        self.budget.text(text.len())?;
        paragraph.notes.push(format!("[{id}] {text}"));
        Ok(format!("[{id}]"))
    }

    /// Looks for text boxes in a drawing.
    fn drawing(&mut self, xml: &mut Xml<'_>, is_filled: bool, boxes: &mut Vec<Block>) -> Result<(), Failure> {
        let mut is_filled = is_filled;
        while let Some(element) = xml.child()? {
            match element.name() {
                "txbxContent" => {
                    let around = std::mem::replace(&mut self.is_shaded, is_filled);
                    self.blocks(xml, boxes)?;
                    self.is_shaded = around;
                }
                "spPr" => is_filled = fill(xml)?.unwrap_or(is_filled),
                "style" => {
                    xml.each_inside(|part| {
                        is_filled |=
                            part.name() == "fillRef" && part.attribute("idx").is_some_and(|idx| idx != "0");
                    })?;
                }
                // Old drawings say their colours in many ways; what is white in them counts as seen.
                "shape" | "rect" | "roundrect" | "oval" => self.drawing(xml, true, boxes)?,
                _ => self.drawing(xml, is_filled, boxes)?,
            }
        }
        Ok(())
    }
}

/// Returns whether a shape covers the paper, when it says so.
fn fill(xml: &mut Xml<'_>) -> Result<Option<bool>, Failure> {
    let mut is_filled = None;
    while let Some(element) = xml.child()? {
        match element.name() {
            "noFill" => is_filled = Some(false),
            "gradFill" | "blipFill" | "pattFill" | "grpFill" => is_filled = Some(true),
            "solidFill" => {
                let mut is_white = false;
                xml.each_inside(|colour| {
                    let value = colour.attribute("val").unwrap_or_default();
                    is_white |= look::is_white(&value) || value == "bg1";
                })?;
                is_filled = Some(!is_white);
                continue;
            }
            _ => {}
        }
        xml.skip()?;
    }
    Ok(is_filled)
}

fn tick(ticked: bool) -> &'static str {
    if ticked { "[x] " } else { "[ ] " }
}

/// Returns the character that a symbol of a symbol font looks like; private characters without one say nothing.
fn symbol(element: &Element<'_>) -> String {
    let code = element.attribute("char").and_then(|code| u32::from_str_radix(&code, 16).ok()).unwrap_or(0);
    let font = element.attribute("font").unwrap_or_default();
    let low = code & 0xff;
    let is_private = (0xf000..=0xf0ff).contains(&code);
    let character = match (font.as_str(), low) {
        ("Wingdings", 0xfc | 0xfe) | ("Wingdings 2", 0x50 | 0x52) => Some('✓'),
        ("Wingdings", 0xfb | 0xfd) | ("Wingdings 2", 0x4f | 0x51) => Some('✗'),
        ("Wingdings", 0xa8 | 0x6f | 0x71) => Some('☐'),
        ("Wingdings", 0xe0) | ("Symbol", 0xae) => Some('→'),
        ("Wingdings", 0xdf) | ("Symbol", 0xac) => Some('←'),
        ("Wingdings", 0x28) => Some('☎'),
        ("Wingdings", 0x2a) => Some('✉'),
        ("Symbol", 0xb0) => Some('°'),
        ("Symbol", 0xb1) => Some('±'),
        ("Symbol", 0xa3) => Some('≤'),
        ("Symbol", 0xb3) => Some('≥'),
        ("Symbol", 0xb7) => Some('•'),
        ("Symbol", 0x6d) => Some('µ'),
        _ if is_private => None,
        _ => char::from_u32(code).filter(|character| !character.is_control()),
    };
    character.map(String::from).unwrap_or_default()
}
