//! Reads packed document formats into pieces in reading order. It knows no index, no chunks and no files: bytes come in,
//! and it may be run where nothing else can be reached.

mod contents;
mod failure;
mod format;
mod limits;

mod budget;
mod collector;
mod ebook;
mod excel;
mod mail;
mod marks;
mod package;
mod powerpoint;
mod properties;
mod table;
#[cfg(test)]
mod testing;
mod word;
mod xml;

pub use contents::{Content, Contents, Hidden, Piece};
pub use failure::Failure;
pub use format::Format;
pub use limits::Limits;

use budget::Budget;
use package::Package;

/// Reads a document.
///
/// # Errors
/// [`Failure`] when the bytes are damaged, need a password, or cost more than the limits allow.
pub fn read(format: Format, bytes: &[u8], limits: &Limits) -> Result<Contents, Failure> {
    let budget = Budget::new(format, bytes.len(), *limits);
    if format == Format::Mail {
        return mail::read(bytes, &budget);
    }
    if format::is_encrypted_office(bytes) {
        return Err(budget.encrypted());
    }
    let package = Package::open(bytes, &budget)?;
    match format {
        Format::Word => word::read(&package),
        Format::Excel => excel::read(&package),
        Format::PowerPoint => powerpoint::read(&package),
        Format::Ebook => ebook::read(&package),
        Format::Mail => mail::read(bytes, &budget),
    }
}
