//! From a word to its stem, by language. Accents matter to the stemmers, so folding comes after them.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};

use super::normalise::folded;

/// Returns the folded stem of a normalised word; without a stemmer for the language, the folded word.
pub(crate) fn stem(word: String, language: &str) -> String {
    let Some(algorithm) = algorithm(language) else { return folded(word) };
    // Articles and conjunctions are written together with Arabic nouns, which the stemmer takes off.
    let restored = restore(&word, language);
    folded(Stemmer::create(algorithm).stem(&restored).into_owned())
}

fn algorithm(language: &str) -> Option<Algorithm> {
    Some(match language {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

/// Puts back what people leave out on keyboards without accents, where the rule is safe, so that both spellings have
/// one stem.
fn restore<'a>(word: &'a str, language: &str) -> Cow<'a, str> {
    let ending = |plain: &str, accented: &str| {
        word.strip_suffix(plain).filter(|head| head.len() >= 2).map(|head| format!("{head}{accented}"))
    };
    let restored = match language {
        "de" => Some(umlauts(word)),
        "es" => ending("cion", "ción").or_else(|| ending("sion", "sión")),
        "pt" => ending("cao", "ção").or_else(|| ending("coes", "ções")),
        _ => None,
    };
    restored.map_or(Cow::Borrowed(word), Cow::Owned)
}

/// Writes `ae`, `oe`, `ue` as umlauts, except where the `u` or `e` belongs to another sound (`quelle`, `neue`, `aktuell`).
fn umlauts(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut characters = word.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let follows_vowel = matches!(before, 'a' | 'e' | 'i' | 'o' | 'u' | 'q');
        let umlaut = match character {
            'a' => 'ä',
            'o' => 'ö',
            'u' if !follows_vowel => 'ü',
            other => {
                out.push(other);
                before = other;
                continue;
            }
        };
        let is_pair = characters.next_if_eq(&'e').is_some();
        out.push(if is_pair { umlaut } else { character });
        before = if is_pair { 'e' } else { character };
    }
    out
}
