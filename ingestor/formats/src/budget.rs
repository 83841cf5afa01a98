//! Counts what reading a document costs, and words its failures. It knows no format but by name.

use std::cell::Cell;

use crate::{Failure, Format, Limits};

/// A small document may unpack to this much whatever its ratio.
const FREE_BYTES: u64 = 1024 * 1024;

/// What is left of a document's limits.
#[derive(Debug)]
pub(crate) struct Budget {
    format: Format,
    limits: Limits,
    unpacked: Cell<u64>,
    text: Cell<u64>,
    cells: Cell<u64>,
}

impl Budget {
    /// Begins to count for a document of so many packed bytes.
    pub(crate) fn new(format: Format, packed: usize, limits: Limits) -> Self {
        let packed = u64::try_from(packed).unwrap_or(u64::MAX);
        let by_ratio = packed.saturating_mul(limits.unpacked_ratio).saturating_add(FREE_BYTES);
        Self {
            format,
            limits,
            unpacked: Cell::new(by_ratio.min(limits.unpacked_bytes)),
            text: Cell::new(limits.text_bytes),
            cells: Cell::new(limits.cells),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns how many bytes may still be unpacked.
    pub(crate) fn unpacked_left(&self) -> u64 {
        self.unpacked.get()
    }

    pub(crate) fn unpack(&self, bytes: u64) -> Result<(), Failure> {
        take(&self.unpacked, bytes).ok_or_else(|| {
            let limit = format!(
                "{} bytes, {} for each packed one",
                self.limits.unpacked_bytes, self.limits.unpacked_ratio
            );
            self.over("unpacks to more than it may", limit)
        })
    }

    pub(crate) fn text(&self, bytes: usize) -> Result<(), Failure> {
        take(&self.text, u64::try_from(bytes).unwrap_or(u64::MAX))
            .ok_or_else(|| self.over("holds too much text", format!("{} bytes", self.limits.text_bytes)))
    }

    pub(crate) fn cells(&self, cells: usize) -> Result<(), Failure> {
        take(&self.cells, u64::try_from(cells).unwrap_or(u64::MAX))
            .ok_or_else(|| self.over("has too many table cells", format!("{} cells", self.limits.cells)))
    }

    /// Checks the number of a page, slide, sheet or chapter, from 1.
    pub(crate) fn page(&self, number: usize, called: &str) -> Result<u32, Failure> {
        u32::try_from(number).ok().filter(|number| *number <= self.limits.pages).ok_or_else(|| {
            self.over(&format!("has too many {called}"), format!("{} {called}", self.limits.pages))
        })
    }

    pub(crate) fn over(&self, problem: &str, limit: String) -> Failure {
        Failure::OverLimit { format: self.format.label().to_owned(), problem: problem.to_owned(), limit }
    }

    pub(crate) fn damaged(&self, problem: impl Into<String>) -> Failure {
        Failure::Damaged { format: self.format.label().to_owned(), problem: problem.into() }
    }

    pub(crate) fn encrypted(&self) -> Failure {
        Failure::Encrypted { format: self.format.label().to_owned() }
    }
}

fn take(left: &Cell<u64>, amount: u64) -> Option<()> {
    left.set(left.get().checked_sub(amount)?);
    Some(())
}
