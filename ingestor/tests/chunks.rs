//! What holds for the chunks of any document.

use ingestor::chunk::{ContentType, Sizes, chunk};
use ingestor::extract::{Shape, extract};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_oneof, proptest};

const NAMES: [&str; 5] = ["a.txt", "a.md", "a.html", "a.csv", "a.json"];

/// Text that looks like a document: words, marks of structure, line ends, odd characters.
fn document() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        6 => "[a-zA-Zäß]{1,12}",
        2 => Just(" ".to_owned()),
        2 => Just("\n".to_owned()),
        1 => Just("\n\n".to_owned()),
        1 => prop_oneof![Just(". "), Just("? "), Just("\n# "), Just("\n- "), Just("|"), Just(","), Just("\n---\n"), Just("\"")]
            .prop_map(str::to_owned),
        1 => prop_oneof![Just("<p>"), Just("<table><tr><td>"), Just("<h2>"), Just("</h2>"), Just("<li>")].prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[一-龥]{1,40}",
        1 => "x{100,300}",
    ];
    prop::collection::vec(word, 1..200).prop_map(|words| words.concat())
}

fn sizes() -> impl Strategy<Value = Sizes> {
    (40_usize..300, 0_usize..200, 0_usize..40, 0_usize..40).prop_map(|(target, more, min, overlap)| Sizes {
        target_chars: target,
        max_chars: target + more,
        min_chars: min,
        overlap_chars: overlap,
    })
}

fn check(name: &str, source: &str, sizes: &Sizes) {
    let Ok(document) = extract(name, source.as_bytes()) else { return };
    let chunks = chunk(&document, sizes);
    let mut covered = vec![false; document.text.len()];
    let mut last_start = None;
    for (place, chunk) in chunks.iter().enumerate() {
        assert_eq!(chunk.ordinal as usize, place);
        let own = &document.text[chunk.range.clone()];
        // A later part of a long curated answer begins with its question.
        let is_later_part = chunk.content == ContentType::QuestionAnswer && chunk.text.len() > own.len();
        let question = if is_later_part { chunk.text.lines().next().unwrap_or_default() } else { "" };
        assert!(!is_later_part || question.ends_with(['?', '？', '؟']), "{question:?}");
        let whole = if is_later_part { format!("{question}\n{own}") } else { own.to_owned() };
        assert_eq!(chunk.text, whole, "offsets are true");
        assert_eq!(chunk.text.trim(), chunk.text, "no white space at the ends");
        assert!(!chunk.text.is_empty());
        let chars = chunk.text.chars().count();
        assert!(chars <= sizes.max_chars, "{chars} of {}", sizes.max_chars);
        assert!(last_start < Some(chunk.range.start), "in order");
        last_start = Some(chunk.range.start);
        assert!((1.0..=2.0).contains(&chunk.importance));
        assert!(chunk.tokens > 0);
        covered[chunk.range.clone()].fill(true);
    }
    for block in &document.blocks {
        let text = &document.text[block.range.clone()];
        let is_heading = matches!(block.shape, Shape::Heading { .. });
        if is_heading && chunks.iter().any(|chunk| chunk.heading_path.iter().any(|above| above == text)) {
            continue;
        }
        for (offset, c) in text.char_indices() {
            assert!(c.is_whitespace() || covered[block.range.start + offset], "{c:?} of {text:?} is lost");
        }
    }
    assert_eq!(chunk(&document, sizes), chunks, "deterministic");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_cover_the_text_in_order_within_the_limits(source in document(), sizes in sizes()) {
        for name in NAMES {
            check(name, &source, &sizes);
        }
    }

    #[test]
    fn chunks_of_curated_answers_keep_the_same_promises(source in document(), sizes in sizes()) {
        let cell = source.replace('"', "'");
        check("faq.csv", &format!("question,answer,more\n\"Why {}\",\"{cell}\",\"x{cell}\"", cell.len()), &sizes);
    }

    #[test]
    fn bytes_of_any_kind_never_break_extraction(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for name in NAMES {
            _ = extract(name, &bytes);
        }
    }
}
