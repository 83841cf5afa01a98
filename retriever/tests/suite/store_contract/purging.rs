//! Removing for good.

use std::sync::Arc;

use retriever::model::{ChangeKind, Document};
use retriever::store::Store;

use super::past::{at, put};
use crate::documents::{PUBLIC, chunks, document, found, query};

fn public() -> Vec<String> {
    vec![PUBLIC.to_owned()]
}

fn key(text: &str) -> [u8; 32] {
    let Document { embedding_model, embedding_dimensions, .. } = document("a");
    embedding::content_key(&embedding_model, embedding_dimensions, &[], text)
}

pub(super) async fn earlier(store: Arc<dyn Store>) {
    let first = put(&*store, "a", &["the secret recipe", "opening hours"]).await;
    let second = put(&*store, "a", &["the public recipe", "opening hours"]).await;
    let last = put(&*store, "b", &["another recipe"]).await;
    let purged = store.purge(public(), Some("a".to_owned()), true).await.unwrap();
    assert_eq!((purged.generation.number, purged.versions), (last + 1, 1));
    assert_eq!(*store.generation().borrow(), purged.generation);
    let texts = async |generation: u64| {
        let result = store.search(at("recipe", generation)).await.unwrap();
        let mut texts: Vec<String> =
            result.candidates.into_iter().map(|candidate| candidate.chunk.text).collect();
        texts.sort_unstable();
        (result.chunks, texts)
    };
    assert_eq!(texts(first).await, (0, vec![]));
    let kept = || vec!["opening hours".to_owned(), "the public recipe".to_owned()];
    assert_eq!(texts(second).await, (2, kept()));
    let mut all = kept();
    all.insert(0, "another recipe".to_owned());
    assert_eq!(texts(purged.generation.number).await, (3, all));
    let keys = vec![key("the secret recipe"), key("opening hours")];
    assert_eq!(store.find_vectors(PUBLIC.to_owned(), "a".to_owned(), keys).await.unwrap(), [false, true]);
    let change = store.history(None, 1).await.unwrap().changes.remove(0);
    assert_eq!((change.kind, change.generation, change.count), (ChangeKind::Purged, purged.generation, 1));
    for (names, id) in [(PUBLIC, Some("a")), (PUBLIC, Some("missing")), (PUBLIC, None), ("missing", None)] {
        let nothing = store.purge(vec![names.to_owned()], id.map(str::to_owned), true).await.unwrap();
        assert_eq!((nothing.generation, nothing.versions), (purged.generation, 0), "{names} {id:?}");
    }
}

pub(super) async fn everything(store: Arc<dyn Store>) {
    let inside = |id: &str| Document { collection: "staff".to_owned(), ..document(id) };
    store.replace(inside("a"), chunks(&["staff recipe"])).await.unwrap();
    let first = put(&*store, "a", &["the secret recipe"]).await;
    let second = put(&*store, "a", &["the public recipe"]).await;
    put(&*store, "b", &["another recipe"]).await;
    let gone = put(&*store, "c", &["a deleted recipe"]).await;
    store.delete(PUBLIC.to_owned(), "c".to_owned()).await.unwrap();

    assert_eq!(store.purge(public(), Some("a".to_owned()), false).await.unwrap().versions, 2);
    assert!(store.get(public(), "a".to_owned()).await.unwrap().is_none());
    for (generation, expected) in [(first, vec![]), (second, vec![]), (gone, vec!["b", "c"])] {
        let result = store.search(at("recipe", generation)).await.unwrap();
        assert_eq!(found(&result.candidates), expected, "{generation}");
    }
    // What no generation holds does not come back.
    assert_eq!(store.rollback(public(), gone).await.unwrap().documents, 1);
    let result = store.search(query("recipe")).await.unwrap();
    assert_eq!((found(&result.candidates), result.chunks), (vec!["b", "c"], 2));

    let all = store.purge(public(), None, false).await.unwrap();
    assert_eq!(all.versions, 3, "one of b, two of c");
    let result = store.search(query("recipe")).await.unwrap();
    assert_eq!((found(&result.candidates), result.chunks, result.generation), (vec![], 0, all.generation));
    assert!(result.terms.iter().all(|term| term.chunks == 0));
    assert!(store.search(at("recipe", gone)).await.unwrap().candidates.is_empty());
    assert_eq!(store.collections().await.unwrap().0, ["staff"]);
    let again = store.purge(public(), None, false).await.unwrap();
    assert_eq!((again.generation, again.versions), (all.generation, 0));
    put(&*store, "a", &["a new recipe"]).await;
    assert_eq!(store.search(query("recipe")).await.unwrap().candidates.len(), 1);
}
