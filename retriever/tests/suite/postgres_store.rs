//! The PostgreSQL store over the contract of every store, on a real server, and what it adds: the database itself keeps
//! collections apart.

use std::sync::Arc;

use lifecycle::Shutdown;
use retriever::model::Document;
use retriever::store::Store;
use retriever::store::postgres::PostgresStore;

use crate::documents::{PUBLIC, chunks, document, model, query};
use crate::postgres_connection::settings;
use crate::postgres_server;
use crate::store_contract::{Fresh, check_all};

async fn open(url: &str, more: &[(&str, &str)]) -> (PostgresStore, Shutdown) {
    let shutdown = Shutdown::new();
    let pairs: Vec<(&str, &str)> =
        [("RETRIEVER_POSTGRES_URL", url)].into_iter().chain(more.iter().copied()).collect();
    (PostgresStore::open(&settings(&pairs), 30, model(), &shutdown).await.unwrap(), shutdown)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_postgres_store_keeps_every_promise() {
    check_all(async || {
        let database = postgres_server::database().await;
        let (store, shutdown) = open(&database.url, &[]).await;
        Fresh { store: Arc::new(store), keep: Box::new((database, shutdown)) }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_promises_hold_with_the_approximate_index() {
    check_all(async || {
        let database = postgres_server::database().await;
        let (store, shutdown) = open(&database.url, &[("RETRIEVER_EXACT_CHUNKS", "0")]).await;
        wait_for_index(&database.url).await;
        Fresh { store: Arc::new(store), keep: Box::new((database, shutdown)) }
    })
    .await;
}

/// While the index is being built, searches are still exact, and passages that are equally near come in another order.
async fn wait_for_index(url: &str) {
    let client = postgres_server::client(url).await;
    let sql = "SELECT EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('chatbot.live_embedding') AND indisvalid)";
    while !client.query_one(sql, &[]).await.unwrap().get::<_, bool>(0) {
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn rows_of_a_collection_that_was_not_named_are_not_there() {
    let database = postgres_server::database().await;
    let (store, _shutdown) = open(&database.url, &[]).await;
    store.replace(document("a"), chunks(&["opening hours"])).await.unwrap();
    let client = postgres_server::client(&database.url).await;
    // A superuser is above row-level security, so the test looks as the role of the searches.
    client.batch_execute("SET ROLE chatbot_search").await.unwrap();
    for table in ["documents", "versions", "chunks", "placements", "live", "terms"] {
        let sql = format!("SELECT count(*) FROM chatbot.{table}");
        let count = async || client.query_one(&sql, &[]).await.unwrap().get::<_, i64>(0);
        client.batch_execute("RESET chatbot.collections").await.unwrap();
        assert_eq!(count().await, 0, "{table}");
        client.batch_execute("SET chatbot.collections = '{999}'").await.unwrap();
        assert_eq!(count().await, 0, "{table}");
        client.batch_execute("SET chatbot.collections = '{1}'").await.unwrap();
        assert!(count().await > 0, "{table}");
    }
    let found = store.search(query("opening hours")).await.unwrap();
    assert_eq!(found.candidates.len(), 1);
    assert_eq!(found.candidates[0].document.collection, PUBLIC);
}

/// Makes a user who may do no more than the README asks for, and returns the address for it.
async fn ordinary_user(url: &str, name: &str) -> String {
    let client = postgres_server::client(url).await;
    let database: String = client.query_one("SELECT current_database()", &[]).await.unwrap().get(0);
    let sql = format!(
        "CREATE EXTENSION vector; CREATE ROLE {database}_{name} LOGIN; GRANT CREATE ON DATABASE {database} TO {database}_{name}"
    );
    client.batch_execute(&sql).await.unwrap();
    url.replacen("postgres@", &format!("{database}_{name}@"), 1)
}

#[tokio::test]
async fn a_user_without_special_rights_opens_the_store_again_and_sees_only_what_it_names() {
    let database = postgres_server::database().await;
    let url = ordinary_user(&database.url, "ordinary").await;
    let (first, _shutdown) = open(&url, &[]).await;
    first.replace(document("a"), chunks(&["opening hours"])).await.unwrap();
    let (again, _shutdown) = open(&url, &[]).await;
    assert_eq!(again.search(query("opening hours")).await.unwrap().candidates.len(), 1);
    let client = postgres_server::client(&url).await;
    let count = client.query_one("SELECT count(*) FROM chatbot.chunks", &[]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 0, "its own tables hide what no collection was named for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retrievers_that_start_together_make_the_tables_once_and_see_each_other() {
    let database = postgres_server::database().await;
    let opened = futures_util::future::join_all((0..4).map(|_| open(&database.url, &[]))).await;
    let (writer, reader) = (&opened[0].0, &opened[1].0);
    let mut watching = reader.generation();
    let changed = writer.replace(document("a"), chunks(&["delivery takes three days"])).await.unwrap();
    while watching.borrow_and_update().number < changed.generation.number {
        watching.changed().await.unwrap();
    }
    let found = reader.search(query("delivery")).await.unwrap();
    assert_eq!((found.candidates.len(), found.generation), (1, changed.generation));
    assert_eq!(found.terms[0].chunks, 1, "the words of the other one's document are known");
}

#[tokio::test]
async fn a_store_of_the_first_schema_is_brought_to_the_newest() {
    let database = postgres_server::database().await;
    let url = ordinary_user(&database.url, "upgraded").await;
    let (store, _shutdown) = open(&url, &[]).await;
    let written = Document {
        title: "Opening \"hours\"".to_owned(),
        source_url: "https://a.test".to_owned(),
        attributes: [("season".to_owned(), "été".to_owned())].into(),
        ..document("a")
    };
    store.replace(written.clone(), chunks(&["opening hours"])).await.unwrap();
    let client = postgres_server::client(&database.url).await;
    let Document { title, source_url, embedding_model, .. } = &written;
    let first = format!(
        "ALTER TABLE chatbot.feedback DROP COLUMN reason; \
         INSERT INTO chatbot.feedback (answer_id, positive, comment, given_ms, stored_ms) VALUES ('1', true, 'x', 1, 1); \
         ALTER TABLE chatbot.chunks DROP COLUMN header; \
         ALTER TABLE chatbot.versions DROP COLUMN header, ADD COLUMN title text NOT NULL DEFAULT '{title}', \
             ADD COLUMN content_bytes bigint NOT NULL DEFAULT 42, ADD COLUMN source_url text NOT NULL DEFAULT '{source_url}', \
             ADD COLUMN embedding_model text NOT NULL DEFAULT '{embedding_model}', \
             ADD COLUMN embedding_dimensions integer NOT NULL DEFAULT 128, \
             ADD COLUMN chunking_version integer NOT NULL DEFAULT 1; \
         DELETE FROM chatbot.migrations WHERE version > 1"
    );
    client.batch_execute(&first).await.unwrap();
    let (again, _shutdown) = open(&url, &[]).await;
    assert_eq!(again.search(query("opening hours")).await.unwrap().candidates[0].document, written);
    assert_eq!(again.opinions("1".to_owned()).await.unwrap()[0].reason, None);
}
