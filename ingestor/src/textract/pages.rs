//! How many pages a picture has.

use super::AT_ONCE_BYTES;
use super::budget::over;
use super::refusal::unreadable;
use crate::text_extractor::{Media, RecognitionError, Scan};

/// The service's own limit of a picture's side.
const MOST_PIXELS: usize = 10_000;

/// Checks what would be refused, or would cost too much, before it is sent.
///
/// # Errors
/// When there are more pages than `most`, or a picture is wider or higher than the service takes.
pub(super) fn check(scan: &Scan<'_>, pages: u32, most: u32) -> Result<(), RecognitionError> {
    if pages > most {
        let many = format!("has {pages} scanned pages or more");
        return Err(unreadable(over(&many, format!("{most} pages")).into()));
    }
    if matches!(scan.media, Media::Jpeg | Media::Png) && scan.bytes.len() > AT_ONCE_BYTES {
        // Nor does the service take larger pictures from S3.
        let large = format!("is {} bytes large", scan.bytes.len());
        return Err(unreadable(over(&large, format!("{AT_ONCE_BYTES} bytes for a picture")).into()));
    }
    if scan.media == Media::Pdf {
        return Ok(());
    }
    // What this cannot measure the service may still read.
    let size = imagesize::blob_size(scan.bytes).ok();
    match size.filter(|size| size.width.max(size.height) > MOST_PIXELS) {
        None => Ok(()),
        Some(size) => {
            let large = format!("is {} by {} pixels large", size.width, size.height);
            Err(unreadable(over(&large, format!("{MOST_PIXELS} pixels a side")).into()))
        }
    }
}

/// Returns the pages of what is sent, as far as its format says so: a TIFF may have many, and `most` are counted at most.
pub(super) fn count(media: Media, bytes: &[u8], most: u32) -> Option<u32> {
    match media {
        Media::Jpeg | Media::Png => Some(1),
        Media::Tiff => tiff(bytes, most),
        Media::Pdf => None,
    }
}

/// Follows the chain of a TIFF's directories, of which each describes a picture. A chain without an end is cut.
fn tiff(bytes: &[u8], most: u32) -> Option<u32> {
    let is_little = bytes.starts_with(b"II");
    let number = |start: usize, length: usize| {
        let digits = bytes.get(start..start.checked_add(length)?)?;
        let value = |sum: usize, digit: &u8| sum << 8 | usize::from(*digit);
        Some(if is_little { digits.iter().rev().fold(0, value) } else { digits.iter().fold(0, value) })
    };
    let mut directory = number(4, 4)?;
    let mut pages = 0;
    while directory != 0 && pages < most {
        let entries = number(directory, 2)?;
        pages += 1;
        directory = number(directory.checked_add(2)?.checked_add(entries.checked_mul(12)?)?, 4)?;
    }
    Some(pages)
}

#[cfg(test)]
mod tests {
    use super::{Media, count};

    /// A TIFF of directories without entries at these places, each with the place of the next.
    fn tiff(chain: &[(usize, u32)]) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..4].copy_from_slice(b"II*\0");
        bytes[4] = 8;
        for (place, next) in chain {
            bytes[place + 2..place + 6].copy_from_slice(&next.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn every_picture_of_a_tiff_is_a_page_and_a_ring_has_an_end() {
        assert_eq!(count(Media::Tiff, &tiff(&[(8, 0)]), 9), Some(1));
        assert_eq!(count(Media::Tiff, &tiff(&[(8, 20), (20, 40), (40, 0)]), 9), Some(3));
        assert_eq!(count(Media::Tiff, &tiff(&[(8, 20), (20, 8)]), 9), Some(9));
        assert_eq!(count(Media::Tiff, &tiff(&[(8, 4_000_000_000)]), 9), None);
        assert_eq!(count(Media::Tiff, b"MM\0*", 9), None);
        assert_eq!((count(Media::Png, b"", 9), count(Media::Pdf, b"", 9)), (Some(1), None));
    }
}
