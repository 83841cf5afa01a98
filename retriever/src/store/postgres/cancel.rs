//! Work that nobody waits for any more: its statement is stopped on the server before the connection is let go.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use deadpool::managed::Object;
use deadpool_postgres::ClientWrapper;
use lifecycle::Shutdown;

use super::connection::Manager;
use super::opener::Opener;
use crate::error::Error;

/// Longest time for the server to end a statement that is cancelled, or to roll back.
const PATIENCE: Duration = Duration::from_secs(5);
/// Time between two requests to cancel the same statement, and the longest time to send one.
const AGAIN: Duration = Duration::from_millis(250);

/// A connection with work on it. Dropped before it is kept, closed or rolled back, the work is cancelled.
pub(super) struct Unfinished {
    connection: Option<Object<Manager>>,
    opener: Arc<Opener>,
    shutdown: Shutdown,
}

impl Unfinished {
    /// Watches a connection that work begins on.
    pub(super) fn new(connection: Object<Manager>, opener: Arc<Opener>, shutdown: Shutdown) -> Self {
        Self { connection: Some(connection), opener, shutdown }
    }

    /// Returns the connection.
    pub(super) fn connection(&mut self) -> Result<&mut ClientWrapper, Error> {
        let gone = || Error::Internal(anyhow::anyhow!("the connection was let go before its work began"));
        self.connection.as_deref_mut().ok_or_else(gone)
    }

    /// Gives the connection back to the pool: its work ended well.
    pub(super) fn keep(mut self) {
        drop(self.connection.take());
    }

    /// Closes the connection: nobody knows what state it is in.
    pub(super) fn close(mut self) {
        close(self.connection.take());
    }

    /// Rolls back what may be open, then gives the connection back; closes it when that fails.
    pub(super) async fn roll_back(mut self) {
        let Some(connection) = self.connection.as_mut() else { return };
        match tokio::time::timeout(PATIENCE, connection.batch_execute("ROLLBACK")).await {
            Ok(Ok(())) => self.keep(),
            _ => self.close(),
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // Without a runtime the process is ending, and the server sees the connection break.
        if tokio::runtime::Handle::try_current().is_err() {
            return close(Some(connection));
        }
        self.shutdown.spawn("cancel", cancel(connection, Arc::clone(&self.opener)));
    }
}

/// Cancels the running statement, waits for its end and closes the connection. Its place in the pool is free only then:
/// the server never has more of our statements running than the pool has places.
async fn cancel(connection: Object<Manager>, opener: Arc<Opener>) {
    let cancelled = tokio::time::timeout(PATIENCE, cancel_until_answered(&connection, &opener)).await;
    if cancelled.is_err() {
        tracing::warn!("a statement could not be cancelled; the server ends it at its time limit");
    }
    close(Some(connection));
}

/// Cancels again and again: a request that overtakes its statement finds the server idle and does nothing.
async fn cancel_until_answered(connection: &ClientWrapper, opener: &Opener) {
    let token = connection.cancel_token();
    // The answer to an empty statement, right or wrong, comes after the end of those before.
    let mut answer = pin!(connection.batch_execute(""));
    loop {
        let sent = tokio::time::timeout(AGAIN, Box::pin(token.cancel_query(opener.tls())));
        let sent_and_waited = async {
            _ = sent.await;
            tokio::time::sleep(AGAIN).await;
        };
        tokio::select! {
            _ = answer.as_mut() => return,
            () = sent_and_waited => {}
        }
    }
}

fn close(connection: Option<Object<Manager>>) {
    drop(connection.map(Object::take));
}
