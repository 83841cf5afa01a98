//! How much a chunk weighs beside others, by where it stands and how it is written.

use unicode_segmentation::UnicodeSegmentation;

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
    let words: Vec<String> = text.unicode_words().map(str::to_lowercase).collect();
    for signal in SIGNAL_WORDS {
        if words.iter().any(|word| word.strip_suffix('s').unwrap_or(word) == signal || word == signal) {
            weight += SIGNAL_WORD_BONUS;
        }
    }
    let sentences = text.unicode_sentences().count();
    if sentences > 0 && (10..=25).contains(&(words.len() / sentences)) {
        weight += SENTENCE_LENGTH_BONUS;
    }
    if (3..=10).contains(&sentences) {
        weight += SENTENCE_COUNT_BONUS;
    }
    weight.clamp(1.0, 2.0)
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
        let everything = "Important key summary: the conclusion is one result and one finding. ".repeat(5);
        assert!(importance(&everything, Some(1), true) <= 2.0);
    }
}
