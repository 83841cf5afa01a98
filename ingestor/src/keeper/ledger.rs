//! What is known of each document: what the index holds, what was last seen in the store, what failed. All of it is
//! memory only; a restart finds it out again.

use std::collections::{BTreeSet, HashMap};

use proto::v1::Stage;

use super::prepare::Known;
use super::{Action, Failure, Settled};
use crate::document::DocumentKey;
use crate::index::{IndexedDocument, Listed, Recipe, Replaced};
use crate::store::{Entry, Version};

/// All documents.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    records: HashMap<DocumentKey, Record>,
    /// What rollbacks undid, as the index said last: the hash of a document's bytes, empty for its absence.
    withheld: HashMap<DocumentKey, Vec<u8>>,
    /// Rises with each change made here; tells what a listing of the index cannot know yet.
    pub(super) clock: u64,
    pub(super) generation: u64,
    pub(super) last_reconciled_ms: i64,
    /// Files in the store that cannot be documents, as last reported.
    pub(super) refused: BTreeSet<String>,
    pub(super) has_seen_index: bool,
    spent: Spent,
}

#[derive(Debug, Default)]
struct Record {
    indexed: Option<IndexedDocument>,
    /// Version in the store whose bytes had this hash.
    verified: Option<(Version, Vec<u8>)>,
    seen: Option<Entry>,
    failure: Option<Failure>,
    /// How it was indexed last, since the start.
    replaced: Option<Replaced>,
    stage: Stage,
    /// Passages that wait for an editor's decision.
    held: u32,
    /// What reading and embedding it cost the last time; nothing where that was before the start.
    nano_dollars: Option<u64>,
    touched: u64,
}

/// What a reconciliation has to do about a document that the store holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// Nothing.
    Nothing,
    /// Nothing: a rollback undid what the store holds.
    Withheld,
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
    pub(crate) held: u32,
    pub(crate) nano_dollars: Option<u64>,
    pub(crate) content_sha256: Vec<u8>,
    pub(crate) source_url: String,
    /// How it was indexed last, since the start.
    pub(crate) replaced: Option<Replaced>,
}

/// Sums over all documents.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) indexed: u32,
    pub(crate) in_progress: u32,
    pub(crate) failed: u32,
    pub(crate) withheld: u32,
    pub(crate) held: u32,
    pub(crate) nano_dollars: u64,
    pub(crate) chunk_count: u64,
    pub(crate) generation: u64,
    pub(crate) last_reconciled_ms: i64,
    pub(crate) spent: Spent,
}

/// What indexing took since the start.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) embedded: u64,
    pub(crate) reused: u64,
    pub(crate) embedded_tokens: u64,
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

    /// Notes how many passages of a document wait for a decision.
    pub(super) fn held(&mut self, key: &DocumentKey, passages: usize) {
        self.touch(key).held = u32::try_from(passages).unwrap_or(u32::MAX);
    }

    pub(super) fn failed(&mut self, key: &DocumentKey, failure: Failure) {
        let record = self.touch(key);
        record.stage = Stage::Failed;
        record.failure = Some(failure);
    }

    /// Whether the index names another address for the document than it was uploaded with.
    pub(super) fn has_other_address(&self, key: &DocumentKey, address: Option<&str>) -> bool {
        if self.withheld.contains_key(key) {
            // The index is not meant to agree.
            return false;
        }
        let indexed = self.records.get(key).and_then(|record| record.indexed.as_ref());
        address.is_some_and(|address| indexed.is_some_and(|indexed| indexed.source_url != address))
    }

    /// Returns the contents of a document that need no work; with `force` there are none. While something is withheld,
    /// any other content does, even the one of the index: indexing it anew ends the withholding.
    pub(super) fn known(&self, key: &DocumentKey, recipe: &Recipe, force: bool) -> Known {
        if force {
            return Known::default();
        }
        if let Some(withheld) = self.withheld.get(key) {
            return Known { withheld: Some(withheld.clone()), indexed: None };
        }
        let indexed = self.records.get(key).and_then(|record| record.indexed.as_ref());
        let current = indexed.filter(|indexed| indexed.follows(recipe));
        Known { withheld: None, indexed: current.map(|indexed| indexed.content_sha256.clone()) }
    }

    /// Notes that the store's bytes are those of the index; only a steady version spares the next look.
    pub(super) fn verified(&mut self, entry: &Entry, is_steady: bool) -> Settled {
        let record = self.touch(&entry.key);
        let sha256 = record.indexed.as_ref().map(|indexed| indexed.content_sha256.clone());
        record.verified = sha256.filter(|_| is_steady).map(|sha256| (entry.version.clone(), sha256));
        self.settled(&entry.key, Stage::Indexed, Action::Unchanged)
    }

    /// Notes that the store's bytes are those that a rollback undid.
    pub(super) fn left_out(&mut self, entry: &Entry, is_steady: bool) -> Settled {
        let sha256 = self.withheld.get(&entry.key).cloned();
        let record = self.touch(&entry.key);
        record.verified = sha256.filter(|_| is_steady).map(|sha256| (entry.version.clone(), sha256));
        self.settled(&entry.key, Stage::Withheld, Action::Withheld)
    }

    /// Notes that the store does not have the document, which a rollback brought back.
    pub(super) fn left_absent(&mut self, key: &DocumentKey) -> Settled {
        self.touch(key).seen = None;
        self.settled(key, Stage::Withheld, Action::Withheld)
    }

    pub(super) fn is_absence_withheld(&self, key: &DocumentKey) -> bool {
        self.withheld.get(key).is_some_and(Vec::is_empty)
    }

    /// Whether it is known already that the store does not have what a rollback brought back.
    pub(super) fn is_left_absent(&self, key: &DocumentKey) -> bool {
        self.is_absence_withheld(key) && self.stage(key) == Stage::Withheld
    }

    fn settled(&mut self, key: &DocumentKey, stage: Stage, action: Action) -> Settled {
        let generation = self.generation;
        let record = self.touch(key);
        record.stage = stage;
        record.failure = None;
        let chunk_count = record.indexed.as_ref().map_or(0, |indexed| indexed.chunk_count);
        Settled {
            action,
            chunk_count,
            generation,
            embedded: 0,
            reused: 0,
            held: record.held,
            nano_dollars: 0,
        }
    }

    /// Notes that a document was indexed.
    pub(super) fn indexed(
        &mut self,
        entry: &Entry,
        document: IndexedDocument,
        replaced: &Replaced,
        is_steady: bool,
    ) -> Settled {
        let Replaced { generation, embedded, reused, embedded_tokens, nano_dollars, .. } = *replaced;
        self.spent.embedded += u64::from(embedded);
        self.spent.reused += u64::from(reused);
        self.spent.embedded_tokens += embedded_tokens;
        self.generation = self.generation.max(generation);
        // The index forgets what it withheld with the next change of the document.
        self.withheld.remove(&entry.key);
        let record = self.touch(&entry.key);
        let action = if record.indexed.is_some() { Action::Changed } else { Action::Added };
        record.indexed = Some(document);
        record.nano_dollars = Some(nano_dollars);
        record.replaced = Some(*replaced);
        Settled { action, generation, embedded, reused, nano_dollars, ..self.verified(entry, is_steady) }
    }

    pub(super) fn removed(&mut self, key: &DocumentKey, generation: u64, was_indexed: bool) {
        self.generation = self.generation.max(generation);
        self.clock += 1;
        self.records.remove(key);
        if was_indexed {
            self.withheld.remove(key);
        }
    }

    /// Takes over what the index holds, except where this ledger changed after `since`. Returns the names in the index
    /// that cannot be any document's.
    pub(super) fn refresh(&mut self, listed: Listed, since: u64) -> Vec<(String, String)> {
        let Listed { documents: mut listed, withheld, generation } = listed;
        self.generation = generation;
        self.has_seen_index = true;
        self.take_over_withheld(withheld, since);
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

    fn take_over_withheld(&mut self, withheld: HashMap<(String, String), Vec<u8>>, since: u64) {
        let records = &self.records;
        let is_older = |key: &DocumentKey| records.get(key).is_none_or(|record| record.touched <= since);
        let named = withheld.into_iter().filter_map(|((collection, id), sha256)| {
            DocumentKey::new(&collection, &id).ok().map(|key| (key, sha256))
        });
        let told: HashMap<DocumentKey, Vec<u8>> = named.filter(|(key, _)| is_older(key)).collect();
        self.withheld.retain(|key, _| !is_older(key));
        self.withheld.extend(told);
    }

    pub(super) fn todo(&self, entry: &Entry, recipe: &Recipe) -> Todo {
        let Some(record) = self.records.get(&entry.key) else { return Todo::Look };
        if let Some(failure) = &record.failure {
            let is_same = record.seen.as_ref().is_some_and(|seen| seen.version == entry.version);
            let is_final = failure.is_final && is_same;
            return if is_final { Todo::FailsAgain(failure.clone()) } else { Todo::LookLast };
        }
        if let Some(withheld) = self.withheld.get(&entry.key) {
            let is_known = record
                .verified
                .as_ref()
                .is_some_and(|known| known.0 == entry.version && known.1 == *withheld);
            return if is_known && record.stage == Stage::Withheld { Todo::Withheld } else { Todo::Look };
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
            spent: self.spent,
            ..Totals::default()
        };
        for record in self.records.values() {
            match record.stage {
                Stage::Indexed => totals.indexed += 1,
                Stage::Failed => totals.failed += 1,
                Stage::Withheld => totals.withheld += 1,
                _ => totals.in_progress += 1,
            }
            totals.held = totals.held.saturating_add(record.held);
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
        held: record.held,
        nano_dollars: record.nano_dollars,
        content_sha256: indexed.map(|indexed| indexed.content_sha256.clone()).unwrap_or_default(),
        source_url: indexed.map(|indexed| indexed.source_url.clone()).unwrap_or_default(),
        replaced: record.replaced,
    }
}
