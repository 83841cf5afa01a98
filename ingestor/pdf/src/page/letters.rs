//! Follows the instructions that show text, and says of each letter where it stands and whether it can be seen.

use formats::{Failure, Hidden};
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::{Array, Object};
use hayro_syntax::page::Resources;

use super::content::{Drawing, matrix};
use super::words::Drawn;
use crate::fonts::Letter;
use crate::geometry::Matrix;

/// Text below this size cannot be read, in points.
const TINY: f64 = 2.0;

impl<'a> Drawing<'_, 'a> {
    pub(super) fn write(&mut self, operation: &Op<'_, '_>, resources: &Resources<'a>) -> Result<(), Failure> {
        let state = &mut self.state;
        match operation {
            Op::BeginText(_) => (self.text, self.line) = (Matrix::IDENTITY, Matrix::IDENTITY),
            Op::SetTextMatrix(m) => {
                self.line = matrix([m.0, m.1, m.2, m.3, m.4, m.5]);
                self.text = self.line;
            }
            Op::TextFont(font) => {
                state.font_size = font.1.as_f64();
                state.face = resources.get_font(font.0).map(|dict| self.fonts.face(&dict));
            }
            Op::HorizontalScaling(percent) => state.stretch = percent.0.as_f64() / 100.0,
            Op::TextLeading(leading) => state.leading = leading.0.as_f64(),
            Op::CharacterSpacing(spacing) => state.letter_spacing = spacing.0.as_f64(),
            Op::WordSpacing(spacing) => state.word_spacing = spacing.0.as_f64(),
            Op::TextRise(rise) => state.rise = rise.0.as_f64(),
            Op::TextRenderingMode(mode) => state.invisible = mode.0.as_i64() == 3,
            Op::NextLine(to) => self.next_line(to.0.as_f64(), to.1.as_f64()),
            Op::NextLineAndSetLeading(to) => {
                state.leading = -to.1.as_f64();
                self.next_line(to.0.as_f64(), to.1.as_f64());
            }
            Op::NextLineUsingLeading(_) => self.next_line(0.0, -self.state.leading),
            Op::ShowText(text) => self.show(text.0)?,
            Op::NextLineAndShowText(text) => {
                self.next_line(0.0, -self.state.leading);
                self.show(text.0)?;
            }
            Op::ShowTextWithParameters(text) => {
                state.word_spacing = text.0.as_f64();
                state.letter_spacing = text.1.as_f64();
                self.next_line(0.0, -self.state.leading);
                self.show(text.2)?;
            }
            Op::ShowTexts(parts) => self.show_parts(parts.0)?,
            _ => {}
        }
        Ok(())
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.line = Matrix::translation(x, y).within(self.line);
        self.text = self.line;
    }

    fn show_parts(&mut self, parts: &Array<'_>) -> Result<(), Failure> {
        for part in parts.iter::<Object<'_>>() {
            match part {
                Object::String(text) => self.show(&text)?,
                Object::Number(back) => {
                    let shift = -back.as_f64() / 1000.0 * self.state.font_size;
                    let horizontal = self.state.face.as_ref().is_none_or(|face| face.is_horizontal());
                    let (x, y) = if horizontal { (shift * self.state.stretch, 0.0) } else { (0.0, shift) };
                    self.text = Matrix::translation(x, y).within(self.text);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn show(&mut self, string: &[u8]) -> Result<(), Failure> {
        let Some(face) = self.state.face.clone() else { return Ok(()) };
        let mut rest = string;
        while !rest.is_empty() {
            let (code, length) = face.first_code(rest);
            rest = rest.get(length..).unwrap_or_default();
            let letter = face.letter(code);
            let word_spacing = if code == 32 && length == 1 { self.state.word_spacing } else { 0.0 };
            let spacing = self.state.letter_spacing + word_spacing;
            self.draw_letter(&letter, spacing, face.is_horizontal(), (face.bold, face.mono))?;
        }
        Ok(())
    }

    fn draw_letter(
        &mut self,
        letter: &Letter,
        spacing: f64,
        horizontal: bool,
        (bold, mono): (bool, bool),
    ) -> Result<(), Failure> {
        let state = &self.state;
        let place = self.text.within(state.place);
        let scale = state.font_size / 1000.0;
        // The pen moves right, or down in vertical writing.
        let (forward, width, spacing) = if horizontal {
            ((state.stretch, 0.0), letter.advance.0 * scale, spacing)
        } else {
            ((0.0, -1.0), -letter.advance.1 * scale, -spacing)
        };
        let origin = place.point(0.0, state.rise);
        let ahead = place.direction(forward.0, forward.1);
        let up = place.direction(0.0, state.font_size);
        let length = ahead.0.hypot(ahead.1);
        let size = if horizontal { up.0.hypot(up.1) } else { length * state.font_size.abs() };
        self.budget.write(letter.text.len())?;
        if length > 0.0 && length.is_finite() && size > 0.0 && size.is_finite() {
            let drawn = Placed { origin, ahead: (ahead.0 / length, ahead.1 / length), size };
            self.place_letter(&letter.text, drawn, (width * length, spacing * length), (bold, mono));
        }
        let step = width + spacing;
        self.text = Matrix::translation(forward.0 * step, forward.1 * step).within(self.text);
        Ok(())
    }

    fn place_letter(
        &mut self,
        text: &str,
        at: Placed,
        (width, spacing): (f64, f64),
        (bold, mono): (bool, bool),
    ) {
        let (turn, (dx, dy)) = turn_of(at.ahead);
        let (x, y) = at.origin;
        let (half, above) = (width / 2.0, at.size * 0.3);
        let middle = (x + at.ahead.0 * half + at.ahead.1 * above, y + at.ahead.1 * half - at.ahead.0 * above);
        let drawn = Drawn {
            text,
            x: narrow(x * dx + y * dy),
            y: narrow(y * dx - x * dy),
            width: narrow(width.abs()),
            spacing: narrow(spacing.clamp(0.0, at.size)),
            size: narrow(at.size),
            bold,
            mono,
            hidden: self.hidden(middle, at.size),
            furniture: self.marks.last().copied().unwrap_or(false),
            turn,
        };
        self.words.push(&drawn);
    }

    fn hidden(&self, (x, y): (f64, f64), size: f64) -> Option<Hidden> {
        if self.state.invisible || self.state.transparent {
            return Some(Hidden::Invisible);
        }
        if !self.paper.contains(x, y) {
            return Some(Hidden::OffPage);
        }
        if size < TINY {
            return Some(Hidden::Tiny);
        }
        let on_paper = || {
            self.painted.iter().rev().find(|(area, _)| area.contains(x, y)).is_none_or(|(_, paper)| *paper)
        };
        (self.state.fills_paper && on_paper()).then_some(Hidden::PaperColoured)
    }
}

/// Where a letter stands on the page.
#[derive(Clone, Copy)]
struct Placed {
    origin: (f64, f64),
    /// The direction of writing, of length 1; down is positive.
    ahead: (f64, f64),
    size: f64,
}

/// Quarter turns of a direction of writing, and the axis along which its letters are measured.
fn turn_of((dx, dy): (f64, f64)) -> (u8, (f64, f64)) {
    const NEARLY: f64 = 0.995;
    match (dx, dy) {
        _ if dx > NEARLY => (0, (1.0, 0.0)),
        _ if dy > NEARLY => (1, (0.0, 1.0)),
        _ if dx < -NEARLY => (2, (-1.0, 0.0)),
        _ if dy < -NEARLY => (3, (0.0, -1.0)),
        _ => (4, (dx, dy)),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "places on a page need no more than single precision")]
fn narrow(number: f64) -> f32 {
    number as f32
}
