//! How many tokens a language model would count in a text. It is an estimate: no model's vocabulary is held here.

use crate::analysis::is_dense;

/// Letters of an alphabet that one token covers on average in English prose.
const LETTERS_PER_TOKEN: u32 = 4;

/// Returns about how many tokens a language model would count; never 0 for a text that is not empty.
///
/// A word of an alphabet costs a token for each four letters begun (three outside ASCII), a run of digits one for
/// each three, a mark of punctuation one, and a character of a script without spaces one.
pub fn estimate_tokens(text: &str) -> u32 {
    let (mut tokens, mut letters, mut digits) = (0u32, 0u32, 0u32);
    let mut ascii = true;
    let mut end_word = |letters: &mut u32, digits: &mut u32, ascii: &mut bool| {
        let per_token = if *ascii { LETTERS_PER_TOKEN + 1 } else { LETTERS_PER_TOKEN - 1 };
        tokens = tokens.saturating_add(letters.div_ceil(per_token)).saturating_add(digits.div_ceil(3));
        (*letters, *digits, *ascii) = (0, 0, true);
    };
    let mut single = 0u32;
    for character in text.chars() {
        if character.is_ascii_digit() {
            digits += 1;
        } else if is_dense(character) {
            end_word(&mut letters, &mut digits, &mut ascii);
            single = single.saturating_add(1);
        } else if character.is_alphanumeric() {
            letters += 1;
            ascii &= character.is_ascii();
        } else {
            end_word(&mut letters, &mut digits, &mut ascii);
            single = single.saturating_add(u32::from(!character.is_whitespace()));
        }
    }
    end_word(&mut letters, &mut digits, &mut ascii);
    tokens.saturating_add(single).max(u32::from(!text.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::estimate_tokens;

    #[test]
    fn an_estimate_grows_with_the_text_and_is_near_what_models_count() {
        for (text, low, high) in [
            ("", 0, 0),
            (" ", 1, 1),
            ("Hello, world!", 4, 5),
            ("The shop opens at nine and closes at six in the evening.", 11, 16),
            ("Donaudampfschifffahrtsgesellschaft", 6, 12),
            ("退货政策是什么", 5, 9),
            ("1234567890", 3, 5),
        ] {
            let estimate = estimate_tokens(text);
            assert!((low..=high).contains(&estimate), "{text}: {estimate}");
        }
    }
}
