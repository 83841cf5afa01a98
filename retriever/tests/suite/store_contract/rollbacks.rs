//! Going back to an earlier generation.

use std::sync::Arc;

use retriever::model::{ChangeKind, Document, Withheld};
use retriever::store::Store;

use super::past::{at, put};
use super::picture;
use crate::documents::{PUBLIC, chunks, document, query};

const QUESTION: &str = "apples, pears and plums";

fn of(id: &str, content: u8) -> Document {
    Document { content_sha256: vec![content; 32], ..document(id) }
}

fn public() -> Vec<String> {
    vec![PUBLIC.to_owned()]
}

async fn ids(store: &dyn Store, collection: &str) -> Vec<String> {
    let listing = store.list(vec![collection.to_owned()], None, 99).await.unwrap();
    listing.documents.into_iter().map(|summary| summary.document.id).collect()
}

pub(super) async fn back(store: Arc<dyn Store>) {
    store.replace(of("a", 1), chunks(&["red apples", "green pears"])).await.unwrap();
    let target = put(&*store, "b", &["blue plums", "old plums"]).await;
    let expected = picture(&store.search(query(QUESTION)).await.unwrap());
    let original = store.get(public(), "a".to_owned()).await.unwrap().unwrap();
    store.replace(of("a", 2), chunks(&["green pears", "brown apples", "bananas"])).await.unwrap();
    store.delete(PUBLIC.to_owned(), "b".to_owned()).await.unwrap();
    let before = put(&*store, "c", &["apples from afar"]).await;
    let undone = picture(&store.search(query(QUESTION)).await.unwrap());

    let rolled_back = store.rollback(public(), target).await.unwrap();
    assert_eq!((rolled_back.generation.number, rolled_back.documents), (before + 1, 3));
    assert_eq!(*store.generation().borrow(), rolled_back.generation);
    let result = store.search(query(QUESTION)).await.unwrap();
    assert_eq!((picture(&result), result.generation), (expected, rolled_back.generation));
    assert_eq!(ids(&*store, PUBLIC).await, ["a", "b"]);
    let restored = store.get(public(), "a".to_owned()).await.unwrap().unwrap();
    assert_eq!((restored.summary.document, restored.chunks), (original.summary.document, original.chunks));
    let change = store.history(None, 1).await.unwrap().changes.remove(0);
    assert_eq!((change.generation, change.kind), (rolled_back.generation, ChangeKind::RolledBack(target)));
    assert_eq!((change.count, change.document_id.as_str()), (3, ""));

    for again in [target, rolled_back.generation.number] {
        let nothing = store.rollback(public(), again).await.unwrap();
        assert_eq!((nothing.generation, nothing.documents), (rolled_back.generation, 0));
    }
    assert_eq!(picture(&store.search(at(QUESTION, before)).await.unwrap()), undone);
    let forth = store.rollback(public(), before).await.unwrap();
    assert_eq!(forth.documents, 3);
    assert_eq!(picture(&store.search(query(QUESTION)).await.unwrap()), undone);
    let first = store.rollback(public(), 0).await.unwrap();
    assert_eq!((first.documents, ids(&*store, PUBLIC).await.len()), (2, 0));
}

pub(super) async fn withheld(store: Arc<dyn Store>) {
    assert!(store.withheld(public()).await.unwrap().is_empty());
    store.replace(of("b", 1), chunks(&["one"])).await.unwrap();
    let target = store.replace(of("a", 1), chunks(&["one"])).await.unwrap().generation.number;
    store.replace(of("a", 2), chunks(&["two"])).await.unwrap();
    store.delete(PUBLIC.to_owned(), "b".to_owned()).await.unwrap();
    store.replace(of("c", 3), chunks(&["three"])).await.unwrap();
    store.rollback(public(), target).await.unwrap();
    let expect = async |expected: &[(&str, &[u8])]| {
        let entry = |(id, content): &(&str, &[u8])| Withheld {
            collection: PUBLIC.to_owned(),
            document_id: (*id).to_owned(),
            content_sha256: content.to_vec(),
        };
        let expected: Vec<Withheld> = expected.iter().map(entry).collect();
        assert_eq!(store.withheld(public()).await.unwrap(), expected);
    };
    expect(&[("a", &[2; 32]), ("b", &[]), ("c", &[3; 32])]).await;
    assert!(store.withheld(vec!["other".to_owned()]).await.unwrap().is_empty());
    // Nothing differs, so nothing ends.
    store.rollback(public(), target).await.unwrap();
    put(&*store, "unrelated", &["text"]).await;
    expect(&[("a", &[2; 32]), ("b", &[]), ("c", &[3; 32])]).await;
    // Whoever replaces a document has decided, even for what was undone.
    store.replace(of("a", 2), chunks(&["two"])).await.unwrap();
    expect(&[("b", &[]), ("c", &[3; 32])]).await;
    store.delete(PUBLIC.to_owned(), "b".to_owned()).await.unwrap();
    store.replace(of("c", 4), chunks(&["four"])).await.unwrap();
    expect(&[]).await;
}

pub(super) async fn collections(store: Arc<dyn Store>) {
    let inside = |collection: &str| Document { collection: collection.to_owned(), ..document("leaflet") };
    for collection in [PUBLIC, "staff", "press"] {
        store.replace(inside(collection), chunks(&["first edition"])).await.unwrap();
    }
    let target = store.generation().borrow().number;
    for collection in [PUBLIC, "staff", "press"] {
        store.replace(inside(collection), chunks(&["second edition"])).await.unwrap();
    }
    let asked = vec!["staff".to_owned(), "missing".to_owned(), "press".to_owned(), "staff".to_owned()];
    assert_eq!(store.rollback(asked, target).await.unwrap().documents, 2);
    for (collection, text) in
        [(PUBLIC, "second edition"), ("staff", "first edition"), ("press", "first edition")]
    {
        let stored = store.get(vec![collection.to_owned()], "leaflet".to_owned()).await.unwrap().unwrap();
        assert_eq!(stored.chunks[0].text, text, "{collection}");
    }
    assert!(store.withheld(public()).await.unwrap().is_empty());
    let withheld = store.withheld(vec!["staff".to_owned(), "press".to_owned()]).await.unwrap();
    let places: Vec<&str> = withheld.iter().map(|entry| entry.collection.as_str()).collect();
    assert_eq!(places, ["press", "staff"]);
    assert_eq!(store.history(None, 1).await.unwrap().changes[0].collection, "", "more than one");
}
