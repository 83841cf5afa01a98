//! What the embedded store adds to the contract: it survives its process, forgets in time, leaves nothing behind of what is
//! purged, and refuses what it cannot read.

mod forgetting;
mod migration;

use retriever::error::Error;
use retriever::store::embedded::EmbeddedStore;
use retriever::store::{Model, Store};

use crate::documents::{OPTIONS, PUBLIC, chunks, document, model, open, query};

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    store.replace(document("a"), chunks(&["delivery takes three days", "returns are free"])).await.unwrap();
    store.replace(document("b"), Vec::new()).await.unwrap();
    let before = store.search(query("how long does delivery take")).await.unwrap();
    drop(store);
    let store = open(folder.path());
    let after = store.search(query("how long does delivery take")).await.unwrap();
    assert_eq!(after.generation, before.generation);
    let scores = |found: &retriever::store::Found| {
        let mut scores: Vec<_> =
            found.candidates.iter().map(|c| (c.chunk.text.clone(), c.words, c.cosine)).collect();
        scores.sort_by(|left, right| left.0.cmp(&right.0));
        scores
    };
    assert_eq!(scores(&after), scores(&before));
    assert_eq!(store.list(vec![PUBLIC.to_owned()], None, 9).await.unwrap().documents.len(), 2);
    let changed = store.replace(document("c"), Vec::new()).await.unwrap();
    assert_eq!(changed.generation.number, before.generation.number + 1);
}

#[tokio::test]
async fn another_model_is_refused_unless_the_store_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let other = Model { id: "titan".to_owned(), dimensions: 1_024 };
    drop(EmbeddedStore::open(folder.path(), other.clone(), OPTIONS).unwrap());
    let store = open(folder.path());
    store.replace(document("a"), chunks(&["text"])).await.unwrap();
    drop(store);
    let error = EmbeddedStore::open(folder.path(), other, OPTIONS).unwrap_err();
    assert!(matches!(error, Error::Incompatible { .. }), "{error}");
    assert!(error.to_string().contains("titan"), "{error}");
    let wider = Model { dimensions: model().dimensions * 2, ..model() };
    assert!(matches!(EmbeddedStore::open(folder.path(), wider, OPTIONS), Err(Error::Incompatible { .. })));
    assert!(EmbeddedStore::open(folder.path(), model(), OPTIONS).is_ok());
}

#[test]
fn a_directory_in_use_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let _held = open(folder.path());
    let error = EmbeddedStore::open(folder.path(), model(), OPTIONS).unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
}

#[test]
fn a_newer_schema_is_refused_and_commits_are_durable() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let database = rusqlite::Connection::open(folder.path().join("knowledge.sqlite3")).unwrap();
    let mode: String = database.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    database.execute("INSERT INTO migrations VALUES (999, 0)", []).unwrap();
    drop(database);
    let error = EmbeddedStore::open(folder.path(), model(), OPTIONS).unwrap_err();
    assert!(error.to_string().contains("schema 999"), "{error}");
}
