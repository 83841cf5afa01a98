//! Reads a document of any kind, each where it is safe to: text on a thread of this process, everything else in a child.

use std::sync::Arc;

use formats::{Content, Contents, Piece};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::confined::{Confined, Task};
use crate::extract::{Extracted, Source, Unreadable, assemble, extract, source};
use crate::recognition::{Recognition, Wanted};

/// Reads documents of every kind. Clones share what was found out.
#[derive(Clone, Debug)]
pub struct DocumentReader {
    confined: Confined,
    wanted: Wanted,
    recognition: Arc<OnceCell<Option<Recognition>>>,
}

impl DocumentReader {
    /// Returns a reader. Whether pictures can be read is found out at the first one.
    pub fn new(confined: Confined, wanted: Wanted) -> Self {
        Self { confined, wanted, recognition: Arc::default() }
    }

    /// Reads a document; `name` is its path or file name.
    ///
    /// # Errors
    /// Why it cannot be read, in an editor's words.
    pub async fn read(&self, name: &str, bytes: Arc<[u8]>) -> Result<Extracted, Unreadable> {
        let own = name.to_owned();
        let work = match source(name, &bytes) {
            Source::Text => spawn_blocking(move || extract(&own, &bytes)),
            Source::Apart(task, kind) => {
                let mut contents = self.confined.read(task, &bytes).await?;
                if task == Task::Pdf {
                    self.read_scans(&mut contents, &bytes).await;
                }
                spawn_blocking(move || assemble(kind, &own, contents))
            }
            Source::Picture(kind) => {
                let recognition = self.recognition().await.ok_or(Unreadable::NeedsOcr { pages: 1 })?;
                let contents = recognition.read(&self.confined, &bytes).await?;
                spawn_blocking(move || assemble(kind, &own, contents))
            }
        };
        // A panic of a parser concerns this document only.
        work.await.unwrap_or(Err(Unreadable::ReaderFailed))
    }

    /// Puts text in the place of pages that are pictures, as far as it can be read. Each page that cannot be stays what it
    /// is, and the document says so.
    async fn read_scans(&self, contents: &mut Contents, bytes: &[u8]) {
        let is_scan = |piece: &Piece| piece.content == Content::Scan;
        if !contents.pieces.iter().any(is_scan) {
            return;
        }
        let Some(recognition) = self.recognition().await else { return };
        let mut left = self.wanted.pages;
        let mut pieces = Vec::with_capacity(contents.pieces.len());
        for piece in std::mem::take(&mut contents.pieces) {
            let page = piece.page.filter(|_| is_scan(&piece) && left > 0);
            let Some(page) = page else {
                pieces.push(piece);
                continue;
            };
            left -= 1;
            match self.read_scan(recognition, bytes, page).await {
                Ok(read) => {
                    pieces.extend(read.pieces.into_iter().map(|read| Piece { page: Some(page), ..read }));
                }
                Err(error) => {
                    tracing::warn!(page, %error, "a page could not be read");
                    pieces.push(piece);
                }
            }
        }
        contents.pieces = pieces;
    }

    async fn read_scan(
        &self,
        recognition: &Recognition,
        bytes: &[u8],
        page: u32,
    ) -> Result<Contents, Unreadable> {
        let picture = self.confined.picture(bytes, page).await?;
        recognition.read(&self.confined, &picture).await
    }

    async fn recognition(&self) -> Option<&Recognition> {
        self.recognition.get_or_init(|| Recognition::find(&self.wanted)).await.as_ref()
    }
}
