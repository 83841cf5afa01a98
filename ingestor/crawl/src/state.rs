//! What is known of a site from earlier crawls, kept in a journal: one JSON object a line, appended as pages are done, so
//! that an interrupted crawl goes on where it was.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

const VERSION: u32 = 1;
/// A longer file was not written here.
const MOST_BYTES: u64 = 1024 * 1024 * 1024;
/// A longer line was not written here.
const MOST_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// Why the state cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be read or written.
    #[error("the state {path} cannot be used: {error}")]
    File {
        /// The file.
        path: String,
        /// The operating system's words.
        error: io::Error,
    },
    /// Another crawl uses it.
    #[error("the state {0} is in use by another crawl; wait for it, or name another file")]
    InUse(String),
    /// It is something else.
    #[error("{0} is no state of a crawl; name another file, or delete it to begin anew")]
    Foreign(String),
}

/// What is known of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Known {
    pub(crate) url: String,
    /// The crawl that saw it last.
    pub(crate) crawl: u64,
    /// How many links it is away from the first pages.
    pub(crate) depth: u32,
    /// The name under which it was handed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified: Option<String>,
    /// SHA-256 of what was handed on, in hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) sha256: String,
    /// The addresses that were first met on it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    State { version: u32, crawl: u64, is_open: bool },
    Begin { crawl: u64 },
    Page(Known),
    Gone { url: String },
    End {},
}

/// What is known of a site. One crawl at a time uses it.
#[derive(Debug)]
pub struct State {
    pages: BTreeMap<String, Known>,
    names: BTreeSet<String>,
    crawl: u64,
    /// Whether the last crawl did not come to its end.
    is_open: bool,
    journal: Option<Journal>,
}

#[derive(Debug)]
struct Journal {
    path: PathBuf,
    file: File,
    /// The file that was there first: its lock tells others that the state is in use, whichever of the two they opened.
    _first: File,
}

impl State {
    /// Returns a state that is forgotten with the process.
    pub fn in_memory() -> Self {
        Self { pages: BTreeMap::new(), names: BTreeSet::new(), crawl: 0, is_open: false, journal: None }
    }

    /// Opens the state in this file; the file is made where it is missing.
    ///
    /// # Errors
    /// When the file cannot be used, is something else, or another crawl uses it.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        let wrong = |error| StateError::File { path: path.display().to_string(), error };
        let options = || OpenOptions::new().read(true).append(true).create(true).clone();
        let first = options().open(path).map_err(wrong)?;
        lock(&first, path)?;
        let mut state = Self::in_memory();
        state.read(&first, path)?;
        let compact = path.with_extension("new");
        // Appending to what is whole: a line that was cut by a crash is left behind.
        state.write_whole(&compact).map_err(wrong)?;
        let file = options().open(&compact).map_err(wrong)?;
        lock(&file, path)?;
        fs::rename(&compact, path).map_err(wrong)?;
        state.journal = Some(Journal { path: path.to_path_buf(), file, _first: first });
        Ok(state)
    }

    fn read(&mut self, file: &File, path: &Path) -> Result<(), StateError> {
        let wrong = |error| StateError::File { path: path.display().to_string(), error };
        let foreign = || StateError::Foreign(path.display().to_string());
        if file.metadata().map_err(wrong)?.len() > MOST_BYTES {
            return Err(foreign());
        }
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        let mut is_first = true;
        loop {
            line.clear();
            let read = (&mut reader).take(MOST_LINE_BYTES).read_until(b'\n', &mut line).map_err(wrong)?;
            if read == 0 {
                return Ok(());
            }
            match serde_json::from_slice(&line) {
                Ok(Line::State { version: VERSION, crawl, is_open }) if is_first => {
                    (self.crawl, self.is_open) = (crawl, is_open);
                }
                Ok(line) if !is_first => self.apply(line),
                // The last line of a process that was killed while writing it.
                Err(_) if !is_first && !line.ends_with(b"\n") => return Ok(()),
                _ => return Err(foreign()),
            }
            is_first = false;
        }
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::State { .. } => {}
            Line::Begin { crawl } => (self.crawl, self.is_open) = (crawl, true),
            Line::End {} => self.is_open = false,
            Line::Page(known) => {
                self.names.extend(known.document.clone());
                self.pages.insert(known.url.clone(), known);
            }
            Line::Gone { url } => {
                if let Some(name) = self.pages.remove(&url).and_then(|known| known.document) {
                    self.names.remove(&name);
                }
            }
        }
    }

    fn write_whole(&self, path: &Path) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(path)?);
        let head = Line::State { version: VERSION, crawl: self.crawl, is_open: self.is_open };
        write_line(&mut out, &head)?;
        for known in self.pages.values() {
            write_line(&mut out, &Line::Page(known.clone()))?;
        }
        out.into_inner()?.sync_all()
    }

    fn append(&mut self, line: Line) -> Result<(), StateError> {
        if let Some(Journal { path, file, .. }) = &mut self.journal {
            let wrong = |error| StateError::File { path: path.display().to_string(), error };
            let mut text = Vec::new();
            write_line(&mut text, &line).and_then(|()| file.write_all(&text)).map_err(wrong)?;
        }
        self.apply(line);
        Ok(())
    }

    /// Returns how many pages were handed on and are not gone.
    pub fn documents(&self) -> usize {
        self.names.len()
    }

    /// Whether the last crawl did not come to its end, so that the next goes on with it.
    pub fn is_interrupted(&self) -> bool {
        self.is_open
    }

    /// Begins a crawl, or goes on with the one that was interrupted; returns its number.
    pub(crate) fn begin(&mut self) -> Result<u64, StateError> {
        if !self.is_open {
            self.append(Line::Begin { crawl: self.crawl.saturating_add(1) })?;
        }
        Ok(self.crawl)
    }

    pub(crate) fn end(&mut self) -> Result<(), StateError> {
        self.append(Line::End {})
    }

    pub(crate) fn known(&self, url: &str) -> Option<&Known> {
        self.pages.get(url)
    }

    pub(crate) fn pages(&self) -> impl Iterator<Item = &Known> {
        self.pages.values()
    }

    pub(crate) fn has_name(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    pub(crate) fn record(&mut self, known: Known) -> Result<(), StateError> {
        self.append(Line::Page(known))
    }

    pub(crate) fn forget(&mut self, url: &str) -> Result<(), StateError> {
        self.append(Line::Gone { url: url.to_owned() })
    }
}

fn write_line(out: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}

fn lock(file: &File, path: &Path) -> Result<(), StateError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StateError::InUse(path.display().to_string())),
        Err(TryLockError::Error(error)) => Err(StateError::File { path: path.display().to_string(), error }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Known, State, StateError};

    fn known(url: &str, crawl: u64) -> Known {
        Known { url: url.to_owned(), crawl, document: Some(format!("{url}.html")), ..Known::default() }
    }

    #[test]
    fn what_was_recorded_is_there_again_and_an_open_crawl_stays_open() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("site.state");
        let mut state = State::open(&path).expect("opens");
        assert_eq!(state.begin().expect("begins"), 1);
        state.record(known("a", 1)).expect("records");
        state.record(known("b", 1)).expect("records");
        state.forget("b").expect("forgets");
        drop(state);
        let mut state = State::open(&path).expect("opens");
        assert!(state.is_interrupted());
        assert_eq!((state.begin().expect("goes on"), state.documents()), (1, 1));
        assert_eq!(state.known("a"), Some(&known("a", 1)));
        state.end().expect("ends");
        drop(state);
        let mut state = State::open(&path).expect("opens");
        assert!(!state.is_interrupted());
        assert_eq!(state.begin().expect("begins"), 2);
    }

    #[test]
    fn a_line_that_was_cut_is_left_out_and_what_follows_is_not_glued_to_it() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("site.state");
        let mut state = State::open(&path).expect("opens");
        state.begin().expect("begins");
        state.record(known("a", 1)).expect("records");
        drop(state);
        let mut text = std::fs::read(&path).expect("reads");
        text.extend_from_slice(b"{\"page\":{\"url\":\"b\"");
        std::fs::write(&path, text).expect("writes");
        let mut state = State::open(&path).expect("opens");
        state.record(known("c", 1)).expect("records");
        drop(state);
        let state = State::open(&path).expect("opens");
        assert_eq!(state.pages().map(|known| known.url.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    }

    #[test]
    fn a_state_in_use_and_a_foreign_file_are_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("site.state");
        let state = State::open(&path).expect("opens");
        assert!(matches!(State::open(&path), Err(StateError::InUse(_))));
        drop(state);
        for text in [
            "hello\n",
            "{}\n",
            "{\"page\":{}}\n",
            "{\"state\":{\"version\":9,\"crawl\":1,\"is_open\":true}}\n",
        ] {
            std::fs::write(&path, text).expect("writes");
            assert!(matches!(State::open(&path), Err(StateError::Foreign(_))), "{text}");
        }
        assert!(path.exists(), "a foreign file is left as it is");
    }
}
