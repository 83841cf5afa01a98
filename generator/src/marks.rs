//! Marks in a model's text: citations such as `[1]`, `[1, 2]` or `【1】`, and the mark for "the passages hold no answer".
//! They are found while the text streams in; only what may still become a mark is held back. Other brackets, links and
//! code pass unchanged. Which model writes, and what becomes of the marks, is not known here.

mod code;

use code::Code;

use crate::prompt::rendering::NO_ANSWER;

/// Bytes of a mark with the spaces before it, at most; a longer run is text.
const LONGEST_MARK: usize = 64;
/// Digits of a citation. More are a year or an amount in brackets, and no passage has such a number.
const MOST_DIGITS: usize = 2;

/// A piece of a model's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Text without marks; never empty.
    Text(String),
    /// A citation of the passage at this place, counted from 0.
    Cite(usize),
    /// The model says that the passages hold no answer.
    NoAnswer,
}

/// Finds marks in text that comes in pieces. However the text is cut, what is found is the same.
#[derive(Debug)]
pub(crate) struct Marks {
    /// Passages that have a number.
    passages: usize,
    code: Code,
    /// Whether the last character was a backslash that takes the meaning of the next one.
    is_escaped: bool,
    /// What may belong to a mark: spaces, then a bracket and what stands in it.
    held: String,
    state: State,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// Only spaces are held, if anything.
    Outside,
    /// A bracket was opened at this byte of what is held, and `closing` ends it.
    Inside { from: usize, closing: char },
    /// A whole citation is held; what follows tells whether it is the text of a link.
    Closed(Vec<usize>),
}

impl Marks {
    /// Returns a finder for a text that may cite passages 1 to `passages`.
    pub(crate) fn new(passages: usize) -> Self {
        let (code, held) = (Code::default(), String::new());
        Self { passages, code, is_escaped: false, held, state: State::Outside }
    }

    /// Takes more text, and hands on what is certain.
    pub(crate) fn push(&mut self, more: &str, found: &mut impl FnMut(Found)) {
        let mut text = String::with_capacity(self.held.len() + more.len());
        for character in more.chars() {
            self.take(character, &mut text, found);
        }
        flush(&mut text, found);
    }

    /// Ends the text: what is held is a citation if it is whole, and text otherwise.
    pub(crate) fn finish(&mut self, found: &mut impl FnMut(Found)) {
        let mut text = String::new();
        match std::mem::replace(&mut self.state, State::Outside) {
            State::Closed(cited) => self.cite(cited, &mut text, found),
            State::Outside | State::Inside { .. } => self.release(&mut text),
        }
        flush(&mut text, found);
    }

    fn take(&mut self, character: char, text: &mut String, found: &mut impl FnMut(Found)) {
        if let State::Closed(cited) = &mut self.state {
            let cited = std::mem::take(cited);
            self.state = State::Outside;
            // `[1](address)` is a link.
            if character == '(' { self.release(text) } else { self.cite(cited, text, found) }
        }
        if let State::Inside { from, closing } = self.state {
            if character == closing {
                self.held.push(character);
                self.close(from, text, found);
                return;
            }
            self.held.push(character);
            if self.may_be_mark(from) {
                return;
            }
            // This one is not a part of it; it is looked at by itself.
            self.held.pop();
            self.state = State::Outside;
            self.release(text);
        }
        self.outside(character, text);
    }

    fn outside(&mut self, character: char, text: &mut String) {
        match character {
            '[' | '【' if !self.is_escaped => {
                let closing = if character == '[' { ']' } else { '】' };
                self.state = State::Inside { from: self.held.len(), closing };
                self.held.push(character);
            }
            ' ' if self.held.len() < LONGEST_MARK / 2 => {
                self.is_escaped = false;
                self.held.push(character);
            }
            other => {
                self.release(text);
                self.is_escaped = other == '\\' && !self.is_escaped;
                self.code.see(other);
                text.push(other);
            }
        }
    }

    /// Returns whether the bracket that is held, without its end, can become a mark.
    fn may_be_mark(&mut self, from: usize) -> bool {
        let in_code = self.code.is_open();
        let inside = inside(&self.held, from);
        let is_short = self.held.len() <= LONGEST_MARK;
        is_short && (begins_no_answer(inside) || (!in_code && may_be_citation(inside)))
    }

    /// A bracket has ended: it is a mark, or it was text all along.
    fn close(&mut self, from: usize, text: &mut String, found: &mut impl FnMut(Found)) {
        self.state = State::Outside;
        let held = self.held.trim_end_matches([']', '】']);
        let inside = inside(held, from);
        if is_no_answer(inside) {
            self.held.clear();
            flush(text, found);
            found(Found::NoAnswer);
        } else if let Some(cited) = citation(inside).filter(|_| !self.code.is_open()) {
            self.state = State::Closed(cited);
        } else {
            self.release(text);
        }
    }

    /// Hands a citation on; the spaces before it go, since whoever writes the mark writes its space.
    fn cite(&mut self, cited: Vec<usize>, text: &mut String, found: &mut impl FnMut(Found)) {
        self.held.clear();
        for number in cited {
            // A number that no passage has is left out rather than shown as a source.
            if let Some(place) = number.checked_sub(1).filter(|place| *place < self.passages) {
                flush(text, found);
                found(Found::Cite(place));
            }
        }
    }

    /// What was held is text.
    fn release(&mut self, text: &mut String) {
        self.held.chars().for_each(|character| self.code.see(character));
        text.push_str(&self.held);
        self.held.clear();
    }
}

/// Returns a whole text without its marks and the spaces before them.
pub(crate) fn without_marks(text: &str) -> String {
    let (mut marks, mut rest) = (Marks::new(0), String::with_capacity(text.len()));
    let mut keep = |found: Found| match found {
        Found::Text(text) => rest.push_str(&text),
        Found::Cite(_) | Found::NoAnswer => {}
    };
    marks.push(text, &mut keep);
    marks.finish(&mut keep);
    rest
}

fn flush(text: &mut String, found: &mut impl FnMut(Found)) {
    if !text.is_empty() {
        found(Found::Text(std::mem::take(text)));
    }
}

/// Returns what stands after the bracket at this byte.
fn inside(held: &str, from: usize) -> &str {
    let mut characters = held.get(from..).unwrap_or_default().chars();
    characters.next();
    characters.as_str()
}

/// Returns whether the text can become the numbers of a citation.
fn may_be_citation(text: &str) -> bool {
    let mut numbers = text.split(is_between);
    numbers.all(|number| number.len() <= MOST_DIGITS && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_between(character: char) -> bool {
    matches!(character, ' ' | ',' | ';' | '\u{a0}' | '，' | '、' | '；')
}

/// Returns the numbers of a citation, each once; none when the text holds no number.
fn citation(text: &str) -> Option<Vec<usize>> {
    if !may_be_citation(text) {
        return None;
    }
    let mut cited = Vec::new();
    for number in text.split(is_between).filter_map(|number| number.parse().ok()) {
        if !cited.contains(&number) {
            cited.push(number);
        }
    }
    (!cited.is_empty()).then_some(cited)
}

/// Returns whether the text begins like the mark for "no answer", however it is spelt.
fn begins_no_answer(text: &str) -> bool {
    text.len() <= NO_ANSWER.len()
        && text.bytes().zip(NO_ANSWER.bytes()).all(|(byte, wanted)| match byte {
            b' ' | b'-' | b'_' => wanted == b'_',
            letter => letter.to_ascii_uppercase() == wanted,
        })
}

fn is_no_answer(text: &str) -> bool {
    text.len() == NO_ANSWER.len() && begins_no_answer(text)
}

#[cfg(test)]
mod tests;
