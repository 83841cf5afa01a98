//! What the index in memory holds: the documents now and at each earlier generation, as the contract tells it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use proto::ErrorCode;
use proto::v1::change::Kind;
use proto::v1::{
    Change, Chunk, DocumentHeader, Generation, ListChangesRequest, ListChangesResponse, PurgeRequest,
    PurgeResponse, RollbackResponse,
};
use tonic::Status;

/// Collection and id.
pub(super) type Key = (String, String);
pub(super) type Documents = BTreeMap<Key, (DocumentHeader, Vec<Chunk>)>;

#[derive(Debug)]
pub(super) struct State {
    pub(super) documents: Documents,
    /// The documents after each generation, the first after none.
    past: Vec<Documents>,
    changes: Vec<Change>,
    pub(super) withheld: BTreeMap<Key, Vec<u8>>,
    /// What the next replacements answer; empty means they succeed.
    pub(super) refusals: VecDeque<ErrorCode>,
    pub(super) replaced: usize,
    pub(super) page_limit: usize,
    pub(super) loses_vectors: bool,
}

impl State {
    pub(super) fn new(page_limit: usize) -> Self {
        Self {
            documents: Documents::new(),
            past: vec![Documents::new()],
            changes: Vec::new(),
            withheld: BTreeMap::new(),
            refusals: VecDeque::new(),
            replaced: 0,
            page_limit,
            loses_vectors: false,
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.past.len() as u64 - 1
    }

    fn commit(&mut self, kind: Kind, key: &Key, count: usize, target: Option<u64>) -> u64 {
        self.past.push(self.documents.clone());
        let number = self.number();
        self.changes.push(Change {
            generation: Some(Generation { number, committed_ms: 1_700_000_000_000 }),
            kind: kind.into(),
            document_id: key.1.clone(),
            collection: key.0.clone(),
            count: u32::try_from(count).expect("few"),
            target,
        });
        number
    }

    /// The vectors of a document in any generation, by content key.
    pub(super) fn vectors(&self, key: &Key) -> HashMap<Vec<u8>, Vec<f32>> {
        let versions = self.past.iter().filter_map(|documents| documents.get(key));
        let of_version = |(header, chunks): &(DocumentHeader, Vec<Chunk>)| {
            let (model, dimensions) = (header.embedding_model.clone(), header.embedding_dimensions);
            let of_chunk = move |chunk: &Chunk| {
                let key = embedding::content_key(&model, dimensions, &chunk.heading_path, &chunk.text);
                (key.to_vec(), chunk.vector.clone())
            };
            chunks.iter().map(of_chunk).collect::<Vec<_>>()
        };
        versions.flat_map(of_version).collect()
    }

    pub(super) fn replace(
        &mut self,
        header: DocumentHeader,
        mut chunks: Vec<Chunk>,
    ) -> Result<(u64, bool), Status> {
        let key = (header.collection.clone(), header.document_id.clone());
        let known = self.vectors(&key);
        for chunk in chunks.iter_mut().filter(|chunk| chunk.vector.is_empty()) {
            let (model, dimensions) = (&header.embedding_model, header.embedding_dimensions);
            let content = embedding::content_key(model, dimensions, &chunk.heading_path, &chunk.text);
            let vector = known.get(content.as_slice()).filter(|_| !self.loses_vectors);
            let Some(vector) = vector else {
                self.loses_vectors = false;
                return Err(ErrorCode::NotFound.status("no vector is stored for a chunk", None));
            };
            chunk.vector.clone_from(vector);
        }
        self.replaced += 1;
        self.withheld.remove(&key);
        let count = chunks.len();
        let existed = self.documents.insert(key.clone(), (header, chunks)).is_some();
        let kind = if existed { Kind::Replaced } else { Kind::Added };
        Ok((self.commit(kind, &key, count, None), existed))
    }

    pub(super) fn delete(&mut self, key: &Key) -> (u64, bool) {
        if self.documents.remove(key).is_none() {
            return (self.number(), false);
        }
        self.withheld.remove(key);
        (self.commit(Kind::Deleted, key, 0, None), true)
    }

    pub(super) fn rollback(
        &mut self,
        generation: u64,
        collections: &[String],
    ) -> Result<RollbackResponse, Status> {
        let target = usize::try_from(generation).ok().and_then(|place| self.past.get(place)).cloned();
        let target = target.ok_or_else(|| ErrorCode::NotFound.status("no such generation", None))?;
        let mut keys: Vec<Key> = self.documents.keys().chain(target.keys()).cloned().collect();
        keys.sort();
        keys.dedup();
        let mut changed = 0;
        for key in keys.into_iter().filter(|key| collections.contains(&key.0)) {
            let (now, then) = (self.documents.get(&key), target.get(&key));
            let sha256 = |found: Option<&(DocumentHeader, Vec<Chunk>)>| {
                found.map(|(header, _)| header.content_sha256.clone())
            };
            if sha256(now) == sha256(then) {
                continue;
            }
            changed += 1;
            self.withheld.insert(key.clone(), sha256(now).unwrap_or_default());
            match then {
                Some(then) => _ = self.documents.insert(key, then.clone()),
                None => _ = self.documents.remove(&key),
            }
        }
        let nobody = (String::new(), String::new());
        let generation = self.commit(Kind::RolledBack, &nobody, changed, Some(generation));
        Ok(RollbackResponse { generation, documents: u32::try_from(changed).expect("few") })
    }

    pub(super) fn purge(&mut self, request: &PurgeRequest) -> PurgeResponse {
        let is_meant = |key: &Key| {
            request.collections.contains(&key.0)
                && (request.document_id.is_empty() || key.1 == request.document_id)
        };
        let mut contents = std::collections::BTreeSet::new();
        let current = self.documents.clone();
        for documents in self.past.iter_mut().chain([&mut self.documents]) {
            documents.retain(|key, version| {
                let stays = !is_meant(key) || (request.keep_current && current.get(key) == Some(&*version));
                if !stays {
                    contents.insert((key.clone(), version.0.content_sha256.clone()));
                }
                stays
            });
        }
        self.withheld.retain(|key, _| request.keep_current || !is_meant(key));
        let generation =
            self.commit(Kind::Purged, &(String::new(), request.document_id.clone()), contents.len(), None);
        PurgeResponse { generation, versions: u32::try_from(contents.len()).expect("few") }
    }

    pub(super) fn changes(&self, request: &ListChangesRequest) -> ListChangesResponse {
        let before = request.before.unwrap_or(u64::MAX);
        let number = |change: &&Change| change.generation.map_or(0, |generation| generation.number);
        let mut rest = self.changes.iter().rev().filter(|change| number(change) < before).cloned();
        // Pages are short, so that every reader has to turn them.
        let size = self.page_limit.min(request.page_size.unwrap_or(100) as usize);
        let changes = rest.by_ref().take(size).collect();
        ListChangesResponse { changes, has_more: rest.next().is_some(), oldest_generation: 0 }
    }
}
