//! Finds personal data at one place of a text, or says that more of the text must come first. The work is a walk through
//! one automaton for all patterns, which is over as soon as nothing can match any more.

use std::ops::Range;

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, MatchKind, nfa::thompson};

use super::patterns::{PATTERNS, Pattern, Value};
use crate::error::Error;
use crate::guard::Direction;
use crate::guard::config::{Action, EntityRule};
use crate::guard::folding::{is_invisible, is_unspaced};
use crate::guard::redaction::{Decision, Found, WINDOW_BYTES};

/// Memory of the automaton's states, of each answer that is being written.
const CACHE_BYTES: usize = 1024 * 1024;
/// Of a letter that is not ASCII, and of everything else that is not.
const LETTER: u8 = 0x80;
const SIGN: u8 = 0x81;

/// The personal data that one direction looks for.
#[derive(Debug)]
pub(in crate::guard) struct Entities {
    automaton: DFA,
    kinds: Vec<Kind>,
}

#[derive(Debug)]
struct Kind {
    pattern: &'static Pattern,
    label: String,
    /// None for a decoy.
    action: Option<Action>,
}

/// What one search works with; reused, so that a search allocates nothing.
#[derive(Clone, Debug)]
pub(in crate::guard) struct EntityCache {
    states: Cache,
    folded: Vec<u8>,
    /// Where each folded byte stands in the text.
    places: Vec<Range<usize>>,
}

impl Entities {
    /// Returns what a direction looks for; none where that is nothing.
    pub(in crate::guard) fn new(rules: &[EntityRule], direction: Direction) -> Result<Option<Self>, Error> {
        let action = |pattern: &Pattern| {
            let entity = pattern.entity?;
            rules.iter().find(|rule| rule.entity == entity)?.sides.of(direction)
        };
        if !PATTERNS.iter().any(|pattern| action(pattern).is_some()) {
            return Ok(None);
        }
        let kinds: Vec<Kind> = PATTERNS
            .iter()
            .filter(|pattern| pattern.entity.is_none() || action(pattern).is_some())
            .map(|pattern| Kind {
                pattern,
                label: pattern.entity.map(|entity| format!("{{{}}}", entity.name())).unwrap_or_default(),
                action: action(pattern),
            })
            .collect();
        let expressions: Vec<&str> = kinds.iter().map(|kind| kind.pattern.expression).collect();
        let automaton = DFA::builder()
            .configure(DFA::config().match_kind(MatchKind::All).cache_capacity(CACHE_BYTES))
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false))
            .build_many(&expressions)
            .map_err(|error| Error::Settings(format!("patterns of personal data: {error}")))?;
        Ok(Some(Self { automaton, kinds }))
    }

    pub(in crate::guard) fn cache(&self) -> EntityCache {
        EntityCache { states: self.automaton.create_cache(), folded: Vec::new(), places: Vec::new() }
    }

    /// Decides whether personal data begins at a place. Nothing depends on text that is further away than the window.
    pub(in crate::guard) fn decide(
        &self,
        cache: &mut EntityCache,
        text: &str,
        start: usize,
        is_whole: bool,
    ) -> Decision<'_> {
        cache.folded.clear();
        cache.places.clear();
        let input = Input::new("").anchored(Anchored::Yes);
        let Ok(mut state) = self.automaton.start_state_forward(&mut cache.states, &input) else {
            return Decision::Nothing;
        };
        let mut best: Option<(Range<usize>, &Kind)> = None;
        let rest = text.get(start..).unwrap_or_default();
        for (offset, character) in rest.char_indices() {
            if offset >= WINDOW_BYTES {
                return decided(best, cache);
            }
            let Some(byte) = folded(character) else { continue };
            // The cache never gives up as it is configured, so there is always a next state.
            let Ok(next) = self.automaton.next_state(&mut cache.states, state, byte) else { break };
            state = next;
            if state.is_tagged() {
                if state.is_match() {
                    self.note(cache, state, Some(byte), &mut best);
                } else if state.is_dead() {
                    return decided(best, cache);
                }
            }
            cache.folded.push(byte);
            let place = start + offset;
            cache.places.push(place..place + character.len_utf8());
        }
        if !is_whole {
            return Decision::Hold;
        }
        if let Ok(last) = self.automaton.next_eoi_state(&mut cache.states, state)
            && last.is_match()
        {
            self.note(cache, last, None, &mut best);
        }
        decided(best, cache)
    }

    /// Keeps the longest match that is what it looks like.
    fn note<'a>(
        &'a self,
        cache: &EntityCache,
        state: LazyStateID,
        next: Option<u8>,
        best: &mut Option<(Range<usize>, &'a Kind)>,
    ) {
        let value_in = |value: Value| value_range(&cache.folded, value);
        for place in 0..self.automaton.match_len(&cache.states, state) {
            let pattern = self.automaton.match_pattern(&cache.states, state, place).as_usize();
            let Some(kind) = self.kinds.get(pattern) else { continue };
            let range = value_in(kind.pattern.value);
            let value = cache.folded.get(range.clone()).unwrap_or_default();
            let goes_on = next.is_some_and(is_word) && value.last().copied().is_some_and(is_word);
            let is_longer = best.as_ref().is_none_or(|(known, _)| range.end > known.end);
            if is_longer && !goes_on && !value.is_empty() && (kind.pattern.is_right)(value) {
                *best = Some((range, kind));
            }
        }
    }
}

fn decided<'a>(best: Option<(Range<usize>, &'a Kind)>, cache: &EntityCache) -> Decision<'a> {
    let Some((range, kind)) = best else { return Decision::Nothing };
    let places = cache.places.get(range).unwrap_or_default();
    match (places.first(), places.last()) {
        (Some(first), Some(last)) => {
            Decision::Found(Found { range: first.start..last.end, label: &kind.label, action: kind.action })
        }
        _ => Decision::Nothing,
    }
}

/// Returns the part of a match that is personal, without punctuation behind it.
fn value_range(folded: &[u8], value: Value) -> Range<usize> {
    let start = match value {
        Value::All => Some(0),
        Value::FromDigit => folded.iter().position(u8::is_ascii_digit),
        Value::LastToken => folded.iter().rposition(|byte| b" :=#\"'".contains(byte)).map(|place| place + 1),
    };
    let start = start.unwrap_or(0);
    let of = folded.get(start..).unwrap_or_default();
    let trimmed = of.iter().rev().take_while(|byte| b".,;:!?)]}".contains(byte)).count();
    start..folded.len() - trimmed.min(of.len())
}

/// Returns whether a match may begin at a place: at the beginning of a word, or at a sign that begins numbers.
pub(in crate::guard) fn may_begin(before: Option<char>, character: char) -> bool {
    let begins = character.is_alphanumeric() || character == '+' || character == '(';
    begins && !before.is_some_and(|before| before.is_alphanumeric() && !is_unspaced(before))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == LETTER
}

/// Returns a character as the patterns know it; none for what nobody sees.
fn folded(character: char) -> Option<u8> {
    if let Ok(byte @ 0..0x80) = u8::try_from(character) {
        return Some(if byte == b'\t' { b' ' } else { byte });
    }
    let digit = |zero: u32| {
        u8::try_from((u32::from(character).wrapping_sub(zero)) % 10).map_or(SIGN, |digit| b'0' + digit)
    };
    match character {
        _ if is_invisible(character) => None,
        '\u{ff01}'..='\u{ff5e}' => u8::try_from(u32::from(character) - 0xff01 + 0x21).ok(),
        '\u{660}'..='\u{669}' => Some(digit(0x660)),
        '\u{6f0}'..='\u{6f9}' => Some(digit(0x6f0)),
        '\u{966}'..='\u{96f}' => Some(digit(0x966)),
        '\u{1d7ce}'..='\u{1d7ff}' => Some(digit(0x1d7ce)),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some(b'-'),
        '\u{2019}' => Some(b'\''),
        _ if character.is_whitespace() => Some(b' '),
        _ if character.is_alphanumeric() && !is_unspaced(character) => Some(LETTER),
        _ => Some(SIGN),
    }
}
