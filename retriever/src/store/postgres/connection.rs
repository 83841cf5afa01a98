//! Connections to PostgreSQL: a pool of bounded size, and work that never leaves a connection in doubt behind.

use std::sync::Arc;

use deadpool::managed::{
    self, Metrics, Object, Pool, PoolError, QueueMode, RecycleError, RecycleResult, TimeoutType,
};
use deadpool_postgres::ClientWrapper;
use lifecycle::Shutdown;

use super::cancel::Unfinished;
use super::durability::unsafe_settings;
use super::failure;
use super::opener::Opener;
use super::settings::Settings;
use crate::error::Error;

/// The database: a pool of connections. Clones share it.
#[derive(Clone)]
pub struct Database {
    pool: Pool<Manager>,
    opener: Arc<Opener>,
    shutdown: Shutdown,
}

/// A connection that belongs to the caller until it is given back.
pub struct Lent {
    connection: Object<Manager>,
    database: Database,
}

/// Makes the pool's connections, and keeps those that are still open.
pub(super) struct Manager(Arc<Opener>);

impl Database {
    /// Connects for the first time, so that wrong settings show at once. Tasks go to `shutdown`.
    ///
    /// # Errors
    /// [`Error::Invalid`] when trying again would not help; the text says what was wrong and what would be right.
    /// [`Error::Unreachable`] when it may: the server is not there yet or is starting.
    pub async fn connect(settings: &Settings, shutdown: &Shutdown) -> Result<Self, Error> {
        let opener = Arc::new(Opener::new(settings)?);
        let pool = Pool::builder(Manager(Arc::clone(&opener)))
            .max_size(settings.allowance.connections)
            // What was used last still has its plans in the processor's cache.
            .queue_mode(QueueMode::Lifo)
            .wait_timeout(Some(settings.allowance.wait))
            .runtime(managed::reexports::Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Internal(error.into()))?;
        let database = Self { pool, opener, shutdown: shutdown.clone() };
        // Not through `lend`, which tells its callers less.
        drop(database.get().await?);
        let off = unsafe_settings(&database).await?;
        if !off.is_empty() {
            tracing::warn!(?off, "the server may lose changes that it acknowledged; turn these settings on");
        }
        Ok(database)
    }

    /// Lends a connection, at once where one is free.
    ///
    /// # Errors
    /// [`Error::Overloaded`] when none became free in time, [`Error::Unreachable`] when the server cannot be reached or
    /// does not let the retriever in.
    pub async fn lend(&self) -> Result<Lent, Error> {
        let connection = self.get().await.map_err(failure::while_running)?;
        Ok(Lent { connection, database: self.clone() })
    }

    /// Returns what opens further connections.
    pub(super) fn opener(&self) -> &Arc<Opener> {
        &self.opener
    }

    async fn get(&self) -> Result<Object<Manager>, Error> {
        match self.pool.get().await {
            Ok(connection) => Ok(connection),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Timeout(TimeoutType::Wait)) => Err(Error::Overloaded),
            Err(other) => Err(Error::Internal(anyhow::anyhow!("the pool of connections: {other}"))),
        }
    }
}

impl Lent {
    /// Runs work on the connection, which then goes back to the pool.
    ///
    /// Where the future is dropped before it ends, its statement is cancelled on the server and the connection is closed.
    /// A connection is closed as well when the work failed in the database; after another failure, a transaction that
    /// is still open is rolled back.
    ///
    /// # Errors
    /// Those of the work.
    pub async fn run<T>(
        self,
        work: impl AsyncFnOnce(&mut ClientWrapper) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Self { connection, database } = self;
        let mut unfinished =
            Unfinished::new(connection, Arc::clone(&database.opener), database.shutdown.clone());
        let outcome = work(unfinished.connection()?).await;
        match &outcome {
            Ok(_) => unfinished.keep(),
            Err(error) if failure::is_in_doubt(error) => unfinished.close(),
            Err(_) => unfinished.roll_back().await,
        }
        outcome
    }
}

impl managed::Manager for Manager {
    type Type = ClientWrapper;
    type Error = Error;

    async fn create(&self) -> Result<ClientWrapper, Error> {
        self.0.open().await
    }

    async fn recycle(&self, connection: &mut ClientWrapper, _: &Metrics) -> RecycleResult<Error> {
        if connection.is_closed() { Err(RecycleError::message("the server closed it")) } else { Ok(()) }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Database").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Lent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lent").finish_non_exhaustive()
    }
}
