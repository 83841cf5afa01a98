//! Deadlines and overload over gRPC with PostgreSQL behind: a search that is late stops on the server too, and what finds
//! no connection is told when to come again.

use std::time::Duration;

use proto::ErrorCode;
use tonic::{Code, Request};

use crate::postgres_faults::becomes;
use crate::postgres_server::{client, database};
use crate::service::{search, serve};

const SEARCHES: usize = 12;
const CONNECTIONS: usize = 2;

#[tokio::test]
async fn a_late_search_is_cancelled_and_others_are_refused_with_a_time_to_come_again() {
    let url = database().await.url;
    let size = CONNECTIONS.to_string();
    let mut served = serve(&[
        ("RETRIEVER_STORE", "postgres"),
        ("RETRIEVER_POSTGRES_URL", &url),
        ("RETRIEVER_POSTGRES_CONNECTIONS", &size),
        ("RETRIEVER_POSTGRES_WAIT_MS", "50"),
        ("RETRIEVER_READERS", "64"),
    ])
    .await;
    served.put("a", &["Delivery takes three days."]).await;
    // Whoever searches waits for this lock, as a slow query would make it wait.
    let blocker = client(&url).await;
    blocker.batch_execute("BEGIN; LOCK TABLE chatbot.chunks IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let calls = (0..SEARCHES).map(|_| {
        let mut client = served.client.clone();
        let mut request = Request::new(search("how long does delivery take"));
        request.set_timeout(Duration::from_secs(2));
        async move { client.search(request).await.unwrap_err() }
    });
    let refusals = futures_util::future::join_all(calls).await;
    let late = |status: &tonic::Status| [Code::DeadlineExceeded, Code::Cancelled].contains(&status.code());
    let (late, refused): (Vec<_>, Vec<_>) = refusals.iter().partition(|status| late(status));
    assert!((1..=CONNECTIONS).contains(&late.len()), "{refusals:?}");
    for status in refused {
        let (code, retry_after) = ErrorCode::of(status);
        assert_eq!(code, ErrorCode::Overloaded, "{status:?}");
        assert!(retry_after.is_some_and(|delay| delay > Duration::ZERO), "{status:?}");
    }

    let observer = client(&url).await;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let count = || async { observer.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) };
    becomes("no search waits on the server", || async { count().await == 0 }).await;
    blocker.batch_execute("ROLLBACK").await.unwrap();
    for _ in 0..2 * CONNECTIONS {
        let mut client = served.client.clone();
        client.search(search("how long does delivery take")).await.unwrap();
    }
    served.shutdown.begin();
    assert!(served.shutdown.drained(Duration::from_secs(10)).await, "no task is left behind");
}
