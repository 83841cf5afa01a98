//! The embedded store: `SQLite` for documents and words, vectors in memory. For one process and knowledge that fits in
//! memory. Readers never wait for a writer: they see the last committed generation.

mod pool;
mod read;
mod schema;
mod search;
mod snapshot;
mod vectors;
mod words;
mod write;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{Mutex, watch};

use super::{Changed, Found, History, Listing, Model, Place, Purged, Query, RolledBack, Store, Stored};
use crate::error::Error;
use crate::model::{Chunk, Document, Feedback, Generation, Withheld};
use pool::Pool;
use snapshot::Snapshots;

/// Name of the database inside the data directory.
const DATABASE: &str = "knowledge.sqlite3";
/// File that a running store holds locked.
const LOCK: &str = "knowledge.lock";

/// A store in one directory.
#[derive(Debug)]
pub struct EmbeddedStore {
    model: Model,
    writer: Arc<Mutex<Connection>>,
    readers: Arc<Pool>,
    snapshots: Arc<Snapshots>,
    generation: Arc<watch::Sender<Generation>>,
    /// Held for as long as the store lives: a second process would not see this one's changes in its memory.
    _lock: std::fs::File,
}

impl EmbeddedStore {
    /// Opens the store in a directory, which is created where it is missing, brings its schema up to date and loads the
    /// vectors. It reads the disk: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`Error::Incompatible`] when the store holds documents of another model; [`Error::Invalid`] when another process
    /// has it open or the schema is newer than this program.
    pub fn open(directory: &Path, model: Model, readers: usize) -> Result<Self, Error> {
        let lock = lock(directory)?;
        let path = directory.join(DATABASE);
        let mut writer = schema::open_writer(&path)?;
        schema::migrate(&mut writer)?;
        schema::adopt_model(&mut writer, &model)?;
        let snapshot = snapshot::load(&writer, model.dimensions)?;
        let generation = snapshot.generation;
        let readers = (0..readers.max(1)).map(|_| schema::open_reader(&path)).collect::<Result<_, _>>()?;
        Ok(Self {
            model,
            writer: Arc::new(Mutex::new(writer)),
            readers: Arc::new(Pool::new(readers)),
            snapshots: Arc::new(Snapshots::new(snapshot)),
            generation: Arc::new(watch::Sender::new(generation)),
            _lock: lock,
        })
    }

    /// Runs a change on the only writing connection, and tells the watchers when it committed.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Connection, &Snapshots) -> Result<(T, Generation), Error> + Send + 'static,
    ) -> Result<T, Error> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        let (snapshots, watchers) = (Arc::clone(&self.snapshots), Arc::clone(&self.generation));
        blocking(move || {
            let (changed, generation) = change(&mut writer, &snapshots)?;
            watchers.send_if_modified(|seen| std::mem::replace(seen, generation) != generation);
            Ok(changed)
        })
        .await
    }
}

impl Store for EmbeddedStore {
    fn search(&self, query: Query) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async move {
            let reader = Arc::clone(&self.readers).take().await?;
            let snapshots = Arc::clone(&self.snapshots);
            blocking(move || reader.with(|connection| search::search(connection, &snapshots, &query))).await
        })
    }

    fn replace(&self, document: Document, chunks: Vec<Chunk>) -> BoxFuture<'_, Result<Changed, Error>> {
        Box::pin(async move {
            let offered =
                Model { id: document.embedding_model.clone(), dimensions: document.embedding_dimensions };
            if offered != self.model {
                return Err(Error::Incompatible {
                    stored: self.model.to_string(),
                    offered: offered.to_string(),
                });
            }
            // Analysing a long document takes time that other writers need not wait for.
            let prepared = blocking(move || Ok(write::Prepared::new(document, chunks))).await?;
            self.write(move |connection, snapshots| {
                let changed = write::replace(connection, snapshots, &prepared)?;
                Ok((changed, changed.generation))
            })
            .await
        })
    }

    fn delete(&self, collection: String, document_id: String) -> BoxFuture<'_, Result<Changed, Error>> {
        Box::pin(self.write(move |connection, snapshots| {
            let changed = write::delete(connection, snapshots, &collection, &document_id)?;
            Ok((changed, changed.generation))
        }))
    }

    fn find_vectors(
        &self,
        _collection: String,
        _document_id: String,
        keys: Vec<[u8; 32]>,
    ) -> BoxFuture<'_, Result<Vec<bool>, Error>> {
        Box::pin(async move { Ok(vec![false; keys.len()]) })
    }

    fn history(&self, _before: Option<u64>, _limit: u32) -> BoxFuture<'_, Result<History, Error>> {
        Box::pin(async { Err(Error::Internal(anyhow::anyhow!("no history"))) })
    }

    fn rollback(
        &self,
        _collections: Vec<String>,
        _generation: u64,
    ) -> BoxFuture<'_, Result<RolledBack, Error>> {
        Box::pin(async { Err(Error::Internal(anyhow::anyhow!("no history"))) })
    }

    fn withheld(&self, _collections: Vec<String>) -> BoxFuture<'_, Result<Vec<Withheld>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn purge(
        &self,
        _collections: Vec<String>,
        _document_id: Option<String>,
        _keep_current: bool,
    ) -> BoxFuture<'_, Result<Purged, Error>> {
        Box::pin(async { Err(Error::Internal(anyhow::anyhow!("no history"))) })
    }

    fn chunks(
        &self,
        _place: Place,
        _ordinals: std::ops::Range<u32>,
    ) -> BoxFuture<'_, Result<Vec<Chunk>, Error>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn collections(&self) -> BoxFuture<'_, Result<(Vec<String>, Generation), Error>> {
        Box::pin(async {
            let reader = Arc::clone(&self.readers).take().await?;
            blocking(move || reader.with(read::collections)).await
        })
    }

    fn list(
        &self,
        collections: Vec<String>,
        after: Option<(String, String)>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Listing, Error>> {
        Box::pin(async move {
            let reader = Arc::clone(&self.readers).take().await?;
            blocking(move || reader.with(|connection| read::list(connection, &collections, after, limit)))
                .await
        })
    }

    fn get(
        &self,
        collections: Vec<String>,
        document_id: String,
    ) -> BoxFuture<'_, Result<Option<Stored>, Error>> {
        Box::pin(async move {
            let reader = Arc::clone(&self.readers).take().await?;
            blocking(move || reader.with(|connection| read::get(connection, &collections, &document_id)))
                .await
        })
    }

    fn record(&self, feedback: Feedback) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.write(move |connection, snapshots| {
            write::record(connection, &feedback)?;
            Ok(((), snapshots.newest().generation))
        }))
    }

    fn generation(&self) -> watch::Receiver<Generation> {
        self.generation.subscribe()
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::StorageFull,
            _ => Self::Database(Box::new(error)),
        }
    }
}

/// Runs work that reads the disk or computes for long away from the runtime's threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::Internal(anyhow::Error::new(error).context("a blocking task of the store"))),
    }
}

fn lock(directory: &Path) -> Result<std::fs::File, Error> {
    let prepare = || -> anyhow::Result<std::fs::File> {
        std::fs::create_dir_all(directory).context("create the data directory")?;
        let options = std::fs::OpenOptions::new().create(true).truncate(false).write(true).clone();
        options.open(directory.join(LOCK)).context("open the lock file")
    };
    let file = prepare().map_err(Error::Internal)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Invalid(
            "the data directory is in use by another process; give each its own".to_owned(),
        )),
        Err(std::fs::TryLockError::Error(error)) => {
            Err(Error::Internal(anyhow::Error::new(error).context("lock the store")))
        }
    }
}
