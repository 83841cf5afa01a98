//! Messages of the contract to checked plain structs and back. Every limit of the contract is enforced here, so that the
//! rest of the crate holds values that cannot be wrong.

mod document;
mod reply;
mod request;

pub(crate) use document::{chunk, document};
pub(crate) use reply::{
    candidate, change, chunk as chunk_reply, millis, passage, ranking, stage, summary, withheld,
};
pub(crate) use request::{
    collections, content_keys, document_key, feedback, history_size, limits, optional_document_id, page_end,
    page_size, page_start, question, weights,
};

use crate::error::Error;

/// Returns an error that names the field and says what would be right.
fn wrong(field: &str, expected: &str) -> Error {
    Error::Invalid(format!("{field}: expected {expected}"))
}

/// Refuses a text with fewer or more characters than the range allows.
fn check_length(field: &str, text: &str, range: std::ops::RangeInclusive<usize>) -> Result<(), Error> {
    if range.contains(&text.chars().count()) {
        return Ok(());
    }
    Err(wrong(field, &format!("{} to {} characters", range.start(), range.end())))
}

/// Refuses a text with the character NUL, which not every store can keep.
fn check_no_nul(field: &str, text: &str) -> Result<(), Error> {
    if text.contains('\0') { Err(wrong(field, "text without the character NUL")) } else { Ok(()) }
}

/// Refuses a list of more values than allowed.
fn check_count(field: &str, count: usize, most: usize) -> Result<(), Error> {
    if count <= most { Ok(()) } else { Err(wrong(field, &format!("at most {most} values, got {count}"))) }
}

fn check_collection(name: &str) -> Result<(), Error> {
    let is_allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    if (1..=64).contains(&name.len()) && name.bytes().all(is_allowed) {
        return Ok(());
    }
    Err(wrong("collection", "1 to 64 characters of a-z, 0-9, - and _"))
}

fn check_document_id(id: &str) -> Result<(), Error> {
    let is_safe = !id.contains('\0') && !id.starts_with('/') && id.split('/').all(|part| part != "..");
    if (1..=1_024).contains(&id.len()) && is_safe {
        return Ok(());
    }
    Err(wrong("document_id", "a relative path of 1 to 1,024 bytes without NUL and without `..`"))
}

/// Refuses a vector that has no cosine.
fn check_vector(field: &str, vector: &[f32], dimensions: u32) -> Result<f32, Error> {
    if vector.len() != dimensions as usize {
        return Err(wrong(field, &format!("{dimensions} numbers, got {}", vector.len())));
    }
    let length = vector.iter().map(|number| number * number).sum::<f32>().sqrt();
    if length.is_finite() && length > f32::EPSILON {
        return Ok(length);
    }
    Err(wrong(field, "finite numbers that are not all zero"))
}
