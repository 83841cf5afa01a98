//! Draws the form fields and typed notes of a page at their places: their values are text that a reader sees.

use formats::Failure;
use hayro_syntax::object::{Array, Dict, Name, Rect, Stream};
use hayro_syntax::page::Page;

use super::Drawing;
use crate::geometry::{Area, Matrix};

const HIDDEN: u32 = 1 << 1;
const NOT_VIEWED: u32 = 1 << 5;

pub(super) fn draw<'a>(page: &Page<'a>, drawing: &mut Drawing<'_, 'a>, place: Matrix) -> Result<(), Failure> {
    let Some(annotations) = page.raw().get::<Array<'_>>(b"Annots") else { return Ok(()) };
    drawing.reset(place);
    for annotation in annotations.iter::<Dict<'_>>() {
        if let Some((form, place)) = appearance(&annotation) {
            drawing.draw_form(&form, place, page.resources(), 0)?;
        }
    }
    Ok(())
}

/// The form that shows a field, and where its own space lies on the page (ISO 32000-2, 12.5.5).
fn appearance<'a>(annotation: &Dict<'a>) -> Option<(Stream<'a>, Matrix)> {
    let kind = annotation.get::<Name<'_>>(b"Subtype")?;
    let flags = annotation.get::<u32>(b"F").unwrap_or(0);
    if !matches!(kind.as_ref(), b"Widget" | b"FreeText") || flags & (HIDDEN | NOT_VIEWED) != 0 {
        return None;
    }
    let looks = annotation.get::<Dict<'_>>(b"AP")?;
    let form = looks.get::<Stream<'_>>(b"N").or_else(|| {
        let state = annotation.get::<Name<'_>>(b"AS")?;
        looks.get::<Dict<'_>>(b"N")?.get::<Stream<'_>>(state)
    })?;
    let target = annotation.get::<Rect>(b"Rect")?;
    let own = form.dict().get::<Rect>(b"BBox")?;
    let turned = form.dict().get::<[f64; 6]>(b"Matrix").map_or(Matrix::IDENTITY, Matrix);
    let around = turned.upright(Area { x0: own.x0, y0: own.y0, x1: own.x1, y1: own.y1 });
    let across = (target.x1 - target.x0) / (around.x1 - around.x0);
    let along = (target.y1 - target.y0) / (around.y1 - around.y0);
    if !across.is_finite() || !along.is_finite() {
        return None;
    }
    let place =
        Matrix([across, 0.0, 0.0, along, target.x0 - around.x0 * across, target.y0 - around.y0 * along]);
    Some((form, place))
}
