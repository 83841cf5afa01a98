//! PostgreSQL in trouble: full pools, callers that go away, a killed server, a full disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lifecycle::Shutdown;
use retriever::error::Error;
use retriever::store::postgres::connection::Database;
use retriever::store::postgres::notice::{Notice, listen};
use tokio::sync::mpsc;

use crate::postgres_connection::{ask, connect, settings};
use crate::postgres_server::{Server, client, database};

const POOL: usize = 4;
const POLLS: usize = 400;

/// Asks again until the answer is right, a bounded number of times.
pub(crate) async fn becomes<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    for _ in 0..POLLS {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("this never became so: {what}");
}

/// Whether the caller is told to try again.
pub(crate) fn is_retryable(error: &Error) -> bool {
    matches!(error, Error::Unreachable(_) | Error::Overloaded)
}

#[tokio::test]
async fn a_full_pool_refuses_and_nothing_piles_up() {
    let url = database().await.url;
    let database = connect(&[("URL", &url), ("CONNECTIONS", "2"), ("WAIT_MS", "20")]).await.unwrap();
    let (one, two) = (database.lend().await.unwrap(), database.lend().await.unwrap());
    for _ in 0..2 {
        let refused = futures_util::future::join_all((0..50).map(|_| database.lend())).await;
        assert!(refused.iter().all(|lent| matches!(lent, Err(Error::Overloaded))), "{refused:?}");
        assert!(format!("{database:?}").contains("waiting: 0"), "{database:?}");
    }
    drop((one, two));
    for _ in 0..3 {
        assert_eq!(ask(&database, "SELECT 1").await.unwrap(), "1");
    }
    let ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()";
    assert_eq!(ask(&database, ours).await.unwrap(), "2");
}

#[tokio::test]
async fn a_call_that_nobody_waits_for_is_cancelled_on_the_server() {
    let url = database().await.url;
    let database = connect(&[("URL", &url), ("CONNECTIONS", "3")]).await.unwrap();
    let observer = client(&url).await;
    let running = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                   AND query LIKE '%pg_sleep%' AND state = 'active'";
    let count = || async { observer.query_one(running, &[]).await.unwrap().get::<_, i64>(0) };
    observer.batch_execute("CREATE TABLE locked AS SELECT 1 AS held").await.unwrap();
    for sql in ["SELECT pg_sleep(600)", "BEGIN; DELETE FROM locked; SELECT pg_sleep(600)"] {
        let call = async || {
            let lent = database.lend().await?;
            lent.run(async |client| Ok(client.batch_execute(sql).await?)).await
        };
        let calls = futures_util::future::join_all((0..3).map(|_| call()));
        tokio::select! {
            outcome = calls => panic!("it ended before it was dropped: {outcome:?}"),
            () = becomes("a call runs on the server", || async { count().await >= 1 }) => {}
        }
        becomes("no call runs on the server", || async { count().await == 0 }).await;
        becomes("the pool is whole", || async {
            let lent = futures_util::future::join_all((0..3).map(|_| database.lend())).await;
            lent.iter().all(Result::is_ok)
        })
        .await;
    }
    assert_eq!(ask(&database, "SELECT count(*) FROM locked").await.unwrap(), "1");
    let free = "SET lock_timeout = '1s'; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE";
    observer.batch_execute(&format!("BEGIN; {free}; ROLLBACK")).await.unwrap();
}

#[tokio::test]
async fn failed_work_leaves_no_transaction_behind() {
    let url = database().await.url;
    let database = connect(&[("URL", &url), ("CONNECTIONS", "1")]).await.unwrap();
    let backend = ask(&database, "SELECT pg_backend_pid()").await.unwrap();
    let refused: Result<(), Error> = database
        .lend()
        .await
        .unwrap()
        .run(async |client| {
            client.batch_execute("BEGIN; CREATE TABLE half_done ()").await?;
            Err(Error::NotFound)
        })
        .await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(ask(&database, "SELECT to_regclass('half_done') IS NULL").await.unwrap(), "true");
    assert_eq!(ask(&database, "SELECT pg_backend_pid()").await.unwrap(), backend, "the connection was kept");

    let broken = ask(&database, "SELECT 1 / 0").await.unwrap_err();
    assert!(matches!(broken, Error::Database(_)), "{broken:?}");
    assert_ne!(ask(&database, "SELECT pg_backend_pid()").await.unwrap(), backend, "it was closed");
}

#[tokio::test]
async fn the_server_itself_ends_a_statement_at_its_limit() {
    let url = database().await.url;
    let database = connect(&[("URL", &url), ("STATEMENT_TIMEOUT_SECONDS", "1")]).await.unwrap();
    let late = ask(&database, "SELECT pg_sleep(600)").await.unwrap_err();
    assert!(matches!(late, Error::Unreachable(_)), "{late:?}");
    assert_eq!(ask(&database, "SELECT 1").await.unwrap(), "1");
}

/// What the callers of the test below saw.
#[derive(Default)]
struct Seen {
    successes: AtomicU64,
    failures: AtomicU64,
    wrong: AtomicU64,
}

fn spawn_callers(database: &Database, shutdown: &Shutdown) -> Arc<Seen> {
    let seen = Arc::new(Seen::default());
    for _ in 0..2 * POOL {
        let (database, seen, token) = (database.clone(), Arc::clone(&seen), shutdown.token().clone());
        shutdown.spawn("caller", async move {
            while !token.is_cancelled() {
                let counter = match ask(&database, "SELECT 1").await {
                    Ok(_) => &seen.successes,
                    Err(error) if is_retryable(&error) => &seen.failures,
                    Err(error) => {
                        println!("not retryable: {error:?}");
                        &seen.wrong
                    }
                };
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_fail_fast_while_the_server_is_dead_and_recover_by_themselves() {
    let mut server = Server::start(&[]);
    let shutdown = Shutdown::new();
    let size = POOL.to_string();
    let url = server.url("postgres");
    let database =
        Database::connect(&settings(&[("URL", &url), ("CONNECTIONS", &size)]), &shutdown).await.unwrap();
    let (tell, mut told) = mpsc::unbounded_channel();
    listen(&database, "changes", move |notice| _ = tell.send(notice), &shutdown);
    assert_eq!(told.recv().await, Some(Notice::Connected));
    let seen = spawn_callers(&database, &shutdown);
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    for round in 1..=3 {
        let before = count(&seen.successes);
        becomes("callers succeed", || async { count(&seen.successes) > before + 100 }).await;
        tokio::task::block_in_place(|| server.command("kill"));
        let failed = count(&seen.failures);
        becomes("callers fail", || async { count(&seen.failures) > failed + 100 }).await;
        let before = count(&seen.successes);
        tokio::task::block_in_place(|| server.command("start"));
        let returned = Instant::now();
        becomes("callers succeed again", || async { count(&seen.successes) > before + 100 }).await;
        let (calls, notices) = (returned.elapsed(), told.recv().await);
        assert_eq!(notices, Some(Notice::Connected));
        let heard = returned.elapsed();
        println!("round {round}: calls after {calls:?}, notices after {heard:?} of the server's return");
        let observer = client(&url).await;
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'retriever'";
        let sessions = observer.query_one(sessions, &[]).await.unwrap().get::<_, i64>(0);
        assert!(sessions <= i64::try_from(POOL).unwrap() + 1, "{sessions} sessions");
        observer.batch_execute("NOTIFY changes, '42'").await.unwrap();
        assert_eq!(told.recv().await, Some(Notice::Payload("42".to_owned())));
    }
    assert_eq!(count(&seen.wrong), 0, "every failure says that the call may be tried again");
    shutdown.begin();
    assert!(shutdown.drained(Duration::from_secs(10)).await);
}

#[tokio::test]
async fn a_full_disk_is_said_to_be_full_and_works_again_once_there_is_room() {
    let mut server = Server::start(&[]);
    let disk = server.command("disk 24");
    let url = server.url("postgres");
    let database = connect(&[("URL", &url), ("CONNECTIONS", "2")]).await.unwrap();
    let admin = client(&url).await;
    admin.batch_execute(&format!("CREATE TABLESPACE small LOCATION '{disk}'")).await.unwrap();
    admin.batch_execute("CREATE TABLE kept (text text) TABLESPACE small").await.unwrap();
    let add = async || {
        let sql = "INSERT INTO kept SELECT repeat(md5(n::text), 100) FROM generate_series(1, 100) n";
        let lent = database.lend().await?;
        lent.run(async |client| Ok(client.batch_execute(sql).await?)).await
    };
    add().await.unwrap();
    server.command("fill");
    for _ in 0..5 {
        let full = async {
            for _ in 0..1_000 {
                add().await?;
            }
            Ok::<_, Error>(())
        }
        .await
        .unwrap_err();
        assert!(matches!(full, Error::StorageFull), "{full:?}");
    }
    let before: usize = ask(&database, "SELECT count(*) FROM kept").await.unwrap().parse().unwrap();
    assert_eq!(before % 100, 0, "a failed statement leaves nothing");
    server.command("free");
    add().await.unwrap();
    let after: usize = ask(&database, "SELECT count(*) FROM kept").await.unwrap().parse().unwrap();
    assert_eq!(after, before + 100);
}
