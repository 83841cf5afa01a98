//! What styles say: which are headings, which are numbered, how their text looks.

use std::collections::HashMap;

use super::look::{self, Look};
use crate::Failure;
use crate::package::Package;
use crate::xml::Xml;

/// Styles build on others; nobody piles up more, and a circle must end.
const MAX_CHAIN: usize = 16;

/// Each paragraph takes the names of its style and list with it; they are short.
const MAX_NAME_CHARS: usize = 64;

/// Where a style or paragraph stands in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) list: Option<String>,
    pub(super) level: Option<usize>,
}

/// What a paragraph has from its style.
#[derive(Clone, Debug, Default)]
pub(super) struct Style {
    /// In lower case; the names that come with Word are English in every language.
    pub(super) name: String,
    /// From 0; 9 is running text.
    pub(super) outline: Option<u8>,
    pub(super) place: Place,
    /// The style that set the list: levels of a list name it.
    pub(super) place_style: Option<String>,
    pub(super) look: Look,
    based_on: Option<String>,
}

/// What a table has from its style.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TableStyle {
    /// Whether some cells may be coloured.
    pub(super) shades_cells: bool,
    /// Whether the first row looks different.
    pub(super) has_first_row: bool,
}

/// All styles of a document.
#[derive(Debug, Default)]
pub(super) struct Styles {
    styles: HashMap<String, Style>,
    default_paragraph: Option<String>,
    base: Look,
    tables: HashMap<String, TableStyle>,
}

impl Styles {
    /// Returns a paragraph style with all that it inherits.
    pub(super) fn paragraph(&self, id: Option<&str>) -> Style {
        let mut id = id.filter(|id| self.styles.contains_key(*id)).or(self.default_paragraph.as_deref());
        let mut all = Style::default();
        for step in 0..MAX_CHAIN {
            let Some((name, style)) = id.and_then(|id| self.styles.get_key_value(id)) else { break };
            if step == 0 {
                all.name.clone_from(&style.name);
            }
            all.outline = all.outline.or(style.outline).or_else(|| heading_level(&style.name));
            if all.place.list.is_none() && style.place.list.is_some() {
                all.place_style = Some(name.clone());
            }
            all.place.list = all.place.list.or_else(|| style.place.list.clone());
            all.place.level = all.place.level.or(style.place.level);
            all.look = all.look.over(style.look);
            id = style.based_on.as_deref();
        }
        all.look = all.look.over(self.base);
        all
    }

    /// Returns what a character style sets.
    pub(super) fn character(&self, id: Option<&str>) -> Look {
        let (mut id, mut look) = (id, Look::default());
        for _ in 0..MAX_CHAIN {
            let Some(style) = id.and_then(|id| self.styles.get(id)) else { break };
            look = look.over(style.look);
            id = style.based_on.as_deref();
        }
        look
    }

    /// Returns what a table style sets, with what it builds on.
    pub(super) fn table(&self, id: &str) -> TableStyle {
        let (mut id, mut all) = (Some(id), TableStyle::default());
        for _ in 0..MAX_CHAIN {
            let Some(current) = id else { break };
            let own = self.tables.get(current).copied().unwrap_or_default();
            all.shades_cells |= own.shades_cells;
            all.has_first_row |= own.has_first_row;
            id = self.styles.get(current).and_then(|style| style.based_on.as_deref());
        }
        all
    }
}

/// `heading 2` is at level 1.
fn heading_level(name: &str) -> Option<u8> {
    let number: u8 = name.strip_prefix("heading ")?.parse().ok()?;
    number.checked_sub(1).filter(|level| *level < 9)
}

pub(super) fn read(package: &Package<'_>, part: &str) -> Result<Styles, Failure> {
    let mut styles = Styles::default();
    let Some(text) = package.text(part)? else { return Ok(styles) };
    let mut xml = Xml::new(&text, package.budget());
    if xml.root()?.is_none() {
        return Ok(styles);
    }
    while let Some(element) = xml.child()? {
        match element.name() {
            "docDefaults" => xml.each_inside(|property| styles.base.set(property))?,
            "style" => {
                let id = element.attribute("styleId").unwrap_or_default();
                let kind = element.attribute("type").unwrap_or_default();
                if kind == "paragraph" && element.flag("default") {
                    styles.default_paragraph = Some(id.clone());
                }
                let (style, table) = read_style(&mut xml)?;
                if kind == "table" {
                    styles.tables.insert(id.clone(), table);
                }
                styles.styles.insert(id, style);
            }
            _ => xml.skip()?,
        }
    }
    Ok(styles)
}

/// Returns the style, and what it sets when it is a table's.
fn read_style(xml: &mut Xml<'_>) -> Result<(Style, TableStyle), Failure> {
    let (mut style, mut table) = (Style::default(), TableStyle::default());
    while let Some(element) = xml.child()? {
        match element.name() {
            "name" => {
                let name = element.attribute("val").unwrap_or_default();
                style.name = name.chars().take(MAX_NAME_CHARS).collect::<String>().to_lowercase();
            }
            "basedOn" => style.based_on = element.attribute("val"),
            "pPr" => {
                read_paragraph(xml, &mut style)?;
                continue;
            }
            "rPr" => {
                style.look = look::read(xml)?.0.over(style.look);
                continue;
            }
            "tblPr" | "tcPr" | "trPr" | "tblStylePr" => {
                table.has_first_row |= element.attribute("type").is_some_and(|part| part == "firstRow");
                xml.each_inside(|property| {
                    table.shades_cells |= property.name() == "shd" && look::is_shading(property);
                })?;
                continue;
            }
            _ => {}
        }
        xml.skip()?;
    }
    Ok((style, table))
}

fn read_paragraph(xml: &mut Xml<'_>, style: &mut Style) -> Result<(), Failure> {
    while let Some(property) = xml.child()? {
        match property.name() {
            "outlineLvl" => style.outline = property.number("val"),
            "shd" => style.look.set(&property),
            "numPr" => {
                style.place = read_place(xml)?;
                continue;
            }
            _ => {}
        }
        xml.skip()?;
    }
    Ok(())
}

/// Reads `numPr`.
pub(super) fn read_place(xml: &mut Xml<'_>) -> Result<Place, Failure> {
    let mut place = Place::default();
    while let Some(element) = xml.child()? {
        match element.name() {
            "numId" => {
                place.list = element.attribute("val").map(|list| list.chars().take(MAX_NAME_CHARS).collect());
            }
            "ilvl" => place.level = element.number("val"),
            _ => {}
        }
        xml.skip()?;
    }
    Ok(place)
}
