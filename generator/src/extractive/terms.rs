//! Text as comparable words: folded, stemmed, product codes whole, pairs of characters where words have no spaces.

use rust_stemmers::Stemmer;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::language::Language;
use super::stopwords;
use super::weekdays::{self, Weekday};

/// Letters that a code may start with before its digits, as `HL` in `HL-365V93`.
const MAX_CODE_PREFIX: usize = 4;

/// What a word is, which decides how exactly it must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// An ordinary word: stems, typing slips and compounds count.
    Word,
    /// Letters and digits together, or a long run of digits: only itself counts.
    Code,
    /// A number: only itself counts.
    Number,
    /// Two neighbouring characters of a script without spaces.
    Pair,
    /// A day of the week, whatever the language and ending.
    Weekday,
}

/// A word as it is compared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Word {
    /// Folded stem; what is compared.
    pub(crate) key: String,
    /// Folded, without stemming.
    pub(crate) folded: String,
    pub(crate) kind: Kind,
    /// Whether it was written with a capital letter.
    pub(crate) is_capital: bool,
}

/// Turns text into words of one language.
pub(crate) struct Analyzer {
    language: Language,
    stemmer: Option<Stemmer>,
}

/// Returns text in lower case without compatibility forms and accents.
pub(crate) fn fold(text: &str) -> String {
    let is_accent =
        |c: &char| matches!(u32::from(*c), 0x300..0x370 | 0x591..0x5c8 | 0x64b..0x660 | 0x670 | 0x640);
    let plain: String = text.to_lowercase().nfkd().filter(|c| !is_accent(c)).nfc().collect();
    plain.replace('ß', "ss")
}

impl Analyzer {
    pub(crate) fn new(language: Language) -> Self {
        Self { language, stemmer: language.stemmer().map(Stemmer::create) }
    }

    /// Returns every word of a passage's text, with the days that a span such as "Mon–Fri" holds.
    pub(crate) fn words(&self, text: &str) -> Vec<Word> {
        let text = spelled(text);
        let tokens = tokens(&text);
        let mut words = Vec::with_capacity(tokens.len());
        for token in &tokens {
            if token.is_unspaced {
                words.extend(pairs(token.text).into_iter().map(pair));
            } else {
                words.push(self.word(token.text));
            }
        }
        let joined = codes_joined(&words);
        words.extend(joined);
        words.extend(weekdays::named_in(&text).into_iter().map(day));
        words
    }

    /// Returns the words of a question that carry content, in order and once each.
    pub(crate) fn question_words(&self, question: &str) -> Vec<Word> {
        let text = spelled(question);
        let days = weekdays::named_in(&text);
        let mut words: Vec<Word> = Vec::new();
        for token in tokens(&text) {
            if token.is_unspaced {
                let without_days = weekdays::without_unspaced(token.text);
                let pieces = stopwords::unspaced_content(&without_days);
                words.extend(pieces.iter().flat_map(|piece| pairs(piece)).map(pair));
            } else if !stopwords::contains(self.language, token.text)
                && weekdays::of_name(&fold(token.text)).is_none()
            {
                let word = self.word(token.text);
                let is_particle = word.kind == Kind::Word && word.folded.chars().count() < 2;
                if !is_particle && !stopwords::contains(self.language, &word.folded) {
                    words.push(word);
                }
            }
        }
        let joined = codes_joined(&words);
        if !joined.is_empty() {
            // The whole code stands for its parts.
            words.retain(|word| {
                !joined.iter().any(|code| code.key != word.key && code.key.contains(&word.key))
            });
            words.extend(joined);
        }
        words.extend(days.into_iter().map(day));
        let mut seen = std::collections::HashSet::new();
        words.retain(|word| seen.insert(word.key.clone()));
        words
    }

    fn word(&self, token: &str) -> Word {
        let bare = without_apostrophe(token);
        let folded = fold(bare);
        let is_capital = bare.chars().next().is_some_and(char::is_uppercase);
        let digits = folded.chars().filter(|c| c.is_numeric()).count();
        let kind = match digits {
            0 => Kind::Word,
            6.. => Kind::Code,
            _ if folded.chars().any(char::is_alphabetic) => Kind::Code,
            _ => Kind::Number,
        };
        let key = match &self.stemmer {
            Some(stemmer) if kind == Kind::Word => fold(&stemmer.stem(&bare.to_lowercase())),
            _ => folded.clone(),
        };
        Word { key, folded, kind, is_capital }
    }
}

/// Compatibility forms are resolved, and the parts of names such as `lead_time` are words.
fn spelled(text: &str) -> String {
    text.nfkc().map(|c| if c == '_' { ' ' } else { c }).collect()
}

struct Token<'t> {
    text: &'t str,
    is_unspaced: bool,
}

fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut run: Option<(usize, usize)> = None;
    for (start, word) in text.unicode_word_indices() {
        let end = start + word.len();
        let is_unspaced = word.chars().next().is_some_and(is_unspaced);
        run = match run {
            Some((from, to)) if is_unspaced && to == start => Some((from, end)),
            ended => {
                tokens.extend(ended.map(|(from, to)| Token { text: &text[from..to], is_unspaced: true }));
                is_unspaced.then_some((start, end))
            }
        };
        if !is_unspaced {
            tokens.push(Token { text: word, is_unspaced });
        }
    }
    tokens.extend(run.map(|(from, to)| Token { text: &text[from..to], is_unspaced: true }));
    tokens
}

fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0xe00..0x0f00 | 0x1000..0x10a0 | 0x1780..0x1800 | 0x3040..0x3100 | 0x3400..0x4dc0 | 0x4e00..0xa000
        | 0xac00..0xd7b0 | 0xf900..0xfb00 | 0x20000..0x32000)
}

fn pairs(run: &str) -> Vec<String> {
    let characters: Vec<char> = run.chars().collect();
    match characters.len() {
        0 => Vec::new(),
        1 => vec![run.to_owned()],
        _ => characters.windows(2).map(|two| two.iter().collect()).collect(),
    }
}

fn pair(key: String) -> Word {
    Word { folded: key.clone(), key, kind: Kind::Pair, is_capital: false }
}

fn day(day: Weekday) -> Word {
    let key = format!("weekday:{}", day.0);
    Word { folded: key.clone(), key, kind: Kind::Weekday, is_capital: false }
}

/// Returns `hl365v93` for the neighbours `hl` and `365v93`, so that spelling with and without a hyphen is the same.
fn codes_joined(words: &[Word]) -> Vec<Word> {
    let mut codes = Vec::new();
    for two in words.windows(2) {
        let [letters, rest] = two else { continue };
        let is_prefix = letters.kind == Kind::Word && letters.folded.chars().count() <= MAX_CODE_PREFIX;
        let is_code = rest.kind == Kind::Code && rest.folded.starts_with(|c: char| c.is_numeric());
        if is_prefix && is_code && letters.folded.is_ascii() {
            let key = format!("{}{}", letters.folded, rest.folded);
            codes.push(Word { folded: key.clone(), key, kind: Kind::Code, is_capital: letters.is_capital });
        }
    }
    codes
}

/// Drops what an apostrophe joins: `Jacksonville's`, `what's`, `l'adresse`.
fn without_apostrophe(token: &str) -> &str {
    match token.split_once(['\'', '’']) {
        Some((before, after)) if before.chars().count() <= 2 && after.chars().count() > 2 => after,
        Some((before, _)) => before,
        None => token,
    }
}

#[cfg(test)]
mod tests {
    use super::{Analyzer, Kind, Language, fold};

    fn keys(question: &str, language: Language) -> Vec<String> {
        Analyzer::new(language).question_words(question).into_iter().map(|word| word.key).collect()
    }

    #[test]
    fn folding_drops_case_accents_and_compatibility_forms() {
        for (text, folded) in
            [("Straße", "strasse"), ("ÖFFNUNG", "offnung"), ("３５", "35"), ("أحد", "احد"), ("한국", "한국")]
        {
            assert_eq!(fold(text), folded);
        }
    }

    #[test]
    fn a_question_is_reduced_to_its_content() {
        assert_eq!(keys("When are you open on Sundays?", Language::English), ["open", "weekday:6"]);
        assert_eq!(keys("Wann habt ihr sonntags geöffnet?", Language::German), ["geoffnet", "weekday:6"]);
        assert_eq!(keys("你们星期天几点开门？", Language::Other), ["开门", "weekday:6"]);
    }

    #[test]
    fn a_product_code_is_the_same_with_and_without_its_hyphen() {
        let written = Analyzer::new(Language::English).words("sku: HL-365V93;");
        for question in ["HL-365V93", "hl 365v93", "hl365v93"] {
            let asked = Analyzer::new(Language::English).question_words(question);
            let [code] = asked.as_slice() else { unreachable!("{question} gave {asked:?}") };
            assert_eq!(code.kind, Kind::Code);
            assert!(written.iter().any(|word| word.key == code.key), "{question}");
        }
    }
}
