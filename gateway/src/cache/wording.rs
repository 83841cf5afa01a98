//! A question as it is compared with others: the same words in the same order are the same question, whatever their case, spaces
//! and closing marks. It knows no meaning.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;

/// A question's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wording {
    normal: String,
    /// Words that are written with a large letter though no sentence begins there, folded.
    names: BTreeSet<String>,
}

impl Wording {
    /// Reads a question.
    pub(crate) fn of(question: &str) -> Self {
        let composed: String = question.nfkc().collect();
        // In a question that is all capitals, capitals tell nothing.
        let is_shouted = !composed.chars().any(char::is_lowercase);
        let (mut normal, mut names) = (String::with_capacity(composed.len()), BTreeSet::new());
        let mut begins = true;
        for token in composed.split_whitespace() {
            let word = token.trim_matches(is_closing);
            if !word.is_empty() {
                let is_acronym = !is_shouted && is_acronym(word);
                let has_name = word.chars().any(char::is_uppercase) && (!begins || is_acronym);
                let folded = word.to_lowercase();
                if !normal.is_empty() {
                    normal.push(' ');
                }
                // "IT" is not "it".
                normal.push_str(if is_acronym { word } else { &folded });
                if has_name && !is_shouted {
                    names.insert(folded);
                }
            }
            begins = token.ends_with(['.', '?', '!', ':', '。', '？', '！']);
        }
        Self { normal, names }
    }

    /// Returns a question as [`Wording::normal`] and [`Wording::names`] told it.
    pub(crate) fn of_parts(normal: String, names: Vec<String>) -> Self {
        Self { normal, names: names.into_iter().collect() }
    }

    /// Returns the question's words in order, folded, with single spaces.
    pub(crate) fn normal(&self) -> &str {
        &self.normal
    }

    /// Returns the words that are names, as far as capitals tell.
    pub(crate) fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// Returns the bytes that the words take, roughly.
    pub(crate) fn bytes(&self) -> usize {
        self.normal.len() + self.names.iter().map(|name| name.len() + 64).sum::<usize>()
    }
}

/// Whether a mark around a word can be left out without another meaning. Currency, per cent and signs stay.
fn is_closing(mark: char) -> bool {
    matches!(
        mark,
        '.' | ','
            | ';'
            | ':'
            | '?'
            | '!'
            | '¿'
            | '¡'
            | '"'
            | '\''
            | '“'
            | '”'
            | '„'
            | '‘'
            | '’'
            | '«'
            | '»'
            | '…'
            | '('
            | ')'
            | '。'
            | '？'
            | '！'
            | '，'
            | '؟'
    )
}

fn is_acronym(word: &str) -> bool {
    let letters = || word.chars().filter(|character| character.is_alphabetic());
    letters().count() >= 2 && letters().all(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::Wording;

    #[test]
    fn the_same_words_are_the_same_question() {
        let asked = Wording::of("When are you open?");
        for same in
            ["when are you open", "  When  Are\tYou open ?!", "\"When are you open?\"", "When are you open"]
        {
            assert_eq!(Wording::of(same).normal(), asked.normal(), "{same}");
        }
        for other in ["When are you not open?", "are you open when", "When are you open on 1.5.?"] {
            assert_ne!(Wording::of(other).normal(), asked.normal(), "{other}");
        }
        assert_ne!(Wording::of("Do you ship to US?").normal(), Wording::of("Do you ship to us?").normal());
        assert_eq!(Wording::of("DO YOU SHIP TO US").normal(), "do you ship to us");
        assert_eq!(Wording::of("Was kostet ﬁlter – 5 €?").normal(), "was kostet filter – 5 €");
    }

    #[test]
    fn names_are_what_is_written_large_within_a_sentence() {
        let names = |question| Wording::of(question).names().iter().cloned().collect::<Vec<_>>();
        assert_eq!(names("Does Anna work in Berlin? Is she in?"), ["anna", "berlin"]);
        assert_eq!(names("Is the VAT in it?"), ["vat"]);
        assert!(names("WHERE IS ANNA?").is_empty());
    }
}
