//! Names: capitalised words inside a sentence that no passage holds. In German every noun is capitalised, so there only
//! what cannot be a noun counts: what follows a title, capitals inside a word, and two unknown words side by side.

use super::{ClaimKind, Need, Proof, Sentence};
use crate::extractive::language::Language;
use crate::gate::facts::{self, Key};
use crate::gate::lexicon::{Entry, NOTHING, Role};
use crate::gate::tokens::{Gap, Kind, Token};

/// Words with capitals that name nothing.
#[rustfmt::skip]
const COMMON: [&str; 34] = [
    "ok", "yes", "no", "faq", "pdf", "id", "tv", "pc", "sms", "url", "wifi", "wi", "fi", "internet", "email", "e", "mail", "web", "online", "app",
    "sie", "ihr", "ihre", "ihnen", "ihrem", "ihren", "ihrer", "ihres", "du", "please", "note", "sorry", "hello", "thanks",
];

pub(super) fn needs(sentence: &Sentence<'_>, needs: &mut Vec<Need>) {
    if is_heading(sentence) {
        return;
    }
    let taken = taken(sentence);
    let is_free = |place: usize| taken.get(place).is_some_and(|taken| !taken);
    for place in (0..sentence.tokens.len()).filter(|place| is_free(*place)) {
        let Some(token) = sentence.tokens.get(place).filter(|token| may_be_name(token)) else { continue };
        if let Some(proof) = proof(sentence, place, token) {
            needs.push(Need::new(ClaimKind::Name, token.text, proof));
        }
    }
}

/// Returns what proves a name; none when the word need not be one.
fn proof(sentence: &Sentence<'_>, place: usize, token: &Token<'_>) -> Option<Proof> {
    let word = facts::stem_hash(token.text);
    let alone = || Proof::Any(vec![(Key::Text(word), None)]);
    if has_inner_capital(token.text) {
        return Some(alone());
    }
    if sentence.language != Language::German {
        return (!begins_phrase(sentence.tokens, place)).then(alone);
    }
    let title = place.checked_sub(1).and_then(|before| sentence.tokens.get(before));
    if title.is_some_and(|title| is_title(sentence, place, title)) {
        return Some(alone());
    }
    beside(sentence, place).map(|other| Proof::Beside(word, facts::stem_hash(other.text)))
}

/// Marks the tokens that are something else already.
fn taken(sentence: &Sentence<'_>) -> Vec<bool> {
    let mut taken = vec![false; sentence.tokens.len()];
    for mention in sentence.mentions {
        if let Some(tokens) = taken.get_mut(mention.tokens.clone()) {
            tokens.fill(true);
        }
    }
    taken
}

fn may_be_name(token: &Token<'_>) -> bool {
    let bare = token.text.split(['\'', '’']).next().unwrap_or_default();
    let is_latin = |c: char| u32::from(c) < 0x250 || matches!(u32::from(c), 0x300..0x370 | 0x1e00..0x1f00);
    let means_nothing = *token.entry == NOTHING || *token.entry == suffix_only(token.entry);
    token.is_capital()
        && means_nothing
        && bare.chars().count() > 1
        && bare.chars().all(is_latin)
        && !COMMON.iter().any(|common| bare.eq_ignore_ascii_case(common))
}

/// Endings of ordinals are words as well.
fn suffix_only(entry: &Entry) -> Entry {
    Entry { is_ordinal_suffix: entry.is_ordinal_suffix, ..NOTHING }
}

fn is_title(sentence: &Sentence<'_>, place: usize, before: &Token<'_>) -> bool {
    let is_dot = before.is_mark(".");
    let word = place.checked_sub(2).and_then(|place| sentence.tokens.get(place)).filter(|_| is_dot);
    before.entry.role == Role::Title || word.is_some_and(|word| word.entry.role == Role::Title)
}

/// Returns the neighbour that is capitalised too and means nothing else.
fn beside<'s>(sentence: &'s Sentence<'_>, place: usize) -> Option<&'s Token<'s>> {
    let token = sentence.tokens.get(place)?;
    let before = place
        .checked_sub(1)
        .filter(|before| token.gap == Gap::Space && !begins_phrase(sentence.tokens, *before));
    let before = before.and_then(|before| sentence.tokens.get(before)).filter(|word| may_be_name(word));
    let after = sentence.tokens.get(place + 1).filter(|word| word.gap == Gap::Space && may_be_name(word));
    before.or_else(|| after.filter(|_| !begins_phrase(sentence.tokens, place)))
}

/// Returns whether a word begins a sentence or a part of one, where every word is capitalised.
fn begins_phrase(tokens: &[Token<'_>], place: usize) -> bool {
    const OPENING: [&str; 20] =
        [":", "|", "•", "“", "”", "\"", "„", "«", "»", "‘", "—", "–", "…", "?", "!", ".", "¿", "¡", ";", "/"];
    const SKIPPED: usize = 8;
    let token = tokens.get(place);
    if token.is_none_or(|token| token.gap == Gap::Line) {
        return true;
    }
    for before in (0..place).rev().take(SKIPPED) {
        let Some(token) = tokens.get(before) else { return true };
        if token.kind != Kind::Mark {
            // The mark of a list: "1. Go", or "2) Go", whose mark was skipped.
            return token.kind == Kind::Number && token.gap == Gap::Line;
        }
        let is_dash = token.is_dash() && token.gap != Gap::None;
        if token.is_one_of(&OPENING) || is_dash {
            return !is_title_dot(tokens, before);
        }
        if !token.is_one_of(&["*", "_", "`", "#", ">", ")", "["]) {
            return false;
        }
        if token.gap == Gap::Line {
            return true;
        }
    }
    true
}

fn is_title_dot(tokens: &[Token<'_>], dot: usize) -> bool {
    let before = dot.checked_sub(1).and_then(|place| tokens.get(place));
    before.is_some_and(|word| word.entry.role == Role::Title)
}

/// Returns whether a word has a capital after its first letter, as acronyms and many brands do.
fn has_inner_capital(word: &str) -> bool {
    word.chars().skip(1).any(char::is_uppercase)
}

/// Returns whether the sentence is a heading: marked as one, bold as a whole, or in capitals.
fn is_heading(sentence: &Sentence<'_>) -> bool {
    let text = sentence.text.trim();
    let is_bold = text.starts_with("**") && text.trim_end_matches(':').ends_with("**");
    let is_loud = text.chars().filter(|c| c.is_alphabetic()).all(char::is_uppercase);
    text.starts_with('#') || is_bold || is_loud
}
