//! One comparison of the whole store with the index, and the work that follows from it.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use proto::ErrorCode;
use tokio::sync::mpsc;

use super::ledger::Todo;
use super::{Action, Failure, Keeper, Settled, now_ms};
use crate::document::DocumentKey;
use crate::error::Error;
use crate::store::Listing;

/// What a pass trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The store is listed; what the index holds is known from before.
    Changes,
    /// Store and index are both listed.
    Full,
}

/// A document that a pass handled.
#[derive(Clone, Debug)]
pub(crate) struct Handled {
    pub(crate) key: DocumentKey,
    pub(crate) result: Result<Action, Failure>,
}

/// What a pass was asked for.
#[derive(Clone, Copy, Debug)]
struct Order<'a> {
    /// Whether unchanged documents are indexed as well.
    force: bool,
    /// Time of the ledger when the pass began.
    since: u64,
    /// Who wants to know.
    handled: Option<&'a mpsc::Sender<Handled>>,
}

/// What a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) added: u32,
    pub(crate) changed: u32,
    pub(crate) removed: u32,
    pub(crate) unchanged: u32,
    pub(crate) failed: u32,
    pub(crate) withheld: u32,
    /// Chunks that were embedded.
    pub(crate) embedded: u32,
    /// Chunks whose stored vectors were used again.
    pub(crate) reused: u32,
    pub(crate) generation: u64,
    pub(crate) elapsed: Duration,
    /// Whether a failure may pass by itself.
    pub(crate) is_worth_retrying: bool,
}

impl Summary {
    fn count(&mut self, result: &Result<Action, Failure>) {
        match result {
            Ok(Action::Added) => self.added += 1,
            Ok(Action::Changed) => self.changed += 1,
            Ok(Action::Removed) => self.removed += 1,
            Ok(Action::Unchanged) => self.unchanged += 1,
            Ok(Action::Withheld) => self.withheld += 1,
            Err(failure) => {
                self.failed += 1;
                // What may not be read is looked at again by the next pass and no sooner: only somebody's hand helps.
                self.is_worth_retrying |= !failure.is_final && failure.code != ErrorCode::PermissionDenied;
            }
        }
    }
}

impl Keeper {
    /// Makes the index agree with the store, one pass at a time; every document handled is told to `handled`. A failed
    /// document stops nobody; an index that is away stops the pass, and what was done stays done.
    pub(crate) async fn reconcile(
        &self,
        scope: Scope,
        force: bool,
        handled: Option<&mpsc::Sender<Handled>>,
    ) -> Result<Summary, Error> {
        let _pass = self.pass.lock().await;
        let started = Instant::now();
        let since = self.ledger().clock;
        let listing = self.documents.list().await?;
        self.report_refused(&listing);
        let mut summary = Summary::default();
        if scope == Scope::Full || !self.ledger().has_seen_index {
            summary.removed += self.refresh(&listing, since).await?;
        }
        let order = Order { force, since, handled };
        let work = self.plan(&listing, order, &mut summary).await;
        self.work(work, order, &mut summary).await?;
        let mut ledger = self.ledger();
        ledger.last_reconciled_ms = now_ms();
        summary.generation = ledger.generation;
        summary.elapsed = started.elapsed();
        Ok(summary)
    }

    fn report_refused(&self, listing: &Listing) {
        let mut ledger = self.ledger();
        for refused in listing.refused.difference(&ledger.refused) {
            tracing::warn!(file = refused, "file is no document");
        }
        ledger.refused.clone_from(&listing.refused);
    }

    /// Learns what the index holds; removes what can be no document of any store. Returns how many that were.
    async fn refresh(&self, listing: &Listing, since: u64) -> Result<u32, Error> {
        let stored = listing.entries.iter().map(|entry| entry.key.collection()).collect();
        let listed = self.index.list(&stored).await?;
        let foreign = self.ledger().refresh(listed, since);
        self.listed.send_replace(true);
        let mut removed = 0;
        for (collection, id) in foreign {
            let (_, deleted) = self.index.delete(&collection, &id).await?;
            removed += u32::from(deleted);
        }
        Ok(removed)
    }

    async fn plan(&self, listing: &Listing, order: Order<'_>, summary: &mut Summary) -> Vec<DocumentKey> {
        let present: BTreeSet<&DocumentKey> = listing.entries.iter().map(|entry| &entry.key).collect();
        let mut work = self.ledger().missing_from(&present, order.since);
        if !order.force {
            let (left, missing) = work.into_iter().partition(|key| self.ledger().is_left_absent(key));
            work = missing;
            for key in left {
                leave(key, order, summary).await;
            }
        }
        let mut last = Vec::new();
        for entry in &listing.entries {
            let todo = if order.force { Todo::Look } else { self.ledger().todo(entry, &self.recipe) };
            match todo {
                Todo::Nothing => summary.unchanged += 1,
                Todo::Withheld => leave(entry.key.clone(), order, summary).await,
                Todo::Look => work.push(entry.key.clone()),
                Todo::LookLast => last.push(entry.key.clone()),
                Todo::FailsAgain(failure) => {
                    let result = Err(failure);
                    summary.count(&result);
                    tell(order.handled, Handled { key: entry.key.clone(), result }).await;
                }
            }
        }
        work.extend(last);
        work
    }

    async fn work(
        &self,
        work: Vec<DocumentKey>,
        order: Order<'_>,
        summary: &mut Summary,
    ) -> Result<(), Error> {
        let is_stopped = AtomicBool::new(false);
        let syncs = work.into_iter().map(|key| {
            let is_stopped = &is_stopped;
            async move {
                if is_stopped.load(Ordering::Relaxed) {
                    return None;
                }
                let _turn = self.turns.acquire().await;
                let result = self.sync(&key, order.force, None).await;
                Some((key, result))
            }
        });
        let mut results = futures_util::stream::iter(syncs).buffer_unordered(self.limits.parallelism);
        let mut stopped_by = None;
        while let Some(result) = results.next().await {
            let Some((key, result)) = result else { continue };
            if let Ok(Settled { embedded, reused, .. }) = &result {
                summary.embedded += embedded;
                summary.reused += reused;
            }
            let result = result.map(|Settled { action, .. }| action);
            summary.count(&result);
            if let Err(failure) = &result
                && failure.stops_everything
            {
                is_stopped.store(true, Ordering::Relaxed);
                stopped_by = Some((failure.code, failure.reason.clone()));
            }
            if result != Ok(Action::Unchanged) {
                tell(order.handled, Handled { key, result }).await;
            }
        }
        stopped_by.map_or(Ok(()), |(code, reason)| Err(Error::Document { code, reason }))
    }
}

/// Leaves a document as a rollback made it.
async fn leave(key: DocumentKey, order: Order<'_>, summary: &mut Summary) {
    let result = Ok(Action::Withheld);
    summary.count(&result);
    tell(order.handled, Handled { key, result }).await;
}

async fn tell(handled: Option<&mpsc::Sender<Handled>>, event: Handled) {
    if let Some(handled) = handled {
        // A listener that went away does not stop the work.
        _ = handled.send(event).await;
    }
}
