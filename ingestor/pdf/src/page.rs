//! What a page draws: its words with their places, and how much of it pictures cover. It knows no lines and no order.

mod annotations;
mod colour;
mod content;
mod letters;
mod state;
mod words;

use formats::{Failure, Hidden, Limits};
use hayro_syntax::object::{Array, Stream};

use crate::failure;
use crate::fonts::Fonts;
use crate::geometry::{Area, Matrix};

pub(crate) use content::Drawing;
pub(crate) use words::is_right_to_left;

/// Letters without a space between them, in the order in which the eye meets them from left to right.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Left and right end along the direction of writing, in points.
    pub(crate) x0: f32,
    pub(crate) x1: f32,
    /// The baseline, growing downwards, in points.
    pub(crate) y: f32,
    /// The font size, in points.
    pub(crate) size: f32,
    pub(crate) bold: bool,
    pub(crate) mono: bool,
    /// Whether a space was drawn before it.
    pub(crate) spaced: bool,
    pub(crate) hidden: Option<Hidden>,
    /// Whether the document itself marks it as a running header, a footer or a page number.
    pub(crate) furniture: bool,
    /// Quarter turns clockwise in which it is written; 4 stands for anything in between.
    pub(crate) turn: u8,
}

/// A page that has been drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Page {
    pub(crate) number: u32,
    pub(crate) height: f32,
    pub(crate) words: Vec<Word>,
    /// The part of the page that pictures cover, from 0 to about 1.
    pub(crate) pictured: f64,
}

/// What is left of the limits of a document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    unpacked: u64,
    text: u64,
    limits: Limits,
}

impl Budget {
    pub(crate) fn new(unpacked: u64, limits: &Limits) -> Self {
        Self { unpacked, text: limits.text_bytes, limits: *limits }
    }

    /// Counts content that is about to be drawn; each drawing costs something even if it is empty.
    pub(crate) fn draw(&mut self, bytes: usize) -> Result<(), Failure> {
        let cost = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(256);
        self.unpacked =
            self.unpacked.checked_sub(cost).ok_or_else(|| failure::unpacks_too_far(&self.limits))?;
        Ok(())
    }

    pub(crate) fn write(&mut self, bytes: usize) -> Result<(), Failure> {
        let limit = self.limits.text_bytes;
        let left = self.text.checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.text =
            left.ok_or_else(|| failure::over_limit("has more text than is read", format!("{limit} bytes")))?;
        Ok(())
    }
}

/// Draws a page.
pub(crate) fn draw<'a>(
    page: &hayro_syntax::page::Page<'a>,
    number: u32,
    fonts: &mut Fonts<'a>,
    budget: &mut Budget,
) -> Result<Page, Failure> {
    let (paper, place) = paper(page);
    let mut drawing = Drawing::new(fonts, budget, paper, place);
    let content = content_of(page, drawing.budget)?;
    drawing.run(&content, page.resources(), 0)?;
    annotations::draw(page, &mut drawing, place)?;
    let (_, height) = page.render_dimensions();
    let (words, pictured) = drawing.finish();
    Ok(Page { number, height, words, pictured: pictured / paper.size().max(1.0) })
}

/// Draws a page for its largest picture, and where the picture's unit square lies; down is positive.
pub(crate) fn largest_picture<'a>(
    page: &hayro_syntax::page::Page<'a>,
    budget: &mut Budget,
) -> Result<Option<(Stream<'a>, Matrix)>, Failure> {
    let mut fonts = Fonts::new();
    let (paper, place) = paper(page);
    let mut drawing = Drawing::new(&mut fonts, budget, paper, place);
    let content = content_of(page, drawing.budget)?;
    drawing.run(&content, page.resources(), 0)?;
    Ok(drawing.into_largest_picture())
}

/// What can be seen of a page, turned as it is shown, and how its own space lies on that.
fn paper(page: &hayro_syntax::page::Page<'_>) -> (Area, Matrix) {
    let (width, height) = page.render_dimensions();
    let paper = Area { x0: 0.0, y0: 0.0, x1: f64::from(width), y1: f64::from(height) };
    (paper, Matrix(page.initial_transform(true).as_coeffs()))
}

/// The content of a page, which may come in parts; the same part may come many times.
fn content_of(page: &hayro_syntax::page::Page<'_>, budget: &mut Budget) -> Result<Vec<u8>, Failure> {
    let mut content = Vec::new();
    let parts = match page.raw().get::<Stream<'_>>(b"Contents") {
        Some(only) => vec![only],
        None => page
            .raw()
            .get::<Array<'_>>(b"Contents")
            .map(|parts| parts.iter::<Stream<'_>>().collect())
            .unwrap_or_default(),
    };
    for part in parts {
        // A part that cannot be unpacked leaves a gap; the rest is still worth reading.
        if let Ok(part) = part.decoded_data() {
            budget.draw(part.len())?;
            content.extend_from_slice(&part);
            content.push(b'\n');
        }
    }
    Ok(content)
}
