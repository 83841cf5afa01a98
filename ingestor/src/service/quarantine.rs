//! What is held back: lists it and takes decisions.

use proto::v1::decide_held_request::Decision as WireDecision;
use proto::v1::held_chunk::Reason;
use proto::v1::{DecideHeldRequest, DecideHeldResponse, HeldChunk, ListHeldRequest, ListHeldResponse};

use super::{Service, check_collections};
use crate::document::DocumentKey;
use crate::error::Error;
use crate::extract::Hold;
use crate::quarantine::{Decision, Held, Note};

/// Passages after which a page ends; a note is never divided. At 4 kB each a page stays near 4 MiB at the very most.
const PAGE_CHUNKS: usize = 200;
/// Longer texts are cut on the way: what they say is clear by then.
const MAX_SHOWN_CHARS: usize = 1_000;

impl Service {
    pub(super) async fn list_held_chunks(&self, request: ListHeldRequest) -> Result<ListHeldResponse, Error> {
        let ListHeldRequest { collections, document_id, page_token } = request;
        check_collections(&collections)?;
        if !document_id.is_empty() {
            let key = DocumentKey::new(collections.first().map_or("", String::as_str), &document_id)?;
            let note = self.keeper.held_of(&key).await?;
            return Ok(ListHeldResponse { chunks: wire(&note), next_page_token: String::new() });
        }
        let notes = self.keeper.held(&page_token, PAGE_CHUNKS).await?;
        // Fewer passages than a page holds: there was no further note.
        let count: usize = notes.iter().map(|(_, note)| note.held.len()).sum();
        let last = notes.last().filter(|_| count >= PAGE_CHUNKS);
        let next_page_token = last.map(|(name, _)| name.clone()).unwrap_or_default();
        let is_asked = |chunk: &HeldChunk| collections.is_empty() || collections.contains(&chunk.collection);
        let chunks = notes.iter().flat_map(|(_, note)| wire(note)).filter(is_asked).collect();
        Ok(ListHeldResponse { chunks, next_page_token })
    }

    pub(super) async fn decide_held_chunks(
        &self,
        request: DecideHeldRequest,
    ) -> Result<DecideHeldResponse, Error> {
        let key = DocumentKey::new(&request.collection, &request.document_id)?;
        let decision = match request.decision() {
            WireDecision::Release => Decision::Released,
            WireDecision::Drop => Decision::Dropped,
            WireDecision::Unspecified => {
                return Err(Error::Request("decision: expected release or drop".to_owned()));
            }
        };
        let (decided, generation) = self.keeper.decide(&key, &request.chunk_ids, decision).await?;
        Ok(DecideHeldResponse { decided: u32::try_from(decided).unwrap_or(u32::MAX), generation })
    }
}

fn wire(note: &Note) -> Vec<HeldChunk> {
    let Some(key) = note.key() else { return Vec::new() };
    let chunk = |held: &Held| HeldChunk {
        id: held.id.clone(),
        document_id: key.id().to_owned(),
        collection: key.collection().to_owned(),
        reason: match held.hold {
            Hold::Hidden => Reason::Hidden,
            Hold::Instructions => Reason::Instructions,
        }
        .into(),
        heading_path: held.heading_path.clone(),
        page: held.page,
        text: held.text.chars().take(MAX_SHOWN_CHARS).collect(),
    };
    note.held.iter().map(chunk).collect()
}
