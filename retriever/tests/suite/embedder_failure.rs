//! Searching while the embedder fails.

use std::sync::Arc;

use embedding::{Embedder, Embedding};
use retriever::error::Error;
use retriever::search::{Answered, Limits, Outcome, Question, Searcher, Weights};
use retriever::store::{Sides, Store};

use crate::documents::{DIMENSIONS, PUBLIC, chunks, document, open};

/// An embedder whose model is away.
#[derive(Debug)]
struct Away;

impl Embedder for Away {
    fn model_id(&self) -> &'static str {
        embedding::MODEL_ID
    }

    fn dimensions(&self) -> usize {
        DIMENSIONS as usize
    }

    fn embed<'a>(&'a self, _: &'a [&'a str]) -> Embedding<'a> {
        Box::pin(async { Err(embedding::Error::Throttled("slow down".to_owned())) })
    }
}

async fn ask(sides: Sides, vector: Vec<f32>) -> Result<Answered, Error> {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(open(folder.path()));
    store.replace(document("hours.md"), chunks(&["On Saturdays we close at noon."])).await.unwrap();
    let searcher = Searcher::new(store, Arc::new(Away), Weights::DEFAULT);
    let text = "When do you close on Saturdays?".to_owned();
    let question =
        Question { text, collections: vec![PUBLIC.to_owned()], sides, vector, ..Question::default() };
    searcher
        .search(
            question,
            Limits {
                top_k: 5,
                evidence_threshold: 0.3,
                budget_tokens: 4_000,
                neighbours: 0,
                passage_tokens: 0,
            },
        )
        .await
}

#[tokio::test]
async fn words_alone_still_answer() {
    for (sides, is_tried) in [(Sides::Both, true), (Sides::Words, false)] {
        let answered = ask(sides, Vec::new()).await.unwrap();
        assert_eq!(answered.embed_time.is_some(), is_tried, "{sides:?}");
        let [best] = answered.candidates.as_slice() else { unreachable!("one chunk is stored") };
        assert_eq!((best.outcome, best.candidate.meaning_rank), (Outcome::Kept, None), "{sides:?}");
    }
}

#[tokio::test]
async fn meaning_alone_fails_unless_the_caller_has_the_vector() {
    assert!(matches!(ask(Sides::Meaning, Vec::new()).await, Err(Error::Embedder(_))));
    let vector = crate::documents::vector("we close at noon on Saturdays");
    assert_eq!(ask(Sides::Meaning, vector).await.unwrap().candidates.len(), 1);
}
