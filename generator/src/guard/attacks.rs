//! Attempts to take over the model, told by what they say: signals are weighed, and a filter's strength says how much
//! weight stops a question. A sieve and no proof: whoever writes in other words passes, which the prompt and the check of
//! the answer must bear.

mod signals;

use regex_automata::util::syntax;
use regex_automata::{Input, MatchKind, PatternSet, meta};

use super::config::{Action, Strength};
use super::folding::{fold, leet, look_alike};
use crate::error::Error;
use signals::SIGNALS;

/// Memory of the compiled patterns.
const COMPILED_BYTES: usize = 16 * 1024 * 1024;
/// Memory of the states that one search keeps.
const CACHE_BYTES: usize = 2 * 1024 * 1024;
/// Characters from which a question is unusual: visitors ask in a sentence or two.
const LONG_CHARACTERS: usize = 800;
/// Weight of a word in two scripts that look alike.
const MIXED_WEIGHT: u32 = 2;
/// Weight of characters that spell hidden text.
const TAGS_WEIGHT: u32 = 4;

/// Looks for attacks on the prompt.
#[derive(Debug)]
pub(super) struct Attacks {
    signals: meta::Regex,
    threshold: u32,
    action: Action,
}

impl Attacks {
    pub(super) fn new(strength: Strength, action: Action) -> Result<Self, Error> {
        let limits = meta::Config::new()
            .match_kind(MatchKind::All)
            .nfa_size_limit(Some(COMPILED_BYTES))
            .hybrid_cache_capacity(CACHE_BYTES)
            .utf8_empty(false);
        let patterns: Vec<&str> = SIGNALS.iter().map(|(_, pattern)| *pattern).collect();
        let signals = meta::Builder::new()
            .configure(limits)
            // Questions are folded before, and borders of ASCII words keep the search fast in every script.
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .build_many(&patterns)
            .map_err(|error| Error::Settings(format!("signals of attacks on the prompt: {error}")))?;
        let threshold = match strength {
            Strength::Low => 4,
            Strength::Medium => 3,
            Strength::High => 2,
        };
        Ok(Self { signals, threshold, action })
    }

    /// Returns what happens to a text; nothing where it is no attack.
    pub(super) fn find(&self, text: &str) -> Option<Action> {
        (self.weight(text) >= self.threshold).then_some(self.action)
    }

    /// Returns the weight of everything in a text that attacks hold.
    pub(super) fn weight(&self, text: &str) -> u32 {
        let folded = Folded::of(text);
        let mut found = PatternSet::new(self.signals.pattern_len());
        self.signals.which_overlapping_matches(&Input::new(&folded.text), &mut found);
        if let Some(spelled) = &folded.spelled {
            self.signals.which_overlapping_matches(&Input::new(spelled), &mut found);
        }
        let weights = found.iter().filter_map(|signal| SIGNALS.get(signal.as_usize()));
        let said = weights.fold(0_u32, |sum, (weight, _)| sum.saturating_add(*weight));
        let hidden = u32::from(folded.is_mixed) * MIXED_WEIGHT + u32::from(folded.has_tags) * TAGS_WEIGHT;
        let long = u32::from(text.chars().nth(LONG_CHARACTERS).is_some());
        // Length alone is no sign, and neither is a single weak signal in a long complaint.
        said.saturating_add(hidden).saturating_add(if said > 1 { long } else { 0 })
    }
}

/// A text as its signals are looked for.
#[derive(Debug, Default)]
struct Folded {
    text: String,
    /// The same with digits among letters as the letters that they look like; none where there are none.
    spelled: Option<String>,
    /// Whether letters of two scripts stand in one word.
    is_mixed: bool,
    /// Whether it holds characters that write text which nobody sees.
    has_tags: bool,
}

impl Folded {
    fn of(text: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(text.len()), ..Self::default() };
        let mut word = String::new();
        let mut spelled = String::new();
        let mut is_spelled = false;
        for character in text.chars().chain([' ']) {
            folded.has_tags |= matches!(character, '\u{e0020}'..='\u{e007f}');
            fold(character, |part| {
                if part.is_alphanumeric() || (leet(part).is_some() && !word.is_empty()) {
                    word.push(part);
                    return;
                }
                folded.end_word(&mut word, &mut spelled, &mut is_spelled);
                // White space is one space, so that patterns need not care how wide it is.
                let part = if part.is_whitespace() && part != '\n' { ' ' } else { part };
                if part != ' ' || !folded.text.ends_with([' ', '\n']) {
                    folded.text.push(part);
                    spelled.push(part);
                }
            });
        }
        folded.spelled = is_spelled.then_some(spelled);
        folded
    }

    fn end_word(&mut self, word: &mut String, spelled: &mut String, is_spelled: &mut bool) {
        let has_latin = word.chars().any(|letter| letter.is_ascii_alphabetic());
        let mixes = has_latin && word.chars().any(|letter| look_alike(letter).is_some());
        self.is_mixed |= mixes;
        let latin = |letter: char| look_alike(letter).filter(|_| mixes).unwrap_or(letter);
        let kept = word.trim_end_matches(|sign: char| !sign.is_alphanumeric());
        let has_sign = has_latin && kept.chars().any(|letter| leet(letter).is_some());
        *is_spelled |= has_sign;
        for letter in word.chars().map(latin) {
            self.text.push(letter);
            spelled.push(leet(letter).filter(|_| has_sign).unwrap_or(letter));
        }
        word.clear();
    }
}

#[cfg(test)]
mod tests;
