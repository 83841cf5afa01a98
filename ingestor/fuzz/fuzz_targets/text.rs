//! Any bytes as any kind of text: reading and cutting end, and the chunks keep their promises.
#![no_main]

use ingestor::chunk::{ContentType, Sizes, chunk};
use ingestor::extract::{Shape, extract};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 5] = ["a.txt", "a.md", "a.html", "a.csv", "a.json"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let name = NAMES[usize::from(*choice) % NAMES.len()];
    let target = 40 + usize::from(*choice);
    let sizes = Sizes { target_chars: target, max_chars: target * 2, min_chars: target / 10, overlap_chars: target / 5 };
    let Ok(document) = extract(name, bytes) else { return };
    let mut covered = vec![false; document.text.len()];
    let mut last_start = None;
    for part in chunk(&document, &sizes) {
        let own = &document.text[part.range.clone()];
        assert!(part.text.ends_with(own), "offsets are true");
        assert!(part.text == own || part.content == ContentType::QuestionAnswer);
        assert!(part.text.chars().count() <= sizes.max_chars, "within the size");
        assert!(last_start < Some(part.range.start), "in order");
        last_start = Some(part.range.start);
        covered[part.range].fill(true);
    }
    for block in &document.blocks {
        let is_heading = matches!(block.shape, Shape::Heading { .. });
        let text = &document.text[block.range.clone()];
        let is_covered =
            text.char_indices().all(|(at, letter)| letter.is_whitespace() || covered[block.range.start + at]);
        assert!(is_heading || is_covered, "nothing is lost");
    }
});
