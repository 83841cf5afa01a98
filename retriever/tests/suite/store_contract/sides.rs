//! Searching by words alone and by meaning alone.

use std::sync::Arc;

use retriever::store::{Effort, Query, Sides, Store};

use super::past::put;
use crate::documents::{by_words, found, query};

pub(super) async fn sides(store: Arc<dyn Store>) {
    let then = put(&*store, "a", &["apple trees"]).await;
    put(&*store, "b", &["nothing alike"]).await;
    for generation in [None, Some(then)] {
        let all = if generation.is_some() { vec!["a"] } else { vec!["a", "b"] };
        let asked = Query { generation, ..query("apple") };
        let words = Query { sides: Sides::Words, ..asked.clone() };
        for question in [words.clone(), Query { vector: Vec::new(), ..words }] {
            let is_blind = question.vector.is_empty();
            let result = store.search(question).await.unwrap();
            assert_eq!((found(&result.candidates), result.terms.len()), (vec!["a"], 1));
            let candidate = &result.candidates[0];
            assert_eq!((candidate.words.map(|(rank, _)| rank), candidate.meaning_rank), (Some(1), None));
            assert_eq!(candidate.holds, [true]);
            if is_blind {
                assert!(candidate.cosine.abs() < f32::EPSILON);
            }
        }
        let meaning = Query { sides: Sides::Meaning, ..asked.clone() };
        for effort in [Effort::Fast, Effort::Normal, Effort::Thorough] {
            for question in ["apple", ""] {
                let result = store
                    .search(Query { question: question.to_owned(), effort, ..meaning.clone() })
                    .await
                    .unwrap();
                assert_eq!((found(&result.candidates), result.terms.len()), (all.clone(), 0));
                assert!(by_words(&result.candidates).is_empty());
                let best = result.candidates.iter().find(|one| one.meaning_rank == Some(1)).unwrap();
                assert_eq!((best.document.id.as_str(), best.holds.len()), ("a", 0));
                assert!(best.cosine > 0.1);
            }
        }
        let both = store.search(asked).await.unwrap();
        assert_eq!((found(&both.candidates), by_words(&both.candidates)), (all, vec!["a"]));
    }
}
