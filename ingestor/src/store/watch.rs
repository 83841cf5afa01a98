//! Notices changes in a folder through the operating system. It says that something changed, never what.

use std::path::Path;
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::StoreError;

/// Watches as long as it lives.
#[derive(Debug)]
pub struct Watch {
    _watcher: Option<RecommendedWatcher>,
}

impl Watch {
    /// Returns a watch that never notifies, for stores that tell of changes in other ways.
    pub fn none() -> Self {
        Self { _watcher: None }
    }

    /// Watches a folder and all below it.
    ///
    /// # Errors
    /// When the operating system has no watches left or cannot watch this kind of folder.
    pub(crate) fn folder(root: &Path, changed: Arc<Notify>) -> Result<Self, StoreError> {
        let unusable = |error: notify::Error| StoreError::Unusable(format!("it cannot be watched: {error}"));
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error may hide a change, so it counts as one.
            if event.map_or(true, |event| is_change(event.kind)) {
                changed.notify_one();
            }
        })
        .map_err(unusable)?;
        watcher.watch(root, RecursiveMode::Recursive).map_err(unusable)?;
        Ok(Self { _watcher: Some(watcher) })
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
