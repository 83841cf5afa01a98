//! Generations that expire, and purges that leave nothing in the files.

use std::path::Path;
use std::time::Duration;

use retriever::error::Error;
use retriever::store::embedded::{EmbeddedStore, Options};
use retriever::store::{Query, Store};

use crate::documents::{OPTIONS, PUBLIC, chunks, document, model, open, query, vector};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
const NO_HISTORY: Options = Options { history: Duration::ZERO, ..OPTIONS };

fn at(question: &str, generation: u64) -> Query {
    Query { generation: Some(generation), ..query(question) }
}

async fn put(store: &EmbeddedStore, id: &str, texts: &[&str]) -> u64 {
    store.replace(document(id), chunks(texts)).await.unwrap().generation.number
}

/// Rows of the tables that only kept versions fill.
fn rows(directory: &Path) -> [i64; 4] {
    let database = rusqlite::Connection::open(directory.join("knowledge.sqlite3")).unwrap();
    ["versions", "places", "chunks", "vectors"].map(|table| {
        database.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    })
}

#[tokio::test]
async fn without_history_only_the_newest_generation_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = EmbeddedStore::open(folder.path(), model(), NO_HISTORY).unwrap();
    let first = put(&store, "a", &["one", "two"]).await;
    let second = put(&store, "a", &["two", "three"]).await;
    let history = store.history(None, 9).await.unwrap();
    assert_eq!((history.oldest, history.changes.len()), (second, 2), "what happened is still told");
    let error = store.search(at("one", first)).await.unwrap_err();
    assert!(matches!(error, Error::UnknownGeneration { oldest, .. } if oldest == second), "{error}");
    assert_eq!(store.search(at("two", second)).await.unwrap().chunks, 2);
    assert_eq!(rows(folder.path()), [1, 2, 2, 2]);
    store.delete(PUBLIC.to_owned(), "a".to_owned()).await.unwrap();
    assert_eq!(rows(folder.path()), [0; 4]);
}

#[tokio::test]
async fn generations_expire_when_their_time_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut generations = Vec::new();
    for text in ["one", "two", "three", "four"] {
        generations.push(put(&store, "a", &[text]).await);
    }
    drop(store);
    let database = rusqlite::Connection::open(folder.path().join("knowledge.sqlite3")).unwrap();
    let older = "UPDATE changes SET committed_ms = committed_ms - ?1 WHERE generation <= ?2";
    database.execute(older, (2 * DAY_MS, i64::try_from(generations[1]).unwrap())).unwrap();
    drop(database);
    // The options keep one day. The second generation was the newest until a moment ago.
    let store = open(folder.path());
    assert_eq!(store.history(None, 9).await.unwrap().oldest, generations[1]);
    assert_eq!(rows(folder.path()), [3; 4]);
    assert!(store.search(at("one", generations[0])).await.is_err());
    assert_eq!(store.search(at("two", generations[1])).await.unwrap().terms[0].chunks, 1);
    drop(store);
    let store = EmbeddedStore::open(folder.path(), model(), NO_HISTORY).unwrap();
    assert_eq!(store.history(None, 9).await.unwrap().oldest, generations[3]);
    assert_eq!(rows(folder.path()), [1; 4]);
}

#[tokio::test]
async fn another_model_may_follow_when_only_earlier_versions_are_left() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    put(&store, "a", &["one"]).await;
    let deleted = store.delete(PUBLIC.to_owned(), "a".to_owned()).await.unwrap().generation.number;
    drop(store);
    let wider = retriever::store::Model { dimensions: model().dimensions * 2, ..model() };
    let store = EmbeddedStore::open(folder.path(), wider, OPTIONS).unwrap();
    assert_eq!(store.history(None, 9).await.unwrap().oldest, deleted);
    assert_eq!(rows(folder.path()), [0; 4]);
}

/// Letters without a pattern, so that no two words share a beginning that an index would write only once.
fn word(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..24)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            char::from(b'a' + u8::try_from(state % 26).unwrap())
        })
        .collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn nothing_of_what_was_purged_is_left_in_the_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let mut secrets = Vec::new();
    for version in 0..6u64 {
        for id in 0..8u64 {
            // Many lengths, so that rows move between pages and overflow them.
            let count = usize::try_from((id * 7 + version * 3) % 9 + 1).unwrap();
            let texts: Vec<String> = (0..count)
                .map(|place| {
                    let own = word(version * 1_000 + id * 100 + place as u64 + 1);
                    let filler =
                        "lorem ipsum ".repeat((place * 83 + usize::try_from(id).unwrap() * 31) % 400);
                    format!("{own} {filler}")
                })
                .collect();
            if id % 2 == 0 {
                secrets.extend(texts.iter().map(|text| text[..24].to_owned()));
            }
            let mut with_title = document(&id.to_string());
            with_title.title = word(version * 1_000 + id * 100 + 99);
            if id % 2 == 0 {
                secrets.push(with_title.title.clone());
            }
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            store.replace(with_title, chunks(&texts)).await.unwrap();
        }
    }
    let name = |ending: &str| folder.path().join(format!("knowledge.sqlite3{ending}"));
    let files = || {
        let mut bytes = std::fs::read(name("")).unwrap();
        bytes.extend(std::fs::read(name("-wal")).unwrap_or_default());
        bytes
    };
    // The last letters of a word may be cut off as its ending, the first ones shared with its neighbour.
    let traces = |word: &str| [word.as_bytes()[4..16].to_vec(), word.as_bytes()[..12].to_vec()];
    let numbers: Vec<u8> =
        vector(&format!("{} ", word(1))).iter().take(64).flat_map(|number| number.to_le_bytes()).collect();
    let before = files();
    assert!(secrets.iter().flat_map(|secret| traces(secret)).all(|trace| contains(&before, &trace)));
    assert!(contains(&before, &numbers));
    store.search(at("lorem", 20)).await.unwrap();
    for id in [0, 2, 4, 6] {
        let purged = store.purge(vec![PUBLIC.to_owned()], Some(id.to_string()), false).await.unwrap();
        assert_eq!(purged.versions, 6);
    }
    let after = files();
    let left: Vec<&String> =
        secrets.iter().filter(|secret| traces(secret).iter().any(|trace| contains(&after, trace))).collect();
    assert!(left.is_empty(), "{} of {} words are left: {left:?}", left.len(), secrets.len());
    assert!(!contains(&after, &numbers));
    let kept = word(5 * 1_000 + 100 + 1);
    assert!(contains(&after, kept.as_bytes()));
    assert_eq!(store.search(query(&kept)).await.unwrap().terms[0].chunks, 1);
}
