//! The sentence gate: what a language model writes is held against the passages that it cites, sentence by sentence.
//!
//! Numbers, prices, dates, times, days, names, codes, addresses and quotations must occur there. It does not know what a
//! sentence means: who does what, whether it is denied, and a value that belongs to something else in the same passage pass.

mod claims;
mod facts;
mod lexicon;
mod mentions;
mod source;
mod splitting;
mod tokens;
mod values;

use std::ops::Range;
use std::str::FromStr;

use claims::Need;
pub use claims::{Claim, ClaimKind};
use source::Source;
use splitting::{Splitter, Step};

use crate::extractive::language::Language;
use crate::prompt::{Passage, Prompt};

/// Sentences of a paragraph without a citation that wait for one, at most.
const MOST_UNCITED: usize = 32;
/// Citations of a sentence that are held back with it, at most; a model that writes more is not describing sources.
const MOST_HELD_CITATIONS: usize = 64;

/// What becomes of a sentence that its passages do not bear out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateMode {
    /// It is shown, and marked once it has ended.
    Mark,
    /// Each sentence is held back until it has ended, and left out when it is not borne out.
    Withhold,
    /// Nothing is looked at.
    Off,
}

/// What the gate lets out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateEvent {
    /// Text of the answer; never empty.
    Text(String),
    /// A citation of what stands before it.
    Cite {
        /// Place of the passage in the prompt, counted from 0.
        passage: usize,
        /// The passage's words that carry the claim; may be empty.
        quote: String,
    },
    /// A sentence is not borne out, or has no source.
    Unsupported(Unsupported),
    /// A sentence was left out.
    Withheld {
        /// Bytes of the answer before the place where it would stand.
        at: u64,
        /// What it said that no passage says.
        what: Vec<Claim>,
    },
}

/// A sentence that is not borne out by the passages that it cites.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// Its bytes in the answer so far, citation marks such as ` [1]` within it included, half open.
    pub range: Range<u64>,
    /// What it says that no passage says. Empty when everything was found, but nothing is cited for it.
    pub what: Vec<Claim>,
    /// Whether it states facts that neither it nor its paragraph cites a passage for.
    pub is_uncited: bool,
}

/// Holds one answer against its passages. Citations follow what they support, before or after the full stop, so a sentence
/// is judged when the next one begins. It is for text of language models; quotations by program need no gate.
#[derive(Debug)]
pub struct Gate {
    mode: GateMode,
    language: Language,
    sources: Vec<Source>,
    question: Source,
    splitter: Splitter,
    sentence: Marks,
    /// Bytes of the answer before what is held.
    base: u64,
    /// Passages in order of their numbers.
    numbers: Vec<usize>,
    paragraph: Paragraph,
    has_spoken: bool,
}

/// The citations of the sentence in the making.
#[derive(Debug, Default)]
struct Marks {
    /// Passages, once each.
    cited: Vec<usize>,
    /// Bytes of citation marks before these bytes of the sentence.
    bytes: Vec<(usize, u64)>,
    /// Citations that are held back, with their bytes of the sentence.
    held: Vec<(usize, usize, String)>,
}

#[derive(Debug, Default)]
struct Paragraph {
    cited: Vec<usize>,
    uncited: Vec<(Range<u64>, Vec<Need>)>,
}

impl FromStr for GateMode {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "mark" => Ok(Self::Mark),
            "withhold" => Ok(Self::Withhold),
            "off" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

impl Gate {
    /// Returns a gate for one answer to a prompt. Passages are read when a sentence first needs them.
    pub fn new(prompt: &Prompt, mode: GateMode) -> Self {
        let known = prompt.passages.iter().find_map(|passage| Language::from_tag(&passage.language));
        let language = Language::from_tag(&prompt.language)
            .unwrap_or_else(|| Language::of_question(&prompt.question, known));
        let question = Passage { text: prompt.question.clone(), ..Passage::default() };
        let passages = if mode == GateMode::Off { &[] } else { prompt.passages.as_slice() };
        Self {
            mode,
            language,
            sources: passages.iter().cloned().map(|passage| Source::new(passage, language)).collect(),
            question: Source::new(question, language),
            splitter: Splitter::default(),
            sentence: Marks::default(),
            base: 0,
            numbers: Vec::new(),
            paragraph: Paragraph::default(),
            has_spoken: false,
        }
    }

    /// Takes more text. Unless sentences are withheld, it passes at once and unchanged.
    pub fn text(&mut self, piece: String, out: &mut impl FnMut(GateEvent)) {
        if piece.is_empty() {
            return;
        }
        self.has_spoken |= self.mode != GateMode::Withhold;
        match self.mode {
            GateMode::Off => out(GateEvent::Text(piece)),
            GateMode::Mark => {
                let mut events = Vec::new();
                self.read(&piece, &mut |event| events.push(event));
                out(GateEvent::Text(piece));
                events.into_iter().for_each(out);
            }
            GateMode::Withhold => self.read(&piece, out),
        }
    }

    /// Takes a citation of what was written last.
    pub fn cite(&mut self, passage: usize, quote: String, out: &mut impl FnMut(GateEvent)) {
        if self.mode == GateMode::Off {
            out(GateEvent::Cite { passage, quote });
            return;
        }
        if let Step::Ended(end) = self.splitter.cite() {
            self.end(end, out);
        }
        let at = self.splitter.held().len();
        if passage < self.sources.len() && !self.sentence.cited.contains(&passage) {
            self.sentence.cited.push(passage);
        }
        if self.mode == GateMode::Withhold {
            if self.sentence.held.len() < MOST_HELD_CITATIONS {
                self.sentence.held.push((at, passage, quote));
            }
            return;
        }
        let bytes = self.mark_bytes(passage);
        self.sentence.mark(at, bytes);
        out(GateEvent::Cite { passage, quote });
    }

    /// Ends the answer: what is left is judged and let out.
    pub fn finish(&mut self, out: &mut impl FnMut(GateEvent)) {
        if self.mode == GateMode::Off {
            return;
        }
        if let Step::Ended(end) = self.splitter.finish() {
            self.end(end, out);
        }
        let end = self.splitter.held().len();
        if end > 0 || !self.sentence.held.is_empty() {
            self.end(end, out);
        }
        self.end_paragraph(out);
    }

    /// Begins anew: everything so far was withdrawn.
    pub fn retract(&mut self) {
        self.splitter = Splitter::default();
        self.sentence = Marks::default();
        self.paragraph = Paragraph::default();
        self.numbers.clear();
        (self.base, self.has_spoken) = (0, false);
    }

    /// Returns whether any text was let out since the beginning or the last retraction: an answer of which every sentence was
    /// withheld has none.
    pub fn has_spoken(&self) -> bool {
        self.has_spoken
    }

    fn read(&mut self, piece: &str, out: &mut impl FnMut(GateEvent)) {
        for character in piece.chars() {
            if let Step::Ended(end) = self.splitter.push(character) {
                self.end(end, out);
                if self.splitter.begins_paragraph() {
                    self.end_paragraph(out);
                }
            }
        }
    }

    /// Returns the bytes of the mark that a citation gets: ` [1]`, numbered in order of first use.
    fn mark_bytes(&mut self, passage: usize) -> u64 {
        if passage >= self.sources.len() {
            return 0;
        }
        let known = self.numbers.iter().position(|cited| *cited == passage);
        let place = known.unwrap_or(self.numbers.len());
        if known.is_none() {
            self.numbers.push(passage);
        }
        let digits = (place + 1).checked_ilog10().unwrap_or(0) + 1;
        u64::from(digits) + 3
    }

    /// The sentence that is held ended at this byte.
    fn end(&mut self, end: usize, out: &mut impl FnMut(GateEvent)) {
        let sentence = self.splitter.take(end);
        let mut marks = std::mem::take(&mut self.sentence);
        let range = self.range(&sentence, &marks);
        let verdict = self.judge(&sentence, &marks.cited, range);
        if self.mode == GateMode::Withhold {
            if let Some(Unsupported { what, .. }) =
                verdict.as_ref().filter(|verdict| !verdict.what.is_empty())
            {
                out(GateEvent::Withheld { at: self.base, what: what.clone() });
                return;
            }
            self.let_out(&sentence, std::mem::take(&mut marks.held), out);
        } else {
            let written = marks.bytes.iter().map(|(_, bytes)| bytes).sum::<u64>();
            self.base = self.base.saturating_add(long(sentence.len())).saturating_add(written);
        }
        if let Some(unsupported) = verdict {
            out(GateEvent::Unsupported(unsupported));
        }
    }

    fn let_out(
        &mut self,
        sentence: &str,
        cites: Vec<(usize, usize, String)>,
        out: &mut impl FnMut(GateEvent),
    ) {
        let (mut rest, mut from) = (sentence, 0);
        self.base = self.base.saturating_add(long(sentence.len()));
        for (at, passage, quote) in cites {
            if let Some((before, after)) = rest.split_at_checked(at.saturating_sub(from).min(rest.len())) {
                if !before.is_empty() {
                    self.has_spoken = true;
                    out(GateEvent::Text(before.to_owned()));
                }
                (rest, from) = (after, at);
            }
            self.base = self.base.saturating_add(self.mark_bytes(passage));
            out(GateEvent::Cite { passage, quote });
        }
        if !rest.is_empty() {
            self.has_spoken |= !rest.trim().is_empty();
            out(GateEvent::Text(rest.to_owned()));
        }
    }

    /// Returns the sentence's bytes in the answer, without the white space around it.
    fn range(&self, sentence: &str, marks: &Marks) -> Range<u64> {
        let from = sentence.len() - sentence.trim_start().len();
        let to = sentence.trim_end().len();
        let marked = |is_before: &dyn Fn(usize) -> bool| {
            marks.bytes.iter().filter(|(at, _)| is_before(*at)).map(|(_, bytes)| bytes).sum::<u64>()
        };
        let start = self.base + long(from) + marked(&|at| at <= from);
        start..(self.base + long(to) + marked(&|at| at < to)).max(start)
    }

    fn judge(&mut self, sentence: &str, cited: &[usize], range: Range<u64>) -> Option<Unsupported> {
        for passage in cited {
            if !self.paragraph.cited.contains(passage) {
                self.paragraph.cited.push(*passage);
            }
        }
        if sentence.trim().is_empty() {
            return None;
        }
        let mut needs = claims::needs(sentence, self.language);
        // What the visitor said may be repeated.
        needs.retain(|need| !self.question.meets(need));
        let is_uncited = cited.is_empty();
        let every: Vec<usize> = if is_uncited { (0..self.sources.len()).collect() } else { cited.to_vec() };
        if every
            .iter()
            .all(|place| self.sources.get(*place).is_some_and(|source| source.language != self.language))
        {
            // Names and words of another language are translated.
            needs.retain(|need| !matches!(need.claim.kind, ClaimKind::Name | ClaimKind::Quotation));
        }
        let what: Vec<Claim> =
            needs.iter().filter(|need| !self.is_met(need, &every)).map(|need| need.claim.clone()).collect();
        if !what.is_empty() {
            return Some(Unsupported { range, what, is_uncited });
        }
        if is_uncited && !self.is_covered(&needs) {
            if self.paragraph.uncited.len() >= MOST_UNCITED {
                return Some(Unsupported { range, what, is_uncited });
            }
            // A citation further on in the paragraph may be meant for this one too.
            self.paragraph.uncited.push((range, needs));
        }
        None
    }

    fn is_met(&mut self, need: &Need, passages: &[usize]) -> bool {
        passages.iter().any(|place| self.sources.get_mut(*place).is_some_and(|source| source.meets(need)))
    }

    /// Returns whether the passages that the paragraph cites meet every need.
    fn is_covered(&mut self, needs: &[Need]) -> bool {
        let cited = std::mem::take(&mut self.paragraph.cited);
        let is_covered = needs.iter().all(|need| self.is_met(need, &cited));
        self.paragraph.cited = cited;
        is_covered
    }

    fn end_paragraph(&mut self, out: &mut impl FnMut(GateEvent)) {
        for (range, needs) in std::mem::take(&mut self.paragraph.uncited) {
            if !self.is_covered(&needs) {
                out(GateEvent::Unsupported(Unsupported { range, what: Vec::new(), is_uncited: true }));
            }
        }
        self.paragraph.cited.clear();
    }
}

impl Marks {
    fn mark(&mut self, at: usize, bytes: u64) {
        match self.bytes.last_mut() {
            Some((last, sum)) if *last == at => *sum = sum.saturating_add(bytes),
            _ => self.bytes.push((at, bytes)),
        }
    }
}

fn long(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
