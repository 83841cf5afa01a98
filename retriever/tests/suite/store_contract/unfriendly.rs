//! Text that nobody expects, and searches that must agree with each other.

use std::sync::Arc;

use retriever::model::Chunk;
use retriever::store::{Query, Store};

use super::past::put;
use super::picture;
use crate::documents::{PUBLIC, chunk, document, query, vector};

/// Each with whether it holds a word that can be searched.
const TEXTS: [(&str, bool); 14] = [
    ("the of and to a in is", false),
    ("?!... --- (((", false),
    ("🥐🎉👩‍👩‍👧‍👦 🇩🇪", false),
    ("مواعيد العمل من التاسعة صباحا", true),
    ("שעות הפתיחה הן מתשע עד חמש", true),
    ("我们的营业时间是早上九点到下午五点", true),
    ("営業時間は午前9時からです", true),
    ("'; DROP TABLE documents; --", true),
    ("\" OR 1=1 NEAR(a b) NOT * ^column:x {y}", true),
    ("100% of _everything_ \\ back\\slash $1 ?1 :name", true),
    ("e\u{301}\u{301}\u{301}\u{301} zalgo t̷e̷x̷t̷", true),
    ("\u{202e}reversed\u{202c} \u{feff}\u{200b} hidden", true),
    ("tab\tand\r\nbreak\u{b}\u{1}\u{7f}controls", true),
    ("a:b'c & d | !e <-> f:*", true),
];

pub(super) async fn text(store: Arc<dyn Store>) {
    // Emoji and marks alone have no vector of their own; every text gets the same one.
    let same = vector("anything");
    for (place, (text, _)) in TEXTS.iter().enumerate() {
        let mut document = document(&place.to_string());
        // Nothing but the text is to be found by words.
        document.title = "-".to_owned();
        document.attributes = [((*text).to_owned(), (*text).to_owned())].into();
        let content =
            Chunk { vector: same.clone(), heading_path: vec![(*text).to_owned()], ..chunk(0, text) };
        store.replace(document, vec![content]).await.unwrap();
    }
    let ask =
        async |question: &str| store.search(Query { vector: same.clone(), ..query(question) }).await.unwrap();
    for (place, (text, has_words)) in TEXTS.iter().enumerate() {
        let result = ask(text).await;
        let own =
            result.candidates.iter().find(|candidate| candidate.document.id == place.to_string()).unwrap();
        assert_eq!(own.words.is_some(), *has_words, "{text:?}");
        assert_eq!((own.chunk.text.as_str(), own.chunk.heading_path[0].as_str()), (*text, *text));
        assert_eq!(own.document.attributes[*text], *text);
        assert!(own.holds.len() == result.terms.len() && result.candidates.len() == TEXTS.len());
        assert_eq!(picture(&result), picture(&ask(text).await), "{text:?}");
    }
    let long = [
        "opening ".repeat(500),
        "x".repeat(4_000),
        "的".repeat(4_000),
        "🥐".repeat(4_000),
        "' ".repeat(2_000),
        (0..800).map(|number| format!("w{number} ")).collect(),
        String::new(),
        " ".repeat(4_000),
    ];
    for question in long {
        let result = ask(&question).await;
        assert_eq!(result.candidates.len(), TEXTS.len(), "meaning finds all of them");
        assert!(result.terms.len() <= 64, "{} terms", result.terms.len());
    }
    let listed = store.list(vec![PUBLIC.to_owned()], None, 99).await.unwrap();
    assert_eq!(listed.documents.len(), TEXTS.len());
}

pub(super) async fn equal(store: Arc<dyn Store>) {
    // More equal passages than candidates: which of them are found must not be chance.
    for place in 0..12 {
        put(&*store, &place.to_string(), &["the same text everywhere", "the same text everywhere"]).await;
    }
    let asked = Query { candidates: 5, ..query("same text") };
    let first = store.search(asked.clone()).await.unwrap();
    assert!((5..=10).contains(&first.candidates.len()), "{}", first.candidates.len());
    for _ in 0..5 {
        let again = store.search(asked.clone()).await.unwrap();
        assert_eq!(picture(&again), picture(&first));
        let ranks = |found: &retriever::store::Found| {
            let mut ranks: Vec<_> = found
                .candidates
                .iter()
                .map(|one| {
                    (
                        one.document.id.clone(),
                        one.chunk.ordinal,
                        one.words.map(|words| words.0),
                        one.meaning_rank,
                    )
                })
                .collect();
            ranks.sort();
            ranks
        };
        assert_eq!(ranks(&again), ranks(&first));
    }
}
