//! From a question to the terms that are searched: which joined codes count, which misspelt words are corrected. It
//! knows the words of the collections searched only through [`Lexicon`].

use std::collections::HashSet;

use embedding::analysis::{self, Kind, Term};

use super::QuestionTerm;
use super::rescue::{self, Correction};
use crate::error::Error;

/// Most terms that are searched; the rarest of a longer question are kept.
const MOST_TERMS: usize = 64;
/// Weight of a product code beside 1 for a word: a question that names one is about nothing else.
const CODE: f32 = 5.0;
/// Weight of a word corrected by one mistake, by two, and of an unknown pair of characters, which often just reaches
/// across two words.
const CORRECTED: f32 = 0.8;
const CORRECTED_TWICE: f32 = 0.6;
const UNKNOWN_PAIR: f32 = 0.3;

/// What is known of the words in the collections searched.
pub(super) trait Lexicon {
    /// Returns how many chunks hold a term.
    fn frequency(&self, term: &str) -> Result<u64, Error>;
    /// Returns what an unknown word, given as its stem and as written, may have been meant to be; empty when there is no good guess.
    fn corrections(&self, stem: &str, written: &str) -> Result<Vec<Correction>, Error>;
}

/// A term with all forms in which it is searched.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) shown: QuestionTerm,
    /// One for each language of the documents, or the corrections that are equally near.
    pub(super) forms: Vec<String>,
}

/// Returns the terms of a question, each once, in order. `languages` are those of the documents searched: a question is
/// analysed like the documents that may answer it.
pub(super) fn resolve(
    question: &str,
    languages: &[&str],
    lexicon: &impl Lexicon,
) -> Result<Vec<Asked>, Error> {
    let mut found = Vec::new();
    for group in groups(question, languages) {
        let chunks = most_frequent(&group, lexicon)?;
        found.push((group, chunks));
    }
    let written = analysis::surface(question);
    let mut asked = Vec::new();
    for (group, chunks) in &found {
        let is_superfluous = is_superfluous(group, *chunks, &found);
        if is_superfluous {
            continue;
        }
        let written = written.iter().find(|term| (term.first, term.last) == (group.first, group.last));
        match written.filter(|_| *chunks == 0 && group.kind == Kind::Word) {
            Some(written) if rescue::is_misspelt_stop_word(&written.text, languages) => {}
            Some(written) => correct(group, &written.text, lexicon, &mut asked)?,
            None => asked.extend(as_typed(group, *chunks)),
        }
    }
    let mut seen = HashSet::new();
    asked.retain_mut(|term: &mut Asked| {
        term.forms.retain(|form| seen.insert(form.clone()));
        !term.forms.is_empty()
    });
    Ok(cut(asked))
}

/// Whether a term only repeats what a joined one says better, or is a joining that means nothing.
fn is_superfluous(group: &Group, chunks: u64, found: &[(Group, u64)]) -> bool {
    let is_known_code =
        |(other, known): &&(Group, u64)| *known > 0 && other.forms.iter().any(|form| analysis::is_code(form));
    // An unknown joining is a code of its own only where it does not just add a word to a known one.
    let is_unknown_code = |group: &Group, chunks: u64| {
        let holds_known = found.iter().filter(is_known_code).any(|(other, _)| other.is_inside(group));
        group.is_code && chunks == 0 && !holds_known
    };
    let is_inside = |of: &dyn Fn(&Group, u64) -> bool| {
        found.iter().any(|(wider, known)| group.is_inside(wider) && of(wider, *known))
    };
    let inside_known = is_inside(&|_, known| known > 0);
    let inside_unknown_code = is_inside(&is_unknown_code);
    match group.kind {
        Kind::Joined if chunks == 0 => !is_unknown_code(group, chunks) || inside_known || inside_unknown_code,
        Kind::Joined => false,
        _ => chunks == 0 && inside_known || inside_unknown_code,
    }
}

/// What the same pieces of the question become in each language.
#[derive(Debug)]
struct Group {
    first: usize,
    last: usize,
    kind: Kind,
    is_code: bool,
    forms: Vec<String>,
}

impl Group {
    fn is_inside(&self, wider: &Self) -> bool {
        let is_wider = (wider.first, wider.last) != (self.first, self.last);
        is_wider && wider.kind == Kind::Joined && wider.first <= self.first && self.last <= wider.last
    }
}

fn groups(question: &str, languages: &[&str]) -> Vec<Group> {
    let analysed: Vec<Vec<Term>> = match languages {
        [] => vec![analysis::analyse(question, "")],
        languages => languages.iter().map(|language| analysis::analyse(question, language)).collect(),
    };
    let mut groups: Vec<Group> = Vec::new();
    for term in analysed.iter().flatten() {
        // Pieces that are a stop word in one of the languages are left out in all.
        let is_everywhere = |terms: &Vec<Term>| {
            terms.iter().any(|other| (other.first, other.last) == (term.first, term.last))
        };
        if term.kind == Kind::Word && !analysed.iter().all(is_everywhere) {
            continue;
        }
        // Neighbouring pairs of a dense script are places of their own, so that equal places mean the same piece.
        match groups.iter_mut().find(|group| (group.first, group.last) == (term.first, term.last)) {
            Some(group) if group.forms.contains(&term.text) => {}
            Some(group) => group.forms.push(term.text.clone()),
            None => groups.push(Group {
                first: term.first,
                last: term.last,
                kind: term.kind,
                is_code: term.is_code,
                forms: vec![term.text.clone()],
            }),
        }
    }
    groups.sort_by_key(|group| (group.first, group.last));
    groups
}

fn most_frequent(group: &Group, lexicon: &impl Lexicon) -> Result<u64, Error> {
    let mut most = 0;
    for form in &group.forms {
        most = lexicon.frequency(form)?.max(most);
    }
    Ok(most)
}

/// Asks for what an unknown word was meant to be, or for the word itself where nobody can say.
fn correct(
    group: &Group,
    written: &str,
    lexicon: &impl Lexicon,
    asked: &mut Vec<Asked>,
) -> Result<(), Error> {
    let Some(stem) = group.forms.first() else { return Ok(()) };
    let corrections = lexicon.corrections(stem, written)?;
    if corrections.is_empty() {
        asked.extend(as_typed(group, 0));
    }
    asked.extend(corrections.into_iter().map(|correction| {
        let weight = if correction.mistakes > 1 { CORRECTED_TWICE } else { CORRECTED };
        let shown = QuestionTerm { text: correction.word, chunks: correction.chunks, weight };
        Asked { shown, forms: correction.forms }
    }));
    Ok(())
}

fn as_typed(group: &Group, chunks: u64) -> Option<Asked> {
    let weight = match group.kind {
        Kind::Dense if chunks == 0 => UNKNOWN_PAIR,
        Kind::Code | Kind::Joined if group.forms.iter().any(|form| analysis::is_code(form)) => CODE,
        _ => 1.0,
    };
    let text = group.forms.first()?.clone();
    Some(Asked { shown: QuestionTerm { text, chunks, weight }, forms: group.forms.clone() })
}

fn cut(mut asked: Vec<Asked>) -> Vec<Asked> {
    if asked.len() > MOST_TERMS {
        let mut frequencies: Vec<u64> = asked.iter().map(|term| term.shown.chunks).collect();
        frequencies.sort_unstable();
        let limit = frequencies.get(MOST_TERMS - 1).copied().unwrap_or(u64::MAX);
        asked.retain(|term| term.shown.chunks <= limit);
        asked.truncate(MOST_TERMS);
    }
    asked
}
