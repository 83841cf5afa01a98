//! From a word to its stem, by language. Accents matter to the stemmers, so folding comes after them.

use rust_stemmers::{Algorithm, Stemmer};

use super::normalise::fold;

/// Returns the folded stem of a normalised word; without a stemmer for the language, the folded word.
pub(crate) fn stem(word: &str, language: &str) -> String {
    let Some(algorithm) = algorithm(language) else { return fold(word) };
    // Articles and conjunctions are written together with Arabic nouns, which the stemmer takes off.
    let restored = restore(word, language);
    fold(&Stemmer::create(algorithm).stem(&restored))
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
fn restore(word: &str, language: &str) -> String {
    let ending = |plain: &str, accented: &str| {
        word.strip_suffix(plain).filter(|head| head.len() >= 2).map(|head| format!("{head}{accented}"))
    };
    match language {
        "de" => umlauts(word),
        "es" => ending("cion", "ción").or_else(|| ending("sion", "sión")).unwrap_or_else(|| word.to_owned()),
        "pt" => ending("cao", "ção").or_else(|| ending("coes", "ções")).unwrap_or_else(|| word.to_owned()),
        _ => word.to_owned(),
    }
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
