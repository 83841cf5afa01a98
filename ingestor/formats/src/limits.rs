//! How much reading a document may cost.

use serde::{Deserialize, Serialize};

/// Limits of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Most bytes that all parts unpack to.
    pub unpacked_bytes: u64,
    /// Most bytes that one packed byte may become, beyond the first mebibyte.
    pub unpacked_ratio: u64,
    /// Most parts of an archive.
    pub parts: u32,
    /// Most levels of elements in elements.
    pub depth: u32,
    /// Most pages, slides or sheets.
    pub pages: u32,
    /// Most cells of all tables together.
    pub cells: u64,
    /// Most bytes of text in all.
    pub text_bytes: u64,
}

impl Limits {
    /// What suits business documents.
    pub const DEFAULT: Self = Self {
        unpacked_bytes: 64 * 1024 * 1024,
        unpacked_ratio: 100,
        parts: 10_000,
        depth: 256,
        pages: 2_000,
        cells: 1_000_000,
        text_bytes: 16 * 1024 * 1024,
    };
}
