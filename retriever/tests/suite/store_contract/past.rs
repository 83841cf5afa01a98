//! The log of changes, and generations that are no longer the newest.

use std::sync::Arc;

use retriever::error::Error;
use retriever::model::{ChangeKind, Filter};
use retriever::store::{Place, Query, Store};

use super::{Picture, picture};
use crate::documents::{PUBLIC, by_words, chunks, document, found, query};

pub(super) fn at(question: &str, generation: u64) -> Query {
    Query { generation: Some(generation), ..query(question) }
}

pub(super) async fn put(store: &dyn Store, id: &str, texts: &[&str]) -> u64 {
    store.replace(document(id), chunks(texts)).await.unwrap().generation.number
}

pub(super) async fn history(store: Arc<dyn Store>) {
    let empty = store.history(None, 10).await.unwrap();
    assert_eq!((empty.changes.len(), empty.has_more, empty.oldest), (0, false, 0));
    let added = put(&*store, "a", &["one", "two"]).await;
    let replaced = put(&*store, "a", &["three"]).await;
    store.delete(PUBLIC.to_owned(), "missing".to_owned()).await.unwrap();
    let deleted = store.delete(PUBLIC.to_owned(), "a".to_owned()).await.unwrap().generation;
    let all = store.history(None, 10).await.unwrap();
    let told: Vec<_> =
        all.changes.iter().map(|change| (change.generation.number, change.kind, change.count)).collect();
    let expected = [
        (deleted.number, ChangeKind::Deleted, 0),
        (replaced, ChangeKind::Replaced, 1),
        (added, ChangeKind::Added, 2),
    ];
    assert_eq!(told, expected);
    assert_eq!(all.changes[0].generation, deleted);
    assert!(all.changes.iter().all(|change| change.collection == PUBLIC && change.document_id == "a"));
    assert!(
        all.changes
            .is_sorted_by(|newer, older| { newer.generation.committed_ms >= older.generation.committed_ms })
    );
    assert_eq!((all.has_more, all.oldest), (false, 0));
    let page = store.history(None, 2).await.unwrap();
    assert_eq!((&page.changes[..], page.has_more), (&all.changes[..2], true));
    let rest = store.history(Some(replaced), 2).await.unwrap();
    assert_eq!((&rest.changes[..], rest.has_more), (&all.changes[2..], false));
    assert!(store.history(Some(added), 2).await.unwrap().changes.is_empty());
}

pub(super) async fn search(store: Arc<dyn Store>) {
    const QUESTIONS: [&str; 3] = ["red apples in the garden", "when are you open", "pears"];
    let mut seen: Vec<(u64, Vec<Picture>)> = Vec::new();
    for step in 0..7 {
        match step {
            0 => 0,
            1 => put(&*store, "a", &["red apples grow in the garden", "green pears", "blue plums"]).await,
            2 => put(&*store, "b", &["we are open on monday", "red wine and pears"]).await,
            3 => put(&*store, "a", &["green pears", "red apples are sold out", "the garden is open"]).await,
            4 => store.delete(PUBLIC.to_owned(), "b".to_owned()).await.unwrap().generation.number,
            5 => put(&*store, "c", &["apples, apples and more apples"]).await,
            _ => put(&*store, "b", &["we are open on sunday"]).await,
        };
        let mut pictures = Vec::new();
        for question in QUESTIONS {
            pictures.push(picture(&store.search(query(question)).await.unwrap()));
        }
        seen.push((store.generation().borrow().number, pictures));
    }
    // Back and forth, so that whatever a store keeps of the last search is of no use to the next one.
    for place in [0, 6, 3, 1, 5, 2, 4, 3, 3] {
        let (generation, pictures) = &seen[place];
        for (question, expected) in QUESTIONS.iter().zip(pictures) {
            let result = store.search(at(question, *generation)).await.unwrap();
            assert_eq!(result.generation.number, *generation);
            assert_eq!(&picture(&result), expected, "{question} at {generation}");
        }
    }
    let logged = store.history(None, 100).await.unwrap().changes;
    let (second, third) = (seen[2].0, seen[3].0);
    let committed = logged.iter().find(|change| change.generation.number == second).unwrap().generation;
    assert_eq!(store.search(at("pears", second)).await.unwrap().generation, committed);
    // What is read rather than searched is the newest.
    let stored = store.get(vec![PUBLIC.to_owned()], "a".to_owned()).await.unwrap().unwrap();
    assert_eq!(stored.summary.generation, third);
    assert_eq!(store.list(vec![PUBLIC.to_owned()], None, 9).await.unwrap().documents.len(), 3);
}

pub(super) async fn narrowed(store: Arc<dyn Store>) {
    let mut leaflet = document("leaflet");
    leaflet.attributes = [("colour".to_owned(), "red".to_owned())].into();
    store.replace(leaflet.clone(), chunks(&["the xylophone is in the cellar"])).await.unwrap();
    let then = put(&*store, "other", &["the xylophone is on the roof"]).await;
    leaflet.attributes = [("colour".to_owned(), "blue".to_owned())].into();
    store.replace(leaflet, chunks(&["nothing is in the cellar"])).await.unwrap();
    put(&*store, "other", &["nothing is on the roof"]).await;
    let red = Filter { attributes: [("colour".to_owned(), "red".to_owned())].into(), ..Filter::default() };
    let result = store.search(Query { filter: red.clone(), ..at("xylophnoe", then) }).await.unwrap();
    assert_eq!((found(&result.candidates), by_words(&result.candidates)), (vec!["leaflet"], vec!["leaflet"]));
    assert_eq!(result.terms[0].chunks, 2, "the word is corrected to one that was known then");
    let result = store.search(Query { filter: red, ..query("xylophnoe") }).await.unwrap();
    assert!(result.candidates.is_empty());
    assert_eq!(result.terms[0].chunks, 0, "no chunk of the newest generation holds it");
}

pub(super) async fn unknown(store: Arc<dyn Store>) {
    put(&*store, "a", &["text"]).await;
    let newest = put(&*store, "a", &["other text"]).await;
    for asked in [newest + 1, u64::MAX] {
        let place =
            Place { collection: PUBLIC.to_owned(), document_id: "a".to_owned(), generation: Some(asked) };
        for error in [
            store.search(at("text", asked)).await.unwrap_err(),
            store.rollback(vec![PUBLIC.to_owned()], asked).await.unwrap_err(),
            store.chunks(place.clone(), 0..9).await.unwrap_err(),
        ] {
            let is_named = matches!(
                error,
                Error::UnknownGeneration { asked: named, oldest: 0, newest: last } if named == asked && last == newest
            );
            assert!(is_named, "{error:?}");
        }
    }
    assert_eq!(store.generation().borrow().number, newest);
}

pub(super) async fn chunks_at(store: Arc<dyn Store>) {
    let first = put(&*store, "a", &["zero", "one", "two", "three"]).await;
    put(&*store, "a", &["two", "three", "four"]).await;
    let texts = async |id: &str, generation: Option<u64>, ordinals: std::ops::Range<u32>| {
        let place = Place { collection: PUBLIC.to_owned(), document_id: id.to_owned(), generation };
        let chunks = store.chunks(place, ordinals.clone()).await.unwrap();
        assert!(chunks.iter().all(|chunk| chunk.vector.is_empty() && ordinals.contains(&chunk.ordinal)));
        chunks.into_iter().map(|chunk| chunk.text).collect::<Vec<_>>()
    };
    assert_eq!(texts("a", None, 1..3).await, ["three", "four"]);
    assert_eq!(texts("a", Some(first), 1..3).await, ["one", "two"]);
    assert_eq!(texts("a", Some(first), 3..9).await, ["three"]);
    assert_eq!(texts("a", None, 3..u32::MAX).await, [""; 0]);
    assert_eq!(texts("a", None, 1..1).await, [""; 0]);
    assert_eq!(texts("a", Some(first - 1), 0..9).await, [""; 0]);
    assert_eq!(texts("missing", None, 0..9).await, [""; 0]);
}
