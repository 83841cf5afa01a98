//! Follows the instructions of a content stream as far as text, pictures and the colour behind text need it.

use formats::Failure;
use hayro_syntax::content::TypedIter;
use hayro_syntax::content::ops::TypedInstruction as Op;
use hayro_syntax::object::{Dict, Name, Number, Object, ObjectIdentifier, Stream};
use hayro_syntax::page::Resources;

use super::colour::Space;
use super::state::{Saved, State};
use super::words::Words;
use super::{Budget, Word};
use crate::failure;
use crate::fonts::Fonts;
use crate::geometry::{Area, Matrix};

/// Forms in forms that are drawn.
const MOST_NESTED: u32 = 16;
/// More words than any page that a person reads.
const MOST_WORDS: usize = 50_000;
/// Painted areas that are remembered for white text above them.
const MOST_AREAS: usize = 2048;

/// A page while it is drawn.
pub(crate) struct Drawing<'d, 'a> {
    pub(super) budget: &'d mut Budget,
    pub(super) fonts: &'d mut Fonts<'a>,
    pub(super) paper: Area,
    pub(super) state: State<'a>,
    saved: Saved<'a>,
    pub(super) text: Matrix,
    pub(super) line: Matrix,
    pub(super) words: Words,
    path: Area,
    /// What lies on the paper, and whether it has the colour of paper itself.
    pub(super) painted: Vec<(Area, bool)>,
    pictured: f64,
    /// The picture that covers most of the page, how much that is, and where its unit square lies.
    largest: Option<(f64, Stream<'a>, Matrix)>,
    /// Forms that are being drawn: one that draws itself is drawn once.
    open: Vec<ObjectIdentifier>,
    /// For each open mark whether it is, or is within, a running header or footer.
    pub(super) marks: Vec<bool>,
}

impl<'d, 'a> Drawing<'d, 'a> {
    pub(crate) fn new(fonts: &'d mut Fonts<'a>, budget: &'d mut Budget, paper: Area, place: Matrix) -> Self {
        Self {
            budget,
            fonts,
            paper,
            state: State::new(place),
            saved: Saved::default(),
            text: Matrix::IDENTITY,
            line: Matrix::IDENTITY,
            words: Words::default(),
            path: Area::NOTHING,
            painted: Vec::new(),
            pictured: 0.0,
            largest: None,
            open: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Goes back to the state of a page's beginning.
    pub(super) fn reset(&mut self, place: Matrix) {
        self.state = State::new(place);
        self.saved = Saved::default();
    }

    /// The picture that covers most of the page, and where its unit square lies.
    pub(super) fn into_largest_picture(self) -> Option<(Stream<'a>, Matrix)> {
        self.largest.map(|(_, picture, place)| (picture, place))
    }

    /// The words in the order in which they were drawn, and the area of all pictures.
    pub(crate) fn finish(self) -> (Vec<Word>, f64) {
        (self.words.finish(), self.pictured)
    }

    pub(crate) fn run(
        &mut self,
        content: &[u8],
        resources: &Resources<'a>,
        depth: u32,
    ) -> Result<(), Failure> {
        let floor = self.saved.len();
        let marks = self.marks.len();
        let mut operations = TypedIter::new(content);
        while let Some(operation) = operations.next() {
            match operation {
                Op::SaveState(_) => self.saved.save(&self.state),
                Op::RestoreState(_) => self.saved.restore(&mut self.state, floor),
                Op::Transform(m) => {
                    self.state.place = matrix([m.0, m.1, m.2, m.3, m.4, m.5]).within(self.state.place);
                }
                Op::XObject(name) => {
                    if let Some(object) = resources.get_x_object(name.0) {
                        self.draw_object(&object, resources, depth)?;
                    }
                }
                Op::InlineImage(_) => self.picture(),
                Op::SetGraphicsState(name) => self.set_state(resources.get_ext_g_state(name.0)),
                Op::Shading(_) => self.painted.push((self.paper, false)),
                Op::BeginMarkedContent(_) => self.mark(false),
                Op::BeginMarkedContentWithProperties(mark) => {
                    self.mark(mark.0.as_ref() == b"Artifact" && is_furniture(mark.1, resources));
                }
                Op::EndMarkedContent(_) if self.marks.len() > marks => drop(self.marks.pop()),
                other => {
                    self.colour(&other, resources);
                    self.trace(&other);
                    self.write(&other, resources)?;
                }
            }
            if self.words.len() > MOST_WORDS {
                return Err(failure::over_limit(
                    "has too many words on a page",
                    format!("{MOST_WORDS} words"),
                ));
            }
        }
        while self.saved.len() > floor {
            self.saved.restore(&mut self.state, floor);
        }
        self.marks.truncate(marks);
        Ok(())
    }

    /// Draws a form as if its content stood here, placed by `place`.
    pub(super) fn draw_form(
        &mut self,
        form: &Stream<'a>,
        place: Matrix,
        resources: &Resources<'a>,
        depth: u32,
    ) -> Result<(), Failure> {
        let Ok(content) = form.decoded_data() else { return Ok(()) };
        self.budget.draw(content.len())?;
        let name = form.obj_id();
        if depth >= MOST_NESTED || self.open.contains(&name) {
            return Ok(());
        }
        self.open.push(name);
        let own = form.dict().get::<Dict<'_>>(b"Resources").map(Resources::new);
        let own_place = form.dict().get::<[f64; 6]>(b"Matrix").map_or(Matrix::IDENTITY, Matrix);
        let outside = self.state.clone();
        let (text, line) = (self.text, self.line);
        self.state.place = own_place.within(place).within(outside.place);
        self.run(&content, own.as_ref().unwrap_or(resources), depth + 1)?;
        self.open.pop();
        self.state = outside;
        (self.text, self.line) = (text, line);
        Ok(())
    }

    fn draw_object(
        &mut self,
        object: &Stream<'a>,
        resources: &Resources<'a>,
        depth: u32,
    ) -> Result<(), Failure> {
        match object.dict().get::<Name<'_>>(b"Subtype").as_deref() {
            Some(b"Form") => self.draw_form(object, Matrix::IDENTITY, resources, depth),
            Some(b"Image") => {
                self.picture();
                self.keep_largest(object);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn keep_largest(&mut self, picture: &Stream<'a>) {
        let size = self.state.place.upright(Area::UNIT).intersection(&self.paper).size();
        if self.largest.as_ref().is_none_or(|(largest, ..)| size > *largest) {
            self.largest = Some((size, picture.clone(), self.state.place));
        }
    }

    fn picture(&mut self) {
        let area = self.state.place.upright(Area::UNIT).intersection(&self.paper);
        self.pictured += area.size();
        self.paint(area, false);
    }

    fn paint(&mut self, area: Area, is_paper: bool) {
        if self.painted.len() < MOST_AREAS && area.size() > 1.0 {
            self.painted.push((area, is_paper));
        }
    }

    fn mark(&mut self, furniture: bool) {
        let within = self.marks.last().copied().unwrap_or(false);
        self.marks.push(within || furniture);
    }

    fn set_state(&mut self, settings: Option<Dict<'a>>) {
        if let Some(opacity) = settings.and_then(|settings| settings.get::<f32>(b"ca")) {
            self.state.transparent = opacity <= 0.01;
        }
    }

    fn colour(&mut self, operation: &Op<'_, '_>, resources: &Resources<'a>) {
        match operation {
            Op::NonStrokeColorDeviceGray(gray) => self.fill(Space::Light, &[gray.0]),
            Op::NonStrokeColorDeviceRgb(rgb) => self.fill(Space::Light, &[rgb.0, rgb.1, rgb.2]),
            Op::NonStrokeColorCmyk(ink) => self.fill(Space::Ink, &[ink.0, ink.1, ink.2, ink.3]),
            Op::NonStrokeColor(components) => self.fill(self.state.space, &components.0),
            Op::NonStrokeColorNamed(components) if components.1.is_none() => {
                self.fill(self.state.space, &components.0);
            }
            Op::NonStrokeColorNamed(_) => self.fill(Space::Other, &[]),
            Op::ColorSpaceNonStroke(name) => {
                let defined = || resources.get_color_space(name.0).map(|space| Space::of(&space));
                self.state.space = Space::named(name.0).or_else(defined).unwrap_or(Space::Other);
                self.state.fills_paper = false;
            }
            _ => {}
        }
    }

    fn fill(&mut self, space: Space, components: &[Number]) {
        self.state.space = space;
        self.state.fills_paper = space.is_paper(components);
    }

    /// Follows paths by the box around them, which suffices for the boxes behind text.
    fn trace(&mut self, operation: &Op<'_, '_>) {
        let mut to = |x: Number, y: Number| {
            let (x, y) = self.state.place.point(x.as_f64(), y.as_f64());
            self.path.extend(x, y);
        };
        match operation {
            Op::MoveTo(p) => to(p.0, p.1),
            Op::LineTo(p) => to(p.0, p.1),
            Op::CubicTo(p) => to(p.4, p.5),
            Op::RectPath(r) => {
                to(r.0, r.1);
                let [x, y] = [r.0.as_f64() + r.2.as_f64(), r.1.as_f64() + r.3.as_f64()];
                let (x, y) = self.state.place.point(x, y);
                self.path.extend(x, y);
            }
            Op::FillPathNonZero(_)
            | Op::FillPathNonZeroCompatibility(_)
            | Op::FillPathEvenOdd(_)
            | Op::FillAndStrokeNonZero(_)
            | Op::FillAndStrokeEvenOdd(_)
            | Op::CloseFillAndStrokeNonZero(_)
            | Op::CloseFillAndStrokeEvenOdd(_) => {
                if !self.state.transparent {
                    self.paint(self.path, self.state.fills_paper);
                }
                self.path = Area::NOTHING;
            }
            Op::EndPath(_) | Op::StrokePath(_) | Op::CloseAndStrokePath(_) => self.path = Area::NOTHING,
            _ => {}
        }
    }
}

/// Whether the properties of an artifact say that it is repeated on the pages.
fn is_furniture(properties: &Object<'_>, resources: &Resources<'_>) -> bool {
    let named = properties.clone().into_name().and_then(|name| resources.properties.get::<Dict<'_>>(name));
    let Some(properties) = named.or_else(|| properties.clone().into_dict()) else { return false };
    properties.get::<Name<'_>>(b"Type").is_some_and(|kind| kind.as_ref() == b"Pagination")
}

pub(super) fn matrix(numbers: [Number; 6]) -> Matrix {
    Matrix(numbers.map(|number| number.as_f64()))
}
