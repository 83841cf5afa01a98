//! The embedded store: `SQLite` for documents and words, vectors in memory. For one process and knowledge that fits in
//! memory. Readers never wait for a writer: they see the last committed generation.

mod log;
mod opinions;
mod past;
mod pool;
mod purge;
mod read;
mod rollback;
mod rows;
mod schema;
mod search;
mod snapshot;
mod vectors;
mod versions;
mod words;
mod write;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures_util::future::BoxFuture;
use rusqlite::Connection;
use tokio::sync::{Mutex, watch};

use super::{Changed, Found, History, Listing, Model, Place, Purged, Query, RolledBack, Store, Stored};
use crate::error::Error;
use crate::model::{Chunk, Document, Feedback, Generation, Withheld};
use past::Past;
use pool::Pool;
use snapshot::Snapshots;
use write::Writing;

/// Name of the database inside the data directory.
const DATABASE: &str = "knowledge.sqlite3";
/// File that a running store holds locked.
const LOCK: &str = "knowledge.lock";

/// How a store is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Searches and reads at the same time: at least 1.
    pub readers: usize,
    /// How long an earlier generation can be searched after the next one replaced it; zero keeps none.
    pub history: Duration,
}

/// A store in one directory.
#[derive(Debug)]
pub struct EmbeddedStore {
    model: Model,
    history: Duration,
    writer: Arc<Mutex<Connection>>,
    readers: Arc<Pool>,
    /// The earlier generation that was searched last. Its lock lets one search of an earlier generation run at a time, so
    /// that those of the newest one find a reader.
    past: Arc<Mutex<Option<Past>>>,
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
    pub fn open(directory: &Path, model: Model, options: Options) -> Result<Self, Error> {
        let lock = lock(directory)?;
        let path = directory.join(DATABASE);
        let mut writer = schema::open_writer(&path)?;
        schema::migrate(&mut writer)?;
        schema::adopt_model(&mut writer, &model)?;
        log::expire_all(&mut writer, options.history)?;
        schema::clean(&writer);
        let generation = read::generation(&writer)?;
        let snapshot = snapshot::load(&writer, generation, model.dimensions)?;
        let readers =
            (0..options.readers.max(1)).map(|_| schema::open_reader(&path)).collect::<Result<_, _>>()?;
        Ok(Self {
            model,
            history: options.history,
            writer: Arc::new(Mutex::new(writer)),
            readers: Arc::new(Pool::new(readers)),
            past: Arc::new(Mutex::new(None)),
            snapshots: Arc::new(Snapshots::new(snapshot)),
            generation: Arc::new(watch::Sender::new(generation)),
            _lock: lock,
        })
    }

    /// Runs a change on the only writing connection, and tells the watchers when it committed.
    async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(Writing<'_>) -> Result<(T, Generation), Error> + Send + 'static,
    ) -> Result<T, Error> {
        let mut writer = Arc::clone(&self.writer).lock_owned().await;
        let (snapshots, watchers) = (Arc::clone(&self.snapshots), Arc::clone(&self.generation));
        let history = self.history;
        blocking(move || {
            let (changed, generation) = change(Writing::begin(&mut writer, &snapshots, history)?)?;
            watchers.send_if_modified(|seen| std::mem::replace(seen, generation) != generation);
            schema::clean(&writer);
            Ok(changed)
        })
        .await
    }

    /// Runs work on a reading connection.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let reader = Arc::clone(&self.readers).take().await?;
        blocking(move || reader.with(work)).await
    }

    async fn search_past(&self, query: Query, asked: u64) -> Result<Found, Error> {
        let mut past = Arc::clone(&self.past).lock_owned().await;
        let dimensions = self.model.dimensions;
        self.read(move |connection| past::search(connection, &mut past, (&query, asked), dimensions)).await
    }
}

impl Store for EmbeddedStore {
    fn search(&self, query: Query) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async move {
            let snapshots = Arc::clone(&self.snapshots);
            let newest = query.clone();
            let found = self.read(move |connection| search::search(connection, &snapshots, &newest)).await?;
            match (found, query.generation) {
                (Some(found), _) => Ok(found),
                (None, Some(asked)) => self.search_past(query, asked).await,
                (None, None) => {
                    Err(Error::Internal(anyhow::anyhow!("the newest generation was not searched")))
                }
            }
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
            self.write(move |writing| {
                let changed = write::replace(writing, &prepared)?;
                Ok((changed, changed.generation))
            })
            .await
        })
    }

    fn delete(&self, collection: String, document_id: String) -> BoxFuture<'_, Result<Changed, Error>> {
        Box::pin(self.write(move |writing| {
            let changed = write::delete(writing, &collection, &document_id)?;
            Ok((changed, changed.generation))
        }))
    }

    fn find_vectors(
        &self,
        collection: String,
        document_id: String,
        keys: Vec<[u8; 32]>,
    ) -> BoxFuture<'_, Result<Vec<bool>, Error>> {
        Box::pin(
            self.read(move |connection| read::find_vectors(connection, (&collection, &document_id), &keys)),
        )
    }

    fn history(&self, before: Option<u64>, limit: u32) -> BoxFuture<'_, Result<History, Error>> {
        Box::pin(self.read(move |connection| log::history(connection, before, limit)))
    }

    fn rollback(
        &self,
        collections: Vec<String>,
        generation: u64,
    ) -> BoxFuture<'_, Result<RolledBack, Error>> {
        Box::pin(self.write(move |writing| {
            let rolled_back = rollback::rollback(writing, &collections, generation)?;
            Ok((rolled_back, rolled_back.generation))
        }))
    }

    fn withheld(&self, collections: Vec<String>) -> BoxFuture<'_, Result<Vec<Withheld>, Error>> {
        Box::pin(self.read(move |connection| log::withheld(connection, &collections)))
    }

    fn purge(
        &self,
        collections: Vec<String>,
        document_id: Option<String>,
        keep_current: bool,
    ) -> BoxFuture<'_, Result<Purged, Error>> {
        let scope = purge::Scope { collections, document_id, keep_current };
        Box::pin(async move {
            let writing = self.write(move |writing| {
                let purged = purge::purge(writing, &scope)?;
                Ok((purged, purged.generation))
            });
            let purged = writing.await?;
            // What was purged may be part of it.
            *self.past.lock().await = None;
            Ok(purged)
        })
    }

    fn chunks(
        &self,
        place: Place,
        ordinals: std::ops::Range<u32>,
    ) -> BoxFuture<'_, Result<Vec<Chunk>, Error>> {
        Box::pin(self.read(move |connection| read::chunks_at(connection, &place, ordinals)))
    }

    fn collections(&self) -> BoxFuture<'_, Result<(Vec<String>, Generation), Error>> {
        Box::pin(self.read(read::collections))
    }

    fn list(
        &self,
        collections: Vec<String>,
        after: Option<(String, String)>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Listing, Error>> {
        Box::pin(self.read(move |connection| read::list(connection, &collections, after, limit)))
    }

    fn get(
        &self,
        collections: Vec<String>,
        document_id: String,
    ) -> BoxFuture<'_, Result<Option<Stored>, Error>> {
        Box::pin(self.read(move |connection| read::get(connection, &collections, &document_id)))
    }

    fn record(&self, feedback: Feedback) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.write(move |writing| {
            let generation = writing.snapshots.newest().generation;
            opinions::record(writing, &feedback)?;
            Ok(((), generation))
        }))
    }

    fn opinions(&self, answer_id: String) -> BoxFuture<'_, Result<Vec<Feedback>, Error>> {
        Box::pin(self.read(move |connection| opinions::list(connection, &answer_id)))
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
