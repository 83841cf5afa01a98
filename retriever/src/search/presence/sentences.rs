//! Sentences of a passage with their words and terms.

use std::collections::HashSet;

use embedding::analysis::{self, Kind};

/// Most sentences of a passage that are looked at; a passage of the usual size has a dozen, a list of questions many.
const MOST_SENTENCES: usize = 96;

/// A sentence, a line or a question.
#[derive(Clone, Debug)]
pub(super) struct Sentence {
    terms: HashSet<String>,
    numbers: Vec<String>,
    words: Vec<Word>,
    folded: HashSet<String>,
}

/// A word as written.
#[derive(Clone, Debug)]
pub(super) struct Word {
    /// Lower case, without accents; apostrophes inside it stay.
    pub(super) folded: String,
    /// Whether it is written like a name: with a capital, not at the beginning.
    pub(super) is_name: bool,
}

impl Word {
    pub(super) fn is_numeric(&self) -> bool {
        self.folded.starts_with(|character: char| character.is_numeric())
    }
}

impl Sentence {
    pub(super) fn new(text: &str, language: &str) -> Self {
        let analysed = analysis::analyse(text, language);
        let numbers = analysed.iter().filter(|term| term.kind == Kind::Number);
        let numbers = numbers.map(|term| term.text.clone()).collect();
        let is_inside = |character: char| character.is_alphanumeric() || matches!(character, '\'' | '’');
        let written = text.split(|character| !is_inside(character)).filter(|word| !word.is_empty());
        let words: Vec<Word> = written
            .enumerate()
            .map(|(place, word)| Word {
                folded: analysis::fold(&analysis::normalise(word)),
                is_name: place > 0 && word.starts_with(char::is_uppercase),
            })
            .collect();
        let folded = words.iter().map(|word| word.folded.clone()).collect();
        Self { terms: analysed.into_iter().map(|term| term.text).collect(), numbers, words, folded }
    }

    pub(super) fn holds(&self, term: &str) -> bool {
        self.terms.contains(term)
    }

    /// Returns the share that so many of the sentence's terms are: 0 to 1.
    pub(super) fn share(&self, terms: usize) -> f32 {
        let short = |count: usize| f32::from(u16::try_from(count).unwrap_or(u16::MAX));
        short(terms.min(self.terms.len())) / short(self.terms.len().max(1))
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = &String> {
        self.numbers.iter()
    }

    pub(super) fn words(&self) -> impl Iterator<Item = &Word> {
        self.words.iter()
    }

    pub(super) fn has_word(&self, folded: &str) -> bool {
        self.folded.contains(folded)
    }
}

/// Returns the sentences and lines of a text in order.
pub(super) fn sentences(text: &str, language: &str) -> Vec<Sentence> {
    let whole = split(text).into_iter().filter(|sentence| !sentence.trim().is_empty());
    whole.take(MOST_SENTENCES).map(|sentence| Sentence::new(sentence, language)).collect()
}

/// Cuts after a line break, and after `.`, `!`, `?` and their wide forms where a space and no small letter follow.
fn split(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut start, mut rest) = (0, text.char_indices().peekable());
    let mut ends_sentence = false;
    while let Some((place, character)) = rest.next() {
        let next = rest.peek().map(|(_, next)| *next);
        let is_wide = matches!(character, '。' | '！' | '？');
        ends_sentence = match character {
            '.' | '!' | '?' | '…' => true,
            '"' | '\'' | ')' | ']' | '”' | '»' => ends_sentence,
            space if space.is_whitespace() && ends_sentence => true,
            _ => false,
        };
        let is_end =
            character.is_whitespace() && ends_sentence && next.is_some_and(|next| !next.is_lowercase());
        if character == '\n' || is_wide || is_end {
            let end = place + character.len_utf8();
            found.extend(text.get(start..end));
            start = end;
            ends_sentence = false;
        }
    }
    found.extend(text.get(start..));
    found
}

#[cfg(test)]
mod tests {
    use super::{MOST_SENTENCES, Sentence, sentences, split};

    #[test]
    fn a_text_is_cut_at_its_lines_and_sentences_and_nothing_is_lost() {
        let text =
            "Open daily. Closed on Mondays!\nCall us (really?) Then come. 营业时间。每天。 v. 2 of e.g. this";
        let cut = split(text);
        assert_eq!(cut.concat(), text);
        let trimmed: Vec<&str> = cut.into_iter().map(str::trim).collect();
        assert_eq!(
            trimmed,
            [
                "Open daily.",
                "Closed on Mondays!",
                "Call us (really?)",
                "Then come.",
                "营业时间。",
                "每天。",
                "v.",
                "2 of e.g. this"
            ]
        );
    }

    #[test]
    fn a_sentence_knows_its_terms_numbers_and_names() {
        let sentence = Sentence::new("Kites of Anna cost 25 euros", "en");
        assert!(sentence.holds("kite") && !sentence.holds("dog"));
        assert_eq!(sentence.numbers().collect::<Vec<_>>(), ["25"]);
        assert!(sentence.share(0) < sentence.share(1) && sentence.share(1) < sentence.share(2));
        assert!((sentence.share(usize::MAX) - 1.0).abs() < 0.01, "no share is above the whole");
        let names: Vec<&str> =
            sentence.words().filter(|word| word.is_name).map(|word| word.folded.as_str()).collect();
        assert_eq!(names, ["anna"], "a capital at the beginning makes no name");
        assert!(sentence.words().any(|word| word.is_numeric()) && sentence.has_word("euros"));
    }

    #[test]
    fn long_texts_are_read_to_a_limit() {
        assert_eq!(sentences(&"One.\n".repeat(2 * MOST_SENTENCES), "en").len(), MOST_SENTENCES);
        assert!(sentences(" \n \n", "en").is_empty());
    }
}
