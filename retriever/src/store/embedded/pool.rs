//! A few reading connections, lent one at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;

/// Idle connections, and as many permits as there are connections in all.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

/// The right to use one connection.
#[derive(Debug)]
pub(super) struct Reader {
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl Pool {
    pub(super) fn new(connections: Vec<Connection>) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections.len())), idle: Mutex::new(connections) }
    }

    /// Waits for a free connection. Callers bound how many may wait.
    pub(super) async fn take(self: Arc<Self>) -> Result<Reader, Error> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|error| Error::Internal(anyhow::Error::new(error)))?;
        Ok(Reader { pool: self, _permit: permit })
    }

    // A short std lock: it is held for one push or pop, never across an await.
    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    /// Lends the connection to the work and takes it back, however the work ends.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> Result<T, Error>) -> Result<T, Error> {
        let mut lent = Lent { pool: &self.pool, connection: self.pool.idle().pop() };
        match &mut lent.connection {
            Some(connection) => work(connection),
            None => Err(Error::Internal(anyhow::anyhow!("more permits than connections"))),
        }
    }
}

struct Lent<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.pool.idle().extend(self.connection.take());
    }
}
