//! Keeps the index equal to the document store. Whatever happens, the answer is the same: look at the document as it
//! is now and make the index agree; so lost, doubled and late notices all end in the same place.

mod backoff;
mod header;
mod ledger;
mod notices;
mod pass;
mod past;
mod prepare;
mod quarantined;
mod run;

use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::ErrorCode;
use proto::v1::{ExplainRequest, ExplainResponse, ListChangesRequest, ListChangesResponse, Stage};
use tokio::sync::{Notify, Semaphore, mpsc, watch};

use crate::chunk::Sizes;
use crate::document::DocumentKey;
use crate::error::Error;
use crate::extract::Unreadable;
use crate::index::{Index, IndexedDocument, Recipe, Replaced};
use crate::metadata::MetadataLimits;
use crate::metrics::Metrics;
use crate::quarantine::{Note, Quarantine};
use crate::reading::DocumentReader;
use crate::store::{Described, DocumentStore, Documents, Entry, Original, ReadLimits};
pub(crate) use backoff::Backoff;
use ledger::Ledger;
pub(crate) use ledger::{DocumentView, Totals};
pub(crate) use pass::{Handled, Scope, Summary};
use prepare::{Found, Prepared, Reading};
pub(crate) use run::Pace;

/// Documents are handled one after the other when they share a lane, so each document always is.
const LANES: usize = 64;
/// Tries of an upload before it is left to the next reconciliation.
const UPLOAD_TRIES: u32 = 4;

/// Limits of the work on documents.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Sizes of chunks.
    pub(crate) sizes: Sizes,
    /// Larger documents are refused.
    pub(crate) max_document_bytes: u64,
    /// What may be said about a document.
    pub(crate) metadata: MetadataLimits,
    /// Documents handled at once.
    pub(crate) parallelism: usize,
}

/// What a keeper works with.
#[derive(Debug)]
pub(crate) struct Parts {
    /// Where the documents are.
    pub(crate) store: Arc<dyn DocumentStore>,
    /// What is kept equal to them.
    pub(crate) index: Index,
    /// What reads formats that are no text.
    pub(crate) reading: DocumentReader,
    /// What is counted.
    pub(crate) metrics: Metrics,
}

/// Makes the index agree with the store.
#[derive(Debug)]
pub(crate) struct Keeper {
    documents: Documents,
    index: Index,
    reading: DocumentReader,
    quarantine: Quarantine,
    limits: Limits,
    recipe: Recipe,
    metrics: Metrics,
    ledger: Mutex<Ledger>,
    lanes: Vec<tokio::sync::Mutex<()>>,
    pass: tokio::sync::Mutex<()>,
    /// Documents handled at once, whoever asked for it.
    turns: Semaphore,
    /// Turns true once it is known what the index holds.
    listed: watch::Sender<bool>,
    wake: Arc<Notify>,
}

/// What happened to a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Added,
    Changed,
    Removed,
    Unchanged,
    /// Left as the index has it: a rollback undid what the store holds.
    Withheld,
}

/// A document whose index agrees with the store, or deliberately does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) action: Action,
    pub(crate) chunk_count: u32,
    pub(crate) generation: u64,
    /// Chunks that were embedded for it.
    pub(crate) embedded: u32,
    /// Chunks whose stored vectors were used again.
    pub(crate) reused: u32,
    /// Passages that wait for an editor's decision.
    pub(crate) held: u32,
    /// What reading and embedding it cost this time, in billionths of a US dollar.
    pub(crate) nano_dollars: u64,
}

/// Why a document is not indexed as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) reason: String,
    pub(crate) stage: Stage,
    /// Whether only another content helps.
    pub(crate) is_final: bool,
    /// Whether every other document would fail alike.
    pub(crate) stops_everything: bool,
}

/// How far a document has come in a stage.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) stage: Stage,
    pub(crate) done: u32,
    pub(crate) total: u32,
}

impl Keeper {
    /// Returns a keeper that has done nothing yet.
    pub(crate) fn new(parts: Parts, limits: Limits) -> Self {
        let Parts { store, index, reading, metrics } = parts;
        Self {
            quarantine: Quarantine::new(Arc::clone(&store)),
            documents: Documents::new(store),
            recipe: index.recipe(limits.sizes.version()),
            index,
            reading,
            limits,
            metrics,
            ledger: Mutex::default(),
            lanes: (0..LANES).map(|_| tokio::sync::Mutex::default()).collect(),
            pass: tokio::sync::Mutex::default(),
            turns: Semaphore::new(limits.parallelism),
            listed: watch::Sender::new(false),
            wake: Arc::new(Notify::new()),
        }
    }

    /// Returns the store itself, in which what describes a document has its own name.
    pub(crate) fn store(&self) -> &dyn DocumentStore {
        self.documents.store()
    }

    /// Deletes a document and what describes it from the store; returns whether the document was there.
    pub(crate) async fn delete(&self, key: &DocumentKey) -> Result<bool, Error> {
        Ok(self.documents.delete(key).await?)
    }

    pub(crate) fn max_document_bytes(&self) -> u64 {
        self.limits.max_document_bytes
    }

    /// Returns the model that makes the vectors.
    pub(crate) fn embedding_model(&self) -> &str {
        &self.recipe.embedding_model
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals { nano_dollars: self.metrics.nano_dollars(), ..self.ledger().totals() }
    }

    /// Returns every known document, ordered by collection and id.
    pub(crate) fn documents(&self) -> Vec<DocumentView> {
        self.ledger().documents()
    }

    pub(crate) fn document(&self, key: &DocumentKey) -> Option<DocumentView> {
        self.ledger().document(key)
    }

    /// Makes the index agree on one document, trying again while the index is away for a moment.
    pub(crate) async fn sync_patiently(
        &self,
        key: &DocumentKey,
        steps: &mpsc::Sender<Step>,
    ) -> Result<Settled, Failure> {
        let mut backoff = Backoff::default();
        loop {
            match self.sync(key, false, Some(steps)).await {
                Err(failure) if failure.code.retryable() && backoff.tries() + 1 < UPLOAD_TRIES => {
                    tokio::time::sleep(backoff.next_delay()).await;
                }
                Err(failure) => {
                    self.wake.notify_one();
                    return Err(failure);
                }
                Ok(settled) => return Ok(settled),
            }
        }
    }

    /// Makes the index agree with the store on one document, as the store has it now. `force` indexes even what is
    /// unchanged.
    pub(crate) async fn sync(
        &self,
        key: &DocumentKey,
        force: bool,
        steps: Option<&mpsc::Sender<Step>>,
    ) -> Result<Settled, Failure> {
        let _turn = self.lane(key).lock().await;
        let error = match self.try_sync(key, force, steps).await {
            Ok(settled) => return Ok(settled),
            Err(error) => error,
        };
        let failure = Failure {
            code: error.code(),
            reason: error.to_string(),
            stage: self.ledger().stage(key),
            is_final: error.is_about_the_document(),
            stops_everything: error.stops_everything(),
        };
        tracing::warn!(document = %key, code = failure.code.name(), reason = failure.reason, "document not indexed");
        self.ledger().failed(key, failure.clone());
        Err(failure)
    }

    async fn try_sync(
        &self,
        key: &DocumentKey,
        force: bool,
        steps: Option<&mpsc::Sender<Step>>,
    ) -> Result<Settled, Error> {
        self.enter(key, Stage::Extracting, steps);
        let limit_bytes = self.limits.max_document_bytes;
        let limits =
            ReadLimits { document_bytes: limit_bytes, sidecar_bytes: self.limits.metadata.sidecar_bytes };
        let Some(described) = self.documents.read(key, limits).await? else {
            return self.forget(key, force).await;
        };
        self.ledger().seen(&described.original.entry);
        let beside = header::said_beside(&described, self.limits.metadata)?;
        let Described { original, youngest_ms, .. } = described;
        let Original { entry, bytes, location: place, source_url, .. } = original;
        // What is said beside the document counts more than what it was uploaded with, and belongs to its hash.
        let source_url = source_url.filter(|_| beside.source_url.is_none());
        if entry.bytes > limit_bytes || u64::try_from(bytes.len()).is_ok_and(|read| read > limit_bytes) {
            return Err(Unreadable::TooLarge { bytes: entry.bytes, limit_bytes }.into());
        }
        let sight = Sight { entry, youngest_ms };
        let note = self.quarantine.note(key).await?;
        self.ledger().held(key, note.held.len());
        let has_moved = self.ledger().has_other_address(key, source_url.as_deref());
        let mut known = self.ledger().known(key, &self.recipe, force || has_moved);
        if note.is_pending {
            known.indexed = None;
        }
        let prepared =
            prepare::extract(&self.reading, key.id(), Found { bytes, beside, place }, known).await?;
        let reading = match prepared {
            Prepared::Unchanged => return Ok(self.ledger().verified(&sight.entry, sight.is_steady())),
            Prepared::Withheld => return Ok(self.ledger().left_out(&sight.entry, sight.is_steady())),
            Prepared::Changed(reading) => reading,
        };
        let settled = self.put(&sight, reading.at(source_url), note, steps).await?;
        self.look_again_if_changed(&sight.entry).await;
        Ok(settled)
    }

    /// Puts what was read into the index.
    async fn put(
        &self,
        sight: &Sight,
        reading: Reading,
        mut note: Note,
        steps: Option<&mpsc::Sender<Step>>,
    ) -> Result<Settled, Error> {
        let entry = &sight.entry;
        let key = &entry.key;
        let extracted = &reading.extracted;
        self.enter(key, Stage::Chunking, steps);
        let bill = extracted.ocr;
        self.metrics.recognised(bill);
        if !extracted.unread_pages.is_empty() {
            let unread_pages = extracted.unread_pages.len();
            tracing::warn!(document = %key, unread_pages, "pages of a document were not read: they are pictures");
        }
        let header = header::header_of(entry, &reading, &self.recipe, self.limits.metadata);
        let chunks = prepare::chunk(reading.extracted, self.limits.sizes).await?;
        let chunks = self.hold_back(&mut note, key, chunks).await?;
        let chunk_count = u32::try_from(chunks.len()).unwrap_or(u32::MAX);
        let document = IndexedDocument::of(header.clone(), chunk_count, now_ms());
        self.enter(key, Stage::Embedding, steps);
        let embedded = |done: usize| {
            let done = u32::try_from(done).unwrap_or(u32::MAX);
            self.tell(steps, Step { stage: Stage::Embedding, done, total: chunk_count });
            if done == chunk_count {
                self.enter(key, Stage::Committing, steps);
            }
        };
        let replaced = self.index.replace(header, &chunks, embedded).await?;
        if note.is_pending {
            note.is_pending = false;
            self.quarantine.keep(&note).await?;
        }
        self.metrics.indexed(replaced.embedded, replaced.reused);
        self.metrics.embedded(replaced.tokens, replaced.nano_dollars);
        let nano_dollars = replaced.nano_dollars.saturating_add(bill.nano_dollars());
        let replaced = Replaced { nano_dollars, ..replaced };
        tracing::debug!(
            document = %key,
            embedded = replaced.embedded,
            reused = replaced.reused,
            generation = replaced.generation,
            "document indexed"
        );
        Ok(self.ledger().indexed(entry, document, &replaced, sight.is_steady()))
    }

    /// Deletes from the index what the store no longer has, unless a rollback brought it back.
    async fn forget(&self, key: &DocumentKey, force: bool) -> Result<Settled, Error> {
        if !force && self.ledger().is_absence_withheld(key) {
            return Ok(self.ledger().left_absent(key));
        }
        self.enter(key, Stage::Committing, None);
        let (generation, deleted) = self.index.delete(key.collection(), key.id()).await?;
        self.quarantine.forget(key).await?;
        self.ledger().removed(key, generation, deleted);
        let action = if deleted { Action::Removed } else { Action::Unchanged };
        Ok(Settled { action, chunk_count: 0, generation, embedded: 0, reused: 0, held: 0, nano_dollars: 0 })
    }

    /// A document that changed while it was being indexed may have done so before anybody watched.
    async fn look_again_if_changed(&self, indexed: &Entry) {
        let now = self.documents.find(&indexed.key).await;
        if !now.is_ok_and(|now| now.is_some_and(|now| now.version == indexed.version)) {
            self.wake.notify_one();
        }
    }

    fn enter(&self, key: &DocumentKey, stage: Stage, steps: Option<&mpsc::Sender<Step>>) {
        self.ledger().entered(key, stage);
        self.tell(steps, Step { stage, done: 0, total: 0 });
    }

    /// Progress is a courtesy: a reader that does not keep up misses steps.
    #[expect(clippy::unused_self, reason = "reads like its neighbours where it is called")]
    fn tell(&self, steps: Option<&mpsc::Sender<Step>>, step: Step) {
        if let Some(steps) = steps {
            _ = steps.try_send(step);
        }
    }

    fn lane(&self, key: &DocumentKey) -> &tokio::sync::Mutex<()> {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(key);
        let lanes = self.lanes.len();
        &self.lanes[usize::try_from(hash).unwrap_or_default() % lanes]
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // The ledger holds facts that are checked against store and index again; a panic cannot leave it worse than old.
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A document as it was read.
#[derive(Debug)]
struct Sight {
    entry: Entry,
    /// When it or what describes it was last modified; milliseconds since the Unix epoch.
    youngest_ms: i64,
}

impl Sight {
    /// Whether it is old enough for its version to be trusted: within the resolution of a file system's clock two
    /// different contents can have the same times and length.
    fn is_steady(&self) -> bool {
        self.youngest_ms.saturating_add(1_000) < now_ms()
    }
}

/// Returns milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
