//! What may be made of an analysis: blocks may name the same words again and again.

use formats::Failure;

/// The format as editors know it.
pub(super) const FORMAT: &str = "scanned document";

/// What is left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    text_bytes: u64,
    cells: u64,
    limits: (u64, u64),
}

impl Budget {
    /// Returns a budget of this much text and this many cells of all tables together.
    pub(crate) fn new(text_bytes: u64, cells: u64) -> Self {
        Self { text_bytes, cells, limits: (text_bytes, cells) }
    }

    /// Takes the text of some words, with a space between them.
    pub(super) fn words<S: AsRef<str>>(&mut self, words: impl Iterator<Item = S>) -> Result<String, Failure> {
        let mut text = String::new();
        for word in words {
            let word = word.as_ref();
            self.take(word.len())?;
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        Ok(text)
    }

    /// Takes one more copy of a text.
    pub(super) fn copy(&mut self, text: &str) -> Result<String, Failure> {
        self.take(text.len())?;
        Ok(text.to_owned())
    }

    /// Takes a table of this size.
    pub(super) fn table(&mut self, rows: usize, columns: usize) -> Result<(), Failure> {
        let cells = u64::try_from(rows.saturating_mul(columns)).unwrap_or(u64::MAX);
        let left = self.cells.checked_sub(cells);
        self.cells =
            left.ok_or_else(|| over("has too many cells in its tables", format!("{} cells", self.limits.1)))?;
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Result<(), Failure> {
        // The space that follows counts.
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(1);
        let left = self.text_bytes.checked_sub(bytes);
        self.text_bytes =
            left.ok_or_else(|| over("holds too much text", format!("{} bytes", self.limits.0)))?;
        Ok(())
    }
}

/// Returns the failure of a scanned document that goes over a limit.
pub(super) fn over(problem: &str, limit: String) -> Failure {
    Failure::OverLimit { format: FORMAT.to_owned(), problem: problem.to_owned(), limit }
}
