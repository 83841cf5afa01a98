//! What the command line prints: lines for people, or one JSON object a line for programs. Nothing else prints. Whatever a
//! document or a file's name holds, no terminal is made to obey it.

use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

const TICK: Duration = Duration::from_millis(100);
const TOTAL_STYLE: &str = "{bar:24} {bytes}/{total_bytes} {bytes_per_sec} {eta} left  {wide_msg}";
const FILE_STYLE: &str = "  {bar:16} {wide_msg}";

/// Prints in one of two ways.
#[derive(Clone, Debug)]
pub(super) struct Report {
    is_json: bool,
    bars: MultiProgress,
    total: ProgressBar,
}

/// The progress of one file; its bar goes with it.
#[derive(Debug)]
pub(super) struct FileProgress {
    bar: ProgressBar,
}

impl Report {
    pub(super) fn new(is_json: bool) -> Self {
        let total = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        Self { is_json, bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()), total }
    }

    /// Shows a bar for this many bytes while people look on.
    pub(super) fn begin(&mut self, bytes: u64) {
        if self.is_json || !std::io::stdout().is_terminal() || !std::io::stderr().is_terminal() {
            return;
        }
        self.bars.set_draw_target(ProgressDrawTarget::stderr());
        self.total = self.bars.add(ProgressBar::new(bytes));
        if let Ok(style) = ProgressStyle::with_template(TOTAL_STYLE) {
            self.total.set_style(style);
        }
        self.total.enable_steady_tick(TICK);
    }

    /// Shows a bar for one file while the whole is shown.
    pub(super) fn file(&self, name: &str) -> FileProgress {
        if self.total.is_hidden() {
            return FileProgress { bar: ProgressBar::hidden() };
        }
        let bar = self.bars.insert_before(&self.total, ProgressBar::new(0));
        if let Ok(style) = ProgressStyle::with_template(FILE_STYLE) {
            bar.set_style(style);
        }
        bar.set_message(safe(name));
        FileProgress { bar }
    }

    /// Counts bytes as done.
    pub(super) fn advance(&self, bytes: u64, message: String) {
        self.total.inc(bytes);
        self.total.set_message(message);
    }

    /// Removes the bars.
    pub(super) fn end(&self) {
        self.total.finish_and_clear();
    }

    /// Prints one result: the value for programs, the line for people.
    pub(super) fn result(&self, value: &impl Serialize, line: &str) {
        let text = match self.is_json.then(|| serde_json::to_string(value)) {
            None => safe(line),
            Some(Ok(json)) => safe_json(&json),
            Some(Err(error)) => return self.trouble(&error),
        };
        self.print(&text);
    }

    /// Prints a result that only programs need.
    pub(super) fn detail(&self, value: &impl Serialize) {
        if self.is_json {
            self.result(value, "");
        }
    }

    /// Prints a line that only people need.
    pub(super) fn note(&self, line: &str) {
        if !self.is_json {
            self.print(&safe(line));
        }
    }

    /// Prints a text for another program as it is.
    pub(super) fn raw(&self, text: &[u8]) {
        // A reader that has seen enough is no error.
        _ = std::io::stdout().write_all(text);
    }

    /// Asks a person to agree; nothing when nobody can be asked.
    pub(super) fn agrees(&self, question: &str) -> Option<bool> {
        if self.is_json || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
            return None;
        }
        let mut out = std::io::stderr();
        _ = write!(out, "{} [y/N] ", safe(question));
        _ = out.flush();
        let mut answer = String::new();
        // An input that cannot be read agrees to nothing.
        _ = std::io::stdin().read_line(&mut answer);
        Some(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }

    /// Prints why nothing could be done.
    pub(super) fn trouble(&self, trouble: &dyn std::fmt::Display) {
        let text = safe(&trouble.to_string());
        // Nothing can be said to somebody who closed both ends.
        self.bars.suspend(|| _ = writeln!(std::io::stderr(), "ingestor: {text}"));
    }

    /// Prints a line; a reader that has seen enough and closed the pipe is no error.
    fn print(&self, line: &str) {
        self.bars.suspend(|| _ = writeln!(std::io::stdout(), "{line}"));
    }
}

impl FileProgress {
    /// Shows what is happening now, and how far it is.
    pub(super) fn now(&self, message: &str, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        self.bar.set_message(safe(message));
    }
}

impl Drop for FileProgress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// Returns a text without anything that a terminal would obey: control characters but line feed and tab, and characters
/// that turn the direction of text, are written out.
pub(super) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_obeyed(c) && !matches!(c, '\n' | '\t') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Returns the same JSON with what a terminal would obey written as escapes; it stands inside strings only.
fn safe_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_obeyed(c) {
            // Each of them is below U+10000. Writing to a string cannot fail.
            _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns a number with its noun, in the plural where it belongs there.
pub(super) fn counted(count: impl Into<u64>, noun: &str) -> String {
    let count = count.into();
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::{counted, safe, safe_json};

    #[test]
    fn one_is_singular_and_every_other_number_plural() {
        for (count, expected) in [(0_u64, "0 passages"), (1, "1 passage"), (2, "2 passages")] {
            assert_eq!(counted(count, "passage"), expected);
        }
    }

    #[test]
    fn nothing_that_a_terminal_would_obey_is_printed() {
        let evil = "a\u{1b}[31mb\u{9b}2Jc\rd\u{7f}e\u{202e}f\u{7}\n\tü文";
        let shown = "a\\u{1b}[31mb\\u{9b}2Jc\\u{d}d\\u{7f}e\\u{202e}f\\u{7}\n\tü文";
        assert_eq!(safe(evil), shown);
        let json = safe_json(&serde_json::to_string(evil).expect("serializes"));
        assert!(json.chars().all(|c| !super::is_obeyed(c)), "{json:?}");
        assert_eq!(serde_json::from_str::<String>(&json).expect("is JSON"), evil);
    }
}
