use super::{Chunk, ContentType, Sizes, chunk};
use crate::extract::extract;

const SIZES: Sizes = Sizes { target_chars: 1000, max_chars: 2000, min_chars: 100, overlap_chars: 150 };

fn chunks(name: &str, text: &str) -> Vec<Chunk> {
    chunk(&extract(name, text.as_bytes()).expect("is readable"), &SIZES)
}

fn texts(chunks: &[Chunk]) -> Vec<&str> {
    chunks.iter().map(|chunk| chunk.text.as_str()).collect()
}

#[test]
fn each_question_of_a_list_of_questions_is_one_chunk() {
    let long = "We deliver to every country in Europe and a few others. ".repeat(10);
    let source =
        format!("# Questions\n\n## Do you deliver?\n\n{long}\n\n{long}\n\n## Do you gift-wrap?\n\nYes.\n");
    let chunks = chunks("faq.md", &source);
    assert_eq!(chunks.len(), 2);
    assert_eq!(chunks[0].heading_path, ["Questions", "Do you deliver?"]);
    assert_eq!(chunks[1].text, "Yes.");
    assert_eq!(chunks[1].embedded_text(), "Questions\nDo you gift-wrap?\nYes.");
}

#[test]
fn long_paragraphs_stand_alone_and_short_ones_find_company() {
    let long = "This paragraph says a lot about one thing. ".repeat(14);
    let source = format!(
        "{long}\n\n{long}\n\nA short one that is longer than the minimum, because it goes on for quite a while and then for some more.\n\nTiny."
    );
    let chunks = chunks("a.md", &source);
    assert_eq!(chunks.len(), 3, "{:?}", texts(&chunks));
    assert!(chunks[2].text.ends_with("Tiny."));
}

#[test]
fn records_are_chunks_of_their_own_and_small_tables_stay_whole() {
    let csv = "sku,name,price\n1,Green tea,3\n2,Black tea,4\n3,Milk,1";
    assert_eq!(texts(&chunks("a.csv", csv))[1], "sku: 2; name: Black tea; price: 4");
    let faq = "question,answer\nDo you deliver on Saturdays?,\"Yes, until noon, in every larger town.\"\nDo you wrap?,Yes. We wrap every present in recycled paper at no cost.";
    assert_eq!(chunks("faq.csv", faq).len(), 2);
    let hours = "# Hours\n\n| Day | Hours |\n|---|---|\n| Mon | 9–5 |\n| Tue | 9–5 |\n| Wed | closed |";
    let chunks = chunks("hours.md", hours);
    assert_eq!(texts(&chunks), ["Day: Mon; Hours: 9–5\nDay: Tue; Hours: 9–5\nDay: Wed; Hours: closed"]);
    assert_eq!(
        (chunks[0].content, chunks[0].heading_path.join("/")),
        (ContentType::Table, "Hours".to_owned())
    );
}

#[test]
fn a_curated_answer_is_one_chunk_and_a_long_one_repeats_its_question() {
    let long: String =
        (0..90).map(|n| format!("Step number {n} of the return is done like this. ")).collect();
    let csv =
        format!("question,answer,topic\nDo you deliver?,Yes.,Service\nHow do I return,\"{long}\",Service");
    let chunks = chunks("faq.csv", &csv);
    assert!(chunks.iter().all(|chunk| chunk.content == ContentType::QuestionAnswer));
    assert_eq!(chunks[0].text, "Do you deliver?\nYes.\ntopic: Service");
    assert!(chunks.len() > 3);
    for chunk in &chunks[1..] {
        assert!(chunk.text.starts_with("How do I return?\nStep number"), "{}", chunk.text);
        assert!(chunk.text.chars().count() <= SIZES.max_chars);
    }
    assert!(chunks.last().expect("some").text.ends_with("topic: Service"));
}

#[test]
fn a_question_without_room_for_an_answer_is_running_text() {
    let csv = format!("question,answer\n\"{}?\",\"{}\"", "why ".repeat(300), "Because. ".repeat(200));
    let chunks = chunks("faq.csv", &csv);
    assert!(chunks.len() > 1);
    assert!(
        chunks.iter().all(|chunk| chunk.content == ContentType::Prose && chunk.text.chars().count() <= 2000)
    );
}

#[test]
fn a_long_list_is_cut_between_items_and_a_long_table_between_rows() {
    let list: String = (0..100).map(|n| format!("- item number {n} of a rather long list\n")).collect();
    let table: String = (0..200).map(|n| format!("| key {n} | value {n} |\n")).collect();
    for (source, start) in [(list, "- item"), (format!("| a | b |\n|---|---|\n{table}"), "a: key")] {
        let chunks = chunks("a.md", &source);
        assert!(chunks.len() > 2);
        assert!(
            chunks.iter().all(|chunk| chunk.text.starts_with(start) && chunk.text.chars().count() <= 1000)
        );
    }
}

#[test]
fn running_text_is_cut_between_sentences_and_repeats_the_last_ones() {
    let source: String = (0..120).map(|n| format!("Sentence number {n} tells a little more. ")).collect();
    let chunks = chunks("a.txt", &source);
    assert!(chunks.len() > 3);
    for pair in chunks.windows(2) {
        assert!(pair[0].text.ends_with('.') && pair[1].text.starts_with("Sentence"));
        let overlap = pair[0].range.end - pair[1].range.start;
        assert!((30..=150).contains(&overlap), "{overlap}");
    }
}

#[test]
fn a_sentence_that_is_too_long_is_cut_between_its_clauses() {
    let latin: String = (0..90).map(|n| format!("clause {n} says a little more about it, ")).collect();
    let chinese: String = (0..400).map(|n| format!("第{n}条还说了一点，")).collect();
    for (source, start, end) in [(latin, "clause", ","), (chinese, "第", "，")] {
        let chunks = chunks("a.txt", &source);
        assert!(chunks.len() > 2);
        assert!(chunks.iter().all(|chunk| chunk.text.starts_with(start) && chunk.text.ends_with(end)));
    }
}

#[test]
fn a_heading_with_nothing_below_is_still_found() {
    let chunks = chunks("a.md", "# Shop\n\n## Closed on Sundays\n\n## Open on Mondays\n\nYes.");
    assert_eq!(texts(&chunks), ["Closed on Sundays", "Yes."]);
    assert_eq!(chunks[0].heading_path, ["Shop"]);
}

#[test]
fn a_word_without_end_and_a_line_without_end_are_cut_hard() {
    let word = "x".repeat(200_000);
    let line = "word ".repeat(60_000);
    let cell = format!("text\n\"{}\"", "lorem ipsum, ".repeat(60_000));
    for (name, source) in [("a.txt", word), ("a.txt", line), ("a.csv", cell)] {
        let chunks = chunks(name, &source);
        assert!(chunks.len() > 100);
        assert!(chunks.iter().all(|chunk| chunk.text.chars().count() <= SIZES.max_chars));
    }
}
