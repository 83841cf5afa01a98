//! What the command line prints: lines for people, or one JSON object a line for programs. Nothing else prints.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// Prints in one of two ways.
#[derive(Clone, Debug)]
pub(super) struct Report {
    is_json: bool,
    bar: ProgressBar,
}

impl Report {
    pub(super) fn new(is_json: bool) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { is_json, bar }
    }

    /// Shows a bar for this many documents while people look on.
    pub(super) fn begin(&self, documents: usize) {
        if self.is_json || !std::io::stdout().is_terminal() || !std::io::stderr().is_terminal() {
            return;
        }
        self.bar.set_draw_target(ProgressDrawTarget::stderr());
        self.bar.set_length(u64::try_from(documents).unwrap_or(u64::MAX));
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}") {
            self.bar.set_style(style);
        }
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    /// Shows what is happening now.
    pub(super) fn now(&self, message: String) {
        self.bar.set_message(message);
    }

    /// Counts a document as done.
    pub(super) fn advance(&self) {
        self.bar.inc(1);
    }

    /// Removes the bar.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints one result: the value for programs, the line for people.
    pub(super) fn result(&self, value: &impl Serialize, line: &str) {
        let text = match self.is_json.then(|| serde_json::to_string(value)) {
            None => line.to_owned(),
            Some(Ok(json)) => json,
            Some(Err(error)) => return self.trouble(&error),
        };
        self.print(&text);
    }

    /// Prints a line that only people need.
    pub(super) fn note(&self, line: &str) {
        if !self.is_json {
            self.print(line);
        }
    }

    /// Asks a person to agree; nothing when nobody can be asked.
    pub(super) fn agrees(&self, question: &str) -> Option<bool> {
        if self.is_json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        let mut out = std::io::stderr();
        _ = write!(out, "{question} [y/N] ");
        _ = out.flush();
        let mut answer = String::new();
        // An input that cannot be read agrees to nothing.
        _ = std::io::stdin().read_line(&mut answer);
        Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Prints why nothing could be done.
    pub(super) fn trouble(&self, trouble: &dyn std::fmt::Display) {
        // Nothing can be said to somebody who closed both ends.
        self.bar.suspend(|| _ = writeln!(std::io::stderr(), "ingestor: {trouble}"));
    }

    /// Prints a line; a reader that has seen enough and closed the pipe is no error.
    fn print(&self, line: &str) {
        self.bar.suspend(|| _ = writeln!(std::io::stdout(), "{line}"));
    }
}

/// Returns a number with its noun, in the plural where it belongs there.
pub(super) fn counted(count: impl Into<u64>, noun: &str) -> String {
    let count = count.into();
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_singular_and_every_other_number_plural() {
        for (count, expected) in [(0_u64, "0 passages"), (1, "1 passage"), (2, "2 passages")] {
            assert_eq!(counted(count, "passage"), expected);
        }
    }
}
