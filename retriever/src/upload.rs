//! Puts a document together from the messages of its stream: header, chunks, commit. Nothing is stored before the commit.

use proto::v1;
use proto::v1::replace_document_request::Part;

use crate::error::Error;
use crate::model::{Chunk, Document};
use crate::store::Model;
use crate::wire;

/// A document that is on its way in.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    model: &'a Model,
    most_chunks: usize,
    document: Option<Document>,
    chunks: Vec<Chunk>,
}

impl<'a> Upload<'a> {
    /// Returns an upload that waits for its header. `model` is the store's.
    pub(crate) fn new(model: &'a Model, most_chunks: usize) -> Self {
        Self { model, most_chunks, document: None, chunks: Vec::new() }
    }

    /// Takes the next message, and returns the whole document once it is the commit.
    pub(crate) fn take(
        &mut self,
        message: v1::ReplaceDocumentRequest,
    ) -> Result<Option<(Document, Vec<Chunk>)>, Error> {
        match (message.part, &self.document) {
            (Some(Part::Header(header)), None) => self.begin(header).map(|()| None),
            (Some(Part::Chunks(batch)), Some(_)) => self.add(batch).map(|()| None),
            (Some(Part::Commit(commit)), Some(_)) => self.finish(commit).map(Some),
            (Some(Part::Header(_)), Some(_)) => {
                Err(Error::Invalid("header: expected only once, at the beginning".to_owned()))
            }
            (Some(_), None) => Err(Error::Invalid("header: expected as the first message".to_owned())),
            (None, _) => Err(Error::Invalid("part: expected header, chunks or commit".to_owned())),
        }
    }

    fn begin(&mut self, header: v1::DocumentHeader) -> Result<(), Error> {
        let document = wire::document(header)?;
        let offered =
            Model { id: document.embedding_model.clone(), dimensions: document.embedding_dimensions };
        if &offered != self.model {
            return Err(Error::Incompatible { stored: self.model.to_string(), offered: offered.to_string() });
        }
        self.document = Some(document);
        Ok(())
    }

    fn add(&mut self, batch: v1::ChunkBatch) -> Result<(), Error> {
        if self.chunks.len() + batch.chunks.len() > self.most_chunks {
            return Err(Error::TooLarge(format!(
                "chunks: expected at most {} for one document",
                self.most_chunks
            )));
        }
        for chunk in batch.chunks {
            self.chunks.push(wire::chunk(chunk, self.chunks.len(), self.model.dimensions)?);
        }
        Ok(())
    }

    fn finish(&mut self, commit: v1::ReplaceCommit) -> Result<(Document, Vec<Chunk>), Error> {
        let sent = self.chunks.len();
        if commit.chunk_count as usize != sent {
            let count = commit.chunk_count;
            return Err(Error::Invalid(format!(
                "commit.chunk_count: expected {sent}, the chunks sent, got {count}"
            )));
        }
        let document = self
            .document
            .take()
            .ok_or_else(|| Error::Internal(anyhow::anyhow!("a commit without a header")))?;
        Ok((document, std::mem::take(&mut self.chunks)))
    }
}
