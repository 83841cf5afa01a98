//! How a run looks, as far as it decides whether a person can read it.

use crate::xml::{Element, Xml};
use crate::{Failure, Hidden};

/// Half points below or at which nobody reads letters.
const TINY_HALF_POINTS: u32 = 4;
/// A colour whose parts are all at least this is taken for the paper's.
const WHITE: u8 = 250;

/// What is set, in a style or directly; what is not set comes from what stands around.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    vanishes: Option<bool>,
    is_white: Option<bool>,
    half_points: Option<u32>,
    is_shaded: Option<bool>,
    is_bold: Option<bool>,
}

impl Look {
    /// Returns this look with what it leaves open taken from `base`.
    pub(super) fn over(self, base: Self) -> Self {
        Self {
            vanishes: self.vanishes.or(base.vanishes),
            is_white: self.is_white.or(base.is_white),
            half_points: self.half_points.or(base.half_points),
            is_shaded: self.is_shaded.or(base.is_shaded),
            is_bold: self.is_bold.or(base.is_bold),
        }
    }

    pub(super) fn is_bold(self) -> bool {
        self.is_bold == Some(true)
    }

    /// Returns why a run of this look cannot be seen on paper, or on something coloured when `is_shaded`.
    pub(super) fn hidden(self, is_shaded: bool) -> Option<Hidden> {
        if self.vanishes == Some(true) {
            Some(Hidden::Marked)
        } else if self.half_points.is_some_and(|size| size <= TINY_HALF_POINTS) {
            Some(Hidden::Tiny)
        } else if self.is_white == Some(true) && !is_shaded && self.is_shaded != Some(true) {
            Some(Hidden::PaperColoured)
        } else {
            None
        }
    }

    /// Takes over what one property of a run or paragraph sets.
    pub(super) fn set(&mut self, property: &Element<'_>) {
        match property.name() {
            "vanish" => self.vanishes = Some(property.switches_on()),
            "b" => self.is_bold = Some(property.switches_on()),
            "color" => self.is_white = property.attribute("val").map(|colour| is_white(&colour)),
            "sz" => self.half_points = property.number("val"),
            "shd" => self.is_shaded = Some(is_shading(property)),
            "highlight" => {
                self.is_shaded =
                    property.attribute("val").map(|colour| !matches!(colour.as_str(), "none" | "white"));
            }
            _ => {}
        }
    }
}

/// Reads the properties of a run; returns its character style too.
pub(super) fn read(xml: &mut Xml<'_>) -> Result<(Look, Option<String>), Failure> {
    let (mut look, mut style) = (Look::default(), None);
    while let Some(property) = xml.child()? {
        look.set(&property);
        if property.name() == "rStyle" {
            style = property.attribute("val");
        }
        xml.skip()?;
    }
    Ok((look, style))
}

/// Whether a shading covers the paper with another colour.
pub(super) fn is_shading(shading: &Element<'_>) -> bool {
    let covers =
        |name: &str| shading.attribute(name).is_some_and(|colour| colour != "auto" && !is_white(&colour));
    let pattern = shading.attribute("val").unwrap_or_default();
    covers("fill")
        || shading.attribute("themeFill").is_some_and(|theme| !theme.starts_with("background1"))
        || !matches!(pattern.as_str(), "" | "clear" | "nil") && (pattern == "solid" || covers("color"))
}

pub(super) fn is_white(colour: &str) -> bool {
    let parts = [colour.get(0..2), colour.get(2..4), colour.get(4..6)];
    let is_bright = |part: Option<&str>| {
        part.and_then(|part| u8::from_str_radix(part, 16).ok()).is_some_and(|part| part >= WHITE)
    };
    colour.len() == 6 && parts.into_iter().all(is_bright)
}
