//! How a store tells of changes: that something changed, as the operating system does for a folder, or what.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::{Notify, mpsc, oneshot};

use super::StoreError;
use crate::document::DocumentKey;

/// Where a store tells of changes. A notice may come late, doubled or without a change.
#[derive(Clone, Debug)]
pub struct Changes {
    anything: Arc<Notify>,
    named: mpsc::Sender<Notice>,
}

/// Documents that may have changed. Dropping it says that they were not looked at.
#[derive(Debug)]
pub struct Notice {
    /// Which.
    pub documents: BTreeSet<DocumentKey>,
    /// Says that each was looked at: the index agrees, or its failure is known.
    pub looked: oneshot::Sender<()>,
}

impl Changes {
    /// Returns a place to tell of changes, and where notices that name documents come out. They wait there one by one.
    pub fn new(anything: Arc<Notify>) -> (Self, mpsc::Receiver<Notice>) {
        let (named, notices) = mpsc::channel(1);
        (Self { anything, named }, notices)
    }

    /// Says that something changed.
    pub fn anything(&self) {
        self.anything.notify_one();
    }

    /// Says that these may have changed, and waits until each was looked at; returns false when nobody did.
    pub async fn look_at(&self, documents: BTreeSet<DocumentKey>) -> bool {
        let (looked, heard) = oneshot::channel();
        self.named.send(Notice { documents, looked }).await.is_ok() && heard.await.is_ok()
    }
}

/// Watches as long as it lives.
#[must_use = "changes are noticed as long as it is run"]
pub struct Watch {
    _watcher: Option<RecommendedWatcher>,
    feed: Option<BoxFuture<'static, ()>>,
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("is_fed", &self.feed.is_some()).finish_non_exhaustive()
    }
}

impl Watch {
    /// Returns a watch that never notifies: changes are found when the store is listed.
    pub fn none() -> Self {
        Self { _watcher: None, feed: None }
    }

    /// Returns a watch that notifies while this future is polled.
    pub fn fed(feed: BoxFuture<'static, ()>) -> Self {
        Self { _watcher: None, feed: Some(feed) }
    }

    /// Watches; never returns.
    pub async fn run(mut self) {
        if let Some(feed) = self.feed.take() {
            feed.await;
        }
        std::future::pending::<()>().await;
    }

    /// Watches a folder and all below it.
    ///
    /// # Errors
    /// When the operating system has no watches left or cannot watch this kind of folder.
    pub(crate) fn folder(root: &Path, changes: Changes) -> Result<Self, StoreError> {
        let unusable = |error: notify::Error| StoreError::Unusable(format!("it cannot be watched: {error}"));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error may hide a change, so it counts as one.
            if event.map_or(true, |event| is_change(event.kind)) {
                changes.anything();
            }
        })
        .map_err(unusable)?;
        watcher.watch(root, RecursiveMode::Recursive).map_err(unusable)?;
        Ok(Self { _watcher: Some(watcher), feed: None })
    }
}
/// Reading is no change; our own reading would otherwise wake us forever.
fn is_change(kind: EventKind) -> bool {
    match kind {
        EventKind::Access(access) => matches!(access, AccessKind::Close(AccessMode::Write)),
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}
