//! From a word to its stem, by language. Accents matter to the stemmers, so folding comes after them.

use std::borrow::Cow;
use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};

use super::normalise::folded;

/// Words whose stems are kept, at most: a long document has fewer that come again.
const MOST_KEPT: usize = 8_192;

/// The stems of one language's words; each is worked out once.
#[derive(Clone, Debug)]
pub struct Stems {
    language: String,
    known: HashMap<String, String>,
}

impl Stems {
    /// Returns the stems of a language, an ISO 639-1 code; of a language without a stemmer, its folded words.
    pub fn new(language: &str) -> Self {
        Self { language: language.to_owned(), known: HashMap::new() }
    }

    pub(crate) fn language(&self) -> &str {
        &self.language
    }

    pub(crate) fn stem(&mut self, word: String) -> String {
        if let Some(known) = self.known.get(&word) {
            return known.clone();
        }
        let stem = stem(word.clone(), &self.language);
        if self.known.len() >= MOST_KEPT {
            self.known.clear();
        }
        self.known.insert(word, stem.clone());
        stem
    }
}

/// Returns the folded stem of a normalised word; without a stemmer for the language, the folded word.
fn stem(word: String, language: &str) -> String {
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
