//! How much a chunk weighs beside others, by where it stands and how it is written.

use super::sentences::sentences;
use super::words::count_words;

const FIRST_CHUNK_BONUS: f32 = 0.2;
const SIGNAL_WORD_BONUS: f32 = 0.1;
const SENTENCE_LENGTH_BONUS: f32 = 0.1;
const SENTENCE_COUNT_BONUS: f32 = 0.1;
/// Outermost headings weigh most: 0.6 for level 1 down to 0.1 for level 6.
const LEVEL_BONUS: f32 = 0.1;
const SIGNAL_WORDS: [&str; 6] = ["important", "key", "summary", "conclusion", "result", "finding"];

/// Returns the weight, 1.0 to 2.0.
pub(super) fn importance(text: &str, heading_level: Option<u8>, is_first: bool) -> f32 {
    let mut weight = 1.0 + heading_level.map_or(0.0, |level| LEVEL_BONUS * f32::from(7 - level.clamp(1, 6)));
    if is_first {
        weight += FIRST_CHUNK_BONUS;
    }
    let mut signals = [false; SIGNAL_WORDS.len()];
    let word_count = count_words(text, &(may_be_nth_byte::<0>, may_be_nth_byte::<1>), |word| {
        for (signal, is_there) in SIGNAL_WORDS.iter().zip(&mut signals) {
            *is_there |= is_form_of(word, signal);
        }
    });
    for _ in signals.into_iter().filter(|is_there| *is_there) {
        weight += SIGNAL_WORD_BONUS;
    }
    let mut sentence_count = 0_usize;
    sentences(text, |sentence| sentence_count += usize::from(sentence.chars().any(char::is_alphanumeric)));
    if sentence_count > 0 && (10..=25).contains(&(word_count / sentence_count)) {
        weight += SENTENCE_LENGTH_BONUS;
    }
    if (3..=10).contains(&sentence_count) {
        weight += SENTENCE_COUNT_BONUS;
    }
    weight.clamp(1.0, 2.0)
}

/// Whether a signal has this byte at a place, in capitals or not.
fn may_be_nth_byte<const PLACE: usize>(byte: u8) -> bool {
    let small = byte | 0x20;
    const { nth_bytes::<PLACE>() }.iter().fold(false, |any, nth| any | (*nth == small))
}

const fn nth_bytes<const PLACE: usize>() -> [u8; SIGNAL_WORDS.len()] {
    let mut bytes = [0; SIGNAL_WORDS.len()];
    let mut signal = 0;
    while signal < SIGNAL_WORDS.len() {
        bytes[signal] = SIGNAL_WORDS[signal].as_bytes()[PLACE];
        signal += 1;
    }
    bytes
}

/// Whether a word is this one or its plural, in capitals or not.
fn is_form_of(word: &str, singular: &str) -> bool {
    let (word, singular) = (word.as_bytes(), singular.as_bytes());
    match word.len().checked_sub(singular.len()) {
        Some(0) => word.eq_ignore_ascii_case(singular),
        Some(1) => {
            let (stem, end) = word.split_at(singular.len());
            end.eq_ignore_ascii_case(b"s") && stem.eq_ignore_ascii_case(singular)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::importance;

    #[test]
    fn weight_rises_with_place_and_signals_and_stays_in_its_bounds() {
        let plain = importance("Tea.", None, false);
        assert!((plain - 1.0).abs() < f32::EPSILON);
        assert!(importance("Tea.", Some(1), false) > importance("Tea.", Some(3), false));
        assert!(importance("Tea.", None, true) > plain);
        assert!(importance("Key findings: tea.", None, false) > plain);
        let one_signal = importance("Result", None, false);
        for (text, expected) in
            [("RESULTS", one_signal), ("resultss", plain), ("a_result", plain), ("resulted", plain)]
        {
            assert!((importance(text, None, false) - expected).abs() < f32::EPSILON, "{text}");
        }
        let everything = "Important key summary: the conclusion is one result and one finding. ".repeat(5);
        assert!(importance(&everything, Some(1), true) <= 2.0);
    }
}
