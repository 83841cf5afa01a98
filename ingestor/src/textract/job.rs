//! What comes back of an analysis, part by part, and the names that jobs have.

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::blocks::Block;
use super::{budget, refusal};
use crate::text_extractor::{Location, RecognitionError};

/// Ids that blocks may name, for each block that there may be: a page names its lines, a line its words.
const IDS_PER_BLOCK: usize = 8;
/// Signs of a job's tag.
const MOST_TAG_CHARS: usize = 64;

/// How far a job is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Succeeded,
    PartialSuccess,
    Failed,
    Unknown(String),
}

impl Status {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "IN_PROGRESS" => Self::InProgress,
            "SUCCEEDED" => Self::Succeeded,
            "PARTIAL_SUCCESS" => Self::PartialSuccess,
            "FAILED" => Self::Failed,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

/// One answer about a job.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) status: Status,
    pub(super) message: String,
    pub(super) pages: Option<u32>,
    pub(super) blocks: Vec<Block>,
    /// Codes, and the pages that they are about.
    pub(super) warnings: Vec<(String, Vec<u32>)>,
    pub(super) next: Option<String>,
}

/// All blocks of a document.
#[derive(Debug)]
pub(super) struct Analysis {
    pub(super) blocks: Vec<Block>,
    /// Pages that the service could not read.
    pub(super) unread: BTreeSet<u32>,
    codes: BTreeSet<String>,
    pages: Option<u32>,
    most: usize,
    ids: usize,
}

impl Analysis {
    /// Returns an analysis of this many blocks at most.
    pub(super) fn new(most: usize) -> Self {
        let (blocks, unread, codes) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
        Self { blocks, unread, codes, pages: None, most, ids: most.saturating_mul(IDS_PER_BLOCK) }
    }

    /// Takes blocks in.
    ///
    /// # Errors
    /// When they are too many, or name too many others.
    pub(super) fn add(&mut self, blocks: impl Iterator<Item = Block>) -> Result<(), RecognitionError> {
        for block in blocks {
            let ids = block.related.iter().map(|(_, ids)| ids.len()).sum();
            let left = self.ids.checked_sub(ids).filter(|_| self.blocks.len() < self.most);
            let Some(left) = left else {
                let over = budget::over("has too many words and parts", format!("{} of them", self.most));
                return Err(refusal::unreadable(over.into()));
            };
            self.ids = left;
            self.blocks.push(block);
        }
        Ok(())
    }

    /// Takes a part in; returns what asks for the next one.
    ///
    /// # Errors
    /// When the job failed, or the answer makes no sense.
    pub(super) fn take(&mut self, part: Part) -> Result<Option<String>, RecognitionError> {
        match part.status {
            Status::Succeeded | Status::PartialSuccess => {}
            Status::Failed => return Err(refusal::failed(&part.message)),
            Status::InProgress => return Err(refusal::broken("a job that is done and in progress")),
            Status::Unknown(name) => return Err(refusal::broken(&format!("a job whose state is `{name}`"))),
        }
        if part.next.is_some() && part.blocks.is_empty() {
            return Err(refusal::broken("an empty part of a result"));
        }
        self.pages = part.pages.or(self.pages);
        for (code, pages) in part.warnings {
            self.codes.insert(code);
            // Pages that the document does not have are none that anybody misses.
            let most = self.pages.unwrap_or(u32::MAX);
            self.unread.extend(pages.into_iter().filter(|page| (1..=most).contains(page)));
        }
        self.add(part.blocks.into_iter())?;
        Ok(part.next)
    }

    /// Checks that something was read.
    ///
    /// # Errors
    /// When there are warnings and no text.
    pub(super) fn check(&self) -> Result<(), RecognitionError> {
        let has_text = self.blocks.iter().any(|block| !block.text.is_empty());
        if has_text || self.codes.is_empty() {
            return Ok(());
        }
        let codes: Vec<&str> = self.codes.iter().map(String::as_str).collect();
        Err(refusal::failed(&format!("none of its pages could be read: {}", codes.join(", "))))
    }

    /// Returns how many pages the service read; `pages` where it does not say so.
    pub(super) fn pages_read(&self, pages: u32) -> u64 {
        let unread = u64::try_from(self.unread.len()).unwrap_or(u64::MAX);
        u64::from(self.pages.unwrap_or(pages)).saturating_sub(unread)
    }
}

/// Returns the token of a job: the same for the same document and work, so that a restart finds the job that it had begun.
/// A place without a version may hold other bytes later, so there they count too.
pub(super) async fn token(place: &Location, bytes: &Arc<[u8]>, work: &[&str]) -> String {
    let mut parts = vec![place.bucket.clone(), place.key.clone()];
    parts.extend(work.iter().map(|work| (*work).to_owned()));
    let (version, bytes) = (place.version.clone(), Arc::clone(bytes));
    let hash = move || {
        let mut hash = Sha256::new();
        match version {
            Some(version) => parts.push(version),
            None => hash.update(Sha256::digest(&bytes)),
        }
        for part in parts {
            hash.update(part.as_bytes());
            // Divides the parts: no name holds it.
            hash.update([0]);
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    // Without a token a job is only not found again.
    tokio::task::spawn_blocking(hash).await.unwrap_or_default()
}

/// Returns a document's name as a job's tag: its end, in the signs that a tag may have.
pub(super) fn tag(name: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_alphanumeric() || "_.-:".contains(sign) { sign } else { '-' };
    let signs: Vec<char> = name.chars().map(sign).collect();
    signs.get(signs.len().saturating_sub(MOST_TAG_CHARS)..).unwrap_or_default().iter().collect()
}
