//! The connection to a Redis, kept by one task. Whoever calls waits one deadline at most, and not at all while the Redis is
//! known not to answer. It knows no key's meaning.

use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncConnectionConfig, Client, FromRedisValue, RedisError, RedisResult, ScriptInvocation};
use lifecycle::{Shutdown, within};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::settings::state::StateSettings;

/// Between two looks whether it answers, while nothing was wrong.
const LOOK: Duration = Duration::from_secs(1);
/// Between two tries to connect; doubled up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// For a connection with TLS and a password; nobody waits for it.
const CONNECT: Duration = Duration::from_secs(2);
/// For the first connection, which the start of the gateway waits for.
const FIRST_CONNECT: Duration = Duration::from_secs(3);

/// The Redis does not answer, or not in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the shared state does not answer")]
pub(crate) struct Away;

/// A Redis that several gateways share.
#[derive(Debug)]
pub(crate) struct Redis {
    prefix: String,
    deadline: Duration,
    connection: watch::Sender<Option<MultiplexedConnection>>,
    lost: Arc<Notify>,
    /// Ends the task that keeps the connection.
    _unused: DropGuard,
    answers: Gauge<i64, AtomicI64>,
    failures: Counter,
}

impl Redis {
    /// Returns the Redis of the settings, with a task that keeps a connection until shutdown has begun and its last user is
    /// gone.
    pub(super) async fn open(
        settings: &StateSettings,
        registry: &mut Registry,
        shutdown: &Shutdown,
    ) -> Option<Arc<Self>> {
        let place = settings.redis.as_ref()?;
        // The crate takes the process's default; another part may have set the same one before.
        _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::open(place.expose()).ok()?;
        let unused = CancellationToken::new();
        let redis = Arc::new(Self {
            // The braces keep all keys in one slot of a cluster, for scripts touch several.
            prefix: format!("{{{}}}", settings.prefix),
            deadline: settings.deadline,
            connection: watch::Sender::new(None),
            lost: Arc::default(),
            _unused: unused.clone().drop_guard(),
            answers: Gauge::default(),
            failures: Counter::default(),
        });
        let help = "Whether the shared state answers: 1, or 0 while this gateway goes on alone";
        registry.register("gateway_shared_state", help, redis.answers.clone());
        let help = "Calls of the shared state that failed or came too late";
        registry.register("gateway_shared_state_failures", help, redis.failures.clone());
        let (kept, mut connection) = (Arc::downgrade(&redis), redis.connection.subscribe());
        shutdown.spawn("shared state", unused.run_until_cancelled_owned(keep(kept, client)));
        _ = within(FIRST_CONNECT, connection.wait_for(Option::is_some)).await;
        Some(redis)
    }

    /// Returns the key of something of this kind.
    pub(super) fn key(&self, kind: &str, name: &str) -> String {
        format!("{}:{kind}:{name}", self.prefix)
    }

    /// Runs a script.
    ///
    /// # Errors
    /// [`Away`], at once while the Redis is known not to answer.
    pub(super) async fn run<T: FromRedisValue>(&self, script: &ScriptInvocation<'_>) -> Result<T, Away> {
        let connection = self.connection.borrow().clone();
        let mut connection = connection.ok_or(Away)?;
        let answered = within(self.deadline, script.invoke_async(&mut connection)).await;
        match answered {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => self.failed(&error.to_string()),
            Err(late) => self.failed(&late.to_string()),
        }
        Err(Away)
    }

    fn failed(&self, cause: &str) {
        self.failures.inc();
        let was_there = self.connection.send_if_modified(|connection| connection.take().is_some());
        if was_there {
            self.answers.set(0);
            tracing::warn!(cause, "the shared state does not answer; this gateway goes on alone");
            self.lost.notify_one();
        }
    }

    fn connected(&self, connection: MultiplexedConnection) {
        self.connection.send_replace(Some(connection));
        self.answers.set(1);
        tracing::info!("the shared state answers");
    }
}

/// Connects, looks now and then whether it still answers, and connects anew, until the last user is gone.
async fn keep(redis: Weak<Redis>, client: Client) {
    let mut pause = FIRST_PAUSE;
    let mut is_first = true;
    while let Some(kept) = redis.upgrade() {
        match connect(&client, &kept).await {
            Ok(connection) => {
                pause = FIRST_PAUSE;
                kept.connected(connection);
                drop(kept);
                watch_over(&redis).await;
            }
            Err(cause) if is_first => {
                kept.failures.inc();
                tracing::warn!(cause, "the shared state does not answer; this gateway begins alone");
            }
            Err(cause) => tracing::debug!(cause, "the shared state still does not answer"),
        }
        is_first = false;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn connect(client: &Client, kept: &Redis) -> Result<MultiplexedConnection, String> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(kept.deadline));
    let connecting = async {
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        look(kept, &mut connection).await?;
        Ok(connection)
    };
    let connected = within(CONNECT, connecting).await;
    connected.map_err(|late| late.to_string())?.map_err(|error: RedisError| error.to_string())
}

/// Returns when the connection is of no use any more.
async fn watch_over(redis: &Weak<Redis>) {
    loop {
        let Some(lost) = redis.upgrade().map(|kept| Arc::clone(&kept.lost)) else { return };
        if within(LOOK, lost.notified()).await.is_ok() {
            return;
        }
        let Some(kept) = redis.upgrade() else { return };
        let Some(mut connection) = kept.connection.borrow().clone() else { return };
        match within(kept.deadline, look(&kept, &mut connection)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return kept.failed(&error.to_string()),
            Err(late) => return kept.failed(&late.to_string()),
        }
    }
}

/// Writes, because a Redis that only reads is of no use here.
async fn look(kept: &Redis, connection: &mut MultiplexedConnection) -> RedisResult<()> {
    let key = kept.key("look", "");
    ::redis::cmd("SET").arg(key).arg(1).arg("PX").arg(1_000).query_async(connection).await
}
