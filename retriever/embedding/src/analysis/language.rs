//! Which language a text is written in.

use whatlang::{Lang, detect};

use super::normalise::normalise;
use super::stop_words::{is_stop_word, listed_languages};

/// Share of a text that is looked at, in characters; more changes the verdict no longer and costs time.
const LOOK_AT_CHARACTERS: usize = 4_000;
/// Fewest letters that allow a verdict.
const FEWEST_LETTERS: usize = 20;

/// Returns the ISO 639-1 code of the text's language, or nothing where the text is too short or too mixed to say.
pub fn detect_language(text: &str) -> Option<&'static str> {
    let head: String = text.chars().take(LOOK_AT_CHARACTERS).collect();
    if head.chars().filter(|character| character.is_alphabetic()).count() < FEWEST_LETTERS {
        return None;
    }
    let verdict = detect(&head)?;
    let language = code(verdict.lang())?;
    (verdict.is_reliable() || most_stop_words(&head) == Some(language)).then_some(language)
}

/// Returns the language whose stop words are the most in the text, when they are a fifth of it and no other language has
/// as many: a second opinion where letters alone do not decide between neighbours such as Spanish and Portuguese.
fn most_stop_words(text: &str) -> Option<&'static str> {
    let normal = normalise(text);
    let words: Vec<&str> = normal
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let count = |language| words.iter().filter(|word| is_stop_word(word, language)).count();
    let mut counts: Vec<(usize, &'static str)> =
        listed_languages().map(|language| (count(language), language)).collect();
    counts.sort_unstable();
    match counts[..] {
        [.., (second, _), (first, language)] if first > second && first * 5 >= words.len() => Some(language),
        _ => None,
    }
}

fn code(language: Lang) -> Option<&'static str> {
    Some(match language {
        Lang::Eng => "en",
        Lang::Deu => "de",
        Lang::Fra => "fr",
        Lang::Spa => "es",
        Lang::Ita => "it",
        Lang::Por => "pt",
        Lang::Nld => "nl",
        Lang::Swe => "sv",
        Lang::Dan => "da",
        Lang::Nob => "no",
        Lang::Fin => "fi",
        Lang::Hun => "hu",
        Lang::Ron => "ro",
        Lang::Pol => "pl",
        Lang::Ces => "cs",
        Lang::Slk => "sk",
        Lang::Slv => "sl",
        Lang::Hrv => "hr",
        Lang::Srp => "sr",
        Lang::Bul => "bg",
        Lang::Rus => "ru",
        Lang::Ukr => "uk",
        Lang::Ell => "el",
        Lang::Tur => "tr",
        Lang::Ara => "ar",
        Lang::Heb => "he",
        Lang::Pes => "fa",
        Lang::Hin => "hi",
        Lang::Tam => "ta",
        Lang::Tha => "th",
        Lang::Vie => "vi",
        Lang::Ind => "id",
        Lang::Cmn => "zh",
        Lang::Jpn => "ja",
        Lang::Kor => "ko",
        Lang::Khm => "km",
        Lang::Mya => "my",
        Lang::Cat => "ca",
        _ => return None,
    })
}
