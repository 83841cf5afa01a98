//! Looks at the packed streams of a PDF before the parser may unpack them: a parser that trusts its input unpacks a bomb
//! whole. It reads bytes only and knows no objects, so an encrypted bomb passes; the process's own limits stop that one.

use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use formats::{Failure, Limits};
use memchr::memmem;

use crate::failure;

/// Filters in filters that are followed.
const LAYERS: u32 = 4;
/// How far before `stream` its dictionary may begin.
const DICTIONARY_BYTES: usize = 64 * 1024;
/// Bytes that looking for ends may read: some seconds.
const MOST_REREAD: usize = 8_000_000_000;
const CHUNK_BYTES: usize = 64 * 1024;

/// What all streams of a file may unpack to.
pub(crate) fn allowance(limits: &Limits, file_bytes: usize) -> u64 {
    let packed = u64::try_from(file_bytes).unwrap_or(u64::MAX);
    let by_ratio = packed.saturating_mul(limits.unpacked_ratio).saturating_add(1024 * 1024);
    limits.unpacked_bytes.min(by_ratio)
}

/// Returns a copy whose pictures are blanked, as text needs none of them, and whose other streams together unpack to no
/// more than `limits` allow.
pub(crate) fn without_pictures(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Failure> {
    refuse_tangles(bytes)?;
    let mut copy = bytes.to_vec();
    let mut left = allowance(limits, bytes.len());
    let mut previous = 0;
    let mut blanked = 0;
    for found in memmem::find_iter(bytes, b"stream") {
        if bytes.get(..found).is_some_and(|before| before.ends_with(b"end")) {
            continue;
        }
        let data = bytes.get(found..).unwrap_or_default();
        let packed = data_of(data);
        if is_picture(dictionary(bytes, previous.max(found.saturating_sub(DICTIONARY_BYTES))..found)) {
            // A keyword within what is blank already is part of the same picture.
            if found >= blanked {
                let start = found + data.len() - packed.len();
                blanked = start + memmem::find(packed, b"endstream").unwrap_or(packed.len());
                copy.get_mut(start..blanked).unwrap_or_default().fill(0);
            }
        } else {
            let cost = unpacked_bytes(packed, left, LAYERS);
            left = left.checked_sub(cost).ok_or_else(|| failure::unpacks_too_far(limits))?;
        }
        previous = found;
    }
    Ok(copy)
}

/// A parser that rebuilds the table of objects looks for the end of each object that is open, and so may read the rest of
/// the file once for each that never ends.
fn refuse_tangles(bytes: &[u8]) -> Result<(), Failure> {
    let count = |mark: &[u8]| memmem::find_iter(bytes, mark).count();
    let ends = count(b"endobj");
    let objects = count(b"obj").saturating_sub(ends);
    let open = objects.saturating_sub(ends).max(count(b"<<").saturating_sub(count(b">>")));
    if open.saturating_mul(bytes.len()) > MOST_REREAD {
        return Err(failure::damaged(format!("{open} of its objects have no end")));
    }
    Ok(())
}

/// Whether a stream unpacks to no more than `most` bytes, as far as it is deflated.
pub(crate) fn unpacks_within(packed: &[u8], most: u64) -> bool {
    unpacked_bytes(packed, most, LAYERS) <= most
}

/// The bytes after the keyword `stream` and its line end.
fn data_of(from_keyword: &[u8]) -> &[u8] {
    let data = from_keyword.strip_prefix(b"stream").unwrap_or_default();
    let data = data.strip_prefix(b"\r").unwrap_or(data);
    data.strip_prefix(b"\n").unwrap_or(data)
}

fn dictionary(bytes: &[u8], range: Range<usize>) -> &[u8] {
    let before = bytes.get(range).unwrap_or_default();
    memmem::rfind(before, b"obj").and_then(|begin| before.get(begin..)).unwrap_or(before)
}

/// Whether `/Subtype /Image` stands in the dictionary; `/ImageMask` and `/ImageB` are other names.
fn is_picture(dictionary: &[u8]) -> bool {
    memmem::find_iter(dictionary, b"/Subtype").any(|found| {
        let value = dictionary.get(found + b"/Subtype".len()..).unwrap_or_default().trim_ascii_start();
        let after = value.strip_prefix(b"/Image");
        after.is_some_and(|after| after.first().is_none_or(|next| !next.is_ascii_alphanumeric()))
    })
}

/// What `packed` costs: its bytes unpacked, and again those of what it holds if that is packed too. Stops soon after
/// `most`. Bytes that are not packed cost nothing.
fn unpacked_bytes(packed: &[u8], most: u64, layers: u32) -> u64 {
    let deflated = if has_zlib_header(packed) { packed.get(2..).unwrap_or_default() } else { packed };
    let mut inflater = Decompress::new(false);
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut inner: Vec<u8> = Vec::new();
    loop {
        let (read, written) = (inflater.total_in(), inflater.total_out());
        let rest = usize::try_from(read).ok().and_then(|read| deflated.get(read..)).unwrap_or_default();
        let status = inflater.decompress(rest, &mut chunk, FlushDecompress::None);
        let fresh = usize::try_from(inflater.total_out() - written).unwrap_or(0);
        let fresh = chunk.get(..fresh).unwrap_or_default();
        if layers > 1 && (has_zlib_header(&inner) || written == 0 && has_zlib_header(fresh)) {
            inner.extend_from_slice(fresh);
        }
        let stuck = inflater.total_in() == read && fresh.is_empty();
        if stuck || inflater.total_out() > most || !matches!(status, Ok(Status::Ok | Status::BufError)) {
            break;
        }
    }
    // Reading costs too: else a file could have the same bytes read over and over for nothing.
    let outer = inflater.total_out().max(inflater.total_in());
    if inner.is_empty() || outer > most {
        outer
    } else {
        outer + unpacked_bytes(&inner, most - outer, layers - 1)
    }
}

/// The two bytes with which RFC 1950 begins.
fn has_zlib_header(bytes: &[u8]) -> bool {
    match bytes {
        [method, flags, ..] => {
            method & 0x0f == 8 && (u32::from(*method) * 256 + u32::from(*flags)).is_multiple_of(31)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn packed(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn object(dictionary: &str, data: &[u8]) -> Vec<u8> {
        let head = format!("1 0 obj\n<< {dictionary} >>\nstream\n");
        [head.as_bytes(), data, b"\nendstream\nendobj\n"].concat()
    }

    #[test]
    fn a_stream_that_unpacks_too_far_is_refused() {
        let bomb = object("/Filter /FlateDecode", &packed(&vec![0; 8 * 1024 * 1024]));
        let refusal = without_pictures(&bomb, &Limits::DEFAULT).unwrap_err();
        assert!(matches!(refusal, Failure::OverLimit { .. }), "{refusal}");
    }

    #[test]
    fn a_bomb_within_a_stream_is_refused() {
        let bomb = object("", &packed(&packed(&vec![0; 8 * 1024 * 1024])));
        assert!(without_pictures(&bomb, &Limits::DEFAULT).is_err());
    }

    #[test]
    fn objects_without_end_are_refused() {
        let tangle = b"1 0 obj (\n".repeat(60_000);
        assert!(matches!(without_pictures(&tangle, &Limits::DEFAULT), Err(Failure::Damaged { .. })));
    }

    #[test]
    fn ordinary_streams_pass_unchanged() {
        let page = object("/Filter /FlateDecode", &packed(b"BT (Opens at 07:45) Tj ET"));
        assert_eq!(without_pictures(&page, &Limits::DEFAULT).unwrap(), page);
    }

    #[test]
    fn pictures_are_blanked_and_cost_nothing() {
        let picture = object("/Type /XObject /Subtype /Image /Width 9", &packed(&vec![0; 8 * 1024 * 1024]));
        let blank = without_pictures(&picture, &Limits::DEFAULT).unwrap();
        assert_eq!(blank.len(), picture.len());
        let place = memmem::find(&blank, b"stream").unwrap();
        assert!(unpacked_bytes(data_of(&blank[place..]), 100, LAYERS) < 100);
    }

    #[test]
    fn a_form_that_may_use_pictures_is_none() {
        assert!(!is_picture(b"<< /Subtype /Form /Resources << /ProcSet [/PDF /ImageB] >> >>"));
    }
}
