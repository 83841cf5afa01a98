//! Keys and what each opens, from the setting and from the key file, which is read again when it changes. Only hashes are
//! known here.

mod holder;

use std::collections::{HashMap, HashSet};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;

use crate::keys::{Entry, FileError, digest, now_s, parse_hash, read};
use crate::settings::is_collection;

pub(crate) use holder::Holder;

/// Keys of the setting `GATEWAY_API_KEYS`.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    entries: Vec<([u8; 32], Arc<[String]>)>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.entries.len())
    }
}

impl Keys {
    /// Returns an empty set.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    /// Reads `sha256-hex=collection+collection`, separated by commas.
    ///
    /// # Errors
    /// A sentence that says what is expected and repeats nothing of the text.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut entries = Vec::new();
        for (place, entry) in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
            let wrong = || {
                format!(
                    "expected 64 hexadecimal digits, `=` and collections joined by `+`; entry {} differs",
                    place + 1
                )
            };
            let (hash, collections) = entry.split_once('=').ok_or_else(wrong)?;
            let hash = parse_hash(hash.trim()).ok_or_else(wrong)?;
            let collections: Vec<String> =
                collections.split('+').map(|name| name.trim().to_owned()).collect();
            if !collections.iter().all(|name| is_collection(name)) {
                return Err(wrong());
            }
            entries.push((hash, collections.into()));
        }
        Ok(Self { entries })
    }

    /// Returns whether there is no key.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// All keys that open something now.
#[derive(Debug)]
pub(crate) struct Keyring {
    fixed: Keys,
    file: Option<PathBuf>,
    live: RwLock<Arc<Index>>,
    /// The file as it was read last; it is looked at by one task only.
    seen: RwLock<Option<Stamp>>,
}

/// By which a changed file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    /// Changes with the content, the owner and the rights.
    changed: (i64, i64),
    bytes: u64,
    inode: u64,
}

#[derive(Debug, Default)]
struct Index {
    /// By the first eight bytes of the hash.
    found_by: HashMap<[u8; 8], Vec<Credential>>,
    holders: HashMap<u32, Arc<Holder>>,
    origins: HashSet<String>,
}

/// One text that opens.
#[derive(Clone, Debug)]
struct Credential {
    hash: [u8; 32],
    /// Seconds since the Unix epoch.
    until_s: Option<u64>,
    holder: Arc<Holder>,
    gone: CancellationToken,
}

/// A key that was found, and the signal that it opens nothing any more.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) holder: Arc<Holder>,
    pub(crate) gone: CancellationToken,
}

impl Keyring {
    /// Returns the keys of the setting and those of the file.
    ///
    /// # Errors
    /// When there is a file and it cannot be read.
    pub(crate) fn open(fixed: Keys, file: Option<PathBuf>) -> Result<Self, FileError> {
        let stamp = file.as_ref().and_then(|file| std::fs::metadata(file).ok()).map(|about| stamp(&about));
        let entries = file.as_deref().map(read).transpose()?.unwrap_or_default();
        let live = RwLock::new(Arc::new(Index::new(&fixed, &entries, &Index::default())));
        let ring = Self { fixed, file, live, seen: RwLock::new(stamp) };
        ring.end_what_is_over(now_s());
        Ok(ring)
    }

    /// Returns whether callers need a key at all.
    pub(crate) fn is_needed(&self) -> bool {
        !self.fixed.is_empty() || self.file.is_some()
    }

    /// Finds who holds a key by its hash; nobody for a key that is revoked, expired or unknown.
    pub(crate) fn find(&self, key: &str) -> Option<Found> {
        let (hash, now_s, index) = (digest(key), now_s(), self.index());
        let near = index.found_by.get(first_bytes(&hash)?)?;
        let found = near.iter().find(|known| bool::from(known.hash.ct_eq(&hash)))?;
        let is_over = found.until_s.is_some_and(|until| until <= now_s) || found.holder.has_expired(now_s);
        (!is_over).then(|| Found { holder: Arc::clone(&found.holder), gone: found.gone.clone() })
    }

    /// Returns the holder with this number, for whom a token was made.
    pub(crate) fn holder(&self, number: u32) -> Option<Found> {
        let holder = self.index().holders.get(&number).cloned()?;
        let gone = holder.gone().clone();
        (!holder.has_expired(now_s())).then_some(Found { holder, gone })
    }

    /// Returns whether some site key is for pages of this origin.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        self.index().origins.contains(origin)
    }

    /// Reads the file again when it has changed, and ends what has expired; to be called every few seconds. With a file that
    /// cannot be read the keys stay as they were.
    pub(crate) async fn refresh(&self) {
        if let Some(file) = self.file.clone() {
            let now = tokio::fs::metadata(&file).await.ok().map(|about| stamp(&about));
            let is_new = *self.seen.read().unwrap_or_else(PoisonError::into_inner) != now;
            if is_new {
                *self.seen.write().unwrap_or_else(PoisonError::into_inner) = now;
                let entries = tokio::task::spawn_blocking(move || read(&file)).await;
                match entries.map_err(std::io::Error::other) {
                    Ok(Ok(entries)) => self.replace(&entries),
                    Ok(Err(error)) => tracing::error!(%error, "the keys stay as they were"),
                    Err(error) => tracing::error!(%error, "the keys stay as they were"),
                }
            }
        }
        self.end_what_is_over(now_s());
    }

    fn replace(&self, entries: &[Entry]) {
        let old = self.index();
        let new = Arc::new(Index::new(&self.fixed, entries, &old));
        tracing::info!(keys = entries.len(), "key file read");
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        // Only now, so that whoever is sent away cannot come back by the old keys.
        old.end_what_is_not_in(&new);
    }

    fn end_what_is_over(&self, now_s: u64) {
        let index = self.index();
        for known in index.found_by.values().flatten() {
            if known.until_s.is_some_and(|until| until <= now_s) || known.holder.has_expired(now_s) {
                known.gone.cancel();
            }
        }
        for holder in index.holders.values().filter(|holder| holder.has_expired(now_s)) {
            holder.gone().cancel();
        }
    }

    fn index(&self) -> Arc<Index> {
        Arc::clone(&self.live.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Index {
    /// Signals of keys that stay as they are go on; connections that were opened by them stay open.
    fn new(fixed: &Keys, entries: &[Entry], old: &Self) -> Self {
        let mut index = Self::default();
        for (number, (hash, collections)) in (1..).zip(&fixed.entries) {
            let holder = Holder::of_setting(number, collections);
            index.hold(holder, [(*hash, None)], old);
        }
        for entry in entries.iter().filter(|entry| entry.revoked_s.is_none()) {
            let (Some(holder), Some(hash)) = (Holder::of_file(entry), parse_hash(&entry.sha256)) else {
                continue;
            };
            let previous = entry.previous.as_ref();
            let previous = previous.and_then(|old| Some((parse_hash(&old.sha256)?, Some(old.until_s))));
            index.origins.extend(entry.origins.iter().cloned());
            index.hold(holder, std::iter::once((hash, None)).chain(previous), old);
        }
        index
    }

    fn hold(&mut self, new: Holder, hashes: impl IntoIterator<Item = ([u8; 32], Option<u64>)>, old: &Self) {
        let known = old.holders.get(&new.number()).filter(|known| known.has_terms_of(&new));
        let holder = known.cloned().unwrap_or_else(|| Arc::new(new));
        for (hash, until_s) in hashes {
            let Some(near) = first_bytes(&hash) else { continue };
            let known = old.found_by.get(near).into_iter().flatten();
            let known = known.filter(|known| known.hash == hash && Arc::ptr_eq(&known.holder, &holder));
            let gone = known.map(|known| known.gone.clone()).next();
            let gone = gone.unwrap_or_else(|| holder.gone().child_token());
            let credential = Credential { hash, until_s, holder: Arc::clone(&holder), gone };
            self.found_by.entry(*near).or_default().push(credential);
        }
        self.holders.insert(holder.number(), holder);
    }

    fn end_what_is_not_in(&self, new: &Self) {
        for known in self.found_by.values().flatten() {
            let near = first_bytes(&known.hash).and_then(|near| new.found_by.get(near));
            if !near.into_iter().flatten().any(|kept| kept.gone == known.gone) {
                known.gone.cancel();
            }
        }
        for (number, holder) in &self.holders {
            if !new.holders.get(number).is_some_and(|kept| Arc::ptr_eq(kept, holder)) {
                holder.gone().cancel();
            }
        }
    }
}

fn first_bytes(hash: &[u8; 32]) -> Option<&[u8; 8]> {
    hash.first_chunk()
}

fn stamp(about: &std::fs::Metadata) -> Stamp {
    Stamp { changed: (about.ctime(), about.ctime_nsec()), bytes: about.len(), inode: about.ino() }
}

#[cfg(test)]
mod tests;
