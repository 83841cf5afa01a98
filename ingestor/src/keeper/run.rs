//! When to reconcile: at the start, after a change, at an interval, and again soon after a failure.

use std::time::Duration;

use lifecycle::Shutdown;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{Backoff, Keeper, Scope, Summary};
use crate::error::Error;
use crate::store::{Changes, Watch};

/// Without notices of changes the store is listed this often.
const UNWATCHED_INTERVAL: Duration = Duration::from_secs(1);
/// Changes that never pause are looked at this much later than single ones, as a multiple of the quiet time.
const MAX_DEBOUNCE: u32 = 3;

/// How often to look.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// Between full comparisons.
    pub(crate) full: Duration,
    /// Quiet time after a change.
    pub(crate) debounce: Duration,
}

impl Keeper {
    /// Keeps the index equal to the store until shutdown; `first_done` turns true when the first pass has ended.
    pub(crate) async fn keep(&self, pace: Pace, first_done: watch::Sender<bool>, shutdown: Shutdown) {
        // Watching begins before the first look, so that nothing falls in between.
        let (changes, notices) = Changes::new(self.wake.clone());
        let watch = self.documents.store().watch(changes);
        if let Err(error) = &watch {
            tracing::warn!(%error, "changes are found by listing the store every second");
        }
        let changes_interval = if watch.is_ok() { pace.full } else { UNWATCHED_INTERVAL };
        tokio::select! {
            () = self.compare(pace, changes_interval, first_done) => {}
            () = watch.unwrap_or_else(|_| Watch::none()).run() => {}
            () = self.heed(notices) => {}
            () = shutdown.token().cancelled() => {}
        }
    }

    /// Compares store and index again and again; never returns.
    async fn compare(&self, pace: Pace, changes_interval: Duration, first_done: watch::Sender<bool>) {
        let mut backoff = Backoff::default();
        let mut next_full = Instant::now();
        loop {
            let scope = if Instant::now() >= next_full { Scope::Full } else { Scope::Changes };
            let passed = self.reconcile(scope, false, None).await;
            report(&passed);
            let next = match passed {
                Ok(summary) => {
                    first_done.send_replace(true);
                    if scope == Scope::Full {
                        next_full = Instant::now() + pace.full;
                    }
                    if summary.is_worth_retrying {
                        Instant::now() + backoff.next_delay()
                    } else {
                        backoff.reset();
                        next_full.min(Instant::now() + changes_interval)
                    }
                }
                Err(_) => {
                    // What the index holds may have changed while it was away.
                    next_full = Instant::now();
                    // Whoever comes up after the index is ready soon, too.
                    Instant::now() + backoff.next_short_delay()
                }
            };
            tokio::select! {
                () = tokio::time::sleep_until(next) => {}
                () = self.wake.notified() => self.settle(pace.debounce).await,
            }
        }
    }

    /// Waits until changes pause, so that a file being copied is read once and whole.
    async fn settle(&self, quiet: Duration) {
        let limit = Instant::now() + quiet * MAX_DEBOUNCE;
        while Instant::now() < limit {
            if tokio::time::timeout(quiet, self.wake.notified()).await.is_err() {
                return;
            }
        }
    }
}

fn report(passed: &Result<Summary, Error>) {
    match passed {
        Ok(summary) if summary.added + summary.changed + summary.removed > 0 => tracing::info!(
            added = summary.added,
            changed = summary.changed,
            removed = summary.removed,
            failed = summary.failed,
            unchanged = summary.unchanged,
            withheld = summary.withheld,
            embedded = summary.embedded,
            reused = summary.reused,
            generation = summary.generation,
            elapsed_seconds = summary.elapsed.as_secs_f64(),
            "index agrees with the document store"
        ),
        Ok(summary) => tracing::debug!(unchanged = summary.unchanged, "nothing to do"),
        Err(error) => tracing::warn!(%error, "reconciliation will be tried again"),
    }
}
