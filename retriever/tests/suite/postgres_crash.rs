//! The whole store on a PostgreSQL in trouble: nothing acknowledged is lost, and every call says what to do.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lifecycle::{Reader, Shutdown, memory_listener};
use retriever::error::Error;
use retriever::store::Store;
use retriever::store::postgres::PostgresStore;
use retriever::store::postgres::connection::Database;
use retriever::store::postgres::durability::unsafe_settings;
use retriever::{Listeners, Settings};

use crate::documents::{PUBLIC, chunks, document, model, query};
use crate::postgres_connection::settings;
use crate::postgres_faults::{becomes, is_retryable};
use crate::postgres_server::{Server, client};

const DOCUMENTS: u64 = 7;
const ROUNDS: usize = 3;

async fn open(url: &str, shutdown: &Shutdown) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open(&settings(&[("URL", url)]), 30, model(), shutdown).await.unwrap())
}

/// What the callers of the store saw.
#[derive(Default)]
struct Seen {
    /// By document, the generation of its last acknowledged change.
    acknowledged: Mutex<BTreeMap<u64, u64>>,
    searches: AtomicU64,
    failures: AtomicU64,
    wrong: Mutex<Vec<String>>,
}

impl Seen {
    fn note(&self, error: &Error) {
        self.failures.fetch_add(1, Ordering::Relaxed);
        if !is_retryable(error) {
            self.wrong.lock().unwrap().push(format!("{error:?}"));
        }
    }
}

/// Replaces documents, each with as many equal chunks as its text says, until shutdown.
async fn write(store: Arc<PostgresStore>, seen: Arc<Seen>, shutdown: Shutdown) {
    for number in 0_u64.. {
        if shutdown.is_shutting_down() {
            return;
        }
        let text = format!("written as {number}");
        let texts = vec![text.as_str(); usize::try_from(number % 5 + 1).unwrap()];
        match store.replace(document(&(number % DOCUMENTS).to_string()), chunks(&texts)).await {
            Ok(changed) => {
                let mut acknowledged = seen.acknowledged.lock().unwrap();
                acknowledged.insert(number % DOCUMENTS, changed.generation.number);
            }
            Err(error) => seen.note(&error),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Searches until shutdown.
async fn search(store: Arc<PostgresStore>, seen: Arc<Seen>, shutdown: Shutdown) {
    while !shutdown.is_shutting_down() {
        match store.search(query("what was written as the last")).await {
            Ok(_) => _ = seen.searches.fetch_add(1, Ordering::Relaxed),
            Err(error) => seen.note(&error),
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Checks that each document is whole and no older than what was acknowledged before.
async fn check_kept(store: &PostgresStore, acknowledged: &BTreeMap<u64, u64>) {
    for (id, generation) in acknowledged {
        let stored = store.get(vec![PUBLIC.to_owned()], id.to_string()).await.unwrap();
        let stored = stored.unwrap_or_else(|| panic!("document {id} of generation {generation} is gone"));
        assert!(stored.summary.generation >= *generation, "{stored:?} is older than {generation}");
        let text = &stored.chunks[0].text;
        assert!(
            stored.chunks.iter().all(|chunk| &chunk.text == text),
            "two versions of one document: {stored:?}"
        );
        let number: usize = text.strip_prefix("written as ").unwrap().parse().unwrap();
        assert_eq!(stored.chunks.len(), number % 5 + 1, "{stored:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_killed_servers_and_searches_recover() {
    let mut server = Server::start(&[]);
    let (shutdown, url) = (Shutdown::new(), server.url("postgres"));
    let store = open(&url, &shutdown).await;
    let database = Database::connect(&settings(&[("URL", &url)]), &shutdown).await.unwrap();
    assert!(unsafe_settings(&database).await.unwrap().is_empty(), "the server keeps what it acknowledges");
    let seen = Arc::new(Seen::default());
    let work = Shutdown::new();
    work.spawn("writer", write(Arc::clone(&store), Arc::clone(&seen), work.clone()));
    for _ in 0..4 {
        work.spawn("search", search(Arc::clone(&store), Arc::clone(&seen), work.clone()));
    }
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    for round in 1..=ROUNDS {
        let before = count(&seen.searches);
        becomes("searches succeed", || async { count(&seen.searches) > before + 20 }).await;
        let written = seen.acknowledged.lock().unwrap().clone();
        becomes("changes are acknowledged", || async { *seen.acknowledged.lock().unwrap() != written }).await;
        tokio::task::block_in_place(|| server.command("kill"));
        let failed = count(&seen.failures);
        becomes("calls fail", || async { count(&seen.failures) > failed + 20 }).await;
        let acknowledged = seen.acknowledged.lock().unwrap().clone();
        let before = count(&seen.searches);
        tokio::task::block_in_place(|| server.command("start"));
        let returned = Instant::now();
        becomes("searches succeed again", || async { count(&seen.searches) > before }).await;
        println!("round {round}: a search after {:?} of the server's return", returned.elapsed());
        check_kept(&store, &acknowledged).await;
    }
    work.begin();
    assert!(work.drained(Duration::from_secs(30)).await);
    assert_eq!(*seen.wrong.lock().unwrap(), Vec::<String>::new(), "every failure may be tried again");
    let acknowledged = seen.acknowledged.lock().unwrap().clone();
    check_kept(&store, &acknowledged).await;
    shutdown.begin();
}

#[tokio::test]
async fn a_full_disk_refuses_changes_while_searches_go_on() {
    let mut server = Server::start(&[]);
    let disk = server.command("disk 96");
    let admin = client(&server.url("postgres")).await;
    admin.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{disk}'")).await.unwrap();
    admin.batch_execute("CREATE DATABASE chatbot TABLESPACE small").await.unwrap();
    let shutdown = Shutdown::new();
    let store = open(&server.url("chatbot"), &shutdown).await;
    store.replace(document("kept"), chunks(&["delivery takes three days"])).await.unwrap();
    server.command("fill");
    let texts: Vec<String> = (0..200).map(|number| format!("filler {number} ").repeat(40)).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let mut full = None;
    for number in 0..50 {
        full = store.replace(document(&format!("filler {number}")), chunks(&texts)).await.err();
        if full.is_some() {
            break;
        }
    }
    assert!(matches!(full, Some(Error::StorageFull)), "{full:?}");
    for _ in 0..3 {
        let again = store.replace(document("more"), chunks(&texts)).await;
        assert!(matches!(again, Err(Error::StorageFull)), "{again:?}");
        let found = store.search(query("how long does delivery take")).await.unwrap();
        assert!(found.candidates.iter().any(|candidate| candidate.document.id == "kept"));
    }
    server.command("free");
    store.replace(document("more"), chunks(&texts)).await.unwrap();
    let stored = store.get(vec![PUBLIC.to_owned()], "more".to_owned()).await.unwrap().unwrap();
    assert_eq!(stored.chunks.len(), texts.len());
    shutdown.begin();
}

/// Starts a retriever over this URL.
async fn start(url: &str, shutdown: &Shutdown) -> Result<retriever::Running, Error> {
    let pairs = [("RETRIEVER_STORE", "postgres"), ("RETRIEVER_POSTGRES_URL", url)];
    let settings = Settings::read(&mut Reader::from_pairs(pairs)).unwrap();
    let (_pipe, grpc) = memory_listener();
    retriever::start(settings, Listeners { grpc, internal: None }, shutdown).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retriever_waits_for_a_late_server_and_not_for_a_wrong_setting() {
    let mut server = Server::start(&[]);
    tokio::task::block_in_place(|| server.command("kill"));
    let (url, shutdown) = (server.url("postgres"), Shutdown::new());
    let own = shutdown.clone();
    let starting = shutdown.spawn("start", async move { start(&url, &own).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!starting.is_finished(), "it waits");
    tokio::task::block_in_place(|| server.command("start"));
    let running = starting.await.unwrap().unwrap();
    assert!(running.readiness.is_ready());
    shutdown.begin();

    let refused = start(&server.url("nowhere"), &Shutdown::new()).await.unwrap_err();
    assert!(matches!(&refused, Error::Invalid(text) if text.contains("nowhere")), "{refused:?}");

    tokio::task::block_in_place(|| server.command("kill"));
    let (url, shutdown) = (server.url("postgres"), Shutdown::new());
    let own = shutdown.clone();
    let starting = shutdown.spawn("start", async move { start(&url, &own).await });
    shutdown.begin();
    assert!(matches!(starting.await.unwrap(), Err(Error::Unreachable(_))), "shutdown ends the wait");
}
