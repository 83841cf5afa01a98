//! Reads a document of any kind, each where it is safe to: text on a thread of this process, packed formats in a child, pictures
//! by whatever reader of pictures is chosen.

use std::sync::Arc;

use formats::{Content, Contents, Piece};
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;

use crate::confined::{Confined, Task};
use crate::error::Error;
use crate::extract::{Extracted, Kind, Source, Unreadable, assemble, extract, source};
use crate::recognition::{Recognition, Wanted};
use crate::text_extractor::{
    Bill, Location, Media, Recognised, RecognitionError, Scan, Shelf, TextExtractor,
};
use crate::textract::{Textract, TextractOptions};

/// How a JPEG begins; all other pictures of PDFs come as PNG.
const JPEG: &[u8] = b"\xff\xd8\xff";

/// Which reader of pictures is wanted.
#[derive(Clone, Debug)]
pub(crate) enum Ocr {
    /// None: pictures are refused.
    None,
    /// Tesseract, where it is installed.
    Tesseract(Wanted),
    /// Amazon Textract.
    Textract(Box<TextractOptions>),
}

/// Reads documents of every kind. Clones share what was found out.
#[derive(Clone, Debug)]
pub struct DocumentReader {
    confined: Confined,
    ocr: Ocr,
    /// Pages of one PDF whose pictures are read; further ones stay unread.
    max_scans: u32,
    shelf: Option<Arc<dyn Shelf>>,
    extractor: Arc<OnceCell<Option<Arc<dyn TextExtractor>>>>,
}

impl DocumentReader {
    /// Returns a reader that reads at most this many scanned pages of a PDF. Whether pictures can be read is found out at the
    /// first one.
    pub(crate) fn new(confined: Confined, ocr: Ocr, max_scans: u32) -> Self {
        Self { confined, ocr, max_scans, shelf: None, extractor: Arc::default() }
    }

    /// Sets the reader of pictures, whatever the settings chose.
    #[must_use]
    pub fn with_extractor(self, extractor: Arc<dyn TextExtractor>) -> Self {
        Self { extractor: Arc::new(OnceCell::new_with(Some(Some(extractor)))), ..self }
    }

    /// Sets where documents are put for a service that reads them only in S3. It counts for what is read from now on by this
    /// reader and its clones, not by those that it is a clone of.
    #[must_use]
    pub fn with_shelf(self, shelf: Arc<dyn Shelf>) -> Self {
        Self { shelf: Some(shelf), extractor: Arc::default(), ..self }
    }

    /// Checks what can be known of the reader of pictures before there is one.
    ///
    /// # Errors
    /// When a service is chosen and its settings make no sense.
    pub(crate) async fn check(&self) -> Result<(), Error> {
        if matches!(self.ocr, Ocr::Textract(_)) {
            self.extractor().await?;
        }
        Ok(())
    }

    /// Reads a document; `name` is its path or file name.
    ///
    /// # Errors
    /// [`Error::Unreadable`] and [`Error::Recognition`]: why it cannot be read, in an editor's words.
    pub async fn read(&self, name: &str, bytes: Arc<[u8]>) -> Result<Extracted, Error> {
        self.read_at(name, bytes, None).await
    }

    /// Reads a document that may lie in S3, where a service can read it by itself.
    ///
    /// # Errors
    /// [`Error::Unreadable`] and [`Error::Recognition`]: why it cannot be read, in an editor's words.
    pub async fn read_at(
        &self,
        name: &str,
        bytes: Arc<[u8]>,
        place: Option<&Location>,
    ) -> Result<Extracted, Error> {
        let own = name.to_owned();
        let (kind, recognised) = match source(name, &bytes) {
            Source::Text => {
                let work = spawn_blocking(move || extract(&own, &bytes));
                return Ok(work.await.unwrap_or(Err(Unreadable::ReaderFailed))?);
            }
            Source::Apart(task, kind) => {
                let contents = self.confined.read(task, &bytes).await?;
                let scan = Scan { name, media: Media::Pdf, bytes: &bytes, pages: contents.pages, place };
                let is_pdf = task == Task::Pdf;
                (kind, if is_pdf { self.scans(contents, scan).await? } else { contents.into() })
            }
            Source::Picture(kind) => {
                let extractor = self.extractor().await?.ok_or(Unreadable::NeedsOcr { pages: 1 })?;
                let scan = Scan { name, media: media(kind), bytes: &bytes, pages: None, place };
                (kind, extractor.read(scan).await?)
            }
        };
        let Recognised { contents, bill } = recognised;
        // A panic of a parser concerns this document only.
        let work = spawn_blocking(move || assemble(kind, &own, contents)).await;
        Ok(Extracted { ocr: bill, ..work.unwrap_or(Err(Unreadable::ReaderFailed))? })
    }

    /// Puts text in the place of a PDF's pages that are pictures. One that shows nothing else is read as a whole, where the
    /// reader of pictures can.
    async fn scans(&self, read: Contents, scan: Scan<'_>) -> Result<Recognised, RecognitionError> {
        if !read.pieces.iter().any(is_scan) {
            return Ok(read.into());
        }
        let Some(extractor) = self.extractor().await? else { return Ok(read.into()) };
        let mut seen = read.pieces.iter().filter(|piece| piece.hidden.is_none());
        if !seen.all(is_scan) || !extractor.reads(&scan) {
            return self.page_by_page(extractor.as_ref(), read, scan).await;
        }
        let Recognised { contents: found, bill } = extractor.read(scan).await?;
        Ok(Recognised { contents: Contents { pieces: found.pieces.clone(), ..described(read, found) }, bill })
    }

    /// Reads a PDF's pictures one by one. Each page that cannot be read stays what it is, and the document says so; what may
    /// go well later is an error, so that no document stays half read.
    async fn page_by_page(
        &self,
        extractor: &dyn TextExtractor,
        mut read: Contents,
        scan: Scan<'_>,
    ) -> Result<Recognised, RecognitionError> {
        let mut left = self.max_scans;
        let (mut bill, mut about) = (Bill::default(), Contents::default());
        let mut pieces = Vec::with_capacity(read.pieces.len());
        for piece in std::mem::take(&mut read.pieces) {
            let page = piece.page.filter(|_| is_scan(&piece) && left > 0);
            let Some(page) = page else {
                pieces.push(piece);
                continue;
            };
            left -= 1;
            match self.page(extractor, scan, page).await {
                Ok(Recognised { contents: found, bill: more }) => {
                    bill.add(more);
                    pieces
                        .extend(found.pieces.iter().map(|found| Piece { page: Some(page), ..found.clone() }));
                    // What an earlier page says of the document is likelier than what a later one does.
                    about.title = about.title.or(found.title);
                    about.author = about.author.or(found.author);
                    about.created = about.created.or(found.created);
                }
                Err(RecognitionError::Unreadable(error)) => {
                    tracing::warn!(page, %error, "a page could not be read");
                    pieces.push(piece);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Recognised { contents: Contents { pieces, ..described(read, about) }, bill })
    }

    async fn page(
        &self,
        extractor: &dyn TextExtractor,
        scan: Scan<'_>,
        page: u32,
    ) -> Result<Recognised, RecognitionError> {
        let picture: Arc<[u8]> = self.confined.picture(scan.bytes, page).await?.into();
        let media = if picture.starts_with(JPEG) { Media::Jpeg } else { Media::Png };
        extractor.read(Scan { media, bytes: &picture, pages: Some(1), place: None, ..scan }).await
    }

    async fn extractor(&self) -> Result<Option<&Arc<dyn TextExtractor>>, RecognitionError> {
        let found = self.extractor.get_or_try_init(|| self.find());
        Ok(found.await?.as_ref())
    }

    async fn find(&self) -> Result<Option<Arc<dyn TextExtractor>>, RecognitionError> {
        Ok(match &self.ocr {
            Ocr::None => None,
            Ocr::Tesseract(wanted) => {
                let found = Recognition::find(wanted, &self.confined).await;
                found.map(|found| -> Arc<dyn TextExtractor> { Arc::new(found) })
            }
            Ocr::Textract(options) => {
                let textract = Textract::connect((**options).clone()).await?;
                Some(match &self.shelf {
                    Some(shelf) => Arc::new(textract.with_shelf(Arc::clone(shelf))),
                    None => Arc::new(textract),
                })
            }
        })
    }
}

fn is_scan(piece: &Piece) -> bool {
    piece.content == Content::Scan
}

/// Adds what was recognised about a document to what it says of itself. A title that a person sees is better than one that a
/// scanner gave.
fn described(read: Contents, found: Contents) -> Contents {
    Contents {
        title: found.title.or(read.title),
        author: found.author.or(read.author),
        created: read.created.or(found.created),
        ..read
    }
}

fn media(kind: Kind) -> Media {
    match kind.name() {
        "png" => Media::Png,
        "jpg" => Media::Jpeg,
        _ => Media::Tiff,
    }
}
