//! The knowledge store on PostgreSQL with pgvector: for one or many retrievers over one database. A search is one statement
//! over one snapshot, a change one transaction.

pub(crate) mod backoff;
mod bm25;
mod cancel;
mod chunks;
pub mod connection;
mod credentials;
pub mod durability;
mod failure;
mod functions;
mod header;
mod history;
mod iam;
mod lexemes;
mod lexicon;
pub mod notice;
mod opener;
mod opinions;
mod past;
mod places;
mod prepared;
mod probes;
mod read;
mod schema;
mod search;
pub mod settings;
mod tls;
mod upkeep;
mod write;

use std::sync::Arc;

use deadpool_postgres::ClientWrapper;
use futures_util::future::BoxFuture;
use lifecycle::Shutdown;
use tokio::sync::{Notify, Semaphore, watch};

use super::{Changed, Found, History, Listing, Model, Place, Purged, Query, RolledBack, Store, Stored};
use crate::error::Error;
use crate::model::{Chunk, Document, Feedback, Generation, Withheld};
use connection::Database;
use lexicon::Lexicons;
use prepared::Prepared;
use settings::{Settings, Vectors};
use upkeep::Upkeep;

/// Changes at the same time; the others wait, so that searches find connections.
const WRITERS: usize = 4;

/// A store in one database. Several retrievers may share it.
#[derive(Debug)]
pub struct PostgresStore {
    model: Model,
    vectors: Vectors,
    database: Database,
    writers: Semaphore,
    lexicons: Lexicons,
    generation: Arc<watch::Sender<Generation>>,
    bell: Arc<Notify>,
}

impl PostgresStore {
    /// Connects, brings the tables up to date and begins the store's upkeep on `shutdown`'s tasks. Ended versions are
    /// kept for `history_days`.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the server may come yet. [`Error::Invalid`] when trying again would not help: wrong
    /// password, missing rights, pgvector missing or too old, a newer schema. [`Error::Incompatible`] when the store holds
    /// documents of another model.
    pub async fn open(
        settings: &Settings,
        history_days: u32,
        model: Model,
        shutdown: &Shutdown,
    ) -> Result<Self, Error> {
        let database = Database::connect(settings, shutdown).await?;
        schema::prepare(&database, &model).await?;
        let first = database
            .lend()
            .await?
            .run(async |client| {
                let transaction = read::begin(client, &[]).await?;
                read::generation(&transaction).await
            })
            .await?;
        let store = Self {
            model,
            vectors: settings.vectors,
            database,
            writers: Semaphore::new(WRITERS),
            lexicons: Lexicons::default(),
            generation: Arc::new(watch::Sender::new(first)),
            bell: Arc::new(Notify::new()),
        };
        store.upkeep(history_days).spawn(shutdown);
        Ok(store)
    }

    fn upkeep(&self, history_days: u32) -> Upkeep {
        Upkeep {
            database: self.database.clone(),
            vectors: self.vectors,
            history_days,
            generation: Arc::clone(&self.generation),
            bell: Arc::clone(&self.bell),
        }
    }

    async fn read<T>(
        &self,
        work: impl AsyncFnOnce(&mut ClientWrapper) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.database.lend().await?.run(work).await
    }

    /// Runs a change, and tells the watchers when it committed.
    async fn write<T>(
        &self,
        generation: impl FnOnce(&T) -> Generation,
        work: impl AsyncFnOnce(&mut ClientWrapper) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let turn = self.writers.acquire().await.map_err(|error| Error::Internal(error.into()))?;
        let changed = self.database.lend().await?.run(work).await?;
        drop(turn);
        upkeep::announce(&self.generation, generation(&changed));
        self.bell.notify_one();
        Ok(changed)
    }
}

impl Store for PostgresStore {
    fn search(&self, query: Query) -> BoxFuture<'_, Result<Found, Error>> {
        Box::pin(async move {
            match query.generation {
                Some(number) if number != self.generation.borrow().number => {
                    past::search(self, &query, number).await
                }
                _ => search::search(self, &query).await,
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
            // Analysing a long document takes time that the runtime's other tasks need not wait for.
            let preparing = tokio::task::spawn_blocking(move || Prepared::new(document, chunks));
            let prepared = preparing.await.map_err(|error| Error::Internal(error.into()))??;
            let work = async |client: &mut ClientWrapper| write::replace(client, &prepared).await;
            self.write(|changed: &Changed| changed.generation, work).await
        })
    }

    fn delete(&self, collection: String, document_id: String) -> BoxFuture<'_, Result<Changed, Error>> {
        Box::pin(async move {
            let work =
                async |client: &mut ClientWrapper| match write::delete(client, &collection, &document_id)
                    .await?
                {
                    Some(changed) => Ok(changed),
                    None => {
                        let transaction = read::begin(client, &[]).await?;
                        Ok(Changed { generation: read::generation(&transaction).await?, existed: false })
                    }
                };
            self.write(|changed: &Changed| changed.generation, work).await
        })
    }

    fn find_vectors(
        &self,
        collection: String,
        document_id: String,
        keys: Vec<[u8; 32]>,
    ) -> BoxFuture<'_, Result<Vec<bool>, Error>> {
        Box::pin(
            self.read(async move |client| read::find_vectors(client, collection, &document_id, &keys).await),
        )
    }

    fn history(&self, before: Option<u64>, limit: u32) -> BoxFuture<'_, Result<History, Error>> {
        Box::pin(self.read(async move |client| read::history(client, before, limit).await))
    }

    fn rollback(
        &self,
        collections: Vec<String>,
        generation: u64,
    ) -> BoxFuture<'_, Result<RolledBack, Error>> {
        Box::pin(self.write(
            |done: &RolledBack| done.generation,
            async move |client| history::rollback(client, &collections, generation).await,
        ))
    }

    fn withheld(&self, collections: Vec<String>) -> BoxFuture<'_, Result<Vec<Withheld>, Error>> {
        Box::pin(self.read(async move |client| read::withheld(client, &collections).await))
    }

    fn purge(
        &self,
        collections: Vec<String>,
        document_id: Option<String>,
        keep_current: bool,
    ) -> BoxFuture<'_, Result<Purged, Error>> {
        Box::pin(async move {
            let work = async |client: &mut ClientWrapper| {
                history::purge(client, &collections, document_id.as_deref(), keep_current).await
            };
            let purged = self.write(|purged: &Purged| purged.generation, work).await?;
            self.lexicons.forget();
            Ok(purged)
        })
    }

    fn chunks(
        &self,
        place: Place,
        ordinals: std::ops::Range<u32>,
    ) -> BoxFuture<'_, Result<Vec<Chunk>, Error>> {
        Box::pin(self.read(async move |client| read::chunks(client, &place, ordinals).await))
    }

    fn collections(&self) -> BoxFuture<'_, Result<(Vec<String>, Generation), Error>> {
        Box::pin(self.read(async |client| read::collections(client).await))
    }

    fn list(
        &self,
        collections: Vec<String>,
        after: Option<(String, String)>,
        limit: u32,
    ) -> BoxFuture<'_, Result<Listing, Error>> {
        Box::pin(self.read(async move |client| read::list(client, &collections, after, limit).await))
    }

    fn get(
        &self,
        collections: Vec<String>,
        document_id: String,
    ) -> BoxFuture<'_, Result<Option<Stored>, Error>> {
        Box::pin(self.read(async move |client| read::get(client, &collections, &document_id).await))
    }

    fn record(&self, feedback: Feedback) -> BoxFuture<'_, Result<(), Error>> {
        Box::pin(self.read(async move |client| opinions::record(client, &feedback).await))
    }

    fn opinions(&self, answer_id: String) -> BoxFuture<'_, Result<Vec<Feedback>, Error>> {
        Box::pin(self.read(async move |client| opinions::list(client, &answer_id).await))
    }

    fn generation(&self) -> watch::Receiver<Generation> {
        self.generation.subscribe()
    }
}
