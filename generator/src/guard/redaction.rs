//! Hides personal data and the owner's expressions in text that streams. Only text that may still become a part of a
//! finding is held back, so that however a text is split, the same comes out.

use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use super::config::{Action, GuardrailConfig};
use super::entities::{Entities, EntityCache, may_begin};
use super::expressions::{ExpressionCache, Expressions};
use super::{Direction, Intervention, Policy};
use crate::error::Error;

/// Bytes of the text in which a finding that begins at its start must end; so much may be held back at most.
pub(super) const WINDOW_BYTES: usize = 512;
/// A character that a search looks at beyond its window.
const LOOK_BEYOND_BYTES: usize = 4;
/// Caches that are kept for later answers; each has at most a few megabytes.
const KEPT_CACHES: usize = 16;

/// What is hidden in one direction.
#[derive(Debug)]
pub(super) struct Redaction {
    entities: Option<Entities>,
    expressions: Option<Expressions>,
    caches: Mutex<Vec<Caches>>,
}

/// What the searches of one text work with.
#[derive(Debug)]
pub(super) struct Caches {
    entities: Option<EntityCache>,
    expressions: Option<ExpressionCache>,
}

/// Whether something begins at a place of a text.
#[derive(Debug)]
pub(super) enum Decision<'a> {
    /// Nothing does, whatever follows.
    Nothing,
    /// More of the text must come first.
    Hold,
    /// This does.
    Found(Found<'a>),
}

/// Something that was found.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Where it stands in the text.
    pub(super) range: Range<usize>,
    /// What is written in its place.
    pub(super) label: &'a str,
    /// What happens to it; nothing where it only looks like a finding.
    pub(super) action: Option<Action>,
}

/// A text that is being read.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// One character that was decided, for what looks behind itself, and everything that was not.
    pending: String,
    /// Where in it the first undecided character stands.
    next: usize,
    /// Findings that are only counted.
    pub(super) noted: u32,
}

impl Redaction {
    pub(super) fn new(config: &GuardrailConfig, direction: Direction) -> Result<Self, Error> {
        Ok(Self {
            entities: Entities::new(&config.entities, direction)?,
            expressions: Expressions::new(&config.expressions, direction)?,
            caches: Mutex::new(Vec::new()),
        })
    }

    /// Returns caches that an earlier text warmed up, or new ones.
    pub(super) fn caches(&self) -> Caches {
        let kept = self.caches.lock().unwrap_or_else(PoisonError::into_inner).pop();
        kept.unwrap_or_else(|| Caches {
            entities: self.entities.as_ref().map(Entities::cache),
            expressions: self.expressions.as_ref().map(Expressions::cache),
        })
    }

    pub(super) fn keep(&self, caches: Caches) {
        let mut kept = self.caches.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT_CACHES {
            kept.push(caches);
        }
    }

    fn decide(&self, caches: &mut Caches, text: &str, place: Place, is_whole: bool) -> Decision<'_> {
        let entity = match (&self.entities, &mut caches.entities) {
            (Some(entities), Some(cache)) if may_begin(place.before, place.character) => {
                entities.decide(cache, text, place.at, is_whole)
            }
            _ => Decision::Nothing,
        };
        let expression = match (&self.expressions, &mut caches.expressions) {
            (Some(expressions), Some(cache)) => expressions.decide(cache, text, place.at, is_whole),
            _ => Decision::Nothing,
        };
        match (entity, expression) {
            (Decision::Hold, _) | (_, Decision::Hold) => Decision::Hold,
            (Decision::Nothing, other) | (other, Decision::Nothing) => other,
            (Decision::Found(one), Decision::Found(other)) => {
                Decision::Found(if other.range.end > one.range.end { other } else { one })
            }
        }
    }
}

/// A character of the text, and the one before it.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    before: Option<char>,
    character: char,
}

impl Scan {
    pub(super) fn push(&mut self, piece: &str) {
        self.pending.push_str(piece);
    }

    /// Writes what is decided. The last `held_bytes` stay undecided; nothing does once the text is whole.
    pub(super) fn write(
        &mut self,
        redaction: &Redaction,
        caches: &mut Caches,
        (held_bytes, is_whole): (usize, bool),
        out: &mut String,
    ) -> Result<(), Intervention> {
        let end = self.pending.len().saturating_sub(if is_whole { 0 } else { held_bytes });
        let mut written = self.next;
        let mut before = self.pending.get(..self.next).and_then(|text| text.chars().next_back());
        while self.next < end {
            let Some(character) = self.pending.get(self.next..).and_then(|text| text.chars().next()) else {
                break;
            };
            let place = Place { at: self.next, before, character };
            match redaction.decide(caches, &self.pending, place, is_whole) {
                Decision::Hold => break,
                Decision::Nothing => {
                    self.next += character.len_utf8();
                    before = Some(character);
                }
                Decision::Found(found) => {
                    match found.action {
                        Some(Action::Block) => {
                            return Err(Intervention { policy: Policy::SensitiveInformation });
                        }
                        Some(Action::Anonymize) => {
                            out.push_str(self.pending.get(written..found.range.start).unwrap_or_default());
                            out.push_str(found.label);
                            written = found.range.end;
                        }
                        Some(Action::Note) => self.noted = self.noted.saturating_add(1),
                        None => {}
                    }
                    self.next = found.range.end.max(self.next + character.len_utf8());
                    before = self.pending.get(..self.next).and_then(|text| text.chars().next_back());
                }
            }
        }
        out.push_str(self.pending.get(written..self.next).unwrap_or_default());
        self.forget(before);
        Ok(())
    }

    /// Drops what was decided but for its last character.
    fn forget(&mut self, before: Option<char>) {
        let kept = before.map_or(0, char::len_utf8);
        let dropped = self.next.saturating_sub(kept);
        self.pending.drain(..dropped);
        self.next -= dropped;
    }
}

/// Returns whether a search that began at a place has seen everything that it may see.
pub(super) fn window_end(text: &str, start: usize) -> (usize, bool) {
    let end = start.saturating_add(WINDOW_BYTES);
    (text.floor_char_boundary(end.min(text.len())), text.len() >= end.saturating_add(LOOK_BEYOND_BYTES))
}

#[cfg(test)]
mod tests;
