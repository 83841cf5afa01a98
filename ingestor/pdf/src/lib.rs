//! Reads the text layer of PDFs: columns, tables, headings, without running headers and page numbers. It recognises no
//! characters in pictures: a page that is only a picture comes back as [`formats::Content::Scan`].

mod failure;
mod fonts;
mod geometry;
mod guard;
mod layout;
mod page;
mod picture;
mod properties;
mod reading;

pub use picture::{Picture, PictureKind};
pub use reading::{picture, read};
