//! Reads the text of shapes and cells.

use super::bullets::{self, Bullet, Bullets, LEVELS};
use crate::xml::{Element, Xml, unescaped};
use crate::{Failure, Hidden};

/// Hundredths of a point at or below which nobody reads letters.
const TINY: u32 = 200;

/// One paragraph.
#[derive(Debug, Default)]
pub(super) struct Line {
    pub(super) text: String,
    /// What is too small to be read.
    pub(super) tiny: String,
    /// From 0.
    pub(super) level: usize,
    pub(super) bullet: Option<Bullet>,
}

/// The paragraphs of a shape, and what its own list style sets.
#[derive(Debug, Default)]
pub(super) struct Body {
    pub(super) lines: Vec<Line>,
    pub(super) bullets: Bullets,
}

impl Body {
    /// Returns the visible text, one line for each paragraph.
    pub(super) fn text(&self) -> String {
        let lines: Vec<&str> = self.lines.iter().map(|line| line.text.as_str()).collect();
        lines.join("\n")
    }
}

/// Reads `txBody`.
pub(super) fn body(xml: &mut Xml<'_>) -> Result<Body, Failure> {
    let mut body = Body::default();
    while let Some(element) = xml.child()? {
        match element.name() {
            "p" => body.lines.push(line(xml)?),
            "lstStyle" => body.bullets = bullets::levels(xml)?,
            _ => xml.skip()?,
        }
    }
    Ok(body)
}

fn line(xml: &mut Xml<'_>) -> Result<Line, Failure> {
    let mut line = Line::default();
    while let Some(element) = xml.child()? {
        match element.name() {
            "pPr" => {
                line.level = element.number("lvl").unwrap_or(0).min(LEVELS - 1);
                line.bullet = bullets::properties(xml)?;
            }
            "r" => run(xml, &mut line)?,
            "fld" if is_slide_number(&element) => xml.skip()?,
            "fld" => run(xml, &mut line)?,
            "br" => {
                line.text.push('\n');
                xml.skip()?;
            }
            // An equation in a slide is wrapped; its letters say something all the same.
            "m" => line.text.push_str(&xml.text()?),
            _ => xml.skip()?,
        }
    }
    Ok(line)
}

fn is_slide_number(field: &Element<'_>) -> bool {
    field.attribute("type").is_some_and(|kind| kind == "slidenum")
}

fn run(xml: &mut Xml<'_>, line: &mut Line) -> Result<(), Failure> {
    let mut hidden = None;
    while let Some(element) = xml.child()? {
        match element.name() {
            "rPr" => {
                let is_tiny = element.number("sz").is_some_and(|size: u32| size <= TINY);
                hidden = is_tiny.then_some(Hidden::Tiny);
                xml.skip()?;
            }
            "t" => {
                let text = xml.text()?;
                let place = if hidden.is_some() { &mut line.tiny } else { &mut line.text };
                place.push_str(&unescaped(&text));
            }
            _ => xml.skip()?,
        }
    }
    Ok(())
}
