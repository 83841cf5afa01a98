//! Reads a document of any kind, each where it is safe to: text on a thread of this process, everything else in a child.

use std::sync::Arc;

use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::confined::Confined;
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
    pub(crate) async fn read(&self, name: &str, bytes: Arc<[u8]>) -> Result<Extracted, Unreadable> {
        let own = name.to_owned();
        let work = match source(name, &bytes) {
            Source::Text => spawn_blocking(move || extract(&own, &bytes)),
            Source::Apart(task, kind) => {
                let contents = self.confined.read(task, &bytes).await?;
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

    async fn recognition(&self) -> Option<&Recognition> {
        self.recognition.get_or_init(|| Recognition::find(&self.wanted)).await.as_ref()
    }
}
