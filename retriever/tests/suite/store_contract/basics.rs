//! Storing, deleting, listing, filtering, and the walls between collections.

use std::sync::Arc;

use retriever::model::{Feedback, Filter, Reason};
use retriever::store::Store;

use crate::documents::{DIMENSIONS, PUBLIC, by_words, chunks, document, found, query};

pub(super) async fn empty(store: Arc<dyn Store>) {
    let result = store.search(query("anything at all")).await.unwrap();
    assert!(result.candidates.is_empty());
    assert_eq!((result.generation.number, result.chunks), (0, 0));
    assert!(store.get(vec![PUBLIC.to_owned()], "a".to_owned()).await.unwrap().is_none());
    assert!(store.list(vec![PUBLIC.to_owned()], None, 10).await.unwrap().documents.is_empty());
}

pub(super) async fn opinions(store: Arc<dyn Store>) {
    let opinion = |answer: &str, reason: Option<Reason>| Feedback {
        answer_id: answer.to_owned(),
        positive: reason.is_none(),
        comment: "'; -- 😀".to_owned(),
        given_ms: 1,
        reason,
    };
    let reasons = Reason::NAMES.iter().map(|(reason, _)| Some(*reason)).chain([None]);
    let given: Vec<Feedback> = reasons.map(|reason| opinion("1", reason)).collect();
    for one in &given {
        store.record(one.clone()).await.unwrap();
    }
    store.record(opinion("2", Some(Reason::Other))).await.unwrap();
    assert_eq!(store.opinions("1".to_owned()).await.unwrap(), given);
    assert_eq!(store.opinions("2".to_owned()).await.unwrap(), [opinion("2", Some(Reason::Other))]);
    assert_eq!(store.opinions("3".to_owned()).await.unwrap(), []);
    assert_eq!(store.generation().borrow().number, 0, "an opinion is no knowledge");
}

pub(super) async fn replacing(store: Arc<dyn Store>) {
    let first =
        store.replace(document("a"), chunks(&["red apples", "green pears", "blue plums"])).await.unwrap();
    assert!(!first.existed);
    let second = store.replace(document("a"), chunks(&["yellow bananas"])).await.unwrap();
    assert!(second.existed);
    let result = store.search(query("red apples and yellow bananas")).await.unwrap();
    assert_eq!(result.candidates.len(), 1);
    assert_eq!(result.candidates[0].chunk.text, "yellow bananas");
    assert_eq!(result.chunks, 1);
    let stored =
        store.get(vec!["none".to_owned(), PUBLIC.to_owned()], "a".to_owned()).await.unwrap().unwrap();
    assert_eq!(stored.summary.document, document("a"));
    assert_eq!((stored.summary.chunk_count, stored.summary.generation), (1, second.generation.number));
    assert_eq!(stored.chunks[0].text, "yellow bananas");
    assert_eq!(stored.chunks[0].byte_range, Some(0..14));
}

pub(super) async fn deleting(store: Arc<dyn Store>) {
    store.replace(document("a"), chunks(&["opening hours"])).await.unwrap();
    let kept = store.replace(document("b"), chunks(&["closing hours"])).await.unwrap();
    let deleted = store.delete(PUBLIC.to_owned(), "a".to_owned()).await.unwrap();
    assert!(deleted.existed && deleted.generation.number > kept.generation.number);
    let again = store.delete(PUBLIC.to_owned(), "a".to_owned()).await.unwrap();
    assert!(!again.existed);
    assert_eq!(again.generation, deleted.generation, "nothing changed");
    let nowhere = store.delete("never-used".to_owned(), "a".to_owned()).await.unwrap();
    assert!(!nowhere.existed);
    let result = store.search(query("opening hours")).await.unwrap();
    assert_eq!(found(&result.candidates), ["b"]);
    assert_eq!(result.generation, deleted.generation);
}

pub(super) async fn generations(store: Arc<dyn Store>) {
    let mut watcher = store.generation();
    let mut last = watcher.borrow_and_update().number;
    for id in ["a", "b", "a"] {
        let changed = store.replace(document(id), chunks(&["text"])).await.unwrap();
        assert_eq!(changed.generation.number, last + 1);
        watcher.changed().await.unwrap();
        assert_eq!(*watcher.borrow_and_update(), changed.generation);
        last = changed.generation.number;
    }
}

pub(super) async fn collections(store: Arc<dyn Store>) {
    let inside = |collection: &str, id: &str| {
        let mut document = document(id);
        document.collection = collection.to_owned();
        document
    };
    store.replace(inside(PUBLIC, "leaflet"), chunks(&["visitor parking is behind the house"])).await.unwrap();
    store.replace(inside("staff", "leaflet"), chunks(&["the xylophone safe code is 4711"])).await.unwrap();
    let result = store.search(query("xylophone safe code 4711")).await.unwrap();
    assert!(result.candidates.iter().all(|candidate| candidate.document.collection == PUBLIC));
    assert!(result.terms.iter().all(|term| term.chunks == 0), "not even the number of foreign chunks shows");
    assert_eq!(result.chunks, 1);
    // A misspelt word is not corrected to a word that only another collection holds.
    let result = store.search(query("xylophnoe")).await.unwrap();
    assert_eq!(result.terms[0].text, "xylophno");
    let mut both = query("xylophone parking");
    both.collections = vec!["staff".to_owned(), PUBLIC.to_owned(), PUBLIC.to_owned(), "missing".to_owned()];
    let result = store.search(both).await.unwrap();
    assert_eq!(result.candidates.iter().filter(|candidate| candidate.words.is_some()).count(), 2);
    let listed = store.list(vec!["staff".to_owned()], None, 10).await.unwrap();
    assert!(listed.documents.iter().all(|summary| summary.document.collection == "staff"));
    assert_eq!(store.collections().await.unwrap().0, [PUBLIC, "staff"]);
    store.delete("staff".to_owned(), "leaflet".to_owned()).await.unwrap();
    assert_eq!(store.collections().await.unwrap().0, [PUBLIC], "an empty collection is none");
    assert!(store.get(vec![PUBLIC.to_owned()], "leaflet".to_owned()).await.unwrap().is_some());
}

pub(super) async fn filters(store: Arc<dyn Store>) {
    for (id, kind, language, modified_ms, colour) in
        [("a", "md", "en", 100, "red"), ("b", "csv", "en", 200, "blue"), ("c", "md", "de", 300, "red")]
    {
        let mut document = document(id);
        document.kind = kind.to_owned();
        document.language = language.to_owned();
        document.modified_ms = modified_ms;
        document.attributes = [("colour".to_owned(), colour.to_owned())].into();
        store.replace(document, chunks(&["warranty 24 months"])).await.unwrap();
    }
    let one = |value: &str| vec![value.to_owned()];
    let colour = |value: &str| [("colour".to_owned(), value.to_owned())].into();
    let none = Filter::default();
    for (filter, expected) in [
        (none.clone(), vec!["a", "b", "c"]),
        (Filter { document_ids: vec!["a".to_owned(), "b".to_owned()], ..none.clone() }, vec!["a", "b"]),
        (Filter { kinds: one("md"), ..none.clone() }, vec!["a", "c"]),
        (Filter { languages: one("de"), ..none.clone() }, vec!["c"]),
        (Filter { modified_from_ms: Some(200), ..none.clone() }, vec!["b", "c"]),
        (Filter { modified_before_ms: Some(200), ..none.clone() }, vec!["a"]),
        (Filter { attributes: colour("red"), ..none.clone() }, vec!["a", "c"]),
        (Filter { attributes: colour("red"), languages: one("en"), ..none.clone() }, vec!["a"]),
        (Filter { kinds: one("pdf"), ..none.clone() }, vec![]),
    ] {
        let mut query = query("warranty months");
        query.filter = filter.clone();
        let result = store.search(query).await.unwrap();
        assert_eq!(found(&result.candidates), expected, "{filter:?}");
        assert_eq!(by_words(&result.candidates), expected, "by words: {filter:?}");
    }
}

pub(super) async fn other_model(store: Arc<dyn Store>) {
    for (id, dimensions) in [("another-model", DIMENSIONS), (embedding::MODEL_ID, DIMENSIONS + 1)] {
        let mut document = document("a");
        document.embedding_model = id.to_owned();
        document.embedding_dimensions = dimensions;
        let error = store.replace(document, chunks(&["text"])).await.unwrap_err();
        assert_eq!(error.code(), proto::ErrorCode::IncompatibleIndex);
    }
    assert_eq!(store.generation().borrow().number, 0);
}

pub(super) async fn pages(store: Arc<dyn Store>) {
    for (collection, id) in [("b", "1"), ("a", "ü/2"), ("a", "1"), ("c", "1"), ("a", "10")] {
        let mut document = document(id);
        document.collection = collection.to_owned();
        store.replace(document, Vec::new()).await.unwrap();
    }
    let names = vec!["a".to_owned(), "b".to_owned()];
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.list(names.clone(), after, 2).await.unwrap();
        assert_eq!(page.generation.number, 5);
        let places =
            page.documents.into_iter().map(|summary| (summary.document.collection, summary.document.id));
        seen.extend(places);
        after = seen.last().cloned();
        if !page.has_more {
            break;
        }
    }
    let expected = [("a", "1"), ("a", "10"), ("a", "ü/2"), ("b", "1")];
    assert_eq!(seen, expected.map(|(collection, id)| (collection.to_owned(), id.to_owned())));
}
