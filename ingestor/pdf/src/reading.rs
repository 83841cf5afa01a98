//! The two ways in: the text of a PDF, and the picture of a page.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use formats::{Contents, Failure, Limits};
use hayro_syntax::{LoadPdfError, Pdf};

use crate::fonts::Fonts;
use crate::layout::Sheet;
use crate::page::Budget;
use crate::picture::{self as pictures, Picture};
use crate::{failure, guard, layout, page, properties};

/// A catalog whose pages are nowhere, for which a parser looks for pages among all objects.
const CATALOG: &[u8] = b"\n8388606 0 obj\n<< /Type /Catalog /Pages 8388607 0 R >>\nendobj\n";

/// Reads the text of a PDF in reading order. Documents that only forbid printing or copying open; `limits` bound pages, what
/// streams unpack to, and text.
///
/// # Errors
///
/// [`Failure::Encrypted`] when it needs a password, [`Failure::Damaged`] when no pages can be found in it even after its
/// table of objects is rebuilt, [`Failure::OverLimit`] when it would cost more than `limits` allow.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Contents, Failure> {
    contained(|| {
        let pdf = open(guard::without_pictures(bytes, limits)?)?;
        check_pages(&pdf, limits)?;
        let mut fonts = Fonts::new();
        let mut budget = Budget::new(guard::allowance(limits, bytes.len()), limits);
        let mut sheets = Vec::new();
        for (number, page) in (1..).zip(pdf.pages().iter()) {
            sheets.push(Sheet::new(page::draw(page, number, &mut fonts, &mut budget)?));
        }
        let properties = properties::of(&pdf);
        Ok(Contents {
            title: properties.title,
            author: properties.author,
            created: properties.created,
            modified: properties.modified,
            language: properties.language,
            pages: u32::try_from(sheets.len()).ok(),
            pieces: layout::pieces(sheets),
        })
    })
}

/// Returns the largest picture of a page, for optical character recognition: a JPEG as it is, anything else as PNG. Pages
/// count from 1.
///
/// # Errors
///
/// As [`read`] has them; [`Failure::Unsupported`] when the page has no picture or one that cannot be unpacked.
pub fn picture(bytes: &[u8], page: u32, limits: &Limits) -> Result<Picture, Failure> {
    contained(|| {
        // Only what the page needs besides its picture is judged here; the picture's own size is judged later.
        guard::without_pictures(bytes, limits)?;
        let pdf = open(bytes.to_vec())?;
        check_pages(&pdf, limits)?;
        let index = usize::try_from(page).ok().and_then(|page| page.checked_sub(1));
        let found = index.and_then(|index| pdf.pages().get(index));
        let found = found.ok_or_else(|| failure::damaged(format!("it has no page {page}")))?;
        let mut budget = Budget::new(guard::allowance(limits, bytes.len()), limits);
        let (stream, place) = page::largest_picture(found, &mut budget)?.ok_or_else(pictures::missing)?;
        pictures::unpack(&stream, place, limits)
    })
}

fn open(bytes: Vec<u8>) -> Result<Pdf, Failure> {
    // Readers accept a header that is not quite at the beginning; anything further down is another format.
    let head = bytes.get(..bytes.len().min(1024)).unwrap_or_default();
    if !head.windows(5).any(|five| five == b"%PDF-") {
        return Err(failure::damaged("it does not begin as a PDF does"));
    }
    let bytes = Arc::new(bytes);
    let broken = match Pdf::new(Arc::clone(&bytes)) {
        Ok(pdf) => return Ok(pdf),
        Err(broken) => broken,
    };
    // A file that was cut off has lost its catalog: with another one, the pages that are left can be found.
    let found = match broken {
        LoadPdfError::Invalid => Pdf::new([bytes.as_slice(), CATALOG].concat()).ok(),
        LoadPdfError::Decryption(_) => None,
    };
    found.ok_or_else(|| failure::from_load(broken))
}

fn check_pages(pdf: &Pdf, limits: &Limits) -> Result<(), Failure> {
    let pages = pdf.pages().len();
    if u32::try_from(pages).is_ok_and(|pages| pages <= limits.pages) {
        return Ok(());
    }
    Err(failure::over_limit(format!("has {pages} pages"), format!("{} pages", limits.pages)))
}

/// A parser that trips over a document must not take the caller with it.
fn contained<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(failure::damaged("it breaks the rules of its format")))
}
