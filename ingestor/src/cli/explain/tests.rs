use clap::Parser;
use console::measure_text_width;
use proto::v1::candidate::Outcome;
use proto::v1::{Candidate, ExplainResponse, Passage, RankingSettings, SearchMode, SearchStage};

use super::{Question, Table, keep_end, summary};

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    question: Question,
}

fn candidate(document_id: &str, text: &str) -> Candidate {
    let passage = Passage {
        document_id: document_id.to_owned(),
        collection: "main".to_owned(),
        heading_path: vec!["Delivery".to_owned(), "Times".to_owned()],
        text: text.to_owned(),
        ordinal: 12,
        score: 0.0325,
        evidence: 0.71,
        ..Passage::default()
    };
    Candidate {
        passage: Some(passage),
        word_rank: Some(1),
        word_score: Some(14.327),
        meaning_rank: None,
        meaning_score: Some(-0.25),
        outcome: Outcome::BelowThreshold.into(),
    }
}

#[test]
fn every_row_fits_the_terminal_and_shows_every_number() {
    let candidates = [
        candidate("faq.md", "We deliver\nwithin two days."),
        candidate("a/very/long/path/that/goes/on/delivery-and-returns.md", &"We deliver fast. ".repeat(20)),
        candidate("配送.md", &"我们两天内送达。\u{1b}[31m".repeat(20)),
    ];
    for columns in [100, 140] {
        let table = Table::new(&candidates, columns);
        assert!(measure_text_width(&table.head()) <= columns);
        for (place, candidate) in candidates.iter().enumerate() {
            let row = table.row(place + 1, candidate);
            assert!(measure_text_width(&row) <= columns, "{row}");
            assert!(!row.contains(['\n', '\u{1b}']));
            for part in ["below threshold", "0.0325", "0.71", "1 14.33", "- -0.250", "#12", "Times › "] {
                assert!(row.contains(part), "{part} in {row}");
            }
        }
    }
    let row = Table::new(&candidates, 100).row(1, &candidates[0]);
    assert!(row.contains("faq.md#12"), "{row}");
}

#[test]
fn a_long_name_keeps_its_end() {
    assert_eq!(keep_end("folder/file.md#1", 10), "…file.md#1");
    assert_eq!(keep_end("file.md#1", 10), "file.md#1");
    assert_eq!(measure_text_width(&keep_end("配送配送配送.md#1", 10)), 10);
}

#[test]
fn the_summary_shows_settings_in_force_and_times() {
    let answer = ExplainResponse {
        searched_question: "do you deliver".to_owned(),
        terms: vec!["deliver".to_owned(), "fast".to_owned()],
        stages: vec![SearchStage { name: "store".to_owned(), milliseconds: 1.234 }],
        ranking: Some(RankingSettings { meaning_weight: Some(0.5), ..RankingSettings::default() }),
        evidence_threshold: 0.25,
        top_k: 5,
        budget_tokens: 900,
        generation: 7,
        ..ExplainResponse::default()
    };
    let lines = summary(&answer).join("\n");
    for part in [
        "do you deliver",
        "deliver · fast",
        "threshold 0.25, top k 5, budget 900",
        "generation 7",
        "store 1.23",
    ] {
        assert!(lines.contains(part), "{part} in {lines}");
    }
    assert!(lines.contains("meaning 0.5"));
}

#[test]
fn every_option_reaches_the_request() {
    let line = "x how? --top-k 3 --threshold 0.2 --budget 500 --meaning-weight 0.5 --evidence-weight 2 --kind md \
                --language en --language de --document a.md --attribute author=Ann --generation 4 --mode meaning \
                --neighbours 1";
    let line = Line::try_parse_from(line.split_whitespace()).expect("parses");
    let request = line.question.request(&["main".to_owned()]);
    let (search, ranking) = (request.search.expect("set"), request.ranking.expect("set"));
    assert_eq!((search.top_k, search.budget_tokens, search.generation), (Some(3), Some(500), Some(4)));
    assert_eq!((search.evidence_threshold, search.neighbours), (Some(0.2), Some(1)));
    assert_eq!((search.mode(), search.collections.len()), (SearchMode::Meaning, 1));
    assert_eq!((ranking.meaning_weight, ranking.evidence_weight), (Some(0.5), Some(2.0)));
    let filter = search.filter.expect("set");
    assert_eq!((filter.kinds.len(), filter.languages.len(), filter.document_ids.len()), (1, 2, 1));
    assert_eq!(filter.attributes.get("author").map(String::as_str), Some("Ann"));
    assert!(Line::try_parse_from(["x", "how?", "--attribute", "author"]).is_err());
}
