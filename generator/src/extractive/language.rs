//! Which language a question is written in, as far as stemming and function words need it.
//!
//! Scripts decide first, function words second; it knows nothing of what a question means.

use rust_stemmers::Algorithm;

use super::stopwords;

/// A language whose function words or stems are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    English,
    German,
    Spanish,
    French,
    Italian,
    Portuguese,
    Dutch,
    Russian,
    Arabic,
    /// Written without spaces, or not known: compared without stems.
    Other,
}

/// Languages told apart by their function words; ties go to the earlier one.
const BY_WORDS: [Language; 7] = [
    Language::English,
    Language::German,
    Language::Spanish,
    Language::French,
    Language::Italian,
    Language::Portuguese,
    Language::Dutch,
];

impl Language {
    /// Returns the language with this ISO 639-1 code or BCP 47 tag.
    pub(crate) fn from_tag(tag: &str) -> Option<Self> {
        let code = tag.split(['-', '_']).next().unwrap_or_default();
        Some(match code.to_ascii_lowercase().as_str() {
            "en" => Self::English,
            "de" => Self::German,
            "es" => Self::Spanish,
            "fr" => Self::French,
            "it" => Self::Italian,
            "pt" => Self::Portuguese,
            "nl" => Self::Dutch,
            "ru" => Self::Russian,
            "ar" => Self::Arabic,
            _ => return None,
        })
    }

    /// Returns the question's language; `hint` (the passages' own) decides where its words do not.
    pub(crate) fn of_question(question: &str, hint: Option<Self>) -> Self {
        if let Some(by_script) = of_script(question) {
            return by_script;
        }
        let lower = question.to_lowercase();
        let words: Vec<&str> =
            lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let count = |language: Self| words.iter().filter(|word| stopwords::contains(language, word)).count();
        let mut best = (0, hint.unwrap_or(Self::English));
        for language in BY_WORDS {
            let found = count(language);
            if found > best.0 || (found == best.0 && found > 0 && Some(language) == hint) {
                best = (found, language);
            }
        }
        best.1
    }

    /// Returns the ISO 639-1 code; where the script only narrows it down, `text` in that script decides.
    pub(crate) fn tag(self, text: &str) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Spanish => "es",
            Self::French => "fr",
            Self::Italian => "it",
            Self::Portuguese => "pt",
            Self::Dutch => "nl",
            Self::Russian => "ru",
            Self::Arabic => "ar",
            Self::Other if text.contains(is_kana) => "ja",
            Self::Other if text.contains(is_han) => "zh",
            Self::Other => "und",
        }
    }

    /// Returns the Snowball algorithm, where there is one.
    pub(crate) fn stemmer(self) -> Option<Algorithm> {
        Some(match self {
            Self::English => Algorithm::English,
            Self::German => Algorithm::German,
            Self::Spanish => Algorithm::Spanish,
            Self::French => Algorithm::French,
            Self::Italian => Algorithm::Italian,
            Self::Portuguese => Algorithm::Portuguese,
            Self::Dutch => Algorithm::Dutch,
            Self::Russian => Algorithm::Russian,
            Self::Arabic => Algorithm::Arabic,
            Self::Other => return None,
        })
    }
}

fn is_kana(c: char) -> bool {
    matches!(u32::from(c), 0x3040..0x3100)
}

fn is_han(c: char) -> bool {
    matches!(u32::from(c), 0x3400..0x4dc0 | 0x4e00..0xa000)
}

fn of_script(text: &str) -> Option<Language> {
    let letters = text.chars().filter(|c| c.is_alphabetic());
    let (mut latin, mut arabic, mut cyrillic, mut other) = (0_u32, 0_u32, 0_u32, 0_u32);
    for letter in letters {
        match u32::from(letter) {
            0..0x370 | 0x1e00..0x1f00 => latin += 1,
            0x400..0x530 => cyrillic += 1,
            0x600..0x780 | 0x8a0..0x900 | 0xfb50..0xfe00 | 0xfe70..0xff00 => arabic += 1,
            // A character of a script without spaces says about as much as three letters.
            _ => other += 3,
        }
    }
    let most = latin.max(arabic).max(cyrillic).max(other);
    match most {
        0 => None,
        _ if most == latin => None,
        _ if most == arabic => Some(Language::Arabic),
        _ if most == cyrillic => Some(Language::Russian),
        _ => Some(Language::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::Language;

    #[test]
    fn a_question_tells_its_language_by_script_and_function_words() {
        let cases = [
            ("When are you open on Sundays?", None, Language::English),
            ("Wann habt ihr am Sonntag geöffnet?", None, Language::German),
            ("¿A qué hora abren los domingos?", None, Language::Spanish),
            ("Quels sont vos horaires le dimanche ?", None, Language::French),
            ("你们星期天几点开门？", None, Language::Other),
            ("متى تفتحون يوم الأحد؟", None, Language::Arabic),
            ("Когда вы открыты?", None, Language::Russian),
            ("HL-365V93 Preis", Some(Language::German), Language::German),
            ("HL-365V93", None, Language::English),
        ];
        for (question, hint, expected) in cases {
            assert_eq!(Language::of_question(question, hint), expected, "{question}");
        }
    }
}
