//! A passage of a prompt, with what it states once somebody asked for it.

use super::claims::Need;
use super::facts::Facts;
use crate::extractive::language::Language;
use crate::prompt::Passage;

/// A passage, and what it states once somebody asked.
#[derive(Debug)]
pub(super) struct Source {
    passage: Passage,
    pub(super) language: Language,
    facts: Option<Facts>,
}

impl Source {
    /// Returns a passage; where its language is not known it is another one's.
    pub(super) fn new(passage: Passage, or: Language) -> Self {
        let language = Language::from_tag(&passage.language).unwrap_or(or);
        Self { passage, language, facts: None }
    }

    /// Returns whether the passage states a claim.
    pub(super) fn meets(&mut self, need: &Need) -> bool {
        let (passage, language) = (&self.passage, self.language);
        let facts = self.facts.get_or_insert_with(|| Facts::of(&whole(passage), language));
        need.is_met(facts, || whole(passage))
    }
}

/// Returns a passage's text under its title and headings.
fn whole(passage: &Passage) -> String {
    let above = passage.heading_path.iter().map(String::as_str);
    let lines: Vec<&str> =
        std::iter::once(passage.title.as_str()).chain(above).chain([passage.text.as_str()]).collect();
    lines.join("\n")
}
