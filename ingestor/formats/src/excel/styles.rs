//! What the styles of cells say: how numbers are shown, what is bold, what is white on white.

use std::collections::HashMap;

use super::number::NumberFormat;
use crate::Failure;
use crate::package::Package;
use crate::xml::{Element, Xml};

/// The first two fills are nothing and a pattern that no cell uses, whatever a workbook writes there.
const NO_FILLS: usize = 2;

/// How cells of one style look.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    format: u32,
    pub(super) is_bold: bool,
    /// Whether the letters have the colour of the paper.
    pub(super) is_white: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Font {
    is_bold: bool,
    is_white: bool,
}

/// The styles of a workbook.
#[derive(Debug, Default)]
pub(super) struct Styles {
    looks: Vec<Look>,
    formats: HashMap<u32, NumberFormat>,
    general: NumberFormat,
}

impl Styles {
    pub(super) fn look(&self, style: usize) -> Look {
        self.looks.get(style).copied().unwrap_or_default()
    }

    pub(super) fn format(&self, look: Look) -> &NumberFormat {
        self.formats.get(&look.format).unwrap_or(&self.general)
    }
}

pub(super) fn read(package: &Package<'_>, part: &str) -> Result<Styles, Failure> {
    let mut styles = Styles { formats: super::number::built_in(), ..Styles::default() };
    let Some(text) = package.text(part)? else { return Ok(styles) };
    let mut xml = Xml::new(&text, package.budget());
    let mut fonts = Vec::new();
    if xml.root()?.is_none() {
        return Ok(styles);
    }
    while let Some(element) = xml.child()? {
        match element.name() {
            "numFmts" => xml.each_inside(|format| {
                if let (Some(id), Some(code)) = (format.number("numFmtId"), format.attribute("formatCode")) {
                    styles.formats.insert(id, NumberFormat::parse(&code));
                }
            })?,
            "fonts" => {
                while xml.child()?.is_some() {
                    let mut font = Font::default();
                    xml.each_inside(|property| match property.name() {
                        "b" => font.is_bold = property.switches_on(),
                        "color" => font.is_white = is_white(property),
                        _ => {}
                    })?;
                    fonts.push(font);
                }
            }
            "cellXfs" => xml.each_inside(|style| {
                if style.name() == "xf" {
                    let font: Font = font_of(style, &fonts);
                    let fill: usize = style.number("fillId").unwrap_or(0);
                    styles.looks.push(Look {
                        format: style.number("numFmtId").unwrap_or(0),
                        is_bold: font.is_bold,
                        is_white: font.is_white && fill < NO_FILLS,
                    });
                }
            })?,
            _ => xml.skip()?,
        }
    }
    Ok(styles)
}

fn font_of(style: &Element<'_>, fonts: &[Font]) -> Font {
    let font: Option<usize> = style.number("fontId");
    font.and_then(|font| fonts.get(font)).copied().unwrap_or_default()
}

/// The first colour of a theme is its paper's.
fn is_white(colour: &Element<'_>) -> bool {
    let is_rgb = colour.attribute("rgb").is_some_and(|rgb| rgb.eq_ignore_ascii_case("FFFFFFFF"));
    let is_theme =
        colour.attribute("theme").is_some_and(|theme| theme == "0") && colour.attribute("tint").is_none();
    is_rgb || is_theme
}
