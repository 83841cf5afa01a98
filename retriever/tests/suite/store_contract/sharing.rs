//! Chunks and vectors that versions of a document share.

use std::sync::Arc;

use retriever::error::Error;
use retriever::model::{Chunk, Document};
use retriever::store::Store;

use super::past::{at, put};
use super::picture;
use crate::documents::{PUBLIC, chunks, document, query};

fn key(headings: &[&str], text: &str) -> [u8; 32] {
    let Document { embedding_model, embedding_dimensions, .. } = document("a");
    let headings: Vec<String> = headings.iter().map(|heading| (*heading).to_owned()).collect();
    embedding::content_key(&embedding_model, embedding_dimensions, &headings, text)
}

fn without_vectors(texts: &[&str]) -> Vec<Chunk> {
    chunks(texts).into_iter().map(|chunk| Chunk { vector: Vec::new(), ..chunk }).collect()
}

async fn find(store: &dyn Store, id: &str, keys: &[[u8; 32]]) -> Vec<bool> {
    store.find_vectors(PUBLIC.to_owned(), id.to_owned(), keys.to_vec()).await.unwrap()
}

pub(super) async fn reuse(store: Arc<dyn Store>) {
    let keys = [key(&[], "one"), key(&[], "two"), key(&["one"], "two"), key(&[], "three")];
    assert_eq!(find(&*store, "a", &keys).await, [false; 4]);
    put(&*store, "a", &["one", "two"]).await;
    assert_eq!(find(&*store, "a", &keys).await, [true, true, false, false]);
    assert_eq!(find(&*store, "b", &keys).await, [false; 4], "another document's vectors are not lent");
    assert_eq!(find(&*store, "a", &[]).await, [false; 0]);

    let first = put(&*store, "b", &["two", "three", "two"]).await;
    let expected = picture(&store.search(query("two or three")).await.unwrap());
    store.delete(PUBLIC.to_owned(), "b".to_owned()).await.unwrap();
    assert_eq!(
        find(&*store, "b", &keys).await,
        [false, true, false, true],
        "an earlier generation keeps them"
    );
    store.replace(document("b"), without_vectors(&["two", "three", "two"])).await.unwrap();
    assert_eq!(picture(&store.search(query("two or three")).await.unwrap()), expected);
    assert_eq!(picture(&store.search(at("two or three", first)).await.unwrap()), expected);
    // A title, a language or an importance of its own makes another chunk, but the vector is that of headings and text.
    let mut other = without_vectors(&["three", "two"]);
    other[0].importance = 1.5;
    let titled = Document { title: "Numbers".to_owned(), language: "de".to_owned(), ..document("b") };
    store.replace(titled, other).await.unwrap();
    let result = store.search(query("three")).await.unwrap();
    let three = result.candidates.iter().find(|candidate| candidate.chunk.text == "three").unwrap();
    assert!((three.cosine - 1.0).abs() < 1e-3, "{}", three.cosine);
    assert!((three.chunk.importance - 1.5).abs() < 1e-6);
    assert_eq!(
        store.search(query("numbers")).await.unwrap().terms[0].chunks,
        2,
        "titles are words of each chunk"
    );
}

pub(super) async fn missing(store: Arc<dyn Store>) {
    put(&*store, "other", &["four"]).await;
    let before = put(&*store, "a", &["one", "two"]).await;
    let expected = picture(&store.search(query("one two three")).await.unwrap());
    let mut under_heading = without_vectors(&["one", "two"]);
    under_heading[1].heading_path = vec!["Numbers".to_owned()];
    for (chunks, ordinal) in [
        (without_vectors(&["two", "three"]), 1),
        (without_vectors(&["one", "two", "four"]), 2),
        (under_heading, 1),
    ] {
        let error = store.replace(document("a"), chunks).await.unwrap_err();
        assert!(matches!(error, Error::MissingVector(missing) if missing == ordinal), "{error:?}");
    }
    let error = store.replace(document("new"), without_vectors(&["one"])).await.unwrap_err();
    assert!(matches!(error, Error::MissingVector(0)), "{error:?}");
    let result = store.search(query("one two three")).await.unwrap();
    assert_eq!((picture(&result), result.generation.number), (expected, before));
    assert_eq!(store.history(None, 10).await.unwrap().changes.len(), 2);
    assert!(store.get(vec![PUBLIC.to_owned()], "new".to_owned()).await.unwrap().is_none());
}

pub(super) async fn places(store: Arc<dyn Store>) {
    let placed = |texts: &[&str], page: u32| {
        let mut chunks = chunks(texts);
        for chunk in &mut chunks {
            let start = u64::from(page) * 1_000 + u64::from(chunk.ordinal) * 10;
            chunk.byte_range = Some(start..start + 5);
            chunk.page = Some(page);
        }
        chunks
    };
    let versions: [(&[&str], u32); 3] = [
        (&["alpha", "beta", "alpha"], 1),
        (&["beta", "alpha"], 2),
        (&["gamma", "beta", "alpha", "alpha"], 3),
    ];
    let mut stored = Vec::new();
    for (texts, page) in versions {
        let changed = store.replace(document("a"), placed(texts, page)).await.unwrap();
        stored.push((changed.generation.number, placed(texts, page)));
    }
    for (generation, expected) in stored {
        let result = store.search(at("alpha beta gamma", generation)).await.unwrap();
        let mut read: Vec<Chunk> = result.candidates.into_iter().map(|candidate| candidate.chunk).collect();
        read.sort_by_key(|chunk| chunk.ordinal);
        let expected: Vec<Chunk> =
            expected.into_iter().map(|chunk| Chunk { vector: Vec::new(), ..chunk }).collect();
        assert_eq!(read, expected, "{generation}");
    }
}
