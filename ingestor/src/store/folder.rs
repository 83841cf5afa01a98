//! A folder as document store: files below it are documents; `@name` right below it is the collection `name`.

mod disk;
mod sources;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{Changes, DocumentStore, Entry, Listing, Original, StoreError, Watch};
use crate::document::{DocumentKey, MAIN_COLLECTION};

/// Folder of the notes below the root: hidden, so that nothing in it is a document.
const NOTES: &str = ".quarantine";

/// Documents in a folder on a local disk. Symbolic links are never followed; hidden and temporary files are no
/// documents. One process writes; people and programs may change files at any time.
#[derive(Clone, Debug)]
pub struct Folder {
    root: Arc<PathBuf>,
}

impl Folder {
    /// Opens a folder, makes it where it is missing, and removes what an interrupted write left behind.
    ///
    /// # Errors
    /// When there is no such folder and none can be made.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let unusable = |error: std::io::Error| StoreError::Unusable(format!("{}: {error}", root.display()));
        std::fs::create_dir_all(root).map_err(unusable)?;
        let root = root.canonicalize().map_err(unusable)?;
        let folder = Self { root: Arc::new(root) };
        disk::remove_leftovers(&folder.root);
        Ok(folder)
    }

    /// Returns the folders from the root down to the document, and the document's own path.
    fn path(&self, key: &DocumentKey) -> PathBuf {
        let mut path = self.root.to_path_buf();
        if key.collection() != MAIN_COLLECTION {
            path.push(format!("@{}", key.collection()));
        }
        path.extend(key.id().split('/'));
        path
    }

    /// Runs file operations away from the runtime.
    fn on_disk<'a, T: Send + 'static>(
        &self,
        key: &DocumentKey,
        operation: impl FnOnce(&Path, &Path) -> std::io::Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        self.run(self.path(key), key.to_string(), operation)
    }

    /// The same for a note, or for the folder of notes where the name is empty.
    fn on_notes<'a, T: Send + 'static>(
        &self,
        name: &str,
        operation: impl FnOnce(&Path, &Path) -> std::io::Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        self.run(self.root.join(NOTES).join(name), format!("{NOTES}/{name}"), operation)
    }

    fn run<'a, T: Send + 'static>(
        &self,
        path: PathBuf,
        name: String,
        operation: impl FnOnce(&Path, &Path) -> std::io::Result<T> + Send + 'static,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        let root = Arc::clone(&self.root);
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || operation(&root, &path)).await;
            done.map_err(std::io::Error::other)
                .and_then(|done| done)
                .map_err(|error| document_error(name, &error))
        })
    }
}

impl DocumentStore for Folder {
    fn list(&self) -> BoxFuture<'_, Result<Listing, StoreError>> {
        let root = Arc::clone(&self.root);
        Box::pin(async move {
            let listing = tokio::task::spawn_blocking(move || disk::list(&root)).await;
            let listing = listing.map_err(std::io::Error::other).and_then(|listing| listing);
            listing.map_err(|error| StoreError::Unusable(error.to_string()))
        })
    }

    fn find<'a>(&'a self, key: &'a DocumentKey) -> BoxFuture<'a, Result<Option<Entry>, StoreError>> {
        let own = key.clone();
        self.on_disk(key, move |root, path| disk::find(root, path, &own))
    }

    fn read<'a>(
        &'a self,
        key: &'a DocumentKey,
        limit_bytes: u64,
    ) -> BoxFuture<'a, Result<Option<Original>, StoreError>> {
        let own = key.clone();
        self.on_disk(key, move |root, path| {
            let original = disk::read(root, path, &own, limit_bytes)?;
            let Some(original) = original else { return Ok(None) };
            Ok(Some(Original { source_url: sources::read(root, &own)?, ..original }))
        })
    }

    fn write_source<'a>(
        &'a self,
        key: &'a DocumentKey,
        source_url: Option<String>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let own = key.clone();
        self.on_disk(key, move |root, _| match source_url {
            Some(address) => sources::write(root, &own, &address),
            None => sources::forget(root, &own),
        })
    }

    fn write<'a>(&'a self, key: &'a DocumentKey, bytes: Vec<u8>) -> BoxFuture<'a, Result<(), StoreError>> {
        self.on_disk(key, move |root, path| disk::write(root, path, &bytes))
    }

    fn delete<'a>(&'a self, key: &'a DocumentKey) -> BoxFuture<'a, Result<bool, StoreError>> {
        let own = key.clone();
        self.on_disk(key, move |root, path| {
            let was_there = disk::delete(root, path)?;
            sources::forget(root, &own)?;
            Ok(was_there)
        })
    }

    fn list_notes(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        self.on_notes("", |_, folder| disk::list_notes(folder))
    }

    fn read_note<'a>(
        &'a self,
        name: &'a str,
        limit_bytes: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.on_notes(name, move |root, path| disk::read_note(root, path, limit_bytes))
    }

    fn write_note<'a>(
        &'a self,
        name: &'a str,
        bytes: Option<Vec<u8>>,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        self.on_notes(name, move |root, path| match bytes {
            Some(bytes) => disk::write(root, path, &bytes),
            None => disk::delete(root, path).map(|_| ()),
        })
    }

    fn watch(&self, changes: Changes) -> Result<Watch, StoreError> {
        Watch::folder(&self.root, changes)
    }
}

fn document_error(name: String, error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full,
        ErrorKind::IsADirectory | ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            StoreError::Occupied(name)
        }
        _ => StoreError::Document { name, problem: error.to_string() },
    }
}

#[cfg(test)]
mod tests;
