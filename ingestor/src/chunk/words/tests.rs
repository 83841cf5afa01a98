use proptest::prelude::{ProptestConfig, proptest};
use unicode_segmentation::UnicodeSegmentation;

use super::super::classes::samples;
use super::{count_words, words};

fn check(text: &str) {
    let mut found = Vec::new();
    words(text, |word| found.push(word));
    let expected: Vec<&str> = text.unicode_words().collect();
    assert_eq!(found, expected, "{text:?}");
    let first = |byte: u8| (byte == b'a') | (byte == b'1') | (byte == b'B');
    let second = |byte: u8| (byte == b'a') | (byte == b'2') | (byte == b'.') | (byte == b'n');
    let is_looked_for = |word: &&&str| matches!(word.as_bytes(), [a, b, ..] if first(*a) && second(*b));
    let mut looked_for = Vec::new();
    assert_eq!(count_words(text, &(first, second), |word| looked_for.push(word)), expected.len(), "{text:?}");
    assert!(looked_for.iter().eq(expected.iter().filter(is_looked_for)), "{text:?}");
}

#[test]
fn all_short_texts_have_the_words_that_the_library_finds() {
    samples::short_texts(4).for_each(|text| check(&text));
    samples::probes().for_each(|text| check(&text));
}

#[test]
fn real_documents_have_the_words_that_the_library_finds() {
    samples::documents().iter().for_each(|text| check(text));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mixed_text_has_the_words_that_the_library_finds(text in samples::mixed()) {
        check(&text);
    }
}
