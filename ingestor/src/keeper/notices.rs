//! Looks at documents that a store names, without listing all of them. What is missed here is found by the next pass.

use futures_util::StreamExt;
use tokio::sync::mpsc;

use super::ledger::Todo;
use super::{Action, Backoff, Failure, Keeper, UPLOAD_TRIES};
use crate::document::DocumentKey;
use crate::store::{Notice, subject};

impl Keeper {
    /// Looks at what notices name, one notice after the other; never returns.
    pub(super) async fn heed(&self, mut notices: mpsc::Receiver<Notice>) {
        // Before it is known what the index holds, everything would look new.
        let mut listed = self.listed.subscribe();
        if listed.wait_for(|is_listed| *is_listed).await.is_ok() {
            while let Some(Notice { documents, looked }) = notices.recv().await {
                let named = documents.len();
                let looks = documents.into_iter().map(|key| async move { self.look_patiently(key).await });
                let mut looks = futures_util::stream::iter(looks).buffer_unordered(self.limits.parallelism);
                let mut changed = 0u32;
                while let Some(has_changed) = looks.next().await {
                    changed = changed.saturating_add(u32::from(has_changed));
                }
                tracing::debug!(named, changed, "looked at what was named");
                // Nobody waits any more when the store's watch ended.
                _ = looked.send(());
            }
        }
        std::future::pending::<()>().await;
    }

    /// Looks at one document, again and again while the index is away for a moment; returns whether the index changed.
    async fn look_patiently(&self, named: DocumentKey) -> bool {
        let key = subject(&named).unwrap_or(named);
        let mut backoff = Backoff::default();
        loop {
            match self.look(&key).await {
                Ok(action) => return !matches!(action, Action::Unchanged | Action::Withheld),
                Err(failure) if failure.code.retryable() && backoff.tries() + 1 < UPLOAD_TRIES => {
                    tokio::time::sleep(backoff.next_delay()).await;
                }
                Err(failure) => {
                    if failure.code.retryable() {
                        self.wake.notify_one();
                    }
                    return false;
                }
            }
        }
    }

    async fn look(&self, key: &DocumentKey) -> Result<Action, Failure> {
        let _turn = self.turns.acquire().await;
        // Most notices come more than once; finding a document costs less than reading it.
        if let Ok(Some(entry)) = self.documents.find(key).await {
            match self.ledger().todo(&entry, &self.recipe) {
                Todo::Nothing => return Ok(Action::Unchanged),
                Todo::Withheld => return Ok(Action::Withheld),
                Todo::FailsAgain(failure) => return Err(failure),
                Todo::Look | Todo::LookLast => {}
            }
        }
        self.sync(key, false, None).await.map(|settled| settled.action)
    }
}
