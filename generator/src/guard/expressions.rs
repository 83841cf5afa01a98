//! The owner's expressions at one place of a text. One automaton for all of them tells whether a match may still come; the
//! match itself is left to the expression.

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::{Anchored, Input, MatchKind, meta, nfa::thompson, util::syntax};
use regex_syntax::hir::{Hir, HirKind, Repetition};

use super::Direction;
use super::config::{Action, ExpressionRule};
use super::redaction::{Decision, Found, window_end};
use crate::error::Error;

/// Memory of one compiled expression; one that needs more costs too much time as well.
const COMPILED_BYTES: usize = 256 * 1024;
/// Memory of the automaton's states, of each answer that is being written.
const CACHE_BYTES: usize = 1024 * 1024;
/// Nested groups of an expression.
const MOST_NESTED: u32 = 50;

/// The expressions of one direction.
#[derive(Debug)]
pub(super) struct Expressions {
    alive: DFA,
    each: Vec<Expression>,
}

#[derive(Debug)]
struct Expression {
    regex: meta::Regex,
    label: String,
    action: Action,
}

/// What one search works with.
#[derive(Clone, Debug)]
pub(super) struct ExpressionCache(Cache);

impl Expressions {
    /// Returns the expressions of a direction; none where there are none.
    pub(super) fn new(rules: &[ExpressionRule], direction: Direction) -> Result<Option<Self>, Error> {
        let rules = rules.iter().filter_map(|rule| Some((rule, rule.sides.of(direction)?)));
        let mut each = Vec::new();
        let mut patterns = Vec::new();
        let wrong = |error: String| Error::Settings(format!("expressions of the guardrail: {error}"));
        for (rule, action) in rules {
            let regex = compiled(&rule.pattern).map_err(wrong)?;
            patterns.push(rule.pattern.as_str());
            each.push(Expression { regex, label: format!("{{{}}}", rule.name), action });
        }
        if each.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { alive: alive(&patterns).map_err(wrong)?, each }))
    }

    pub(super) fn cache(&self) -> ExpressionCache {
        ExpressionCache(self.alive.create_cache())
    }

    /// Decides whether a match begins at a place. Nothing depends on text that is further away than the window.
    pub(super) fn decide(
        &self,
        cache: &mut ExpressionCache,
        text: &str,
        start: usize,
        is_whole: bool,
    ) -> Decision<'_> {
        match self.life(&mut cache.0, text, start) {
            Life::None => return Decision::Nothing,
            Life::Open if !is_whole => return Decision::Hold,
            Life::Open | Life::Matched => {}
        }
        let (end, _) = window_end(text, start);
        let input = Input::new(text).range(start..end).anchored(Anchored::Yes);
        let mut best: Option<Found<'_>> = None;
        for expression in &self.each {
            let Some(found) = expression.regex.find(input.clone()) else { continue };
            if best.as_ref().is_none_or(|known| found.end() > known.range.end) {
                let (label, action) = (expression.label.as_str(), Some(expression.action));
                best = Some(Found { range: found.range(), label, action });
            }
        }
        best.map_or(Decision::Nothing, Decision::Found)
    }

    fn life(&self, cache: &mut Cache, text: &str, start: usize) -> Life {
        let (end, is_full) = window_end(text, start);
        let unclear = if is_full { Life::Matched } else { Life::Open };
        let input = Input::new(text).range(start..end).anchored(Anchored::Yes);
        let Ok(mut state) = self.alive.start_state_forward(cache, &input) else { return unclear };
        let mut life = Life::None;
        for byte in text.as_bytes().get(start..end).unwrap_or_default() {
            let Ok(next) = self.alive.next_state(cache, state, *byte) else { return unclear };
            state = next;
            if state.is_match() {
                life = Life::Matched;
            } else if state.is_dead() {
                return life;
            }
        }
        unclear
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    /// Nothing matches here, whatever follows.
    None,
    /// Something may.
    Open,
    /// Something does, and what follows changes nothing, or is too far away.
    Matched,
}

/// Returns an automaton that lives as long as one of the expressions may match. It knows no borders of words and lines,
/// so that it lives a little longer at times.
fn alive(patterns: &[&str]) -> Result<DFA, String> {
    let parsed = patterns.iter().map(|pattern| {
        let parsed = syntax::parse_with(pattern, &syntax_limits()).map_err(|error| error.to_string())?;
        Ok(without_borders(parsed))
    });
    let parsed: Vec<Hir> = parsed.collect::<Result<_, String>>()?;
    let limit = COMPILED_BYTES.saturating_mul(patterns.len());
    let nfa = thompson::Compiler::new()
        .configure(
            thompson::Config::new().nfa_size_limit(Some(limit)).which_captures(thompson::WhichCaptures::None),
        )
        .build_many_from_hir(&parsed)
        .map_err(|error| error.to_string())?;
    let config =
        DFA::config().match_kind(MatchKind::All).skip_cache_capacity_check(true).cache_capacity(CACHE_BYTES);
    DFA::builder().configure(config).build_from_nfa(nfa).map_err(|error| error.to_string())
}

/// The depth is limited when an expression is parsed.
fn without_borders(parsed: Hir) -> Hir {
    match parsed.into_kind() {
        HirKind::Look(_) | HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Capture(capture) => without_borders(*capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(without_borders).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.into_iter().map(without_borders).collect()),
        HirKind::Repetition(repeated) => {
            let sub = Box::new(without_borders(*repeated.sub));
            Hir::repetition(Repetition { sub, ..repeated })
        }
    }
}

fn syntax_limits() -> syntax::Config {
    syntax::Config::new().nest_limit(MOST_NESTED)
}

/// Says what is wrong with an expression.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    let regex = compiled(pattern)?;
    if regex.find("").is_some() {
        return Err("must not match an empty text".to_owned());
    }
    Ok(())
}

fn compiled(pattern: &str) -> Result<meta::Regex, String> {
    let limits = meta::Config::new()
        .nfa_size_limit(Some(COMPILED_BYTES))
        .onepass_size_limit(Some(COMPILED_BYTES))
        .hybrid_cache_capacity(COMPILED_BYTES);
    meta::Builder::new().configure(limits).syntax(syntax_limits()).build(pattern).map_err(|error| {
        let is_large = error.size_limit().is_some();
        let reason = error.syntax_error().map_or_else(|| error.to_string(), ToString::to_string);
        let last = reason.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
        if is_large {
            format!("too large once compiled: expected at most {COMPILED_BYTES} bytes")
        } else {
            last
        }
    })
}
