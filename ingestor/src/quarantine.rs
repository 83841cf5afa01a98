//! What is held back from visitors until an editor decides: text that nobody sees, text that gives orders to a model. Held
//! text and decisions stand in notes beside the documents, one note a document, so they live as long as the documents do
//! and the index stays derived from the store alone.

mod note;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tokio::sync::OnceCell;

use crate::document::DocumentKey;
use crate::store::{DocumentStore, StoreError};
pub(crate) use note::{Decision, Held, Note};

/// Larger notes are none of ours.
const MAX_NOTE_BYTES: u64 = 64 * 1024 * 1024;

/// The notes of a document store. One process writes them.
#[derive(Debug)]
pub(crate) struct Quarantine {
    store: Arc<dyn DocumentStore>,
    /// Names of the notes that there are, so that documents without one cost nothing.
    names: OnceCell<Mutex<BTreeSet<String>>>,
}

impl Quarantine {
    pub(crate) fn new(store: Arc<dyn DocumentStore>) -> Self {
        Self { store, names: OnceCell::new() }
    }

    /// Returns the note of a document; an empty one where there is none. One that cannot be read counts as empty: all that
    /// it could say is that something was released.
    pub(crate) async fn note(&self, key: &DocumentKey) -> Result<Note, StoreError> {
        let name = name(key);
        if !self.names().await?.contains(&name) {
            return Ok(Note::new(key));
        }
        Ok(self.read(&name).await?.filter(|note| note.is_of(key)).unwrap_or_else(|| Note::new(key)))
    }

    async fn read(&self, name: &str) -> Result<Option<Note>, StoreError> {
        let Some(bytes) = self.store.read_note(name, MAX_NOTE_BYTES).await? else { return Ok(None) };
        let note = serde_json::from_slice(&bytes);
        if let Err(error) = &note {
            tracing::error!(name, %error, "a note of held passages is damaged and is written anew");
        }
        Ok(note.ok())
    }

    /// Keeps a note; one that says nothing is removed.
    pub(crate) async fn keep(&self, note: &Note) -> Result<(), StoreError> {
        let Some(key) = note.key() else { return Ok(()) };
        let name = name(&key);
        if note.says_nothing() {
            if self.names().await?.contains(&name) {
                self.store.write_note(&name, None).await?;
                self.names().await?.remove(&name);
            }
            return Ok(());
        }
        let bytes =
            serde_json::to_vec_pretty(note).map_err(|error| StoreError::Unusable(error.to_string()))?;
        self.store.write_note(&name, Some(bytes)).await?;
        self.names().await?.insert(name);
        Ok(())
    }

    /// Removes what is known of a document that is gone.
    pub(crate) async fn forget(&self, key: &DocumentKey) -> Result<(), StoreError> {
        self.keep(&Note::new(key)).await
    }

    /// Returns the notes whose names come after this one, in order, with their names, as many as hold `limit` passages
    /// together.
    pub(crate) async fn list(&self, after: &str, limit: usize) -> Result<Vec<(String, Note)>, StoreError> {
        let names: Vec<String> = {
            let names = self.names().await?;
            names.iter().filter(|name| name.as_str() > after).cloned().collect()
        };
        let (mut notes, mut held) = (Vec::new(), 0);
        for name in names {
            if held >= limit {
                break;
            }
            let Some(note) = self.read(&name).await? else { continue };
            held += note.held.len();
            notes.push((name, note));
        }
        Ok(notes)
    }

    async fn names(&self) -> Result<MutexGuard<'_, BTreeSet<String>>, StoreError> {
        let list = || async { Ok(Mutex::new(self.store.list_notes().await?.into_iter().collect())) };
        let names = self.names.get_or_try_init(list).await?;
        Ok(names.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Names the note of a document: no name of a document can leave its folder or be too long for it.
fn name(key: &DocumentKey) -> String {
    let hash = Sha256::digest(format!("{}\n{}", key.collection(), key.id()));
    format!("{}.json", hex::encode(hash))
}
