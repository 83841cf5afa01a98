//! Documents with what lies beside them: `NAME.metadata.json` describes `NAME` and is no document of its own. It reads
//! none of what it finds there.

use std::collections::HashMap;
use std::sync::Arc;

use super::{DocumentStore, Entry, Listing, Original, StoreError, Version};
use crate::document::DocumentKey;

/// Ends the name of what describes a document, as in knowledge bases of Bedrock.
const ENDING: &str = ".metadata.json";

/// The documents of a store.
#[derive(Clone, Debug)]
pub(crate) struct Documents {
    store: Arc<dyn DocumentStore>,
}

/// A document with what lies beside it.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    /// The document; its version is that of both.
    pub(crate) original: Original,
    /// What describes it, cut as the document is.
    pub(crate) sidecar: Option<Vec<u8>>,
    /// When the younger of both was last modified; milliseconds since the Unix epoch.
    pub(crate) youngest_ms: i64,
}

/// How much is read: one byte more shows that there is more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadLimits {
    /// Of a document.
    pub(crate) document_bytes: u64,
    /// Of what describes it.
    pub(crate) sidecar_bytes: u64,
}

/// Returns the document that this describes; none when it is a document itself.
pub(crate) fn subject(key: &DocumentKey) -> Option<DocumentKey> {
    let id = key.id().strip_suffix(ENDING)?;
    DocumentKey::new(key.collection(), id).ok()
}

/// Whether it describes something, be that a document or not.
fn is_sidecar(key: &DocumentKey) -> bool {
    key.id().ends_with(ENDING)
}

/// Returns what describes a document; none where its name would be too long.
fn sidecar_of(key: &DocumentKey) -> Option<DocumentKey> {
    DocumentKey::new(key.collection(), &format!("{}{ENDING}", key.id())).ok()
}

/// A document's version changes with that of what describes it.
fn joined(document: Entry, sidecar: Option<Entry>) -> Entry {
    let Some(sidecar) = sidecar else { return document };
    Entry { version: Version(format!("{}+{}", document.version.0, sidecar.version.0)), ..document }
}

impl Documents {
    pub(crate) fn new(store: Arc<dyn DocumentStore>) -> Self {
        Self { store }
    }

    /// Returns the store itself, in which everything has its own name.
    pub(crate) fn store(&self) -> &dyn DocumentStore {
        self.store.as_ref()
    }

    /// Returns every document; what describes none is among the refused.
    pub(crate) async fn list(&self) -> Result<Listing, StoreError> {
        let Listing { entries, mut refused } = self.store.list().await?;
        let (sidecars, documents): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| is_sidecar(&entry.key));
        let mut beside: HashMap<DocumentKey, Entry> = HashMap::new();
        for sidecar in sidecars {
            match subject(&sidecar.key).filter(|subject| !is_sidecar(subject)) {
                Some(subject) => _ = beside.insert(subject, sidecar),
                None => _ = refused.insert(format!("`{}`: it describes no document", sidecar.key)),
            }
        }
        let join = |entry: Entry| {
            let sidecar = beside.remove(&entry.key);
            joined(entry, sidecar)
        };
        let entries = documents.into_iter().map(join).collect();
        for sidecar in beside.values() {
            let name = &sidecar.key;
            refused.insert(format!("`{name}`: it describes a document that is not there"));
        }
        Ok(Listing { entries, refused })
    }

    pub(crate) async fn find(&self, key: &DocumentKey) -> Result<Option<Entry>, StoreError> {
        if is_sidecar(key) {
            return Ok(None);
        }
        let beside = async {
            match sidecar_of(key) {
                Some(sidecar) => self.store.find(&sidecar).await,
                None => Ok(None),
            }
        };
        let (document, sidecar) = futures_util::future::try_join(self.store.find(key), beside).await?;
        Ok(document.map(|document| joined(document, sidecar)))
    }

    pub(crate) async fn read(
        &self,
        key: &DocumentKey,
        limits: ReadLimits,
    ) -> Result<Option<Described>, StoreError> {
        if is_sidecar(key) {
            return Ok(None);
        }
        let beside = async {
            match sidecar_of(key) {
                Some(sidecar) => self.store.read(&sidecar, limits.sidecar_bytes).await,
                None => Ok(None),
            }
        };
        let document = self.store.read(key, limits.document_bytes);
        let (document, sidecar) = futures_util::future::try_join(document, beside).await?;
        let Some(original) = document else { return Ok(None) };
        let (beside, sidecar) = sidecar.map(|sidecar| (sidecar.entry, sidecar.bytes)).unzip();
        let own_ms = original.entry.modified_ms;
        let youngest_ms = beside.as_ref().map_or(own_ms, |entry: &Entry| entry.modified_ms.max(own_ms));
        let original = Original { entry: joined(original.entry, beside), ..original };
        Ok(Some(Described { original, sidecar, youngest_ms }))
    }

    /// Deletes a document and what describes it, for good; returns whether the document was there.
    pub(crate) async fn delete(&self, key: &DocumentKey) -> Result<bool, StoreError> {
        let was_there = self.store.delete(key).await?;
        if let Some(sidecar) = sidecar_of(key) {
            self.store.delete(&sidecar).await?;
        }
        Ok(was_there)
    }
}
