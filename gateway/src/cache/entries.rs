//! Kept answers, the least recently used of which leave when their bytes are too many. It knows no question.

use std::sync::Arc;
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

use super::{Kept, Key};

/// Answers by key, within bounds.
#[derive(Debug)]
pub(super) struct Entries {
    kept: LruCache<Key, Entry>,
    bytes: u64,
    most_bytes: u64,
    lifetime: Duration,
}

#[derive(Debug)]
struct Entry {
    kept: Arc<Kept>,
    bytes: u64,
    until: Instant,
}

impl Entries {
    /// Returns none yet, for at most so many bytes, each for at most this long.
    pub(super) fn new(most_bytes: u64, lifetime: Duration) -> Self {
        Self { kept: LruCache::unbounded(), bytes: 0, most_bytes, lifetime }
    }

    /// Returns an answer whose time is not over.
    pub(super) fn get(&mut self, key: &Key) -> Option<Arc<Kept>> {
        let entry = self.kept.get(key)?;
        if entry.until > Instant::now() {
            return Some(Arc::clone(&entry.kept));
        }
        self.remove(key);
        None
    }

    /// Returns whether there is an answer of this key, be its time over.
    pub(super) fn has(&self, key: &Key) -> bool {
        self.kept.contains(key)
    }

    /// Keeps an answer that was given `age` ago; one that is larger than all may be is left out.
    pub(super) fn insert(&mut self, key: Key, kept: Arc<Kept>, age: Duration) {
        let bytes = kept.bytes() as u64;
        self.remove(&key);
        if bytes > self.most_bytes {
            return;
        }
        self.bytes += bytes;
        self.kept.put(key, Entry { kept, bytes, until: Instant::now() + self.lifetime.saturating_sub(age) });
        while self.bytes > self.most_bytes {
            let Some((_, oldest)) = self.kept.pop_lru() else { break };
            self.bytes -= oldest.bytes;
        }
    }

    /// Returns up to `most` answers whose time is not over, the last used first.
    pub(super) fn newest(&self, most: usize) -> Vec<Arc<Kept>> {
        let now = Instant::now();
        let live = self.kept.iter().take(most).filter(|(_, entry)| entry.until > now);
        live.map(|(_, entry)| Arc::clone(&entry.kept)).collect()
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.kept = LruCache::unbounded();
        self.bytes = 0;
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, u64) {
        (self.kept.len(), self.bytes)
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.kept.pop(key) {
            self.bytes -= entry.bytes;
        }
    }
}
