//! Words and phrases that are found whole, however they are written, in text that streams.

use aho_corasick::Anchored;
use aho_corasick::MatchKind;
use aho_corasick::automaton::{Automaton, StateID};
use aho_corasick::nfa::contiguous::NFA;

use super::Direction;
use super::config::{Action, GuardrailConfig};
use super::folding::{fold, is_unspaced, leet, look_alike};
use crate::error::Error;

/// What no answer of a business holds, in the languages of its visitors: one entry a line, `#` begins a remark.
const PROFANITY: &str = include_str!("words/profanity.txt");
/// Longer words are none; the limit of a listed one is 100 characters.
const LONGEST_BYTES: usize = 400;
/// Letters that are written one by one and read together.
const LONGEST_SPELLED: usize = 24;

/// The words that are looked for in one direction.
#[derive(Debug)]
pub(super) struct Words {
    automaton: NFA,
    start: StateID,
    blocks: Vec<bool>,
}

/// How far a text was read.
#[derive(Clone, Copy, Debug)]
pub(super) struct WordWalk(StateID);

/// What ended with a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Hits {
    pub(super) blocked: bool,
    pub(super) noted: u32,
}

impl Words {
    /// Returns the words of a direction; none where there are none.
    pub(super) fn new(config: &GuardrailConfig, direction: Direction) -> Result<Option<Self>, Error> {
        let mut terms: Vec<(String, bool)> = Vec::new();
        let mut add = |text: &str, action: Option<Action>| {
            let term = normal(text);
            if let Some(action) = action
                && !term.trim().is_empty()
            {
                terms.push((term, action == Action::Block));
            }
        };
        for word in &config.words {
            add(&word.text, word.sides.of(direction));
        }
        let listed = PROFANITY.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        listed.for_each(|word| add(word, config.profanity.of(direction)));
        if terms.is_empty() {
            return Ok(None);
        }
        let internal =
            |error: &dyn std::fmt::Display| Error::Settings(format!("words of the guardrail: {error}"));
        let texts = terms.iter().map(|(term, _)| term);
        let automaton =
            NFA::builder().match_kind(MatchKind::Standard).build(texts).map_err(|error| internal(&error))?;
        let start = automaton.start_state(Anchored::No).map_err(|error| internal(&error))?;
        Ok(Some(Self { automaton, start, blocks: terms.into_iter().map(|(_, blocks)| blocks).collect() }))
    }

    pub(super) fn begin(&self) -> WordWalk {
        WordWalk(self.step(self.start, b' '))
    }

    /// Reads one more whole word.
    pub(super) fn read(&self, walk: &mut WordWalk, word: &str) -> Hits {
        let mut hits = Hits::default();
        for byte in word.bytes().chain([b' ']) {
            walk.0 = self.step(walk.0, byte);
            if self.automaton.is_special(walk.0) && self.automaton.is_match(walk.0) {
                for place in 0..self.automaton.match_len(walk.0) {
                    let term = self.automaton.match_pattern(walk.0, place).as_usize();
                    match self.blocks.get(term) {
                        Some(true) => hits.blocked = true,
                        _ => hits.noted = hits.noted.saturating_add(1),
                    }
                }
            }
        }
        hits
    }

    fn step(&self, state: StateID, byte: u8) -> StateID {
        self.automaton.next_state(Anchored::No, state, byte)
    }
}

/// Returns whether a text has a word.
pub(super) fn is_word(text: &str) -> bool {
    !normal(text).trim().is_empty()
}

/// Returns the words of a text as they are compared, each between spaces.
fn normal(text: &str) -> String {
    let mut folder = Folder::default();
    let mut term = String::from(" ");
    let mut add = |word: Word<'_>| {
        if !word.is_spelled {
            term.push_str(word.text);
            term.push(' ');
        }
    };
    text.chars().for_each(|character| folder.push(character, &mut add));
    folder.finish(&mut add);
    term
}

/// A word as it is compared.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// Whether it is made of letters that stand alone in the text; they come by themselves too.
    pub(super) is_spelled: bool,
}

/// Makes words of characters.
#[derive(Debug, Default)]
pub(super) struct Folder {
    word: String,
    changed: String,
    spelled: String,
    /// Bytes of the text that belong to the word that is not finished.
    open_bytes: usize,
}

impl Folder {
    pub(super) fn push(&mut self, character: char, found: &mut impl FnMut(Word<'_>)) {
        if is_unspaced(character) {
            self.finish(found);
        }
        let mut borders = false;
        fold(character, |part| match part {
            '\'' | '*' => {}
            _ if part.is_alphanumeric() => self.word.push(part),
            // A sign at the start of a word is none for a letter, but for these two.
            '@' | '$' => self.word.push(part),
            '!' | '|' if !self.word.is_empty() => self.word.push(part),
            _ => borders = true,
        });
        if borders || is_unspaced(character) {
            self.finish(found);
        } else if !self.word.is_empty() {
            self.open_bytes = self.open_bytes.saturating_add(character.len_utf8());
            if self.word.len() > LONGEST_BYTES {
                // What is longer than every word is none; its end begins another one.
                self.word.clear();
            }
        }
    }

    /// Ends the word.
    pub(super) fn finish(&mut self, found: &mut impl FnMut(Word<'_>)) {
        self.open_bytes = 0;
        if self.word.is_empty() {
            return;
        }
        let is_changed = change(&self.word, &mut self.changed);
        let text = if is_changed { self.changed.as_str() } else { self.word.as_str() };
        if text.is_empty() {
            self.word.clear();
            return;
        }
        found(Word { text, is_spelled: false });
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) if letter.is_alphabetic() && !is_unspaced(letter) => {
                if self.spelled.chars().count() >= LONGEST_SPELLED {
                    self.spelled.clear();
                }
                self.spelled.push(letter);
                for (place, _) in self.spelled.char_indices() {
                    let rest = self.spelled.get(place..).unwrap_or_default();
                    if rest.chars().nth(2).is_some() {
                        found(Word { text: rest, is_spelled: true });
                    }
                }
            }
            _ => self.spelled.clear(),
        }
        self.word.clear();
    }

    pub(super) fn open_bytes(&self) -> usize {
        self.open_bytes
    }
}

/// Writes what a word looks like: signs and digits among letters as letters, look-alikes as Latin ones, and a letter that
/// is drawn out once. Returns whether anything changed.
fn change(word: &str, changed: &mut String) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase();
    let mut last = [0_u8; 2];
    let is_drawn_out = word.bytes().any(|byte| {
        let is_third = last == [byte; 2];
        last = [last[1], byte];
        is_third
    });
    if word.bytes().all(is_plain) && !is_drawn_out {
        return false;
    }
    let has_letter = word.chars().any(char::is_alphabetic);
    let is_foreign = |c: char| !c.is_ascii() && c.is_alphabetic() && look_alike(c).is_none();
    let is_latin = !word.chars().any(is_foreign);
    let kept = word.trim_end_matches(['!', '|', '@', '$']);
    changed.clear();
    for character in kept.chars() {
        let letter = match character {
            _ if !has_letter && character.is_alphanumeric() => character,
            _ if !has_letter => continue,
            _ if is_latin => look_alike(character).or_else(|| leet(character)).unwrap_or(character),
            _ => leet(character).unwrap_or(character),
        };
        changed.push(letter);
    }
    if is_drawn_out && has_letter {
        draw_in(changed);
    }
    true
}

/// Leaves one of three or more equal letters in a row.
fn draw_in(word: &mut String) {
    let mut drawn = String::with_capacity(word.len());
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut more = 0;
        while letters.next_if_eq(&letter).is_some() {
            more += 1;
        }
        drawn.push(letter);
        if more == 1 {
            drawn.push(letter);
        }
    }
    *word = drawn;
}

#[cfg(test)]
mod tests;
