//! Pieces of text: what counts as a token, a word, a sentence. No model's own vocabulary: what matters is that the count is
//! plausible and always the same.

/// Letters and digits of a token, at most: longer words are several, as with a real vocabulary.
const MOST_CHARACTERS: usize = 6;

/// Cuts a text into tokens, which together are the text: a few letters, or one other sign, with the space before it.
pub(super) fn tokens(text: &str) -> Vec<&str> {
    let (mut tokens, mut start, mut characters, mut was_letter) = (Vec::new(), 0, 0, false);
    for (place, sign) in text.char_indices() {
        let is_letter = sign.is_alphanumeric();
        let goes_on = characters == 0 || is_letter && was_letter && characters < MOST_CHARACTERS;
        if !goes_on {
            tokens.extend(text.get(start..place));
            (start, characters) = (place, 0);
        }
        if !sign.is_whitespace() {
            characters += 1;
            was_letter = is_letter;
        }
    }
    tokens.extend(text.get(start..).filter(|rest| !rest.is_empty()));
    tokens
}

/// Counts the tokens of a text.
pub(super) fn count(text: &str) -> usize {
    tokens(text).len()
}

/// Returns the words of a text in small letters.
pub(super) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|sign: char| !sign.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Returns the sentences of a text: they end at a line's end, and at a stop with a space behind it.
pub(super) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let of_line = |line| {
        let mut rest: &str = line;
        std::iter::from_fn(move || {
            let end = rest.char_indices().zip(rest.chars().skip(1)).find_map(|((place, sign), next)| {
                (matches!(sign, '.' | '!' | '?') && next.is_whitespace()).then_some(place + sign.len_utf8())
            });
            let (sentence, behind) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
            rest = behind;
            (!sentence.is_empty()).then_some(sentence)
        })
    };
    text.lines().flat_map(of_line).map(str::trim).filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{sentences, tokens, words};

    #[test]
    fn tokens_together_are_the_text() {
        for text in ["", "  ", "We open at 9.", " Öffnungszeiten: 日本 👩‍👩‍👧, incomprehensibilities\n\nx "]
        {
            assert_eq!(tokens(text).concat(), text);
        }
        assert_eq!(tokens("We reopen: 10%"), ["We", " reopen", ":", " 10", "%"]);
        assert_eq!(tokens("availability"), ["availa", "bility"]);
    }

    #[test]
    fn sentences_end_at_stops_and_lines_and_words_are_small() {
        let found: Vec<&str> = sentences("It costs 3.50 euros. Really? Yes\n\n- a list ").collect();
        assert_eq!(found, ["It costs 3.50 euros.", "Really?", "Yes", "- a list"]);
        assert_eq!(words("Über-Größe, 5kg").collect::<Vec<_>>(), ["über", "größe", "5kg"]);
    }
}
