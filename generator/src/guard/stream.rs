//! One text that streams through the rules of a direction.

use std::sync::Arc;

use super::folding::is_unspaced;
use super::redaction::{Caches, Redaction, Scan, WINDOW_BYTES};
use super::topics::{Sentence, Topics};
use super::words::{Folder, Hits, Word, WordWalk, Words};
use super::{Intervention, Policy};

/// The rules of one direction that work on text as it comes.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) words: Option<Words>,
    pub(super) topics: Option<Topics>,
    pub(super) redaction: Redaction,
}

/// Filters one answer while it streams: hides what is to be hidden and stops at what is not to be said. It holds back only
/// the word that is being written and what may still become personal data, at most 512 bytes each.
#[derive(Debug)]
pub struct AnswerGuard {
    rules: Arc<Rules>,
    caches: Option<Caches>,
    scan: Scan,
    reading: Reading,
    stopped: Option<Intervention>,
}

/// What was read of words and sentences.
#[derive(Debug)]
struct Reading {
    folder: Folder,
    walk: Option<WordWalk>,
    sentence: Sentence,
    stopped: Option<Policy>,
    noted: u32,
}

impl AnswerGuard {
    pub(super) fn new(rules: Arc<Rules>) -> Self {
        let walk = rules.words.as_ref().map(Words::begin);
        let caches = Some(rules.redaction.caches());
        let sentence = Sentence::default();
        let reading = Reading { folder: Folder::default(), walk, sentence, stopped: None, noted: 0 };
        Self { rules, caches, scan: Scan::default(), reading, stopped: None }
    }

    /// Reads a piece of the answer and appends what may be shown.
    ///
    /// # Errors
    /// [`Intervention`] as soon as something is found for which the answer is stopped, and from then on. What was shown
    /// before must be withdrawn.
    pub fn push(&mut self, piece: &str, out: &mut String) -> Result<(), Intervention> {
        self.stopped.map_or(Ok(()), Err)?;
        self.scan.push(piece);
        let read = self.read(piece).and_then(|()| self.write(false, out));
        self.stopped = read.err();
        read
    }

    /// Appends the rest once the answer is whole.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn finish(&mut self, out: &mut String) -> Result<(), Intervention> {
        self.stopped.map_or(Ok(()), Err)?;
        self.reading.finish(&self.rules);
        let read = self.reading.result().and_then(|()| self.write(true, out));
        self.stopped = read.err();
        read
    }

    /// Returns how many findings so far are only to be counted.
    pub fn noted(&self) -> u32 {
        self.reading.noted.saturating_add(self.scan.noted)
    }

    fn read(&mut self, piece: &str) -> Result<(), Intervention> {
        if self.rules.words.is_none() && self.rules.topics.is_none() {
            return Ok(());
        }
        for character in piece.chars() {
            self.reading.read(&self.rules, character);
        }
        self.reading.result()
    }

    fn write(&mut self, is_whole: bool, out: &mut String) -> Result<(), Intervention> {
        // A word that may turn out to be forbidden is not shown by halves.
        let held = self.reading.folder.open_bytes().min(WINDOW_BYTES);
        let Some(caches) = &mut self.caches else { return Ok(()) };
        self.scan.write(&self.rules.redaction, caches, (held, is_whole), out)
    }
}

impl Drop for AnswerGuard {
    fn drop(&mut self) {
        if let Some(caches) = self.caches.take() {
            self.rules.redaction.keep(caches);
        }
    }
}

impl Reading {
    fn read(&mut self, rules: &Rules, character: char) {
        let Self { folder, walk, sentence, stopped, noted } = self;
        folder.push(character, &mut |word| take(rules, walk, sentence, word).add_to(stopped, noted));
        let ends = matches!(character, '.' | '!' | '?' | '\n' | '。' | '！' | '？');
        if ends && !is_unspaced(character) {
            self.end_sentence(rules);
        }
    }

    fn finish(&mut self, rules: &Rules) {
        let Self { folder, walk, sentence, stopped, noted } = self;
        folder.finish(&mut |word| take(rules, walk, sentence, word).add_to(stopped, noted));
        self.end_sentence(rules);
    }

    fn end_sentence(&mut self, rules: &Rules) {
        let Some(topics) = &rules.topics else { return };
        let (is_blocked, noted) = topics.decide(&mut self.sentence);
        self.noted = self.noted.saturating_add(noted);
        if is_blocked {
            self.stopped.get_or_insert(Policy::Topic);
        }
    }

    fn result(&self) -> Result<(), Intervention> {
        self.stopped.map_or(Ok(()), |policy| Err(Intervention { policy }))
    }
}

/// Reads one whole word.
fn take(rules: &Rules, walk: &mut Option<WordWalk>, sentence: &mut Sentence, word: Word<'_>) -> Hits {
    if let Some(topics) = &rules.topics {
        topics.read(sentence, word);
    }
    match (&rules.words, walk) {
        // Letters that stand alone are words of their own as well, so they are read apart.
        (Some(words), Some(_)) if word.is_spelled => words.read(&mut words.begin(), word.text),
        (Some(words), Some(walk)) => words.read(walk, word.text),
        _ => Hits::default(),
    }
}

impl Hits {
    fn add_to(self, stopped: &mut Option<Policy>, noted: &mut u32) {
        *noted = noted.saturating_add(self.noted);
        if self.blocked {
            stopped.get_or_insert(Policy::Word);
        }
    }
}

#[cfg(test)]
mod tests;
