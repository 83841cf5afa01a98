//! What is known of each document: what the index holds, what was last seen in the store, what failed. All of it is
//! memory only; a restart finds it out again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proto::v1::Stage;

use super::{Action, Failure, Settled};
use crate::document::DocumentKey;
use crate::index::{IndexedDocument, Recipe};
use crate::store::{Entry, Version};

/// All documents.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    records: HashMap<DocumentKey, Record>,
    /// Rises with each change made here; tells what a listing of the index cannot know yet.
    pub(super) clock: u64,
    pub(super) generation: u64,
    pub(super) last_reconciled_ms: i64,
    /// Files in the store that cannot be documents, as last reported.
    pub(super) refused: BTreeSet<String>,
    pub(super) has_seen_index: bool,
}

#[derive(Debug, Default)]
struct Record {
    indexed: Option<IndexedDocument>,
    /// Version in the store whose bytes had this hash.
    verified: Option<(Version, Vec<u8>)>,
    seen: Option<Entry>,
    failure: Option<Failure>,
    stage: Stage,
    touched: u64,
}

/// What a reconciliation has to do about a document that the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Nothing.
    Nothing,
    /// Nothing: the same bytes failed before and would fail again.
    FailsAgain(Failure),
    /// Look at its bytes.
    Look,
    /// Look at its bytes, after all others: it failed last time.
    LookLast,
}

/// A document for people.
#[derive(Clone, Debug)]
pub(crate) struct DocumentView {
    pub(crate) key: DocumentKey,
    pub(crate) title: String,
    pub(crate) kind: String,
    pub(crate) stage: Stage,
    pub(crate) content_bytes: u64,
    pub(crate) chunk_count: u32,
    pub(crate) indexed_ms: i64,
    pub(crate) failure: Option<Failure>,
}

/// Sums over all documents.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) indexed: u32,
    pub(crate) in_progress: u32,
    pub(crate) failed: u32,
    pub(crate) chunk_count: u64,
    pub(crate) generation: u64,
    pub(crate) last_reconciled_ms: i64,
}

impl Ledger {
    fn touch(&mut self, key: &DocumentKey) -> &mut Record {
        self.clock += 1;
        let clock = self.clock;
        let record = self.records.entry(key.clone()).or_default();
        record.touched = clock;
        record
    }

    pub(super) fn entered(&mut self, key: &DocumentKey, stage: Stage) {
        self.touch(key).stage = stage;
    }

    pub(super) fn stage(&self, key: &DocumentKey) -> Stage {
        self.records.get(key).map_or(Stage::Queued, |record| record.stage)
    }

    pub(super) fn seen(&mut self, entry: &Entry) {
        self.touch(&entry.key).seen = Some(entry.clone());
    }

    pub(super) fn failed(&mut self, key: &DocumentKey, failure: Failure) {
        let record = self.touch(key);
        record.stage = Stage::Failed;
        record.failure = Some(failure);
    }

    /// Returns the hash of the bytes in the index, when they were indexed the way it is done now.
    pub(super) fn current_sha256(&self, key: &DocumentKey, recipe: &Recipe) -> Option<Vec<u8>> {
        let indexed = self.records.get(key)?.indexed.as_ref()?;
        indexed.follows(recipe).then(|| indexed.content_sha256.clone())
    }

    /// Notes that the store's bytes are those of the index; only a steady version spares the next look.
    pub(super) fn verified(&mut self, entry: &Entry, is_steady: bool) -> Settled {
        let generation = self.generation;
        let record = self.touch(&entry.key);
        record.stage = Stage::Indexed;
        record.failure = None;
        let sha256 = record.indexed.as_ref().map(|indexed| indexed.content_sha256.clone());
        record.verified = sha256.filter(|_| is_steady).map(|sha256| (entry.version.clone(), sha256));
        let chunk_count = record.indexed.as_ref().map_or(0, |indexed| indexed.chunk_count);
        Settled { action: Action::Unchanged, chunk_count, generation }
    }

    /// Notes that a document was indexed.
    pub(super) fn indexed(
        &mut self,
        entry: &Entry,
        document: IndexedDocument,
        generation: u64,
        is_steady: bool,
    ) -> Settled {
        self.generation = self.generation.max(generation);
        let record = self.touch(&entry.key);
        let chunk_count = document.chunk_count;
        let action = if record.indexed.is_some() { Action::Changed } else { Action::Added };
        record.indexed = Some(document);
        self.verified(entry, is_steady);
        Settled { action, chunk_count, generation }
    }

    pub(super) fn removed(&mut self, key: &DocumentKey, generation: u64) {
        self.generation = self.generation.max(generation);
        self.clock += 1;
        self.records.remove(key);
    }

    /// Takes over what the index holds, except where this ledger changed after `since`. Returns the names in the index
    /// that cannot be any document's.
    pub(super) fn refresh(
        &mut self,
        mut listed: BTreeMap<(String, String), IndexedDocument>,
        generation: u64,
        since: u64,
    ) -> Vec<(String, String)> {
        self.generation = generation;
        self.has_seen_index = true;
        for (key, record) in &mut self.records {
            let found = listed.remove(&(key.collection().to_owned(), key.id().to_owned()));
            if record.touched <= since {
                record.indexed = found;
            }
        }
        let mut foreign = Vec::new();
        for ((collection, id), document) in listed {
            match DocumentKey::new(&collection, &id) {
                Ok(key) => {
                    let record =
                        Record { indexed: Some(document), stage: Stage::Indexed, ..Record::default() };
                    self.records.insert(key, record);
                }
                Err(_) => foreign.push((collection, id)),
            }
        }
        foreign
    }

    pub(super) fn todo(&self, entry: &Entry, recipe: &Recipe) -> Todo {
        let Some(record) = self.records.get(&entry.key) else { return Todo::Look };
        if let Some(failure) = &record.failure {
            let is_same = record.seen.as_ref().is_some_and(|seen| seen.version == entry.version);
            let is_final = failure.is_final && is_same;
            return if is_final { Todo::FailsAgain(failure.clone()) } else { Todo::LookLast };
        }
        let verified = record.verified.as_ref().zip(record.indexed.as_ref());
        let is_current = verified.is_some_and(|((version, sha256), indexed)| {
            *version == entry.version && *sha256 == indexed.content_sha256 && indexed.follows(recipe)
        });
        if is_current { Todo::Nothing } else { Todo::Look }
    }

    /// Returns the documents of the index that are not among those of the store, and drops what is in neither.
    pub(super) fn missing_from(&mut self, present: &BTreeSet<&DocumentKey>, since: u64) -> Vec<DocumentKey> {
        self.records.retain(|key, record| {
            record.indexed.is_some() || record.touched > since || present.contains(key)
        });
        let missing =
            self.records.iter().filter(|(key, record)| record.indexed.is_some() && !present.contains(key));
        missing.map(|(key, _)| key.clone()).collect()
    }

    pub(super) fn document(&self, key: &DocumentKey) -> Option<DocumentView> {
        self.records.get(key).map(|record| view(key, record))
    }

    pub(super) fn documents(&self) -> Vec<DocumentView> {
        let mut documents: Vec<DocumentView> =
            self.records.iter().map(|(key, record)| view(key, record)).collect();
        documents.sort_unstable_by(|left, right| left.key.cmp(&right.key));
        documents
    }

    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals {
            generation: self.generation,
            last_reconciled_ms: self.last_reconciled_ms,
            ..Totals::default()
        };
        for record in self.records.values() {
            match record.stage {
                Stage::Indexed => totals.indexed += 1,
                Stage::Failed => totals.failed += 1,
                _ => totals.in_progress += 1,
            }
            totals.chunk_count += record.indexed.as_ref().map_or(0, |indexed| u64::from(indexed.chunk_count));
        }
        totals
    }
}

fn view(key: &DocumentKey, record: &Record) -> DocumentView {
    let indexed = record.indexed.as_ref();
    let seen_bytes = record.seen.as_ref().map_or(0, |seen| seen.bytes);
    DocumentView {
        key: key.clone(),
        title: indexed.map(|indexed| indexed.title.clone()).unwrap_or_default(),
        kind: indexed.map(|indexed| indexed.kind.clone()).unwrap_or_default(),
        stage: record.stage,
        content_bytes: indexed.map_or(seen_bytes, |indexed| indexed.content_bytes),
        chunk_count: indexed.map_or(0, |indexed| indexed.chunk_count),
        indexed_ms: indexed.map_or(0, |indexed| indexed.indexed_ms),
        failure: record.failure.clone(),
    }
}
