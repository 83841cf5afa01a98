use proptest::prelude::{ProptestConfig, proptest};
use unicode_segmentation::UnicodeSegmentation;

use super::super::classes::samples;
use super::{MAX_RUN_CHARS, sentences};

fn found(text: &str) -> Vec<&str> {
    let mut all = Vec::new();
    sentences(text, |sentence| all.push(sentence));
    all
}

fn check(text: &str) {
    let expected: Vec<&str> = text.split_sentence_bounds().collect();
    assert_eq!(found(text), expected, "{text:?}");
}

#[test]
fn all_short_texts_are_divided_as_by_the_library() {
    samples::short_texts(4).for_each(|text| check(&text));
    samples::probes().for_each(|text| check(&text));
}

#[test]
fn real_documents_are_divided_as_by_the_library() {
    let documents = samples::documents();
    assert!(!documents.is_empty());
    documents.iter().for_each(|text| check(text));
}

#[test]
fn abbreviations_numbers_and_quotes_do_not_mislead() {
    for (text, expected) in [
        (
            "We pay 3.50 e.g. for tea. Open at 9 a.m. daily!",
            &["We pay 3.50 e.g. for tea. ", "Open at 9 a.m. daily!"][..],
        ),
        ("“Really?” Yes. (So be it.) No…", &["“Really?” ", "Yes. ", "(So be it.) ", "No…"]),
        ("Straße 5\n1010 Wien", &["Straße 5\n", "1010 Wien"]),
        ("退货。换货！", &["退货。", "换货！"]),
        ("", &[]),
    ] {
        assert_eq!(found(text), expected, "{text}");
    }
}

#[test]
fn a_run_of_marks_without_end_takes_no_more_time_for_each_of_them() {
    // The library would look at each of these pairs of brackets from each bracket before it.
    let run = format!(".{}", "()".repeat(200_000));
    for text in [format!("{run}a"), format!("{run}д")] {
        let sentences = found(&text);
        assert_eq!(sentences.concat(), text);
        assert!(sentences.len() <= run.len() / MAX_RUN_CHARS + 3);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mixed_text_is_divided_as_by_the_library(text in samples::mixed()) {
        check(&text);
    }
}
