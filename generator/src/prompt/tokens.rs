//! At most how many tokens a language model counts in a text. The vocabularies of Amazon's models are not public, so this
//! is an upper bound by script: text is cut into words, numbers and marks, and each is charged what it costs at worst.
//!
//! The charges were measured with two public vocabularies, `cl100k_base` (100,000 tokens, poor outside of Latin script)
//! and `o200k_base` (200,000 tokens), over 8,000 English, German and Spanish passages and questions and a text in each of
//! 29 languages: none had more tokens than are charged, and prose has a half to two thirds of them. Noise that is no
//! language may have up to twice what is charged. `tests/tokens.rs` measures it again.

/// Letters of a word of ASCII letters that a token covers at least, with one token more for words that are longer.
const LETTERS: u32 = 3;
/// Of a text, for odd words that a short text cannot make up for.
const SLACK: u32 = 4;

/// Returns at most how many tokens a language model counts in a text of words and numbers.
pub fn most_tokens(text: &str) -> u32 {
    let mut count = Count::default();
    text.chars().for_each(|character| count.add(character));
    if text.is_empty() { 0 } else { count.tokens().saturating_add(SLACK) }
}

/// Returns the beginning of a text that has at most this many tokens; where it is not the whole text it ends with a whole
/// word.
pub(super) fn beginning(text: &str, tokens: u32) -> &str {
    let mut count = Count::default();
    let mut whole_words = 0;
    for (place, character) in text.char_indices() {
        if character.is_whitespace() {
            whole_words = place;
        }
        count.add(character);
        if count.tokens().saturating_add(SLACK) > tokens {
            return text.get(..whole_words).unwrap_or_default();
        }
    }
    text
}

/// What was read of a text, and what it costs.
#[derive(Debug, Default)]
struct Count {
    tokens: u32,
    word: Word,
}

impl Count {
    fn add(&mut self, character: char) {
        match charge(character) {
            Charge::Letter { is_capital } => self.word.add(is_capital),
            // The space after a word belongs to the next word's first token.
            Charge::Space if self.word.letters > 0 => self.end_word(0),
            Charge::Space => self.end_word(1),
            Charge::Tokens(tokens) => self.end_word(tokens),
        }
    }

    fn end_word(&mut self, more: u32) {
        self.tokens = self.tokens().saturating_add(more);
        self.word = Word::default();
    }

    fn tokens(&self) -> u32 {
        self.tokens.saturating_add(self.word.tokens())
    }
}

/// A word of ASCII letters that is being read.
#[derive(Debug, Default)]
struct Word {
    letters: u32,
    capitals: u32,
}

impl Word {
    fn add(&mut self, is_capital: bool) {
        self.letters = self.letters.saturating_add(1);
        self.capitals = self.capitals.saturating_add(u32::from(is_capital));
    }

    /// Words with capitals inside are rare in vocabularies, and so are long ones.
    fn tokens(&self) -> u32 {
        if self.capitals > 1 {
            return self.letters;
        }
        self.letters.div_ceil(LETTERS).saturating_add(u32::from(self.letters > LETTERS))
    }
}

/// What a character costs.
#[derive(Clone, Copy, Debug)]
enum Charge {
    /// A letter of ASCII, charged with its word.
    Letter { is_capital: bool },
    /// A single space is free after a word.
    Space,
    /// This many tokens by itself.
    Tokens(u32),
}

fn charge(character: char) -> Charge {
    match character {
        'a'..='z' => Charge::Letter { is_capital: false },
        'A'..='Z' => Charge::Letter { is_capital: true },
        ' ' => Charge::Space,
        // Digits stand alone in some vocabularies; marks and line breaks do in most.
        '\0'..='\u{7f}' => Charge::Tokens(1),
        // Latin with accents, Greek, Cyrillic, Hebrew, Arabic: two bytes, and at worst a token a letter.
        '\u{80}'..='\u{7ff}' => Charge::Tokens(1),
        // The scripts of India and Southeast Asia.
        '\u{900}'..='\u{fff}' => Charge::Tokens(2),
        // Kana, Hangul and Chinese characters of everyday use, marks of general punctuation.
        '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{30ff}' => Charge::Tokens(1),
        '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' => Charge::Tokens(2),
        // Everything else at its bytes, which no vocabulary exceeds.
        other => Charge::Tokens(u32::try_from(other.len_utf8()).unwrap_or(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::{beginning, most_tokens};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_beginning_of_a_text_keeps_the_limit(text in "[a-zA-Zéж語 ,.0-9\n]{0,200}", tokens in 0_u32..120) {
            let begin = beginning(&text, tokens);
            prop_assert!(text.starts_with(begin));
            prop_assert!(begin.is_empty() || most_tokens(begin) <= tokens);
            prop_assert!(begin.len() < text.len() || most_tokens(&text) <= tokens || text.is_empty());
        }
    }
}
