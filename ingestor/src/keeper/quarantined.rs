//! What is held back of documents, and what editors decide about it.

use super::{Failure, Keeper};
use crate::chunk::Chunk;
use crate::document::DocumentKey;
use crate::error::Error;
use crate::quarantine::{Decision, Note};

impl Keeper {
    /// Returns the notes after a name, as many as hold about `limit` passages, see [`crate::quarantine::Quarantine::list`].
    pub(crate) async fn held(&self, after: &str, limit: usize) -> Result<Vec<(String, Note)>, Error> {
        Ok(self.quarantine.list(after, limit).await?)
    }

    /// Returns the note of one document.
    pub(crate) async fn held_of(&self, key: &DocumentKey) -> Result<Note, Error> {
        Ok(self.quarantine.note(key).await?)
    }

    /// Returns the chunks that visitors may get. What they may not is noted before anything of the document is indexed.
    pub(super) async fn hold_back(
        &self,
        note: &mut Note,
        key: &DocumentKey,
        chunks: Vec<Chunk>,
    ) -> Result<Vec<Chunk>, Error> {
        let before = note.clone();
        let kept = note.divide(chunks);
        if *note != before {
            self.quarantine.keep(note).await?;
        }
        let passages = note.held.len();
        self.ledger().held(key, passages);
        if passages > before.held.len() {
            tracing::warn!(document = %key, passages, "passages are held back until an editor decides");
        }
        if kept.is_empty() { Err(Error::AllHeld { passages }) } else { Ok(kept) }
    }

    /// Decides on held passages of a document, all of them where no ids are given, and indexes what was released. Returns
    /// how many were decided on and the generation after it.
    ///
    /// # Errors
    /// [`Error::NotFound`] when nothing is held under one of the ids; then nothing was decided.
    pub(crate) async fn decide(
        &self,
        key: &DocumentKey,
        ids: &[String],
        decision: Decision,
    ) -> Result<(usize, u64), Error> {
        let decided = {
            let _turn = self.lane(key).lock().await;
            let mut note = self.quarantine.note(key).await?;
            let decided = note.decide(ids, decision);
            let decided = decided.map_err(|unknown| {
                Error::NotFound(format!(
                    "{}` of `{key}` among the passages held back; see `quarantine list",
                    unknown.join(", ")
                ))
            })?;
            if decided > 0 {
                self.quarantine.keep(&note).await?;
                self.ledger().held(key, note.held.len());
            }
            decided
        };
        if decided == 0 || decision == Decision::Dropped {
            return Ok((decided, self.totals().generation));
        }
        // The decision is kept: should the index be away now, a later look at the document goes on.
        let settled = self.sync(key, false, None).await;
        let settled = settled.map_err(|Failure { code, reason, .. }| {
            self.wake.notify_one();
            Error::Document { code, reason }
        })?;
        Ok((decided, settled.generation))
    }
}
