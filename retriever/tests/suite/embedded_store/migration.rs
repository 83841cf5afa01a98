//! Databases of earlier schemas.

use std::path::Path;

use embedding::analysis;
use retriever::model::{Chunk, Document};
use retriever::store::Store;
use rusqlite::Connection;

use crate::documents::{DIMENSIONS, PUBLIC, chunks, document, model, open, query};
use crate::store_contract::picture;

const STEP_1: &str = include_str!("../../../src/store/embedded/schema/step_1.sql");
const QUESTION: &str = "how long does delivery of red wine take";
const DELETED: &str = "zzquvwkxjmdeleted";

fn terms(text: &str) -> String {
    let terms: Vec<String> = analysis::analyse(text, "en").into_iter().map(|term| term.text).collect();
    terms.join(" ")
}

/// Inserts the rows of a document and its chunks the way the first schema kept them: chunks of one document follow each
/// other, their vectors are one value.
fn insert(database: &Connection, row: i64, first_chunk: i64, document: &Document, chunks: &[Chunk]) {
    let sql = "INSERT INTO documents VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, 42, 1000, ?7, '{}', ?8, ?9, 1, ?10, ?11, 5000, ?1)";
    let Document { id, title, kind, language, content_sha256, source_url, embedding_model, .. } = document;
    let count = i64::try_from(chunks.len()).unwrap();
    let columns = rusqlite::params![
        row,
        id,
        title,
        kind,
        language,
        content_sha256,
        source_url,
        embedding_model,
        DIMENSIONS,
        first_chunk,
        count
    ];
    database.execute(sql, columns).unwrap();
    let numbers: Vec<u8> =
        chunks.iter().flat_map(|chunk| &chunk.vector).flat_map(|number| number.to_le_bytes()).collect();
    database.execute("INSERT INTO vectors VALUES (?1, ?2)", (row, numbers)).unwrap();
    for (chunk, id) in chunks.iter().zip(first_chunk..) {
        let end = i64::try_from(chunk.text.len()).unwrap();
        let sql = "INSERT INTO chunks VALUES (?1, ?2, '[]', ?3, 0, ?4, NULL, 1.0, ?5, 1)";
        database.execute(sql, (id, row, &chunk.text, end, chunk.tokens)).unwrap();
        let sql = "INSERT INTO words_1 (rowid, title, headings, text) VALUES (?1, ?2, '', ?3)";
        database.execute(sql, (id, terms(document.shown_title()), terms(&chunk.text))).unwrap();
    }
}

fn make(directory: &Path, documents: &[(Document, Vec<Chunk>)]) {
    let database = Connection::open(directory.join("knowledge.sqlite3")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    let prepare = "CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_ms INTEGER NOT NULL) STRICT; \
        INSERT INTO migrations VALUES (1, 0);";
    database.execute_batch(prepare).unwrap();
    database.execute_batch(STEP_1).unwrap();
    let opinion = "INSERT INTO feedback VALUES (1, '1', 1, 'good', 5, 6)";
    database.execute_batch(opinion).unwrap();
    let words = "INSERT INTO collections VALUES (1, 'public'); \
        CREATE VIRTUAL TABLE words_1 USING fts5(title, headings, text, tokenize = \"ascii tokenchars '.:,'\"); \
        CREATE VIRTUAL TABLE vocabulary_1 USING fts5vocab('words_1', 'row');";
    database.execute_batch(words).unwrap();
    let deleted = chunks(&[DELETED]);
    insert(&database, 90, 900, &document("deleted"), &deleted);
    let delete = "DELETE FROM words_1 WHERE rowid = 900; DELETE FROM chunks WHERE id = 900; \
        DELETE FROM vectors WHERE document = 90; DELETE FROM documents WHERE id = 90;";
    database.execute_batch(delete).unwrap();
    let mut first_chunk = 901;
    for ((document, chunks), row) in documents.iter().zip(1..) {
        insert(&database, row, first_chunk, document, chunks);
        first_chunk += i64::try_from(chunks.len()).unwrap();
    }
    let state = "UPDATE state SET generation = 7, committed_ms = 7000, next_chunk = ?1, embedding_model = ?2, \
        embedding_dimensions = ?3";
    database.execute(state, (first_chunk, model().id, DIMENSIONS)).unwrap();
}

#[tokio::test]
async fn a_store_of_the_first_schema_answers_as_before_and_goes_on() {
    let titled = Document { title: "Delivery".to_owned(), ..document("a") };
    let documents = [
        (titled, chunks(&["wine takes three days", "returns are free", "wine takes three days"])),
        (document("b"), chunks(&["red wine is sold out"])),
        (document("empty"), Vec::new()),
    ];
    let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make(old.path(), &documents);
    let (store, fresh) = (open(old.path()), open(new.path()));
    for (document, chunks) in &documents {
        fresh.replace(document.clone(), chunks.clone()).await.unwrap();
    }
    let (migrated, expected) =
        (store.search(query(QUESTION)).await.unwrap(), fresh.search(query(QUESTION)).await.unwrap());
    assert_eq!(picture(&migrated), picture(&expected));
    assert_eq!((migrated.generation.number, migrated.generation.committed_ms), (7, 7_000));
    for (document, _) in &documents {
        let read = async |store: &dyn Store| {
            store.get(vec![PUBLIC.to_owned()], document.id.clone()).await.unwrap().unwrap()
        };
        let (migrated, expected) = (read(&store).await, read(&fresh).await);
        assert_eq!(
            (migrated.summary.document, migrated.chunks),
            (expected.summary.document, expected.chunks)
        );
        assert_eq!(migrated.summary.indexed_ms, 5_000);
    }
    let opinions = store.opinions("1".to_owned()).await.unwrap();
    assert_eq!((opinions.len(), opinions[0].comment.as_str(), opinions[0].reason), (1, "good", None));
    let history = store.history(None, 9).await.unwrap();
    assert_eq!((history.changes.len(), history.oldest), (0, 7), "nothing is known of earlier changes");
    assert!(store.search(retriever::store::Query { generation: Some(6), ..query("wine") }).await.is_err());

    let mut shorter = chunks(&["wine takes three days"]);
    shorter[0].vector = Vec::new();
    store.replace(document("a"), shorter).await.unwrap();
    store.delete(PUBLIC.to_owned(), "b".to_owned()).await.unwrap();
    assert_eq!(store.search(query("red wine")).await.unwrap().chunks, 1);
    let earlier = retriever::store::Query { generation: Some(7), ..query(QUESTION) };
    let result = store.search(earlier).await.unwrap();
    assert_eq!((picture(&result), result.generation), (picture(&expected), migrated.generation));
    assert_eq!(store.rollback(vec![PUBLIC.to_owned()], 7).await.unwrap().documents, 2);
    assert_eq!(picture(&store.search(query(QUESTION)).await.unwrap()), picture(&expected));
}

#[tokio::test]
async fn what_the_first_schema_only_forgot_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path(), &[(document("a"), chunks(&["text"]))]);
    let file = folder.path().join("knowledge.sqlite3");
    let holds_it = || {
        let bytes = std::fs::read(&file).unwrap();
        // The index holds the word without its ending.
        let word = &DELETED.as_bytes()[..12];
        bytes.windows(word.len()).any(|window| window == word)
    };
    assert!(holds_it());
    drop(open(folder.path()));
    assert!(!holds_it());
}
