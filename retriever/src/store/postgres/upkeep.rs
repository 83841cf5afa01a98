//! What the store does beside the calls: it builds the approximate index once exact search becomes slow, removes what
//! expired, and catches up with generations that other retrievers committed.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::ClientWrapper;
use lifecycle::Shutdown;
use tokio::sync::{Notify, watch};

use super::connection::Database;
use super::history;
use super::notice::{self, Notice};
use super::settings::Vectors;
use super::write::{self, CHANNEL};
use crate::error::Error;
use crate::model::Generation;

/// How often it looks when nothing tells it to.
const INTERVAL: Duration = Duration::from_secs(60);
/// Shortest time between two looks, however often it is told to.
const PAUSE: Duration = Duration::from_secs(1);
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// Only one retriever at a time builds the index.
const INDEX_LOCK: i64 = 0x6368_6174_626f_7402;

/// Neighbours of each row, and the candidates that building looks at for them. Over 100,000 random vectors of 1,024
/// dimensions recall@10 with `ef_search` 24 is 0.962, for which pgvector's own 16 and 64 need more than 40 and 5 % more pages; the index
/// is no larger, because three vectors fill a page either way.
const NEIGHBOURS: u32 = 24;
const EF_CONSTRUCTION: u32 = 128;

/// The parts of the store that upkeep needs.
#[derive(Clone, Debug)]
pub(super) struct Upkeep {
    pub(super) database: Database,
    pub(super) vectors: Vectors,
    /// Days that ended versions are kept.
    pub(super) history_days: u32,
    pub(super) generation: Arc<watch::Sender<Generation>>,
    /// Rung when something may need to be done at once.
    pub(super) bell: Arc<Notify>,
}

impl Upkeep {
    /// Begins, until shutdown.
    pub(super) fn spawn(self, shutdown: &Shutdown) {
        let (generation, bell) = (Arc::clone(&self.generation), Arc::clone(&self.bell));
        let hear = move |notice| match notice {
            Notice::Payload(payload) => {
                if let Some(committed) = parse(&payload) {
                    announce(&generation, committed);
                }
            }
            // What was said while nobody listened is read from the database.
            Notice::Connected => bell.notify_one(),
        };
        notice::listen(&self.database, CHANNEL, hear, shutdown);
        let token = shutdown.token().clone();
        shutdown.spawn("upkeep", async move {
            _ = token.run_until_cancelled(self.run()).await;
        });
    }

    async fn run(self) {
        loop {
            if let Err(error) = self.round().await {
                tracing::warn!(%error, "upkeep of the store failed; it is tried again");
            }
            _ = tokio::time::timeout(INTERVAL, self.bell.notified()).await;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn round(&self) -> Result<(), Error> {
        let state = self.database.lend().await?.run(async |client| state(client).await).await?;
        announce(&self.generation, state.generation);
        if state.chunks >= self.vectors.exact_chunks && !state.is_indexed {
            let memory = self.vectors.index_memory_mb;
            self.database.lend().await?.run(async |client| build(client, memory).await).await?;
        }
        let ended_before_ms = write::now_ms() - i64::from(self.history_days) * DAY_MS;
        let sweep = async || {
            self.database
                .lend()
                .await?
                .run(async |client| history::expire(client, ended_before_ms).await)
                .await
        };
        while sweep().await? {}
        Ok(())
    }
}

/// Tells the watchers of a generation, unless they know a newer one.
pub(super) fn announce(watchers: &watch::Sender<Generation>, committed: Generation) {
    watchers.send_if_modified(|seen| {
        let is_newer = committed.number > seen.number;
        if is_newer {
            *seen = committed;
        }
        is_newer
    });
}

fn parse(payload: &str) -> Option<Generation> {
    let (number, committed_ms) = payload.split_once(' ')?;
    Some(Generation { number: number.parse().ok()?, committed_ms: committed_ms.parse().ok()? })
}

struct State {
    generation: Generation,
    chunks: u64,
    is_indexed: bool,
}

async fn state(client: &ClientWrapper) -> Result<State, Error> {
    let sql = "SELECT generation, committed_ms, (SELECT coalesce(sum(chunks), 0)::bigint FROM chatbot.collections), \
               EXISTS (SELECT 1 FROM pg_index WHERE indexrelid = to_regclass('chatbot.live_embedding') AND indisvalid) \
               FROM chatbot.state";
    let row = client.query_one(&client.prepare_cached(sql).await?, &[]).await?;
    let generation =
        Generation { number: super::read::unsigned(row.try_get(0)?), committed_ms: row.try_get(1)? };
    Ok(State { generation, chunks: super::read::unsigned(row.try_get(2)?), is_indexed: row.try_get(3)? })
}

/// Builds the index while others read and write. A build that broke off leaves an invalid index, which goes first.
async fn build(client: &ClientWrapper, memory_mb: u32) -> Result<(), Error> {
    let sql = "SELECT pg_try_advisory_lock($1)";
    if !client.query_one(sql, &[&INDEX_LOCK]).await?.try_get::<_, bool>(0)? {
        return Ok(());
    }
    tracing::info!("building the index of vectors");
    // An index cannot be built concurrently inside a transaction, so these are the session's until they are reset.
    client
        .batch_execute(&format!("SET statement_timeout = 0; SET maintenance_work_mem = '{memory_mb}MB'"))
        .await?;
    let sql = "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'";
    let schema: String = client.query_one(sql, &[]).await?.try_get(0)?;
    client.batch_execute("DROP INDEX CONCURRENTLY IF EXISTS chatbot.live_embedding").await?;
    let schema = schema.replace('"', "\"\"");
    client
        .batch_execute(&format!(
            "CREATE INDEX CONCURRENTLY live_embedding ON chatbot.live USING hnsw (embedding \"{schema}\".halfvec_ip_ops) \
             WITH (m = {NEIGHBOURS}, ef_construction = {EF_CONSTRUCTION})"
        ))
        .await?;
    client.batch_execute("ANALYZE chatbot.live; ANALYZE chatbot.words; RESET statement_timeout; RESET maintenance_work_mem").await?;
    client.execute("SELECT pg_advisory_unlock($1)", &[&INDEX_LOCK]).await?;
    tracing::info!("built the index of vectors");
    Ok(())
}
