//! Where the sentences of an answer end while it streams in. However the text is cut into pieces, the ends are the same.

use super::lexicon;

/// Bytes of a sentence, at most; a longer one is cut so that memory stays bounded.
const LONGEST_SENTENCE: usize = 8 * 1024;

/// Words whose full stop does not end a sentence.
#[rustfmt::skip]
const ABBREVIATIONS: [&str; 57] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "no", "nr", "nos", "vs", "etc", "approx", "dept", "est", "fig", "inc", "ltd", "co", "jr", "sr",
    "bzw", "ca", "evtl", "ggf", "inkl", "exkl", "max", "min", "mind", "str", "tel", "usw", "vgl", "zzgl", "abs", "art", "bspw", "std", "mio", "mrd",
    "sra", "srta", "num", "núm", "pág", "ud", "uds", "av", "aprox", "mme", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
];
/// Beginnings of words before which a number with a full stop is an ordinal.
const AFTER_ORDINALS: [&str; 8] =
    ["quartal", "jahrhundert", "etage", "stock", "obergeschoss", "klasse", "auflage", "lebensjahr"];

/// What a character did to the sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It belongs to the sentence.
    Goes,
    /// The sentence ended at this byte of what is held; the rest begins the next one.
    Ended(usize),
}

/// Finds the ends of sentences.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// The sentence so far, with what may be the beginning of the next.
    held: String,
    phase: Phase,
    /// Line breaks since the last character that is not white space.
    breaks: u8,
    /// Line breaks before the last character that is not white space.
    breaks_before: u8,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Within,
    /// After a mark that may end the sentence; `is_cited` when a citation followed it.
    Marked { is_cited: bool },
    /// After white space: the sentence ended at `end` if what follows allows it.
    Waiting { end: usize, is_sure: bool },
    /// Inside the word after a number with a full stop, which may be a month.
    Word { end: usize, from: usize },
}

impl Splitter {
    /// Returns what is held.
    pub(super) fn held(&self) -> &str {
        &self.held
    }

    /// Returns whether something other than white space is held.
    pub(super) fn has_begun(&self) -> bool {
        !self.held.trim_start().is_empty()
    }

    /// Takes the sentence up to a byte; the rest is the beginning of the next.
    pub(super) fn take(&mut self, end: usize) -> String {
        let rest = self.held.get(end..).unwrap_or_default().to_owned();
        let mut sentence = std::mem::replace(&mut self.held, rest);
        sentence.truncate(sentence.len().saturating_sub(self.held.len()));
        // What ended the sentence may end the next one already.
        self.phase = match self.held.chars().next_back() {
            Some(last) if is_end(last) => Phase::Marked { is_cited: false },
            Some('\n') if self.has_begun() => Phase::Waiting { end: self.held.len() - 1, is_sure: true },
            _ => Phase::Within,
        };
        sentence
    }

    /// Returns whether a blank line came before the sentence that just began.
    pub(super) fn begins_paragraph(&self) -> bool {
        self.breaks_before > 1
    }

    /// The answer ends here; returns where the sentence before the last word ended, if it did.
    pub(super) fn finish(&mut self) -> Step {
        match self.phase {
            Phase::Word { end, from } => self.after_word(end, from),
            Phase::Waiting { end, is_sure: true } => Step::Ended(end),
            Phase::Within | Phase::Marked { .. } | Phase::Waiting { .. } => Step::Goes,
        }
    }

    /// A citation stands here: what ended before it has ended.
    pub(super) fn cite(&mut self) -> Step {
        match self.phase {
            Phase::Marked { .. } => self.phase = Phase::Marked { is_cited: true },
            Phase::Waiting { end, .. } => self.phase = Phase::Waiting { end, is_sure: true },
            Phase::Word { end, from } => return self.after_word(end, from),
            Phase::Within => {}
        }
        Step::Goes
    }

    /// Takes a character. When a sentence ended, the caller takes it before the next character comes.
    pub(super) fn push(&mut self, character: char) -> Step {
        if character == '\n' {
            self.breaks = self.breaks.saturating_add(1);
        } else if !character.is_whitespace() {
            self.breaks_before = std::mem::take(&mut self.breaks);
        }
        let step = self.step(character);
        self.held.push(character);
        if step == Step::Goes && self.held.len() >= LONGEST_SENTENCE {
            return Step::Ended(self.held.len());
        }
        step
    }

    fn step(&mut self, character: char) -> Step {
        match self.phase {
            Phase::Within => self.within(character),
            Phase::Marked { is_cited } => self.marked(character, is_cited),
            Phase::Waiting { end, is_sure } => self.waiting(character, end, is_sure),
            Phase::Word { end, from } => {
                let is_long = self.held.len().saturating_sub(from) > 24;
                if character.is_alphabetic() && !is_long {
                    Step::Goes
                } else {
                    self.word(character, end, from)
                }
            }
        }
    }

    fn within(&mut self, character: char) -> Step {
        if character == '\n' && self.has_begun() {
            self.phase = Phase::Waiting { end: self.held.len(), is_sure: true };
        } else if is_end(character) {
            self.phase = Phase::Marked { is_cited: false };
        }
        Step::Goes
    }

    fn marked(&mut self, character: char, is_cited: bool) -> Step {
        if character == '\n' {
            self.phase = Phase::Waiting { end: self.held.len(), is_sure: true };
        } else if character.is_whitespace() {
            self.phase = Phase::Waiting { end: self.held.len(), is_sure: is_cited };
        } else if self.held.ends_with(['。', '！', '？', '؟']) || (is_cited && character.is_alphanumeric())
        {
            return Step::Ended(self.held.len());
        } else if !matches!(
            character,
            '.' | '!' | '?' | '…' | '"' | '\'' | '’' | '”' | '“' | '»' | '«' | ')' | ']' | '*' | '_'
        ) {
            self.phase = Phase::Within;
        }
        Step::Goes
    }

    fn waiting(&mut self, character: char, end: usize, is_sure: bool) -> Step {
        if character == '\n' {
            self.phase = Phase::Waiting { end, is_sure: true };
            return Step::Goes;
        }
        if character.is_whitespace() {
            return Step::Goes;
        }
        if is_sure {
            return Step::Ended(end);
        }
        let before = self.held.get(..end).unwrap_or_default();
        let body = before.trim_end_matches(['"', '\'', '’', '”', '“', '»', '«', ')', ']', '*', '_']);
        let Some(body) = body.strip_suffix('.').filter(|_| character.is_alphanumeric() || character == '(')
        else {
            let goes_on = character.is_lowercase();
            return if goes_on { self.go_on() } else { Step::Ended(end) };
        };
        let last = body.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
        if character.is_lowercase() || is_abbreviation(last) || is_marker(body, last) {
            return self.go_on();
        }
        let is_ordinal = (1..=2).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_digit());
        if is_ordinal && character.is_alphabetic() {
            self.phase = Phase::Word { end, from: self.held.len() };
            return Step::Goes;
        }
        Step::Ended(end)
    }

    fn go_on(&mut self) -> Step {
        self.phase = Phase::Within;
        Step::Goes
    }

    /// The word after a number with a full stop is whole.
    fn after_word(&mut self, end: usize, from: usize) -> Step {
        let word = self.held.get(from..).unwrap_or_default();
        let folded = lexicon::fold(word);
        let is_ordinal = lexicon::look_up(word).month.is_some()
            || AFTER_ORDINALS.iter().any(|noun| folded.starts_with(noun));
        if is_ordinal { self.go_on() } else { Step::Ended(end) }
    }

    fn word(&mut self, character: char, end: usize, from: usize) -> Step {
        match self.after_word(end, from) {
            Step::Ended(end) => Step::Ended(end),
            Step::Goes => self.within(character),
        }
    }
}

fn is_end(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '؟')
}

fn is_abbreviation(last: &str) -> bool {
    let part = last.rsplit('.').next().unwrap_or_default();
    let is_initial = part.chars().count() == 1 && part.chars().all(char::is_alphabetic);
    is_initial || ABBREVIATIONS.iter().any(|short| last.eq_ignore_ascii_case(short))
}

/// Returns whether the number is the mark of a list, before anything was said.
fn is_marker(body: &str, last: &str) -> bool {
    let is_number = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit());
    is_number && body.trim_start_matches(|c: char| !c.is_alphanumeric()) == last
}
