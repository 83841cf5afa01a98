//! The graphics state that text depends on.

use std::rc::Rc;

use super::colour::Space;
use crate::fonts::Face;
use crate::geometry::Matrix;

/// Nested `q` that are kept; a page that nests deeper is drawn wrongly, not refused.
const MOST_SAVED: usize = 1024;

/// What `q` saves and `Q` restores.
#[derive(Clone)]
pub(super) struct State<'a> {
    /// From the user's space to the page.
    pub(super) place: Matrix,
    pub(super) face: Option<Rc<Face<'a>>>,
    pub(super) font_size: f64,
    pub(super) letter_spacing: f64,
    pub(super) word_spacing: f64,
    /// 1 is the font's own width.
    pub(super) stretch: f64,
    pub(super) leading: f64,
    pub(super) rise: f64,
    pub(super) invisible: bool,
    pub(super) space: Space,
    /// Whether filling leaves the colour of paper.
    pub(super) fills_paper: bool,
    pub(super) transparent: bool,
}

impl State<'_> {
    pub(super) fn new(place: Matrix) -> Self {
        Self {
            place,
            face: None,
            font_size: 1.0,
            letter_spacing: 0.0,
            word_spacing: 0.0,
            stretch: 1.0,
            leading: 0.0,
            rise: 0.0,
            invisible: false,
            space: Space::Light,
            fills_paper: false,
            transparent: false,
        }
    }
}

/// The states that wait for their `Q`.
#[derive(Default)]
pub(super) struct Saved<'a> {
    states: Vec<State<'a>>,
    too_deep: usize,
}

impl<'a> Saved<'a> {
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn save(&mut self, state: &State<'a>) {
        if self.states.len() < MOST_SAVED {
            self.states.push(state.clone());
        } else {
            self.too_deep = self.too_deep.saturating_add(1);
        }
    }

    /// Puts back the last saved state, but none that was saved before `floor` others were.
    pub(super) fn restore(&mut self, state: &mut State<'a>, floor: usize) {
        if self.too_deep > 0 {
            self.too_deep -= 1;
        } else if self.states.len() > floor
            && let Some(saved) = self.states.pop()
        {
            *state = saved;
        }
    }
}
