//! The upper bound of tokens beside two real vocabularies.

#![expect(clippy::expect_used, reason = "helpers of tests are not covered by the allowance for tests")]

use generator::prompt::most_tokens;
use proptest::prelude::*;
use tiktoken_rs::{cl100k_base_singleton, o200k_base_singleton};

const LANGUAGES: &str = include_str!("tokens/languages.txt");
/// Prose as the product reads it.
const DOCUMENTS: [&str; 4] = [
    include_str!("../../deploy/local/samples/faq.md"),
    include_str!("../../deploy/local/samples/terms.txt"),
    include_str!("../../deploy/local/samples/prices.csv"),
    include_str!("../../deploy/local/samples/trailhawk-manual.md"),
];

/// Returns how many tokens the less fitting one of the two vocabularies counts.
fn counted(text: &str) -> u32 {
    let counts = [cl100k_base_singleton(), o200k_base_singleton()].map(|known| known.count_ordinary(text));
    u32::try_from(counts.into_iter().max().unwrap_or(0)).expect("a small number")
}

fn texts() -> impl Iterator<Item = &'static str> {
    LANGUAGES.lines().map(|line| line.split_once(": ").expect("a language").1)
}

#[test]
fn prose_never_has_more_tokens_than_are_charged_and_not_far_fewer() {
    let paragraphs = DOCUMENTS.iter().flat_map(|text| text.split("\n\n"));
    let (mut charged, mut real) = (0, 0);
    for text in texts().chain(paragraphs).filter(|text| !text.is_empty()) {
        let (most, count) = (most_tokens(text), counted(text));
        assert!(most >= count, "{most} charged, {count} counted: {text}");
        (charged, real) = (charged + most, real + count);
    }
    assert!(charged < real * 3, "{charged} charged, {real} counted");
}

/// Words of all languages, numbers and marks in any order.
fn mixtures() -> impl Strategy<Value = String> {
    let words: Vec<&'static str> = texts().flat_map(str::split_whitespace).collect();
    let word = prop_oneof![
        4 => prop::sample::select(words).prop_map(str::to_owned),
        1 => "[0-9]{1,8}",
        1 => "[-.,:;!?/()&%€$#*+=<>\"']{1,4}",
        1 => "[A-Z]{2,4}-[0-9]{2,6}[a-z]?",
    ];
    let between = prop::sample::select(vec![" ", " ", " ", "\n", "\n\n", ", "]);
    prop::collection::vec((word, between), 1..40)
        .prop_map(|words| words.into_iter().map(|(word, between)| word + between).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn words_in_any_order_never_have_more_tokens_than_are_charged(text in mixtures()) {
        prop_assert!(most_tokens(&text) >= counted(&text));
    }

    #[test]
    fn noise_has_at_most_twice_what_is_charged(text in any::<String>(), letters in "[a-zA-Z]{0,60}") {
        for text in [text, letters] {
            prop_assert!(most_tokens(&text).saturating_mul(2) >= counted(&text));
        }
    }
}
